import { describe, expect, it } from 'vitest'
import { diagnose } from '../../server/diagnosis/diagnose.js'
import type { DiagnosisReport, StageName } from '../../server/diagnosis/report.js'
import type { Observation } from '../../server/network/observation.js'
import type { ProbeAnswer, ProbeRequest } from '../../server/network/question.js'
import type { Health } from '../../server/network/state.js'
import type { Ground } from '../../server/place/ground.js'
import { Unanswerable } from '../../server/place/unanswerable.js'
import type { TraceStory } from '../../server/trace/story.js'
import type { traceStory } from '../../server/trace/trace.js'
import {
  expectReadable,
  refused,
  type Script,
  ScriptedProbe,
  silent,
  unasked,
  unroutable,
  unverified,
} from '../check/cases.js'
import { type StateBuilder, standardRack, swarmRack } from '../check/state-builder.js'

type Trace = typeof traceStory

/** Nothing is traced, so that only what a diagnosis itself finds is looked at. */
const blind: Trace = async () => {
  throw new Unanswerable('trace.none', { en: 'no trace', zh: '无' })
}

const quiet: Partial<ProbeAnswer> = { outcome: 'no', cause: 'silent', detail: 'timed out' }

/** A rack in which all is well but for what the script says: everybody answers, and names of containers resolve. */
class OpenGround extends ScriptedProbe implements Ground {
  constructor(
    rack: StateBuilder,
    private readonly trouble: Script = {},
  ) {
    super(rack)
  }

  override async ask(host: string, question: ProbeRequest): Promise<ProbeAnswer> {
    const asking = super.ask(host, question)
    const said = this.trouble[this.asked.at(-1)!]
    const answer = await asking
    if (Array.isArray(said)) return { outcome: 'yes', detail: '', durationMs: 1, records: said }
    if (said) return { ...answer, ...said }
    if (question.kind !== 'dns') return { outcome: 'yes', detail: 'answered', durationMs: 1 }
    const records = this.rack.state.hosts.flatMap((one) =>
      (one.engine?.containers ?? [])
        .filter(({ name }) => name === question.name)
        .flatMap(({ endpoints }) => endpoints.flatMap(({ address }) => address ?? [])),
    )
    if (records.length > 0) return { outcome: 'yes', detail: '', durationMs: 1, records }
    return { outcome: 'no', detail: 'NXDOMAIN', durationMs: 1, records: [] }
  }

  async talk(): Promise<never> {
    throw new Error('nobody is spoken to here')
  }

  async observe(): Promise<Observation> {
    throw new Error('nothing is traced here')
  }
}

function withLan(make: () => StateBuilder): StateBuilder {
  const rack = make()
  rack.state.lans.push({ name: 'lan', subnet: '192.168.1.0/24', gateway: '192.168.1.1', mtu: 1500 })
  for (const { links } of rack.host('node1').namespaces) {
    for (const link of links) if (link.kind === 'macvlan') link.lan = 'lan'
  }
  return rack
}

async function reportOn(
  container: string,
  {
    rack = withLan(standardRack),
    given,
    network,
    trace = blind,
  }: {
    rack?: StateBuilder
    given?: (rack: StateBuilder) => unknown
    network?: Script
    trace?: Trace
  } = {},
): Promise<DiagnosisReport> {
  given?.(rack)
  const report = await diagnose(new OpenGround(rack, network), { container, home: 'node1' }, { trace })
  expect(report.stages.map(({ name }) => name)).toEqual(['itself', 'same-network', 'outside', 'from-outside'])
  const texts = report.stages.flatMap(({ title, findings }) => [
    title,
    ...findings.flatMap((finding) => [finding.text, ...finding.tries]),
  ])
  for (const text of [report.summary, ...texts]) expectReadable(text)
  return report
}

const stage = (report: DiagnosisReport, name: StageName) => report.stages.find((one) => one.name === name)!
const problemsOf = (report: DiagnosisReport) =>
  report.stages.flatMap(({ name, findings }) =>
    findings.filter(({ outcome }) => outcome === 'problem').map(({ text }) => `${name}: ${text.en}`),
  )
const outcomes = (report: DiagnosisReport) => report.stages.map(({ outcome }) => outcome)

describe('a healthy container', () => {
  it('that publishes a port is healthy in all stages, with evidence', async () => {
    const report = await reportOn('web')
    expect(problemsOf(report)).toEqual([])
    expect(outcomes(report)).toEqual(['ok', 'ok', 'ok', 'ok'])
    expect(report.outcome).toBe('healthy')
    const evidence = report.stages.flatMap(({ findings }) => findings.flatMap((finding) => finding.evidence)).join('\n')
    expect(evidence).toContain('-j DNAT --to-destination 172.20.0.2:80')
    expect(evidence).toContain('-j MASQUERADE')
    expect(evidence).toContain('default via 172.20.0.1 dev eth0')
    expect(evidence).toContain('tcp LISTEN 0.0.0.0:80')
    expect(evidence).toContain('laptop$ nc -vz 192.168.1.11 8080')
  })

  it.each([
    // Nothing published; names on the default bridge are a note, no fault.
    ['client', ['ok', 'ok', 'ok', 'skipped']],
    ['mon', ['ok', 'skipped', 'ok', 'skipped']],
    // In the namespace of web, whose port is published.
    ['tools', ['ok', 'ok', 'ok', 'ok']],
    // On the LAN itself.
    ['mac', ['ok', 'ok', 'ok', 'ok']],
  ])('%s is healthy, with stages %j', async (name, expected) => {
    const report = await reportOn(name as string)
    expect(problemsOf(report)).toEqual([])
    expect(report.outcome).toBe('healthy')
    expect(outcomes(report)).toEqual(expected)
    for (const { outcome, findings } of report.stages) if (outcome === 'skipped') expect(findings).not.toEqual([])
  })

  it('on an internal network alone is not expected outside', async () => {
    const given = (rack: StateBuilder) => {
      rack.container(rack.host('node1'), 'vault', { on: { inner: undefined }, listens: [5432] })
      const own = rack.namespaceOf(rack.host('node1'), 'vault')
      own.routes = own.routes.filter(({ destination }) => destination !== 'default')
      delete rack.find(rack.host('node1'), 'vault').endpoints[0]!.gateway
    }
    const report = await reportOn('vault', { given })
    expect(report.outcome).toBe('healthy')
    expect(stage(report, 'outside')).toMatchObject({ outcome: 'skipped' })
    expect(stage(report, 'outside').findings[0]!.text.en).toContain('`inner` is internal')
    expect(stage(report, 'from-outside').findings[0]!.tries[0]!.en).toContain('-p 8080:5432')
  })
})

describe('a health check', () => {
  const told = async (health: Health) => {
    const given = (rack: StateBuilder) => Object.assign(rack.find(node1(rack), 'web'), { health })
    const report = await reportOn('web', { given })
    // Docker stops no packet for it: the network is as it was.
    expect(report.outcome).toBe('healthy')
    return stage(report, 'itself').findings.find(({ text }) => text.en.includes('health check'))
  }

  it('that fails is told with what was answered', async () => {
    const last = { exitCode: 7, output: 'curl: (7) Failed to connect' }
    const found = await told({ status: 'unhealthy', failures: 3, last })
    expect(found).toMatchObject({ outcome: 'note', text: { en: expect.stringContaining('fails, 3 times in a row') } })
    expect(found!.evidence).toEqual([
      'docker inspect: Health unhealthy, FailingStreak 3',
      'the last check ended with 7: curl: (7) Failed to connect',
    ])
  })

  it('that has not passed yet, or passes, is told as that', async () => {
    expect((await told({ status: 'starting', failures: 0 }))!.text.en).toContain('has not passed yet')
    expect(await told({ status: 'healthy', failures: 0 })).toMatchObject({ outcome: 'ok' })
  })
})

const node1 = (rack: StateBuilder) => rack.host('node1')
const own = (rack: StateBuilder) => node1(rack).namespaces[0]!

/** IPv6 on `my_net` and on the LAN: addresses, routes, gateways. */
function withSix(rack: StateBuilder): void {
  const host = node1(rack)
  const network = host.engine!.networks.find(({ name }) => name === 'my_net')!
  network.ipv6 = true
  network.subnets.push({ subnet: 'fd00:20::/64', gateway: 'fd00:20::1', reserved: {} })
  const six = (address: string) => ({ family: 6 as const, address, prefix: 64, scope: 'global' })
  const route = (destination: string, device: string, gateway?: string) => ({
    ...{ family: 6 as const, destination, device, table: 'main', type: 'unicast' },
    ...(gateway === undefined ? {} : { gateway }),
  })
  own(rack)
    .links.find(({ name }) => name === network.bridge)!
    .addresses.push(six('fd00:20::1'))
  own(rack).routes.push(route('fd00:20::/64', network.bridge!))
  own(rack).forwards.ip6 = true
  own(rack).chains.push({ family: 'ip6', table: 'nat', name: 'DOCKER' })
  own(rack).chains.push({ family: 'ip6', table: 'nat', name: 'POSTROUTING', hook: 'postrouting', policy: 'ACCEPT' })
  own(rack).rules.push({
    ...{ family: 'ip6', table: 'nat', chain: 'POSTROUTING', position: 1, source: 'fd00:20::/64' },
    ...{ out: `!${network.bridge}`, target: 'MASQUERADE' },
    text: `-A POSTROUTING -s fd00:20::/64 ! -o ${network.bridge} -j MASQUERADE`,
  })
  for (const [name, address] of [
    ['web', 'fd00:20::2'],
    ['api', 'fd00:20::3'],
  ] as const) {
    const inside = rack.namespaceOf(host, name)
    inside.links.find((link) => link.name === 'eth0')!.addresses.push(six(address))
    inside.routes.push(route('fd00:20::/64', 'eth0'), route('default', 'eth0', 'fd00:20::1'))
    rack.find(host, name).endpoints.find((one) => one.network === 'my_net')!.address6 = address
  }
  Object.assign(rack.state.lans[0]!, { subnet6: 'fd00:1::/64', gateway6: 'fd00:1::1' })
  for (const [at, address] of [
    ['node1', 'fd00:1::11'],
    ['laptop', 'fd00:1::50'],
  ] as const) {
    const [namespace] = rack.host(at).namespaces
    namespace!.links.find(({ lan }) => lan !== undefined)!.addresses.push(six(address))
    namespace!.routes.push(route('fd00:1::/64', 'eth0'))
  }
}

/** Every one breaks one thing. */
const faults: [
  what: string,
  container: string,
  stage: StageName,
  says: string,
  given?: (rack: StateBuilder) => unknown,
  network?: Script,
][] = [
  ['stopped', 'old', 'itself', 'was killed'],
  [
    'never started',
    'old',
    'itself',
    'never started',
    (rack) => Object.assign(rack.find(node1(rack), 'old'), { state: 'created' }),
  ],
  [
    'restarting',
    'old',
    'itself',
    'again and again',
    (rack) => Object.assign(rack.find(node1(rack), 'old'), { state: 'restarting' }),
  ],
  [
    'ending soon after each start',
    'web',
    'itself',
    'was started again 3 times',
    (rack) => Object.assign(rack.find(node1(rack), 'web'), { restarts: { count: 3, startedAt: rack.state.takenAt } }),
  ],
  ['paused', 'web', 'itself', 'is paused', (rack) => Object.assign(rack.find(node1(rack), 'web'), { state: 'paused' })],
  ['on no network', 'lone', 'itself', 'only its loopback'],
  ['link down', 'web', 'itself', '`eth0` is down', (rack) => leg(rack).set({ up: false, carrier: false })],
  ['no carrier', 'web', 'itself', 'has no carrier', (rack) => leg(rack).set({ carrier: false })],
  ['no address', 'web', 'itself', 'has no address', (rack) => leg(rack).set({ addresses: [] })],
  [
    'loopback down',
    'web',
    'itself',
    'does not even reach itself',
    (rack) => {
      rack.namespaceOf(node1(rack), 'web').links.find(({ kind }) => kind === 'loopback')!.up = false
    },
    { 'web ping 127.0.0.1': unroutable },
  ],
  [
    'on loopback only',
    'api',
    'itself',
    '`tcp 8000` is open only on its loopback',
    (rack) => {
      rack.namespaceOf(node1(rack), 'api').sockets = [{ protocol: 'tcp', address: '127.0.0.1', port: 8000 }]
    },
  ],
  [
    'resolver changed',
    'web',
    'itself',
    'instead of the Engine',
    (rack) => {
      rack.find(node1(rack), 'web').dns.nameservers = ['9.9.9.9']
    },
  ],
  [
    'Engine and kernel disagree',
    'web',
    'itself',
    'do not agree',
    (rack) =>
      node1(rack).disagreements.push({ about: 'container web on my_net', engine: '172.20.0.2', kernel: 'none' }),
  ],
  ['gateway silent', 'web', 'same-network', '`172.20.0.1` of `my_net`', undefined, { 'web ping 172.20.0.1': quiet }],
  ['peer silent', 'web', 'same-network', 'does not reach `api`', undefined, { 'web ping 172.20.0.3': quiet }],
  [
    'ICC off',
    'web',
    'same-network',
    'kept from each other',
    (rack) => {
      node1(rack).engine!.networks.find(({ name }) => name === 'my_net')!.options[
        'com.docker.network.bridge.enable_icc'
      ] = 'false'
    },
    { 'web ping 172.20.0.3': quiet },
  ],
  ['name unknown', 'web', 'same-network', '`api` does not resolve', undefined, { 'web dns api': [] }],
  ['name leads elsewhere', 'web', 'same-network', 'for `172.20.0.9`', undefined, { 'web dns api': ['172.20.0.9'] }],
  [
    'address twice',
    'web',
    'same-network',
    'also that of `node1/api`',
    (rack) =>
      rack
        .namespaceOf(node1(rack), 'api')
        .links.find(({ name }) => name === 'eth0')!
        .addresses.push({ family: 4, address: '172.20.0.2', prefix: 16, scope: 'global' }),
  ],
  [
    'no default route',
    'web',
    'outside',
    'no default route',
    (rack) => {
      const inside = rack.namespaceOf(node1(rack), 'web')
      inside.routes = inside.routes.filter(({ destination }) => destination !== 'default')
    },
  ],
  [
    'wrong gateway',
    'web',
    'outside',
    'leads to `172.20.0.77`',
    (rack) => {
      rack.namespaceOf(node1(rack), 'web').routes.find(({ destination }) => destination === 'default')!.gateway =
        '172.20.0.77'
    },
  ],
  [
    'forwarding off',
    'web',
    'outside',
    'IP forwarding is off',
    (rack) => {
      own(rack).forwards.ip4 = false
    },
  ],
  [
    'no masquerade',
    'web',
    'outside',
    'masquerades',
    (rack) => {
      own(rack).rules = own(rack).rules.filter(({ source }) => source !== '172.20.0.0/16')
    },
  ],
  [
    'dropped in DOCKER-USER',
    'web',
    'outside',
    'DOCKER-USER',
    (rack) =>
      rack.rule(node1(rack), {
        ...{ table: 'filter', chain: 'DOCKER-USER', source: '172.20.0.2/32', target: 'DROP' },
        text: '-A DOCKER-USER -s 172.20.0.2/32 -j DROP',
      }),
    {
      'web ping 192.168.1.1': quiet,
      'web ping 192.168.1.12': quiet,
      'web ping 192.168.1.50': quiet,
    },
  ],
  [
    'host cut from its LAN',
    'web',
    'outside',
    'neither it nor `node1`',
    undefined,
    { 'web ping 192.168.1.1': quiet, 'node1 ping 192.168.1.1': quiet },
  ],
  [
    'a neighbour kept from its port',
    'web',
    'same-network',
    '`api` on `my_net` cannot connect to its `172.20.0.2:80`: rule 1',
    (rack) => {
      const inside = rack.namespaceOf(node1(rack), 'web')
      inside.chains.push({ family: 'ip', table: 'filter', name: 'INPUT', hook: 'input', policy: 'ACCEPT' })
      inside.rules.push({
        ...{ family: 'ip', table: 'filter', chain: 'INPUT', position: 1, protocol: 'tcp', destinationPort: '80' },
        ...{ target: 'DROP', text: '-A INPUT -p tcp -m tcp --dport 80 -j DROP' },
      })
    },
    { 'api tcp 172.20.0.2:80': quiet },
  ],
  [
    'open by IPv6 alone',
    'web',
    'itself',
    '`tcp 80` is open only by IPv6: the container has only IPv4 addresses',
    (rack) => {
      rack.namespaceOf(node1(rack), 'web').sockets = [{ protocol: 'tcp', address: '::', port: 80 }]
    },
  ],
  [
    'connections not accepted',
    'web',
    'itself',
    'does not accept connections: 2 wait, and it asked for 1',
    (rack) => {
      rack.namespaceOf(node1(rack), 'web').sockets[0]!.full = { waiting: 2, most: 1 }
    },
  ],
  [
    'a neighbour silent by IPv6 alone',
    'web',
    'same-network',
    'does not reach `api` on `my_net` by IPv6',
    withSix,
    { 'web ping fd00:20::3': quiet },
  ],
  [
    'the gateway of IPv6 silent',
    'web',
    'same-network',
    'the gateway `fd00:20::1` of `my_net` does not answer',
    withSix,
    { 'web ping fd00:20::1': quiet },
  ],
  [
    'no default route of IPv6',
    'web',
    'outside',
    'it has no default route of IPv6',
    (rack) => {
      withSix(rack)
      const inside = rack.namespaceOf(node1(rack), 'web')
      inside.routes = inside.routes.filter(({ family, destination }) => family !== 6 || destination !== 'default')
    },
  ],
  [
    'no forwarding of IPv6',
    'web',
    'outside',
    'IP forwarding of IPv6 is off on `node1`',
    (rack) => {
      withSix(rack)
      own(rack).forwards.ip6 = false
    },
  ],
  [
    'another rule of NAT before that of Docker',
    'web',
    'from-outside',
    'a rule on `node1` leads `8080->80/tcp` elsewhere, to `172.20.0.99:80`',
    (rack) =>
      own(rack).rules.unshift({
        ...{ family: 'ip', table: 'nat', chain: 'PREROUTING', position: 0, protocol: 'tcp', destinationPort: '8080' },
        ...{ target: 'DNAT', to: '172.20.0.99:80' },
        text: '-A PREROUTING -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.20.0.99:80',
      }),
  ],
  [
    'docker-proxy ended',
    'web',
    'from-outside',
    '`node1` itself cannot connect to `127.0.0.1:8080`',
    undefined,
    { 'node1 tcp 127.0.0.1:8080': refused },
  ],
  [
    'nothing listens behind the port',
    'web',
    'from-outside',
    'where no program listens: it listens on `8000`',
    (rack) => {
      rack.namespaceOf(node1(rack), 'web').sockets = [{ protocol: 'tcp', address: '0.0.0.0', port: 8000 }]
    },
  ],
  [
    'rules flushed',
    'web',
    'from-outside',
    'no rule on `node1` leads `8080->80/tcp`',
    (rack) => {
      own(rack).rules = own(rack).rules.filter(({ target }) => target !== 'DNAT')
    },
  ],
  [
    'published on loopback',
    'web',
    'from-outside',
    'published on `127.0.0.1`',
    (rack) => {
      rack.find(node1(rack), 'web').ports[0]!.hostAddress = '127.0.0.1'
    },
  ],
  [
    'refused from elsewhere',
    'web',
    'from-outside',
    '`laptop` cannot connect',
    undefined,
    { 'laptop tcp 192.168.1.11:8080': refused, 'node2 tcp 192.168.1.11:8080': refused },
  ],
  [
    'macvlan out of reach',
    'mac',
    'from-outside',
    '`laptop` does not reach',
    undefined,
    { 'laptop ping 192.168.1.70': quiet },
  ],
]

function leg(rack: StateBuilder) {
  const link = rack.namespaceOf(node1(rack), 'web').links.find(({ name }) => name === 'eth0')!
  return { set: (fields: Partial<typeof link>) => Object.assign(link, fields) }
}

describe('a fault', () => {
  it.each(faults)('%s: found in its stage', async (_what, container, where, says, given, network) => {
    const report = await reportOn(container, { ...(given ? { given } : {}), ...(network ? { network } : {}) })
    expect(report.outcome).toBe('faulty')
    const found = problemsOf(report)
    expect(
      found.some((one) => one.startsWith(`${where}: `) && one.includes(says)),
      found.join('\n'),
    ).toBe(true)
    expect(stage(report, where).outcome).toBe('problem')
    const finding = stage(report, where).findings.find(({ text }) => text.en.includes(says))!
    expect(finding.evidence).not.toEqual([])
    // The first to begin with is the innermost.
    const first = report.stages.find(({ outcome }) => outcome === 'problem')!
    expect(report.summary.en).toContain(`“${first.title.en}”`)
  })

  it('is none of what could not be read of the host', async () => {
    const rack = standardRack()
    own(rack).forwards = {}
    own(rack).faults = ['rules: no answer', 'sysctls: no answer']
    own(rack).rules = []
    const report = await diagnose(new OpenGround(rack), { container: 'web', home: 'node1' }, { trace: blind })
    expect(problemsOf(report)).toEqual([])
    expect(JSON.stringify(stage(report, 'outside'))).toContain('whether `node1` forwards packets could not be read')
  })

  it('of a container that does not run leaves nothing more to ask', async () => {
    const rack = withLan(standardRack)
    const ground = new OpenGround(rack)
    const report = await diagnose(ground, { container: 'old', home: 'node1' })
    expect(ground.asked).toEqual([])
    expect(outcomes(report)).toEqual(['problem', 'skipped', 'skipped', 'skipped'])
  })

  it('of another host is not taken for one of the container', async () => {
    const report = await reportOn('web', {
      network: { 'web ping 192.168.1.12': quiet, 'node1 ping 192.168.1.12': quiet },
    })
    expect(report.outcome).toBe('healthy')
    expect(JSON.stringify(stage(report, 'outside'))).toContain('so that the fault is not in the container')
  })

  it('that only one of the other hosts meets is a problem: what lets others in keeps it out', async () => {
    const report = await reportOn('web', { network: { 'laptop tcp 192.168.1.11:8080': quiet } })
    expect(problemsOf(report).join()).toContain('`laptop` cannot connect to `192.168.1.11:8080`, though others can')
  })

  it('is none where a loopback only ignores pings', async () => {
    const report = await reportOn('web', { network: { 'web ping 127.0.0.1': quiet } })
    expect(problemsOf(report)).toEqual([])
    expect(JSON.stringify(stage(report, 'itself'))).toContain('answers no ping')
  })
})

describe('an overlay', () => {
  const given = (rack: StateBuilder) => {
    for (const [host, address] of [
      ['node1', '10.10.0.7'],
      ['node2', '10.10.0.8'],
    ] as const) {
      rack.container(rack.host(host), `app-${host}`, { on: { app_net: address } })
    }
  }

  it('is asked across hosts, with packets of full size', async () => {
    const report = await reportOn('app-node1', { rack: withLan(swarmRack), given })
    expect(problemsOf(report)).toEqual([])
    expect(JSON.stringify(stage(report, 'same-network'))).toContain('node2/app-node2')
    expect(JSON.stringify(stage(report, 'same-network'))).toContain('ping -M do -s 1472 10.10.0.8')
  })

  it('whose tunnel is blocked is named in the same-network stage', async () => {
    const report = await reportOn('app-node1', {
      ...{ rack: withLan(swarmRack), given, network: { 'app-node1 ping 10.10.0.8': quiet } },
    })
    expect(problemsOf(report).join()).toMatch(/^same-network: it does not reach `node2\/app-node2`/)
  })
})

describe('what could not be found out', () => {
  it.each([
    ['a container that is not there', 'nobody', undefined, 'no container'],
    ['a host', 'node2', undefined, 'is a host'],
    ['a host that is not there', 'node9/web', undefined, 'no host'],
    ['an Engine that cannot be trusted', 'web', unverified, 'Could not verify'],
    ['an Engine that is silent', 'web', silent, 'does not answer'],
  ] as const)('is an error: %s', async (_what, container, given, says) => {
    const report = await reportOn(container, given ? { given } : {})
    expect(report.outcome).toBe('error')
    expect(report.summary.en).toContain(says)
  })

  it('is never healthy: a probe that could not be made', async () => {
    const report = await reportOn('web', { network: { 'web ping 172.20.0.1': unasked } })
    expect(report.outcome).toBe('error')
    expect(problemsOf(report)).toEqual([])
  })

  it('survives hostile names and rules, in one line and without a way out of code', async () => {
    const nasty = 'x`\u202e\n`y'.repeat(100)
    const report = await reportOn('web', {
      given: (rack) => {
        rack.find(node1(rack), 'api').name = nasty
        node1(rack).disagreements.push({ about: 'container web', engine: nasty, kernel: nasty })
        rack.namespaceOf(node1(rack), 'web').links.push({ ...rack.link({ name: nasty, kind: 'veth' }), up: false })
      },
      network: { 'web ping 172.20.0.3': quiet },
    })
    const lines = report.stages.flatMap(({ findings }) => findings.flatMap(({ evidence }) => evidence))
    for (const line of lines) {
      expect(line.length).toBeLessThanOrEqual(300)
      expect(line).not.toMatch(/[\u0000-\u001f]/)
    }
  })
})

describe('a trace', () => {
  const story = (more: Partial<TraceStory> = {}): TraceStory => ({
    ...{ from: 'node1/web', to: '192.168.1.1', protocol: 'icmp', outcome: 'stopped', hops: [], durationMs: 1 },
    summary: { en: 'stopped', zh: '停在途中' },
    cause: {
      code: 'docker-user-drop',
      what: { en: 'rule 1 of `DOCKER-USER` drops it', zh: '`DOCKER-USER` 的第 1 条规则丢弃了它' },
      evidence: ['-A DOCKER-USER -j DROP'],
      tries: [{ en: 'take the rule away', zh: '删掉这条规则' }],
    },
    ...more,
  })
  const network = { 'web ping 192.168.1.1': quiet, 'web ping 192.168.1.50': quiet }

  it('is made for the first no of a stage, and its cause takes the place of the guess', async () => {
    const asked: unknown[] = []
    const report = await reportOn('web', {
      network: { ...network, 'laptop tcp 192.168.1.11:8080': quiet, 'node2 tcp 192.168.1.11:8080': quiet },
      trace: async (_ground, question) => {
        asked.push(question)
        return story()
      },
    })
    expect(asked).toEqual([
      { from: 'node1/web', to: 'laptop', protocol: 'icmp', home: 'node1' },
      { from: 'laptop', to: '192.168.1.11', port: 8080, protocol: 'tcp', home: 'node1' },
    ])
    const finding = stage(report, 'outside').findings.find(({ trace }) => trace)!
    expect(finding.text.en).toMatch(/: rule 1 of `DOCKER-USER` drops it$/)
    expect(finding.tries).toEqual(story().cause!.tries)
    expect(finding.evidence).toContain('-A DOCKER-USER -j DROP')
    expect(report.summary.en).toContain('rule 1 of `DOCKER-USER`')
  })

  it('without a known cause leaves what the state says', async () => {
    const unknown = story({
      cause: { code: 'unknown', what: { en: 'nobody knows', zh: '不知道' }, evidence: [], tries: [] },
    })
    const report = await reportOn('web', { network, trace: async () => unknown })
    const finding = stage(report, 'outside').findings.find(({ trace }) => trace)!
    expect(finding.text.en).not.toContain('nobody knows')
    expect(finding.tries).not.toEqual([])
  })

  it('is not waited for longer than the whole may take, and ends with its learner', async () => {
    const left = new AbortController()
    let aborted = false
    const endless: Trace = (_ground, _question, { signal } = {}) =>
      new Promise((_, reject) => {
        signal!.addEventListener('abort', () => {
          aborted = true
          reject(signal!.reason)
        })
        left.abort(new Error('gone'))
      })
    const ground = new OpenGround(withLan(standardRack), network)
    await expect(
      diagnose(ground, { container: 'web', home: 'node1' }, { signal: left.signal, trace: endless }),
    ).rejects.toThrow('gone')
    expect(aborted).toBe(true)
  })
})

it('takes nothing for a fault of a container that was restarted meanwhile', async () => {
  const rack = withLan(standardRack)
  const ground = new OpenGround(rack, { 'web ping 172.20.0.1': quiet })
  const later = structuredClone(rack.state)
  later.hosts[0]!.engine!.containers.find(({ name }) => name === 'web')!.namespace = '4026539999'
  let captured = 0
  ground.capture = async () => (captured++ === 0 ? structuredClone(rack.state) : later)
  const report = await diagnose(ground, { container: 'web', home: 'node1' }, { trace: blind })
  expect(report.outcome).toBe('error')
  expect(report.summary.en).toBe('`web` ended or was started while it was looked at; ask again.')
  expectReadable(report.summary)
})

it('notes ports that are open by one family, or on one network alone, as such', async () => {
  const given = (rack: StateBuilder) => {
    withSix(rack)
    rack.namespaceOf(node1(rack), 'web').sockets = [{ protocol: 'tcp', address: '0.0.0.0', port: 80 }]
  }
  const report = await reportOn('web', { given })
  expect(problemsOf(report)).toEqual([])
  const notes = stage(report, 'itself').findings.filter(({ cause }) => cause === 'port-not-listening')
  expect(notes.map(({ outcome, text }) => `${outcome}: ${text.en}`)).toEqual([
    'note: `tcp 80` is open only by IPv4: nobody connects to it by IPv6',
  ])
})
