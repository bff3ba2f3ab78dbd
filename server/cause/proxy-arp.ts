import { ownsAddress } from '../network/routing.js'
import { ownLink, placesOf } from '../place/place.js'
import { code } from '../wording/wording.js'
import { define } from './cause.js'
import { writeAsked } from './packet-text.js'
import type { SeenTrail } from './trail.js'

interface Found {
  address: string
  /** Who answers for it, by which link, and who has it. */
  who: string
  link: string
  owner?: string
  shown: string[]
}

function bySight({ seen, state, goal, stage }: SeenTrail): Found | undefined {
  if (stage === 'returned') return undefined
  for (const asked of seen.questions) {
    for (const place of placesOf(state)) {
      const link = place.namespace.links.find(({ mac, proxyArp }) => proxyArp && asked.macs.includes(mac.toLowerCase()))
      // Whoever stands for a container of its own is meant to.
      if (!link || ownsAddress(place.namespace, asked.target) || goal?.host.name === place.host.name) continue
      const owner = placesOf(state).find(
        ({ namespace }) => namespace.owner.kind !== 'engine' && ownLink(namespace, asked.target) !== undefined,
      )
      if (owner?.host.name === place.host.name) continue
      return {
        ...{ address: asked.target, who: place.label, link: link.name },
        ...(owner ? { owner: owner.label } : {}),
        shown: [writeAsked(asked), `${place.label}: ${link.name} ${link.mac}, proxy_arp is on`],
      }
    }
  }
  return undefined
}

export const proxyArp = define<Found>({
  code: 'proxy-arp',
  bySight,
  say: ({ address, who, link, owner, shown }) => {
    const [whom, by] = [code(address), code(who)]
    const has = owner
      ? { en: `which ${code(owner)} has`, zh: `（它属于 ${code(owner)}）` }
      : { en: 'which nobody in this rack has', zh: '（机架里没有谁拥有它）' }
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
  broken: '`sysctl -w net.ipv4.conf.eth0.proxy_arp=1 net.ipv4.conf.eth0.proxy_arp_pvlan=1` on another host of the LAN',
  hidden: {
    state: 'who answers first is seen by asking',
    check: 'a check sends its packets unwatched: nobody sees who answers the question for a MAC address',
    diagnose: 'a diagnosis sends its packets unwatched, as a check does',
    netdiag: 'it does not look who answers for an address',
  },
  example: {
    ...{ address: '192.168.1.11', who: 'node2', link: 'eth0', owner: 'node1' },
    shown: ['laptop eth0: who has 192.168.1.11? MAC, MAC', 'node2: eth0 MAC, proxy_arp is on'],
  },
})
