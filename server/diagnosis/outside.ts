import pMap from 'p-map'
import { explain } from '../check/obstacle.js'
import { holds, isAddress, sameAddress, sameNetwork } from '../network/addresses.js'
import type { ProbeAnswer } from '../network/question.js'
import type { Link, Route } from '../network/state.js'
import { isInHostNamespace, type LivePlace, ownNamespace } from '../place/reference.js'
import { addressesTowards } from '../place/target.js'
import { bare, code, codes } from '../wording/wording.js'
import { type Draft, note, ok, problem, type StageDraft } from './draft.js'
import { probeLine, routeLine, ruleLine } from './evidence.js'
import { unasked } from './itself.js'
import { legsWithNetworks } from './same-network.js'
import { hostPlace, put, referenceOf, type Subject } from './subject.js'

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
  const way = defaultRoute(place)
  if (!isHost && !way && legs.every(({ network }) => network.internal)) {
    const list = codes(legs.map(({ network }) => network.name))
    return skip(
      note(
        {
          en: `${list.en} ${legs.length > 1 ? 'are' : 'is'} internal: nothing leaves it, by design`,
          zh: `${list.zh} 是内部网络：按设计数据包出不去`,
        },
        {
          evidence: place.namespace.routes.filter(({ table }) => table === 'main').map(routeLine),
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
  const onTheWay = way && !isHost ? onHost(subject, way) : []
  const [reached, servers] = await Promise.all([reachOutsiders(subject, way), askNameservers(subject)])
  return { name: 'outside', skipped: false, findings: [...routeOf(subject, way), ...onTheWay, ...reached, ...servers] }
}

function defaultRoute({ namespace }: LivePlace): Route | undefined {
  return namespace.routes.find(
    ({ destination, type, family, table }) =>
      destination === 'default' && type === 'unicast' && family === 4 && table !== 'local',
  )
}

function routeOf({ place }: Subject, way: Route | undefined): Draft[] {
  const main = place.namespace.routes.filter(({ table }) => table === 'main').map(routeLine)
  if (!way) {
    return [
      problem(
        { en: 'it has no default route', zh: '它没有默认路由' },
        {
          why: {
            en: 'so it knows the way to its own subnets and to nobody else',
            zh: '只知道怎么去自己的子网，别处都去不了',
          },
          evidence: main.length > 0 ? main : ['ip route: (none)'],
          tries: [
            {
              en: `Let the Engine set it anew: \`docker restart ${bare(place.container.name)}\``,
              zh: `让引擎重新设置：\`docker restart ${bare(place.container.name)}\``,
            },
          ],
        },
      ),
    ]
  }
  const gateways = legsWithNetworks(place).flatMap(({ endpoint }) => endpoint.gateway ?? [])
  const strange =
    way.gateway !== undefined &&
    gateways.length > 0 &&
    !isInHostNamespace(place) &&
    !gateways.some((gateway) => sameAddress(gateway, way.gateway)) &&
    // An overlay's packets leave by a bridge of the Engine's that is none of the container's networks.
    !bridgeWith(place, way.gateway)
  const evidence = [routeLine(way)]
  if (strange) {
    const list = codes([...new Set(gateways)])
    return [
      problem(
        {
          en: `its default route leads to ${code(way.gateway!)}, and the gateway of its network is ${list.en}`,
          zh: `它的默认路由指向 ${code(way.gateway!)}，而所在网络的网关是 ${list.zh}`,
        },
        {
          why: { en: 'packets go to somebody who does not pass them on', zh: '数据包交给了不会转发的一方' },
          evidence: main,
          tries: [
            {
              en: `Put it right: \`docker restart ${bare(place.container.name)}\`, or \`ip route replace default via ${bare(gateways[0]!)}\` inside`,
              zh: `改回来：\`docker restart ${bare(place.container.name)}\`，或在容器内 \`ip route replace default via ${bare(gateways[0]!)}\``,
            },
          ],
        },
      ),
    ]
  }
  const via = code(way.gateway ?? way.device ?? '?')
  return [ok({ en: `its default route leads to ${via}`, zh: `默认路由指向 ${via}` }, evidence)]
}

/** The bridge of the host that has an address: the gateway of a bridge network. */
function bridgeWith({ host }: LivePlace, address: string): Link | undefined {
  return ownNamespace(host).links.find(
    ({ kind, addresses }) => kind === 'bridge' && addresses.some((own) => sameAddress(own.address, address)),
  )
}

/** What its own host has to do for it: pass packets on, and put its own address on them. */
function onHost({ place }: Subject, way: Route): Draft[] {
  const bridge = way.gateway === undefined ? undefined : bridgeWith(place, way.gateway)
  if (!bridge) return []
  const own = ownNamespace(place.host)
  const where = code(place.host.name)
  const found: Draft[] = []
  if (own.forwards.ip4) {
    found.push(ok({ en: `${where} forwards packets`, zh: `${where} 开启了 IP 转发` }, ['net.ipv4.ip_forward = 1']))
  } else {
    found.push(
      problem(
        { en: `IP forwarding is off on ${where}`, zh: `${where} 的 IP 转发被关闭了` },
        {
          why: {
            en: 'a host passes nothing on between its bridges and its LAN then',
            zh: '关闭后主机不会在网桥与局域网之间转发数据包',
          },
          evidence: ['net.ipv4.ip_forward = 0'],
          tries: [
            {
              en: `Turn it on, on ${where}: \`sysctl -w net.ipv4.ip_forward=1\``,
              zh: `在 ${where} 上打开：\`sysctl -w net.ipv4.ip_forward=1\``,
            },
          ],
        },
      ),
    )
  }
  const subnet = subnetOf(bridge, way.gateway!)
  const network = place.host.engine?.networks.find((one) => one.bridge === bridge.name)
  if (subnet === undefined || network?.options['com.docker.network.bridge.enable_ip_masquerade'] === 'false')
    return found
  const rule = own.rules.find(
    ({ table, chain, target, source, out }) =>
      table === 'nat' &&
      chain === 'POSTROUTING' &&
      (target === 'MASQUERADE' || target === 'SNAT') &&
      (source === undefined || sameNetwork(source, subnet) || holds(source, way.gateway!)) &&
      (out === undefined ||
        out.startsWith('!') ||
        own.links.some(({ name, lan }) => name === out && lan !== undefined)),
  )
  if (rule) {
    found.push(
      ok({ en: `a rule gives its packets the address of ${where}`, zh: `有规则把它的源地址换成 ${where} 的地址` }, [
        ruleLine(rule),
      ]),
    )
  } else {
    found.push(
      problem(
        {
          en: `no rule on ${where} masquerades ${code(subnet)}`,
          zh: `${where} 上没有为 ${code(subnet)} 做地址伪装的规则`,
        },
        {
          why: {
            en: 'its packets leave with an address that nobody outside can answer to',
            zh: '数据包带着外部无法回复的源地址出去',
          },
          evidence: own.rules.filter(({ table, chain }) => table === 'nat' && chain === 'POSTROUTING').map(ruleLine),
          tries: [
            {
              en: `Put it back: \`iptables -t nat -A POSTROUTING -s ${bare(subnet)} ! -o ${bare(bridge.name)} -j MASQUERADE\`, or restart the Engine`,
              zh: `补上：\`iptables -t nat -A POSTROUTING -s ${bare(subnet)} ! -o ${bare(bridge.name)} -j MASQUERADE\`，或重启 Docker 引擎`,
            },
          ],
        },
      ),
    )
  }
  return found
}

/** As the kernel's route says it, since a bridge's address has host bits. */
function subnetOf(bridge: Link, gateway: string): string | undefined {
  const own = bridge.addresses.find(({ address }) => sameAddress(address, gateway))
  return own && `${own.address}/${own.prefix}`
}

/** Gateways of the LANs that its host is on, and other hosts there. */
function outsiders({ state, place }: Subject): Outsider[] {
  const lans = new Set(ownNamespace(place.host).links.flatMap(({ lan }) => lan ?? []))
  const gateways = state.lans
    .filter(({ name, gateway }) => lans.has(name) && isAddress(gateway))
    .map(({ name, gateway }) => ({ label: `gateway of ${name}`, address: gateway, reference: gateway }))
  const hosts = state.hosts
    .filter((host) => host !== place.host)
    .flatMap((host): Outsider[] => {
      const there = hostPlace(host)
      if (!there?.namespace.links.some(({ lan }) => lan !== undefined && lans.has(lan))) return []
      const [address] = addressesTowards(place, there)
      return address === undefined ? [] : [{ label: host.name, address, reference: host.name, place: there }]
    })
  return [...gateways, ...hosts.slice(0, mostHosts)]
}

async function reachOutsiders(subject: Subject, way: Route | undefined): Promise<Draft[]> {
  const { place } = subject
  const there = outsiders(subject)
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
    found.push(ok({ en: `it reaches ${list.en}`, zh: `能访问 ${list.zh}` }, well.map(line)))
    found.push(...(await largePackets(subject, way, there[well[0]!]!)))
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
  const own = hostPlace(place.host)!
  const isHost = isInHostNamespace(place)
  const controls = await pMap(
    isHost ? [] : lost,
    ({ outsider: { address } }) => put(subject, own, { kind: 'ping', address }),
    { concurrency: atOnce },
  )
  const theirs = lost.filter((_, at) => controls[at]?.outcome === 'yes')
  const nobodys = lost.filter((one) => !theirs.includes(one))
  const found: Draft[] = []
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
    found.push(
      problem(
        {
          en: `it does not reach ${list.en}, though ${host} does`,
          zh: `它访问不到 ${list.zh}，而 ${host} 可以`,
        },
        {
          why: explain({
            from: place,
            ...(outsider.place ? { to: outsider.place } : {}),
            address: outsider.address,
            protocol: 'icmp',
            cause: answer.cause ?? 'silent',
          }).why,
          evidence: lines(theirs),
          tries: [
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
  if (nobodys.length === 0) return found
  const list = named(nobodys.map((one) => one.outsider))
  const cut = nobodys.some(({ outsider }) => !outsider.place)
  if (cut) {
    found.push(
      problem(
        { en: `neither it nor ${host} reaches ${list.en}`, zh: `它和 ${host} 都访问不到 ${list.zh}` },
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
    found.push(
      note(
        {
          en: `${list.en} answers neither it nor ${host}: the fault is over there`,
          zh: `${list.zh} 对它和 ${host} 都没有应答：问题在对方那里`,
        },
        { evidence: lines(nobodys) },
      ),
    )
  }
  return found
}

async function largePackets(subject: Subject, way: Route | undefined, { address }: Outsider): Promise<Draft[]> {
  const { place } = subject
  const link = place.namespace.links.find(({ name }) => name === way?.device)
  if (!link || address.includes(':')) return []
  // IP and ICMP headers, as ping(8) counts.
  const size = Math.min(link.mtu, 9000) - 28
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
  return [
    problem(
      {
        en: `small packets get out, but those of full size (${link.mtu} bytes) do not`,
        zh: `小包出得去，但 ${link.mtu} 字节的满尺寸包出不去`,
      },
      {
        why: {
          en: `its link has an MTU of ${link.mtu}, and somewhere on the way less fits${lan ? ` (${code(lan.name)} of ${code(place.host.name)}: ${lan.mtu})` : ''}`,
          zh: `它的接口 MTU 是 ${link.mtu}，而途中某处更小${lan ? `（${code(place.host.name)} 的 ${code(lan.name)}：${lan.mtu}）` : ''}`,
        },
        evidence: [...evidence, ...(lan ? [`${place.host.name}: ${lan.name} mtu ${lan.mtu}`] : [])],
        tries: [
          {
            en: `Make its network with what fits: \`--opt com.docker.network.driver.mtu=${lan?.mtu ?? 1400}\``,
            zh: `按能通过的大小建网络：\`--opt com.docker.network.driver.mtu=${lan?.mtu ?? 1400}\``,
          },
        ],
      },
    ),
  ]
}

/** Whoever is asked for names of the outside: the container's own servers, or behind the embedded one those of its host. */
async function askNameservers(subject: Subject): Promise<Draft[]> {
  const { place, state } = subject
  const embedded = place.dns.nameservers.includes('127.0.0.11') && !isInHostNamespace(place)
  const from = embedded ? hostPlace(place.host)! : place
  const servers = (embedded ? place.host.dns : place.dns).nameservers.filter(isAddress).slice(0, 2)
  const answers = await pMap(
    servers,
    // Nobody has it (RFC 6761, 6.4): any answer shows that somebody is there, and a server need ask nobody else.
    (server) => put(subject, from, { kind: 'dns', server, name: 'vethlab.invalid' }),
    { concurrency: atOnce },
  )
  return answers.flatMap((answer, at): Draft[] => {
    const server = servers[at]!
    const evidence = [probeLine(from.label, `dig @${server} vethlab.invalid`, answer)]
    if (answer.outcome === 'error') return [unasked(from, evidence)]
    if (answer.outcome === 'yes' || answer.cause === undefined) {
      return [ok({ en: `the nameserver ${code(server)} answers`, zh: `DNS 服务器 ${code(server)} 有应答` }, evidence)]
    }
    const isGateway = state.lans.some(({ gateway }) => sameAddress(gateway, server))
    if (isGateway && answer.cause === 'refused') {
      return [
        note(
          {
            en: `the nameserver ${code(server)} refuses: this rack has no internet, so names of the outside do not resolve`,
            zh: `DNS 服务器 ${code(server)} 拒绝应答：这个实验环境没有外网，外部域名解析不了`,
          },
          { evidence },
        ),
      ]
    }
    const silent = answer.cause === 'silent'
    return [
      // Silence of the LAN's own server is told by what else of the LAN is silent.
      (isGateway ? note : problem)(
        {
          en: `the nameserver ${code(server)} ${silent ? 'does not answer' : 'can not be reached'}`,
          zh: `DNS 服务器 ${code(server)} ${silent ? '没有应答' : '无法到达'}`,
        },
        {
          why: {
            en: 'names that are not of containers do not resolve, or only after a long wait',
            zh: '容器名之外的域名解析不了，或者要等很久',
          },
          evidence,
          tries: [
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
