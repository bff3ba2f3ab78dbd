import pMap from 'p-map'
import type { Attempt } from '../cause/attempt.js'
import type { Cause } from '../cause/cause.js'
import { causeForeseen } from '../cause/causes.js'
import { defaultNameserversCause } from '../cause/default-nameservers.js'
import { forwardingOff } from '../cause/forwarding-off.js'
import { noMasquerade } from '../cause/no-masquerade.js'
import { noRoute } from '../cause/no-route.js'
import { networkRestartOf, restartText } from '../cause/restart.js'
import type { Trail } from '../cause/trail.js'
import { trailForeseen } from '../cause/trail-foreseen.js'
import { foundLines } from '../cause/words.js'
import { wrongGateway } from '../cause/wrong-gateway.js'
import { holds, isAddress, isLoopback, sameAddress } from '../network/addresses.js'
import { translationAt } from '../network/filter.js'
import type { ProbeAnswer } from '../network/question.js'
import { type FoundRoute, isUndecided, leadsOn, routeFor, sourceOn, writeRoute } from '../network/routing.js'
import { endpointsOf, hostPlace, isInHostNamespace, type LivePlace, ownNamespace } from '../place/place.js'
import { addressesTowards, isNeighbour } from '../place/target.js'
import { bare, code, codes } from '../wording/wording.js'
import { type Draft, note, ok, problem, type StageDraft } from './draft.js'
import { probeLine, ruleLine } from './evidence.js'
import { unasked } from './itself.js'
import { legsWithNetworks } from './same-network.js'
import { because, narrowestLan, put, referenceOf, type Subject } from './subject.js'

const mostHosts = 3
const atOnce = 4

/** Somebody beyond the container's own networks. */
interface Outsider {
  label: string
  address: string
  /** How a trace names it. */
  reference: string
  place?: LivePlace
}

/**
 * The third question: do its packets leave the host, and do answers come back? A rack without internet ends at its LANs: their
 * gateways and the other hosts are its outside.
 */
export async function lookOutside(subject: Subject): Promise<StageDraft> {
  const { place } = subject
  const skip = (finding: Draft): StageDraft => ({ name: 'outside', skipped: true, findings: [finding] })
  const legs = legsWithNetworks(place)
  const isHost = isInHostNamespace(place)
  if (!isHost && legs.length === 0) {
    return skip(note({ en: 'it is on no network that could lead outside', zh: '它没有接入任何能通往外部的网络' }))
  }
  const attempt = elsewhere(subject)
  const way = routeFor(place.namespace, attempt.address)
  if (!isHost && !way && legs.every(({ network }) => network.internal)) {
    const list = codes(legs.map(({ network }) => network.name))
    return skip(
      note(
        {
          en: `${list.en} ${legs.length > 1 ? 'are' : 'is'} internal: nothing leaves it, by design`,
          zh: `${list.zh} 是内部网络：按设计数据包出不去`,
        },
        {
          cause: 'internal-network',
          evidence: place.namespace.routes.filter(({ table }) => table === 'main').map(writeRoute),
          tries: [
            {
              en: `If it should get out: \`docker network connect NETWORK ${bare(place.container.name)}\`, with one that is not internal`,
              zh: `如果需要出去：\`docker network connect 网络 ${bare(place.container.name)}\`，接入一个非内部网络`,
            },
          ],
        },
      ),
    )
  }
  const trail = trailForeseen(attempt)
  const onTheWay = leadsOn(way) && !isHost ? onHost(subject, trail) : []
  const [reached, bySix, servers] = await Promise.all([
    reachOutsiders(subject, way, outsiders(subject, 4)),
    lookOutsideBySix(subject),
    askNameservers(subject),
  ])
  const ownRoute = has(place, 4) || isHost ? routeOf(subject, trail, way) : []
  return { name: 'outside', skipped: false, findings: [...ownRoute, ...onTheWay, ...reached, ...bySix, ...servers] }
}

/** Whether it has an address of a family with which it could go anywhere. */
function has(place: LivePlace, family: 4 | 6): boolean {
  return place.namespace.links.some(
    ({ kind, addresses }) =>
      kind !== 'loopback' && addresses.some((one) => one.scope === 'global' && one.family === family),
  )
}

/** The same by IPv6: where it has an address of that on a network that is not internal, and its host one on a LAN. */
async function lookOutsideBySix(subject: Subject): Promise<Draft[]> {
  const { place, state, home } = subject
  const isHost = isInHostNamespace(place)
  const leads = legsWithNetworks(place).some(
    ({ endpoint, network }) => endpoint.address6 !== undefined && network.ipv6 && !network.internal,
  )
  const there = outsiders(subject, 6)
  if (!has(place, 6) || !(isHost || leads) || there.length === 0) return []
  const { address } = there.find((one) => !isNeighbour(place, one.address)) ?? there[0]!
  const trail = trailForeseen({ state, home, from: place, address, protocol: 'icmp' })
  const way = routeFor(place.namespace, address)
  const onTheWay = leadsOn(way) && !isHost ? onHost(subject, trail) : []
  const reached = await reachOutsiders(subject, way, there)
  // That nobody knows the way back is told as what it is: not made by this Engine.
  const expected = onTheWay.some(({ outcome, cause }) => outcome === 'note' && cause === 'no-masquerade')
  const told = expected
    ? reached.filter(({ outcome, cause }) => outcome !== 'problem' || cause !== 'no-masquerade')
    : reached
  return [...(isHost ? [] : routeOf(subject, trail, way)), ...onTheWay, ...told]
}

/** What is not on any of its own networks: whoever is nearest of those outside, else an address that is nobody's (RFC 5737). */
function elsewhere(subject: Subject): Attempt {
  const { place, state, home } = subject
  const far = outsiders(subject, 4).find(({ address }) => !isNeighbour(place, address))
  return { state, home, from: place, address: far?.address ?? '192.0.2.1', protocol: 'icmp' }
}

/** IPv4 goes without saying. */
function familyOf(address: string): { en: string; zh: string } {
  return address.includes(':') ? { en: ' of IPv6', zh: ' IPv6 ' } : { en: '', zh: '' }
}

function routeOf({ place }: Subject, trail: Trail, way: FoundRoute | undefined): Draft[] {
  const of = familyOf(trail.address)
  const family = trail.address.includes(':') ? 6 : 4
  const main = place.namespace.routes.filter((one) => one.table === 'main' && one.family === family).map(writeRoute)
  const restart = restartText(networkRestartOf(place.host, place.container.name))
  const again = { en: `Let the Engine set it again: ${restart.en}`, zh: `让引擎重新设置：${restart.zh}` }
  if (way && isUndecided(way)) {
    return [
      note(
        {
          en: `which of its routes${of.en} leads to the outside depends on more than is known of a packet`,
          zh: `它有不止一条${of.zh}路由通往外部，一个包走哪一条，取决于未知的条件`,
        },
        { evidence: foundLines(place.label, way) },
      ),
    ]
  }
  if (!leadsOn(way)) {
    const cause = noRoute.byState!({ ...trail, last: place, destination: trail.address })
    return [
      problem(
        way
          ? { en: `its routes${of.en} do not lead to the outside`, zh: `它的${of.zh}路由不通往外部` }
          : { en: `it has no default route${of.en}`, zh: `它没有${of.zh}默认路由` },
        {
          why:
            way && cause
              ? cause.what
              : {
                  en: 'so it knows the way to its own subnets and to nobody else',
                  zh: '只知道怎么去自己的子网，别处都去不了',
                },
          cause: 'no-route',
          evidence: [...(way && cause ? cause.evidence : []), ...(main.length > 0 ? main : ['ip route: (none)'])],
          tries: [...(way && cause ? cause.tries : []), again],
        },
      ),
    ]
  }
  const via = code(way.gateway ?? way.device ?? '?')
  const leads = { en: `its default route${of.en} leads to ${via}`, zh: `${of.zh}默认路由指向 ${via}`.trim() }
  const stray = isInHostNamespace(place) ? undefined : wrongGateway.byState!(trail)
  if (!stray) return [ok(leads, foundLines(place.label, way))]
  // What the Engine was told of the gateway of a LAN it would tell the container once more.
  const isGiven = endpointsOf(place).some(({ gateway }) => sameAddress(gateway, way.gateway))
  return [
    problem(leads, {
      why: stray.what,
      cause: stray.code,
      evidence: [...stray.evidence, ...main],
      tries: [...(isGiven ? [] : [again]), ...stray.tries],
    }),
  ]
}

/** What its own host has to do for it: pass packets on, and put its own address on them. */
function onHost({ place }: Subject, trail: Trail): Draft[] {
  const own = hostPlace(place.host)
  const stop = trail.way?.stops.find(({ place: at }, n) => n > 0 && at.namespace.id === own?.namespace.id)
  if (!own || !stop) return []
  const where = code(place.host.name)
  const of = familyOf(trail.address)
  const off = forwardingOff.byState!(trail)
  if (off) {
    return [
      problem(
        { en: `IP forwarding${of.en} is off on ${where}`, zh: `${where} 的${of.zh || ' IP '}转发被关闭了` },
        { why: off.what, cause: off.code, evidence: off.evidence, tries: off.tries },
      ),
    ]
  }
  const six = trail.address.includes(':')
  const forwards =
    own.namespace.forwards[six ? 'ip6' : 'ip4'] === undefined
      ? note(
          { en: `whether ${where} forwards packets could not be read`, zh: `读取不到 ${where} 是否开启了 IP 转发` },
          { evidence: own.namespace.faults.slice(0, 3) },
        )
      : ok({ en: `${where} forwards packets${of.en}`, zh: `${where} 开启了${of.zh || ' IP '}转发` }, [
          six ? 'net.ipv6.conf.all.forwarding = 1' : 'net.ipv4.ip_forward = 1',
        ])
  const network = place.host.engine?.networks.find((one) => one.bridge === stop.in)
  // An overlay's packets leave by a bridge of the Engine's, and some networks are made to go without.
  if (!network || network.options['com.docker.network.bridge.enable_ip_masquerade'] === 'false') return [forwards]
  const source = trail.way?.stops[0]?.route && sourceOn(place.namespace, trail.way.stops[0].route)
  const rule = translationAt(own.namespace, 'postrouting', {
    ...(source === undefined ? {} : { source }),
    ...{ destination: trail.destination, protocol: 'icmp', in: '', out: stop.out, state: 'new' },
  })
  if (rule && /^(MASQUERADE|SNAT)$/.test(rule.target)) {
    const text = {
      en: `a rule gives its packets the address of ${where}`,
      zh: `有规则把它的源地址换成 ${where} 的地址`,
    }
    return [forwards, ok(text, [ruleLine(rule)])]
  }
  const none = noMasquerade.byState!(trail)
  if (!none) return [forwards]
  if (trail.address.includes(':') && !translatesSix(place)) {
    return [
      forwards,
      note(
        {
          en: `the Engine of ${where} translates no IPv6 addresses: whoever was not told the way to this network does not answer it`,
          zh: `${where} 的引擎不转换 IPv6 地址：没有配置过到这个网络的路由的机器，都无法应答它`,
        },
        { cause: none.code, evidence: none.evidence },
      ),
    ]
  }
  const subnet = code(
    network.subnets.find((one) => source !== undefined && holds(one.subnet, source))?.subnet ?? network.name,
  )
  return [
    forwards,
    problem(
      { en: `no rule on ${where} masquerades ${subnet}`, zh: `${where} 上没有为 ${subnet} 做地址伪装的规则` },
      {
        why: none.what,
        cause: none.code,
        evidence: [
          ...none.evidence,
          ...own.namespace.rules.filter(({ table, chain }) => table === 'nat' && chain === 'POSTROUTING').map(ruleLine),
        ],
        tries: none.tries,
      },
    ),
  ]
}

function byFamily([first]: Outsider[]): { en: string; zh: string } {
  return first?.address.includes(':') ? { en: ' by IPv6', zh: '通过 IPv6 ' } : { en: '', zh: '' }
}

/** An Engine that was not told to (ip6tables of daemon.json) makes no rules of IPv6, and no chains for them. */
function translatesSix({ host }: LivePlace): boolean {
  return ownNamespace(host).chains.some(
    ({ family, table, name }) => family === 'ip6' && table === 'nat' && name === 'DOCKER',
  )
}

/** Gateways of the LANs that its host is on, and other hosts there. */
function outsiders({ state, place }: Subject, family: 4 | 6): Outsider[] {
  const isOf = (address: string) => (address.includes(':') ? 6 : 4) === family
  const lans = new Set(ownNamespace(place.host).links.flatMap(({ lan }) => lan ?? []))
  const gateways = state.lans
    .filter(({ name }) => lans.has(name))
    .map(({ name, gateway, gateway6 = '' }) => ({ name, address: family === 4 ? gateway : gateway6 }))
    .filter(({ address }) => isAddress(address))
    .map(({ name, address }) => ({ label: `gateway of ${name}`, address, reference: address }))
  const hosts = state.hosts
    .filter((host) => host !== place.host)
    .flatMap((host): Outsider[] => {
      const there = hostPlace(host)
      if (!there?.namespace.links.some(({ lan }) => lan !== undefined && lans.has(lan))) return []
      const address = addressesTowards(place, there).find(isOf)
      // Of several addresses a trace by name takes those of IPv4 first.
      const reference = family === 4 ? host.name : (address ?? '')
      return address === undefined ? [] : [{ label: host.name, address, reference, place: there }]
    })
  return [...gateways, ...hosts.slice(0, mostHosts)]
}

async function reachOutsiders(subject: Subject, way: FoundRoute | undefined, there: Outsider[]): Promise<Draft[]> {
  const { place } = subject
  const by = byFamily(there)
  if (there.length === 0) {
    return [
      note({ en: 'its host is on no LAN, so there is nobody outside', zh: '主机没有接入局域网，外部没有可访问的对象' }),
    ]
  }
  const answers = await pMap(there, ({ address }) => put(subject, place, { kind: 'ping', address }), {
    concurrency: atOnce,
  })
  const those = (outcome: string) => there.flatMap((_, at) => (answers[at]!.outcome === outcome ? [at] : []))
  const line = (at: number) => lineOf(place, there[at]!, answers[at]!)
  const [well, badly, never] = [those('yes'), those('no'), those('error')]
  const found: Draft[] = []
  if (well.length > 0) {
    const list = named(well.map((at) => there[at]!))
    found.push(ok({ en: `it reaches ${list.en}${by.en}`, zh: `能${by.zh}访问 ${list.zh}` }, well.map(line)))
    const large = await pMap(well, (at) => largePackets(subject, way, there[at]!), { concurrency: atOnce })
    found.push(...oncePerText(large.flat()))
  }
  if (badly.length > 0) {
    const lost = badly.map((at) => ({ outsider: there[at]!, answer: answers[at]! }))
    found.push(...(await unreached(subject, lost)))
  }
  if (never.length > 0) found.push(unasked(place, never.map(line)))
  return found
}

function lineOf(place: LivePlace, { address, label }: Outsider, answer: ProbeAnswer): string {
  return probeLine(place.label, `ping ${address} (${label})`, answer)
}

function named(list: Outsider[]) {
  const gateways = list.filter(({ place }) => !place).map(({ address }) => address)
  const hosts = list.filter(({ place }) => place).map(({ label }) => label)
  const [g, h] = [codes(gateways), codes(hosts)]
  return {
    en: [...(gateways.length > 0 ? [`the LAN's gateway ${g.en}`] : []), ...(hosts.length > 0 ? [h.en] : [])].join(
      ' and ',
    ),
    zh: [...(gateways.length > 0 ? [`局域网网关 ${g.zh}`] : []), ...(hosts.length > 0 ? [h.zh] : [])].join('和'),
  }
}

/** Who does not answer the host itself either is no fault of the container's. */
async function unreached(subject: Subject, lost: { outsider: Outsider; answer: ProbeAnswer }[]): Promise<Draft[]> {
  const { place } = subject
  const by = byFamily(lost.map(({ outsider }) => outsider))
  const own = hostPlace(place.host)!
  const isHost = isInHostNamespace(place)
  const controls = await pMap(
    isHost ? [] : lost,
    ({ outsider: { address } }) => put(subject, own, { kind: 'ping', address }),
    { concurrency: atOnce },
  )
  const theirs = lost.filter((_, at) => controls[at]?.outcome === 'yes')
  const nobodys = lost.filter((one) => !theirs.includes(one))
  const drafts: Draft[] = []
  const lines = (list: typeof lost) =>
    list.flatMap((one) => {
      const control = controls[lost.indexOf(one)]
      return [lineOf(place, one.outsider, one.answer), ...(control ? [lineOf(own, one.outsider, control)] : [])]
    })
  const host = code(place.host.name)
  if (theirs.length > 0) {
    // Of a host of the rack more is known than of a LAN's gateway.
    const { outsider, answer } = theirs.find((one) => one.outsider.place) ?? theirs[0]!
    const list = named(theirs.map((one) => one.outsider))
    const found = because(
      subject,
      {
        from: place,
        ...(outsider.place ? { meant: outsider.place } : {}),
        address: outsider.address,
        protocol: 'icmp',
      },
      answer.cause ?? 'silent',
    )
    drafts.push(
      problem(
        {
          en: `it does not reach ${list.en}${by.en}, though ${host} does`,
          zh: `它${by.zh}访问不到 ${list.zh}，而 ${host} 可以`,
        },
        {
          ...found.because,
          evidence: [...lines(theirs), ...found.evidence],
          tries: [
            ...found.tries,
            {
              en: `Look at what ${host} does with its packets: \`iptables -S FORWARD\`, \`iptables -S DOCKER-USER\`, \`iptables -t nat -S POSTROUTING\``,
              zh: `看 ${host} 如何处理它的数据包：\`iptables -S FORWARD\`、\`iptables -S DOCKER-USER\`、\`iptables -t nat -S POSTROUTING\``,
            },
          ],
          question: { from: referenceOf(place), to: outsider.reference, protocol: 'icmp' },
        },
      ),
    )
  }
  if (nobodys.length === 0) return drafts
  const list = named(nobodys.map((one) => one.outsider))
  const cut = nobodys.some(({ outsider }) => !outsider.place)
  const known = cut ? undefined : whyNobody(subject, nobodys)
  if (known) {
    drafts.push(
      problem(
        {
          en: `neither it nor ${host} reaches ${list.en}${by.en}`,
          zh: `它和 ${host} 都${by.zh}访问不到 ${list.zh}`,
        },
        {
          ...known.because,
          evidence: [...lines(nobodys), ...known.evidence],
          tries: known.tries,
          question: { from: place.host.name, to: nobodys[0]!.outsider.reference, protocol: 'icmp' },
        },
      ),
    )
  } else if (cut) {
    drafts.push(
      problem(
        {
          en: `neither it nor ${host} reaches ${list.en}${by.en}`,
          zh: `它和 ${host} 都${by.zh}访问不到 ${list.zh}`,
        },
        {
          why: {
            en: `the fault is not in the container: ${host} has lost its LAN, or a rule there stops pings`,
            zh: `问题不在容器：${host} 与局域网断开了，或者那里的规则拦住了 ping`,
          },
          evidence: lines(nobodys),
          tries: [
            {
              en: `Look at the cable and at the rules of ${host}: \`ip -br link\`, \`ip route\`, \`iptables -S\``,
              zh: `检查 ${host} 的网线和规则：\`ip -br link\`、\`ip route\`、\`iptables -S\``,
            },
          ],
          question: {
            from: isHost ? place.host.name : referenceOf(place),
            to: nobodys[0]!.outsider.reference,
            protocol: 'icmp',
          },
        },
      ),
    )
  } else {
    drafts.push(
      note(
        {
          en: `${list.en} answers neither it nor ${host}, so that the fault is not in the container`,
          zh: `${list.zh} 对它和 ${host} 都没有应答，所以问题不在容器里`,
        },
        { evidence: lines(nobodys) },
      ),
    )
  }
  return drafts
}

/** Why the host itself does not reach somebody, where the state shows it. */
function whyNobody(subject: Subject, nobodys: { outsider: Outsider; answer: ProbeAnswer }[]) {
  const own = hostPlace(subject.place.host)!
  return nobodys
    .flatMap(({ outsider: { place: meant, address }, answer }) =>
      meant ? [because(subject, { from: own, meant, address, protocol: 'icmp' }, answer.cause ?? 'silent')] : [],
    )
    .find(({ because: known }) => 'cause' in known)
}

/** Each is asked, and those that say the same say it once. */
function oncePerText(drafts: Draft[]): Draft[] {
  return drafts.filter(({ fact }, at) => drafts.findIndex((one) => one.fact.en === fact.en) === at)
}

async function largePackets(
  subject: Subject,
  way: FoundRoute | undefined,
  { address, place: there, label }: Outsider,
): Promise<Draft[]> {
  const { place } = subject
  const link = place.namespace.links.find(({ name }) => name === way?.device)
  if (!link) return []
  // IP and ICMP headers, as ping(8) counts.
  const size = Math.min(link.mtu, 9000) - (address.includes(':') ? 48 : 28)
  const answer = await put(subject, place, { kind: 'ping', address, size })
  const evidence = [probeLine(place.label, `ping -M do -s ${size} ${address}`, answer), `${link.name} mtu ${link.mtu}`]
  if (answer.outcome === 'yes') {
    return [
      ok(
        { en: `packets of full size (${link.mtu} bytes) get through`, zh: `${link.mtu} 字节的满尺寸包能通过` },
        evidence,
      ),
    ]
  }
  if (answer.outcome === 'error') return [unasked(place, evidence)]
  const lan = ownNamespace(place.host).links.find((one) => one.lan !== undefined)
  // Of others on the LAN nothing is narrow on the way to this one.
  const narrow = narrowestLan([place.host, ...(there ? [there.host] : [])], lan?.lan)
  // That a large one is not answered in time shows no limit: what is narrower has to be seen.
  if (!narrow || narrow.link.mtu >= link.mtu) {
    return [
      note(
        {
          en: `small packets to ${code(label)} are answered, and one of full size (${link.mtu} bytes) was not answered in time; nothing narrower is known on the way`,
          zh: `发给 ${code(label)} 的小包有应答，而一个 ${link.mtu} 字节的满尺寸包没有及时得到应答；途中没有发现更小的 MTU`,
        },
        { evidence },
      ),
    ]
  }
  return [
    problem(
      {
        en: `small packets get to ${code(label)}, but those of full size (${link.mtu} bytes) do not`,
        zh: `小包能到 ${code(label)}，但 ${link.mtu} 字节的满尺寸包到不了`,
      },
      {
        why: {
          en: `its link has an MTU of ${link.mtu}, and on the way ${code(narrow.link.name)} of ${code(narrow.host)} takes ${narrow.link.mtu}`,
          zh: `它的接口 MTU 是 ${link.mtu}，而途中 ${code(narrow.host)} 的 ${code(narrow.link.name)} 只有 ${narrow.link.mtu}`,
        },
        cause: 'mtu-too-large',
        evidence: [...evidence, `${narrow.host}: ${narrow.link.name} mtu ${narrow.link.mtu}`],
        tries: [
          {
            en: `Make its network with what fits: \`--opt com.docker.network.driver.mtu=${narrow.link.mtu}\``,
            zh: `按能通过的大小建网络：\`--opt com.docker.network.driver.mtu=${narrow.link.mtu}\``,
          },
        ],
      },
    ),
  ]
}

/** Where a server is out in the internet, and the rack has no way there. */
function offlineCause(attempt: Attempt): Cause | undefined {
  const cause = causeForeseen(attempt)
  return cause?.code === 'offline' ? cause : undefined
}

/** Whoever is asked for names of the outside: the container's own servers, or behind the embedded one those of its host. */
async function askNameservers(subject: Subject): Promise<Draft[]> {
  const { place, state } = subject
  const embedded = place.dns.nameservers.includes('127.0.0.11') && !isInHostNamespace(place)
  const own = hostPlace(place.host)!
  // What nobody could read says nothing of whom it asks; that of the container itself has been told.
  if ([place.dns, ...(embedded ? [place.host.dns] : [])].some(({ unread }) => unread?.resolvConf !== undefined))
    return []
  const servers = (embedded ? (place.dns.forwardsTo ?? place.host.dns.nameservers) : place.dns.nameservers)
    .filter(isAddress)
    .slice(0, 2)
  // The embedded server asks from within the container's namespace, but for servers on the loopback of its host.
  const askers = servers.map((server) => (embedded && (isLoopback(server) || !place.dns.forwardsTo) ? own : place))
  const answers = await pMap(
    servers,
    // Nobody has it (RFC 6761, 6.4): any answer shows that somebody is there, and a server need ask nobody else.
    (server, at) => put(subject, askers[at]!, { kind: 'dns', server, name: 'vethlab.invalid' }),
    { concurrency: atOnce },
  )
  return answers.flatMap((answer, at): Draft[] => {
    const server = servers[at]!
    const from = askers[at]!
    const evidence = [probeLine(from.label, `dig @${server} vethlab.invalid`, answer)]
    if (answer.outcome === 'error') return [unasked(from, evidence)]
    if (answer.outcome === 'yes' || answer.cause === undefined) {
      return [ok({ en: `the nameserver ${code(server)} answers`, zh: `DNS 服务器 ${code(server)} 有应答` }, evidence)]
    }
    const isGateway = state.lans.some((lan) => [lan.gateway, lan.gateway6].some((one) => sameAddress(one, server)))
    if (isGateway && answer.cause === 'refused' && state.offline) {
      return [
        note(
          {
            en: `the nameserver ${code(server)} refuses: the hosts of this lab are offline, so names of the internet do not resolve`,
            zh: `DNS 服务器 ${code(server)} 拒绝应答：这个实验的主机没有接入互联网，互联网上的名字解析不了`,
          },
          { cause: 'offline', evidence },
        ),
      ]
    }
    const silent = answer.cause === 'silent'
    const known =
      defaultNameserversCause(place) ??
      offlineCause({ state, home: subject.home, from, address: server, protocol: 'udp', port: 53 })
    return [
      // Silence of the LAN's own server is told by what else of the LAN is silent.
      (isGateway ? note : problem)(
        {
          en: `the nameserver ${code(server)} ${silent ? 'does not answer' : 'cannot be reached'}`,
          zh: `DNS 服务器 ${code(server)} ${silent ? '没有应答' : '无法到达'}`,
        },
        {
          why: known?.what ?? {
            en: 'names that are not of containers do not resolve, or only after a long wait',
            zh: '容器名之外的域名解析不了，或者要等很久',
          },
          cause: known?.code ?? 'unknown-name',
          evidence: [...evidence, ...(known?.evidence ?? [])],
          tries: known?.tries ?? [
            {
              en: 'Name another server with `--dns`, or in `/etc/docker/daemon.json`',
              zh: '用 `--dns` 或在 `/etc/docker/daemon.json` 里换一个服务器',
            },
          ],
        },
      ),
    ]
  })
}
