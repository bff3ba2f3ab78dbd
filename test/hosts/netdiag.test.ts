import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { filesDirectory } from '../../server/rack/golden/inputs.js'
import { LocalRacks } from '../../server/rack/local-racks.js'
import type { RackInfo } from '../../server/racks/racks.js'
import { testState } from './state.js'

/** The learner's own diagnosis, within a host: healthy where nothing is wrong, and each fault said in its section. */

let racks: LocalRacks
let rack: RackInfo

const run = (argv: string[], env: Record<string, string> = {}) =>
  racks.exec(rack.id, 'node1', argv, { timeoutMs: 60_000, env })

async function sh(script: string): Promise<string> {
  const result = await run(['sh', '-c', script])
  if (result.failed) throw new Error(`${script}\n${result.stdout}${result.stderr}`)
  return result.stdout.trim()
}

/** What it prints, by its four sections and the last sentence. */
async function netdiag(argv: string[], env: Record<string, string> = {}) {
  const { stdout, stderr, exitCode, durationMs } = await run(['netdiag', ...argv], env)
  const sections = stdout.split(/\n\n/)
  return { exitCode, stdout, stderr, durationMs, sections: sections.slice(1, 5), last: sections.at(-1)!.trim() }
}

beforeAll(async () => {
  racks = await LocalRacks.start(testState)
  rack = await racks.open({
    hosts: { node1: 'docker', laptop: 'plain' },
    lans: {
      lan: {
        ...{ subnet: '192.168.1.0/24', subnet6: 'fd00:1::/64' },
        at: { node1: { address: '.11', address6: '::11' }, laptop: { address: '.50', address6: '::50' } },
      },
    },
  })
  await sh('docker network create --subnet 172.25.0.0/24 shop')
  await sh('docker run -d --name web --network shop --ip 172.25.0.9 -p 8080:80 nginx')
  await sh('docker run -d --name api --network shop busybox sleep 9999')
})
afterAll(async () => {
  await racks?.closeAll()
})

it('is part of every host', async () => {
  expect(await sh('cat /usr/local/bin/netdiag')).toBe(
    readFileSync(join(filesDirectory, 'usr', 'local', 'bin', 'netdiag'), 'utf8').trim(),
  )
  const parts = readdirSync(join(filesDirectory, 'usr', 'local', 'lib', 'netdiag')).toSorted()
  expect(await sh('ls /usr/local/lib/netdiag')).toBe(parts.join('\n'))
})

it('finds nothing wrong with a web server that is published, and leaves nothing running', async () => {
  const report = await netdiag(['web'])
  expect(report.exitCode, report.stdout).toBe(0)
  expect(report.sections.map((section) => section.split('\n')[0])).toEqual([
    '1  The container itself',
    '2  Same network',
    '3  To the outside',
    '4  From the outside',
  ])
  for (const shown of ['172.25.0.1', 'api', '127.0.0.11', '-j MASQUERADE', '-j DNAT', '192.168.1.1', '192.168.1.50']) {
    expect(report.stdout).toContain(shown)
  }
  expect(report.stdout).not.toContain('✗')
  expect(report.last).toBe('Nothing is wrong with web.')
  // Colours are for terminals.
  expect(report.stdout).not.toContain('\u001b')
  expect(report.stderr).toBe('')
  // Ten seconds on an idle machine; it ends by itself on a busy one too.
  expect(report.durationMs).toBeLessThan(45_000)
  expect(await sh('pgrep -x ping; pgrep -x arping; pgrep -x dig; true')).toBe('')
})

it('speaks Chinese when asked, or when the shell does', async () => {
  for (const [argv, env] of [
    [['web', '--lang', 'zh'], {}],
    [['web'], { LANG: 'zh_CN.UTF-8' }],
    [['web'], { LANG: 'en_GB.UTF-8', LC_ALL: 'zh_CN.UTF-8' }],
  ] as const) {
    const report = await netdiag([...argv], env)
    expect(report.sections[0]).toContain('1  容器自身')
    expect(report.last).toBe('web 没有问题。')
  }
  expect((await netdiag(['web', '--lang=en'], { LANG: 'zh_CN.UTF-8' })).last).toContain('Nothing is wrong')
})

const inWeb = 'nsenter -t $(docker inspect -f "{{.State.Pid}}" web) -n'

/** A fault, how it is made and unmade, of whom, in which section, and words of it. */
const faults: [what: string, container: string, section: number, says: RegExp, make: string, unmake: string][] = [
  ['stopped', 'web', 1, /does not run: it is exited/, 'docker stop -t 1 web', 'docker start web'],
  [
    'ending soon after each start, seen while it runs',
    'flap',
    1,
    /ends soon after each start: it was started again \d+ times/,
    `docker run -d --restart always --name flap busybox sh -c 'sleep 3; exit 1'
      for n in $(seq 300); do
        [ "$(docker inspect -f '{{.State.Running}} {{ge .RestartCount 2}}' flap)" = 'true true' ] && break; sleep 0.1
      done`,
    'docker rm -f flap',
  ],
  ['paused', 'web', 1, /is paused/, 'docker pause web', 'docker unpause web'],
  [
    'no network',
    'lone',
    1,
    /no network/,
    'docker run -d --name lone --network none busybox sleep 99',
    'docker rm -f lone',
  ],
  [
    'listening on loopback only',
    'shy',
    1,
    /loopback alone/,
    'docker run -d --name shy --network shop netshoot nc -lk 127.0.0.1 7000; sleep 1',
    'docker rm -f shy',
  ],
  [
    'address twice',
    'web',
    2,
    /somebody else has the address 172\.25\.0\.9 too/,
    'docker run -d --name twin --network shop --privileged busybox sh -c "ip addr add 172.25.0.9/24 dev eth0; sleep 99"; sleep 1',
    'docker rm -f twin',
  ],
  [
    'ICC off',
    'left',
    2,
    /right .* does not answer: its network was made without communication .*\n.*enable_icc=false/,
    'docker network create -o com.docker.network.bridge.enable_icc=false apart; for one in left right; do docker run -d --name $one --network apart busybox sleep 99; done',
    'docker rm -f left right; docker network rm apart',
  ],
  [
    'input dropped',
    'web',
    2,
    /gateway 172\.25\.0\.1 does not answer: on node1 a rule of chain INPUT .*\n.*-A INPUT -s 172\.25\.0\.0\/24 -j DROP/,
    'iptables -I INPUT -s 172.25.0.0/24 -j DROP',
    'iptables -D INPUT -s 172.25.0.0/24 -j DROP',
  ],
  [
    'forwarding off',
    'web',
    3,
    /IP forwarding is off/,
    'sysctl -qw net.ipv4.ip_forward=0',
    'sysctl -qw net.ipv4.ip_forward=1',
  ],
  [
    'no masquerade',
    'web',
    3,
    /no rule masquerades 172\.25\.0\.0\/24/,
    'iptables -t nat -D POSTROUTING -s 172.25.0.0/24 ! -o br-$(docker network inspect -f "{{slice .Id 0 12}}" shop) -j MASQUERADE',
    'iptables -t nat -A POSTROUTING -s 172.25.0.0/24 ! -o br-$(docker network inspect -f "{{slice .Id 0 12}}" shop) -j MASQUERADE',
  ],
  [
    'dropped in DOCKER-USER',
    'web',
    3,
    /does not answer it, though it answers this host: on node1 a rule of chain DOCKER-USER .*\n.*-A DOCKER-USER -s 172\.25\.0\.9\/32 -j DROP/,
    'iptables -I DOCKER-USER -s 172.25.0.9 -j DROP',
    'iptables -D DOCKER-USER -s 172.25.0.9 -j DROP',
  ],
  [
    'a rule of its own',
    'web',
    2,
    /api can not connect to its port 80 at 172\.25\.0\.9: on web a rule of chain INPUT .*\n.*-A INPUT -p tcp .*--dport 80 -j DROP/,
    `${inWeb} iptables -A INPUT -p tcp --dport 80 -j DROP`,
    `${inWeb} iptables -F INPUT`,
  ],
  [
    'forwarding off at one link',
    'web',
    3,
    /IP forwarding is off on this host: net\.ipv4\.conf\.eth0\.forwarding/,
    'sysctl -qw net.ipv4.conf.eth0.forwarding=0',
    'sysctl -qw net.ipv4.conf.eth0.forwarding=1',
  ],
  [
    'answers that would leave by another link',
    'web',
    2,
    /this host takes nothing from 172\.25\.0\.9 by br-/,
    `sysctl -qw net.ipv4.conf.all.rp_filter=1; ip route add 172.25.0.9/32 dev eth0`,
    'ip route del 172.25.0.9/32; sysctl -qw net.ipv4.conf.all.rp_filter=0',
  ],
  [
    'docker-proxy killed',
    'web',
    4,
    /can not connect to 127\.0\.0\.1:8080: no program, such as docker-proxy, listens there/,
    'pkill -x docker-proxy; sleep 1',
    'docker restart -t 0 web',
  ],
  [
    'another rule of NAT',
    'web',
    4,
    /another rule leads what comes for port 8080 to 172\.25\.0\.99:80/,
    'iptables -t nat -I PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 172.25.0.99:80',
    'iptables -t nat -D PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 172.25.0.99:80',
  ],
  [
    'no default route',
    'web',
    3,
    /no default route/,
    'nsenter -t $(docker inspect -f "{{.State.Pid}}" web) -n ip route del default',
    'nsenter -t $(docker inspect -f "{{.State.Pid}}" web) -n ip route add default via 172.25.0.1',
  ],
  [
    'published on loopback',
    'inner',
    4,
    /published on 127\.0\.0\.1/,
    'docker run -d --name inner --network shop -p 127.0.0.1:8082:80 nginx',
    'docker rm -f inner',
  ],
  [
    'published to a port that nobody listens on',
    'wrong',
    4,
    /leads to port 8080, where no program listens/,
    'docker run -d --name wrong -p 8081:8080 nginx',
    'docker rm -f wrong',
  ],
]

describe('a fault is said in its section', () => {
  it.each(faults)('%s', async (_what, container, section, says, make, unmake) => {
    await sh(make)
    try {
      const report = await netdiag([container])
      expect(report.exitCode, report.stdout + report.stderr).toBe(1)
      expect(report.sections[section - 1], report.stdout).toMatch(says)
      expect(report.last).toMatch(/^Begin with “.+”: /)
    } finally {
      await sh(unmake)
    }
  })

  it('and all is well again afterwards', async () => {
    await expect.poll(async () => (await netdiag(['web'])).last, { timeout: 60_000 }).toBe('Nothing is wrong with web.')
  })
})

const inSix = 'nsenter -t $(docker inspect -f "{{.State.Pid}}" six) -n'

/** As above, on a network of both families. */
const faultsOfSix: [what: string, section: number, says: RegExp, make: string, unmake: string][] = [
  [
    'a rule against pings',
    2,
    /twin: pair \(fd00:26::a\) does not answer: on pair a rule of chain INPUT .*\n.*-A INPUT -p ipv6-icmp .*DROP/,
    'nsenter -t $(docker inspect -f "{{.State.Pid}}" pair) -n ip6tables -A INPUT -p icmpv6 --icmpv6-type echo-request -j DROP',
    'nsenter -t $(docker inspect -f "{{.State.Pid}}" pair) -n ip6tables -F INPUT',
  ],
  [
    'a rule against its port',
    2,
    /pair can not connect to its port 80 at fd00:26::9: on six a rule of chain INPUT/,
    `${inSix} ip6tables -A INPUT -p tcp --dport 80 -j REJECT`,
    `${inSix} ip6tables -F INPUT`,
  ],
  [
    'no default route',
    3,
    /it has no default route of IPv6/,
    `${inSix} ip -6 route del default`,
    `${inSix} ip -6 route add default via fd00:26::1`,
  ],
  [
    'forwarding off',
    3,
    /IP forwarding is off on this host: net\.ipv6\.conf\.all\.forwarding/,
    'sysctl -qw net.ipv6.conf.all.forwarding=0',
    'sysctl -qw net.ipv6.conf.all.forwarding=1',
  ],
  [
    'IPv6 switched off in it',
    1,
    /the Engine gave it fd00:26::9 on twin, and IPv6 is switched off on eth0.*\n.*disable_ipv6 = 1/,
    `${inSix} sysctl -qw net.ipv6.conf.all.disable_ipv6=1`,
    'docker restart -t 0 six',
  ],
]

describe('it speaks of IPv6 as of IPv4', () => {
  beforeAll(async () => {
    await sh(`docker network create --ipv6 --subnet 172.26.0.0/24 --subnet fd00:26::/64 twin
      docker run -d --name six --network twin --ip6 fd00:26::9 nginx
      docker run -d --name pair --network twin --ip6 fd00:26::a netshoot socat TCP4-LISTEN:7000,fork,reuseaddr PIPE; sleep 2`)
  })

  it('and finds nothing wrong', async () => {
    const report = await netdiag(['six'])
    expect(report.exitCode, report.stdout).toBe(0)
    for (const shown of [
      'the gateway fd00:26::1 answers',
      'pair (fd00:26::a) answers',
      'its port 80 at fd00:26::9',
      'packets of IPv6',
      // Engines before 27 do so only where they are told to.
      'this Engine translates no addresses of IPv6',
    ])
      expect(report.stdout).toContain(shown)
    const pair = await netdiag(['pair'])
    expect(pair.exitCode, pair.stdout).toBe(0)
    expect(pair.sections[0]).toContain('tcp 7000 listens by IPv4 alone: nobody reaches it by IPv6')
  })

  it.each(faultsOfSix)('%s', async (_what, section, says, make, unmake) => {
    await sh(make)
    try {
      const report = await netdiag(['six'])
      expect(report.exitCode, report.stdout + report.stderr).toBe(1)
      expect(report.sections[section - 1], report.stdout).toMatch(says)
    } finally {
      await sh(unmake)
    }
  })
})

it('prints its findings as JSON, with causes named as in a trace', async () => {
  await sh('sysctl -qw net.ipv4.ip_forward=0')
  try {
    const { stdout, exitCode } = await run(['netdiag', 'web', '--json'])
    expect(exitCode).toBe(1)
    const { findings, ...rest } = JSON.parse(stdout)
    expect(rest).toEqual({ container: 'web', outcome: 'faulty' })
    expect(findings).toContainEqual({
      ...{ section: 3, outcome: 'problem', cause: 'forwarding-off' },
      text: 'IP forwarding is off on this host: net.ipv4.ip_forward',
    })
  } finally {
    await sh('sysctl -qw net.ipv4.ip_forward=1')
  }
})

it('finds no fault with host, internal and macvlan networks, nor with the default bridge', async () => {
  await sh('docker run -d --name own --network host busybox sleep 99')
  await sh('docker network create --internal vault; docker run -d --name safe --network vault busybox sleep 99')
  await sh('docker network create -d macvlan --subnet 192.168.1.0/24 --gateway 192.168.1.1 -o parent=eth0 mac')
  await sh('docker run -d --name child --network mac --ip 192.168.1.77 nginx')
  await sh('for one in a b; do docker run -d --name old-$one busybox sleep 99; done')
  for (const name of ['own', 'safe', 'child', 'old-a']) {
    const report = await netdiag([name])
    expect(report.exitCode, report.stdout + report.stderr).toBe(0)
  }
  expect((await netdiag(['old-a'])).sections[1]).toContain('names do not resolve on the default network')
})

it('takes a name for a name, and says what it could not look at', async () => {
  const nasty = await netdiag(['$(touch /tmp/run); touch /tmp/run'])
  expect(nasty.exitCode).toBe(2)
  expect(nasty.stderr).toContain('there is no container')
  expect((await netdiag(['--', 'web'])).exitCode).toBe(2)
  expect((await netdiag([])).stderr).toContain('usage: netdiag CONTAINER')
  expect(await sh('ls /tmp')).not.toContain('run')
  await sh('systemctl stop docker')
  const dead = await netdiag(['web'])
  expect(dead.exitCode).toBe(2)
  expect(dead.stderr).toContain('the Docker Engine does not answer')
})
