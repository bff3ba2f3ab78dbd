import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { maxEvidenceBytes } from '../../server/store/evidence.js'
import { newId } from '../../server/store/id.js'
import { type NewVerdict, Records } from '../../server/store/records.js'
import { newDirectory } from './directory.js'

const labHash = 'a'.repeat(64)

let path: string
let records: Records
let learner: string
beforeEach(() => {
  path = join(newDirectory(), 'records.db')
  records = Records.open(path)
  onTestFinished(() => records.close())
  learner = records.localLearner()
})

function reopen(): void {
  records.close()
  records = Records.open(path)
}

function begin(id: string, lab = 'user-bridge'): string {
  records.createSession({ id, learner, lab, labHash })
  return id
}

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string
const missing: NewVerdict = {
  index: 0,
  family: 'network',
  outcome: 'fail',
  reason: 'network.missing',
  evidence: { expected: { en: 'a network', zh: '网络' } },
}

describe('learners', () => {
  it('are one on this machine, always the same', () => {
    expect(learner).toMatch(/^[A-Za-z0-9_-]{16,}$/)
    expect(records.localLearner()).toBe(learner)
    reopen()
    expect(records.localLearner()).toBe(learner)
  })
  it('have ids that nobody guesses', () => {
    expect(new Set(Array.from({ length: 100 }, newId)).size).toBe(100)
  })
})

describe('a session', () => {
  it('comes back as it was', () => {
    const text = '10.20.0.254 \0 网关 🙂 \'"; DROP TABLE session --'
    begin('s1')
    records.setRack('s1', 'r1')
    records.addUsed('s1', 1500.4)
    records.addUsed('s1', 500)
    records.setStep('s1', 'create', 'passed')
    records.setStep('s1', 'names', 'helped')
    records.setHelp('s1', 'names', { shown: true })
    records.setHelp('s1', 'names', { done: true })
    records.setHelp('s1', 'isolation', { shown: true })
    records.setHelp('s1', 'isolation', { told: true })
    records.setAnswer('s1', 'gateway', 'first')
    records.setAnswer('s1', 'gateway', text)
    records.setHints('s1', 'create', 0, 1)
    records.setHints('s1', 'create', 0, 2)
    records.setHints('s1', 'create', 3, 1)
    reopen()
    expect(records.session('s1')).toEqual({
      id: 's1',
      learner,
      lab: 'user-bridge',
      labHash,
      rack: 'r1',
      createdAt: time,
      usedMs: 2000,
      steps: { create: { state: 'passed', at: time }, names: { state: 'helped', at: time } },
      answers: { gateway: text.replace('\0', '\ufffd') },
      hints: { create: { 0: 2, 3: 1 } },
      help: {
        names: { shown: true, done: true, told: false },
        isolation: { shown: true, done: false, told: true },
      },
    })
    expect(records.session('s2')).toBeUndefined()
  })

  it('ends once, and has no rack then', () => {
    begin('s1')
    records.setRack('s1', 'r1')
    records.endSession('s1', 'idle')
    records.endSession('s1', 'lost')
    expect(records.session('s1')).toMatchObject({ rack: null, endedAt: time, endReason: 'idle' })
    records.setRack('s1', null)
    expect(records.session('s1')).toMatchObject({ rack: null, endReason: 'idle' })
    records.setRack('s1', 'r2')
    const open = records.session('s1')!
    expect([open.rack, open.endedAt, open.endReason]).toEqual(['r2', undefined, undefined])
  })

  it('shares its rack with no other', () => {
    records.setRack(begin('s1'), 'r1')
    expect(() => records.setRack(begin('s2'), 'r1')).toThrow(/UNIQUE/)
    records.endSession('s1', 'left')
    records.setRack('s2', 'r1')
  })

  it('is open from its beginning to its end', () => {
    begin('opening')
    records.setRack(begin('running'), 'r1')
    records.endSession(begin('ended'), 'failed')
    expect(records.openSessions().map(({ id, rack }) => [id, rack])).toEqual([
      ['opening', null],
      ['running', 'r1'],
    ])
  })

  it('knows the one before it, of the same lab', () => {
    begin('s1')
    begin('s2', 'overlay')
    begin('s3')
    expect(records.latestSession(learner, 'user-bridge')).toMatchObject({ id: 's3', previous: 's1' })
    expect(records.session('s1')!.previous).toBeUndefined()
    expect(records.latestSession(learner, 'overlay')!.previous).toBeUndefined()
    expect(records.latestSession(learner, 'macvlan')).toBeUndefined()
    expect(records.latestSession('another', 'user-bridge')).toBeUndefined()
  })

  it('must be there, and belong to a learner', () => {
    expect(() => records.addUsed('none', 1)).toThrow('no such session')
    expect(() => records.endSession('none', 'left')).toThrow('no such session')
    expect(() => records.setStep('none', 'create', 'passed')).toThrow(/FOREIGN KEY/)
    expect(() => records.createSession({ id: 's', learner: 'none', lab: 'x', labHash })).toThrow(/FOREIGN KEY/)
    begin('s1')
    expect(() => begin('s1')).toThrow(/UNIQUE/)
  })
})

describe('a step', () => {
  const cases = [
    [['helped', 'passed'], 'helped'],
    [['passed', 'skipped'], 'passed'],
    [['helped', 'skipped'], 'helped'],
    [['skipped', 'passed'], 'passed'],
    [['skipped', 'helped'], 'helped'],
    [['passed', 'helped'], 'helped'],
  ] as const
  it.each(cases)('that was %j is %s', (states, result) => {
    begin('s1')
    for (const state of states) records.setStep('s1', 'create', state)
    expect(records.session('s1')!.steps.create!.state).toBe(result)
  })

  it('that was shown is still open', () => {
    begin('s1')
    records.setHelp('s1', 'create', { shown: true })
    expect(records.session('s1')!.steps).toEqual({})
    records.setStep('s1', 'create', 'helped')
    expect(records.session('s1')).toMatchObject({
      steps: { create: { state: 'helped' } },
      help: { create: { shown: true, done: false } },
    })
  })
})

describe('progress', () => {
  it('can be begun anew: verdicts stay, and other sessions', () => {
    for (const id of [begin('s1'), begin('s2')]) {
      records.setStep(id, 'create', 'helped')
      records.setHelp(id, 'create', { shown: true })
      records.setAnswer(id, 'gateway', 'x')
      records.setHints(id, 'create', 0, 1)
      records.addUsed(id, 100)
      records.addVerdicts(id, { step: 'create', asked: false, labHash }, [missing])
    }
    const other = records.session('s2')
    records.forgetProgress('s1')
    expect(records.session('s1')).toMatchObject({ steps: {}, answers: {}, hints: {}, help: {}, usedMs: 0 })
    expect(records.verdicts('s1')).toHaveLength(1)
    expect(records.session('s2')).toEqual(other)
    records.setStep('s1', 'create', 'passed')
    expect(records.session('s1')!.steps.create!.state).toBe('passed')
  })

  it('is that of the newest session of each lab', () => {
    begin('s1')
    records.setStep('s1', 'create', 'passed')
    records.endSession('s1', 'left')
    records.setStep(begin('s2', 'overlay'), 'swarm', 'helped')
    records.setHelp('s2', 'wire', { shown: true })
    records.endSession('s2', 'idle')
    begin('s3')
    expect(records.progress(learner)).toEqual([
      { lab: 'overlay', session: 's2', states: { swarm: 'helped' }, endedAt: time },
      { lab: 'user-bridge', session: 's3', states: {} },
    ])
    expect(records.progress('another')).toEqual([])
  })
})

describe('verdicts', () => {
  it('are kept with their evidence', () => {
    begin('s1')
    const passed: NewVerdict = { index: 1, family: 'reach', outcome: 'pass', evidence: ['a', 1, null] }
    records.addVerdicts('s1', { step: 'create', asked: true, labHash }, [missing, passed])
    records.addVerdicts('s1', { step: 'names', asked: false, labHash }, [{ ...missing, evidence: undefined }])
    reopen()
    expect(records.verdicts('s1', 'create')).toEqual([
      { ...missing, step: 'create', labHash, asked: true, at: time, lastAt: time, repeats: 0 },
      { ...passed, step: 'create', labHash, asked: true, at: time, lastAt: time, repeats: 0 },
    ])
    expect(records.verdicts('s1').map(({ step, evidence }) => [step, evidence === null])).toEqual([
      ['create', false],
      ['create', false],
      ['names', true],
    ])
  })

  it('that say the same again are counted', () => {
    begin('s1')
    records.addVerdicts('s1', { step: 'create', asked: false, labHash }, [missing])
    records.addVerdicts('s1', { step: 'create', asked: true, labHash }, [missing])
    records.addVerdicts('s1', { step: 'create', asked: false, labHash }, [missing, { ...missing, index: 1 }])
    records.addVerdicts('s1', { step: 'create', asked: false, labHash }, [{ ...missing, reason: 'network.driver' }])
    records.addVerdicts('s1', { step: 'create', asked: false, labHash }, [missing])
    expect(records.verdicts('s1').map(({ index, reason, asked, repeats }) => [index, reason, asked, repeats])).toEqual([
      [0, 'network.missing', true, 2],
      [1, 'network.missing', false, 0],
      [0, 'network.driver', false, 0],
      [0, 'network.missing', false, 0],
    ])
  })

  it('of another version of the lab are not counted as the same', () => {
    begin('s1')
    const newer = 'b'.repeat(64)
    for (const hash of [labHash, labHash, newer, newer]) {
      records.addVerdicts('s1', { step: 'create', asked: false, labHash: hash }, [missing])
    }
    expect(records.verdicts('s1').map((verdict) => [verdict.labHash, verdict.repeats])).toEqual([
      [labHash, 1],
      [newer, 1],
    ])
  })

  it('are kept all or not at all', () => {
    begin('s1')
    const wrong = { ...missing, outcome: 'perhaps' } as unknown as NewVerdict
    expect(() => records.addVerdicts('s1', { step: 'create', asked: false, labHash }, [missing, wrong])).toThrow(
      /CHECK/,
    )
    expect(records.verdicts('s1')).toEqual([])
    records.addVerdicts('s1', { step: 'create', asked: false, labHash }, [missing])
    expect(records.verdicts('s1')).toHaveLength(1)
  })

  it('of a check that flaps are bounded, and its first pass stays', () => {
    begin('s1')
    records.addVerdicts('s1', { step: 'create', asked: false, labHash }, [
      { index: 0, family: 'network', outcome: 'pass', evidence: 'first' },
    ])
    for (let n = 0; n < 400; n++)
      records.addVerdicts('s1', { step: 'create', asked: false, labHash }, [{ ...missing, evidence: n }])
    const kept = records.verdicts('s1')
    expect(kept).toHaveLength(200)
    expect(kept.at(0)!.evidence).toBe('first')
    expect(kept.at(-1)!.evidence).toBe(399)
    for (let n = 0; n < 400; n++) {
      records.addVerdicts('s1', { step: 'names', asked: false, labHash }, [
        { ...missing, outcome: 'pass', evidence: n },
      ])
    }
    records.addVerdicts('s1', { step: 'names', asked: false, labHash }, [missing])
    expect(records.verdicts('s1', 'names').at(-1)!.outcome).toBe('fail')
  })

  const long = '网🙂"\\\u0001'.repeat(20_000)
  it.each([
    ['a long text', long, '网🙂'],
    ['a text in a text', { en: long, zh: 'short' }, '"zh":"short"'],
    ['a long list', Array.from({ length: 100_000 }, (_, n) => n), '[0,1,2'],
    ['lists in lists', Array.from({ length: 300 }, () => Array.from({ length: 300 }, () => 'some text')), 'some text'],
    ['many keys', Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`key-${n}`, long])), 'key-0'],
    ['a long key', { [long]: 1 }, '网'],
    ['a deep one', Array.from({ length: 3000 }).reduce<unknown>((inner) => [inner, 'x'], null), '['],
  ])('have evidence that is cut, and still JSON: %s', (_, evidence, begins) => {
    begin('s1')
    records.addVerdicts('s1', { step: 'create', asked: false, labHash }, [{ ...missing, evidence }])
    const kept = JSON.stringify(records.verdicts('s1')[0]!.evidence)
    expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(maxEvidenceBytes)
    expect(kept).toContain(begins)
  })
})

describe('a timeline', () => {
  it('keeps the newest entries, with their states, and new words without losing those', () => {
    const session = begin('a')
    const entries = [1, 2, 3, 4].map((id) => ({ id, entry: `entry ${id}`, state: Buffer.from(`state ${id}`) }))
    records.saveTimeline(session, entries, 3)
    records.saveTimeline(session, [{ id: 4, entry: 'entry 4, ended' }], 3)
    reopen()
    expect(records.timeline(session)).toEqual(['entry 2', 'entry 3', 'entry 4, ended'])
    expect(Buffer.from(records.timelineState(session, 4)!).toString()).toBe('state 4')
    expect(records.timelineState(session, 1)).toBeUndefined()
    records.saveTimeline(session, [{ id: 5, entry: 'no state' }], 3)
    expect(records.timelineState(session, 5)).toBeUndefined()
    records.forgetTimeline(session)
    expect(records.timeline(session)).toEqual([])
  })

  it('goes when the learner begins the same lab anew', () => {
    const [session, other] = [begin('a'), begin('b', 'overlay')]
    for (const one of [session, other]) records.saveTimeline(one, [{ id: 1, entry: 'first' }], 10)
    begin('c')
    expect([records.timeline(session), records.timeline(other)]).toEqual([[], ['first']])
  })
})
