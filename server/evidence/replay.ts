import { evaluate } from '../check/evaluate.js'
import type { Check } from '../check/family.js'
import type { Finding } from '../check/verdict.js'
import type { Lab } from '../lab/lab.js'
import type { ProbeAnswer, ProbeRequest } from '../network/question.js'
import type { NetworkState } from '../network/state.js'
import type { Probe } from '../place/ground.js'
import type { CommandRun, ScriptRun } from '../place/script-run.js'
import { Unanswerable } from '../place/unanswerable.js'
import type { Asked, Failure } from '../trial/witness.js'

/** What a check is judged by, long after: a picture, and what was asked while it stood. */
export interface Captured {
  state: NetworkState
  asked: readonly Asked[]
  answers: Readonly<Record<string, string>>
  chance: Readonly<Record<string, string>>
}

/** What a check says now, and whether it asked for what was answered then. */
export interface Again {
  finding: Finding
  asked: boolean
}

/** Judges a check by what was captured: once, and without a rack. */
export async function judgeAgain(lab: Lab, check: Check, captured: Captured): Promise<Again> {
  const replay = new Replay(captured)
  const [verdict] = await evaluate([check], replay, {
    home: lab.home,
    answers: captured.answers,
    labDirectory: lab.directory,
    chance: captured.chance,
    once: true,
  })
  return { finding: verdict!.finding, asked: replay.wasAsked }
}

/** Whether two findings say the same of the work. */
export function sameVerdict(one: Finding, other: Finding): boolean {
  return one.outcome === other.outcome && reasonOf(one) === reasonOf(other)
}

function reasonOf(finding: Finding): string {
  return finding.outcome === 'pass' ? '' : finding.reason
}

class Replay implements Probe {
  wasAsked = false

  constructor(private readonly captured: Captured) {}

  async capture(): Promise<NetworkState> {
    return this.captured.state
  }

  async ask(host: string, question: ProbeRequest): Promise<ProbeAnswer> {
    this.wasAsked = true
    const steady = steadyOf(question)
    const found = this.captured.asked.find(
      (one) => one.to === 'network' && one.host === host && steadyOf(one.question) === steady,
    )
    const answer = given<ProbeAnswer>(found)
    // A service that answers what it was asked said so of another question's number.
    const [then, now] = [found?.to === 'network' ? numberIn(found.question) : undefined, numberIn(question)]
    if (then === undefined || now === undefined) return answer
    return JSON.parse(JSON.stringify(answer).replaceAll(then, now)) as ProbeAnswer
  }

  async runScript(_: string, file: string): Promise<ScriptRun> {
    this.wasAsked = true
    return given(this.captured.asked.find((one) => one.to === 'script' && one.file === file))
  }

  async runCommand(host: string, command: string): Promise<CommandRun> {
    this.wasAsked = true
    return given(this.captured.asked.find((one) => one.to === 'host' && one.host === host && one.command === command))
  }
}

/** What a check draws anew each time, so that no answer to it can be prepared: twelve hexadecimal digits. */
const number = /(?<![0-9a-f])[0-9a-f]{12}(?![0-9a-f])/

function numberIn(question: ProbeRequest): string | undefined {
  return 'path' in question ? number.exec(question.path ?? '')?.[0] : undefined
}

/** A question by what it asks, in whatever order it says that, and however long it waits. */
function steadyOf(question: ProbeRequest): string {
  const entries = Object.entries(question)
    .filter(([key]) => key !== 'timeoutMs')
    .map(([key, value]) => [key, key === 'path' && typeof value === 'string' ? value.replace(number, '…') : value])
  return JSON.stringify(entries.toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)))
}

function given<T>(found: { answer: object } | undefined): T {
  if (!found) {
    throw new Unanswerable('evidence.not-asked', {
      en: 'this was not asked when the work was graded',
      zh: '评分时没有问过这个问题',
    })
  }
  const answer = found.answer as T | Failure
  if (typeof answer === 'object' && answer !== null && 'failure' in answer) throw new Error(answer.failure)
  return answer as T
}
