import type { Finding } from '../check/verdict.js'
import type { ProbeAnswer, ProbeRequest } from '../network/question.js'
import type { NetworkState } from '../network/state.js'
import type { Probe } from '../place/ground.js'
import type { CommandRun, ScriptRun } from '../place/script-run.js'
import type { ScriptResult } from '../report/result.js'

/** A question to the network, to a script of the lab, or to a program on a host. */
export type Question =
  | { to: 'network'; host: string; question: ProbeRequest }
  | { to: 'script'; file: string }
  | { to: 'host'; host: string; command: string }

/** A question, and what came back. */
export type Asked = Question & { answer: ProbeAnswer | ScriptRun | CommandRun | Failure }

/** The question could not be put, which says nothing about the network. */
export interface Failure {
  failure: string
}

/** A picture of the network, and what was asked while it stood. */
export interface Look {
  state: NetworkState
  asked: Asked[]
}

/** What the verdicts on a step were found by. */
export interface StepLook {
  /** The look that decided; what comes behind is another that may have. */
  looks: Look[]
  /** What was answered until then, by the ids of the checks. */
  answers: Record<string, string>
}

/** A script that was run, as it was, and what it printed. */
export interface RanScript extends ScriptResult {
  text: string
  /** Milliseconds since the first one began. */
  startedMs: number
  tookMs: number
  stdout: string
  stderr: string
}

/** As much of what a script prints is kept of each stream, from the end; and of all scripts together. */
const keptOutput = 64 * 1024
const keptInAll = 4 * 1024 ** 2

/** Sees a grading, so that others can judge it later: all that it saw, was told and ran. */
export class Witness {
  /** The network before anything was run, and when all was judged. */
  before: NetworkState | undefined
  after: NetworkState | undefined
  /** By the ids of the steps. */
  readonly steps = new Map<string, StepLook>()
  /** What was found in the end, by the ids of the steps and in the order of their checks; none where the grading broke off. */
  readonly findings = new Map<string, Finding[]>()
  readonly scripts: RanScript[] = []
  /** The rack's values of chance. */
  chance: Readonly<Record<string, string>> = {}
  #started: number | undefined
  #kept = 0

  /** @param started by performance.now() */
  ran(
    result: ScriptResult,
    text: string,
    started: number,
    { stdout, stderr }: { stdout: string; stderr: string },
  ): void {
    this.#started ??= started
    this.scripts.push({
      ...result,
      text,
      startedMs: Math.round(started - this.#started),
      tookMs: Math.round(performance.now() - started),
      stdout: this.#tailOf(stdout),
      stderr: this.#tailOf(stderr),
    })
  }

  #tailOf(output: string): string {
    const most = Math.min(keptOutput, keptInAll - this.#kept)
    const tail = output.length <= most ? output : `…${most > 0 ? output.slice(-most) : ''}`
    this.#kept += tail.length
    return tail
  }

  found(step: string, { looks }: Watched, answers: Readonly<Record<string, string>>): void {
    this.steps.set(step, { looks: looks(), answers: { ...answers } })
  }
}

/** A probe that is watched. */
export interface Watched {
  probe: Probe
  /** Of all its looks those that may have decided, the likelier first. */
  looks(): Look[]
}

/** Watches what is looked at and asked through a probe. Each picture begins a look. */
export function watched(probe: Probe): Watched {
  let latest: Look | undefined
  // The last picture of a step that asks is only to show that nothing has changed meanwhile.
  let asking: Look | undefined
  const note = <T extends Asked['answer']>(question: Question, answer: Promise<T>): Promise<T> => {
    const look = latest
    asking = look
    const add = (what: Asked['answer']) => void look?.asked.push({ ...question, answer: what })
    answer.then(add, (error: Error) => add({ failure: error.message }))
    return answer
  }
  return {
    probe: {
      async capture() {
        const state = await probe.capture()
        latest = { state, asked: [] }
        return state
      },
      ask: (host, question) => note({ to: 'network', host, question }, probe.ask(host, question)),
      runScript: (directory, file, options) => note({ to: 'script', file }, probe.runScript(directory, file, options)),
      runCommand: (host, command, signal) =>
        note({ to: 'host', host, command }, probe.runCommand(host, command, signal)),
    },
    looks: () => [...new Set([asking, latest])].filter((look) => look !== undefined),
  }
}
