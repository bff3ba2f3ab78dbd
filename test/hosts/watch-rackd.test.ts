import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Rackd } from '../../server/node/rackd.js'
import { RackdClient } from '../../server/node/rackd-client.js'
import { RackGround } from '../../server/racks/rack-ground.js'
import type { RackInfo } from '../../server/racks/racks.js'
import { testState as state } from './state.js'

/** Networks and packets are watched for whoever asks over rackd's sockets, as long as they are there. */

let rackd: Rackd
let web: RackdClient
let rack: RackInfo

/** Watching processes of this one, which rackd is in. */
function watchers(): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      const parent = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')[1]
      return parent === `${process.pid}` && readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('perl')
    } catch {
      return false
    }
  })
}

async function sh(host: string, script: string): Promise<void> {
  const result = await web.exec(rack.id, host, ['sh', '-c', script])
  if (result.failed) throw new Error(result.stderr)
}

beforeAll(async () => {
  rackd = await Rackd.start(state, { pool: { docker: 0, plain: 0 } })
  web = new RackdClient(state.webRackdSocket)
  rack = await web.open({
    hosts: { left: 'plain', right: 'plain' },
    lans: { lan: { subnet: '192.168.1.0/24', at: { left: '.11', right: '.12' } } },
  })
})
afterAll(async () => {
  await web?.disconnect()
  await rackd?.stop({ closeRacks: true })
})

it('tells of changes until it is told to stop', async () => {
  const end = new AbortController()
  let calls = 0
  const watching = web.watchNetwork(rack.id, 'left', () => calls++, end.signal)
  await expect.poll(() => calls, { timeout: 20_000 }).toBeGreaterThan(0)
  // IPv6 makes sure that a new link's addresses are unique, and that is a change as well.
  for (let before = -1; before !== calls; await sleep(1500)) before = calls
  const quiet = calls
  await sh('left', 'ip route add 10.99.0.0/24 via 192.168.1.12')
  await expect.poll(() => calls, { timeout: 20_000 }).toBeGreaterThan(quiet)
  expect(watchers()).toHaveLength(1)
  end.abort()
  await watching
  await expect.poll(watchers, { timeout: 20_000 }).toEqual([])
  const told = calls
  await sh('left', 'ip route del 10.99.0.0/24')
  expect(calls).toBe(told)
})

it('ends what it watched for a client that is gone', async () => {
  const other = new RackdClient(state.webRackdSocket)
  let calls = 0
  const never = new AbortController().signal
  const watching = other.watchNetwork(rack.id, 'left', () => calls++, never).catch((error) => error)
  await expect.poll(() => calls, { timeout: 20_000 }).toBeGreaterThan(0)
  const observing = other
    .observe(rack.id, 'left', { address: '192.168.1.99', protocol: 'icmp', timeoutMs: 5000 })
    .catch((error) => error)
  await expect.poll(() => watchers().length, { timeout: 20_000 }).toBe(2)
  await other.disconnect()
  await expect.poll(watchers, { timeout: 20_000 }).toEqual([])
  expect(await watching).toMatchObject({ code: 'rackd.unreachable' })
  expect(await observing).toMatchObject({ code: 'rackd.unreachable' })
})

it('watches a packet, and gives up when it is told to', async () => {
  const probe = new RackGround(web, rack.id)
  const seen = await probe.observe('left', { address: '192.168.1.12', protocol: 'icmp' })
  expect(seen.outcome).toBe('answered')
  expect(seen.sightings.filter(({ role }) => role === 'request').map(({ host, lanPort }) => host ?? lanPort)).toEqual(
    expect.arrayContaining(['left', 'right']),
  )
  const end = new AbortController()
  const slow = probe.observe('left', { address: '192.168.1.99', protocol: 'icmp', timeoutMs: 5000 }, end.signal)
  slow.catch(() => {})
  await expect.poll(() => watchers().length, { timeout: 20_000 }).toBe(1)
  end.abort()
  await expect(slow).rejects.toMatchObject({ name: 'AbortError' })
  await expect.poll(watchers, { timeout: 20_000 }).toEqual([])
})

it("is for the web's own racks only", async () => {
  const root = new RackdClient(state.rackdSocket)
  const other = await root.open({ hosts: { a: 'plain' } })
  const refused = { code: 'rack.not-found' }
  await expect(web.observe(other.id, 'a', { address: '127.0.0.1', protocol: 'icmp' })).rejects.toMatchObject(refused)
  await expect(web.watchNetwork(other.id, 'a', () => {}, new AbortController().signal)).rejects.toMatchObject(refused)
  await expect(root.observe(other.id, 'a', { address: '127.0.0.1', protocol: 'icmp' })).resolves.toMatchObject({
    outcome: 'answered',
  })
  await root.close(other.id)
  await root.disconnect()
})

it('refuses a packet that makes no sense', async () => {
  const nonsense = { address: '192.168.1.12', protocol: 'icmp', size: 99_999 } as const
  await expect(web.observe(rack.id, 'left', nonsense)).rejects.toThrow()
})

it('A client that is asked twice at once connects once, and leaves nothing behind', async () => {
  const open = () =>
    readFileSync('/proc/net/unix', 'utf8')
      .split('\n')
      .filter((line) => line.endsWith(state.webRackdSocket)).length
  const before = open()
  const client = new RackdClient(state.webRackdSocket)
  await Promise.all([client.list(), client.list(), client.list()])
  expect(open()).toBe(before + 1)
  await client.disconnect()
  await expect.poll(open).toBe(before)
})
