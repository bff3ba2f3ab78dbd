import type { NetworkState } from '../network/state.js'
import { askingOnce } from '../place/asking-once.js'
import type { Probe } from '../place/ground.js'

/** Several that look at a network at the same time share its pictures: each gets one that was begun after it asked. */
export function sharingCaptures(probe: Probe): Probe {
  let running: Promise<unknown> = Promise.resolve()
  let next: Promise<NetworkState> | undefined
  return {
    capture() {
      next ??= running.then(begin, begin)
      return next
    },
    ask: (host, question) => probe.ask(host, question),
    runScript: (directory, file, options) => probe.runScript(directory, file, options),
    runCommand: (host, text, signal) => probe.runCommand(host, text, signal),
  }

  function begin(): Promise<NetworkState> {
    next = undefined
    const capture = probe.capture()
    running = capture
    return capture
  }
}

/**
 * One look: whoever asks for a picture gets the same one, and whoever asks the network the same thing the same answer.
 * @param taken the picture, where it was taken already
 */
export function lookingOnce(probe: Probe, taken?: NetworkState): Probe {
  let picture = taken && Promise.resolve(taken)
  return {
    ...askingOnce(probe),
    capture() {
      picture ??= probe.capture()
      return picture
    },
  }
}

/** A probe that keeps the picture that was taken last. */
export interface Keeping {
  probe: Probe
  latest(): NetworkState | undefined
}

export function keepingLatest(probe: Probe): Keeping {
  let latest: NetworkState | undefined
  return {
    probe: {
      async capture() {
        latest = undefined
        latest = await probe.capture()
        return latest
      },
      ask: (host, question) => probe.ask(host, question),
      runScript: (directory, file, options) => probe.runScript(directory, file, options),
      runCommand: (host, text, signal) => probe.runCommand(host, text, signal),
    },
    latest: () => latest,
  }
}
