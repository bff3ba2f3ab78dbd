import { canonicalAddress } from '../network/addresses.js'
import type { HostState, Link, NamespaceState, NetworkState } from '../network/state.js'
import { bare, code, codes } from '../wording/wording.js'
import { type Draft, problem } from './draft.js'
import type { Subject } from './subject.js'

interface Holder {
  host: HostState
  namespace: NamespaceState
  link: Link
}

/**
 * Addresses of the container that somebody else on the same layer-2 segment has as well: whoever is quicker to answer an ARP
 * question gets the packets (RFC 5227, 1).
 */
export function duplicates({ state, place }: Subject): Draft[] {
  const segments = segmentsOf(state)
  return place.namespace.links.flatMap((own) => {
    const segment = segments.find(({ holders }) => holders.some(({ link }) => link === own))
    return own.addresses
      .filter(({ scope }) => scope === 'global')
      .flatMap(({ address }) => {
        const also = (segment?.holders ?? []).filter(
          ({ link, namespace }) =>
            namespace !== place.namespace &&
            link.addresses.some((one) => canonicalAddress(one.address) === canonicalAddress(address)),
        )
        return also.length > 0 ? [duplicate(address, own, also)] : []
      })
  })
}

function duplicate(address: string, own: Link, also: Holder[]): Draft {
  const list = codes(also.map(nameOf))
  return problem(
    {
      en: `its address ${code(address)} is also that of ${list.en} on the same segment`,
      zh: `它的地址 ${code(address)} 与同一网段上的 ${list.zh} 重复`,
    },
    {
      why: {
        en: 'packets go to whoever answers the ARP question first',
        zh: '数据包会发给最先应答 ARP 的一方',
      },
      evidence: [
        `${address} ${own.mac} (${own.name})`,
        ...also.map(({ host, link }) => `${address} ${link.mac} (${link.name}, ${host.name})`),
      ],
      tries: [
        {
          en: `Give one of them another address, such as with \`--ip\`; or take it off: \`ip addr del ${bare(address)}/… dev ${bare(also[0]!.link.name)}\``,
          zh: `给其中一个换地址（例如用 \`--ip\`），或者删掉重复的：\`ip addr del ${bare(address)}/… dev ${bare(also[0]!.link.name)}\``,
        },
      ],
    },
  )
}

function nameOf({ host, namespace: { owner } }: Holder): string {
  if (owner.kind === 'container') return `${host.name}/${owner.containers[0] ?? '?'}`
  return host.name
}

/** Links by the layer-2 segment that they are on: a bridge of a host, an overlay, or a LAN of the rack. */
function segmentsOf(state: NetworkState): { key: string; holders: Holder[] }[] {
  const segments = new Map<string, Holder[]>()
  for (const host of state.hosts) {
    for (const namespace of host.namespaces) {
      for (const link of namespace.links) {
        const key = segmentOf(host, namespace, link)
        if (key !== undefined) segments.set(key, [...(segments.get(key) ?? []), { host, namespace, link }])
      }
    }
  }
  return [...segments].map(([key, holders]) => ({ key, holders }))
}

function segmentOf(host: HostState, namespace: NamespaceState, link: Link): string | undefined {
  if (link.lan !== undefined) return `lan ${link.lan}`
  if (link.kind === 'bridge') return bridgeKey(host, namespace, link.name)
  const { peer } = link
  const there = peer && host.namespaces.find(({ id }) => id === peer.namespace)
  const other = there?.links.find(({ name }) => name === peer?.name)
  return there && other?.master !== undefined ? bridgeKey(host, there, other.master) : undefined
}

/** The bridge of an overlay is one segment with those of other hosts that its VXLAN leads to. */
function bridgeKey(host: HostState, namespace: NamespaceState, bridge: string): string {
  const tunnel = namespace.links.find(({ vxlan, master }) => vxlan !== undefined && master === bridge)
  return tunnel ? `vxlan ${tunnel.vxlan!.id}` : `bridge ${host.name} ${namespace.id} ${bridge}`
}
