import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Finding } from '../../../server/check/verdict.js'
import type { Lab } from '../../../server/lab/lab.js'
import { loadLab } from '../../../server/lab/read-lab.js'
import { formNames, write } from '../../../server/report/forms.js'
import { ResultSchema } from '../../../server/report/result.js'
import { liveResult, sessionResult } from '../../../server/session/work/session-result.js'
import type { Records } from '../../../server/store/records.js'
import { SqliteRecords } from '../../../server/store/sqlite-records.js'
import { judged } from '../../../server/trial/grade.js'
import { writeLab } from '../../lab/guide.js'
import { ada, failed, passed, unknown } from '../../report/works.js'
import { newDirectory } from '../../store/directory.js'

let lab: Lab
let records: Records
const session = 'a'.repeat(32)

beforeAll(async () => {
  lab = await loadLab(writeLab())
})
afterAll(() => rmSync(dirname(lab.directory), { recursive: true, force: true }))
beforeEach(async () => {
  records = SqliteRecords.open(join(newDirectory(), 'records.db'))
  const learner = await records.localLearner()
  await records.createSession({ id: session, learner, lab: lab.id, labHash: lab.contentHash })
  return () => records.close()
})

/** As a session keeps what it found. */
async function saw(step: string, findings: Finding[], labHash = lab.contentHash): Promise<void> {
  await records.addVerdicts(
    session,
    { step, asked: true, labHash },
    findings.map(({ outcome, ...evidence }, index) => ({
      index,
      family: 'port',
      outcome,
      ...('reason' in evidence ? { reason: evidence.reason } : {}),
      evidence,
    })),
  )
}

const submittedAt = '2026-03-01T20:00:00.000Z'
const result = async (of = lab) =>
  sessionResult(of, (await records.session(session))!, await records.verdicts(session), { student: ada, submittedAt })

describe('A live session', () => {
  it('counts what is done, and what was found last of the rest', async () => {
    await saw('create', [passed])
    await records.setStep(session, 'create', 'passed')
    await saw('connect', [passed, failed, passed])
    await saw('connect', [passed, passed, failed])
    await records.addUsed(session, 90_000)
    expect(await result()).toMatchObject({
      student: ada,
      attempt: { of: 'session', submittedAt, durationMs: 90_000 },
      state: 'failed',
      points: 1,
      of: 3,
      open: 0,
      steps: [
        { id: 'create', state: 'passed', points: 1 },
        {
          id: 'connect',
          state: 'failed',
          points: 0,
          checks: [
            { id: 'connect.1', state: 'passed' },
            { state: 'passed' },
            { state: 'failed', reason: 'port.published', why: failed.outcome === 'fail' ? failed.why : {} },
          ],
        },
      ],
    })
  })

  it('keeps what is done, whatever was found of it later', async () => {
    await records.setStep(session, 'create', 'passed')
    await saw('create', [failed])
    expect((await result()).steps[0]).toMatchObject({ state: 'passed', points: 1, checks: [{ state: 'passed' }] })
  })

  it('tells the help, and takes no points for it', async () => {
    await records.setHints(session, 'connect', 0, 1)
    await records.setHints(session, 'connect', 1, 2)
    await records.setHelp(session, 'connect', { shown: true })
    await records.setStep(session, 'connect', 'helped')
    const found = await result()
    expect(found.steps[1]).toMatchObject({ points: 2, help: { hints: 3, shown: true, done: false, told: false } })
    expect(found.steps[0]!.help).toBeUndefined()
    expect(write('text', found, { language: 'en' })).toContain('passed, 2/2, with help: 3 hints, solution shown')
    expect(write('text', found, { language: 'zh' })).toContain('借助了帮助：3 条提示，看过答案')
  })

  it('has nothing to say of what was never looked at, was left out, or was found in another version of the lab', async () => {
    await records.setStep(session, 'create', 'skipped')
    await saw('connect', [passed, passed, passed], 'older')
    expect(await result()).toMatchObject({
      state: 'failed',
      points: 0,
      open: 0,
      steps: [{ state: 'skipped' }, { state: 'skipped', checks: [{ state: 'skipped' }, {}, {}] }],
    })
  })

  it('loses no point by what could not be told', async () => {
    await records.setStep(session, 'create', 'passed')
    await saw('connect', [passed, unknown, passed])
    expect(await result()).toMatchObject({ state: 'could-not-tell', points: 1, of: 3, open: 2 })
  })

  it('does not tell a cause that is the learner to find, before a hint', async () => {
    const finding = { ...lab, explain: 'after-hint' as const }
    await saw('create', [failed])
    expect(JSON.stringify(await result(finding))).not.toContain('nobody finds it there')
    await records.setHints(session, 'create', 0, 1)
    expect(JSON.stringify(await result(finding))).toContain('nobody finds it there')
  })

  it('is a result like that of a grading: every form can be written of it, also where evidence was cut', async () => {
    const long = { en: 'x'.repeat(60_000), zh: '长'.repeat(60_000) }
    await saw('create', [{ outcome: 'fail', reason: 'a.b', expected: long, observed: long, why: long }])
    const found = await result()
    expect(ResultSchema.safeParse(found).error).toBeUndefined()
    for (const form of formNames) expect(write(form, found, { language: 'zh' }).length).toBeGreaterThan(10)
  })
})

describe('A rack that is judged as it stands', () => {
  /** Findings of the steps in their order, each of all their checks. */
  const live = (...findings: Finding[]) => liveWith(new Set(), ...findings)
  const liveWith = async (cameAndWent: ReadonlySet<string>, ...findings: Finding[]) => {
    const steps = lab.steps.map((step, at) =>
      judged(
        lab,
        step,
        step.checks.map((_, index) => ({ index, finding: findings[at] ?? failed })),
      ),
    )
    return liveResult(lab, (await records.session(session))!, { steps, cameAndWent }, { student: ada, submittedAt })
  }

  it('counts what is right now, whatever was found before', async () => {
    await saw('create', [failed])
    expect(await live(passed)).toMatchObject({
      attempt: { of: 'session', submittedAt },
      points: 1,
      of: 3,
      notes: [],
      steps: [
        { id: 'create', state: 'passed' },
        { id: 'connect', state: 'failed', points: 0 },
      ],
    })
  })

  it('counts what was found right in its own time, and says that it is not so any more', async () => {
    await records.setStep(session, 'create', 'passed')
    const found = await live(failed, passed)
    expect(found).toMatchObject({ state: 'passed', points: 3, steps: [{ state: 'passed', points: 1 }, {}] })
    expect(found.notes).toEqual([
      {
        en: expect.stringMatching(/^“.+” was found right at .+ UTC, and counts; it is not so any more$/),
        zh: expect.stringMatching(/^“.+”在 .+ UTC 检查通过，仍然计分；现在已不是这样$/),
      },
    ])
    // What comes and goes while it is looked at does not count.
    expect(await liveWith(new Set(['create']), failed, passed)).toMatchObject({ state: 'failed', points: 2, notes: [] })
    // Of what can't be told now nobody knows that.
    expect(await live(unknown, passed)).toMatchObject({ state: 'passed', points: 3, notes: [] })
  })

  it('has the help with it, and gives nothing for what was left out', async () => {
    await records.setStep(session, 'create', 'skipped')
    await records.setHints(session, 'connect', 0, 2)
    const found = await live(failed, passed)
    expect(found.steps).toMatchObject([
      { state: 'failed', points: 0 },
      { points: 2, help: { hints: 2, shown: false } },
    ])
  })

  it('does not tell a cause that is the learner to find', async () => {
    const finding = { ...lab, explain: 'after-hint' as const }
    const steps = lab.steps.map((step) =>
      judged(
        lab,
        step,
        step.checks.map((_, index) => ({ index, finding: failed })),
      ),
    )
    const told = async () =>
      JSON.stringify(
        liveResult(finding, (await records.session(session))!, { steps }, { student: ada, submittedAt }).steps[0],
      )
    expect(await told()).not.toContain('nobody finds it there')
    await records.setHints(session, 'create', 0, 1)
    expect(await told()).toContain('nobody finds it there')
  })
})
