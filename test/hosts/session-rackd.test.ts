import { mkdtempSync, rmSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { loadLab } from '../../server/lab/read-lab.js'
import { RackdClient } from '../../server/node/rackd-client.js'
import { fromPackage } from '../../server/package-root.js'
import { Sessions } from '../../server/session/sessions.js'
import type { Records } from '../../server/store/records.js'
import { SqliteRecords } from '../../server/store/sqlite-records.js'
import { RackdProcess } from './rackd-process.js'
import { testState as state } from './state.js'

const slow = { timeout: 60_000, interval: 100 }
const noPool = ['--pool-docker', '0', '--pool-plain', '0']

let rackd: RackdProcess | undefined
let sessions: Sessions | undefined
let records: Records | undefined
let scratch: string | undefined
afterEach(async () => {
  await sessions?.stop()
  await records?.close()
  for (const { id } of (await rackd?.racks.list().catch(() => [])) ?? []) await rackd!.racks.close(id)
  if (rackd?.child.exitCode === null) await rackd.end('SIGTERM')
  if (scratch) rmSync(scratch, { recursive: true, force: true })
  sessions = rackd = records = scratch = undefined
})

it('goes on when rackd or the pty host is killed and comes back', async () => {
  rackd = await RackdProcess.start(state, ...noPool)
  const racks = new RackdClient(state.rackdSocket)
  scratch = mkdtempSync(join(tmpdir(), 'vethlab-session-'))
  records = SqliteRecords.open(join(scratch, 'records.db'))
  const learner = await records.localLearner()
  sessions = await Sessions.start(racks, [await loadLab(fromPackage('test/trial/exam'))], records, { sweepMs: 500 })
  const session = (await sessions.join(learner, 'exam', { open: true }))!
  await expect.poll(() => session.view().phase, slow).toEqual({ name: 'open' })
  await expect.poll(() => session.view().terminals, slow).toMatchObject([{ atPrompt: true }])
  const [first] = session.view().terminals
  const rack = session.rack!
  const docker = (...argv: string[]) => racks.exec(rack, 'node1', ['docker', ...argv])
  await docker('run', '-d', '--name', 'one', '-p', '8081:80', 'nginx')
  await expect.poll(() => session.view().ports, slow).toMatchObject([{ port: 8081 }])

  await rackd.end('SIGKILL')
  // The shell does not need rackd, and neither does what is known of it.
  const seen = { text: '' }
  const attachment = await session
    .attach(first!.id, {
      onData: (bytes) => {
        seen.text += Buffer.from(bytes).toString('utf8')
      },
    })
    .catch(() => undefined)
  await session.check('network')
  await expect.poll(() => session.view().steps[0]!.checkedAt, slow).toBeDefined()
  expect(session.view().steps[0]!.checks[0]!.finding).toMatchObject({ outcome: 'error' })
  expect(session.view().phase).toEqual({ name: 'open' })
  attachment?.detach()

  rackd = await RackdProcess.start(state, ...noPool)
  await expect
    .poll(
      () =>
        racks.list().then(
          (all) => all.map(({ id }) => id),
          () => [],
        ),
      slow,
    )
    .toEqual([rack])
  // Engine events are heard again: no command ended in a terminal.
  await docker('network', 'create', '--subnet', '172.20.0.0/16', 'my_net')
  let tries = 0
  await expect
    .poll(async () => {
      await docker('network', 'create', `again-${tries++}`)
      return session.view().steps[0]!.state
    }, slow)
    .toBe('passed')
  expect(session.view().terminals).toMatchObject([{ id: first!.id }])

  // The pty host dies with its shells; there is a prompt all the same.
  process.kill(await ptyHostOf(rack), 'SIGKILL')
  await expect
    .poll(() => session.view().terminals, slow)
    .toMatchObject([{ id: expect.not.stringContaining(first!.id), host: 'node1', number: 1, atPrompt: true }])
  await expect(session.attach(first!.id, { onData() {} })).rejects.toMatchObject({ code: 'terminal.not-found' })
  await session.leave()
  expect(await racks.list()).toEqual([])
  await racks.disconnect()
})

/** The pty host of a rack, by its record. */
async function ptyHostOf(rack: string): Promise<number> {
  for (const name of await readdir(join(state.racks, rack))) {
    if (!name.endsWith('.json')) continue
    const record = JSON.parse(await readFile(join(state.racks, rack, name), 'utf8')) as { ptyHost?: { pid: number } }
    if (record.ptyHost) return record.ptyHost.pid
  }
  throw new Error('the rack has no pty host')
}

it('shares rackd with another server, whose racks it leaves alone', async () => {
  rackd = await RackdProcess.start(state, ...noPool)
  scratch = mkdtempSync(join(tmpdir(), 'vethlab-session-'))
  const labs = [await loadLab(fromPackage('test/trial/exam'))]
  const serverOf = async (file: string) => {
    const clients = new RackdClient(state.webRackdSocket)
    const own = SqliteRecords.open(join(scratch!, file))
    return { racks: clients, records: own, sessions: await Sessions.start(clients, labs, own, { sweepMs: 3_600_000 }) }
  }
  type Server = Awaited<ReturnType<typeof serverOf>>
  const opened = async (server: Server) => {
    const session = (await server.sessions.join(await server.records.localLearner(), 'exam', { open: true }))!
    await expect.poll(() => session.view().phase, slow).toEqual({ name: 'open' })
    return session
  }
  const stop = async (server: Server) => {
    await server.sessions.stop()
    await server.records.close()
    await server.racks.disconnect()
  }
  const ids = async () => (await rackd!.racks.list()).map(({ id }) => id).toSorted()

  const first = await serverOf('first.db')
  const one = await opened(first)
  // The second finds a rack of a session that it does not know, at its start and whenever it sweeps.
  const second = await serverOf('second.db')
  const two = await opened(second)
  await second.sessions.sweep()
  await first.sessions.sweep()
  expect(await ids()).toEqual([one.rack, two.rack].toSorted())
  for (const [{ racks, records: own }, session] of [
    [first, one],
    [second, two],
  ] as const) {
    const owned = await racks.list({ owner: own.id })
    expect(owned.map(({ id, owner }) => [id, owner])).toEqual([[session.rack, own.id]])
    expect(session.phase).toBe('open')
  }

  // Racks of before there were owners are still those of the sessions that have them, and nobody else's.
  const file = join(state.racks, one.rack!, 'rack.json')
  const { openedFor, ...older } = JSON.parse(await readFile(file, 'utf8')) as { openedFor: string }
  expect(openedFor).toBe(first.records.id)
  const rack = one.rack
  await stop(first)
  await rackd.end('SIGTERM')
  await writeFile(file, JSON.stringify(older))
  rackd = await RackdProcess.start(state, ...noPool)
  const third = await serverOf('third.db')
  expect(await ids()).toContain(rack)
  const again = await serverOf('first.db')
  await again.sessions.sweep()
  const [running] = (await again.sessions.catalogue(await again.records.localLearner())).running
  expect((await again.sessions.get(await again.records.localLearner(), running!.session)).rack).toBe(rack)
  for (const server of [second, third, again]) await stop(server)
  expect(await ids()).toHaveLength(2)

  await expect(rackd.racks.list({ owner: '' })).rejects.toThrow()
  await expect(rackd.racks.open(labs[0]!.topology, { owner: 'x'.repeat(65) })).rejects.toThrow()
})
