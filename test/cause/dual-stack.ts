import type { IpPacket, Observation, Sighting } from '../../server/network/observation.js'
import type { NetworkState, Rule } from '../../server/network/state.js'

/** A rack of IPv4 made one of both families, in which all that is there for IPv4 is there for IPv6 in the same way. */

const ip4 = /\b(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?(:\d+)?(?![\d.])/g

/** Addresses in a text, in the last 32 bits of addresses of IPv6 (RFC 4193; for public ones of somebody's). */
export function six(text: string): string {
  return text.replace(ip4, (whole, a, b, c, d, prefix, port) => {
    // The Engine's own server has no address of IPv6.
    if (whole.startsWith('127.0.0.11')) return whole
    if (whole.startsWith('127.')) return prefix === undefined ? `::1${port ?? ''}` : '::1/128'
    const [high, low] = [a * 256 + Number(b), c * 256 + Number(d)].map((part) => part.toString(16))
    const isPublic = !/^(10|172|192)$/.test(a)
    const address = whole.startsWith('0.0.0.0') ? '::' : `${isPublic ? '2606:4700' : 'fd00'}::${high}:${low}`
    if (port !== undefined) return `[${address}]${port}`
    return prefix === undefined ? address : `${address}/${a === '0' && prefix === '0' ? 0 : 96 + Number(prefix)}`
  })
}

/** Adds to a state of IPv4 alone the same of IPv6. */
export function addIp6(state: NetworkState): void {
  for (const lan of state.lans) Object.assign(lan, { subnet6: six(lan.subnet), gateway6: six(lan.gateway) })
  for (const { namespaces, engine } of state.hosts) {
    for (const namespace of namespaces) {
      for (const link of namespace.links) {
        link.addresses.push(
          ...link.addresses.map((one) => ({
            ...one,
            family: 6 as const,
            address: six(one.address),
            prefix: one.scope === 'host' ? 128 : 96 + one.prefix,
          })),
        )
      }
      namespace.routes.push(
        ...namespace.routes.map((route) => ({
          ...route,
          family: 6 as const,
          destination: six(route.destination),
          ...(route.gateway ? { gateway: six(route.gateway) } : {}),
          ...(route.source ? { source: six(route.source) } : {}),
        })),
      )
      namespace.neighbours.push(...namespace.neighbours.map((one) => ({ ...one, address: six(one.address) })))
      namespace.chains.push(
        ...namespace.chains.filter(({ family }) => family === 'ip').map((chain) => ({ ...chain, family: 'ip6' })),
      )
      namespace.rules.push(...namespace.rules.filter(({ family }) => family === 'ip').map(ruleOfSix))
      namespace.sockets.push(
        ...namespace.sockets
          .filter(({ address }) => address !== '*' && !address.includes(':'))
          .map((socket) => ({ ...socket, address: six(socket.address) })),
      )
      namespace.forwards.ip6 = namespace.forwards.ip4
      if (namespace.bridgedMeetsRules) namespace.bridgedMeetsRules.ip6 = namespace.bridgedMeetsRules.ip4
    }
    for (const network of engine?.networks ?? []) {
      network.ipv6 = true
      network.subnets.push(
        ...network.subnets.map((one) => ({
          ...one,
          subnet: six(one.subnet),
          ...(one.gateway ? { gateway: six(one.gateway) } : {}),
        })),
      )
    }
    for (const container of engine?.containers ?? []) {
      for (const leg of container.endpoints) if (leg.address) leg.address6 = six(leg.address)
      for (const ports of [container.ports, container.wants])
        ports.push(...ports.map((port) => ({ ...port, hostAddress: six(port.hostAddress) })))
    }
    for (const service of engine?.swarm.services ?? []) {
      service.virtualAddresses.push(...service.virtualAddresses.map((one) => ({ ...one, address: six(one.address) })))
    }
  }
}

function ruleOfSix(rule: Rule): Rule {
  const text = (value: string | undefined) => (value === undefined ? {} : six(value))
  return {
    ...rule,
    family: 'ip6',
    text: six(rule.text),
    ...Object.fromEntries(
      (['source', 'destination', 'to'] as const).flatMap((key) => (rule[key] ? [[key, text(rule[key])]] : [])),
    ),
  }
}

/** Errors of ICMP as ICMPv6 has them (RFC 792; RFC 4443). */
const errors: Readonly<Record<string, readonly [number, number]>> = {
  '3 0': [1, 0],
  '3 1': [1, 3],
  '3 3': [1, 4],
  '3 4': [2, 0],
  '3 13': [1, 1],
  '11 0': [3, 0],
}

/** The same as it would have been seen of packets of IPv6. */
export function seenWithIp6(observation: Observation): Observation {
  return {
    ...observation,
    sightings: observation.sightings.map((sighting) => ({ ...sighting, frame: frameOfSix(sighting.frame) })),
    ruleHits: observation.ruleHits.map((hit) => ({
      ...hit,
      family: hit.family === 'ip' ? 'ip6' : hit.family,
      ...(hit.rule ? { rule: six(hit.rule.replaceAll(/\bip (?=[sd]addr)/g, 'ip6 ')) } : {}),
    })),
  }
}

/** Tunnels stay as they are: what they carry is another matter. */
function frameOfSix(frame: Sighting['frame']): Sighting['frame'] {
  const { ip, neighbour, vxlan } = frame
  if (vxlan) return { ...frame, vxlan: { ...vxlan, inner: frameOfSix(vxlan.inner) } }
  return {
    ...frame,
    ...(ip ? { ip: packetOfSix(ip) } : {}),
    ...(neighbour
      ? { neighbour: { ...neighbour, target: six(neighbour.target), senderAddress: six(neighbour.senderAddress) } }
      : {}),
  }
}

function packetOfSix(packet: IpPacket): IpPacket {
  const { icmp } = packet
  const [type, code] = (icmp && errors[`${icmp.type} ${icmp.code}`]) ?? [128, 0]
  return {
    ...packet,
    version: 6,
    source: six(packet.source),
    destination: six(packet.destination),
    ...(icmp ? { icmp: { ...icmp, type, code, ...(icmp.about ? { about: packetOfSix(icmp.about) } : {}) } } : {}),
  }
}
