import { holds } from '../network/addresses.js'
import { outLink } from '../network/routing.js'
import type { Link } from '../network/state.js'
import { hostPlace, isInHostNamespace, type LivePlace, overlayOf, placesOf } from '../place/place.js'
import { code } from '../wording/wording.js'
import { type Case, goalOf } from './case.js'
import { type Cause, define } from './cause.js'
import { writePacket } from './packet-text.js'
import type { Seen } from './seen.js'

interface Found {
  from: string
  size: number
  link: string
  narrow?: { where: string; link: string; mtu: number }
  /** The sender is told (RFC 1191). */
  told: boolean
  /** What gets through, where that is known. */
  least?: number
  shown: string[]
}

export const mtuTooLarge = define<Found>({
  code: 'mtu-too-large',
  say: ({ from, size, link, narrow, told, least = 1400, shown }) => {
    const where = narrow
      ? {
          en: `${code(narrow.link)} of ${code(narrow.where)} carries ${narrow.mtu} at most`,
          zh: `${code(narrow.where)} 的 ${code(narrow.link)} 最多只能传 ${narrow.mtu} 字节`,
        }
      : { en: 'something on the way carries less', zh: '途中某处的 MTU 更小' }
    const consequence = told
      ? {
          en: 'the sender is told so, and whatever may not be fragmented has to be sent smaller',
          zh: '发送方收到了通知，不允许分片的数据必须改小再发',
        }
      : {
          en: 'nobody tells the sender, so small packets pass while large transfers hang',
          zh: '没有人通知发送方，于是小数据包能通过，大数据却卡住',
        }
    const [set, option] = [code(`ip link set ${link} mtu ${least}`), code(`-o com.docker.network.driver.mtu=${least}`)]
    return {
      what: {
        en: `small packets are answered, but one of ${size} bytes with "don't fragment" (the MTU of ${code(link)} in ${code(from)}) is not: ${where.en}; ${consequence.en}`,
        zh: `小数据包有应答，但 ${size} 字节且“禁止分片”的数据包（${code(from)} 中 ${code(link)} 的 MTU）没有：${where.zh}；${consequence.zh}`,
      },
      evidence: shown,
      tries: [
        {
          en: `let the sender's link carry no more than the way does: ${set}, or for a Docker network ${option}`,
          zh: `让发送方接口的 MTU 不超过途中的 MTU：${set}；Docker 网络则用 ${option}`,
        },
      ],
    }
  },
  broken: 'the laptop takes 1300 bytes at most, and the rest sends 1500',
  asked: '`api` to `laptop`, ping',
  example: {
    ...{ from: 'api', size: 1500, link: 'eth0', told: false, least: 1300 },
    narrow: { where: 'laptop', link: 'eth0', mtu: 1300 },
    shown: [
      'api: eth0 mtu 1500',
      'laptop: eth0 mtu 1300',
      'last seen: node1 eth0: 192.168.1.11 > 192.168.1.50 icmp type 8 code 0, 1500 bytes DF, ttl 63',
    ],
  },
  hidden: {
    state:
      'a smaller MTU on the way is no fault by itself: whether the sender is told, and sends less, is seen only by sending',
    check: 'a check sends small packets, which pass',
  },
})

/** A packet of the sender's full size that may not be cut in pieces, where a small one got through (RFC 1191). */
export function mtuCause(one: Case, large: Seen, size: number): Cause {
  const tooLong = large.errors.find(({ packet }) => packet.icmp?.mtu !== undefined)
  const own = outLink(one.from.namespace, one.address)
  const last = large.out.findLast(({ place }) => place !== undefined)
  const narrow = narrowest(one, large, size)
  const least = tooLong?.packet.icmp?.mtu ?? narrow?.link.mtu
  const link = own?.name ?? 'eth0'
  return mtuTooLarge.tell({
    ...{ from: one.from.label, size, link, told: tooLong !== undefined || large.observation.outcome === 'too-long' },
    ...(narrow ? { narrow: { where: narrow.place.label, link: narrow.link.name, mtu: narrow.link.mtu } } : {}),
    ...(least === undefined ? {} : { least }),
    shown: [
      `${one.from.label}: ${link} mtu ${own?.mtu ?? size}`,
      ...(narrow ? [`${narrow.place.label}: ${narrow.link.name} mtu ${narrow.link.mtu}`] : []),
      ...(tooLong
        ? [writePacket(tooLong.packet)]
        : last
          ? [`last seen: ${last.place!.label} ${last.sighting.link}: ${writePacket(last.packet)}`]
          : []),
    ],
  })
}

/** The link that could not take it: the next one where it was last seen, or one of whom it should have come to. */
function narrowest(one: Case, large: Seen, size: number): { place: LivePlace; link: Link } | undefined {
  const last = large.out.findLast(({ place }) => place !== undefined)?.place ?? one.from
  const goal = goalOf({ ...one, seen: large }) ?? goalOf(one)
  const next = outLink(last.namespace, large.out.at(-1)?.packet.destination ?? one.address)
  const linksOf = (place: LivePlace | undefined) =>
    place ? place.namespace.links.map((link) => ({ place, link })) : []
  const links = [
    ...(next ? [{ place: last, link: next }] : []),
    ...linksOf(last),
    ...linksOf(goal),
    ...linksOf(goal && hostPlace(goal.host)),
    ...placesOf(one.state)
      .filter((place) => overlayOf(place) || isInHostNamespace(place))
      .flatMap(linksOf),
  ]
  const onWay = (link: Link) =>
    link.lan !== undefined ||
    link.kind === 'vxlan' ||
    link.addresses.some((own) => holds(`${own.address}/${own.prefix}`, one.address))
  return links.find(({ link }) => link.kind !== 'loopback' && link.mtu < size && (link === next || onWay(link)))
}
