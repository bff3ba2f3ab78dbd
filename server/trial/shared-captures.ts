import type { NetworkState } from '../network/state.js'
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

/** One look: whoever asks for a picture gets the same one. */
export function capturingOnce(probe: Probe): Probe {
  let picture: Promise<NetworkState> | undefined
  return {
    capture() {
      picture ??= probe.capture()
      return picture
    },
    ask: (host, question) => probe.ask(host, question),
    runScript: (directory, file, options) => probe.runScript(directory, file, options),
    runCommand: (host, text, signal) => probe.runCommand(host, text, signal),
  }
}
