import { holds, sameAddress } from '../../network/addresses.js'
import type { Link, NetworkState } from '../../network/state.js'
import { ownNamespace } from '../../place/reference.js'
import { isHostSpot, overlayOf, ownLink, type Spot, spotsOf } from '../../place/spots.js'
import { code, codes } from '../../wording/wording.js'
import { type Case, destinationOf, goalOf, lastSpot, senderOf, sourceOf } from '../case.js'
import { writeAsked, writePacket } from '../packet-text.js'
import { endpointsIn, leadsOn, nextHop, outLink, routeFor } from '../routing.js'
import type { Seen } from '../seen.js'
import type { Cause } from '../story.js'
import type { CauseFinder } from './cause-finder.js'

/** Cables, and who is at their ends. */

export const linkCut: CauseFinder = (one) => {
  const { address } = destinationOf(one)
  const goal = goalOf(one)
  const onWay: { spot: Spot; link: Link | undefined }[] = [senderOf(one), lastSpot(one)].flatMap((spot) => [
    ...ends(spot, outLink(spot.namespace, address)),
    // With a link that is down its routes are gone.
    ...(leadsOn(routeFor(spot.namespace, address)) ? [] : spot.namespace.links.flatMap((link) => ends(spot, link))),
  ])
  if (goal) {
    onWay.push(...ends(goal, ownLink(goal.namespace, address)))
    for (const spot of [goal, senderOf(one)]) {
      if (goal.host.name === one.from.host.name) continue
      const home = { host: spot.host, namespace: ownNamespace(spot.host), label: spot.host.name }
      onWay.push(...home.namespace.links.filter(({ lan }) => lan !== undefined).map((link) => ({ spot: home, link })))
    }
  }
  const broken = onWay.find(
    ({ link }) =>
      link !== undefined &&
      (!link.up || !link.carrier) &&
      (link.lan !== undefined || /^(veth|macvlan|ipvlan|vlan)$/.test(link.kind)),
  )
  if (!broken?.link) return undefined
  const { spot, link } = broken
  const asked = one.seen.questions.filter(({ macs }) => macs.length === 0).map(writeAsked)
  const lan = link.lan === undefined ? '' : ` (LAN ${link.lan})`
  return {
    code: 'link-cut',
    what: link.up
      ? {
          en: `${code(link.name)} of ${code(spot.label)} has no carrier${lan}: its cable is cut, and nothing gets in or out`,
          zh: `${code(spot.label)} 的 ${code(link.name)} 没有载波${link.lan === undefined ? '' : `（局域网 ${link.lan}）`}：它的网线断了，数据进不来也出不去`,
        }
      : {
          en: `${code(link.name)} of ${code(spot.label)} is down${lan}: nothing gets in or out, and the routes over it are gone`,
          zh: `${code(spot.label)} 的 ${code(link.name)} 被关闭了${link.lan === undefined ? '' : `（局域网 ${link.lan}）`}：数据进不来也出不去，经过它的路由也没有了`,
        },
    evidence: [`${spot.label}: ${link.name}: ${link.up ? 'UP, NO-CARRIER' : 'DOWN'}`, ...asked],
    tries: [
      link.up
        ? { en: `put the cable of ${code(spot.host.name)} back`, zh: `把 ${code(spot.host.name)} 的网线接回去` }
        : {
            en: `bring it up: ${code(`ip link set ${link.name} up`)}, and look at the routes afterwards`,
            zh: `启用它：${code(`ip link set ${link.name} up`)}，然后检查路由`,
          },
    ],
  }
}

/** A link, with the other end of its pair and the bridge's port that it is. */
function ends(spot: Spot, link: Link | undefined): { spot: Spot; link: Link | undefined }[] {
  if (!link || link.kind === 'loopback') return []
  const there = link.peer && spot.host.namespaces.find(({ id }) => id === link.peer!.namespace)
  const peer = there?.links.find(({ name }) => name === link.peer!.name)
  const label = there && there.id === ownNamespace(spot.host).id ? spot.host.name : spot.label
  return [
    { spot, link },
    ...(there && peer ? [{ spot: { host: spot.host, namespace: there, label }, link: peer }] : []),
  ]
}

export const duplicateAddress: CauseFinder = (one) => {
  const sender = senderOf(one)
  const { address } = destinationOf(one)
  const targets = [
    one.address,
    address,
    nextHop(sender.namespace, one.address),
    nextHop(lastSpot(one).namespace, address),
    one.seen.out[0]?.packet.source,
    sourceOf(one),
  ]
  for (const target of new Set(targets)) {
    const found = target === undefined ? undefined : claimOf(target, one)
    if (found) return found
  }
  return undefined
}

/** Two that claim one address on one segment: by the state, or because both answered. */
export function claimOf(target: string, { state, seen }: Pick<Case, 'state' | 'seen'>): Cause | undefined {
  const claims = spotsOf(state)
    .filter((spot) => !overlayOf(spot) && spot.namespace.owner.kind !== 'engine')
    .flatMap((spot) =>
      spot.namespace.links
        .filter(
          ({ kind, addresses }) => kind !== 'loopback' && addresses.some((own) => sameAddress(own.address, target)),
        )
        .map((link) => ({ spot, link, segment: segmentOf(spot, link) })),
    )
  const shared = claims
    .filter((claim) =>
      claims.some((other) => other !== claim && other.segment === claim.segment && other.link.mac !== claim.link.mac),
    )
    .toSorted((a, b) => a.spot.label.localeCompare(b.spot.label))
  const asked = seen.questions.find((question) => sameAddress(question.target, target))
  if (shared.length < 2 && (asked?.macs.length ?? 0) < 2) return undefined
  const who = codes([...new Set(shared.map(({ spot }) => spot.label))])
  return {
    code: 'duplicate-address',
    what:
      shared.length < 2
        ? {
            en: `two different MAC addresses answered for ${code(target)}: whose answer comes first gets the packets, and it may be the wrong one`,
            zh: `有两个不同的 MAC 地址应答了 ${code(target)}：谁先应答，数据包就发给谁，可能发错了地方`,
          }
        : {
            en: `${who.en} claim ${code(target)} on the same segment: whose ARP answer comes first gets the packets, and it may be the wrong one`,
            zh: `${who.zh} 在同一网段上都使用 ${code(target)}：谁的 ARP 应答先到，数据包就发给谁，可能发错了地方`,
          },
    evidence: [
      ...shared.map(({ spot, link }) => `${spot.label}: ${link.name} ${link.mac} has ${target}`),
      ...(asked ? [writeAsked(asked)] : []),
    ],
    tries: [
      {
        en: `give one of them another address, and forget what was learnt: ${code(`ip neigh flush ${target}`)}`,
        zh: `给其中一个换个地址，再清掉已学到的记录：${code(`ip neigh flush ${target}`)}`,
      },
    ],
  }
}

/** What a link's frames go to: a LAN, a bridge of a host, or an overlay. */
function segmentOf({ host, namespace }: Spot, link: Link): string {
  if (link.lan !== undefined) return `lan ${link.lan}`
  if (link.kind === 'bridge') return `${host.name} ${link.name}`
  const there = link.peer && host.namespaces.find(({ id }) => id === link.peer!.namespace)
  const master = there?.links.find(({ name }) => name === link.peer!.name)?.master
  if (there && master !== undefined) {
    const own = ownNamespace(host).id === there.id
    const endpoint = endpointsIn(host, namespace).find(({ link: called }) => called === link.name)
    return own ? `${host.name} ${master}` : `overlay ${endpoint?.networkId ?? there.id}`
  }
  return `${host.name} ${namespace.id} ${link.name}`
}

export const noSuchAddress: CauseFinder = (one) => {
  const last = lastSpot(one)
  const { address } = destinationOf(one)
  const hop = nextHop(last.namespace, address)
  if (hop === undefined || !one.seen.whole) return undefined
  const asked = one.seen.questions.find(({ target }) => target === hop)
  const link = outLink(last.namespace, address)
  if (asked?.macs.length !== 0 || isKnown(one.state, hop)) return undefined
  return {
    code: 'no-such-address',
    what: {
      en: `nobody on that segment has ${code(hop)}: ${code(last.label)} asked for its MAC address${link ? ` on ${code(link.name)}` : ''} (ARP), and got no answer`,
      zh: `这个网段上没有人使用 ${code(hop)}：${code(last.label)}${link ? ` 在 ${code(link.name)} 上` : ''}用 ARP 询问它的 MAC 地址，没有得到应答`,
    },
    evidence: [writeAsked(asked)],
    tries: [
      {
        en: `look who has which address with ${code('ip address')} or ${code('docker network inspect')}`,
        zh: `用 ${code('ip address')} 或 ${code('docker network inspect')} 看看谁用着哪个地址`,
      },
    ],
  }
}

function isKnown(state: NetworkState, address: string): boolean {
  return (
    spotsOf(state).some(({ namespace }) => ownLink(namespace, address) !== undefined) ||
    state.lans.some(({ gateway, gateway6 }) => sameAddress(gateway, address) || sameAddress(gateway6, address))
  )
}

/** A packet of the sender's full size that may not be cut in pieces, where a small one got through (RFC 1191). */
export function mtuCause(one: Case, large: Seen, size: number): Cause {
  const tooLong = large.errors.find(({ packet }) => packet.icmp?.mtu !== undefined)
  const own = outLink(one.from.namespace, one.address)
  const last = large.out.findLast(({ spot }) => spot !== undefined)
  const narrow = narrowest(one, large, size)
  const told = tooLong !== undefined || large.observation.outcome === 'too-long'
  const where = narrow
    ? {
        en: `${code(narrow.link.name)} of ${code(narrow.spot.label)} carries ${narrow.link.mtu} at most`,
        zh: `${code(narrow.spot.label)} 的 ${code(narrow.link.name)} 最多只能传 ${narrow.link.mtu} 字节`,
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
  const least = tooLong?.packet.icmp?.mtu ?? narrow?.link.mtu
  const sending = own?.name ?? 'the link'
  return {
    code: 'mtu-too-large',
    what: {
      en: `small packets are answered, but one of ${size} bytes with "don't fragment" (the MTU of ${code(own?.name ?? 'eth0')} in ${code(one.from.label)}) is not: ${where.en}; ${consequence.en}`,
      zh: `小数据包有应答，但 ${size} 字节且“禁止分片”的数据包（${code(one.from.label)} 中 ${code(own?.name ?? 'eth0')} 的 MTU）没有：${where.zh}；${consequence.zh}`,
    },
    evidence: [
      `${one.from.label}: ${sending} mtu ${own?.mtu ?? size}`,
      ...(narrow ? [`${narrow.spot.label}: ${narrow.link.name} mtu ${narrow.link.mtu}`] : []),
      ...(tooLong
        ? [writePacket(tooLong.packet)]
        : last
          ? [`last seen: ${last.spot!.label} ${last.sighting.link}: ${writePacket(last.packet)}`]
          : []),
    ],
    tries: [
      {
        en: `let the sender's link carry no more than the way does: ${code(`ip link set ${sending} mtu ${least ?? 1400}`)}, or for a Docker network ${code(`-o com.docker.network.driver.mtu=${least ?? 1400}`)}`,
        zh: `让发送方接口的 MTU 不超过途中的 MTU：${code(`ip link set ${sending} mtu ${least ?? 1400}`)}；Docker 网络则用 ${code(`-o com.docker.network.driver.mtu=${least ?? 1400}`)}`,
      },
    ],
  }
}

/** The link that could not take it: the next one where it was last seen, or one of whom it should have come to. */
function narrowest(one: Case, large: Seen, size: number): { spot: Spot; link: Link } | undefined {
  const last = large.out.findLast(({ spot }) => spot !== undefined)?.spot ?? senderOf(one)
  const goal = goalOf({ ...one, seen: large }) ?? goalOf(one)
  const next = outLink(last.namespace, large.out.at(-1)?.packet.destination ?? one.address)
  const spots = [
    ...(next ? [{ spot: last, link: next }] : []),
    ...last.namespace.links.map((link) => ({ spot: last, link })),
    ...(goal
      ? [
          ...goal.namespace.links.map((link) => ({ spot: goal, link })),
          ...ownNamespace(goal.host).links.map((link) => ({
            spot: { host: goal.host, namespace: ownNamespace(goal.host), label: goal.host.name },
            link,
          })),
        ]
      : []),
    ...spotsOf(one.state)
      .filter((spot) => overlayOf(spot) || isHostSpot(spot))
      .flatMap((spot) => spot.namespace.links.map((link) => ({ spot, link }))),
  ]
  const onWay = (link: Link) =>
    link.lan !== undefined ||
    link.kind === 'vxlan' ||
    link.addresses.some((own) => holds(`${own.address}/${own.prefix}`, one.address))
  return spots.find(({ link }) => link.kind !== 'loopback' && link.mtu < size && (link === next || onWay(link)))
}
