import { VethlabError } from '../error/vethlab-error.js'
import type { Sessions } from '../session/sessions.js'
import { closedAt, duesOf, endFor, isOpenAt } from '../store/class-work.js'
import type { ClassRecord, Extensions, People, SeatRecord } from '../store/people.js'
import { notFound } from './not-found.js'

const minuteMs = 60_000

/** Whether somebody of a class may work at a lab of it at that time. Who was in a lab before another one was put in front of it goes on. */
export function isLabOpen(one: ClassRecord, lab: string, at: string, extensions?: Extensions): boolean {
  const closed = closedAt(one, at, extensions)
  const why = Object.hasOwn(closed, lab) ? closed[lab]!.why : undefined
  return isOpenAt(one, at, extensions) && why !== 'due' && why !== 'not-yet'
}

/**
 * Closes what learners may not work at any more: their class has ended, or a lab of it. What they did stays. Hosts that are being judged stay
 * until that is done, and are closed the next time.
 */
export async function closeOver(
  people: People,
  sessions: Pick<Sessions, 'running'>,
  now = new Date().toISOString(),
): Promise<void> {
  const classes = new Map<string, ClassRecord | undefined>()
  for (const session of sessions.running) {
    const seat = await people.seatOf(session.learner)
    if (!seat) continue
    if (!classes.has(seat.class)) classes.set(seat.class, await people.classOf(seat.class))
    const one = classes.get(seat.class)
    if (!one) continue
    if (!isLabOpen(one, session.lab.id, now, seat.extensions) && !session.isJudged) await session.leave()
  }
}

/** Without a seat and a section it is for all. */
interface MoreTime {
  seat?: string | undefined
  section?: string | undefined
  lab?: string | undefined
  minutes: number
}

/**
 * More time for a class, or for a lab of it: so many minutes from its end on, or from now where that is over. For one learner, who can work on
 * while others can't, for a group of the list, or for all. What would be of no use since the class ends before is put off, too.
 * @throws VethlabError class.not-found, argument.invalid where there is no end to be put off
 */
export async function extend(
  people: People,
  id: string,
  { seat: of, section, lab, minutes }: MoreTime,
  now = Date.now(),
): Promise<void> {
  const one = await people.classOf(id)
  if (!one) throw notFound(id)
  if (section !== undefined && of === undefined) {
    const group = (await people.seats(id)).filter((each) => each.section === section)
    if (group.length === 0) {
      throw new VethlabError('argument.invalid', 'has nobody in it', {
        place: section,
        cure: 'Choose a group of the list.',
        zh: { what: '里面没有人', cure: '请选择名单里的组。' },
      })
    }
    for (const { id: seat } of group) await extend(people, id, { seat, lab, minutes }, now)
    return
  }
  const seat = of === undefined ? undefined : (await people.seats(id)).find((each) => each.id === of)
  if (of !== undefined && !seat) throw notFound(of)
  const before = endOf(one, seat, lab)
  if (before === undefined || one.endedAt !== undefined) {
    throw new VethlabError('argument.invalid', 'has no end that could be put off', {
      place: lab ?? 'class',
      cure: 'Say first when it ends.',
      zh: { what: '没有可以推迟的结束时间', cure: '请先设定结束时间。' },
    })
  }
  const until = new Date(Math.max(now, Date.parse(before)) + minutes * minuteMs).toISOString()
  const end = endOf(one, seat, undefined)
  const isPastEnd = lab !== undefined && end !== undefined && end < until
  if (seat) {
    const labs = lab === undefined ? seat.extensions?.labs : { ...seat.extensions?.labs, [lab]: until }
    const ownEnd = lab === undefined || isPastEnd ? until : seat.extensions?.end
    const extensions: Extensions = {
      ...(ownEnd === undefined ? {} : { end: ownEnd }),
      ...(labs === undefined ? {} : { labs }),
    }
    await people.setExtensions(seat.id, extensions)
    return
  }
  await people.changeClass(id, {
    ...(lab === undefined ? {} : { dates: { ...one.dates, [lab]: { ...one.dates[lab], dueAt: until } } }),
    ...(lab === undefined || isPastEnd ? { endsAt: until } : {}),
  })
}

function endOf(one: ClassRecord, seat: SeatRecord | undefined, lab: string | undefined): string | undefined {
  if (lab !== undefined) {
    const dues = duesOf(one, seat?.extensions)
    return Object.hasOwn(dues, lab) ? dues[lab] : undefined
  }
  return endFor(one, seat?.extensions)
}

/**
 * Sets the dates of a lab. @throws VethlabError class.not-found; argument.invalid for one that the class does not have, one that would close
 * before it opens, and labs that would wait for each other
 */
export async function setDates(
  people: People,
  id: string,
  lab: string,
  { opensAt, dueAt, after }: { opensAt: string | null; dueAt: string | null; after: string | null },
): Promise<void> {
  const one = await people.classOf(id)
  if (!one) throw notFound(id)
  const refuse = (what: string, cure: string, zh: { what: string; cure: string }) =>
    new VethlabError('argument.invalid', what, { place: lab, cure, zh })
  if (!one.labs.includes(lab) || (after !== null && !one.labs.includes(after))) {
    throw refuse('is no lab of the class', 'Choose one of its labs.', {
      what: '不是这个课堂的实验',
      cure: '请选择课堂里的实验。',
    })
  }
  if (opensAt !== null && dueAt !== null && dueAt <= opensAt) {
    throw refuse('would be over before it opens', 'Let it end later.', {
      what: '结束时间早于开放时间',
      cure: '请把结束时间改晚一些。',
    })
  }
  const before = { ...one.dates }
  delete before[lab]
  const seen = new Set([lab])
  for (let at = after; at !== null; at = before[at]?.after ?? null) {
    if (seen.has(at)) {
      throw refuse('would wait for itself', 'Choose a lab that does not come after it.', {
        what: '会与其他实验互相等待',
        cure: '请选择不在它之后的实验。',
      })
    }
    seen.add(at)
  }
  const own = {
    ...(opensAt === null ? {} : { opensAt }),
    ...(dueAt === null ? {} : { dueAt }),
    ...(after === null ? {} : { after }),
  }
  await people.changeClass(id, { dates: Object.keys(own).length === 0 ? before : { ...before, [lab]: own } })
}
