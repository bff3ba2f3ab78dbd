import { holds } from '../network/addresses.js'
import { outLink } from '../network/routing.js'
import type { Link } from '../network/state.js'
import { hostPlace, isInHostNamespace, type LivePlace, overlayOf, placesOf } from '../place/place.js'
import { segmentOf } from '../place/segment.js'
import { code } from '../wording/wording.js'
import { type Case, goalOf } from './case.js'
import { type Cause, define } from './cause.js'
import { writePacket } from './packet-text.js'
import { commandIn } from './place-command.js'
import type { Seen } from './seen.js'

interface Found {
  from: string
  size: number
  link: string
  narrow?: { where: string; link: string; mtu: number }
  /** What a tunnel on the way adds to each packet, in bytes. */
  overhead?: number
  /** The sender is told (RFC 1191). */
  told: boolean
  /** Somebody says so, and it does not come to the sender: where that was seen last. */
  lost?: { where: string; link: string; command: string }
  /** The largest that gets through. */
  least: number
  /** `com.docker.network.driver.mtu` for that: an overlay's is the one of what is below it, from which Docker takes the tunnel's part. */
  option: number
  /** Sets the sender's link. */
  command: string
  shown: string[]
}

/** VXLAN over IPv4: an outer Ethernet, IP, UDP and VXLAN header (RFC 7348, 5). */
export const vxlanOverhead = 50

export const mtuTooLarge = define<Found>({
  code: 'mtu-too-large',
  say: ({ from, size, link, narrow, overhead, told, lost, least, option, command, shown }) => {
    const where = narrow
      ? {
          en: `${code(narrow.link)} of ${code(narrow.where)} carries ${narrow.mtu} at most${overhead === undefined ? '' : `, of which VXLAN takes ${overhead}`}`,
          zh: `${code(narrow.where)} 的 ${code(narrow.link)} 最多只能传 ${narrow.mtu} 字节${overhead === undefined ? '' : `，其中 VXLAN 占去 ${overhead}`}`,
        }
      : { en: 'something on the way carries less', zh: '途中某处的 MTU 更小' }
    const consequence = told
      ? {
          en: 'the sender is told so, and whatever may not be fragmented has to be sent smaller',
          zh: '发送方收到了通知，不允许分片的数据必须改小再发',
        }
      : lost
        ? {
            en: `somebody on the way says so by ICMP, and that does not come to the sender: it was last seen at ${code(lost.link)} of ${code(lost.where)}, so small packets pass while large transfers hang`,
            zh: `途中有人用 ICMP 消息告知，但它没有到达发送方：最后出现在 ${code(lost.where)} 的 ${code(lost.link)}，于是小数据包能通过，大数据却卡住`,
          }
        : {
            en: 'nobody tells the sender, so small packets pass while large transfers hang',
            zh: '没有人通知发送方，于是小数据包能通过，大数据却卡住',
          }
    const [set, made] = [code(command, 200), code(`-o com.docker.network.driver.mtu=${option}`)]
    return {
      what: {
        en: `small packets are answered, but one of ${size} bytes with "don't fragment" (the MTU of ${code(link)} in ${code(from)}) is not: ${where.en}; ${consequence.en}`,
        zh: `小数据包有应答，但 ${size} 字节且“禁止分片”的数据包（${code(from)} 中 ${code(link)} 的 MTU）没有：${where.zh}；${consequence.zh}`,
      },
      evidence: shown,
      tries: [
        ...(lost
          ? [
              {
                en: `let what ICMP says of sizes pass, on ${code(lost.where)}: ${code(lost.command)}`,
                zh: `在 ${code(lost.where)} 上放行与包的大小有关的 ICMP 消息：${code(lost.command)}`,
              },
            ]
          : []),
        {
          en: `let the sender's link carry no more than the way does, ${least}: ${set}, or recreate its Docker network with ${made}`,
          zh: `让发送方接口的 MTU 不超过途中能传的 ${least}：${set}；或者用 ${made} 重新创建它的 Docker 网络`,
        },
      ],
    }
  },
  broken: 'the laptop takes 1300 bytes at most, and the rest sends 1500',
  asked: '`api` to `laptop`, ping',
  example: {
    ...{ from: 'api', size: 1500, link: 'eth0', told: false, least: 1300, option: 1300 },
    command: "nsenter -t $(docker inspect -f '{{.State.Pid}}' api) -n ip link set eth0 mtu 1300",
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

/**
 * A packet of the sender's full size that may not be cut in pieces, where a small one got through (RFC 1191). Only where its size is
 * shown to be the reason: somebody says so, or a link on the way is narrower. Undefined otherwise.
 */
export function mtuCause(one: Case, large: Seen, size: number): Cause | undefined {
  const tooLong = large.errors.find(({ packet }) => packet.icmp?.mtu !== undefined)
  const own = outLink(one.from.namespace, one.address)
  const last = large.out.findLast(({ place }) => place !== undefined)
  // It came where it was to come: its size kept it from nothing.
  if (!tooLong && large.arrived && large.observation.outcome !== 'too-long') return undefined
  const overhead = isTunnelled(one) ? vxlanOverhead : 0
  const narrow = narrowest(one, large, size, overhead)
  const least = tooLong?.packet.icmp?.mtu ?? (narrow && narrow.link.mtu - (narrow.outer ? overhead : 0))
  if (least === undefined || least >= size) return undefined
  const link = own?.name ?? 'eth0'
  const outer = narrow?.outer === true && overhead > 0
  const said = large.errors.findLast(({ packet, place }) => packet.icmp?.mtu !== undefined && place !== undefined)
  const isHeard =
    large.observation.outcome === 'too-long' || said?.place?.namespace.id === one.from.namespace.id || !large.whole
  const isOf6 = one.address.includes(':')
  const lost =
    tooLong && said?.place && !isHeard && said.sighting.direction === 'in' && isInHostNamespace(said.place)
      ? {
          ...{ where: said.place.label, link: said.sighting.link },
          command: `${isOf6 ? 'ip6tables' : 'iptables'} -I FORWARD -p ${isOf6 ? 'ipv6-icmp --icmpv6-type packet-too-big' : 'icmp --icmp-type fragmentation-needed'} -j ACCEPT`,
        }
      : undefined
  return mtuTooLarge.tell({
    ...{
      from: one.from.label,
      size,
      link,
      told: !lost && (tooLong !== undefined || large.observation.outcome === 'too-long'),
    },
    ...(lost ? { lost } : {}),
    ...(narrow ? { narrow: { where: narrow.place.label, link: narrow.link.name, mtu: narrow.link.mtu } } : {}),
    ...(outer ? { overhead } : {}),
    least,
    option: least + overhead,
    command: commandIn(one.from, `ip link set ${link} mtu ${least}`),
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

/** Whether what it sends is wrapped in VXLAN on its way to another host. */
function isTunnelled(one: Case): boolean {
  const { from, address } = one
  const link = outLink(from.namespace, address)
  const goal = goalOf(one)
  const elsewhere = goal !== undefined && goal.host.name !== from.host.name
  return elsewhere && link !== undefined && /^(overlay|vxlan) /.test(segmentOf(from.host, from.namespace, link))
}

/** The link that could not take it, the next one where it was last seen first; `outer`: it carries the tunnel's packets. */
function narrowest(
  one: Case,
  large: Seen,
  size: number,
  overhead: number,
): { place: LivePlace; link: Link; outer: boolean } | undefined {
  const last = large.out.findLast(({ place }) => place !== undefined)?.place ?? one.from
  const goal = goalOf({ ...one, seen: large }) ?? goalOf(one)
  const next = outLink(last.namespace, large.out.at(-1)?.packet.destination ?? one.address)
  const linksOf = (place: LivePlace | undefined) =>
    place ? place.namespace.links.map((link) => ({ place, link })) : []
  const hosts = [hostPlace(one.from.host), goal && hostPlace(goal.host)]
  const links = [
    ...(next ? [{ place: last, link: next }] : []),
    ...linksOf(last),
    ...linksOf(goal),
    ...hosts.flatMap(linksOf),
    ...placesOf(one.state)
      .filter((place) => overlayOf(place) || isInHostNamespace(place))
      .flatMap(linksOf),
  ]
  const isOuter = (link: Link) => overhead > 0 && link.lan !== undefined
  const onWay = (link: Link) =>
    link.lan !== undefined ||
    link.kind === 'vxlan' ||
    link.addresses.some((own) => holds(`${own.address}/${own.prefix}`, one.address))
  const found = links.find(
    ({ link }) =>
      link.kind !== 'loopback' && link.mtu < size + (isOuter(link) ? overhead : 0) && (link === next || onWay(link)),
  )
  return found && { ...found, outer: isOuter(found.link) }
}
