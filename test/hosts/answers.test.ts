import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseCheck, runCheck } from '../../server/check/checks.js'
import { evaluate } from '../../server/check/evaluate.js'
import { pointerTo } from '../../server/check/pointer.js'
import { type LiveSpec, readValue } from '../../server/check/values.js'
import type { Finding } from '../../server/check/verdict.js'
import type { NetworkState } from '../../server/network/state.js'
import { LocalRacks } from '../../server/rack/local-racks.js'
import { RackGround } from '../../server/racks/rack-ground.js'
import type { RackInfo } from '../../server/racks/racks.js'
import { testState } from './state.js'

/** What tools print on real hosts is an answer, what points to a value shows it, and near misses are told by what is there. */

let racks: LocalRacks
let rack: RackInfo
let probe: RackGround
let state: NetworkState

async function sh(host: string, script: string): Promise<string> {
  const result = await racks.exec(rack.id, host, ['bash', '-c', script], { timeoutMs: 60_000 })
  if (result.failed) throw new Error(`${host}: ${script}\n${result.stdout}${result.stderr}`)
  return result.stdout
}

async function look(value: unknown, answers: Record<string, string> = {}): Promise<Finding> {
  const parsed = parseCheck(value, [])
  if (!('check' in parsed)) throw new Error(JSON.stringify(parsed.issues))
  return runCheck(parsed.check, {
    state,
    probe,
    home: 'node1',
    answers,
    labDirectory: '/nonexistent',
    signal: AbortSignal.timeout(30_000),
  })
}

const answer = (spec: object) => ({ answer: { id: 'q', ask: { en: 'Which?', zh: '哪个？' }, ...spec } })

beforeAll(async () => {
  racks = await LocalRacks.start(testState)
  rack = await racks.open({
    hosts: { node1: 'docker', node2: 'docker', laptop: 'plain' },
    lans: { lan: { subnet: '192.168.1.0/24', at: { node1: '.11', node2: '.12', laptop: '.50' } } },
  })
  probe = new RackGround(racks, rack.id)
  await sh(
    'node1',
    `docker swarm init --advertise-addr 192.168.1.11
     docker network create shop
     docker network create -d overlay --attachable app_net
     docker run -d --name web -p 8080:80 nginx
     docker run -d --name client busybox sleep infinity
     docker run -d --name far --network app_net busybox sleep infinity
     docker run -d --name tools --network container:web netshoot sleep infinity
     docker run -d --name front --network host -p 80:80 nginx
     docker create --name waiting busybox
     docker run -d --name clash -p 8080:80 nginx
     docker run -d nginx --name lost
     docker run -d --name swapped -p 8081:8091 busybox sleep infinity
     docker restart -t 0 web`,
  )
  await sh('node2', 'docker run -d --name away busybox sleep infinity; docker network create elsewhere')
  const [verdict] = await evaluate(
    [
      {
        within: 30,
        hints: [],
        family: 'reach',
        spec: { from: 'client', to: 'web', port: 80, by: 'address', expect: true },
      },
    ],
    probe,
    { home: 'node1', labDirectory: '/nonexistent' },
  )
  expect(verdict!.finding, JSON.stringify(verdict)).toMatchObject({ outcome: 'pass' })
  state = await probe.capture()
})
afterAll(async () => {
  await racks?.closeAll()
})

const values: LiveSpec[] = [
  { container: 'web', fact: 'address' },
  { container: 'web', fact: 'gateway' },
  { container: 'web', fact: 'mac' },
  { container: 'web', fact: 'link' },
  { container: 'client', fact: 'hostLink' },
  { container: 'client', fact: 'namespace' },
  { container: 'web', fact: 'process' },
  { network: 'bridge', fact: 'subnet' },
  { network: 'bridge', fact: 'gateway' },
  { network: 'shop', fact: 'bridge' },
  { network: 'shop', fact: 'gateway' },
  { network: 'app_net', fact: 'vxlanId' },
  { swarm: 'node1', fact: 'workerToken' },
  { swarm: 'node1', fact: 'managerToken' },
  { swarm: 'node1', fact: 'nodeAddress' },
  { link: 'eth0', of: 'client', fact: 'mtu' },
  { link: 'eth0', of: 'client', fact: 'mac' },
  { link: 'eth0', of: 'laptop', fact: 'address' },
]

it.each(values)('what points to %j shows it', async (spec) => {
  const value = readValue(spec, state, 'node1')
  expect(value).toBeTruthy()
  const { en, zh } = pointerTo(spec, state, 'node1')
  const [command, where, third] = [...en.matchAll(/`([^`]+)`/g)].map(([, code]) => code!)
  expect(zh).toContain(command!)
  if ('container' in spec && spec.fact === 'hostLink') {
    const index = (await sh('node1', command!)).trim()
    expect(await sh(third!, where!)).toMatch(new RegExp(`^${index}: ${value}@`, 'm'))
    return
  }
  expect(await sh(where!, command!)).toContain(value!)
})

const container = (name: string, fact: string) => ({ container: name, fact })

describe('an answer as a tool prints it', () => {
  it.each([
    [container('client', 'address'), 'node1', 'docker exec client ip addr show eth0'],
    [container('client', 'address'), 'node1', 'docker exec client ip -4 -o addr show eth0'],
    [container('client', 'address'), 'node1', 'docker exec client ifconfig eth0'],
    [container('client', 'address'), 'node1', `docker inspect client | grep -m 1 '"IPAddress"'`],
    [container('client', 'address'), 'node1', 'docker network inspect bridge | grep -A 4 client | grep IPv4Address'],
    [container('web', 'address'), 'node1', 'iptables -t nat -S DOCKER | grep 8080'],
    [container('web', 'address'), 'node1', 'iptables -t nat -nL DOCKER | grep 8080'],
    [container('client', 'gateway'), 'node1', 'docker exec client ip route | grep default'],
    [container('client', 'gateway'), 'node1', 'docker exec client route -n | grep ^0.0.0.0'],
    [container('client', 'mac'), 'node1', 'docker exec client ip link show eth0'],
    [container('client', 'mac'), 'node1', 'docker exec client ifconfig eth0'],
    [container('client', 'mac'), 'node1', 'docker inspect client | grep -m 1 MacAddress'],
    [
      container('client', 'hostLink'),
      'node1',
      'ip link | grep "^$(docker exec client cat /sys/class/net/eth0/iflink):"',
    ],
    [
      container('client', 'hostLink'),
      'node1',
      'ip -d addr | grep -A 9 "^$(docker exec client cat /sys/class/net/eth0/iflink):" | head -2',
    ],
    [
      container('client', 'hostLink'),
      'node1',
      'name=$(ip -o link | grep "^$(docker exec client cat /sys/class/net/eth0/iflink):" | cut -d " " -f 2 | cut -d @ -f 1); ip -br link show "$name"; bridge link show dev "$name" >&2',
    ],
    [{ network: 'shop', fact: 'bridge' }, 'node1', 'ip -br link show type bridge | grep ^br-'],
    [{ network: 'bridge', fact: 'subnet' }, 'node1', 'docker network inspect bridge | grep Subnet'],
    [{ network: 'bridge', fact: 'subnet' }, 'node1', 'ip route | grep docker0'],
    [{ network: 'app_net', fact: 'vxlanId' }, 'node1', 'docker network inspect app_net | grep vxlanid_list'],
    [{ link: 'eth0', of: 'client', fact: 'mtu' }, 'node1', 'docker exec client ip link show eth0'],
    [{ link: 'eth0', of: 'client', fact: 'mtu' }, 'node1', 'docker exec client ifconfig eth0 | grep MTU'],
  ])('%j from `%s`: %s', async (value, host, command) => {
    const typed = (await sh(host, command)).trim()
    const finding = await look(answer({ value }), { q: typed })
    expect(finding.outcome, `${typed}\n${JSON.stringify(finding)}`).toBe('pass')
  })

  it.each([
    ['docker-proxy', "ss -lntp 'sport = :8080' | tail -n +2 | head -1"],
    ['docker-proxy', 'ps -o args= -C docker-proxy | head -1'],
    ['DOCKER-ISOLATION-STAGE-2', 'iptables -S DOCKER-ISOLATION-STAGE-2 | grep -m 1 DROP'],
    ['DOCKER-ISOLATION-STAGE-2', 'iptables -nL DOCKER-ISOLATION-STAGE-2 | head -1'],
    ['shop', 'docker network ls | grep shop'],
  ])('%s from %s', async (equals, command) => {
    const typed = (await sh('node1', command)).trim()
    const finding = await look(answer({ equals }), { q: typed })
    expect(finding.outcome, `${typed}\n${JSON.stringify(finding)}`).toBe('pass')
  })
})

it.each([
  [{ container: { name: 'lost' } }, 'container.missing', /options go before the image/],
  [{ container: { name: 'away' } }, 'container.missing', /the Engine of `node2` has one/],
  [{ network: { name: 'elsewhere' } }, 'network.missing', /`node2` has one/],
  [{ container: { name: 'Client' } }, 'container.missing', /the nearest is `client`/],
  [{ container: { name: 'waiting' } }, 'container.state', /has not been started/],
  [{ container: { name: 'clash' } }, 'container.state', /its start failed \(exit code \d+\)/],
  [{ container: { name: 'tools', sharesWith: 'web' } }, 'container.shares', /`web` has been started again since/],
  [{ port: { container: 'swapped', port: 8081, published: 8091 } }, 'port.missing', /swapped: in/],
  [{ port: { container: 'front', port: 80 } }, 'port.missing', /has no effect with network mode `host`/],
  [{ container: { name: 'front', networks: ['shop'] } }, 'container.network', /run it again/],
  [{ network: { name: 'shop', subnet: '10.1.0.0/16' } }, 'network.subnet', /the Engine takes/],
])('%j: %s', async (check, reason, says) => {
  const finding = await look(check)
  expect(finding, JSON.stringify(finding)).toMatchObject({ outcome: 'fail', reason })
  expect(finding.outcome === 'fail' && finding.why.en).toMatch(says)
})

it('what the Engine refuses is what is said of it', async () => {
  const refusal = (script: string) => sh('node1', `! (${script}) 2>&1`)
  expect(await refusal('docker network connect shop front')).toContain('cannot be connected to any other network')
  expect(await refusal('docker network connect shop tools')).toContain('cannot be connected to any other network')
  await sh('node1', 'docker run -d --name sealed --network none busybox sleep infinity')
  expect(await refusal('docker network connect shop sealed')).toContain('none')
  await sh('node1', 'docker network disconnect none sealed; docker network connect shop sealed')
})

it('an Engine that is silent or starts is told in words, in both languages', async () => {
  const restarted = racks.exec(rack.id, 'node2', ['systemctl', 'restart', 'docker'], { timeoutMs: 60_000 })
  const ended = restarted.then(() => 'ended')
  const faults: string[] = []
  for (let over = false; !over; ) {
    state = await probe.capture()
    const node2 = state.hosts.find(({ name }) => name === 'node2')!
    if (node2.engineFault) {
      faults.push(node2.engineFault.detail)
      const finding = await look({ container: { name: 'node2/away' } })
      expect(finding, node2.engineFault.detail).toMatchObject({ outcome: 'error', reason: 'engine.silent' })
      const { en, zh } = (finding as Extract<Finding, { outcome: 'error' }>).why
      expect(en).toContain('the Docker Engine of `node2` does not answer')
      expect(zh.replace(/`[^`]*`|Docker/g, '')).not.toMatch(/[a-z]{3}/)
      for (const text of [en, zh, node2.engineFault.detail]) {
        expect(text).not.toContain(node2.id!)
        expect(text).not.toContain('JSON input')
      }
    }
    over = (await Promise.race([ended, new Promise((go) => setTimeout(() => go('not yet'), 50))])) === 'ended'
  }
  expect(faults.length).toBeGreaterThan(0)
})
