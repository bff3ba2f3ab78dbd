import { outLink } from '../network/routing.js'
import type { Link, NetworkState } from '../network/state.js'
import { ownLink, placesOf } from '../place/place.js'
import { type Leg, segmentOf } from '../place/segment.js'
import { code, codes } from '../wording/wording.js'
import { define } from './cause.js'
import type { Trail } from './trail.js'
import { called } from './words.js'

interface Found {
  mac: string
  who: string[]
  /** As their Engine calls them. */
  names: string[]
  shown: string[]
}

/** Links that frames are for; a bridge, a parent of macvlan and what is ipvlan have the MAC address of another by design. */
function isEnd({ kind, mac, addresses, master }: Link): boolean {
  return (
    mac !== '' &&
    master === undefined &&
    addresses.length > 0 &&
    !/^(loopback|bridge|ipvlan|ipvtap|vlan|vxlan)$/.test(kind)
  )
}

/** All on the same segment that have the MAC address of a link (IEEE 802.1Q, 8.7: a bridge sends to the port that it was seen at last). */
function twins({ place, link }: Leg, state: NetworkState): Leg[] {
  if (!isEnd(link)) return []
  const segment = segmentOf(place.host, place.namespace, link)
  const all = placesOf(state)
    .filter(({ namespace }) => namespace.owner.kind !== 'engine')
    .flatMap((one) => one.namespace.links.filter(isEnd).map((end) => ({ place: one, link: end })))
    .filter(
      (one) =>
        one.link.mac.toLowerCase() === link.mac.toLowerCase() &&
        segmentOf(one.place.host, one.place.namespace, one.link) === segment,
    )
  return new Set(all.map((one) => one.place.namespace.id)).size < 2 ? [] : all
}

function find({ state, from, goal, last, destination }: Trail): Found | undefined {
  const legs = [from, last].flatMap((place): Leg[] => {
    const link = outLink(place.namespace, destination)
    return link ? [{ place, link }] : []
  })
  const into = goal && ownLink(goal.namespace, destination)
  const concerned = [...(goal && into ? [{ place: goal, link: into }] : []), ...legs]
  const same = concerned.map((leg) => twins(leg, state)).find((all) => all.length > 0)
  if (!same) return undefined
  const sorted = same.toSorted((a, b) => a.place.label.localeCompare(b.place.label))
  return {
    mac: sorted[0]!.link.mac,
    who: sorted.map(({ place }) => place.label),
    names: sorted.map(({ place }) => called(place)),
    shown: sorted.map(
      ({ place, link }) =>
        `${place.label}: ${link.name} ${link.mac} ${link.addresses
          .map(({ address }) => address)
          .slice(0, 2)
          .join(' ')}`,
    ),
  }
}

export const sameMac = define<Found>({
  code: 'same-mac',
  byState: find,
  bySight: find,
  say: ({ mac, who, names, shown }) => {
    const [list, one] = [codes(who), code(mac)]
    return {
      what: {
        en: `${list.en} have the same MAC address ${one} on the same segment: the bridge sends frames for it to whoever spoke last, so that those for the one often come to the other`,
        zh: `${list.zh} 在同一子网上使用相同的 MAC 地址 ${one}：网桥把发往它的帧交给最近说话的那个，因此常常送错`,
      },
      evidence: shown,
      tries: [
        {
          en: `recreate one of them without ${code('--mac-address')}: ${code(`docker rm -f ${names.at(-1)}`)}, and run it again`,
          zh: `去掉 ${code('--mac-address')} 重新创建其中一个：先 ${code(`docker rm -f ${names.at(-1)}`)}，再重新运行`,
        },
      ],
    }
  },
  broken: 'two containers of one network with the same `--mac-address`',
  example: {
    ...{ mac: 'MAC', who: ['node1/cache', 'node1/web'], names: ['cache', 'web'] },
    shown: ['node1/cache: eth0 MAC 172.20.0.13', 'node1/web: eth0 MAC 172.20.0.10'],
  },
})
