import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Observation, RuleHit, Sighting, TracedPacket } from '../../server/network/observation.js'
import { innermost } from '../../server/network/packet.js'
import { LocalRacks } from '../../server/rack/local-racks.js'
import type { RackInfo } from '../../server/racks/racks.js'
import { testState } from './state.js'

/** Real packets on real ways: where each was seen, and which rule it met. */

let racks: LocalRacks
let rack: RackInfo
const durations: Record<string, number> = {}

async function sh(host: string, script: string): Promise<string> {
  const result = await racks.exec(rack.id, host, ['sh', '-c', script], { timeoutMs: 120_000 })
  if (result.failed) throw new Error(`${host}: ${script}\n${result.stdout}${result.stderr}`)
  return result.stdout.trim()
}

async function namespaceOf(container: string, host = 'node1'): Promise<string> {
  return (await sh(host, `readlink /proc/$(docker inspect -f '{{.State.Pid}}' ${container})/ns/net`)).replace(/\D/g, '')
}

async function addressOf(container: string, network = 'bridge'): Promise<string> {
  return sh('node1', `docker inspect -f '{{(index .NetworkSettings.Networks "${network}").IPAddress}}' ${container}`)
}

async function observe(host: string, packet: TracedPacket): Promise<Observation> {
  const observation = await racks.observe(rack.id, host, packet)
  durations[expect.getState().currentTestName ?? ''] = observation.durationMs
  expect(observation.faults).toEqual([])
  return observation
}

/** The way of a request or an answer: `host:link direction source>destination`, for IP. */
function way({ sightings }: Observation, role: Sighting['role']): string[] {
  return sightings
    .filter((sighting) => sighting.role === role && !/F/.test(innermost(sighting.frame).ip?.tcp?.flags ?? ''))
    .map(({ host, lan, lanPort, link, direction, frame }) => {
      const place = host ?? `${lan}/${lanPort ?? 'bridge'}`
      const name = link.startsWith('veth') ? 'veth' : link.replace(/^br-.*/, 'br')
      return `${place}:${lan ? '' : name} ${direction} ${frame.ip?.source}>${frame.ip?.destination}${frame.vxlan ? ' vxlan' : ''}`
    })
}

function hits({ ruleHits }: Observation, role: RuleHit['role'] = 'request'): string[] {
  return ruleHits
    .filter((hit) => hit.role === role)
    .map(({ host, table, chain, verdict, policy }) => `${host} ${table} ${chain} ${verdict}${policy ? ' policy' : ''}`)
}

/** Processes of ours that watch, and tables of ours in a host. */
async function left(): Promise<string[]> {
  const processes = readdirSync('/proc').filter((pid) => {
    try {
      const parent = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')[1]
      return parent === `${process.pid}` && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('observe-packet.pl')
    } catch {
      return false
    }
  })
  const tables = await Promise.all(
    ['node1', 'node2'].map((host) => sh(host, 'nft list tables | grep vethlab-trace || true')),
  )
  return [...processes, ...tables.filter((text) => text !== '')]
}

beforeAll(async () => {
  racks = await LocalRacks.start(testState)
  rack = await racks.open({
    hosts: { node1: 'docker', node2: 'docker', laptop: 'plain' },
    lans: {
      lan: { subnet: '192.168.1.0/24', subnet6: 'fd00:1::/64', at: { node1: '.11', node2: '.12', laptop: '.50' } },
    },
  })
  await sh('node1', 'docker run -d --name web -p 8080:80 nginx; docker run -d --name box busybox sleep 9999')
  await sh('node1', 'docker network create other; docker run -d --name far --network other busybox sleep 9999')
  await sh('node1', 'docker run -d --name alone --network none busybox sleep 9999')
}, 240_000)
afterAll(async () => {
  console.log(
    Object.entries(durations)
      .map(([name, ms]) => `${Math.round(ms)} ms ${name}`)
      .join('\n'),
  )
  await racks?.closeAll()
})

describe('a packet that arrives', () => {
  for (const protocol of ['icmp', 'tcp'] as const) {
    it(`is seen on both veth pairs of a bridge: ${protocol}`, async () => {
      const [box, web] = [await addressOf('box'), await addressOf('web')]
      const namespace = await namespaceOf('box')
      const port = protocol === 'tcp' ? { port: 80 } : {}
      const seen = await observe('node1', { namespace, address: web, protocol, ...port })
      expect(seen.outcome).toBe('answered')
      expect(way(seen, 'request')).toEqual([
        ...[`node1:eth0 out ${box}>${web}`, `node1:veth in ${box}>${web}`],
        ...[`node1:veth out ${box}>${web}`, `node1:eth0 in ${box}>${web}`],
      ])
      expect(way(seen, 'reply')).toEqual([
        ...[`node1:eth0 out ${web}>${box}`, `node1:veth in ${web}>${box}`],
        ...[`node1:veth out ${web}>${box}`, `node1:eth0 in ${web}>${box}`],
      ])
      expect(seen.sightings.map(({ atMs }) => atMs)).toEqual(
        seen.sightings.map(({ atMs }) => atMs).toSorted((a, b) => a - b),
      )
      expect(seen.sightings[0]).toMatchObject({ namespace, link: 'eth0', direction: 'out' })
      // Frames on a bridge come by the rules of the host, since br_netfilter hands them there.
      expect(hits(seen)).toEqual(
        expect.arrayContaining(['node1 filter FORWARD accept', 'node1 filter DOCKER-USER return']),
      )
      expect(hits(seen, 'reply')).toContain('node1 filter FORWARD accept')
    })
  }

  it('is translated on its way to another host', async () => {
    const box = await addressOf('box')
    const seen = await observe('node1', {
      namespace: await namespaceOf('box'),
      address: '192.168.1.12',
      protocol: 'icmp',
    })
    expect(seen.outcome).toBe('answered')
    expect(way(seen, 'request')).toEqual([
      ...[`node1:eth0 out ${box}>192.168.1.12`, `node1:veth in ${box}>192.168.1.12`],
      ...[`node1:docker0 in ${box}>192.168.1.12`, 'node1:eth0 out 192.168.1.11>192.168.1.12'],
      ...['lan/node1: in 192.168.1.11>192.168.1.12', 'lan/node2: out 192.168.1.11>192.168.1.12'],
      'node2:eth0 in 192.168.1.11>192.168.1.12',
    ])
    const masquerade = seen.ruleHits.find(({ verdict }) => verdict === 'masquerade')
    expect(masquerade).toMatchObject({
      ...{ host: 'node1', family: 'ip', table: 'nat', chain: 'POSTROUTING', policy: false, role: 'request' },
      ...{
        inLink: 'docker0',
        outLink: 'eth0',
        rule: expect.stringMatching(/^ip saddr 172\.17\.0\.0\/16 .*masquerade/),
      },
    })
    expect(seen.sightings.filter(({ role }) => role === 'request').map(({ frame }) => frame.ip!.hops)).toEqual([
      64, 64, 64, 63, 63, 63, 63,
    ])
  })

  it('is translated on its way to a published port', async () => {
    const web = await addressOf('web')
    const seen = await observe('laptop', { address: '192.168.1.11', protocol: 'tcp', port: 8080 })
    expect(seen).toMatchObject({ outcome: 'answered', detail: 'connected' })
    expect(seen.ruleHits.find(({ verdict }) => verdict === 'dnat')).toMatchObject({
      ...{
        host: 'node1',
        table: 'nat',
        chain: 'DOCKER',
        inLink: 'eth0',
        rule: expect.stringContaining(`dnat to ${web}:80`),
      },
    })
    expect(way(seen, 'request').at(-1)).toBe(`node1:eth0 in 192.168.1.50>${web}`)
    expect(way(seen, 'reply').at(-1)).toBe('laptop:eth0 in 192.168.1.11>192.168.1.50')
    const last = seen.sightings.findLast(({ role }) => role === 'request')!.frame.ip!
    expect(last).toMatchObject({ destinationPort: 80, protocol: 'tcp' })
  })

  it('as a datagram, and comes back', async () => {
    await sh(
      'node2',
      'nohup perl -MSocket -e \'socket(my $s, 2, 2, 17); bind($s, sockaddr_in(99, INADDR_ANY)); while (my $f = recv($s, my $b, 999, 0)) { send($s, "hello", 0, $f) }\' >/dev/null 2>&1 & until ss -lun | grep -q ":99 "; do sleep 0.05; done',
    )
    const seen = await observe('laptop', { address: '192.168.1.12', protocol: 'udp', port: 99 })
    expect(seen.outcome).toBe('answered')
    expect(way(seen, 'reply').at(-1)).toBe('laptop:eth0 in 192.168.1.12>192.168.1.50')
  })

  it('by IPv6', async () => {
    for (const packet of [{ protocol: 'icmp' }, { protocol: 'tcp', port: 8080 }] as const) {
      const seen = await observe('laptop', { address: 'fd00:1::b', ...packet })
      expect(seen.outcome).toBe('answered')
      expect(way(seen, 'request').at(-1)).toContain('fd00:1::32>fd00:1::b')
      expect(way(seen, 'reply').at(-1)).toBe('laptop:eth0 in fd00:1::b>fd00:1::32')
    }
  })

  it('in the order in which it came by, each time', async () => {
    const hops = ['laptop:eth0 out', 'lan/laptop: in', 'lan/node2: out', 'node2:eth0 in']
    const back = ['node2:eth0 out', 'lan/node2: in', 'lan/laptop: out', 'laptop:eth0 in']
    for (let time = 1; time <= 40; time++) {
      const seen = await observe('laptop', { address: '192.168.1.12', protocol: 'icmp' })
      expect(way(seen, 'request').map((hop) => hop.replace(/ [^ ]*$/, ''))).toEqual(hops)
      expect(way(seen, 'reply').map((hop) => hop.replace(/ [^ ]*$/, ''))).toEqual(back)
    }
  })

  it('on a macvlan, after its parent', async () => {
    await sh(
      'node2',
      `docker network create -d macvlan --subnet 192.168.1.0/24 --gateway 192.168.1.1 -o parent=eth0 lan_net
       docker run -d --name child --network lan_net --ip 192.168.1.130 busybox sleep 9999`,
    )
    const namespace = await namespaceOf('child', 'node2')
    const there = await observe('laptop', { address: '192.168.1.130', protocol: 'icmp' })
    const { sightings } = await observe('node2', { namespace, address: '192.168.1.50', protocol: 'icmp' })
    await sh('node2', 'docker rm -f child; docker network rm lan_net')
    const last = (all: Sighting[], role: Sighting['role']) =>
      all
        .filter((sighting) => sighting.role === role)
        .slice(-2)
        .map((sighting) => sighting.namespace === namespace)
    expect([last(there.sightings, 'request'), last(sightings, 'reply')]).toEqual([
      [false, true],
      [false, true],
    ])
  })

  it('to the sender itself', async () => {
    const seen = await observe('node1', { address: '127.0.0.1', protocol: 'icmp' })
    expect(seen.outcome).toBe('answered')
    expect(way(seen, 'request')).toEqual(['node1:lo out 127.0.0.1>127.0.0.1', 'node1:lo in 127.0.0.1>127.0.0.1'])
  })
})

describe('a packet that does not arrive', () => {
  it('is dropped by a rule of DOCKER-USER', async () => {
    const web = await addressOf('web')
    await sh(
      'node1',
      `iptables -I DOCKER-USER -d ${web} -p tcp --dport 80 -m comment --comment "# handle 1 reject" -j DROP`,
    )
    const seen = await observe('laptop', { address: '192.168.1.11', protocol: 'tcp', port: 8080, timeoutMs: 300 })
    await sh('node1', `iptables -D DOCKER-USER 1`)
    expect(seen).toMatchObject({ outcome: 'silent', detail: 'no answer' })
    expect(seen.ruleHits.at(-1)).toMatchObject({
      ...{ host: 'node1', table: 'filter', chain: 'DOCKER-USER', verdict: 'drop', policy: false, role: 'request' },
      ...{ inLink: 'eth0', outLink: 'docker0', rule: expect.stringMatching(/^ip daddr .* tcp dport 80 .*drop$/) },
    })
    expect(way(seen, 'request').at(-1)).not.toContain(`>${web}`)
  })

  it('is rejected', async () => {
    await sh('node2', 'iptables -A INPUT -p udp --dport 77 -j REJECT')
    const seen = await observe('laptop', { address: '192.168.1.12', protocol: 'udp', port: 77 })
    expect(seen).toMatchObject({ outcome: 'refused', detail: 'Connection refused' })
    expect(seen.ruleHits.filter(({ role }) => role === 'request').at(-1)).toMatchObject({
      chain: 'INPUT',
      verdict: 'reject',
    })
    expect(way(seen, 'error').at(-1)).toBe('laptop:eth0 in 192.168.1.12>192.168.1.50')
    const about = seen.sightings.find(({ role }) => role === 'error')!.frame.ip!.icmp!.about
    expect(about).toMatchObject({ destination: '192.168.1.12', destinationPort: 77 })
  })

  it('is dropped by a policy', async () => {
    await sh('node2', 'iptables -P INPUT DROP')
    const seen = await observe('laptop', { address: '192.168.1.12', protocol: 'icmp', timeoutMs: 300 })
    await sh('node2', 'iptables -P INPUT ACCEPT')
    expect(seen.outcome).toBe('silent')
    expect(seen.ruleHits.at(-1)).toMatchObject({
      host: 'node2',
      table: 'filter',
      chain: 'INPUT',
      verdict: 'drop',
      policy: true,
      inLink: 'eth0',
    })
    expect(seen.ruleHits.at(-1)).not.toHaveProperty('rule')
  })

  it('is kept within its bridge', async () => {
    const seen = await observe('node1', {
      ...{
        namespace: await namespaceOf('box'),
        address: await addressOf('far', 'other'),
        protocol: 'icmp',
        timeoutMs: 300,
      },
    })
    expect(seen.outcome).toBe('silent')
    expect(hits(seen).at(-1)).toBe('node1 filter DOCKER-ISOLATION-STAGE-2 drop')
  })

  it('meets nobody who listens', async () => {
    const seen = await observe('node1', {
      namespace: await namespaceOf('box'),
      address: await addressOf('web'),
      protocol: 'tcp',
      port: 81,
    })
    expect(seen).toMatchObject({ outcome: 'refused', detail: 'Connection refused' })
    const answer = seen.sightings.findLast(({ role }) => role === 'reply')!
    expect(answer.frame.ip!.tcp!.flags).toBe('RA')
  })

  it('finds nobody with that address', async () => {
    const seen = await observe('laptop', { address: '192.168.1.99', protocol: 'icmp', timeoutMs: 300 })
    expect(seen.outcome).toBe('silent')
    expect(way(seen, 'request')).toEqual([])
    const question = seen.sightings.find(({ role }) => role === 'neighbour')!
    expect(question).toMatchObject({
      ...{ host: 'laptop', link: 'eth0', direction: 'out' },
      frame: { neighbour: { kind: 'question', target: '192.168.1.99', senderAddress: '192.168.1.50' } },
    })
  })

  it('has no way', async () => {
    // Else one of them may ask just then whether a neighbour of an earlier test is still there.
    for (const host of ['node1', 'node2', 'laptop']) await sh(host, 'ip neigh flush dev eth0')
    const alone = await observe('node1', {
      namespace: await namespaceOf('alone'),
      address: '192.168.1.12',
      protocol: 'icmp',
    })
    expect(alone).toMatchObject({ outcome: 'unroutable', detail: 'Network is unreachable', sightings: [] })
    const world = await observe('laptop', { address: '203.0.113.9', protocol: 'tcp', port: 80 })
    expect(world.outcome).toBe('unroutable')
    expect(way(world, 'error').at(-1)).toBe('laptop:eth0 in 192.168.1.1>192.168.1.50')
  })

  it('is too long', async () => {
    const own = await observe('laptop', { address: '192.168.1.12', protocol: 'icmp', size: 2000 })
    expect(own).toMatchObject({ outcome: 'too-long', detail: 'Message too long' })
    await sh('node1', 'ip link set eth0 mtu 1400')
    // Twice: what the kernel learns by the first must not hide the second.
    for (const _ of [1, 2]) {
      const onTheWay = await observe('node1', {
        namespace: await namespaceOf('box'),
        address: '192.168.1.12',
        protocol: 'icmp',
        size: 1500,
      })
      expect(onTheWay.outcome).toBe('too-long')
      const error = onTheWay.sightings.find(({ role }) => role === 'error')!.frame.ip!.icmp!
      expect(error).toMatchObject({ type: 3, code: 4, mtu: 1400 })
    }
    await sh('node1', 'ip link set eth0 mtu 1500')
    const fits = await observe('node1', {
      namespace: await namespaceOf('box'),
      address: '192.168.1.12',
      protocol: 'icmp',
      size: 1500,
    })
    expect(fits.outcome).toBe('answered')
    expect(fits.sightings.find(({ role }) => role === 'request')!.frame).toMatchObject({
      length: 1514,
      ip: { length: 1500, dontFragment: true },
    })
  })

  it('is cut off from its LAN', async () => {
    await racks.setLink(rack.id, 'lan', 'node2', 'cut')
    const seen = await observe('laptop', { address: '192.168.1.12', protocol: 'icmp', timeoutMs: 300 })
    await racks.setLink(rack.id, 'lan', 'node2', 'mended')
    expect(seen.outcome).toBe('silent')
    expect(seen.sightings.filter(({ host }) => host === 'node2')).toEqual([])
  })
})

it('is seen in a tunnel between two hosts, with the rules that it meets outside', async () => {
  const token = await sh(
    'node1',
    'docker swarm init --advertise-addr 192.168.1.11 >/dev/null; docker swarm join-token -q worker',
  )
  await sh('node2', `docker swarm join --token ${token} 192.168.1.11:2377`)
  await sh(
    'node1',
    'docker network create -d overlay --attachable --subnet 10.50.0.0/24 wide; docker run -d --name one --network wide --ip 10.50.0.10 busybox sleep 9999',
  )
  await sh('node2', 'docker run -d --name two --network wide --ip 10.50.0.20 busybox sleep 9999')
  const namespace = await namespaceOf('one')
  const first = await observe('node1', { namespace, address: '10.50.0.20', protocol: 'icmp' })
  expect(first.outcome).toBe('answered')
  const tunnelled = first.sightings.filter(({ role, frame }) => role === 'request' && frame.vxlan)
  expect(tunnelled.map(({ host, lanPort, direction }) => `${host ?? lanPort} ${direction}`).toSorted()).toEqual(
    ['node1 out', 'node1 in', 'node2 out', 'node2 in'].toSorted(),
  )
  expect(tunnelled[0]!.frame).toMatchObject({
    ip: { source: '192.168.1.11', destination: '192.168.1.12', protocol: 'udp', destinationPort: 4789 },
    vxlan: { id: 4097, inner: { ip: { source: '10.50.0.10', destination: '10.50.0.20', protocol: 'icmp' } } },
  })
  const vxlan = first.sightings.filter(({ link, role }) => role === 'request' && link.startsWith('vxlan'))
  expect(vxlan.map(({ host, direction }) => `${host} ${direction}`)).toEqual(['node1 out', 'node2 in'])

  for (const protocol of ['icmp', 'tcp'] as const) {
    await sh('node2', 'iptables -I INPUT -p udp --dport 4789 -j DROP')
    const port = protocol === 'tcp' ? { port: 80 } : {}
    const blocked = await observe('node1', { namespace, address: '10.50.0.20', protocol, ...port, timeoutMs: 300 })
    await sh('node2', 'iptables -D INPUT 1')
    expect(blocked.outcome).toBe('silent')
    expect(hits(blocked).at(-1)).toBe('node2 filter INPUT drop')
  }
}, 120_000)

it('leaves nothing, whether it ends or is aborted', async () => {
  expect(await left()).toEqual([])
  const abort = new AbortController()
  const slow = racks.observe(
    rack.id,
    'laptop',
    { address: '192.168.1.99', protocol: 'icmp', timeoutMs: 5000 },
    { signal: abort.signal },
  )
  await expect.poll(async () => (await left()).length, { timeout: 10_000 }).toBe(3)
  abort.abort()
  await expect(slow).rejects.toMatchObject({ name: 'AbortError' })
  await expect.poll(left, { timeout: 5000 }).toEqual([])
})

it('is told of in a flood of other packets', async () => {
  await sh('node2', 'nohup sh -c "timeout 20 ping -f -s 1000 192.168.1.11" >/dev/null 2>&1 &')
  const seen = await racks.observe(rack.id, 'laptop', { address: '192.168.1.11', protocol: 'tcp', port: 8080 })
  expect(seen.outcome).toBe('answered')
  expect(way(seen, 'reply').at(-1)).toBe('laptop:eth0 in 192.168.1.11>192.168.1.50')
  expect(hits(seen)).toContain('node1 nat DOCKER dnat')
  await sh('node2', 'pkill ping')
})

it('is sent only if it makes sense', async () => {
  const nonsense: [TracedPacket, string][] = [
    [{ address: '192.168.1.12; true', protocol: 'icmp' }, 'argument.invalid'],
    [{ address: '192.168.1.12', protocol: 'tcp' }, 'argument.invalid'],
    [{ address: '192.168.1.12', protocol: 'icmp', size: 99_999 }, 'argument.invalid'],
  ]
  for (const [packet, code] of nonsense) {
    await expect(racks.observe(rack.id, 'node1', packet)).rejects.toMatchObject({ code })
  }
  await expect(racks.observe(rack.id, 'nobody', { address: '1.1.1.1', protocol: 'icmp' })).rejects.toMatchObject({
    code: 'host.not-found',
  })
  const machine = readlinkInode('/proc/self/ns/net')
  const outside = await racks.observe(rack.id, 'node1', { namespace: machine, address: '127.0.0.1', protocol: 'icmp' })
  expect(outside).toMatchObject({ outcome: 'error', sightings: [] })
})

function readlinkInode(path: string): string {
  return readlinkSync(path).replace(/\D/g, '')
}
