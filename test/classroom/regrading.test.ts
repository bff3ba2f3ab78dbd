import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import type { Lab } from '../../server/lab/lab.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { ResultSchema } from '../../server/report/result.js'
import type { SeatRecord, SubmissionRecord } from '../../server/store/people.js'
import { examWith, open } from '../evidence/exam.js'
import { graded } from '../evidence/graded.js'
import { type ClassWithEvidence, classWithEvidence } from './class-with-evidence.js'

/** A class whose lab is the exam with checks of today; what was handed in was judged by those of another one. */
let exam: Lab
let { folder, records, evidence, classroom, owner, id, seated } = {} as ClassWithEvidence
beforeEach(async () => {
  exam = await loadLab(fromPackage('test/trial/exam'))
  ;({ folder, records, evidence, classroom, owner, id, seated } = await classWithEvidence(exam))
  await classroom.assess(owner, id, exam.id, { shows: 'points' })
})

async function handedIn({ learner }: SeatRecord, judgedBy: Lab): Promise<SubmissionRecord> {
  const submission = await records.people.addSubmission({ learner, lab: exam.id, session: 'a session' })
  const { result, witness } = await graded(judgedBy, open())
  await evidence.keep(submission.evidence, { lab: judgedBy, result, witness, moments: [] })
  await records.people.judgeSubmission(submission.id, JSON.stringify(result))
  return submission
}

const pointsOf = async () => {
  const { seats } = await classroom.matrix(owner, id)
  return Object.fromEntries(seats.map((seat) => [seat.name, seat.handedIn?.[exam.id]?.counts?.points]))
}

const tooStrict = () => examWith((yaml) => yaml.replace('body: nginx', 'body: Apache'))
const tooLenient = () => examWith((yaml) => yaml.replace('172.20.0.0/16', '172.0.0.0/8'))

it('judges what was handed in by the checks of today, keeps what it had, and counts the better grading, or the newer one', async () => {
  const [ada, bob] = [await seated('Ada'), await seated('Bob')]
  await handedIn(ada, await tooStrict())
  await handedIn(bob, exam)
  const before = await pointsOf()
  const [full] = [before.Bob!]
  expect(before.Ada).toBeLessThan(full)

  expect(await classroom.regrade(id, exam.id)).toEqual({ judged: 2, more: 1, fewer: 0, left: 0 })
  expect(await pointsOf()).toEqual({ Ada: full, Bob: full })
  const { handedIn: shown } = await classroom.detail(id, ada.id, exam.id)
  expect(shown).toMatchObject([{ number: 1, points: { points: full }, first: before.Ada }])
  expect((await classroom.detail(id, bob.id, exam.id)).handedIn[0]).not.toHaveProperty('first')
  // Both gradings go into the file for a score, and the second says of which it is.
  const { text } = await classroom.export(owner, id, { results: exam.id })
  const lines = text
    .trim()
    .split('\n')
    .map((line) => ResultSchema.parse(JSON.parse(line)))
  const ofAda = lines.filter(({ student }) => student.firstName === 'Ada')
  expect(ofAda.map(({ points }) => points)).toEqual([before.Ada, full])
  expect(ofAda[1]!.attempt.regradingOf).toBe(ofAda[0]!.attempt.startedAt)

  // Once more says nothing new.
  expect(await classroom.regrade(id, exam.id)).toEqual({ judged: 2, more: 0, fewer: 0, left: 0 })
  expect((await records.people.submissions(ada.learner))[0]!.regradings).toHaveLength(1)
})

it('a newer grading with fewer points counts only where the class says so', async () => {
  const ada = await seated('Ada')
  const { id: submission, learner } = await handedIn(ada, exam)
  const full = (await pointsOf()).Ada!
  const [record] = await records.people.submissions(learner)
  const again = JSON.parse(record!.result!)
  await records.people.addRegrading(submission, JSON.stringify({ ...again, points: full - 1 }))
  await classroom.assess(owner, id, exam.id, { shows: 'points' })
  expect((await classroom.detail(id, ada.id, exam.id)).handedIn[0]).toMatchObject({ points: { points: full } })
  await classroom.assess(owner, id, exam.id, { shows: 'points', regraded: 'newer' })
  expect((await classroom.detail(id, ada.id, exam.id)).handedIn[0]).toMatchObject({ points: { points: full - 1 } })
})

it('leaves what has no evidence as it was signed, and says how many', async () => {
  const [ada, bob, eve] = [await seated('Ada'), await seated('Bob'), await seated('Eve')]
  const wrong = await tooStrict()
  const changed = await handedIn(ada, wrong)
  const file = join(folder, 'evidence', changed.evidence, 'result.json')
  writeFileSync(file, readFileSync(file, 'utf8').replace('"failed"', '"passed"'))
  await handedIn(bob, wrong)
  const { id: gone } = await records.people.addSubmission({ learner: eve.learner, lab: exam.id, session: 's' })
  await records.people.judgeSubmission(gone, JSON.stringify((await graded(wrong, open())).result))
  expect(await classroom.regrade(id, exam.id)).toEqual({ judged: 1, more: 1, fewer: 0, left: 2 })
  await expect(classroom.regrade(id, 'no-such-lab')).rejects.toThrow('no-such-lab')
})

it('is done once for all who ask for it at the same time', async () => {
  await handedIn(await seated('Ada'), await tooLenient())
  const [one, other] = await Promise.all([classroom.regrade(id, exam.id), classroom.regrade(id, exam.id)])
  expect(one).toBe(other)
})
