import { sameAddress } from '../network/addresses.js'
import type { NetworkState } from '../network/state.js'
import { placesOf } from '../place/place.js'
import { code, codes } from '../wording/wording.js'
import { define } from './cause.js'
import { writeStep } from './packet-text.js'
import type { Step } from './seen.js'
import type { SeenTrail, Trail } from './trail.js'
import { wayOf } from './way.js'

interface Found {
  /** Who said so. */
  by: string
  /** Places that send it to each other. */
  circle: string[]
  /** Rules that set the field on its way. */
  rules: string[]
  shown: string[]
}

/** ICMP's "time exceeded in transit" (RFC 792, RFC 4443). */
function isExceeded({ icmp, source }: Step['packet']): boolean {
  return icmp !== undefined && icmp.type === (source.includes(':') ? 3 : 11) && icmp.code === 0
}

function bySight({ seen, state, from, ...trail }: SeenTrail): Found | undefined {
  const error = seen.errors.find(({ packet }) => isExceeded(packet))
  if (!error) return undefined
  const by = ownerOf(error.packet.source, state) ?? error.packet.source
  const passed = new Set(seen.out.map(({ place }) => place?.namespace.id))
  const rules = placesOf(state)
    .filter(({ namespace }) => passed.has(namespace.id))
    .flatMap(({ namespace, label }) =>
      namespace.rules
        .filter(({ text }) => /^(TTL|HL)\b|-j (TTL|HL)\b|"ttl"|"hoplimit"/.test(text))
        .map((one) => `${label}: ${one.table}: ${one.text}`),
    )
  return {
    by,
    circle: circleOf({ ...trail, from, state }),
    rules,
    shown: [writeStep(error), ...rules],
  }
}

/** Places that a packet would come to again and again by the state. */
function circleOf(trail: Pick<Trail, 'from' | 'state' | 'address' | 'protocol' | 'port' | 'home'>): string[] {
  const { stops, end } = wayOf(trail)
  if (end !== 'unknown') return []
  const labels = stops.map(({ place }) => place.label)
  return [...new Set(labels.filter((label, at) => labels.indexOf(label) !== at))]
}

function ownerOf(address: string, state: NetworkState): string | undefined {
  return placesOf(state).find(({ namespace }) =>
    namespace.links.some(({ addresses }) => addresses.some((own) => sameAddress(own.address, address))),
  )?.label
}

export const ttlExceeded = define<Found>({
  code: 'ttl-exceeded',
  bySight,
  say: ({ by, circle, rules, shown }) => {
    const [who, list] = [code(by), codes(circle)]
    const what =
      circle.length > 0
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
              en: `look at the routes of each of them with ${code('ip route')}: one has to lead out of the circle`,
              zh: `用 ${code('ip route')} 查看它们各自的路由：其中之一必须通向圈外`,
            }
          : {
              en: `look at the rules that set it: ${code('iptables -t mangle -S')}; and at the way with ${code('traceroute')}`,
              zh: `查看改写它的规则：${code('iptables -t mangle -S')}；再用 ${code('traceroute')} 查看路径`,
            },
      ],
    }
  },
  broken: 'two hosts each of which has a route for the same network by the other',
  hidden: {
    state: 'that a packet was passed on too often is said by whoever drops it: it takes a packet',
    check: 'a check sends its packets unwatched, and gets no more than the error of its own socket',
    diagnose: 'a diagnosis sends its packets unwatched, as a check does',
    netdiag: 'it shows what ping says, and leaves the cause to its reader',
  },
  example: {
    ...{ by: 'node1', circle: ['node1', 'node2'], rules: [] },
    shown: ['node1 eth0 in: 192.168.1.12 > 172.30.0.10 icmp type 11 code 0, 112 bytes, ttl 63'],
  },
})
