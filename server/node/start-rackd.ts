import { spawn } from 'node:child_process'
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { VethlabError } from '../error/vethlab-error.js'
import { fromPackage } from '../package-root.js'
import { endProcess, isAlive, type ProcessIdentity, readRecord } from '../rack/record.js'
import type { StateDirectory } from '../rack/state-directory.js'
import { RackdClient } from './rackd-client.js'

/** Longest wait for a rackd that was started here: it may have a pool of an earlier one to look through. */
const startMs = 60_000
/** A log larger than that is cut to its last part before the next rackd writes to it. */
const mostLogBytes = 1024 ** 2
const keptLogBytes = 64 * 1024

/**
 * Starts rackd in the background, in a session of its own, unless one answers.
 * @param args options of `vethlab rackd` for one that is started
 * @throws VethlabError rackd.unreachable
 */
export async function ensureRackd(state: StateDirectory, args: string[] = []): Promise<{ started: boolean }> {
  const racks = new RackdClient(state.rackdSocket)
  try {
    const answers = () =>
      racks.list().then(
        () => true,
        () => false,
      )
    if (await answers()) return { started: false }
    const path = join(state.run, 'rackd.log')
    const log = await open(path, 'a+', 0o600)
    await cut(log)
    const child = spawn(process.execPath, [fromPackage('dist/main.js'), 'rackd', ...args], {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      cwd: '/',
      env: { ...process.env, VETHLAB_STATE: state.root },
    })
    await log.close()
    child.unref()
    const deadline = Date.now() + startMs
    while (child.exitCode === null && child.signalCode === null && Date.now() < deadline) {
      if (await answers()) return { started: true }
      await sleep(20)
    }
    const last = (await readFile(path, 'utf8')).trim().split('\n').at(-1) ?? ''
    throw new VethlabError('rackd.unreachable', `rackd did not start: ${last}`, {
      place: path,
      cure: 'Run `vethlab doctor`.',
    })
  } finally {
    await racks.disconnect()
  }
}

/** Ends the rackd that runs; its racks stay for the next. @returns whether one ran */
export async function stopRackd(state: StateDirectory): Promise<boolean> {
  const rackd = await readRecord<ProcessIdentity>(state.rackdRecord)
  if (!rackd || !isAlive(rackd)) return false
  await endProcess(rackd)
  return true
}

async function cut(log: FileHandle): Promise<void> {
  const { size } = await log.stat()
  if (size <= mostLogBytes) return
  const last = Buffer.alloc(keptLogBytes)
  await log.read(last, 0, keptLogBytes, size - keptLogBytes)
  await log.truncate(0)
  await log.write(last)
}
