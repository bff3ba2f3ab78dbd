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

const addressFamilies: Record<string, LinkAddress['family']> = { inet: 4, inet6: 6 }

/** `ip -json -details address show` */
export function parseLinks(answer: unknown): ParsedLink[] {
  return recordsOf(answer).flatMap((link) => {
    const index = numberOf(link.ifindex)
    const name = textOf(link.ifname)
    return index === undefined || name === '' ? [] : [parseLink(link, index, name)]
  })
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

function parseAddress(address: Record<string, unknown>): LinkAddress[] {
  const family = addressFamilies[textOf(address.family)]
  const local = textOf(address.local)
  if (family === undefined || local === '') return []
  return [{ family, address: local, prefix: numberOf(address.prefixlen) ?? 0, scope: textOf(address.scope) }]
}

function parseVxlan(data: Record<string, unknown>): NonNullable<Link['vxlan']> {
  return {
    id: numberOf(data.id) ?? 0,
    port: numberOf(data.port) ?? 0,
    ...defined({ local: textOf(data.local) || textOf(data.local6), device: textOf(data.link) }),
  }
}
