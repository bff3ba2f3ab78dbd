import { sumOf } from '../check/points.js'
import { bracketed, join, text, tidy } from '../wording/phrase.js'
import type { Text } from '../wording/text.js'
import type { Outage, Override, Policy } from './policy.js'

/** What a piece of work is worth by itself, as it was graded once. */
export interface Grading {
  points: number
  of: number
  /** Points that could not be told. */
  open: number
}

/** A piece of work that was handed in, and its grading. */
export interface Attempt extends Grading {
  /** When it was accepted, milliseconds since 1970. */
  at: number
  /** How it was judged again later, in the order in which that was done. */
  regradings?: readonly Grading[]
}

/** What holds for one learner besides the policy. */
export interface Overrides {
  learner?: Override
  /** Of all the groups that the learner is in. */
  groups?: readonly Override[]
  outages?: readonly Outage[]
}

export type AttemptState =
  | 'counts'
  /** Another one counts. */
  | 'valid'
  | 'too-early'
  | 'too-late'
  | 'beyond-limit'
  | 'could-not-tell'

export interface AttemptScore {
  attempt: Attempt
  /** The one of its gradings that holds. */
  grading: Grading
  state: AttemptState
  /** How far behind the deadline, milliseconds; 0 within the grace. */
  lateMs: number
  /** What lateness takes off, percent. */
  percent: number
  /** What it is worth with lateness; of one that could not be told what is sure of it. */
  points: number
}

export interface Score {
  /** What is sure. */
  points: number
  of: number
  /** Of the attempt that counts, without lateness. */
  earned: number
  penalty: number
  /** An attempt that has to be judged again may still change it. */
  isPending: boolean
  /** The deadline for this learner, milliseconds since 1970. */
  due?: number
  /** Of the attempt that counts. */
  submittedAt?: number
  /** In the order in which they came. */
  attempts: AttemptScore[]
  /** How it came about, sentence by sentence. */
  explanation: Text[]
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/**
 * What a learner has of an assignment. Pure: it is worked out anew from all attempts whenever anything changes, and nothing of before
 * is kept.
 *
 * A learner's own override goes before those of groups; of several groups the most generous one holds. What could not be told costs
 * nothing: such an attempt uses up none of the allowed ones, and of several attempts it never makes another one count less.
 * @param timeZone of the times in the explanation, such as Europe/Berlin
 */
export function score(
  attempts: readonly Attempt[],
  policy: Policy,
  overrides: Overrides = {},
  timeZone = 'UTC',
): Score {
  const terms = termsFor(policy, overrides)
  const full = policy.points ?? Math.max(0, ...attempts.flatMap(gradingsOf).map(({ of }) => of))
  let used = 0
  const judged = attempts
    .toSorted((a, b) => a.at - b.at)
    .map((attempt): AttemptScore => {
      const { lateMs, percent, isTooLate } = lateness(attempt.at, policy, terms)
      const grading = holdingOf(gradingsOf(attempt), policy.regraded)
      const points = sumOf([worthOf(grading.points, grading, full) * (1 - percent / 100)])
      const one = { attempt, grading, lateMs, percent, points }
      if (terms.release !== undefined && attempt.at < terms.release) return { ...one, state: 'too-early', points: 0 }
      if (isTooLate) return { ...one, state: 'too-late', points: 0 }
      if (terms.attempts !== undefined && used >= terms.attempts) return { ...one, state: 'beyond-limit', points: 0 }
      if (grading.open > 0) return { ...one, state: 'could-not-tell' }
      used++
      return { ...one, state: 'valid' }
    })
  const counting = chosen(judged, policy)
  if (counting?.state === 'valid') counting.state = 'counts'
  const points = counting?.points ?? 0
  const earned = counting ? earnedBy(counting.grading, full) : 0
  const found = {
    points,
    of: full,
    earned,
    penalty: sumOf([earned, -points]),
    isPending: judged.some((one) => mayChange(one, judged, points, policy, full)),
    ...(terms.due === undefined ? {} : { due: terms.due }),
    ...(counting ? { submittedAt: counting.attempt.at } : {}),
    attempts: judged,
  }
  return { ...found, explanation: explained(found, counting, { policy, terms, timeZone }) }
}

function worthOf(points: number, { of }: Pick<Grading, 'of'>, full: number): number {
  return of > 0 ? Math.min(1, points / of) * full : 0
}

/** Without lateness. */
function earnedBy(grading: Grading, full: number): number {
  return sumOf([worthOf(grading.points, grading, full)])
}

/** The first one, then how it was judged again. */
export function gradingsOf(attempt: Attempt): Grading[] {
  return [attempt, ...(attempt.regradings ?? [])]
}

/**
 * Which grading of an attempt holds: one of those that are sure, since one that could not be told takes nothing; only where none is
 * sure, one of all.
 */
export function holdingOf<G extends Pick<Grading, 'points' | 'of' | 'open'>>(
  all: readonly G[],
  regraded: Policy['regraded'],
): G {
  const sure = all.filter(({ open }) => open === 0)
  const gradings = sure.length > 0 ? sure : all
  if (regraded === 'newer') return gradings.at(-1)!
  return gradings.reduce((best, one) => (worthOf(one.points, one, 1) > worthOf(best.points, best, 1) ? one : best))
}

/** The best, or the last, of those that are sure; only where there is none, what is sure of the others. */
function chosen(judged: readonly AttemptScore[], { counts }: Policy): AttemptScore | undefined {
  const valid = judged.filter(({ state }) => state === 'valid')
  const open = judged.filter(({ state }) => state === 'could-not-tell')
  if (counts === 'last') return valid.at(-1) ?? open.at(-1)
  const best = [...valid, ...open].reduce<AttemptScore | undefined>(
    (most, one) => (most === undefined || one.points > most.points ? one : most),
    undefined,
  )
  return best
}

function mayChange(
  { attempt, grading, state, percent }: AttemptScore,
  judged: readonly AttemptScore[],
  points: number,
  { counts }: Policy,
  full: number,
): boolean {
  if (state !== 'could-not-tell') return false
  if (counts === 'last') return !judged.some((other) => other.state !== 'could-not-tell' && isLater(other, attempt))
  const most = sumOf([worthOf(grading.points + grading.open, grading, full) * (1 - percent / 100)])
  return most > points
}

function isLater({ attempt, state }: AttemptScore, than: Attempt): boolean {
  return (state === 'valid' || state === 'counts') && attempt.at > than.at
}

/** What holds for one learner. */
interface Terms {
  release?: number
  /** As it was set, and with all that was added to it. */
  set?: number
  due?: number
  extraMs: number
  creditMs: number
  attempts?: number
  isWaived: boolean
}

function termsFor(policy: Policy, { learner = {}, groups = [], outages = [] }: Overrides): Terms {
  const most = (values: (number | undefined)[]) => {
    const known = values.filter((value) => value !== undefined)
    return known.length > 0 ? Math.max(...known) : undefined
  }
  const earliest = most(groups.map(({ release }) => (release === undefined ? undefined : -release)))
  const release = learner.release ?? (earliest === undefined ? policy.release : -earliest)
  const set = learner.due ?? most(groups.map(({ due }) => due)) ?? policy.due
  const extraMs = learner.extraTime ?? most(groups.map(({ extraTime }) => extraTime)) ?? 0
  const attempts = learner.attempts ?? most(groups.map((group) => group.attempts)) ?? policy.attempts
  const isWaived = learner.waiveLate ?? groups.some(({ waiveLate }) => waiveLate === true)
  const creditMs = set === undefined ? 0 : creditFor(outages, release, set + extraMs)
  return {
    ...(release === undefined ? {} : { release }),
    ...(set === undefined ? {} : { set, due: set + extraMs + creditMs }),
    extraMs,
    creditMs,
    ...(attempts === undefined ? {} : { attempts }),
    isWaived,
  }
}

/**
 * The time that outages took, milliseconds. One that begins before the deadline moves it by its whole length, also by what of it is
 * after the deadline: whoever would have worked in the last hour has that hour when it is over.
 */
function creditFor(outages: readonly Outage[], release: number | undefined, due: number): number {
  let end = due
  let over = release ?? Number.NEGATIVE_INFINITY
  for (const { from, to } of outages.toSorted((a, b) => a.from - b.from)) {
    const begin = Math.max(from, over)
    if (from >= end || to <= begin) continue
    end += to - begin
    over = to
  }
  return end - due
}

function lateness(at: number, { grace, late }: Policy, { due, isWaived }: Terms) {
  if (due === undefined || at <= due + grace) return { lateMs: 0, percent: 0, isTooLate: false }
  const lateMs = at - due
  const isTooLate = late === undefined ? !isWaived : late.until !== undefined && lateMs > late.until
  if (late === undefined || isWaived) return { lateMs, percent: 0, isTooLate }
  const begun = Math.ceil(lateMs / (late.per === 'hour' ? hourMs : dayMs))
  return { lateMs, percent: Math.min(begun * late.percent, 100 - late.floor), isTooLate }
}

type Found = Omit<Score, 'explanation'>

function explained(
  found: Found,
  counting: AttemptScore | undefined,
  { policy, terms, timeZone }: { policy: Policy; terms: Terms; timeZone: string },
): Text[] {
  const when = clockOf(timeZone)
  const lines = [...deadline(terms, when)]
  for (const [n, one] of found.attempts.entries()) {
    lines.push(...regradedText(n + 1, one, found.of, policy))
    lines.push(attemptText(n + 1, one, found.of, terms, when))
  }
  const number = counting ? found.attempts.indexOf(counting) + 1 : 0
  const sum = text(`${found.points} of ${found.of} points`, `${found.points}/${found.of} 分`)
  if (counting === undefined) {
    lines.push(text(`Nothing counts so far: ${sum.en}.`, `目前没有可计分的提交：${sum.zh}。`))
  } else if (counting.state === 'counts') {
    const which = policy.counts === 'best' ? text('the best one', '取最好的一次') : text('the last one', '取最后一次')
    lines.push(
      text(`Attempt ${number} counts, ${which.en}: ${sum.en}.`, `第 ${number} 次提交计分（${which.zh}）：${sum.zh}。`),
    )
  } else {
    lines.push(text(`Sure so far, from attempt ${number}: ${sum.en}.`, `目前确定的是第 ${number} 次提交：${sum.zh}。`))
  }
  if (found.isPending) {
    lines.push(
      text(
        'There is no final grade yet: an attempt could not be judged, through no fault of the learner, and is to be judged again.',
        '还没有最终成绩：有一次提交没能判定，这不是学习者的过错，会重新判定。',
      ),
    )
  }
  return lines.map(({ en, zh }) => ({ en, zh: tidy(zh) }))
}

function deadline({ set, due, extraMs, creditMs }: Terms, when: (at: number) => string): Text[] {
  if (set === undefined || due === undefined) return []
  const extra = durationText(extraMs)
  const credit = durationText(creditMs)
  const more = [
    ...(extraMs > 0 ? [text(`${extra.en} of extra time`, `延长的 ${extra.zh}`)] : []),
    ...(creditMs > 0 ? [text(`${credit.en} for an outage`, `故障补偿的 ${credit.zh}`)] : []),
  ]
  if (more.length === 0) return [text(`The deadline is ${when(due)}.`, `截止时间是 ${when(due)}。`)]
  const added = join(more, ' and ', '和')
  return [
    text(
      `The deadline is ${when(set)}, with ${added.en}: ${when(due)}.`,
      `截止时间是 ${when(set)}，加上${added.zh}：${when(due)}。`,
    ),
  ]
}

/** Of an attempt that was judged again: what each grading gave, and which one holds. */
function regradedText(number: number, { attempt, grading }: AttemptScore, full: number, { regraded }: Policy): Text[] {
  const gradings = gradingsOf(attempt)
  if (gradings.length === 1) return []
  const given = (one: Grading) => {
    const points = earnedBy(one, full)
    return one.open > 0
      ? text(`${points} points (not all could be judged)`, `${points} 分（有些没能判定）`)
      : text(`${points} points`, `${points} 分`)
  }
  const all = join(gradings.map(given), ', then ', '、')
  const which = given(grading)
  // Of several that could not be told completely one holds as well.
  const isAmongSure = grading.open === 0 && gradings.some(({ open }) => open > 0)
  const why =
    regraded === 'better'
      ? isAmongSure
        ? text('the better one of those that could be judged', '以能判定的较高一次为准')
        : text('the better one', '以较高的一次为准')
      : isAmongSure
        ? text('the newer one of those that could be judged', '以能判定的较新一次为准')
        : text('the newer one', '以较新的一次为准')
  return [
    text(
      `Attempt ${number} was judged ${gradings.length} times: ${all.en}. What holds is ${which.en}, ${why.en}.`,
      `第 ${number} 次提交评过 ${gradings.length} 次分：${all.zh}。${why.zh}：${which.zh}。`,
    ),
  ]
}

function attemptText(
  number: number,
  { attempt, grading, state, lateMs, percent, points }: AttemptScore,
  full: number,
  { attempts }: Terms,
  when: (at: number) => string,
): Text {
  const late = durationText(lateMs)
  const worth = earnedBy(grading, full)
  const said = (): Text => {
    switch (state) {
      case 'too-early':
        return text('it came before the release, and does not count', '早于开放时间，不计分')
      case 'too-late':
        return text(`it came ${late.en} after the deadline, and does not count`, `超过截止时间 ${late.zh}，不计分`)
      case 'beyond-limit':
        return text(`no more than ${attempts} count, and it does not`, `最多计 ${attempts} 次，这一次不计分`)
      case 'could-not-tell':
        return text(
          `${worth} of ${full} points are sure, the rest could not be judged and is not lost`,
          `确定的有 ${worth}/${full} 分，其余没能判定，不会因此扣掉`,
        )
      case 'valid':
      case 'counts':
        return percent > 0 || lateMs > 0
          ? text(
              `${worth} of ${full} points, ${late.en} late: ${percent} % off, ${points} points`,
              `${worth}/${full} 分，迟交 ${late.zh}，扣 ${percent}%，得 ${points} 分`,
            )
          : text(`${worth} of ${full} points, in time`, `${worth}/${full} 分，按时提交`)
    }
  }
  const { en, zh } = said()
  const at = bracketed(when(attempt.at))
  return text(`Attempt ${number}${at.en}: ${en}.`, `第 ${number} 次提交${at.zh}：${zh}。`)
}

/** The whole minutes of a time that went by, one that has begun included. */
function durationText(ms: number): Text {
  const minutes = Math.ceil(ms / 60_000)
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60), minutes % 60]
  const part = (n: number, one: string, many: string, zh: string) =>
    n === 0 ? [] : [text(`${n} ${n === 1 ? one : many}`, `${n} ${zh}`)]
  const parts = [
    ...part(days, 'day', 'days', '天'),
    ...part(hours, 'hour', 'hours', '小时'),
    ...part(rest, 'minute', 'minutes', '分钟'),
  ]
  return join(parts, ' ', ' ')
}

const clocks = new Map<string, Intl.DateTimeFormat>()

/** Tells times as `2026-03-01 23:59 Europe/Berlin`. */
function clockOf(timeZone: string): (at: number) => string {
  const known = clocks.get(timeZone)
  const clock = known ?? new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' })
  if (!known) clocks.set(timeZone, clock)
  return (at) => `${clock.format(at)} ${timeZone}`
}
