import { afterAll, beforeAll, expect, it } from 'vitest'
import type { CauseCode } from '../../server/cause/cause.js'
import { parseCheck, runCheck } from '../../server/check/checks.js'
import { diagnose } from '../../server/diagnosis/diagnose.js'
import { LocalRacks } from '../../server/rack/local-racks.js'
import { RackGround } from '../../server/racks/rack-ground.js'
import type { RackInfo } from '../../server/racks/racks.js'
import { traceStory } from '../../server/trace/trace.js'
import { testState } from './state.js'

/** One fault on real hosts, and a check's why, a trace, a diagnosis and netdiag inside: all say the same. */

let racks: LocalRacks
let rack: RackInfo
let ground: RackGround

async function sh(script: string, host = 'node1'): Promise<string> {
  const result = await racks.exec(rack.id, host, ['sh', '-ec', script], { timeoutMs: 60_000 })
  if (result.failed) throw new Error(`${script}\n${result.stdout}${result.stderr}`)
  return result.stdout.trim()
}

const inside = (command: string) => sh(`nsenter -t "$(docker inspect -f '{{.State.Pid}}' web)" -n ${command}`)

async function whyOfCheck(spec: object): Promise<string> {
  const parsed = parseCheck({ reach: spec }, [])
  if (!('check' in parsed)) throw new Error(JSON.stringify(parsed))
  const finding = await runCheck(parsed.check, {
    state: await ground.capture(),
    probe: ground,
    home: 'node1',
    answers: {},
    labDirectory: '/nonexistent',
    signal: AbortSignal.timeout(30_000),
  })
  return finding.outcome === 'fail' ? finding.why.en : JSON.stringify(finding)
}

interface Asked {
  from: string
  to: string
  port?: number
}

beforeAll(async () => {
  racks = await LocalRacks.start(testState)
  rack = await racks.open({
    hosts: { node1: 'docker', laptop: 'plain' },
    lans: { lan: { subnet: '192.168.1.0/24', at: { node1: '.11', laptop: '.50' } } },
  })
  ground = new RackGround(racks, rack.id)
  await sh('docker network create --subnet 172.25.0.0/24 shop')
  await sh('docker run -d --name web --network shop --ip 172.25.0.9 nginx')
  await sh('docker run -d --name api --network shop --ip 172.25.0.10 busybox sleep 9999')
}, 300_000)
afterAll(async () => {
  await racks?.closeAll()
})

const toLaptop = { from: 'web', to: 'laptop' }
const bridge = 'br-$(docker network inspect -f "{{slice .Id 0 12}}" shop)'

const faults: [
  what: string,
  code: CauseCode,
  asked: Asked,
  says: RegExp,
  netdiag: RegExp,
  make: () => Promise<unknown>,
  unmake: () => Promise<unknown>,
][] = [
  ...(['blackhole', 'unreachable', 'prohibit'] as const).map((type): (typeof faults)[number] => [
    `a ${type} route beside the default route`,
    'no-route',
    toLaptop,
    new RegExp(`not to be reached: .${type} 192\\.168\\.1\\.0/24`),
    /it has a default route, yet a route or a routing rule says no/,
    () => inside(`ip route add ${type} 192.168.1.0/24`),
    () => inside(`ip route del ${type} 192.168.1.0/24`),
  ]),
  [
    'two default routes, and the one with the lower metric leads to nobody',
    'wrong-gateway',
    toLaptop,
    /gateway `172\.25\.0\.99`, and nobody has that address; the gateway there is `172\.25\.0\.1`/,
    /its default route leads to 172\.25\.0\.99, which is no gateway of its networks/,
    async () => {
      await inside('ip route del default')
      await inside('ip route add default via 172.25.0.1 metric 100')
      await inside('ip route add default via 172.25.0.99 metric 10')
    },
    async () => {
      await inside('ip route del default via 172.25.0.99 metric 10')
      await inside('ip route del default via 172.25.0.1 metric 100')
      await inside('ip route add default via 172.25.0.1')
    },
  ],
  [
    'a routing rule to another table',
    'no-route',
    toLaptop,
    /not to be reached: `blackhole default table 100`/,
    /it has a default route, yet a route or a routing rule says no/,
    async () => {
      await inside('ip route add blackhole default table 100')
      await inside('ip rule add to 192.168.1.0/24 lookup 100')
    },
    async () => {
      await inside('ip rule del to 192.168.1.0/24 lookup 100')
      await inside('ip route del blackhole default table 100')
    },
  ],
  [
    'a routing rule that prohibits',
    'no-route',
    toLaptop,
    /a routing rule of .* says that .*from all to 192\.168\.1\.0\/24 prohibit/,
    /it has a default route, yet a route or a routing rule says no/,
    () => inside('ip rule add to 192.168.1.0/24 prohibit'),
    () => inside('ip rule del to 192.168.1.0/24 prohibit'),
  ],
  [
    'a MASQUERADE rule for other links than the one that packets leave by',
    'no-masquerade',
    toLaptop,
    /private address `172\.25\.0\.9`: no rule masquerades `172\.25\.0\.0\/24`/,
    /no rule masquerades 172\.25\.0\.0\/24/,
    () =>
      sh(
        `iptables -t nat -D POSTROUTING -s 172.25.0.0/24 ! -o ${bridge} -j MASQUERADE
         iptables -t nat -A POSTROUTING -s 172.25.0.0/24 ! -o eth0 -j MASQUERADE`,
      ),
    () =>
      sh(
        `iptables -t nat -D POSTROUTING -s 172.25.0.0/24 ! -o eth0 -j MASQUERADE
         iptables -t nat -A POSTROUTING -s 172.25.0.0/24 ! -o ${bridge} -j MASQUERADE`,
      ),
  ],
  [
    'a rule of several ports and a wildcard',
    'docker-user-drop',
    toLaptop,
    /a rule in chain `DOCKER-USER` on `node1` drops/,
    /does not answer it, though it answers this host: .*DOCKER-USER.*\n(.*\n)*.*-A DOCKER-USER -i br-\+ -o eth\+ -j DROP/,
    () =>
      sh(
        `iptables -I DOCKER-USER -i br-+ -o eth+ -j DROP
         iptables -I DOCKER-USER -p tcp -m multiport --dports 80,443 -j ACCEPT`,
      ),
    () =>
      sh(
        `iptables -D DOCKER-USER -p tcp -m multiport --dports 80,443 -j ACCEPT
         iptables -D DOCKER-USER -i br-+ -o eth+ -j DROP`,
      ),
  ],
  [
    'forwarding off',
    'forwarding-off',
    toLaptop,
    /`net\.ipv4\.ip_forward` is 0 there/,
    /IP forwarding is off/,
    () => sh('sysctl -qw net.ipv4.ip_forward=0'),
    () => sh('sysctl -qw net.ipv4.ip_forward=1'),
  ],
]

it('as long as nothing is wrong, nobody finds anything', async () => {
  expect(await whyOfCheck(toLaptop)).toContain('"outcome":"pass"')
  expect(await traceStory(ground, { ...toLaptop, home: 'node1' })).toMatchObject({ outcome: 'answered' })
  expect((await diagnose(ground, { container: 'web', home: 'node1' })).outcome).toBe('healthy')
})

it.each(faults)('%s', async (_what, code, asked, says, told, make, unmake) => {
  await make()
  try {
    expect(await whyOfCheck(asked)).toMatch(says)
    const story = await traceStory(ground, { ...asked, home: 'node1' })
    expect(story.cause, JSON.stringify(story, null, 1)).toMatchObject({
      code,
      what: { en: expect.stringMatching(says) },
    })
    const report = await diagnose(ground, { container: 'web', home: 'node1' })
    const found = report.stages.flatMap(({ findings }) => findings)
    expect(found.find(({ cause }) => cause === code)?.text.en, JSON.stringify(found, null, 1)).toMatch(says)
    // Without a trace it says the same.
    const blind = await diagnose(
      ground,
      { container: 'web', home: 'node1' },
      { trace: () => Promise.resolve({ ...story, outcome: 'error' }) },
    )
    const alone = blind.stages.flatMap(({ findings }) => findings)
    expect(alone.find(({ cause }) => cause === code)?.text.en, JSON.stringify(alone, null, 1)).toMatch(says)
    const { stdout } = await racks.exec(rack.id, 'node1', ['netdiag', 'web'], { timeoutMs: 60_000 })
    expect(stdout).toMatch(told)
  } finally {
    await unmake()
  }
})

it('and a program that listens on the loopback of IPv4 by a socket of IPv6', async () => {
  await sh(
    'docker run -d --name six --network shop netshoot socat TCP6-LISTEN:7000,bind=[::ffff:127.0.0.1],ipv6only=0,fork PIPE; sleep 1',
  )
  const says = /port 7000 is open only on `127\.0\.0\.1`/
  expect(await whyOfCheck({ from: 'web', to: 'six', port: 7000 })).toMatch(says)
  const story = await traceStory(ground, { from: 'web', to: 'node1/six', port: 7000, home: 'node1' })
  expect(story.cause).toMatchObject({ code: 'listening-on-loopback', what: { en: expect.stringMatching(says) } })
  const report = await diagnose(ground, { container: 'six', home: 'node1' })
  const found = report.stages.flatMap(({ findings }) => findings)
  expect(found.map(({ cause }) => cause)).toContain('listening-on-loopback')
  const { stdout } = await racks.exec(rack.id, 'node1', ['netdiag', 'six'], { timeoutMs: 60_000 })
  expect(stdout).toContain('listen on its loopback alone')
  await sh('docker rm -f six')
})

it('and all is well again afterwards', async () => {
  expect(await whyOfCheck(toLaptop)).toContain('"outcome":"pass"')
  expect((await diagnose(ground, { container: 'web', home: 'node1' })).outcome).toBe('healthy')
})
