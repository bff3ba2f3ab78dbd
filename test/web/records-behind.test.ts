import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import type { CatalogueView, LabPage, Standing } from '../../server/protocol/protocol.js'
import { PostgresRecords } from '../../server/store/postgres-records.js'
import { newDirectory } from '../store/directory.js'
import { PostgresServer } from '../store/postgres-server.js'
import { ask, House } from './house.js'

let server: PostgresServer
beforeAll(async () => {
  server = await PostgresServer.start()
}, 60_000)
afterAll(() => server?.remove(), 60_000)

it('pages say when records are behind, and go on', { timeout: 60_000 }, async () => {
  const records = await PostgresRecords.open(join(newDirectory(), 'outbox.sqlite'), await server.newDatabase())
  const house = await House.start({ records })
  onTestFinished(() => house.stop())
  const learner = await records.localLearner()
  const session = 'a'.repeat(32)
  await records.createSession({ id: session, learner, lab: 'default-bridge', labHash: 'b'.repeat(64) })
  await records.setStep(session, 'first', 'passed')
  await records.endSession(session, 'left')

  const read = async <T>(path: string) => JSON.parse((await house.known(path)).body.toString()) as T
  const catalogue = async () => {
    const { records: standing, labs } = await read<CatalogueView>('/api/catalogue')
    return [standing, labs[0]!.passed]
  }
  const socket = await house.socket()
  const said: Standing[] = []
  socket.on('records', (standing) => said.push(standing))
  expect(await catalogue()).toEqual(['current', 1])

  await server.stop()
  // It notices by itself, also while nobody writes, once something is asked of it.
  await expect.poll(catalogue, { timeout: 10_000 }).toEqual(['behind', 1])
  expect(said.at(-1)).toBe('behind')
  const from = performance.now()
  expect((await read<LabPage>('/api/labs/default-bridge')).lab.passed).toBe(1)
  expect(performance.now() - from).toBeLessThan(1_000)
  // The session that is known here is there, and a window that comes now is told at once.
  expect(await ask(socket, 'session.join', { lab: 'default-bridge', open: false })).toMatchObject({
    ok: true,
    value: { id: session, steps: expect.arrayContaining([expect.objectContaining({ id: 'first', state: 'passed' })]) },
  })
  expect(await ask(socket, 'step.check', { session: 'c'.repeat(32), step: 'first' })).toMatchObject({
    trouble: { code: 'records.behind', what: { zh: expect.stringContaining('数据库') } },
  })
  const late = await house.socket()
  const told = new Promise((resolve) => late.once('records', resolve))
  late.disconnect().connect()
  expect(await told).toBe('behind')

  await server.run()
  await expect.poll(() => said.at(-1), { timeout: 20_000 }).toBe('current')
  expect(await catalogue()).toEqual(['current', 1])
})

it('a class goes on while the database is away: who is in stays in, and nobody new comes', {
  timeout: 60_000,
}, async () => {
  const records = await PostgresRecords.open(join(newDirectory(), 'outbox.sqlite'), await server.newDatabase())
  const house = await House.start({ records })
  onTestFinished(() => house.stop())
  const { id } = await records.people.createClass({ title: 'Class', labs: ['default-bridge'] })
  await records.people.changeClass(id, { code: 'ABCD1234' })
  const joined = await house.post('/join', { code: 'ABCD1234', name: 'Ada' })
  expect([joined.status, joined.body.toString()]).toEqual([200, expect.stringContaining('phrase')])
  const cookie = joined.headers['set-cookie']![0]!.split(';')[0]!
  expect((await house.get('/api/labs/default-bridge', { cookie })).status).toBe(200)
  const socket = await house.connect({ cookie })
  if (typeof socket === 'string') throw new Error(socket)

  await server.stop()
  await expect.poll(() => records.standing, { timeout: 15_000 }).toBe('behind')
  expect((await house.get('/api/labs/default-bridge', { cookie })).status).toBe(200)
  expect(await house.connect({ cookie })).toBeTypeOf('object')
  expect(socket.connected).toBe(true)
  const refused = await house.post('/join', { code: 'ABCD1234', name: 'Bob' })
  expect(refused.status).toBe(503)
  expect(refused.body.toString()).toContain('can&#39;t be reached right now')
  // One that was never seen here can't be known now.
  const other = `${cookie.split('=')[0]}=${'A'.repeat(43)}`
  expect((await house.get('/', { cookie: other })).status).toBe(503)

  await server.run()
  await expect.poll(() => records.standing, { timeout: 15_000 }).toBe('current')
  expect((await house.post('/join', { code: 'ABCD1234', name: 'Bob' })).status).toBe(200)
  expect((await records.people.seats(id)).map(({ name }) => name)).toEqual(['Ada', 'Bob'])
})
