import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { beforeEach, expect, it } from 'vitest'
import { counted, type Judged, usedUp } from '../../server/classroom/submissions.js'
import { isLabOpen } from '../../server/classroom/timetable.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { type Result, ResultSchema } from '../../server/report/result.js'
import { liveResult } from '../../server/session/work/session-result.js'
import type { SeatRecord } from '../../server/store/people.js'
import { judged, undecidedSteps } from '../../server/trial/grade.js'
import { failed, passed } from '../report/works.js'
import { type ClassWithEvidence, classWithEvidence } from './class-with-evidence.js'

const lab = await loadLab(fromPackage('labs', 'default-bridge'))

let { folder, records, classroom, owner, id, seated } = {} as ClassWithEvidence
beforeEach(async () => {
  ;({ folder, records, classroom, owner, id, seated } = await classWithEvidence(lab))
})

/** Hands in, with so many of the steps right; `unknown`: the machine could not tell. Undefined: it was interrupted. */
async function handedIn({ learner }: SeatRecord, right: number | 'unknown' | undefined): Promise<void> {
  const session = `${Math.random()}`
  await records.createSession({ id: session, learner, lab: lab.id, labHash: lab.contentHash })
  const { id: submission, acceptedAt } = await records.people.addSubmission({ learner, lab: lab.id, session })
  if (right === undefined) return
  const steps =
    right === 'unknown'
      ? undecidedSteps(lab)
      : lab.steps.map((step, at) => {
          const finding = at < right ? passed : failed
          const verdicts = step.checks.map((_, index) => ({ index, finding }))
          return judged(lab, step, verdicts)
        })
  const about = { student: {}, submittedAt: acceptedAt }
  const result = liveResult(lab, (await records.session(session))!, { steps }, about)
  await records.people.judgeSubmission(submission, JSON.stringify(result))
}

const deskOf = async ({ learner }: SeatRecord) => {
  const followed = (await classroom.desks.follow(learner, () => {}))!
  followed.end()
  return followed.view
}

it('tells learners as much of what they handed in as the teacher says', async () => {
  const ada = await seated('Ada', 'A7')
  expect(await deskOf(ada)).toMatchObject({ assessed: {}, handedIn: {} })
  await classroom.assess(owner, id, lab.id, { attempts: 3, shows: 'nothing' })
  await handedIn(ada, 1)
  await handedIn(ada, 'unknown')
  await handedIn(ada, undefined)
  const told = async () => (await deskOf(ada)).handedIn[lab.id]!
  expect(await told()).toEqual({
    usedUp: 1,
    all: [
      { number: 1, at: expect.any(String), state: 'withheld' },
      { number: 2, at: expect.any(String), state: 'could-not-tell' },
      { number: 3, at: expect.any(String), state: 'interrupted' },
    ],
  })
  await classroom.assess(owner, id, lab.id, { shows: 'points' })
  const of = lab.steps.reduce((sum, { points }) => sum + points, 0)
  const [first] = (await told()).all
  expect(first).toEqual({
    number: 1,
    at: expect.any(String),
    state: 'judged',
    points: { points: lab.steps[0]!.points, of, open: 0 },
  })
  await classroom.assess(owner, id, lab.id, { shows: 'steps' })
  const [step, next] = (await told()).all[0]!.steps!
  expect(step).toMatchObject({ id: lab.steps[0]!.id, heading: { en: 'The first container' }, state: 'passed' })
  expect(next).toMatchObject({ state: 'failed', why: { en: expect.any(String) } })
  await classroom.lock(owner, id, lab.id, { steps: [lab.steps[1]!.id], solutions: false })
  expect((await told()).all[0]!.steps![1]).toMatchObject({ state: 'failed' })
  expect((await told()).all[0]!.steps![1]).not.toHaveProperty('why')
  await classroom.assess(owner, id, lab.id, undefined)
  expect((await deskOf(ada)).handedIn).toEqual({})
})

it('shows the staff what was handed in, and counts the best in gradebooks', async () => {
  const [ada, bob] = [await seated('Ada Lovelace', 'A7'), await seated('Bob', 'B1')]
  await seated('Never There', 'N1')
  await classroom.assess(owner, id, lab.id, { shows: 'points' })
  await handedIn(ada, 2)
  await handedIn(ada, 1)
  await handedIn(bob, 'unknown')
  const { seats } = await classroom.matrix(owner, id)
  const best = lab.steps[0]!.points + lab.steps[1]!.points
  const seen = (name: string) => seats.find((seat) => seat.name === name)!.handedIn?.[lab.id]
  expect(seen('Ada Lovelace')).toMatchObject({ count: 2, counts: { points: best } })
  expect([seen('Bob')?.count, seen('Bob')?.counts, seen('Never There')]).toEqual([1, undefined, undefined])
  const detail = await classroom.detail(id, ada.id, lab.id)
  expect(detail.handedIn.map(({ number, state, evidence }) => [number, state, evidence])).toEqual([
    [2, 'judged', `evidence/${ada.learner}/${lab.id}-2`],
    [1, 'judged', `evidence/${ada.learner}/${lab.id}-1`],
  ])
  const { text } = await classroom.export(owner, id, { gradebook: 'csv', lab: lab.id, language: 'en' })
  const rows = parse(text, { columns: true }) as Record<string, string>[]
  expect(rows.map(({ student, points }) => [student, points]).toSorted()).toEqual([
    ['A7', String(best)],
    // What could not be told takes nobody's points.
    ['B1', ''],
  ])
  const { name, text: lines } = await classroom.export(owner, id, { results: lab.id })
  expect(name).toBe('default-bridge-results.jsonl')
  const results = lines
    .trim()
    .split('\n')
    .map((line) => ResultSchema.parse(JSON.parse(line)))
  const byStudent = results.toSorted((a, b) => (a.student.id! < b.student.id! ? -1 : 1))
  expect(byStudent.map(({ student, points, state }) => [student.id, points, state])).toEqual([
    ['A7', best, 'failed'],
    ['A7', lab.steps[0]!.points, 'failed'],
    ['B1', 0, 'could-not-tell'],
  ])
})

it('takes lateness off by the deadline of each, stays open for it, and counts the last one where that was chosen', async () => {
  const hourMs = 3_600_000
  const at = (hours: number) => new Date(Date.now() + hours * hourMs).toISOString()
  const [ada, bob] = [await seated('Ada', 'A7'), await seated('Bob', 'B1')]
  const late = { hours: 5, percent: 10, per: 'hour' } as const
  await classroom.assess(owner, id, lab.id, { shows: 'points', late })
  await classroom.dates(owner, id, lab.id, { opensAt: null, dueAt: at(-1.5), after: null })
  await records.people.setExtensions(bob.id, { labs: { [lab.id]: at(2) } })
  const one = (await records.people.classOf(id))!
  const open = [0, 3, 4].map((hours) => isLabOpen(one, lab.id, at(hours)))
  expect(open).toEqual([true, true, false])
  expect(isLabOpen(one, lab.id, at(4), { labs: { [lab.id]: at(2) } })).toBe(true)

  await handedIn(ada, 2)
  await handedIn(ada, 1)
  await handedIn(bob, 2)
  const [few, most] = [lab.steps[0]!.points, lab.steps[0]!.points + lab.steps[1]!.points]
  const less = Math.round(most * 80) / 100
  // Two hours have begun.
  expect((await deskOf(ada)).handedIn[lab.id]!.all[0]).toMatchObject({
    points: { points: most },
    late: { percent: 20, points: less },
  })
  expect((await deskOf(bob)).handedIn[lab.id]!.all[0]).not.toHaveProperty('late')
  const counts = async () => {
    const { seats } = await classroom.matrix(owner, id)
    return Object.fromEntries(seats.map((seat) => [seat.name, seat.handedIn![lab.id]!.counts!.points]))
  }
  expect(await counts()).toEqual({ Ada: less, Bob: most })
  expect((await classroom.detail(id, ada.id, lab.id)).handedIn[1]).toMatchObject({
    late: { percent: 20, points: less },
  })
  const { text } = await classroom.export(owner, id, { gradebook: 'csv', lab: lab.id, language: 'en' })
  const rows = parse(text, { columns: true }) as Record<string, string>[]
  expect(rows.map(({ student, points }) => [student, points]).toSorted()).toEqual([
    ['A7', String(less)],
    ['B1', String(most)],
  ])

  await classroom.assess(owner, id, lab.id, { shows: 'points', late, counts: 'last' })
  expect(await counts()).toEqual({ Ada: Math.round(few * 80) / 100, Bob: most })
  // What was accepted counts, also when lateness is not taken any more.
  await classroom.assess(owner, id, lab.id, { shows: 'points' })
  expect(await counts()).toEqual({ Ada: most, Bob: most })
})

it('in the minutes of grace nobody is late, and the lab stays open', async () => {
  const at = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString()
  const ada = await seated('Ada', 'A7')
  const late = { hours: 1, percent: 50, per: 'day' } as const
  await classroom.dates(owner, id, lab.id, { opensAt: null, dueAt: at(-5), after: null })
  await classroom.assess(owner, id, lab.id, { shows: 'points', grace: 10, late })
  await handedIn(ada, 1)
  const first = async () => (await deskOf(ada)).handedIn[lab.id]!.all[0]!
  expect(await first()).not.toHaveProperty('late')
  await classroom.assess(owner, id, lab.id, { shows: 'points', grace: 4, late })
  expect(await first()).toMatchObject({ late: { percent: 50 } })
  await classroom.assess(owner, id, lab.id, { shows: 'points', grace: 10 })
  const open = async (minutes: number) => isLabOpen((await records.people.classOf(id))!, lab.id, at(minutes))
  expect([await open(4), await open(6)]).toEqual([true, false])
  expect((await deskOf(ada)).closes[lab.id]).toBe(
    new Date(Date.parse((await deskOf(ada)).due[lab.id]!) + 600_000).toISOString(),
  )
})

it('refuses a lab that is not there, and keeps what was handed in of one that is practice again', async () => {
  await expect(classroom.assess(owner, id, 'no-such-lab', { shows: 'points' })).rejects.toThrow('no-such-lab')
  const ada = await seated('Ada', 'A7')
  await classroom.assess(owner, id, lab.id, { shows: 'points' })
  await handedIn(ada, 1)
  await classroom.assess(owner, id, lab.id, undefined)
  expect((await classroom.matrix(owner, id)).seats[0]!.handedIn![lab.id]!.count).toBe(1)
})

it('deletes evidence with its learner, and that of those who are gone', async () => {
  const [ada, bob] = [await seated('Ada', 'A7'), await seated('Bob', 'B1')]
  const gone = 'f'.repeat(32)
  const folderOf = (learner: string) => join(folder, 'evidence', learner)
  for (const learner of [ada.learner, bob.learner, gone]) mkdirSync(folderOf(learner), { recursive: true })
  await handedIn(ada, 1)
  await classroom.removeSeat(id, ada.id)
  expect(existsSync(folderOf(ada.learner))).toBe(false)
  expect(await records.people.submissions(ada.learner)).toEqual([])
  expect(existsSync(folderOf(gone))).toBe(true)
  await classroom.forgetOld()
  expect([gone, bob.learner].map((learner) => existsSync(folderOf(learner)))).toEqual([false, true])
  await classroom.change(owner, id, { keepDays: 1 })
  await classroom.end(owner, id)
  await classroom.forgetOld(Date.now() + 2 * 24 * 3_600_000)
  expect(existsSync(folderOf(bob.learner))).toBe(false)
})

it('keeps what was handed in from both of two seats that are made one, with its evidence, until that seat goes', async () => {
  const [ada, again] = [await seated('Ada', 'A7'), await seated('Ada L.', 'A8')]
  await classroom.assess(owner, id, lab.id, { shows: 'points' })
  const bundle = ({ learner }: SeatRecord, number: number) => join('evidence', learner, `${lab.id}-${number}`)
  for (const [seat, right] of [
    [ada, 1],
    [again, 3],
  ] as const) {
    // Times are to the millisecond.
    await new Promise((resolve) => setTimeout(resolve, 5))
    await handedIn(seat, right)
    mkdirSync(join(folder, bundle(seat, 1)), { recursive: true })
  }
  await classroom.mergeSeats(id, ada.id, again.id)
  await classroom.forgetOld()
  const { handedIn: all } = await classroom.detail(id, ada.id, lab.id)
  expect(all.map(({ number, evidence }) => [number, evidence])).toEqual([
    [2, bundle(again, 1)],
    [1, bundle(ada, 1)],
  ])
  const isKept = () => [ada, again].map((seat) => existsSync(join(folder, bundle(seat, 1))))
  expect(isKept()).toEqual([true, true])
  const best = lab.steps.slice(0, 3).reduce((sum, { points }) => sum + points, 0)
  const { seats } = await classroom.matrix(owner, id)
  expect(seats.map((seat) => seat.handedIn?.[lab.id])).toMatchObject([{ count: 2, counts: { points: best } }])
  const { text } = await classroom.export(owner, id, { gradebook: 'csv', lab: lab.id, language: 'en' })
  expect((parse(text, { columns: true }) as Record<string, string>[]).map(({ points }) => points)).toEqual([`${best}`])
  await classroom.removeSeat(id, ada.id)
  expect(isKept()).toEqual([false, false])
})

it('keeps evidence of a seat that was merged until its records go, whoever deletes them', async () => {
  const [ada, again] = [await seated('Ada', 'A7'), await seated('Ada L.', 'A8')]
  await handedIn(again, 1)
  const kept = join(folder, 'evidence', again.learner)
  mkdirSync(kept, { recursive: true })
  await classroom.mergeSeats(id, ada.id, again.id)
  await classroom.forgetOld()
  expect(existsSync(kept)).toBe(true)
  // As `vethlab records delete-learner` does it.
  await records.people.removeSeat(ada.id)
  await classroom.forgetOld()
  expect(existsSync(kept)).toBe(false)
})

it('counts the best, the earlier of equals, and none that could not be told before one that could', () => {
  const judgedAs = (number: number, points?: number, state: Result['state'] = 'failed'): Judged => ({
    record: {
      id: `${number}`,
      learner: '',
      lab: lab.id,
      session: '',
      number,
      acceptedAt: '',
      evidence: '',
      regradings: [],
    },
    gradings: points === undefined ? [] : [{ points, state, number, of: 9, open: 0, notes: [] } as unknown as Result],
  })
  const number = (...all: Judged[]) => (counted(all) as unknown as { number: number } | undefined)?.number
  expect(number(judgedAs(1, 2), judgedAs(2, 5), judgedAs(3, 5), judgedAs(4))).toBe(2)
  expect(number(judgedAs(1, 0), judgedAs(2, 9, 'could-not-tell'))).toBe(1)
  expect(number(judgedAs(1, 1, 'could-not-tell'), judgedAs(2, 2, 'could-not-tell'))).toBe(2)
  expect(number(judgedAs(1))).toBeUndefined()
  expect(usedUp([judgedAs(1), judgedAs(2, 1), judgedAs(3, 1, 'could-not-tell'), judgedAs(4, 0)])).toBe(2)
})
