import type { Verdict } from '../check/evaluate.js'
import type { Check } from '../check/family.js'
import type { ProbeAnswer, ProbeRequest } from '../network/question.js'
import type { NetworkState } from '../network/state.js'
import type { LabRack } from './lab-rack.js'

/** A check that was made once, and what it was made by. */
export interface OneLook {
  verdict: Verdict
  /** In the order in which they were asked. */
  questions: { host: string; question: ProbeRequest; answer: ProbeAnswer | { error: string } }[]
  /** Undefined where nothing could be captured. */
  state: NetworkState | undefined
}

/** Makes a check a single time, and keeps the state that it saw and what it asked. */
export async function lookOnce(
  rack: LabRack,
  check: Check,
  answers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<OneLook> {
  const questions: OneLook['questions'] = []
  let state: NetworkState | undefined
  const { ground } = rack
  const [verdict] = await rack.check([check], {
    answers,
    signal,
    once: true,
    probe: {
      async capture() {
        const captured = await ground.capture()
        // The second one only shows that nothing has changed meanwhile.
        state ??= captured
        return captured
      },
      async ask(host, question) {
        try {
          const answer = await ground.ask(host, question)
          questions.push({ host, question, answer })
          return answer
        } catch (error) {
          questions.push({ host, question, answer: { error: (error as Error).message } })
          throw error
        }
      },
      runScript: (directory, file, options) => ground.runScript(directory, file, options),
      runCommand: (host, text, signal) => ground.runCommand(host, text, signal),
    },
  })
  return { verdict: verdict!, questions, state }
}
