import { losesByName, parseDisciplines } from './parse-disciplines.js'
import type { Link, LinkAddress } from './state.js'
import { defined, listOf, numberOf, recordOf, recordsOf, textOf } from './untrusted.js'

/** A link with what it says of the link that it belongs to, which may be in another namespace. */
export interface ParsedLink extends Link {
  /** The other end of a veth pair, or what a macvlan or vlan stands on: its index in its own namespace. */
  otherIndex?: number
  /** The same by name, when it is in the same namespace. */
  otherName?: string
  /** This namespace's own number for the other one (ip-netns(8)); missing when it is the same. */
  otherNamespaceId?: number
}

/** Kinds that use ARP unless somebody sets them otherwise; tunnels, dummies and ipvlan of layer 3 do not. */
const usesArp = /^(?:veth|bridge|macvlan|device)$/

const addressFamilies: Record<string, LinkAddress['family']> = { inet: 4, inet6: 6 }

/**
 * `ip -json -details address show`
 * @param settings answer of `ip -json netconf show`
 * @param disciplines answer of `tc -json qdisc show`, where it was asked
 */
export function parseLinks(answer: unknown, settings?: unknown, disciplines?: unknown): ParsedLink[] {
  const set = parseSettings(settings)
  const losesOf = parseDisciplines(disciplines)
  return recordsOf(answer).flatMap((link) => {
    const index = numberOf(link.ifindex)
    const name = textOf(link.ifname)
    return index === undefined || name === ''
      ? []
      : [
          {
            ...parseLink(link, index, name),
            ...set(name),
            ...defined({ loses: losesOf(name) ?? losesByName(textOf(link.qdisc)) }),
          },
        ]
  })
}

/** Of rp_filter the stricter one counts, of proxy_arp either, the link's own or that of `all` (ip-sysctl). */
function parseSettings(answer: unknown): (link: string) => Pick<Link, 'reversePath' | 'proxyArp' | 'forwards4'> {
  const records = new Map(recordsOf(answer).map((one) => [`${textOf(one.family)} ${textOf(one.interface)}`, one]))
  const of = (family: string, name: string) => records.get(`${family} ${name}`)
  const all = of('inet', 'all')
  return (name) => {
    const own = of('inet', name)
    if (!own) return {}
    const filters = [own, all].map((one) => textOf(one?.rp_filter))
    // 1 is strict and 2 is loose, and the larger number counts.
    const reversePath = filters.includes('loose') ? 'loose' : filters.includes('strict') ? 'strict' : undefined
    return {
      ...(reversePath ? { reversePath } : {}),
      ...(own.proxy_neigh === true || all?.proxy_neigh === true ? { proxyArp: true as const } : {}),
      forwards4: own.forwarding === true,
    }
  }
}

function parseLink(link: Record<string, unknown>, index: number, name: string): ParsedLink {
  const flags = listOf(link.flags)
  const info = recordOf(link.linkinfo)
  const data = recordOf(info.info_data)
  const kind = textOf(info.info_kind) || (link.link_type === 'loopback' ? 'loopback' : 'device')
  return {
    index,
    name,
    kind,
    mac: textOf(link.address),
    mtu: numberOf(link.mtu) ?? 0,
    up: flags.includes('UP'),
    carrier: flags.includes('LOWER_UP'),
    addresses: recordsOf(link.addr_info).flatMap(parseAddress),
    ...defined({
      master: textOf(link.master),
      noArp: link.link_type === 'ether' && usesArp.test(kind) && flags.includes('NOARP') ? (true as const) : undefined,
      port: textOf(info.info_slave_kind) === 'bridge' ? parsePort(recordOf(info.info_slave_data)) : undefined,
      spanningTree: kind === 'bridge' && numberOf(data.stp_state) === 1 ? (true as const) : undefined,
      vlan: kind === 'vlan' ? numberOf(data.id) : undefined,
      vxlan: kind === 'vxlan' ? parseVxlan(data) : undefined,
      macvlanMode: kind === 'macvlan' ? textOf(data.mode) : undefined,
      ipvlanMode: kind === 'ipvlan' ? textOf(data.mode) : undefined,
      otherIndex: numberOf(link.link_index),
      otherName: textOf(link.link),
      otherNamespaceId: numberOf(link.link_netnsid),
    }),
  }
}

function parsePort({ state, isolated, hairpin }: Record<string, unknown>): NonNullable<Link['port']> {
  return {
    state: textOf(state),
    ...(isolated === true ? { isolated } : {}),
    ...(hairpin === true ? { hairpin } : {}),
  }
}

function parseAddress(address: Record<string, unknown>): LinkAddress[] {
  const family = addressFamilies[textOf(address.family)]
  const local = textOf(address.local)
  if (family === undefined || local === '') return []
  const own = { family, address: local, prefix: numberOf(address.prefixlen) ?? 0, scope: textOf(address.scope) }
  return [address.dadfailed === true ? { ...own, failed: true } : own]
}

function parseVxlan(data: Record<string, unknown>): NonNullable<Link['vxlan']> {
  return {
    id: numberOf(data.id) ?? 0,
    port: numberOf(data.port) ?? 0,
    ...defined({ local: textOf(data.local) || textOf(data.local6), device: textOf(data.link) }),
  }
}

/**
 * Lines such as `ipv6/conf/eth0/disable_ipv6 1` and `ipv4/conf/all/arp_ignore 8`, of what is not 0. Of arp_ignore the larger number
 * counts, the link's own or that of `all`, of route_localnet either; disable_ipv6 of `all` only sets those of the links (ip-sysctl).
 */
export function parseLinkSwitches(
  answer: string,
): (link: string) => Pick<Link, 'ipv6Off' | 'arpOff' | 'routesLoopback'> {
  const lines = new Set(answer.split('\n'))
  const either = (name: string, setting: string) =>
    ['all', name].some((one) => lines.has(`ipv4/conf/${one}/${setting}`))
  return (name) => ({
    ...(lines.has(`ipv6/conf/${name}/disable_ipv6 1`) ? { ipv6Off: true as const } : {}),
    ...(either(name, 'arp_ignore 8') ? { arpOff: true as const } : {}),
    ...(either(name, 'route_localnet 1') ? { routesLoopback: true as const } : {}),
  })
}
