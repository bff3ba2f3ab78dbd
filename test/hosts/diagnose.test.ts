import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { diagnose } from '../../server/diagnosis/diagnose.js'
import type { DiagnosisReport, StageName } from '../../server/diagnosis/report.js'
import { LocalRacks } from '../../server/rack/local-racks.js'
import { RackGround } from '../../server/racks/rack-ground.js'
import type { RackInfo } from '../../server/racks/racks.js'
import { testState } from './state.js'

/** Each fault made on real hosts, and named in its stage; mended, the container is healthy again. */

let racks: LocalRacks
let rack: RackInfo

async function sh(host: string, script: string): Promise<string> {
  const result = await racks.exec(rack.id, host, ['sh', '-c', script], { timeoutMs: 60_000 })
  if (result.failed) throw new Error(`${host}: ${script}\n${result.stdout}${result.stderr}`)
  return result.stdout.trim()
}

async function reportOn(container: string): Promise<DiagnosisReport> {
  const report = await diagnose(new RackGround(racks, rack.id), { container, home: 'node1' })
  // Longer than this a learner does not wait; a busy machine may need the double of the ten seconds.
  expect(report.durationMs).toBeLessThan(20_000)
  return report
}

const found = ({ stages }: DiagnosisReport) =>
  stages.flatMap(({ name, findings }) =>
    findings.filter(({ outcome }) => outcome === 'problem').map(({ text }) => `${name}: ${text.en}`),
  )

beforeAll(async () => {
  racks = await LocalRacks.start(testState)
  rack = await racks.open({
    hosts: { node1: 'docker', node2: 'docker', laptop: 'plain' },
    lans: {
      lan: {
        ...{ subnet: '192.168.1.0/24', subnet6: 'fd00:1::/64' },
        at: {
          node1: { address: '.11', address6: '::11' },
          node2: { address: '.12', address6: '::12' },
          laptop: { address: '.50', address6: '::50' },
        },
      },
    },
  })
  await sh('node1', 'docker network create --subnet 172.25.0.0/24 shop')
  await sh('node1', 'docker run -d --name web --network shop --ip 172.25.0.9 -p 8080:80 nginx')
  await sh('node1', 'docker run -d --name api --network shop busybox sleep 9999')
})
afterAll(async () => {
  await racks?.closeAll()
})

it('finds nothing wrong with a web server that is published', async () => {
  const report = await reportOn('web')
  expect(found(report)).toEqual([])
  expect(report.stages.map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'ok', 'ok'])
  expect(report.outcome).toBe('healthy')
  const said = JSON.stringify(report.stages)
  for (const shown of ['172.25.0.9', 'api', 'laptop', 'DNAT', 'MASQUERADE', '192.168.1.1'])
    expect(said).toContain(shown)
})

/** A fault, how it is made and unmade on node1, of whom, in which stage, and words of it. */
const faults: [what: string, container: string, stage: StageName, says: RegExp, make: string, unmake: string][] = [
  ['stopped', 'web', 'itself', /`web` is `exited`/, 'docker stop -t 1 web', 'docker start web'],
  ['paused', 'web', 'itself', /paused/, 'docker pause web', 'docker unpause web'],
  [
    'no network',
    'lone',
    'itself',
    /--network none/,
    'docker run -d --name lone --network none busybox sleep 9999',
    'docker rm -f lone',
  ],
  [
    'listening on loopback only',
    'shy',
    'itself',
    /`tcp 7000` is open only on its loopback/,
    'docker run -d --name shy --network shop netshoot nc -lk 127.0.0.1 7000; sleep 1',
    'docker rm -f shy',
  ],
  [
    'default bridge, from a published port to one that nobody listens on',
    'wrong',
    'from-outside',
    /where no program listens: it listens on `80`/,
    'docker run -d --name wrong -p 8081:8080 nginx',
    'docker rm -f wrong',
  ],
  [
    'dropped in DOCKER-USER',
    'web',
    'outside',
    /does not reach .*though `node1` does/,
    'iptables -I DOCKER-USER -s 172.25.0.9 -j DROP',
    'iptables -D DOCKER-USER -s 172.25.0.9 -j DROP',
  ],
  [
    'visitors dropped in DOCKER-USER',
    'web',
    'from-outside',
    /`laptop` cannot connect.*DOCKER-USER/,
    'iptables -I DOCKER-USER -p tcp --dport 80 -j DROP',
    'iptables -D DOCKER-USER -p tcp --dport 80 -j DROP',
  ],
  [
    'forwarding off',
    'web',
    'outside',
    /IP forwarding is off on `node1`/,
    'sysctl -qw net.ipv4.ip_forward=0',
    'sysctl -qw net.ipv4.ip_forward=1',
  ],
  [
    'no masquerade',
    'web',
    'outside',
    /no rule on `node1` masquerades/,
    'iptables -t nat -D POSTROUTING -s 172.25.0.0/24 ! -o br-$(docker network inspect -f "{{slice .Id 0 12}}" shop) -j MASQUERADE',
    'iptables -t nat -A POSTROUTING -s 172.25.0.0/24 ! -o br-$(docker network inspect -f "{{slice .Id 0 12}}" shop) -j MASQUERADE',
  ],
  [
    'published on loopback',
    'inner',
    'from-outside',
    /published on `127.0.0.1`/,
    'docker run -d --name inner --network shop -p 127.0.0.1:8082:80 nginx',
    'docker rm -f inner',
  ],
  [
    'ICC off',
    'left',
    'same-network',
    /does not reach `right`.*enable_icc=false/,
    'docker network create -o com.docker.network.bridge.enable_icc=false apart; for one in left right; do docker run -d --name $one --network apart busybox sleep 9999; done',
    'docker rm -f left right; docker network rm apart',
  ],
  [
    'address twice',
    'web',
    'same-network',
    /`172.25.0.9` is also that of `node1\/twin`/,
    'docker run -d --name twin --network shop --privileged busybox sh -c "ip addr add 172.25.0.9/24 dev eth0; sleep 9999"; sleep 1',
    'docker rm -f twin',
  ],
  [
    'input dropped',
    'web',
    'same-network',
    /the gateway `172.25.0.1` of `shop` does not answer.*INPUT/,
    'iptables -I INPUT -s 172.25.0.0/24 -j DROP',
    'iptables -D INPUT -s 172.25.0.0/24 -j DROP',
  ],
]

/** Makes a fault, and looks that the diagnosis of a container names it in its stage. */
async function isNamed(container: string, stage: string, says: RegExp, make: string, unmake: string): Promise<void> {
  await sh('node1', make)
  try {
    const report = await reportOn(container)
    expect(report.outcome).toBe('faulty')
    const here = found(report).filter((one) => one.startsWith(`${stage}: `))
    expect(
      here.some((one) => says.test(one)),
      found(report).join('\n'),
    ).toBe(true)
  } finally {
    await sh('node1', unmake)
  }
}

describe('a fault is named in its stage', () => {
  it.each(faults)('%s', async (_what, container, ...fault) => isNamed(container, ...fault))

  it('and a cable that was pulled, as one of the host', async () => {
    await racks.setLink(rack.id, 'lan', 'node1', 'cut')
    try {
      const report = await reportOn('web')
      expect(found(report).join('\n')).toMatch(/outside: neither it nor `node1` reaches the LAN's gateway/)
    } finally {
      await racks.setLink(rack.id, 'lan', 'node1', 'mended')
    }
  })

  it('and all is well again afterwards', async () => {
    await expect.poll(async () => found(await reportOn('web')), { timeout: 30_000 }).toEqual([])
  })
})

const inSix = 'nsenter -t $(docker inspect -f "{{.State.Pid}}" six) -n'

/** As above, of a container on a network of both families. */
const faultsOfSix: [what: string, stage: StageName, says: RegExp, make: string, unmake: string][] = [
  [
    'a rule against pings in a neighbour',
    'same-network',
    /does not reach `pair` on `twin` by IPv6: .*`ip6 filter` on `node1\/pair`/,
    'nsenter -t $(docker inspect -f "{{.State.Pid}}" pair) -n ip6tables -A INPUT -p icmpv6 --icmpv6-type echo-request -j DROP',
    'nsenter -t $(docker inspect -f "{{.State.Pid}}" pair) -n ip6tables -F INPUT',
  ],
  [
    'a rule against its port',
    'same-network',
    /`pair` on `twin` cannot connect to its `\[fd00:26::9\]:80`: .*`ip6 filter` on `node1\/six`/,
    `${inSix} ip6tables -A INPUT -p tcp --dport 80 -j DROP`,
    `${inSix} ip6tables -F INPUT`,
  ],
  [
    'no default route',
    'outside',
    /it has no default route of IPv6/,
    `${inSix} ip -6 route del default`,
    `${inSix} ip -6 route add default via fd00:26::1`,
  ],
  [
    'forwarding off',
    'outside',
    /IP forwarding of IPv6 is off on `node1`: .*`net\.ipv6\.conf\.all\.forwarding` is 0/,
    'sysctl -qw net.ipv6.conf.all.forwarding=0',
    'sysctl -qw net.ipv6.conf.all.forwarding=1',
  ],
  [
    'IPv6 switched off in it',
    'itself',
    /has lost its IPv6 address `fd00:26::9`: .*switched off on `eth0`/,
    `${inSix} sysctl -qw net.ipv6.conf.all.disable_ipv6=1`,
    'docker restart -t 0 six',
  ],
  [
    'a program of IPv6 alone on a network of IPv4',
    'itself',
    /`tcp 7000` is open only by IPv6/,
    'docker rm -f six; docker run -d --name six --network shop netshoot socat TCP6-LISTEN:7000,ipv6only=1,fork PIPE; sleep 1',
    'docker rm -f six',
  ],
]

describe('IPv6 is spoken of as IPv4', () => {
  beforeAll(async () => {
    await sh(
      'node1',
      `docker network create --ipv6 --subnet 172.26.0.0/24 --subnet fd00:26::/64 twin
      docker run -d --name six --network twin --ip6 fd00:26::9 nginx
      docker run -d --name pair --network twin --ip6 fd00:26::a netshoot sleep infinity; sleep 2`,
    )
  })

  it('and nothing is wrong at first', async () => {
    const report = await reportOn('six')
    expect(found(report)).toEqual([])
    const said = JSON.stringify(report.stages)
    for (const shown of ['by IPv6', 'fd00:26::1', '[fd00:26::9]:80', 'translates no IPv6 addresses'])
      expect(said).toContain(shown)
  })

  it.each(faultsOfSix)('%s', async (_what, ...fault) => isNamed('six', ...fault))
})

describe('what is no fault', () => {
  it('names on the default bridge, but a note says why they do not resolve', async () => {
    await sh('node1', 'for one in a b; do docker run -d --name old-$one busybox sleep 9999; done')
    const report = await reportOn('old-a')
    expect(found(report)).toEqual([])
    expect(report.outcome).toBe('healthy')
    expect(JSON.stringify(report.stages)).toContain('names of containers do not resolve on the default `bridge`')
    await sh('node1', 'docker rm -f old-a old-b')
  })

  it('host, internal and macvlan networks', async () => {
    await sh('node1', 'docker run -d --name own --network host busybox sleep 9999')
    await sh(
      'node1',
      'docker network create --internal vault; docker run -d --name safe --network vault busybox sleep 9999',
    )
    await sh(
      'node1',
      'docker network create -d macvlan --subnet 192.168.1.0/24 --gateway 192.168.1.1 -o parent=eth0 mac; docker run -d --name child --network mac --ip 192.168.1.77 nginx',
    )
    for (const name of ['own', 'safe', 'child']) {
      const report = await reportOn(name)
      expect(found(report), name).toEqual([])
      expect(report.outcome, name).toBe('healthy')
    }
  })
})

it('reaches across hosts on an overlay, and says when the tunnel is blocked', async () => {
  await sh('node1', 'docker swarm init --advertise-addr 192.168.1.11')
  const token = await sh('node1', 'docker swarm join-token -q worker')
  await sh('node2', `docker swarm join --token ${token} 192.168.1.11:2377`)
  await sh(
    'node1',
    'docker network create -d overlay --attachable app; docker run -d --name one --network app busybox sleep 9999',
  )
  await expect
    .poll(() => sh('node2', 'docker run -d --name two --network app busybox sleep 9999').catch(() => ''), {
      timeout: 60_000,
    })
    .not.toBe('')
  await expect.poll(async () => found(await reportOn('one')), { timeout: 60_000, interval: 1000 }).toEqual([])
  const well = await reportOn('one')
  expect(JSON.stringify(well)).toContain('node2/two')
  expect(well.outcome).toBe('healthy')
  await sh('node1', 'iptables -I INPUT -p udp --dport 4789 -j DROP')
  const report = await reportOn('one')
  expect(found(report).join('\n')).toMatch(/same-network: it does not reach `node2\/two` on `app`/)
})
