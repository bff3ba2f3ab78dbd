import { setTimeout as sleep } from 'node:timers/promises'
import { VethlabError } from '../error/vethlab-error.js'
import type { EngineClient } from './engine.js'
import { identify, isAlive, signal as signalProcess } from './record.js'

/** As systemd gives it, and `systemctl` of a host. */
const endMs = 15_000
/** From its end to its first answer: containers that it starts again take their time, and so does a machine that is busy. */
const startMs = 60_000
const pauseMs = 100

/**
 * Ends the Engine of a host from outside, so that nothing that a learner has put into the host has a hand in it; what keeps it in the host
 * starts it again. Resolves when it answers.
 * @param place for errors
 * @throws VethlabError host.unreachable, host.unverified
 */
export async function restartEngine(place: string, engine: EngineClient, signal?: AbortSignal): Promise<void> {
  const before = identify(engine.process())
  if (before) {
    signalProcess(before, 'SIGTERM')
    for (const until = Date.now() + endMs; isAlive(before); await sleep(pauseMs)) {
      if (Date.now() > until) signalProcess(before, 'SIGKILL')
    }
  }
  // From here on it starts by itself, whoever still waits for it.
  for (const until = Date.now() + startMs; ; await sleep(pauseMs, undefined, signal ? { signal } : {})) {
    try {
      await engine.get('/networks')
      return
    } catch (error) {
      if (!(error instanceof VethlabError) || error.code !== 'host.unreachable') throw error
      if (Date.now() > until) {
        throw new VethlabError('host.unreachable', `the Engine did not start again within ${startMs / 1000} s`, {
          place,
          cure: 'Look at `journalctl -u docker` in the host, or reset it.',
          cause: error,
        })
      }
    }
  }
}
