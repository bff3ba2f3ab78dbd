import pMap from 'p-map'
import { causeOfName } from '../cause/causes.js'
import { vxlanOverhead } from '../cause/mtu-too-large.js'
import { isAddress, sameAddress } from '../network/addresses.js'
import { writeRoute } from '../network/routing.js'
import type { Endpoint, EngineNetwork } from '../network/state.js'
import { resolveName } from '../place/name-resolution.js'
import { endpointsOf, hostPlace, isInHostNamespace, isLive, type LivePlace, legsOf, placeOf } from '../place/place.js'
import { Unanswerable } from '../place/unanswerable.js'
import { bare, code, codes } from '../wording/wording.js'
import { type Draft, note, ok, problem, type StageDraft } from './draft.js'
import { duplicates } from './duplicates.js'
import { probeLine } from './evidence.js'
import { unasked } from './itself.js'
import { askServed } from './served.js'
import { because, contextOf, narrowestLan, put, referenceOf, type Subject } from './subject.js'

const mostNetworks = 4
/** Of each network: as many on its own host, and as many on others. */
const mostPeers = 3
const atOnce = 4

/** A leg on a network, and the network. */
interface Leg {
  endpoint: Endpoint
  network: EngineNetwork
}

interface Peer {
  place: LivePlace
  /** Those of the families that both have on the network. */
  addresses: string[]
  /** By which the embedded DNS server knows it. */
  name?: string
}

/** The second question: does it reach who is on the same network, by address and by name? */
export async function lookAtSameNetwork(subject: Subject): Promise<StageDraft> {
  const { place } = subject
  const skip = (finding: Draft): StageDraft => ({ name: 'same-network', skipped: true, findings: [finding] })
  if (isInHostNamespace(place)) {
    return skip(
      note({
        en: `it is in the network namespace of ${code(place.host.name)}, and on no network of Docker`,
        zh: `它使用 ${code(place.host.name)} 的网络命名空间，不在任何 Docker 网络上`,
      }),
    )
  }
  const legs = legsWithNetworks(place)
  if (legs.length === 0) {
    return skip(
      note({ en: 'it is on no network, so nobody shares one with it', zh: '它没有接入网络，也就没有同网的伙伴' }),
    )
  }
  const findings = await pMap(legs.slice(0, mostNetworks), (leg) => lookAtLeg(subject, leg), { concurrency: 2 })
  return { name: 'same-network', skipped: false, findings: [...findings.flat(), ...duplicates(subject)] }
}

export function legsWithNetworks(place: LivePlace): Leg[] {
  return endpointsOf(place).flatMap((endpoint) => {
    const network = place.host.engine?.networks.find(({ id }) => id === endpoint.networkId)
    // The routing mesh is nobody's to talk on.
    return network && !network.ingress && network.driver !== 'null' && network.driver !== 'host'
      ? [{ endpoint, network }]
      : []
  })
}

async function lookAtLeg(subject: Subject, leg: Leg): Promise<Draft[]> {
  const { here, elsewhere } = peersOn(subject, leg)
  const peers = [...here.slice(0, mostPeers), ...elsewhere.slice(0, mostPeers)]
  const [gateways, reached, served, names] = await Promise.all([
    pMap(gatewaysOf(leg), (gateway) => askGateway(subject, leg, gateway)),
    reachPeers(subject, leg, peers),
    askServed(subject, leg.network, here),
    namesOf(subject, leg, peers),
  ])
  return [...gateways.flat(), ...reached, ...served, ...names]
}

/** Of both families. An Engine says of IPv4 what it has set; of IPv6, what the network has, which an internal one does without. */
function gatewaysOf({ endpoint, network }: Leg): string[] {
  const six =
    endpoint.address6 !== undefined && network.driver === 'bridge' && !network.internal && routed(network)
      ? network.subnets.flatMap(({ gateway }) => (gateway?.includes(':') ? [gateway] : []))
      : []
  return [endpoint.gateway ?? '', ...six].filter(isAddress)
}

/** A bridge may be made without an address of IPv6 (com.docker.network.bridge.gateway_mode_ipv6=isolated). */
function routed({ options }: EngineNetwork): boolean {
  return options['com.docker.network.bridge.gateway_mode_ipv6'] !== 'isolated'
}

async function askGateway(subject: Subject, { network }: Leg, gateway: string): Promise<Draft[]> {
  const { place } = subject
  const at = code(gateway)
  const on = code(network.name)
  const answer = await put(subject, place, { kind: 'ping', address: gateway })
  const evidence = [probeLine(place.label, `ping ${gateway}`, answer)]
  if (answer.outcome === 'yes') {
    return [ok({ en: `the gateway ${at} of ${on} answers`, zh: `${on} 的网关 ${at} 有应答` }, evidence)]
  }
  if (answer.outcome === 'error') return [unasked(place, evidence)]
  const owner = network.driver === 'bridge' ? hostPlace(place.host) : undefined
  const found = because(
    subject,
    { from: place, ...(owner ? { meant: owner } : {}), address: gateway, protocol: 'icmp' },
    answer.cause ?? 'silent',
  )
  return [
    problem(
      { en: `the gateway ${at} of ${on} does not answer`, zh: `${on} 的网关 ${at} 没有应答` },
      {
        ...found.because,
        evidence: [
          ...evidence,
          ...found.evidence,
          ...place.namespace.routes.filter(({ table }) => table === 'main').map(writeRoute),
        ],
        tries: [
          ...found.tries,
          {
            en: `Compare the addresses: \`docker network inspect ${bare(network.name)}\`, and \`ip addr\` and \`iptables -S INPUT\` on ${code(place.host.name)}`,
            zh: `对照地址：\`docker network inspect ${bare(network.name)}\`，以及 ${code(place.host.name)} 上的 \`ip addr\` 和 \`iptables -S INPUT\``,
          },
        ],
        question: { from: referenceOf(place), to: gateway, protocol: 'icmp' },
      },
    ),
  ]
}

/** Running containers with a leg on the same network; of an overlay also those of other hosts. */
function peersOn({ state, place }: Subject, { endpoint, network }: Leg): { here: Peer[]; elsewhere: Peer[] } {
  const seen = new Set([place.namespace.id])
  const peers: Peer[] = []
  for (const host of state.hosts) {
    for (const container of host.engine?.containers ?? []) {
      const peer = placeOf(host, container, host === place.host ? container.name : `${host.name}/${container.name}`)
      const leg = legsOf(host, container).find(({ networkId }) => networkId === network.id)
      if (!leg || !isLive(peer) || seen.has(peer.namespace.id)) continue
      const theirs = [leg.address, leg.address6].filter((one) => one !== undefined)
      const shared = [
        ...(endpoint.address === undefined ? [] : [leg.address]),
        ...(endpoint.address6 === undefined ? [] : [leg.address6]),
      ].filter((one) => one !== undefined)
      const addresses = shared.length > 0 ? shared : theirs.slice(0, 1)
      if (addresses.length === 0) continue
      seen.add(peer.namespace.id)
      const name = leg.dnsNames.includes(container.name) ? container.name : leg.dnsNames[0]
      peers.push({ place: peer, addresses, ...(name === undefined ? {} : { name }) })
    }
  }
  return {
    here: peers.filter((peer) => peer.place.host === place.host),
    elsewhere: peers.filter((peer) => peer.place.host !== place.host),
  }
}

async function reachPeers(subject: Subject, { network }: Leg, peers: Peer[]): Promise<Draft[]> {
  const on = code(network.name)
  if (peers.length === 0) {
    return [note({ en: `nobody else is on ${on}`, zh: `${on} 上没有别的容器` })]
  }
  const ends = peers.flatMap(({ place, addresses }) => addresses.map((address) => ({ place, address })))
  const families = [ends.filter(({ address }) => !isSix(address)), ends.filter(({ address }) => isSix(address))]
  const found = await pMap(families, (some) => (some.length > 0 ? reachEnds(subject, network, some) : []))
  return found.flat()
}

/** A peer at one of its addresses. */
interface End {
  place: LivePlace
  address: string
}

/** Those of one family. */
async function reachEnds(subject: Subject, network: EngineNetwork, ends: End[]): Promise<Draft[]> {
  const { place } = subject
  const on = code(network.name)
  const answers = await pMap(ends, ({ address }) => put(subject, place, { kind: 'ping', address }), {
    concurrency: atOnce,
  })
  const line = (at: number) =>
    probeLine(place.label, `ping ${ends[at]!.address} (${ends[at]!.place.label})`, answers[at]!)
  const those = (outcome: string) => ends.flatMap((_, at) => (answers[at]!.outcome === outcome ? [at] : []))
  const [well, badly, never] = [those('yes'), those('no'), those('error')]
  const by = byFamily(ends)
  const found: Draft[] = []
  if (well.length > 0) {
    const list = codes(well.map((at) => ends[at]!.place.label))
    found.push(
      ok({ en: `it reaches ${list.en} on ${on}${by.en}`, zh: `在 ${on} 上能${by.zh}访问 ${list.zh}` }, well.map(line)),
    )
    found.push(
      ...(await largePackets(
        subject,
        network,
        well.map((at) => ends[at]!),
      )),
    )
  }
  if (badly.length > 0)
    found.push(
      unreached(
        subject,
        network,
        badly.map((at) => ends[at]!),
        badly.map(line),
      ),
    )
  if (never.length > 0) found.push(unasked(place, never.map(line)))
  return found
}

const isSix = (address: string) => address.includes(':')

/** IPv4 goes without saying. */
function byFamily(ends: End[]): { en: string; zh: string } {
  return ends.every(({ address }) => address.includes(':')) ? { en: ' by IPv6', zh: '通过 IPv6 ' } : { en: '', zh: '' }
}

function unreached(subject: Subject, network: EngineNetwork, peers: End[], evidence: string[]): Draft {
  const { place } = subject
  const by = byFamily(peers)
  const list = codes(peers.map((peer) => peer.place.label))
  const on = code(network.name)
  const fact = { en: `it does not reach ${list.en} on ${on}${by.en}`, zh: `在 ${on} 上${by.zh}访问不到 ${list.zh}` }
  const [first] = peers
  const to = by.en === '' ? referenceOf(first!.place) : first!.address
  const question = { from: referenceOf(place), to, protocol: 'icmp' as const }
  const found = because(subject, { from: place, meant: first!.place, address: first!.address, protocol: 'icmp' })
  return problem(fact, {
    ...found.because,
    evidence: [...evidence, ...found.evidence],
    tries: [
      ...found.tries,
      {
        en: `Look at the bridge's ports and at the rules on ${code(place.host.name)}: \`bridge link\`, \`iptables -S\``,
        zh: `在 ${code(place.host.name)} 上看网桥端口和规则：\`bridge link\`、\`iptables -S\``,
      },
    ],
    question,
  })
}

/** Pings get through a tunnel that full packets do not fit into (RFC 7348, 4.3: VXLAN takes 50 bytes). */
async function largePackets(subject: Subject, network: EngineNetwork, peers: End[]): Promise<Draft[]> {
  const { place } = subject
  const far = peers.find((peer) => peer.place.host !== place.host && !peer.address.includes(':'))
  const link = place.namespace.links.find(({ name }) =>
    endpointsOf(place).some((leg) => leg.networkId === network.id && leg.link === name),
  )
  if (network.driver !== 'overlay' || !far || !link) return []
  // IP and ICMP headers, as ping(8) counts.
  const size = Math.min(link.mtu, 9000) - 28
  const answer = await put(subject, place, { kind: 'ping', address: far.address, size })
  const evidence = [
    probeLine(place.label, `ping -M do -s ${size} ${far.address}`, answer),
    `${link.name} mtu ${link.mtu}`,
  ]
  if (answer.outcome === 'yes') {
    return [
      ok(
        {
          en: `packets of full size (${link.mtu} bytes) get through the tunnel`,
          zh: `${link.mtu} 字节的满尺寸包能通过隧道`,
        },
        evidence,
      ),
    ]
  }
  if (answer.outcome === 'error') return [unasked(place, evidence)]
  const lan = narrowestLan([place.host, far.place.host])
  if (!lan || link.mtu + vxlanOverhead <= lan.link.mtu) {
    return [
      note(
        {
          en: `small packets reach ${code(far.place.label)}, and one of full size (${link.mtu} bytes) was not answered in time; the LANs of both hosts would take it`,
          zh: `小包能到 ${code(far.place.label)}，而 ${link.mtu} 字节的满尺寸包没有及时得到应答；两边主机的局域网本可容纳它`,
        },
        { evidence },
      ),
    ]
  }
  return [
    problem(
      {
        en: `small packets reach ${code(far.place.label)}, but those of full size (${link.mtu} bytes) do not`,
        zh: `小包能到 ${code(far.place.label)}，但 ${link.mtu} 字节的满尺寸包到不了`,
      },
      {
        why: {
          en: `VXLAN adds ${vxlanOverhead} bytes to each, and ${code(lan.link.name)} of ${code(lan.host)} takes ${lan.link.mtu}`,
          zh: `VXLAN 会给每个包加上 ${vxlanOverhead} 字节，而 ${code(lan.host)} 的 ${code(lan.link.name)} 只有 ${lan.link.mtu}`,
        },
        cause: 'mtu-too-large',
        evidence: [...evidence, `${lan.host}: ${lan.link.name} mtu ${lan.link.mtu}`],
        tries: [
          {
            en: `Make the network with the MTU of what is below it, from which Docker takes VXLAN's part: \`--opt com.docker.network.driver.mtu=${lan.link.mtu}\``,
            zh: `按底层网络的 MTU 建网络，Docker 会自己减去 VXLAN 的部分：\`--opt com.docker.network.driver.mtu=${lan.link.mtu}\``,
          },
        ],
      },
    ),
  ]
}

async function namesOf(subject: Subject, { network }: Leg, peers: Peer[]): Promise<Draft[]> {
  const { place } = subject
  const on = code(network.name)
  // The Engine's default network is called so for good, and has no DNS of its own.
  if (network.name === 'bridge') {
    if (peers.length === 0) return []
    return [
      note(
        {
          en: 'names of containers do not resolve on the default `bridge`; only user-defined networks have the embedded DNS server',
          zh: '默认的 `bridge` 网络不解析容器名；只有用户自定义网络才有内嵌 DNS',
        },
        {
          cause: 'name-on-default-bridge',
          evidence: place.dns.nameservers.map((server) => `nameserver ${server}`),
          tries: [
            {
              en: 'To be found by name, connect both to a network of your own: `docker network create my_net`, then `docker network connect my_net CONTAINER`',
              zh: '想用名字互访，就把双方接到自建的网络：先 `docker network create my_net`，再 `docker network connect my_net 容器`',
            },
          ],
        },
      ),
    ]
  }
  const named = peers.filter((peer) => peer.name !== undefined).slice(0, mostPeers)
  const looked = await pMap(named, (peer) => lookUp(subject, peer), { concurrency: atOnce })
  const found: Draft[] = looked.flatMap((one) => ('draft' in one ? [one.draft] : []))
  const well = looked.flatMap((one) => ('line' in one ? [one] : []))
  if (well.length > 0) {
    const list = codes(well.map(({ name }) => name))
    found.unshift(
      ok(
        { en: `it resolves ${list.en} on ${on}`, zh: `在 ${on} 上能解析 ${list.zh}` },
        well.map(({ line }) => line),
      ),
    )
  }
  return found
}

async function lookUp(
  subject: Subject,
  { place: peer, addresses, name = '' }: Peer,
): Promise<{ name: string; line: string } | { draft: Draft }> {
  const { place } = subject
  let records: string[]
  try {
    records = await resolveName(place, name, contextOf(subject))
  } catch (error) {
    if (!(error instanceof Unanswerable) && !subject.signal.aborted) throw error
    return { draft: unasked(place, [`${place.label}$ getent hosts ${name}`]) }
  }
  const line = `${place.label}$ getent hosts ${name} → ${records.join(' ') || 'nothing'}`
  const address = addresses[0]!
  const theirs = [...addresses, ...endpointsOf(peer).flatMap((leg) => [leg.address, leg.address6])]
  if (records.some((record) => theirs.some((one) => sameAddress(one, record)))) return { name, line }
  const what = code(name)
  if (records.length > 0) {
    const list = codes(records)
    const inFile = place.dns.hosts.find(
      (entry) => entry.names.includes(name) && records.some((record) => sameAddress(record, entry.address)),
    )
    const wrong = { en: `it takes ${what} for ${list.en}`, zh: `它把 ${what} 解析成了 ${list.zh}` }
    return {
      draft: problem(wrong, {
        why: {
          en: `that is not ${code(peer.label)}, which has ${code(address)}: a hosts file or an alias says so`,
          zh: `那不是 ${code(peer.label)}（${code(address)}）：hosts 文件或别名指向了别处`,
        },
        ...(inFile ? { cause: 'hosts-entry' as const } : {}),
        evidence: [line, ...place.dns.hosts.map((entry) => `hosts: ${entry.address} ${entry.names.join(' ')}`)],
        tries: [
          {
            en: `Look at both: \`docker exec ${bare(place.container.name)} cat /etc/hosts\`, and the aliases in \`docker inspect\``,
            zh: `两处都看看：\`docker exec ${bare(place.container.name)} cat /etc/hosts\`，以及 \`docker inspect\` 里的别名`,
          },
        ],
      }),
    }
  }
  const cause = causeOfName({ ...contextOf(subject), from: place, name, meant: peer })
  return {
    draft: problem(
      { en: `${what} does not resolve`, zh: `解析不出 ${what}` },
      {
        why: cause.what,
        cause: cause.code,
        evidence: [line, ...place.dns.nameservers.map((server) => `nameserver ${server}`)],
        tries: [
          {
            en: `Look at whom it asks: \`docker exec ${bare(place.container.name)} cat /etc/resolv.conf\` should say \`127.0.0.11\``,
            zh: `看它在问谁：\`docker exec ${bare(place.container.name)} cat /etc/resolv.conf\` 应当是 \`127.0.0.11\``,
          },
        ],
        question: { from: referenceOf(place), to: name, by: 'name' },
      },
    ),
  }
}
