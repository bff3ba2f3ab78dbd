import { sameAddress } from '../network/addresses.js'
import { ownsAddress } from '../network/own-address.js'
import { nextHop } from '../network/routing.js'
import { ownLink, placesOf } from '../place/place.js'
import { code } from '../wording/wording.js'
import { define } from './cause.js'
import { writeAsked } from './packet-text.js'
import type { Trail } from './trail.js'

interface Found {
  address: string
  /** Who answers for it, by which link, and who has it. */
  who: string
  link: string
  owner?: string
  shown: string[]
}

/** Whom the sender, or whoever had the packet last, believes to have the next hop. */
function believed({
  from,
  last,
  address: asked,
  destination,
  seen,
}: Trail): { address: string; macs: string[]; shown: string }[] {
  const questions = (seen?.questions ?? []).map((one) => ({
    address: one.target,
    macs: one.macs,
    shown: writeAsked(one),
  }))
  const known = [[from, asked] as const, [last, destination] as const].flatMap(([place, to]) => {
    const hop = nextHop(place.namespace, to)
    return place.namespace.neighbours.flatMap(({ address, device, mac, state }) =>
      mac !== undefined && sameAddress(address, hop)
        ? [
            {
              address,
              macs: [mac.toLowerCase()],
              shown: `${place.label}: ${address} dev ${device} lladdr ${mac} ${state}`,
            },
          ]
        : [],
    )
  })
  return [...questions, ...known]
}

function find(trail: Trail): Found | undefined {
  const { state, goal, stage } = trail
  if (stage === 'returned') return undefined
  const places = placesOf(state).filter(({ namespace }) => namespace.owner.kind !== 'engine')
  for (const { address, macs, shown } of believed(trail)) {
    if (address.includes(':')) continue
    for (const place of places) {
      const link = place.namespace.links.find(({ mac, proxyArp }) => proxyArp && macs.includes(mac.toLowerCase()))
      // Whoever stands for a container of its own is meant to.
      if (!link || ownsAddress(place.namespace, address) || goal?.host.name === place.host.name) continue
      const owner = places.find(({ namespace }) => ownLink(namespace, address) !== undefined)
      if (owner?.host.name === place.host.name) continue
      return {
        ...{ address, who: place.label, link: link.name },
        ...(owner ? { owner: owner.label } : {}),
        shown: [shown, `${place.label}: ${link.name} ${link.mac}, proxy_arp is on`],
      }
    }
  }
  return undefined
}

export const proxyArp = define<Found>({
  code: 'proxy-arp',
  byState: find,
  bySight: find,
  say: ({ address, who, link, owner, shown }) => {
    const [whom, by] = [code(address), code(who)]
    const has = owner
      ? { en: `which ${code(owner)} has`, zh: `（它属于 ${code(owner)}）` }
      : { en: 'which nobody in this lab has', zh: '（这个实验里没有谁拥有它）' }
    const command = `sysctl -w net.ipv4.conf.all.proxy_arp=0 net.ipv4.conf.${link}.proxy_arp=0 net.ipv4.conf.${link}.proxy_arp_pvlan=0`
    return {
      what: {
        en: `${by} answers ARP questions for ${whom}, ${has.en}: proxy_arp is on at its ${code(link)}, so packets for others come to it`,
        zh: `${by} 应答了对 ${whom} ${has.zh} 的 ARP 询问：它的 ${code(link)} 开启了 proxy_arp，于是发给别人的数据包到了它那里`,
      },
      evidence: shown,
      tries: [
        {
          en: `switch it off on ${by}: ${code(command, 200)}; then let the sender forget what it learnt: ${code(`ip neigh flush ${address}`)}`,
          zh: `在 ${by} 上关闭它：${code(command, 200)}；再让发送方清掉学到的记录：${code(`ip neigh flush ${address}`)}`,
        },
      ],
    }
  },
  onlyIp4: 'of IPv6 a kernel answers for others only where each address was named to it (`ip -6 neigh add proxy`)',
  broken: '`sysctl -w net.ipv4.conf.eth0.proxy_arp=1 net.ipv4.conf.eth0.proxy_arp_pvlan=1` on another host of the LAN',
  hidden: {
    diagnose: 'a diagnosis sends its packets unwatched, as a check does',
    netdiag: 'it does not look who answers for an address',
  },
  example: {
    ...{ address: '192.168.1.11', who: 'node2', link: 'eth0', owner: 'node1' },
    shown: ['laptop eth0: who has 192.168.1.11? MAC, MAC', 'node2: eth0 MAC, proxy_arp is on'],
  },
})
