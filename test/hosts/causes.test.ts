import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Cause, CauseCode } from '../../server/cause/cause.js'
import { causeKinds } from '../../server/cause/causes.js'
import { fullCodes, rowOf } from '../../server/cause/page.js'
import { LocalRacks } from '../../server/rack/local-racks.js'
import { RackGround } from '../../server/racks/rack-ground.js'
import type { RackInfo } from '../../server/racks/racks.js'
import type { TraceStory } from '../../server/trace/story.js'
import { traceStory } from '../../server/trace/trace.js'
import { testState } from './state.js'

/**
 * Each of the twenty causes on real hosts: exactly one thing is broken, and the trace has to name it; the same question is
 * answered, without a cause, when that is mended.
 */

let racks: LocalRacks
let rack: RackInfo
let probe: RackGround

interface Asked {
  from: string
  to: string
  port?: number
  protocol?: 'icmp' | 'tcp' | 'udp'
}

interface Scenario {
  code: CauseCode
  ask: Asked
  /** As found the question is answered, unless `asFound` says otherwise: then `mend` comes first. */
  asFound?: 'broken'
  break(): Promise<unknown>
  /** Not where nothing comes after it. */
  mend?(): Promise<unknown>
}

async function sh(host: string, script: string, timeoutMs = 60_000): Promise<string> {
  const result = await racks.exec(rack.id, host, ['sh', '-ec', script], { timeoutMs })
  if (result.failed) throw new Error(`${host}: ${script}\n${result.stdout}${result.stderr}`)
  return result.stdout.trim()
}

/** In a container's network namespace, with the host's tools. */
function enter(container: string): string {
  return `nsenter -t "$(docker inspect -f '{{.State.Pid}}' ${container})" -n`
}

async function inside(container: string, command: string): Promise<string> {
  return sh('node1', `${enter(container)} ${command}`)
}

/** Also in a hook, where expect.poll can't be used. */
async function eventually(host: string, script: string): Promise<void> {
  await vi.waitFor(() => sh(host, script), { timeout: 60_000, interval: 200 })
}

async function ask(asked: Asked): Promise<TraceStory> {
  return traceStory(probe, { ...asked, home: 'node1' }, { signal: AbortSignal.timeout(30_000) })
}

const bridge = "br-$(docker network inspect -f '{{.Id}}' app | cut -c1-12)"
const masquerade = `POSTROUTING -s 172.20.0.0/16 ! -o ${bridge} -j MASQUERADE`

const scenarios: Scenario[] = [
  {
    code: 'name-on-default-bridge',
    ask: { from: 'one', to: 'two' },
    asFound: 'broken',
    mend: () => sh('node1', 'docker network connect app one; docker network connect app two'),
    break: () => sh('node1', 'docker network disconnect app one; docker network disconnect app two'),
  },
  {
    code: 'no-common-network',
    ask: { from: 'api', to: 'db', port: 6379 },
    asFound: 'broken',
    mend: () => sh('node1', 'docker network connect app db'),
    break: () => sh('node1', 'docker network disconnect app db'),
  },
  {
    code: 'internal-network',
    ask: { from: 'shut', to: 'laptop' },
    asFound: 'broken',
    mend: () => sh('node1', 'docker network connect app shut'),
    break: () => sh('node1', 'docker network disconnect app shut'),
  },
  {
    code: 'isolated-bridges',
    ask: { from: 'api', to: 'node1/db', port: 6379 },
    asFound: 'broken',
    mend: () => sh('node1', 'docker network connect app db'),
    break: () => sh('node1', 'docker network disconnect app db'),
  },
  {
    code: 'docker-user-drop',
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    break: () => sh('node1', 'iptables -I DOCKER-USER -s 192.168.1.50 -p tcp --dport 80 -j DROP'),
    mend: () => sh('node1', 'iptables -D DOCKER-USER -s 192.168.1.50 -p tcp --dport 80 -j DROP'),
  },
  {
    code: 'input-policy',
    ask: { from: 'laptop', to: 'node2', port: 80 },
    break: () => sh('node2', 'iptables -P INPUT DROP'),
    mend: () => sh('node2', 'iptables -P INPUT ACCEPT'),
  },
  {
    code: 'port-not-listening',
    ask: { from: 'api', to: 'cache', port: 6379 },
    break: () => sh('node1', 'docker exec cache redis-cli config set port 6380'),
    mend: () => sh('node1', 'docker exec cache redis-cli -p 6380 config set port 6379'),
  },
  {
    code: 'listening-on-loopback',
    ask: { from: 'api', to: 'cache', port: 6379 },
    break: () => sh('node1', 'docker exec cache redis-cli config set bind 127.0.0.1'),
    mend: () => sh('node1', "docker exec cache redis-cli config set bind '* -::*'"),
  },
  {
    code: 'published-elsewhere',
    ask: { from: 'laptop', to: 'node1', port: 8081 },
    break: () => sh('node1', 'docker rm -f bound; docker run -d --name bound --network app -p 127.0.0.1:8081:80 nginx'),
    mend: () => sh('node1', 'docker rm -f bound'),
  },
  {
    code: 'wrong-gateway',
    ask: { from: 'api', to: 'laptop' },
    break: () => inside('api', 'ip route replace default via 172.20.0.99'),
    mend: () => inside('api', 'ip route replace default via 172.20.0.1'),
  },
  {
    code: 'forwarding-off',
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    break: () => sh('node1', 'sysctl -w net.ipv4.ip_forward=0'),
    mend: () => sh('node1', 'sysctl -w net.ipv4.ip_forward=1'),
  },
  {
    code: 'no-masquerade',
    ask: { from: 'api', to: 'laptop' },
    break: () => sh('node1', `iptables -t nat -D ${masquerade}`),
    mend: () => sh('node1', `iptables -t nat -I ${masquerade}`),
  },
  {
    code: 'duplicate-address',
    ask: { from: 'api', to: 'web', port: 80 },
    break: async () => {
      await inside('cache', 'ip address add 172.20.0.10/16 dev eth0')
      // Whom the right one has spoken to lately it asks for its MAC address again, and is heard.
      await eventually(
        'node1',
        `${enter('web')} ip neigh flush all
         ${enter('api')} ip neigh flush all
         ${enter('api')} ping -c1 -W1 172.20.0.10 >/dev/null
         theirs=$(${enter('cache')} ip -o link show eth0 | grep -o 'ether [0-9a-f:]*' | cut -c7-)
         ${enter('api')} ip neigh show 172.20.0.10 | grep -q "$theirs"`,
      )
    },
    mend: async () => {
      await inside('cache', 'ip address del 172.20.0.10/16 dev eth0')
      await inside('api', 'ip neigh flush all')
    },
  },
  {
    code: 'mtu-too-large',
    ask: { from: 'api', to: 'laptop' },
    break: () => sh('laptop', 'ip link set eth0 mtu 1300'),
    mend: () => sh('laptop', 'ip link set eth0 mtu 1500'),
  },
  {
    code: 'vxlan-blocked',
    ask: { from: 'm1', to: 'm2', port: 80 },
    break: () => sh('node2', 'iptables -I INPUT -p udp --dport 4789 -j DROP'),
    mend: () => sh('node2', 'iptables -D INPUT -p udp --dport 4789 -j DROP'),
  },
  {
    code: 'link-cut',
    ask: { from: 'laptop', to: 'node2', port: 80 },
    break: async () => {
      await racks.setLink(rack.id, 'lan', 'node2', 'cut')
      await eventually('node2', 'grep -q 0 /sys/class/net/eth0/carrier')
      await sh('laptop', 'ip neigh flush all')
    },
    mend: async () => {
      await racks.setLink(rack.id, 'lan', 'node2', 'mended')
      await eventually('laptop', 'ping -c1 -W1 192.168.1.12')
      // The swarm's gossip forgot the names of node2 meanwhile, and tells them again some seconds later.
      await eventually('node1', 'docker exec m1 wget -qO- -T2 http://m2 >/dev/null')
    },
  },
  {
    code: 'macvlan-host-to-child',
    ask: { from: 'node1', to: 'mac', port: 80 },
    asFound: 'broken',
    mend: () =>
      sh(
        'node1',
        `ip link add shim link eth0 type macvlan mode bridge
         ip address add 192.168.1.71/32 dev shim
         ip link set shim up
         ip route add 192.168.1.70/32 dev shim`,
      ),
    break: () => sh('node1', 'ip link delete shim'),
  },
  {
    code: 'none-network',
    ask: { from: 'api', to: 'lone' },
    asFound: 'broken',
    mend: () => sh('node1', 'docker network disconnect none lone; docker network connect app lone'),
    break: () => sh('node1', 'docker network disconnect app lone; docker network connect none lone'),
  },
  {
    code: 'icc-off',
    ask: { from: 'q1', to: 'q2' },
    asFound: 'broken',
    mend: () =>
      sh('node1', 'for c in q1 q2; do docker network disconnect quiet $c; docker network connect app $c; done'),
    break: () =>
      sh('node1', 'for c in q1 q2; do docker network disconnect app $c; docker network connect quiet $c; done'),
  },
  // The last, since the swarm does not come back.
  {
    code: 'node-gone',
    ask: { from: 'm1', to: 'm2', port: 80 },
    break: () => sh('node2', 'docker swarm leave --force'),
  },
]

beforeAll(async () => {
  racks = await LocalRacks.start(testState)
  rack = await racks.open({
    hosts: { node1: 'docker', node2: 'docker', laptop: 'plain' },
    lans: { lan: { subnet: '192.168.1.0/24', at: { node1: '.11', node2: '.12', laptop: '.50' } } },
  })
  probe = new RackGround(racks, rack.id)
  await Promise.all([
    sh(
      'node1',
      `docker swarm init --advertise-addr 192.168.1.11 >/dev/null
       docker network create --subnet 172.20.0.0/16 app
       docker network create --subnet 172.21.0.0/16 other
       docker network create --subnet 172.22.0.0/16 --internal inner
       docker network create --subnet 172.23.0.0/16 -o com.docker.network.bridge.enable_icc=false quiet
       docker network create -d macvlan --subnet 192.168.1.0/24 --gateway 192.168.1.1 -o parent=eth0 lan_net
       run() { docker run -d --name "$@" >/dev/null; }
       run web --network app --ip 172.20.0.10 -p 8080:80 nginx
       run bound --network app --ip 172.20.0.11 -p 8081:80 nginx
       run api --network app --ip 172.20.0.12 busybox sleep infinity
       run cache --network app --ip 172.20.0.13 redis redis-server --protected-mode no
       run db --network other --ip 172.21.0.10 redis
       run shut --network inner --ip 172.22.0.10 busybox sleep infinity
       run one busybox sleep infinity
       run two busybox sleep infinity
       run lone --network none busybox sleep infinity
       run q1 --network quiet --ip 172.23.0.10 busybox sleep infinity
       run q2 --network quiet --ip 172.23.0.11 busybox sleep infinity
       run mac --network lan_net --ip 192.168.1.70 nginx`,
      150_000,
    ),
    sh('node2', 'docker run -d --name own --network host nginx'),
  ])
  const token = await sh('node1', 'docker swarm join-token -q worker')
  await sh('node2', `docker swarm join --advertise-addr 192.168.1.12 --token ${token} 192.168.1.11:2377`)
  await sh(
    'node1',
    `docker network create -d overlay --attachable --subnet 10.10.0.0/24 mesh
     docker run -d --name m1 --network mesh --ip 10.10.0.10 busybox sleep infinity`,
  )
  await eventually(
    'node2',
    'docker run -d --name m2 --network mesh --ip 10.10.0.20 nginx || { docker rm -f m2; false; }',
  )
  await eventually('node1', 'docker exec m1 wget -qO- -T2 http://m2 >/dev/null')
}, 300_000)
afterAll(async () => {
  await racks?.closeAll()
})

describe('the twenty causes', () => {
  it.each(scenarios)('$code', async ({ code, ask: asked, asFound, break: cut, mend }) => {
    if (asFound === 'broken') await mend!()
    const healthy = await ask(asked)
    expect(healthy, JSON.stringify(healthy, null, 1)).toMatchObject({ outcome: 'answered' })
    expect(healthy.cause).toBeUndefined()
    await cut()
    const story = await ask(asked)
    if (asFound !== 'broken') await mend?.()
    expect(story.cause?.code, JSON.stringify(story, null, 1)).toBe(code)
    expect(story.outcome).toBe('stopped')
    // docs/causes.md has the same answer.
    const kind = causeKinds.find((one) => one.code === code)!
    expect(askedOf(story)).toBe(kind.asked)
    expect(rowOf(kind, steady(story.cause!))).toBe(rowOf(kind, kind.example))
  })

  it('are all there', () => {
    expect(scenarios.map(({ code }) => code).toSorted()).toEqual([...fullCodes].toSorted())
  })
})

/** `api` to `web:80`, tcp */
function askedOf({ from, to, port, protocol }: TraceStory): string {
  const target = port === undefined ? to : `${to}:${port}`
  return `\`${from}\` to \`${target}\`${protocol === 'icmp' ? ', ping' : `, ${protocol}`}`
}

/**
 * Without what is another in every rack: names that the Engine makes, MAC addresses, ports of the sender; and what a manager says
 * of a node that left, which it learns some seconds later.
 */
function steady(cause: Cause): Cause {
  const text = JSON.stringify(cause)
    .replace(/ is (ready|down|unknown), and /, ' is …, and ')
    .replace(/\bbr-[0-9a-f]{12}\b/g, 'br-…')
    .replace(/\bveth[0-9a-f]{7}\b/g, 'veth…')
    .replace(/\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b/g, 'MAC')
    .replace(/:(3[2-9]|[45]\d|6\d)\d{3}(?= [>t]| icmp)/g, ':…')
    .replace(/(> [0-9.]+):(3[2-9]|[45]\d|6\d)\d{3}\b/g, '$1:…')
  return JSON.parse(text)
}
