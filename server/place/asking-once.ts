import type { ProbeAnswer } from '../network/question.js'
import type { Probe } from './ground.js'

/** Whoever asks the network the same thing gets the same answer: it is asked once. */
export function askingOnce(probe: Probe): Probe {
  const answers = new Map<string, Promise<ProbeAnswer>>()
  return {
    capture: () => probe.capture(),
    ask(host, question) {
      const key = JSON.stringify([host, question])
      const answer = answers.get(key) ?? probe.ask(host, question)
      answers.set(key, answer)
      return answer
    },
    runScript: (directory, file, options) => probe.runScript(directory, file, options),
    runCommand: (host, text, signal) => probe.runCommand(host, text, signal),
  }
}
