import type { NetworkState } from '../network/state.js'
import { placeAt, placesOf } from '../place/place.js'
import { ownersOf } from '../place/target.js'
import { code, codes } from '../wording/wording.js'
import { define } from './cause.js'
import { writeStep } from './packet-text.js'
import type { Seen, Step } from './seen.js'
import type { SeenTrail } from './trail.js'

interface Found {
  /** Who said so; missing where nobody was heard. */
  by?: string
  /** Places that send it to each other. */
  circle: string[]
  /** Rules that set the field on its way. */
  rules: string[]
  six: boolean
  shown: string[]
}

/** ICMP's "time exceeded in transit" (RFC 792, RFC 4443). */
function isExceeded({ icmp, source }: Step['packet']): boolean {
  return icmp !== undefined && icmp.type === (source.includes(':') ? 3 : 11) && icmp.code === 0
}

function bySight({ seen, state, from, destination }: SeenTrail): Found | undefined {
  const error = seen.errors.find(({ packet }) => isExceeded(packet))
  const circle = circleSeen(seen, state)
  if (!error && circle.length < 2) return undefined
  const passed = new Set(seen.out.map(({ place }) => place?.namespace.id))
  const rules = placesOf(state)
    .filter(({ namespace }) => passed.has(namespace.id))
    .flatMap(({ namespace, label }) =>
      namespace.rules
        .filter(({ text }) => /-j (TTL|HL)\b|"ttl"|"hoplimit"/.test(text))
        .map((one) => `${label}: ${one.table}: ${one.text}`),
    )
  return {
    ...(error ? { by: ownersOf(error.packet.source, state, from)[0]?.label ?? error.packet.source } : {}),
    ...{ circle, rules, six: destination.includes(':') },
    shown: [
      ...(error ? [writeStep(error)] : []),
      ...circle.map((label) => `${label}: came by again and again`),
      ...rules,
    ],
  }
}

/** As often as a packet may come by where only bridges and tunnels show it twice. */
const mostPasses = 2

/** Places that saw the packet with ever fewer hops left (RFC 791, time to live). */
function circleSeen({ observation }: Seen, state: NetworkState): string[] {
  const hops = new Map<string, Set<number>>()
  for (const { role, direction, host, namespace, frame } of observation.sightings) {
    const label = role === 'request' && direction === 'in' ? placeAt(state, host, namespace)?.label : undefined
    if (label === undefined || !frame.ip) continue
    const known = hops.get(label) ?? new Set()
    hops.set(label, known.add(frame.ip.hops))
  }
  return [...hops]
    .filter(([, all]) => all.size > mostPasses)
    .map(([label]) => label)
    .toSorted()
}

export const ttlExceeded = define<Found>({
  code: 'ttl-exceeded',
  bySight,
  say: ({ by, circle, rules, six, shown }) => {
    const [who, list] = [code(by ?? ''), codes(circle)]
    const set = code(`${six ? 'ip6tables' : 'iptables'} -t mangle -S`)
    const way = code(six ? 'traceroute -6' : 'traceroute')
    const what =
      by === undefined
        ? {
            en: `the packet goes in a circle: ${list.en} send it to each other, until it has been passed on too often (its TTL is used up)`,
            zh: `数据包在兜圈子：${list.zh} 把它传来传去，直到它被转发的次数太多（TTL 耗尽）`,
          }
        : circle.length > 0
          ? {
              en: `the packet goes in a circle: ${list.en} send it to each other, until ${who} says that it has been passed on too often (its TTL is used up)`,
              zh: `数据包在兜圈子：${list.zh} 把它传来传去，直到 ${who} 报告它被转发的次数太多（TTL 耗尽）`,
            }
          : {
              en: `${who} says that the packet has been passed on too often (its TTL is used up)${rules.length > 0 ? ': a rule on its way sets that field' : ''}`,
              zh: `${who} 报告数据包被转发的次数太多（TTL 耗尽）${rules.length > 0 ? '：途中有规则改写了这个字段' : ''}`,
            }
    return {
      what,
      evidence: shown,
      tries: [
        circle.length > 0
          ? {
              en: `look at the routes of each of them with ${code(six ? 'ip -6 route' : 'ip route')}: one has to lead out of the circle`,
              zh: `用 ${code(six ? 'ip -6 route' : 'ip route')} 查看它们各自的路由：其中之一必须通向圈外`,
            }
          : {
              en: `look at the rules that set it: ${set}; and at the way with ${way}`,
              zh: `查看改写它的规则：${set}；再用 ${way} 查看路径`,
            },
      ],
    }
  },
  broken: 'two hosts each of which has a route for the same network by the other',
  hidden: {
    state: 'that a packet was passed on too often is said by whoever drops it: it takes a packet',
    check: 'a check sends its packets unwatched, and gets no more than the error of its own socket',
    diagnose: 'it asks by the published port, and a trace from there tells it',
    netdiag: 'it shows what ping says, and leaves the cause to its reader',
  },
  example: {
    ...{ by: 'node1', circle: ['node1', 'node2'], rules: [], six: false },
    shown: ['node1 eth0 in: 192.168.1.12 > 172.30.0.10 icmp type 11 code 0, 112 bytes, ttl 63'],
  },
})
