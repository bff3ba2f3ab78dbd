import { ownsAddress } from '../network/own-address.js'
import { nextHop, routeFor, unforwardedBy, writeRoutingRule } from '../network/routing.js'
import type { RoutingRule } from '../network/state.js'
import { isInHostNamespace, type LivePlace } from '../place/place.js'
import { code } from '../wording/wording.js'
import { define } from './cause.js'
import { writeStep } from './packet-text.js'
import { commandIn } from './place-command.js'
import type { SeenTrail } from './trail.js'

interface Found {
  where: string
  setting: string
  answer: boolean
  seen: boolean
  command: string
  /** Who sent it there, though its own main table leads to another gateway, and by which rules that may be. */
  misled?: { by: string; gateway: string; rules: string[] }
  shown: string[]
}

/** Whether the sender's own routes make it the next hop, as a container that is a router for others. */
function isChosen({ namespace }: LivePlace, { from, destination, stage }: SeenTrail): boolean {
  const hop = stage === 'lost' ? nextHop(from.namespace, destination) : undefined
  return hop !== undefined && hop !== destination && ownsAddress(namespace, hop)
}

/** A machine that nobody's main table has for a gateway was chosen by a rule, such as one for a mark. */
function misledBy({ seen, destination }: SeenTrail, last: LivePlace): Found['misled'] {
  const sender = seen.out.findLast(
    ({ place, sighting }) => place && sighting.direction === 'out' && place.namespace.id !== last.namespace.id,
  )?.place
  if (!sender) return undefined
  const isMarked = ({ further }: RoutingRule) => further.some((one) => one.startsWith('fwmark'))
  const rules = sender.namespace.routingRules.filter(isMarked)
  const unmarked = sender.namespace.routingRules.filter((rule) => !isMarked(rule))
  const main = routeFor({ ...sender.namespace, routingRules: unmarked }, destination)
  if (
    rules.length === 0 ||
    main?.table !== 'main' ||
    main.gateway === undefined ||
    ownsAddress(last.namespace, main.gateway)
  )
    return undefined
  return { by: sender.label, gateway: main.gateway, rules: rules.map(writeRoutingRule) }
}

/** Of a place's own: in a container it is set from its host. */
function switchOn(place: LivePlace, setting: string): string {
  return commandIn(place, `sysctl -w ${setting}=1`)
}

export const forwardingOff = define<Found>({
  code: 'forwarding-off',
  byState: ({ way, back, stage }) => {
    const stopped = way?.end === 'not-forwarded' ? way : stage === 'no-return' ? back : undefined
    const stop = stopped?.end === 'not-forwarded' ? stopped.stops.at(-1) : undefined
    const setting = stop && unforwardedBy(stop.place.namespace, stop.in, stopped!.flow.destination)
    if (!stop || setting === undefined) return undefined
    const where = stop.place.label
    const command = switchOn(stop.place, setting)
    return { where, setting, answer: stopped !== way, seen: false, command, shown: [`${where}: ${setting} = 0`] }
  },
  bySight: (trail) => {
    const { stage, seen, destination } = trail
    if (stage !== 'lost' && stage !== 'no-return') return undefined
    const last = (stage === 'lost' ? seen.out : seen.back).at(-1)
    if (!last?.place || last.tunnel || last.sighting.direction !== 'in') return undefined
    const { place, packet, frame, link, sighting } = last
    // A container is no router, unless somebody made it one: a frame that came to the wrong one is another matter.
    if (place.container && !isInHostNamespace(place) && !isChosen(place, trail)) return undefined
    // Frames come in by a port, and packets by its bridge.
    // An answer to an address that was put on the packet here goes on to whoever sent that.
    const [first] = seen.out
    const hidden = seen.out.some(
      (step) => step.place?.namespace.id === place.namespace.id && step.packet.source === packet.destination,
    )
    const onward = stage === 'lost' ? destination : hidden && first ? first.packet.source : packet.destination
    const setting = unforwardedBy(place.namespace, link?.master ?? sighting.link, onward)
    if (setting === undefined || ownsAddress(place.namespace, onward)) return undefined
    // A frame for another's MAC address passes a bridge without any routing.
    const isForHere = place.namespace.links.some(
      ({ mac }) => mac !== '' && mac.toLowerCase() === frame.destination?.toLowerCase(),
    )
    if (!isForHere) return undefined
    const misled = stage === 'lost' ? misledBy(trail, place) : undefined
    return {
      ...(misled ? { misled } : {}),
      where: place.label,
      setting,
      answer: stage === 'no-return',
      seen: true,
      command: switchOn(place, setting),
      shown: [`${place.label}: ${setting} = 0`, writeStep(last)],
    }
  },
  say: ({ where: place, setting: name, answer, seen, command, misled, shown }) => {
    const [where, setting] = [code(place), code(name)]
    const what = answer ? { en: 'the answer', zh: '应答' } : { en: 'the packet', zh: '数据包' }
    return {
      what: seen
        ? {
            en: `${where} got ${what.en} to pass it on, but ${setting} is 0 there: a machine that does not forward drops what is not for itself`,
            zh: `${where} 收到了需要转发的${what.zh}，但那里的 ${setting} 是 0：不转发的机器会丢弃不是发给自己的数据包`,
          }
        : {
            en: `${where} would have to pass ${what.en} on, but ${setting} is 0 there: a machine that does not forward drops what is not for itself`,
            zh: `${where} 本应转发${what.zh}，但那里的 ${setting} 是 0：不转发的机器会丢弃不是发给自己的数据包`,
          },
      evidence: [...shown, ...(misled?.rules.map((rule) => `${misled.by}: ${rule}`) ?? [])],
      tries: [
        ...(misled
          ? [
              {
                en: `see first why ${code(misled.by)} sends it to ${where}: its main table leads by ${code(misled.gateway)}, and it has rules for packets that are marked (${code('ip rule')}, ${code('iptables -t mangle -S')}); unless ${where} is to be a router, take these away`,
                zh: `先看 ${code(misled.by)} 为什么把它交给 ${where}：它的 main 表走的是 ${code(misled.gateway)}，而它还有针对带标记数据包的规则（${code('ip rule')}、${code('iptables -t mangle -S')}）；如果 ${where} 不该当路由器，就去掉这些规则`,
              },
            ]
          : []),
        ...(misled
          ? []
          : [
              {
                en: `switch it on, on ${where}: ${code(command, 200)}`,
                zh: `在 ${where} 上打开它：${code(command, 200)}`,
              },
            ]),
      ],
    }
  },
  broken: '`sysctl -w net.ipv4.ip_forward=0` on the host of a container',
  asked: '`laptop` to `node1:8080`, tcp',
  example: {
    where: 'node1',
    setting: 'net.ipv4.ip_forward',
    answer: false,
    seen: true,
    command: 'sysctl -w net.ipv4.ip_forward=1',
    shown: [
      'node1: net.ipv4.ip_forward = 0',
      'node1 eth0 in: 192.168.1.50:… > 192.168.1.11:8080 tcp [S], 60 bytes, ttl 64',
    ],
  },
})
