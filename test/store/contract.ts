import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { VethlabError } from '../../server/error/vethlab-error.js'
import { maxEvidenceBytes } from '../../server/store/evidence.js'
import { newId } from '../../server/store/id.js'
import type { NewVerdict, Records } from '../../server/store/records.js'

const labHash = 'a'.repeat(64)

/** Records of one kind: made for a test, and opened once more as the next process would. */
export interface Kind {
  /** @returns what opens the same records each time that it is called */
  make(): Promise<() => Promise<Records>>
}

/** What holds for records wherever they are. */
export function describeRecords(kind: Kind): void {
  let open: () => Promise<Records>
  let records: Records
  let learner: string
  beforeEach(async () => {
    open = await kind.make()
    records = await open()
    onTestFinished(() => records.close())
    learner = await records.localLearner()
  })

  async function reopen(): Promise<void> {
    await records.close()
    records = await open()
  }

  async function begin(id: string, lab = 'user-bridge'): Promise<string> {
    await records.createSession({ id, learner, lab, labHash })
    return id
  }

  async function refusal(work: Promise<unknown>): Promise<string> {
    const error = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(VethlabError)
    expect((error as VethlabError).message).not.toContain('\n')
    return (error as VethlabError).code
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
    it('are one on this machine, always the same', async () => {
      expect(learner).toMatch(/^[A-Za-z0-9_-]{16,}$/)
      expect(await records.localLearner()).toBe(learner)
      await reopen()
      expect(await records.localLearner()).toBe(learner)
    })
    it('have ids that nobody guesses', async () => {
      expect(new Set(Array.from({ length: 100 }, newId)).size).toBe(100)
    })
  })

  describe('a session', () => {
    it('comes back as it was', async () => {
      const text = '10.20.0.254 \0 网关 🙂 \'"; DROP TABLE session --'
      await records.createSession({ id: 's1', learner, lab: 'user-bridge', labHash, seed: 'practice' })
      await records.setRack('s1', 'r1')
      await records.addUsed('s1', 1500.4)
      await records.addUsed('s1', 500)
      await records.setStep('s1', 'create', 'passed')
      await records.setStep('s1', 'names', 'helped')
      await records.setHelp('s1', 'names', { shown: true })
      await records.setHelp('s1', 'names', { done: true })
      await records.setHelp('s1', 'isolation', { shown: true })
      await records.setHelp('s1', 'isolation', { told: true })
      await records.setAnswer('s1', 'gateway', 'first')
      await records.setAnswer('s1', 'gateway', text)
      await records.setHints('s1', 'create', 0, 1)
      await records.setHints('s1', 'create', 0, 2)
      await records.setHints('s1', 'create', 3, 1)
      await reopen()
      expect(await records.session('s1')).toEqual({
        id: 's1',
        learner,
        lab: 'user-bridge',
        labHash,
        seed: 'practice',
        server: records.id,
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
      expect(await records.session('s2')).toBeUndefined()
    })

    it('ends once, and has no rack then', async () => {
      await begin('s1')
      await records.setRack('s1', 'r1')
      await records.endSession('s1', 'idle')
      await records.endSession('s1', 'lost')
      expect(await records.session('s1')).toMatchObject({ rack: null, endedAt: time, endReason: 'idle' })
      await records.setRack('s1', null)
      expect(await records.session('s1')).toMatchObject({ rack: null, endReason: 'idle' })
      await records.setRack('s1', 'r2')
      const open = (await records.session('s1'))!
      expect([open.rack, open.endedAt, open.endReason]).toEqual(['r2', undefined, undefined])
    })

    it('shares its rack with no other', async () => {
      await records.setRack(await begin('s1'), 'r1')
      await begin('s2')
      expect(await refusal(records.setRack('s2', 'r1'))).toBe('records.refused')
      await records.endSession('s1', 'left')
      await records.setRack('s2', 'r1')
    })

    it('is open from its beginning to its end', async () => {
      await begin('opening')
      await records.setRack(await begin('running'), 'r1')
      await records.endSession(await begin('ended'), 'failed')
      expect((await records.openSessions()).map(({ id, rack }) => [id, rack])).toEqual([
        ['opening', null],
        ['running', 'r1'],
      ])
    })

    it('knows the one before it, of the same lab', async () => {
      await begin('s1')
      await begin('s2', 'overlay')
      await begin('s3')
      expect(await records.latestSession(learner, 'user-bridge')).toMatchObject({ id: 's3', previous: 's1' })
      expect((await records.session('s1'))!.previous).toBeUndefined()
      expect((await records.latestSession(learner, 'overlay'))!.previous).toBeUndefined()
      expect(await records.latestSession(learner, 'macvlan')).toBeUndefined()
      expect(await records.latestSession('another', 'user-bridge')).toBeUndefined()
    })

    it('must be there, and belong to a learner', async () => {
      for (const work of [
        records.addUsed('none', 1),
        records.endSession('none', 'left'),
        records.setStep('none', 'create', 'passed'),
        records.setAnswer('none', 'gateway', 'x'),
        records.addVerdicts('none', { step: 'create', asked: false, labHash }, [missing]),
        records.createSession({ id: 's', learner: 'none', lab: 'x', labHash }),
      ]) {
        expect(await refusal(work)).toBe('session.not-found')
      }
      await begin('s1')
      expect(await refusal(begin('s1'))).toBe('records.refused')
      expect(await records.session('s1')).toMatchObject({ lab: 'user-bridge' })
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
    it.each(cases)('that was %j is %s', async (states, result) => {
      await begin('s1')
      for (const state of states) await records.setStep('s1', 'create', state)
      expect((await records.session('s1'))!.steps.create!.state).toBe(result)
    })

    it('that was shown is still open', async () => {
      await begin('s1')
      await records.setHelp('s1', 'create', { shown: true })
      expect((await records.session('s1'))!.steps).toEqual({})
      await records.setStep('s1', 'create', 'helped')
      expect(await records.session('s1')).toMatchObject({
        steps: { create: { state: 'helped' } },
        help: { create: { shown: true, done: false } },
      })
    })
  })

  describe('progress', () => {
    it('can be begun anew: verdicts stay, and other sessions', async () => {
      for (const id of [await begin('s1'), await begin('s2')]) {
        await records.setStep(id, 'create', 'helped')
        await records.setHelp(id, 'create', { shown: true })
        await records.setAnswer(id, 'gateway', 'x')
        await records.setHints(id, 'create', 0, 1)
        await records.addUsed(id, 100)
        await records.addVerdicts(id, { step: 'create', asked: false, labHash }, [missing])
      }
      const other = await records.session('s2')
      await records.forgetProgress('s1')
      expect(await records.session('s1')).toMatchObject({ steps: {}, answers: {}, hints: {}, help: {}, usedMs: 0 })
      expect(await records.verdicts('s1')).toHaveLength(1)
      expect(await records.session('s2')).toEqual(other)
      await records.setStep('s1', 'create', 'passed')
      expect((await records.session('s1'))!.steps.create!.state).toBe('passed')
    })

    it('is that of the newest session of each lab', async () => {
      await begin('s1')
      await records.setStep('s1', 'create', 'passed')
      await records.endSession('s1', 'left')
      await records.setStep(await begin('s2', 'overlay'), 'swarm', 'helped')
      await records.setHelp('s2', 'wire', { shown: true })
      await records.endSession('s2', 'idle')
      await begin('s3')
      expect(await records.progress(learner)).toEqual([
        { lab: 'overlay', session: 's2', states: { swarm: 'helped' }, endedAt: time },
        { lab: 'user-bridge', session: 's3', states: {} },
      ])
      expect(await records.progress('another')).toEqual([])
    })
  })

  describe('verdicts', () => {
    it('are kept with their evidence', async () => {
      await begin('s1')
      const passed: NewVerdict = { index: 1, family: 'reach', outcome: 'pass', evidence: ['a', 1, null] }
      await records.addVerdicts('s1', { step: 'create', asked: true, labHash }, [missing, passed])
      await records.addVerdicts('s1', { step: 'names', asked: false, labHash }, [{ ...missing, evidence: undefined }])
      await reopen()
      expect(await records.verdicts('s1', 'create')).toEqual([
        { ...missing, step: 'create', labHash, asked: true, at: time, lastAt: time, repeats: 0 },
        { ...passed, step: 'create', labHash, asked: true, at: time, lastAt: time, repeats: 0 },
      ])
      expect((await records.verdicts('s1')).map(({ step, evidence }) => [step, evidence === null])).toEqual([
        ['create', false],
        ['create', false],
        ['names', true],
      ])
    })

    it('that say the same again are counted', async () => {
      await begin('s1')
      await records.addVerdicts('s1', { step: 'create', asked: false, labHash }, [missing])
      await records.addVerdicts('s1', { step: 'create', asked: true, labHash }, [missing])
      await records.addVerdicts('s1', { step: 'create', asked: false, labHash }, [missing, { ...missing, index: 1 }])
      await records.addVerdicts('s1', { step: 'create', asked: false, labHash }, [
        { ...missing, reason: 'network.driver' },
      ])
      await records.addVerdicts('s1', { step: 'create', asked: false, labHash }, [missing])
      expect(
        (await records.verdicts('s1')).map(({ index, reason, asked, repeats }) => [index, reason, asked, repeats]),
      ).toEqual([
        [0, 'network.missing', true, 2],
        [1, 'network.missing', false, 0],
        [0, 'network.driver', false, 0],
        [0, 'network.missing', false, 0],
      ])
    })

    it('of another version of the lab are not counted as the same', async () => {
      await begin('s1')
      const newer = 'b'.repeat(64)
      for (const hash of [labHash, labHash, newer, newer]) {
        await records.addVerdicts('s1', { step: 'create', asked: false, labHash: hash }, [missing])
      }
      expect((await records.verdicts('s1')).map((verdict) => [verdict.labHash, verdict.repeats])).toEqual([
        [labHash, 1],
        [newer, 1],
      ])
    })

    it('are kept all or not at all', async () => {
      await begin('s1')
      const wrong = { ...missing, outcome: 'perhaps' } as unknown as NewVerdict
      const look = { step: 'create', asked: false, labHash }
      expect(await refusal(records.addVerdicts('s1', look, [missing, wrong]))).toBe('records.refused')
      expect(await records.verdicts('s1')).toEqual([])
      await records.addVerdicts('s1', { step: 'create', asked: false, labHash }, [missing])
      expect(await records.verdicts('s1')).toHaveLength(1)
    })

    it('of a check that flaps are bounded, and its first pass stays', async () => {
      await begin('s1')
      await records.addVerdicts('s1', { step: 'create', asked: false, labHash }, [
        { index: 0, family: 'network', outcome: 'pass', evidence: 'first' },
      ])
      for (let n = 0; n < 400; n++)
        await records.addVerdicts('s1', { step: 'create', asked: false, labHash }, [{ ...missing, evidence: n }])
      const kept = await records.verdicts('s1')
      expect(kept).toHaveLength(200)
      expect(kept.at(0)!.evidence).toBe('first')
      expect(kept.at(-1)!.evidence).toBe(399)
      for (let n = 0; n < 400; n++) {
        await records.addVerdicts('s1', { step: 'names', asked: false, labHash }, [
          { ...missing, outcome: 'pass', evidence: n },
        ])
      }
      await records.addVerdicts('s1', { step: 'names', asked: false, labHash }, [missing])
      expect((await records.verdicts('s1', 'names')).at(-1)!.outcome).toBe('fail')
    })

    const long = '网🙂"\\\u0001'.repeat(20_000)
    it.each([
      ['a long text', long, '网🙂'],
      ['a text in a text', { en: long, zh: 'short' }, '"zh":"short"'],
      ['a long list', Array.from({ length: 100_000 }, (_, n) => n), '[0,1,2'],
      [
        'lists in lists',
        Array.from({ length: 300 }, () => Array.from({ length: 300 }, () => 'some text')),
        'some text',
      ],
      ['many keys', Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`key-${n}`, long])), 'key-0'],
      ['a long key', { [long]: 1 }, '网'],
      ['a deep one', Array.from({ length: 3000 }).reduce<unknown>((inner) => [inner, 'x'], null), '['],
    ])('have evidence that is cut, and still JSON: %s', async (_, evidence, begins) => {
      await begin('s1')
      await records.addVerdicts('s1', { step: 'create', asked: false, labHash }, [{ ...missing, evidence }])
      const kept = JSON.stringify((await records.verdicts('s1'))[0]!.evidence)
      expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(maxEvidenceBytes)
      expect(kept).toContain(begins)
    })
  })

  describe('a timeline', () => {
    it('keeps the newest entries, with their states, and new words without losing those', async () => {
      const session = await begin('a')
      const entries = [1, 2, 3, 4].map((id) => ({ id, entry: `entry ${id}`, state: Buffer.from(`state ${id}`) }))
      await records.saveTimeline(session, entries, 3)
      await records.saveTimeline(session, [{ id: 4, entry: 'entry 4, ended' }], 3)
      await reopen()
      expect(await records.timeline(session)).toEqual(['entry 2', 'entry 3', 'entry 4, ended'])
      expect(Buffer.from((await records.timelineState(session, 4))!).toString()).toBe('state 4')
      expect(await records.timelineState(session, 1)).toBeUndefined()
      await records.saveTimeline(session, [{ id: 5, entry: 'no state' }], 3)
      expect(await records.timelineState(session, 5)).toBeUndefined()
      await records.forgetTimeline(session)
      expect(await records.timeline(session)).toEqual([])
    })

    it('goes when the learner begins the same lab anew', async () => {
      const [session, other] = [await begin('a'), await begin('b', 'overlay')]
      for (const one of [session, other]) await records.saveTimeline(one, [{ id: 1, entry: 'first' }], 10)
      await begin('c')
      expect([await records.timeline(session), await records.timeline(other)]).toEqual([[], ['first']])
    })
  })

  describe('whatever is written', () => {
    const hostile = [
      `'; DROP TABLE session; --`,
      '"quoted" `ticks` $1 ?1 ? %s \\',
      'NUL \0 in it',
      'half \ud83d of a character',
      '\ud800\udc00 whole, \udc00\ud800 not',
      '\u202e\u0000\u001b[2J',
      '__proto__',
      '',
    ]
    it('comes back, but for what no database keeps', async () => {
      await begin('s1')
      for (const [at, text] of hostile.entries()) await records.setAnswer('s1', `a${at}`, text)
      const look = { step: 'create', asked: true, labHash }
      await records.addVerdicts('s1', look, [{ ...missing, evidence: hostile }])
      await reopen()
      const { answers } = (await records.session('s1'))!
      expect(hostile.map((_, at) => answers[`a${at}`])).toEqual(
        hostile.map((text) => text.toWellFormed().replaceAll('\0', '\ufffd')),
      )
      expect((await records.verdicts('s1'))[0]!.evidence).toEqual(hostile)
    })
    it.each(hostile)('is also an id: %j', async (text) => {
      await begin('s1')
      expect(await records.session(text)).toBeUndefined()
      expect(await records.latestSession(text, text)).toBeUndefined()
      expect(await records.verdicts('s1', text)).toEqual([])
      expect(await refusal(records.setAnswer(text, text, text))).toBe('session.not-found')
      await records.setStep('s1', text, 'passed')
      await records.setHints('s1', text, 0, 1)
      const { steps, hints } = (await records.session('s1'))!
      expect([Object.keys(steps), Object.values(hints)]).toEqual([Object.keys(hints), [{ 0: 1 }]])
      expect(Object.prototype).not.toHaveProperty('0')
    })
    it('is refused where it is far too long, and changes nothing', async () => {
      await begin('s1')
      const before = await records.session('s1')
      const long = 'x'.repeat(1024 ** 2)
      for (const work of [
        records.setAnswer('s1', 'gateway', long),
        records.setAnswer('s1', long, 'x'),
        records.setStep('s1', long, 'passed'),
        records.createSession({ id: long, learner, lab: 'x', labHash }),
        records.setRack('s1', long),
        records.session(long),
        records.progress(long),
      ]) {
        expect(await refusal(work)).toBe('records.refused')
      }
      expect(await records.session('s1')).toEqual(before)
    })
  })

  describe('calls', () => {
    it('are carried out in their order, waited for or not', async () => {
      await begin('s1')
      const writes = Array.from({ length: 200 }, (_, n) => records.setAnswer('s1', 'n', String(n)))
      const read = records.session('s1')
      writes.push(records.setAnswer('s1', 'after', 'x'))
      expect((await read)!.answers.n).toBe('199')
      await Promise.all(writes)
      await reopen()
      expect((await records.session('s1'))!.answers).toEqual({ n: '199', after: 'x' })
    })
    it('of two processes at once are all carried out', async () => {
      const other = await open()
      onTestFinished(() => other.close())
      await begin('s1')
      await records.session('s1')
      const look = (n: number) => ({ step: `step-${n % 5}`, asked: false, labHash })
      await Promise.all(
        Array.from({ length: 100 }, (_, n) => [
          records.addVerdicts('s1', look(n), [{ ...missing, evidence: n }]),
          records.addUsed('s1', 1),
          other.addUsed('s1', 1),
        ]).flat(),
      )
      await Promise.all([records.session('s1'), other.session('s1')])
      expect((await records.session('s1'))!.usedMs).toBe(200)
      expect((await records.verdicts('s1')).map(({ evidence }) => evidence)).toEqual(
        Array.from({ length: 100 }, (_, n) => n),
      )
    })
  })
}
