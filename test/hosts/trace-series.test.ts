import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { LocalRacks } from '../../server/rack/local-racks.js'
import { RackGround } from '../../server/racks/rack-ground.js'
import type { RackInfo } from '../../server/racks/racks.js'
import { traceSeries } from '../../server/trace/repeat.js'
import type { TraceStory } from '../../server/trace/story.js'
import { traceStory } from '../../server/trace/trace.js'
import { testState } from './state.js'

/** The same question, asked several times on real hosts: what is not the same each time; and who answers one. */

let racks: LocalRacks
let rack: RackInfo
let ground: RackGround

async function sh(host: string, script: string): Promise<string> {
  const result = await racks.exec(rack.id, host, ['sh', '-ec', script], { timeoutMs: 90_000 })
  if (result.failed) throw new Error(`${host}: ${script}\n${result.stdout}${result.stderr}`)
  return result.stdout.trim()
}

const series = (question: { from: string; to: string; port?: number }, count: number, signal?: AbortSignal) =>
  traceSeries(ground, { ...question, home: 'node1' }, { count, deadlineMs: 100_000, ...(signal ? { signal } : {}) })

const ask = (question: { from: string; to: string; port?: number; protocol?: 'icmp' | 'udp' }): Promise<TraceStory> =>
  traceStory(ground, { ...question, home: 'node1' }, { signal: AbortSignal.timeout(40_000) })

beforeAll(async () => {
  racks = await LocalRacks.start(testState)
  rack = await racks.open({
    hosts: { node1: 'docker', node2: 'docker', laptop: 'plain' },
    lans: { lan: { subnet: '192.168.1.0/24', at: { node1: '.11', node2: '.12', laptop: '.50' } } },
  })
  ground = new RackGround(racks, rack.id)
  await sh(
    'node1',
    `docker network create --subnet 172.20.0.0/16 app
     docker run -d --name one-db --network app --ip 172.20.0.2 --network-alias db redis
     docker run -d --name two-db --network app --ip 172.20.0.3 --network-alias db nginx
     docker run -d --name api --network app netshoot sleep infinity
     docker run -d --name sink --network app netshoot socat -u UDP-RECV:5353 /dev/null
     docker swarm init --advertise-addr 192.168.1.11`,
  )
  const token = await sh('node1', 'docker swarm join-token -q worker')
  await sh('node2', `docker swarm join --advertise-addr 192.168.1.12 --token ${token} 192.168.1.11:2377`)
  await sh(
    'node1',
    `docker network create -d overlay --attachable --subnet 10.10.0.0/24 mesh
     docker service create -d --name web --network mesh --replicas 2 --endpoint-mode dnsrr nginx
     docker run -d --name asker --network mesh netshoot sleep infinity`,
  )
  await vi.waitFor(
    () =>
      sh(
        'node1',
        'test "$(docker service ps -q -f desired-state=running web | wc -l)" = 2; docker exec asker curl -s -m 2 -o /dev/null http://web',
      ),
    { timeout: 60_000, interval: 300 },
  )
}, 300_000)
afterAll(async () => {
  await racks?.closeAll()
})

it('finds that a name is two containers, of which one has the port', async () => {
  // Each of the two comes first by chance: that one never does in 24 times is one in eight million.
  const told = await series({ from: 'api', to: 'db', port: 6379 }, 24)
  expect(told).toMatchObject({ count: 24, asked: 24, differs: ['address', 'answerer', 'outcome'] })
  expect(told.ended).toBeUndefined()
  const groups = told.groups.toSorted((a, b) => a.reached!.address.localeCompare(b.reached!.address))
  expect(groups).toMatchObject([
    { outcome: 'answered', reached: { address: '172.20.0.2', place: 'node1/one-db', how: 'answered' } },
    {
      ...{ outcome: 'stopped', cause: 'port-not-listening' },
      reached: { address: '172.20.0.3', place: 'node1/two-db', how: 'refused' },
    },
  ])
  expect(groups[0]!.times + groups[1]!.times).toBe(24)
  expect(told.summary.en).toMatch(/`172\.20\.0\.2` \(`node1\/one-db`\) .*: answered/)
  expect(told.summary.en).toMatch(/`172\.20\.0\.3` \(`node1\/two-db`\) .*: refused \(`port-not-listening`\)/)
})

it('tells of a service which of its tasks were reached', async () => {
  // Not by a virtual address, for which not every kernel has what it takes.
  const told = await series({ from: 'asker', to: 'web', port: 80 }, 20)
  const tasks = told.groups.map(({ reached }) => reached?.task).toSorted()
  expect(tasks, JSON.stringify(told, null, 1)).toEqual(['web.1', 'web.2'])
  expect(told.differs).toEqual(['address', 'answerer'])
  expect(told.summary.en).toMatch(/task `web\.1` on `node\d`.*task `web\.2` on `node\d`|task `web\.2`.*task `web\.1`/)
})

it('tells what it knows where it is ended', async () => {
  const abort = new AbortController()
  const told = await traceSeries(
    ground,
    { from: 'api', to: 'node1/one-db', port: 6379, home: 'node1' },
    { count: 50, signal: abort.signal, deadlineMs: 60_000, onStory: (_, turn) => turn === 2 && abort.abort() },
  )
  expect(told).toMatchObject({ count: 50, asked: 2, ended: 'stopped', groups: [{ times: 2, outcome: 'answered' }] })
})

it('says that an offline rack has no way to names and addresses of the internet', async () => {
  for (const [from, to] of [
    ['api', '8.8.8.8'],
    ['laptop', '8.8.8.8'],
    ['api', 'example.com'],
    ['laptop', 'example.com'],
  ] as const) {
    const story = await traceStory(ground, { from, to, home: 'node1' })
    expect(story.cause?.code, JSON.stringify(story, null, 1)).toBe('offline')
  }
})

it('names who answered: a gateway of a LAN, another host, and itself', async () => {
  const answers = async (question: Parameters<typeof ask>[0]) =>
    (await ask(question)).hops.find(({ kind }) => kind === 'answer')?.text.en
  expect(await answers({ from: 'laptop', to: 'lan' })).toMatch(/^the gateway of LAN `lan` answers, .* back in `laptop`/)
  expect(await answers({ from: 'api', to: 'lan' })).toMatch(/^the gateway of LAN `lan` answers, .* back in `api`/)
  expect(await answers({ from: 'api', to: '192.168.1.12' })).toMatch(/^`node2` answers/)
  expect(await answers({ from: 'api', to: 'node1/one-db' })).toMatch(/^`node1\/one-db` answers/)
  expect(await answers({ from: 'api', to: 'api' })).toMatch(/^`api` answers/)
})

it('calls a datagram that was delivered no failure, also where the bridge sends it through all ports', async () => {
  const bridge = "br-$(docker network inspect -f '{{.Id}}' app | cut -c1-12)"
  const to = { from: 'api', to: 'node1/sink', port: 5353, protocol: 'udp' } as const
  expect(await ask(to)).toMatchObject({ outcome: 'error' })
  // The bridge forgets where the container is; the sender still knows its MAC address.
  await sh('node1', `ip link set ${bridge} type bridge ageing_time 0 && bridge fdb flush dev ${bridge} dynamic || true`)
  const story = await ask(to)
  expect(story, JSON.stringify(story, null, 1)).toMatchObject({ outcome: 'error' })
  expect(story.hops.filter(({ state }) => state !== 'ok').map(({ text }) => text.en)).toEqual([
    'nothing comes back from `node1/sink`',
  ])
})
