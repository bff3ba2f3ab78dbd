import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { orAborted } from '../error/or-aborted.js'
import { sameMoment } from '../network/moment.js'
import type { NetworkState } from '../network/state.js'
import type { Probe } from '../place/ground.js'
import { Unanswerable } from '../place/unanswerable.js'
import type { Text } from '../wording/text.js'
import { familyOf, findingOf, runCheck } from './checks.js'
import type { Check } from './family.js'
import { failedToCheck } from './finding.js'
import { Holding, longestHoldMs } from './holding.js'
import { afterRestart, beforeRestart, duringRestart } from './surviving.js'
import type { Finding } from './verdict.js'

/** What became of one entry of a step's `checks`. */
export interface Verdict {
  /** From 0, the place in the step's list. */
  index: number
  id?: string
  /** Key of its family, such as `network`. */
  family: string
  finding: Finding
  hints: Text[]
  /** From the beginning of the evaluation to the answer that counts. */
  tookMs: number
}

export interface EvaluateOptions {
  /** The host that a name without a host belongs to. */
  home: string
  /** What the learner typed, by the id of the `answer` check. */
  answers?: Readonly<Record<string, string>>
  labDirectory: string
  /** The rack's own values of chance, by their names. */
  chance?: Readonly<Record<string, string>>
  /** Looks a single time, and waits for nothing. */
  once?: boolean
  /** Between rounds, in milliseconds, where nobody waits for the first pass; else it grows from 100 to 400. */
  pauseMs?: number
  /**
   * Where nobody waits for the answer: between rounds it rests so many times as long as the last one took, so that looks which a busy
   * machine makes slowly leave most of it to others. 0 by default.
   */
  restTimes?: number
  signal?: AbortSignal
  /**
   * Told of one check of the round while others are still being asked. Not of one that has to hold or to survive a restart: what counts
   * of it is known at the round's end.
   */
  onAnswer?(verdict: Verdict): void
  /**
   * Restarts Docker for these checks, and waits until it answers. Where it is missing, what has to survive that is not passed by being true
   * before, and fails with check.not-restarted; with `once` it is looked at as it is.
   */
  restart?(checks: Check[], signal: AbortSignal): Promise<void>
  /** Waited for where all have passed, between the questions and the picture that shows whether the network is still the same. */
  settle?(): Promise<void>
  /** Told of how all checks stand after each round, the last one included. */
  onRound?(verdicts: Verdict[]): void
}

/** The pause between rounds, in milliseconds: it grows, since what takes longer is looked at less often. */
const firstPauseMs = 100
const longestPauseMs = 400
/** Between looks at what has to hold. */
const holdPauseMs = 250
/** A capture or a check that takes longer than this has hung. */
const roundTimeoutMs = 30_000
/** So often a network that changes while it is asked is looked at anew. */
const mostUnsteadyRounds = 5

/**
 * Makes the checks of a step, as `rounds` does. Where some have to survive a restart of Docker and all have passed, that is made, and those
 * are looked at again: what is not true any more fails with check.not-survived.
 * @throws the signal's reason when it aborts; everything else is a finding
 */
export async function evaluate(
  checks: readonly Check[],
  probe: Probe,
  { restart, signal = new AbortController().signal, ...options }: EvaluateOptions,
): Promise<Verdict[]> {
  const { once = false, onRound } = options
  const surviving = checks.flatMap(({ survives }, index) => (survives === undefined ? [] : [index]))
  if (once || surviving.length === 0) return rounds(checks, probe, { ...options, signal })
  if (!restart) {
    const tell = onRound && ((verdicts: Verdict[]) => onRound(beforeRestart(checks, verdicts)))
    return beforeRestart(
      checks,
      await rounds(checks, probe, { ...options, signal, ...(tell ? { onRound: tell } : {}) }),
    )
  }
  const before = await rounds(checks, probe, { ...options, signal })
  if (before.some(({ finding }) => finding.outcome !== 'pass')) return before
  const started = performance.now()
  /** With what was found since of those that have to survive, in their order. */
  const since = (found: readonly Pick<Verdict, 'finding' | 'tookMs'>[]) =>
    before.map((verdict) => {
      const after = found[surviving.indexOf(verdict.index)]
      if (!after) return verdict
      const tookMs = verdict.tookMs + restartMs + after.tookMs
      return { ...verdict, finding: afterRestart(verdict.finding, after.finding), tookMs }
    })
  let restartMs = 0
  onRound?.(duringRestart(checks, before))
  try {
    await restart(
      surviving.map((index) => checks[index]!),
      signal,
    )
  } catch (error) {
    signal.throwIfAborted()
    restartMs = performance.now() - started
    return since(surviving.map(() => ({ finding: findingOf(error), tookMs: 0 })))
  }
  restartMs = performance.now() - started
  // How it stands meanwhile is not told: who mends it by hand has not shown that it survives.
  const { onRound: _, ...withoutRounds } = options
  const again = surviving.map((index) => checks[index]!)
  const verdicts = since(await rounds(again, probe, { ...withoutRounds, signal }))
  onRound?.(verdicts)
  return verdicts
}

/**
 * Makes checks in rounds: one capture for all of them, each tried again until it passes or its `within` is
 * over. A step has passed when all passed in the same round, so those that have passed are made again as well; one that
 * passed before and fails now has its time again from then on.
 *
 * A check that has to hold is made again until it has been true for so long on end. One that is true now and then fails in the end with
 * check.not-held.
 *
 * Questions take time, and what the state allowed may be asked of another network by then. So a round in which something was
 * asked and all passed counts only if a second capture shows the same network; else it is made anew, a few times, and then
 * each check that passed is an error, check.unsteady.
 * @throws the signal's reason when it aborts; everything else is a finding
 */
async function rounds(
  checks: readonly Check[],
  probe: Probe,
  {
    home,
    answers = {},
    labDirectory,
    chance = {},
    once = false,
    pauseMs: steadyPauseMs,
    restTimes = 0,
    signal,
    settle,
    onAnswer,
    onRound,
  }: Omit<EvaluateOptions, 'restart' | 'signal'> & { signal: AbortSignal },
): Promise<Verdict[]> {
  const started = performance.now()
  const elapsed = () => performance.now() - started
  const deadlines = checks.map(({ within }) => within * 1000)
  // However often checks flap, the step comes to an end.
  const end = 2 * Math.max(0, ...deadlines) + longestHoldMs(checks)
  const holding = new Holding(checks)
  const settled: (Verdict | undefined)[] = checks.map(() => undefined)
  let unsteadyRounds = 0
  for (let growingMs = firstPauseMs; ; growingMs = Math.min(longestPauseMs, growingMs * 1.5)) {
    signal.throwIfAborted()
    const answered = (index: number, finding: Finding) => {
      const { holds, survives } = checks[index]!
      if (holds === undefined && survives === undefined) onAnswer?.(verdict(checks[index]!, index, finding, elapsed()))
    }
    const context = { home, answers, labDirectory, chance, signal, settle, answered }
    const began = elapsed()
    const { findings, steady } = await round(checks, settled, probe, context)
    const at = elapsed()
    const verdicts = findings.map((finding, index) => settled[index] ?? verdict(checks[index]!, index, finding, at))
    let waiting = false
    for (const [index, { finding }] of verdicts.entries()) {
      if (finding.outcome === 'pass') deadlines[index] = at + checks[index]!.within * 1000
      else if (at >= deadlines[index]! || isFinal(checks[index]!, finding)) settled[index] ??= verdicts[index]!
      else waiting = true
    }
    if (!steady && ++unsteadyRounds < mostUnsteadyRounds) continue
    if (!steady) {
      for (const one of verdicts) if (one.finding.outcome === 'pass') one.finding = unsteady
    }
    if (!once && steady) holding.saw(verdicts, at)
    const isLast = once || !steady || at >= end || (!waiting && holding.isOver(at))
    if (!once && steady) holding.tell(verdicts, at, isLast)
    onRound?.(verdicts)
    if (isLast) return verdicts
    const pauseMs = Math.max(steadyPauseMs ?? growingMs, restTimes * (at - began))
    await sleep(waiting ? pauseMs : Math.min(pauseMs, holdPauseMs), undefined, { signal })
  }
}

/** Of each check that would have passed, had the network stayed as it was for as long as it was looked at. */
export const unsteady = failedToCheck('check.unsteady', {
  en: 'the network changed each time while it was looked at, so no verdict holds for it: let it come to rest, and check again',
  zh: '每次检查过程中网络都在变化，无法得出可靠的结论：等它稳定下来，再检查一次',
})

async function round(
  checks: readonly Check[],
  settled: readonly (Verdict | undefined)[],
  probe: Probe,
  {
    signal,
    settle,
    answered,
    ...context
  }: Required<Pick<EvaluateOptions, 'home' | 'answers' | 'labDirectory' | 'chance' | 'signal'>> & {
    settle: EvaluateOptions['settle']
    answered(index: number, finding: Finding): void
  },
): Promise<{ findings: Finding[]; steady: boolean }> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(roundTimeoutMs)])
  // One a check, however many there are.
  setMaxListeners(0, limit)
  const questions = checks.filter((check) => familyOf(check).question !== undefined).length
  let state: NetworkState
  try {
    state = await orAborted(probe.capture(), limit, timedOut)
  } catch (error) {
    signal.throwIfAborted()
    return { findings: checks.map(() => findingOf(error)), steady: true }
  }
  let asked = false
  const asking: Probe = {
    capture: () => probe.capture(),
    ask: (host, question) => {
      asked = true
      return probe.ask(host, question)
    },
    runScript: (directory, file, options) => probe.runScript(directory, file, options),
    runCommand: (host, text, signal) => {
      asked = true
      return probe.runCommand(host, text, signal)
    },
  }
  let open = settled.filter((done) => done === undefined).length
  const findings = await Promise.all(
    checks.map(async (check, index) => {
      const done = settled[index]
      if (done) return done.finding
      let finding: Finding
      try {
        finding = await orAborted(
          runCheck(check, { ...context, state, probe: asking, questions, signal: limit }),
          limit,
          timedOut,
        )
      } catch (error) {
        signal.throwIfAborted()
        finding = findingOf(error)
      }
      if (--open > 0) answered(index, finding)
      return finding
    }),
  )
  if (!asked || findings.some(({ outcome }) => outcome !== 'pass')) return { findings, steady: true }
  await settle?.()
  try {
    return { findings, steady: sameMoment(state, await orAborted(probe.capture(), limit, timedOut)) }
  } catch (error) {
    signal.throwIfAborted()
    return { findings: checks.map(() => findingOf(error)), steady: true }
  }
}

function timedOut(): Unanswerable {
  return new Unanswerable('check.timeout', {
    en: `no answer after ${roundTimeoutMs / 1000} s`,
    zh: `${roundTimeoutMs / 1000} 秒内没有得到结果`,
  })
}

function isFinal(check: Check, finding: Finding): boolean {
  return finding.outcome === 'fail' && familyOf(check).final?.includes(finding.reason) === true
}

function verdict({ id, family, hints }: Check, index: number, finding: Finding, tookMs: number): Verdict {
  return { index, ...(id === undefined ? {} : { id }), family, finding, hints, tookMs }
}
