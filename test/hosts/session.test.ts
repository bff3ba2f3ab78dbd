import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { Lab } from '../../server/lab/lab.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import type { SessionView, StepView } from '../../server/protocol/protocol.js'
import { LocalRacks } from '../../server/rack/local-racks.js'
import type { Session } from '../../server/session/session.js'
import { Sessions, type SessionsOptions } from '../../server/session/sessions.js'
import type { Records } from '../../server/store/records.js'
import { SqliteRecords } from '../../server/store/sqlite-records.js'
import { testState as state } from './state.js'

const slow = { timeout: 60_000, interval: 100 }

let racks: LocalRacks
let labs: Lab[]
let scratch: string
let records: Records
let learner: string
const running: Sessions[] = []

beforeAll(async () => {
  racks = await LocalRacks.start(state)
  labs = await Promise.all(['default-bridge', 'user-bridge', 'overlay'].map((id) => loadLab(fromPackage('labs', id))))
  labs.push(await loadLab(fromPackage('test/trial/exam')))
})
afterAll(() => racks.closeAll())
beforeEach(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'vethlab-session-'))
  records = SqliteRecords.open(join(scratch, 'records.db'))
  learner = await records.localLearner()
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((sessions) => sessions.stop()))
  for (const { id } of await racks.list()) await racks.close(id)
  await records.close()
  rmSync(scratch, { recursive: true, force: true })
})

async function start(options: SessionsOptions = {}): Promise<Sessions> {
  const sessions = await Sessions.start(racks, labs, records, options)
  running.push(sessions)
  return sessions
}

async function opened(sessions: Sessions, lab: string): Promise<Session> {
  const session = (await sessions.join(learner, lab, { open: true }))!
  await expect.poll(() => session.view().phase, slow).toEqual({ name: 'open' })
  await expect.poll(() => session.view().terminals, slow).toMatchObject([{ host: 'node1', number: 1 }])
  return session
}

function stepOf(session: Session, id: string): StepView {
  return session.view().steps.find((step) => step.id === id)!
}

function outcomes(session: Session, step: string): string[] {
  return stepOf(session, step).checks.map(({ finding }) => finding.outcome)
}

/** Watches a terminal of a session, and types into it. */
async function typist(session: Session, terminal: string) {
  const seen = { text: '', lost: false, exited: false }
  const attachment = await session.attach(terminal, {
    onData(bytes, offset) {
      seen.text += Buffer.from(bytes).toString('utf8')
      attachment?.acknowledge(offset + bytes.length)
    },
    onLost() {
      seen.lost = true
    },
    onExit() {
      seen.exited = true
    },
  })
  return { seen, type: (text: string) => attachment.write(text), detach: () => attachment.detach() }
}

async function atPrompt(session: Session, terminal?: string): Promise<string> {
  await expect
    .poll(() => session.view().terminals.some(({ id, atPrompt }) => atPrompt && id === (terminal ?? id)), slow)
    .toBe(true)
  return terminal ?? session.view().terminals.find((one) => one.atPrompt)!.id
}

describe('A session', () => {
  it('opens in named stages, with a prompt at once', async () => {
    const sessions = await start()
    const session = (await sessions.join(learner, 'default-bridge', { open: true }))!
    const views: SessionView[] = []
    session.subscribe((view) => views.push(view))
    expect(session.view().phase).toMatchObject({
      name: 'opening',
      stages: [
        { name: 'hosts', state: 'running' },
        { name: 'network', state: 'waiting' },
        { name: 'engines', state: 'waiting' },
        { name: 'setup', state: 'waiting' },
      ],
    })
    expect(await records.openSessions()).toMatchObject([{ id: session.id, rack: null }])
    await expect.poll(() => session.view().phase.name, slow).toBe('open')
    const [rack] = await racks.list()
    expect(rack).toMatchObject({ id: session.rack, label: `default-bridge · session ${session.id}` })
    expect(await records.openSessions()).toMatchObject([{ id: session.id, rack: rack!.id }])
    await atPrompt(session)
    expect(session.view()).toMatchObject({
      lab: 'default-bridge',
      current: 'first',
      hosts: [
        { name: 'node1', kind: 'docker', alive: true },
        { name: 'laptop', kind: 'plain', alive: true },
      ],
      terminals: [{ host: 'node1', number: 1 }],
      ports: [],
      counting: true,
    })
    // Nothing was done, so nothing is judged.
    await sleep(800)
    expect(session.view().steps.flatMap(({ checks }) => checks)).toEqual([])
    const stages = views.flatMap(({ phase }) => (phase.name === 'opening' ? [phase.stages] : []))
    expect(stages.some(([hosts]) => hosts!.state === 'done' && hosts!.tookMs! > 0)).toBe(true)
    expect(views.map(({ version }) => version)).toEqual(views.map(({ version }) => version).toSorted((a, b) => a - b))
    // Both are the same session, and there is one rack.
    expect(await sessions.join(learner, 'default-bridge', { open: true })).toBe(session)
    expect(await sessions.get(learner, session.id)).toBe(session)
    await expect(sessions.get('someone else', session.id)).rejects.toMatchObject({ code: 'session.not-found' })
    expect((await sessions.catalogue(learner)).running).toEqual([{ session: session.id, lab: 'default-bridge' }])
    await session.leave()
    expect(session.view()).toMatchObject({ phase: { name: 'closed', reason: 'left' }, terminals: [], counting: false })
    expect(await racks.list()).toEqual([])
    await expect(session.check('first')).rejects.toMatchObject({ code: 'session.not-open' })
  })

  it('turns a step green by itself: wrong, then right, from a block and by typing', async () => {
    const session = await opened(await start(), 'default-bridge')
    const terminal = await atPrompt(session)
    const { seen, type } = await typist(session, terminal)
    await type('docker run -d --name web busybox sleep infinity\r')
    await expect.poll(() => outcomes(session, 'first')[0], slow).toBe('fail')
    expect(stepOf(session, 'first')).toMatchObject({ state: 'open', checking: 'by-itself' })
    const kept = () => records.verdicts(session.id, 'first')
    await expect.poll(kept, slow).toMatchObject([{ outcome: 'fail', asked: false }, {}])
    await atPrompt(session, terminal)
    await type('docker rm -f web\r')
    await expect.poll(() => seen.text, slow).toMatch(/[^ ]web\r\n/)
    await atPrompt(session, terminal)

    // The second block of the page: docker run -d --name web nginx
    expect(await session.blockText({ page: 1 })).toBe('docker run -d --name web nginx')
    expect(await session.runBlock({ page: 1 }, terminal)).toEqual({ terminal })
    await expect.poll(() => stepOf(session, 'first'), slow).toMatchObject({ state: 'passed' })
    expect(outcomes(session, 'first')).toEqual(['pass', 'pass'])
    expect(session.view().current).toBe('cable')
    await atPrompt(session, terminal)
    expect(seen.text).toContain('docker run -d --name web nginx')
    expect((await records.session(session.id))!.steps).toMatchObject({ first: { state: 'passed' } })
    expect((await kept()).at(-1)).toMatchObject({ outcome: 'pass', evidence: { observed: { zh: expect.any(String) } } })

    // Nobody asked the question yet.
    await session.check('cable')
    await expect.poll(() => outcomes(session, 'cable'), slow).toEqual(['fail', 'fail'])
    expect(stepOf(session, 'cable').checks[1]!.finding).toMatchObject({ reason: 'answer.none' })
    await session.hint('cable', 1)
    expect(stepOf(session, 'cable').checks[1]).toMatchObject({ hints: [{ zh: expect.any(String) }], moreHints: 1 })
    await session.hint('cable', 1)
    await session.hint('cable', 1)
    expect(stepOf(session, 'cable').checks[1]).toMatchObject({ moreHints: 0 })
    expect((await records.session(session.id))!.hints).toEqual({ cable: { 1: 2 } })

    // A shell in a container has no marks: Enter is enough.
    await type('docker run -it --name client busybox sh\r')
    await expect.poll(() => seen.text, slow).toMatch(/\/ # /)
    await type('true\r')
    await expect.poll(() => outcomes(session, 'cable')[0], slow).toBe('pass')
    await session.answer('cable', 'cable', 'veth0000000')
    await expect.poll(() => stepOf(session, 'cable').checks[1]?.finding, slow).toMatchObject({ reason: 'answer.wrong' })
    const { stdout } = await racks.exec(session.rack!, 'node1', [
      'bash',
      '-c',
      'ip -o link | awk -F"[ :@]+" -v n="$(docker exec client cat /sys/class/net/eth0/iflink)" \'$1 == n {print $2}\'',
    ])
    await session.answer('cable', 'cable', ` ${stdout.trim()} `)
    await expect.poll(() => stepOf(session, 'cable').state, slow).toBe('passed')
    expect(session.view().answers).toEqual({ cable: ` ${stdout.trim()} ` })

    // While that terminal is busy, a block goes to another.
    const { terminal: other } = await session.runBlock({ page: 0 }, terminal)
    expect(other).not.toBe(terminal)
    expect(session.view().terminals).toMatchObject([
      { id: terminal, number: 1, atPrompt: false },
      { id: other, number: 2 },
    ])
  })

  it('helps: shows, does and skips a step, and says so', async () => {
    const sessions = await start()
    const session = await opened(sessions, 'default-bridge')
    session.subscribe(() => {})
    expect(stepOf(session, 'first').solution).toBeUndefined()
    await expect(session.blockText({ step: 'names', solution: 0 })).rejects.toMatchObject({ code: 'argument.invalid' })
    await session.show('first')
    expect(stepOf(session, 'first').solution).toMatchObject([
      { ref: { page: 0 }, host: 'node1' },
      { ref: { page: 1 }, host: 'node1', text: 'docker run -d --name web nginx' },
      { ref: { page: 2 } },
      { ref: { page: 3 } },
    ])
    await session.runBlock({ page: 1 })
    await expect.poll(() => stepOf(session, 'first').state, slow).toBe('helped')

    const { seen } = await typist(session, await atPrompt(session))
    session.do('cable')
    expect(session.view().busy).toEqual({ what: 'doing', step: 'cable' })
    expect(() => session.reset()).toThrow(expect.objectContaining({ code: 'session.busy' }))
    await expect.poll(() => session.view().busy, slow).toBeUndefined()
    expect(session.view().notice).toBeUndefined()
    expect(stepOf(session, 'cable')).toMatchObject({ state: 'helped' })
    expect(stepOf(session, 'cable').done!.every(({ problem }) => problem === undefined)).toBe(true)
    expect(session.view().answers.cable).toMatch(/^veth/)
    // The terminal says what was run, and its history has it.
    await expect.poll(() => seen.text, slow).toMatch(/# vethlab: .*docker/)

    // Done again it can't work: the names are taken. That is no reason to doubt what has passed.
    session.do('cable')
    await expect.poll(() => session.view().busy, slow).toBeUndefined()
    expect(stepOf(session, 'cable').done!.some(({ problem }) => problem?.includes('is already in use'))).toBe(true)
    expect(session.view().notice).toBeUndefined()

    await session.skip('addresses')
    await session.skip('nat')
    await session.show('names')
    expect(await session.blockText({ step: 'names', solution: 0 })).toContain('docker network create app')
    expect(session.view()).toMatchObject({ current: 'names' })
    expect(session.view().steps.map((step) => step.state)).toEqual(['helped', 'helped', 'skipped', 'skipped', 'open'])

    // Something stands in the way of what is to be done.
    await racks.exec(session.rack!, 'node1', ['docker', 'rm', '-f', 'client'])
    session.do('names')
    await expect.poll(() => session.view().busy, slow).toBeUndefined()
    expect(session.view().notice).toMatchObject({ code: 'step.not-done' })
    session.replay('names')
    expect(session.view().busy).toEqual({ what: 'replaying', step: 'names' })
    await expect.poll(() => session.view().busy, { timeout: 90_000 }).toBeUndefined()
    expect(session.view().notice).toBeUndefined()
    expect(session.view().counting).toBe(true)
    session.do('names')
    await expect.poll(() => session.view().busy, slow).toBeUndefined()
    expect(session.view().steps.map((step) => step.state)).toEqual(['helped', 'helped', 'skipped', 'skipped', 'helped'])
    // Nothing is open any more: the time that it took is known.
    expect(session.view().counting).toBe(false)
    expect(await sessions.card(learner, 'default-bridge')).toMatchObject({
      steps: 5,
      passed: 3,
      helped: 3,
      finished: false,
    })
    // Only a look at a skipped step makes it pass.
    const { stdout } = await racks.exec(session.rack!, 'node1', [
      'docker',
      'exec',
      'client',
      'nc',
      '192.168.1.50',
      '7000',
    ])
    await session.answer('nat', 'guest', /Guest number: (\d+)/.exec(stdout)![1]!)
    await expect.poll(() => stepOf(session, 'nat').state, slow).toBe('passed')
  }, 240_000)

  it('resets a host, then starts over', async () => {
    const session = await opened(await start(), 'exam')
    const terminal = await atPrompt(session)
    const { type, seen } = await typist(session, terminal)
    await type('docker network create --subnet 172.20.0.0/16 my_net\r')
    await expect.poll(() => stepOf(session, 'network').state, slow).toBe('passed')
    await type('docker run -d --name web --network my_net -p 8080:80 nginx\r')
    await expect.poll(() => stepOf(session, 'web').state, slow).toBe('passed')
    await expect.poll(() => session.view().ports, slow).toEqual([{ host: 'node1', port: 8080, container: 'web' }])
    const connection = await session.connectPort('node1', 8080)
    let page = ''
    connection.on('data', (bytes) => {
      page += bytes
    })
    connection.write('GET / HTTP/1.0\r\n\r\n')
    await expect.poll(() => page, slow).toContain('Welcome to nginx')
    connection.destroy()
    await expect(session.connectPort('node1', 22)).rejects.toMatchObject({ code: 'port.not-published' })
    expect(() => session.reset('node9')).toThrow(expect.objectContaining({ code: 'host.not-found' }))

    session.reset('node1')
    expect(session.view().busy).toEqual({ what: 'resetting', host: 'node1' })
    await expect.poll(() => session.view().busy, slow).toBeUndefined()
    expect(session.view().notice).toBeUndefined()
    expect(session.view().steps.map((step) => step.state)).toEqual(['passed', 'passed'])
    expect(session.view().ports).toEqual([])
    await expect.poll(() => seen.exited, slow).toBe(true)
    // In the place of the old terminal there is one in the new host.
    await expect.poll(() => session.view().terminals, slow).toMatchObject([{ number: 1, atPrompt: true }])
    expect(session.view().terminals[0]!.id).not.toBe(terminal)
    const { stdout } = await racks.exec(session.rack!, 'node1', ['docker', 'ps', '-aq'])
    expect(stdout).toBe('')
    await expect(session.attach(terminal, { onData() {} })).rejects.toMatchObject({ code: 'terminal.not-found' })

    // Engines of a host that was reset are heard again.
    await racks.exec(session.rack!, 'node1', ['docker', 'run', '-d', '--name', 'other', '-p', '9090:80', 'nginx'])
    await expect.poll(() => session.view().ports, slow).toMatchObject([{ port: 9090 }])

    await session.startOver()
    await expect(session.startOver()).rejects.toMatchObject({ code: 'session.busy' })
    await expect.poll(() => session.view().busy, slow).toBeUndefined()
    expect(session.view()).toMatchObject({ current: 'network', answers: {}, ports: [] })
    expect(session.view().replayable).toBeUndefined()
    expect((await records.session(session.id))!.steps).toEqual({})
  })
})

describe('Live values', () => {
  it('are in the text of a block, and in no view', async () => {
    const session = await opened(await start(), 'overlay')
    const join = session.lab.pages.en.sections
      .flatMap(({ blocks }) => blocks)
      .find(({ text }) => text.includes('{{worker_token}}'))!
    await expect(session.blockText({ page: join.index })).rejects.toMatchObject({
      code: 'value.missing',
      place: 'worker_token',
    })
    session.do('swarm')
    await expect.poll(() => session.view().busy, slow).toBeUndefined()
    expect(stepOf(session, 'swarm').state).toBe('helped')
    const text = await session.blockText({ page: join.index })
    expect(text).toMatch(/SWMTKN-1-[a-z0-9-]+/)
    // It is in that swarm already, so this is an error which says so; the terminal is one of the other host.
    const { terminal } = await session.runBlock({ page: join.index }, session.view().terminals[0]!.id)
    expect(session.view().terminals).toMatchObject([{ host: 'node1' }, { id: terminal, host: 'node2', number: 1 }])
    session.do('swarm')
    await expect.poll(() => session.view().busy, slow).toBeUndefined()
    expect(stepOf(session, 'swarm').done!.some(({ problem }) => problem !== undefined)).toBe(true)
    expect(JSON.stringify(session.view())).not.toMatch(/SWMTKN-1/)

    session.replay('service')
    await expect.poll(() => session.view().busy, { timeout: 100_000 }).toBeUndefined()
    expect(session.view().notice).toBeUndefined()
    expect(await session.blockText({ page: join.index })).not.toBe(text)
    session.do('service')
    await expect.poll(() => session.view().busy, { timeout: 60_000 }).toBeUndefined()
    expect(stepOf(session, 'service').state).toBe('helped')
    expect(JSON.stringify(session.view())).not.toMatch(/SWMTKN-1/)
  }, 240_000)
})

describe('Another time', () => {
  it('the lab begins where it ended, and is brought there if asked', async () => {
    const sessions = await start()
    const first = await opened(sessions, 'default-bridge')
    for (const step of ['first', 'cable']) {
      first.do(step)
      await expect.poll(() => first.view().busy, slow).toBeUndefined()
    }
    await first.leave()
    expect((await sessions.join(learner, 'default-bridge', { open: false }))!.view()).toMatchObject({
      phase: { name: 'closed', reason: 'left' },
      current: 'addresses',
    })
    const second = await opened(sessions, 'default-bridge')
    expect(second.id).not.toBe(first.id)
    expect(second.view()).toMatchObject({ current: 'addresses', replayable: { step: 'addresses', count: 2 } })
    const { type } = await typist(second, await atPrompt(second))
    await type('true\r')
    await expect.poll(() => second.view().replayable, slow).toBeUndefined()
    await second.leave()

    second.reopen(true)
    second.reopen(true)
    const { phase } = second.view()
    expect(phase.name === 'opening' && phase.stages.map(({ name }) => name)).toEqual([
      'hosts',
      'network',
      'engines',
      'setup',
      'replay',
    ])
    await expect.poll(() => second.view().phase.name, slow).toBe('open')
    expect(second.view().notice).toBeUndefined()
    expect(second.view().replayable).toBeUndefined()
    // Learners' answers are not those of the replay.
    expect(second.view().answers).toEqual({})
    const { stdout } = await racks.exec(second.rack!, 'node1', ['docker', 'ps', '--format', '{{.Names}}'])
    expect(stdout.trim().split('\n').toSorted()).toEqual(['client', 'web'])
    expect(await racks.list()).toHaveLength(1)
  }, 180_000)

  it.each(['stopped', 'killed'])('a server that was %s goes on with the racks that run', async (how) => {
    const before = await start()
    const session = await opened(before, 'default-bridge')
    const terminal = await atPrompt(session)
    const lost = await opened(before, 'exam')
    const { seen, type } = await typist(session, terminal)
    await session.runBlock({ page: 1 }, terminal)
    await expect.poll(() => stepOf(session, 'first').state, slow).toBe('passed')
    await session.answer('cable', 'cable', 'veth1')
    await type('for n in $(seq 1 600); do echo tick-$n; sleep 0.1; done\r')
    await expect.poll(() => seen.text, slow).toContain('tick-3\r\n')
    const mark = `orphan · session ${'0'.repeat(32)}`
    const exam = labs.find(({ id }) => id === 'exam')!
    const orphan = await racks.open(exam.topology, { label: mark, owner: records.id })
    const stranger = await racks.open(exam.topology, { label: 'by hand' })
    // A process that was killed while a rack was opened for a session.
    records.createSession({ id: 'f'.repeat(32), learner, lab: 'user-bridge', labHash: 'a'.repeat(64) })
    const halfway = await racks.open(exam.topology, { label: `user-bridge · session ${'f'.repeat(32)}` })

    if (how === 'stopped') {
      await before.stop()
      await expect.poll(() => seen.lost, slow).toBe(true)
      expect((await racks.list()).map(({ id }) => id)).toContain(
        session.rack ?? (await records.session(session.id))!.rack,
      )
      await racks.close((await records.session(lost.id))!.rack!)
    } else await racks.close(lost.rack!)

    const after = await start()
    const again = (await after.join(learner, 'default-bridge', { open: true }))!
    expect(again.id).toBe(session.id)
    expect(again.view()).toMatchObject({ phase: { name: 'open' }, current: 'cable', answers: { cable: 'veth1' } })
    await expect
      .poll(() => again.view().terminals, slow)
      .toMatchObject([{ id: terminal, host: 'node1', number: 1, atPrompt: false }])
    const resumed = await typist(again, terminal)
    await expect.poll(() => resumed.seen.text, slow).toContain('tick-1\r\n')
    await resumed.type('\u0003')
    await atPrompt(again, terminal)
    expect(again.view().terminals).toHaveLength(1)
    expect((await after.join(learner, 'exam', { open: false }))!.view().phase).toEqual({
      name: 'closed',
      reason: 'lost',
    })
    const begun = (await after.join(learner, 'user-bridge', { open: true }))!
    expect(begun.id).toBe('f'.repeat(32))
    await expect.poll(() => begun.view().phase.name, slow).toBe('open')
    const ids = (await racks.list()).map(({ id }) => id)
    expect(ids).toContain(stranger.id)
    expect(ids).not.toContain(orphan.id)
    expect(ids).not.toContain(halfway.id)
    expect(ids).toHaveLength(3)
  })
})

describe('Limits', () => {
  it('says how many labs are open, which are the own ones, and when one may end', async () => {
    const sessions = await start({ mostRacks: 1, idleMs: 60_000 })
    const holder = await opened(sessions, 'exam')
    const refused = (await sessions.join(learner, 'default-bridge', { open: true }))!
    await expect.poll(() => refused.view().phase.name).toBe('failed')
    const { phase } = refused.view()
    const trouble = phase.name === 'failed' ? phase.trouble : undefined
    expect(trouble).toMatchObject({ code: 'rack.limit', what: { en: expect.stringContaining('"Exam"') } })
    expect(trouble!.what.zh).toContain('考试')
    expect(Date.parse(trouble!.freeAt!)).toBeGreaterThan(Date.now())
    expect(await racks.list()).toHaveLength(1)
    await holder.leave()
    expect(await sessions.join(learner, 'default-bridge', { open: true })).toBe(refused)
    await expect.poll(() => refused.view().phase.name, slow).toBe('open')
  })

  it('lets another learner wait in line, and in as soon as there is room', async () => {
    const sessions = await start({ mostRacks: 1, idleMs: 60_000 })
    const holder = await opened(sessions, 'exam')
    const { id } = await records.people.createClass({ title: 'Class', labs: ['default-bridge'] })
    await records.people.changeClass(id, { code: 'ABCD1234' })
    const joined = await records.people.join({ code: 'ABCD1234', name: 'Ada', phrase: 'p', most: 9 })
    if ('refused' in joined) throw new Error(joined.refused)
    const waits = (await sessions.join(joined.seat.learner, 'default-bridge', { open: true }))!
    onTestFinished(waits.subscribe(() => {}))
    await expect.poll(() => waits.view().phase).toMatchObject({ name: 'waiting', position: 1 })
    const { phase } = waits.view()
    expect(Date.parse(phase.name === 'waiting' ? phase.freeAt! : '')).toBeGreaterThan(Date.now())
    expect(await racks.list()).toHaveLength(1)
    await holder.leave()
    await expect.poll(() => waits.view().phase.name, slow).toBe('open')
    await waits.leave()
  })

  it('closes an idle rack, never without a warning, and not while someone stays', async () => {
    const sessions = await start({ idleMs: 4_000, warningMs: 2_000 })
    const session = await opened(sessions, 'exam')
    const views: SessionView[] = []
    session.subscribe((view) => views.push(view))
    session.stay()
    await expect.poll(() => session.view().closesAt, slow).toBeDefined()
    expect((await sessions.catalogue(learner)).running).toMatchObject([{ closesAt: session.view().closesAt }])
    session.stay()
    expect(session.view().closesAt).toBeUndefined()
    const stayed = performance.now()
    await expect.poll(() => session.view().phase, slow).toEqual({ name: 'closed', reason: 'idle' })
    expect(performance.now() - stayed).toBeGreaterThan(3_500)
    expect(views.filter(({ closesAt }) => closesAt !== undefined).length).toBeGreaterThan(0)
    await expect.poll(() => racks.list(), slow).toEqual([])
    expect(await records.session(session.id)).toMatchObject({ rack: null, endReason: 'idle' })
    expect((await records.session(session.id))!.usedMs).toBeGreaterThan(3_000)
  })

  it('notices that its rack is gone', async () => {
    const sessions = await start({ sweepMs: 500 })
    const session = await opened(sessions, 'exam')
    await racks.close(session.rack!)
    await expect.poll(() => session.view().phase, slow).toEqual({ name: 'closed', reason: 'lost' })
    expect(session.view().terminals).toEqual([])
    session.reopen(false)
    await expect.poll(() => session.view().phase.name, slow).toBe('open')
  })

  it('leaves nothing where the lab cannot be prepared, or the learner goes while it opens', async () => {
    const [lab] = labs
    const broken: Lab = { ...lab!, id: 'broken', setup: 'echo "no such thing in /srv/secret" >&2; exit 3' }
    const sessions = await Sessions.start(racks, [...labs, broken], records)
    running.push(sessions)
    const session = (await sessions.join(learner, 'broken', { open: true }))!
    await expect
      .poll(() => session.view().phase, slow)
      .toMatchObject({
        name: 'failed',
        trouble: { code: 'lab.setup-failed' },
      })
    expect(JSON.stringify(session.view())).not.toContain('/srv/secret')
    expect(await racks.list()).toEqual([])

    const left = (await sessions.join(learner, 'exam', { open: true }))!
    await sleep(50)
    await left.leave()
    expect(left.view().phase).toEqual({ name: 'closed', reason: 'left' })
    expect(await racks.list()).toEqual([])
    await left.leave()
  })

  it('has as many terminals as a rack may have, and says so', async () => {
    const session = await opened(await start(), 'exam')
    await atPrompt(session)
    const { type } = await typist(session, session.view().terminals[0]!.id)
    await type('sleep 600\r')
    for (let n = 2; n <= 16; n++) await session.openTerminal('laptop', 80, 24)
    await expect(session.openTerminal('laptop', 80, 24)).rejects.toMatchObject({ code: 'terminal.limit' })
    await expect(session.openTerminal('node9', 80, 24)).rejects.toMatchObject({ code: 'host.not-found' })
    expect(session.view().terminals.map(({ number }) => number)).toEqual([
      1,
      ...Array.from({ length: 15 }, (_, n) => n + 1),
    ])
  })
})
