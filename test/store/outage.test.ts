import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { VethlabError } from '../../server/error/vethlab-error.js'
import { inSqliteFile } from '../../server/store/archive.js'
import { forgetLearner } from '../../server/store/outbox.js'
import type { PostgresAddress } from '../../server/store/postgres-address.js'
import { postgresMigrations } from '../../server/store/postgres-migrations.js'
import { PostgresRecords, type PostgresRecordsOptions } from '../../server/store/postgres-records.js'
import { ask } from '../../server/store/query.js'
import type { Standing } from '../../server/store/records.js'
import { newDirectory } from './directory.js'
import { PostgresServer } from './postgres-server.js'

const labHash = 'a'.repeat(64)
const look = { step: 'create', asked: false, labHash }
const verdict = (n: number) =>
  ({ index: 0, family: 'network', outcome: 'fail', reason: 'network.missing', evidence: n }) as const

let server: PostgresServer
let address: PostgresAddress
let said: string[] = []
beforeAll(async () => {
  server = await PostgresServer.start()
}, 60_000)
afterAll(() => server?.remove(), 60_000)
beforeEach(async () => {
  address = await server.newDatabase()
  said = []
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.push(String(text))
    return true
  })
  vi.spyOn(console, 'error').mockImplementation((text: string) => void said.push(text))
})
afterEach(() => vi.restoreAllMocks())

async function opened(path: string, options?: PostgresRecordsOptions): Promise<PostgresRecords> {
  const records = await PostgresRecords.open(path, address, options)
  onTestFinished(() => records.close())
  return records
}

async function withSession(path = join(newDirectory(), 'outbox.sqlite'), options?: PostgresRecordsOptions) {
  const records = await opened(path, options)
  const learner = await records.localLearner()
  await records.createSession({ id: 's', learner, lab: 'user-bridge', labHash })
  return { records, learner, path }
}

/** What the database has of a session, in its order. */
async function evidence(session = 's'): Promise<number[]> {
  const rows = await server.sql(address.database, 'SELECT evidence FROM verdict WHERE session = $1 ORDER BY number', [
    session,
  ])
  return rows.map((row) => Number(row.evidence))
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n)

describe('verdicts while PostgreSQL', () => {
  // The longest one is longer than any deadline of a connection.
  const outages: [string, number, () => Promise<void>, () => Promise<void>][] = [
    ['is stopped', 3_000, () => server.stop(), () => server.run()],
    ['is killed', 3_000, () => server.kill(), () => server.run()],
    ['stands still', 20_000, async () => server.freeze(), async () => server.goOn()],
  ]
  it.each(outages)(
    '%s are neither lost nor there twice, and in their order',
    { timeout: 60_000 },
    async (_, outageMs, end, begin) => {
      const { records } = await withSession()
      const standings: Standing[] = []
      records.onStanding((standing) => standings.push(standing))
      let n = 0
      let slowest = 0
      const write = async () => {
        const from = performance.now()
        await records.addVerdicts('s', look, [verdict(n++)])
        await records.addUsed('s', 1)
        slowest = Math.max(slowest, performance.now() - from)
        await sleep(25)
      }
      for (let turn = 0; turn < 10; turn++) await write()
      await end()
      const until = Date.now() + outageMs
      while (Date.now() < until) await write()
      expect(records.standing).toBe('behind')
      expect(records.waiting).toBeGreaterThan(20)
      // What is known here is answered.
      expect((await records.session('s'))!.usedMs).toBe(n)
      await expect(records.session('of another server')).rejects.toMatchObject({ code: 'records.behind' })
      await begin()
      for (let turn = 0; turn < 10; turn++) await write()
      await expect.poll(() => records.standing, { timeout: 30_000 }).toBe('current')
      expect(standings).toEqual(['behind', 'current'])
      expect((await records.verdicts('s')).map((one) => one.evidence)).toEqual(upTo(n).slice(-200))
      expect(await evidence()).toEqual(upTo(n).slice(-200))
      expect((await records.session('s'))!.usedMs).toBe(n)
      expect(said.join('')).toContain('for the database, whose latest words are')
      // A terminal's key waits no longer than for a file on this machine.
      expect(slowest).toBeLessThan(1_000)
    },
  )

  it('drops each connection again and again are all there once', { timeout: 60_000 }, async () => {
    const { records } = await withSession()
    let isOver = false
    const dropping = (async () => {
      while (!isOver) {
        await server.sql('postgres', 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [
          address.database,
        ])
        await sleep(30)
      }
    })()
    for (let n = 0; n < 150; n++) {
      await records.addVerdicts('s', look, [verdict(n)])
      await records.addUsed('s', 1)
      await sleep(10)
    }
    isOver = true
    await dropping
    await expect.poll(() => records.waiting, { timeout: 20_000 }).toBe(0)
    expect(await evidence()).toEqual(upTo(150))
    const [row] = await server.sql(address.database, 'SELECT used_ms FROM session')
    expect(Number(row!.used_ms)).toBe(150)
  })

  it('takes a connection away in the moment in which it is made, are waited for', async () => {
    // AuthenticationOk, ReadyForQuery, and the words of a server that was told to end it, in one packet.
    const packet = (type: string, body: string) => {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(body.length + 4)
      return Buffer.concat([Buffer.from(type), length, Buffer.from(body, 'latin1')])
    }
    const fatal = 'SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0'
    const ending = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () =>
        socket.end(Buffer.concat([packet('R', '\0\0\0\0'), packet('Z', 'I'), packet('E', fatal)])),
      )
    })
    await once(ending.listen(0, '127.0.0.1'), 'listening')
    onTestFinished(() => void ending.close())
    const { port } = ending.address() as AddressInfo
    const there = { host: '127.0.0.1', port, database: 'x', user: 'x' }
    await expect(PostgresRecords.open(join(newDirectory(), 'outbox.sqlite'), there)).rejects.toMatchObject({
      code: 'records.behind',
    })
  })

  it('comes back as a standby that lacks the last moments are sent once more', async () => {
    const { records } = await withSession()
    for (let n = 0; n < 20; n++) await records.addVerdicts('s', look, [verdict(n)])
    await records.session('s')
    expect(await evidence()).toEqual(upTo(20))
    // As a failover to a standby whose primary had not waited for it.
    const [{ number } = { number: 0 }] = await server.sql(address.database, 'SELECT number FROM delivery')
    await server.sql(address.database, 'DELETE FROM verdict WHERE evidence::int >= 12')
    await server.sql(address.database, 'UPDATE delivery SET number = $1', [Number(number) - 8])
    await records.addVerdicts('s', look, [verdict(20)])
    await expect.poll(() => evidence(), { timeout: 10_000 }).toEqual(upTo(21))
  })

  it('is read only, as a standby that nobody made the primary yet, wait', { timeout: 30_000 }, async () => {
    const { records } = await withSession()
    await records.session('s')
    await server.sql('postgres', `ALTER DATABASE ${address.database} SET default_transaction_read_only = on`)
    await server.sql('postgres', 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [
      address.database,
    ])
    await records.addVerdicts('s', look, [verdict(0)])
    await expect.poll(() => records.standing, { timeout: 10_000 }).toBe('behind')
    await server.sql('postgres', `ALTER DATABASE ${address.database} RESET default_transaction_read_only`)
    await server.sql('postgres', 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [
      address.database,
    ])
    await expect.poll(() => records.standing, { timeout: 20_000 }).toBe('current')
    expect(await evidence()).toEqual([0])
  })
})

describe('an outbox', () => {
  const writer = fileURLToPath(new URL('postgres-writer.mjs', import.meta.url))

  it('of a process that is killed in an outage is delivered by the next', { timeout: 60_000 }, async () => {
    const { records, path } = await withSession()
    await records.session('s')
    await records.close()
    const child: ChildProcess = spawn(process.execPath, [writer, path, JSON.stringify(address)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    let text = ''
    child.stdout!.on('data', (bytes) => {
      text += bytes
    })
    const last = () => Number(text.split('\n').at(-2) ?? -1)
    await expect.poll(last, { timeout: 20_000 }).toBeGreaterThan(20)
    await server.stop()
    const before = last()
    await expect.poll(last, { timeout: 20_000 }).toBeGreaterThan(before + 50)
    child.kill('SIGKILL')
    await once(child, 'close')
    const written = last()

    // Begun while PostgreSQL is still away: sessions and learner are known here.
    const next = await opened(path)
    expect(next.standing).toBe('behind')
    expect(next.waiting).toBeGreaterThan(50)
    expect(await next.localLearner()).toMatch(/^[0-9a-f]{32}$/)
    expect((await next.openSessions()).map(({ id }) => id)).toEqual(['s'])
    expect((await next.progress(await next.localLearner())).map(({ session }) => session)).toEqual(['s'])
    await server.run()
    await expect.poll(() => next.waiting, { timeout: 30_000 }).toBe(0)
    const found = await evidence()
    // One more may have been written than it lived to say.
    expect(found.at(-1)).toBeGreaterThanOrEqual(written)
    expect(found).toEqual(upTo(found.at(-1)! + 1).slice(-200))
  })

  it('takes no more than it may, and says so; timelines give way first', { timeout: 30_000 }, async () => {
    const { records } = await withSession(undefined, { limitBytes: 200_000 })
    await records.session('s')
    const standings: Standing[] = []
    records.onStanding((standing) => standings.push(standing))
    await server.stop()
    await records.saveTimeline('s', [{ id: 1, entry: 'x'.repeat(60_000) }], 10)
    await records.saveTimeline('s', [{ id: 2, entry: 'y'.repeat(60_000) }], 10)
    expect(await records.timeline('s')).toHaveLength(2)
    let kept = 0
    const error = await (async () => {
      for (; ; kept++) await records.setAnswer('s', `a${kept}`, 'z'.repeat(10_000))
    })().catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(VethlabError)
    expect(error).toMatchObject({ code: 'records.full' })
    expect(records.standing).toBe('full')
    expect(Object.keys((await records.session('s'))!.answers)).toHaveLength(kept)
    await server.run()
    await expect.poll(() => records.standing, { timeout: 20_000 }).toBe('current')
    expect(standings.at(0)).toMatch(/behind|full/)
    expect(standings).toContain('full')
    expect(Object.keys((await records.session('s'))!.answers)).toHaveLength(kept)
    expect(await records.timeline('s')).toHaveLength(1)
    await records.setAnswer('s', 'after', 'x')
  })

  it('goes on behind what the database will never take', async () => {
    const { records } = await withSession()
    await records.session('s')
    await server.sql(address.database, "ALTER TABLE answer ADD CHECK (text <> 'never')")
    await records.setAnswer('s', 'a', 'first')
    await records.setAnswer('s', 'b', 'never')
    await records.setAnswer('s', 'c', 'last')
    await expect.poll(() => records.waiting, { timeout: 10_000 }).toBe(0)
    expect((await records.session('s'))!.answers).toEqual({ a: 'first', c: 'last' })
    expect(said.join('')).toMatch(/change \d+ \(answer\) is not recorded, it is put aside/)
  })

  it('drops what belongs to a learner who was deleted', async () => {
    const { records, learner } = await withSession()
    await records.session('s')
    await server.sql(address.database, 'DELETE FROM learner WHERE id = $1', [learner])
    await records.addVerdicts('s', look, [verdict(0)])
    await expect.poll(() => records.waiting, { timeout: 10_000 }).toBe(0)
    expect(said.join('')).toContain('its learner was deleted')
    expect(await server.sql(address.database, 'SELECT 1 FROM verdict')).toEqual([])
  })

  it('keeps nothing of a learner who is deleted, and goes on with the others', { timeout: 30_000 }, async () => {
    const { records, learner, path } = await withSession()
    await records.setAnswer('s', 'gateway', 'mine alone')
    await records.session('s')
    await server.stop()
    await records.setAnswer('s', 'gateway', 'mine alone, still waiting')
    await inSqliteFile(path, (archive) => archive.ask(forgetLearner(learner, ['s'])))
    await inSqliteFile(path, async (archive) => {
      for (const table of ['outbox', 'answer', 'session', 'learner']) {
        expect(JSON.stringify(await archive.ask(ask(`SELECT * FROM ${table}`)))).toBe('[]')
      }
    })
    await server.run()
    await expect.poll(() => records.waiting, { timeout: 20_000 }).toBe(0)
    await expect.poll(() => records.standing, { timeout: 20_000 }).toBe('current')
    await expect(records.setAnswer('s', 'gateway', 'x')).rejects.toMatchObject({ code: 'session.not-found' })
  })
})

describe('two servers on one database', () => {
  it('share learners and progress, and each has its own sessions and racks', { timeout: 30_000 }, async () => {
    const [one, two] = [await withSession(), await opened(join(newDirectory(), 'outbox.sqlite'))]
    expect(await two.localLearner()).toBe(one.learner)
    expect(two.id).not.toBe(one.records.id)
    await one.records.setRack('s', 'r1')
    await one.records.setStep('s', 'create', 'passed')
    await one.records.session('s')
    expect(await two.openSessions()).toEqual([])
    expect(await two.latestSession(one.learner, 'user-bridge')).toMatchObject({
      id: 's',
      server: one.records.id,
      steps: { create: { state: 'passed' } },
    })
    await two.createSession({ id: 't', learner: one.learner, lab: 'user-bridge', labHash })
    await two.setRack('t', 'r2')
    expect((await two.openSessions()).map(({ id }) => id)).toEqual(['t'])
    await Promise.all(
      [one.records, two].map(async (records, at) => {
        for (let n = 0; n < 100; n++) await records.addVerdicts(at === 0 ? 's' : 't', look, [verdict(n)])
        await records.session('s')
      }),
    )
    expect([await evidence('s'), await evidence('t')]).toEqual([upTo(100), upTo(100)])
    expect((await one.records.latestSession(one.learner, 'user-bridge'))!.id).toBe('t')
    // What it has seen of the other it still knows when the database is away.
    await server.stop()
    expect((await one.records.latestSession(one.learner, 'user-bridge'))!.id).toBe('t')
    await server.run()
  })

  it('begin at the same time on a new one', { timeout: 30_000 }, async () => {
    const all = await Promise.all(upTo(4).map(() => opened(join(newDirectory(), 'outbox.sqlite'))))
    const learners = await Promise.all(all.map((records) => records.localLearner()))
    expect(new Set(learners).size).toBe(1)
  })
})

describe('PostgreSQL is refused, in one line', () => {
  async function refusal(open: Promise<unknown>): Promise<VethlabError> {
    const error = await open.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(VethlabError)
    expect((error as Error).message).not.toContain('\n')
    return error as VethlabError
  }
  const path = () => join(newDirectory(), 'outbox.sqlite')

  it('with tables of a newer vethlab, or of another program', async () => {
    await (await opened(path())).close()
    await server.sql(address.database, 'UPDATE vethlab_version SET version = 99')
    expect((await refusal(PostgresRecords.open(path(), address))).what).toBe(
      `has tables of version 99, and this vethlab knows ${postgresMigrations.length}`,
    )
    address = await server.newDatabase()
    await server.sql(address.database, 'CREATE TABLE session (x int)')
    expect((await refusal(PostgresRecords.open(path(), address))).what).toBe('has tables of another program')
    expect(await server.sql(address.database, "SELECT to_regclass('vethlab_version') AS t")).toEqual([{ t: null }])
  })

  it('where there is no such database or no such user', async () => {
    const nowhere = await refusal(PostgresRecords.open(path(), { ...address, database: 'nowhere' }))
    expect([nowhere.code, nowhere.what]).toEqual(['records.unusable', 'refuses: database "nowhere" does not exist'])
    const nobody = await refusal(PostgresRecords.open(path(), { ...address, user: 'nobody' }))
    expect([nobody.code, nobody.what]).toEqual(['records.unusable', 'refuses: role "nobody" does not exist'])
  })

  it('where it is away and nothing is known here', async () => {
    const away = await refusal(PostgresRecords.open(path(), { ...address, host: newDirectory() }))
    expect(away.code).toBe('records.behind')
  })
})
