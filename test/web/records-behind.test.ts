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
