import { filtersBridged, judge } from '../network/filter.js'
import { tableName } from '../network/tables.js'
import { isInHostNamespace } from '../place/place.js'
import { code } from '../wording/wording.js'
import { type Cause, define } from './cause.js'
import { type Drop, dropForeseen } from './drop.js'
import { type Dropped, deed, dropOf, plain, subject } from './dropped.js'
import { byProxy, publishedTo } from './input-policy.js'
import { passCommand, passTry } from './pass-command.js'
import type { Trail } from './trail.js'
import { sayUnwanted, type Unwanted, whyUnwanted } from './unwanted.js'

interface Found extends Dropped {
  policy: boolean
  hook?: string
  why?: Unwanted
  published?: string
  /** It dropped an answer, and the request had not come by it: it belongs to no connection there. */
  unseen?: true
  /** What lets the answers pass, where a policy would end them as well. */
  back?: string
  /** The bridge whose frames meet rules of IP, though they only go from one of its ports to another. */
  bridged?: { name: string; setting: string }
}

function find(trail: Trail): Found | undefined {
  const drop = dropOf(trail) ?? atIngress(trail)
  if (!drop) return undefined
  const why = whyUnwanted(drop, trail)
  const published = drop.hook === 'input' ? publishedTo(trail) : undefined
  return {
    ...plain(drop, trail),
    policy: drop.policy,
    ...(drop.hook === undefined ? {} : { hook: drop.hook }),
    ...(why ? { why } : {}),
    ...(published === undefined ? {} : { published }),
    ...answersOf(drop, trail),
    ...unseenBy(drop, trail),
    ...bridgedBy(drop, trail),
  }
}

/** A machine on the way back that the way out did not lead by. */
function unseenBy({ role, place, host }: Drop, { seen, from }: Trail): Pick<Found, 'unseen'> {
  if (role !== 'reply' || !seen?.whole || !place || !isInHostNamespace(place) || host === from.host.name) return {}
  return seen.out.some((step) => step.place?.host.name === host) ? {} : { unseen: true }
}

/** A policy that ends the packet ends its answers, too, unless a rule lets these by. */
function answersOf(drop: Drop, trail: Trail): Pick<Found, 'back'> {
  const { place, policy, hook, role, inLink, outLink } = drop
  const { source, destination, destinationPort, protocol } = trail
  if (!place || !policy || hook !== 'forward' || role !== 'request' || source === undefined) return {}
  const judgement = judge(place.namespace, 'forward', {
    ...{ source: destination, destination: source, protocol, state: 'established' as const },
    ...{ in: outLink ?? '', out: inLink ?? '' },
    ...(destinationPort === undefined ? {} : { sourcePort: destinationPort }),
  })
  if (judgement?.outcome !== 'drop' || judgement.rule !== undefined) return {}
  const { inLink: _in, outLink: _out, ...rest } = drop
  const answer: Drop = {
    ...{ ...rest, role: 'reply' },
    ...(outLink === undefined ? {} : { inLink: outLink }),
    ...(inLink === undefined ? {} : { outLink: inLink }),
  }
  return { back: passCommand(answer, trail) }
}

function bridgedBy({ place, hook, inLink, outLink }: Drop, { destination }: Trail): Pick<Found, 'bridged'> {
  const isBridge = place?.namespace.links.some(({ name, kind }) => name === inLink && kind === 'bridge')
  if (!place || hook !== 'forward' || inLink === undefined || inLink !== outLink || !isBridge) return {}
  if (!filtersBridged(place.namespace, destination)) return {}
  const setting = `net.bridge.bridge-nf-call-${destination.includes(':') ? 'ip6tables' : 'iptables'} = 1`
  return { bridged: { name: inLink, setting } }
}

/** Tables of the family netdev, which are read before a packet is anybody's, and which `nft monitor trace` does not tell of. */
function atIngress({ stage, seen }: Trail): Drop | undefined {
  const role = stage === 'no-return' ? 'reply' : 'request'
  if (!seen || (stage !== 'lost' && stage !== 'silent' && role === 'request')) return undefined
  const last = (role === 'reply' ? seen.back : seen.out).at(-1)
  if (!last?.place || last.tunnel || last.sighting.direction !== 'in') return undefined
  const { packet, place, sighting } = last
  const judgement = judge(place.namespace, 'ingress', {
    ...{ source: packet.source, destination: packet.destination, in: sighting.link, out: '' },
    protocol: packet.protocol === 'tcp' || packet.protocol === 'udp' ? packet.protocol : 'icmp',
    state: role === 'reply' ? 'established' : 'new',
    ...(packet.sourcePort === undefined ? {} : { sourcePort: packet.sourcePort }),
    ...(packet.destinationPort === undefined ? {} : { destinationPort: packet.destinationPort }),
  })
  if (judgement?.outcome !== 'drop') return undefined
  return { ...dropForeseen({ place, hook: 'ingress', judgement, in: sighting.link, out: '' }), role }
}

function sayUnseen({ chain, where }: Found): Pick<Cause, 'what' | 'tries'> {
  const [at, who] = [code(chain), code(where)]
  return {
    what: {
      en: `chain ${at} of ${who} drops the answer: the request came another way, so that ${who} knows of no connection that the answer belongs to`,
      zh: `${who} 的 ${at} 链丢弃了应答：请求走的是别的路，所以 ${who} 不知道这个应答属于哪个连接`,
    },
    tries: [
      {
        en: `let request and answer take one way: look at the routes of who answers, and of who asks (${code('ip route get')})`,
        zh: `让请求和应答走同一条路：看看应答方和请求方的路由（${code('ip route get')}）`,
      },
    ],
  }
}

/** Any other rule, or the policy of a chain. */
export const ruleDrop = define<Found>({
  code: 'rule-drop',
  byState: find,
  bySight: find,
  say: (drop) => {
    const { chain, host, where, family, table, position, policy, role, why, published, back, bridged, unseen, shown } =
      drop
    if (unseen) return { ...sayUnseen(drop), evidence: [shown] }
    const meets = bridged
      ? {
          en: `; it only goes from one port of ${code(bridged.name)} to another, and meets these rules since ${code(bridged.setting)}`,
          zh: `；它只是从 ${code(bridged.name)} 的一个端口到另一个端口，之所以也要过这些规则，是因为 ${code(bridged.setting)}`,
        }
      : { en: '', zh: '' }
    const setting = bridged ? [`${where}: ${bridged.setting}`] : []
    const what = subject(drop)
    const because = why && sayUnwanted(why, host, role)
    if (policy) {
      const end = because
        ? { en: `: ${because.what.en}`, zh: `：${because.what.zh}` }
        : drop.hook !== 'forward'
          ? { en: '', zh: '' }
          : table === 'filter' && (family === 'ip' || family === 'ip6')
            ? {
                en: ': Docker lets through only what it has a rule for',
                zh: '：Docker 只放行有规则的流量',
              }
            : {
                en: `: what Docker's own rules accept has to be let through by table ${code(`${family} ${table}`)} as well, since each table decides for itself`,
                zh: `：Docker 自己的规则放行的流量，还必须得到 ${code(`${family} ${table}`)} 表的放行，因为每个表各自作决定`,
              }
      return {
        what: {
          en: `no rule of chain ${code(chain)} on ${code(where)} accepts ${what.en}, and its policy is to drop${end.en}${meets.en}`,
          zh: `${code(where)} 的 ${code(chain)} 链中没有规则放行${what.zh}，默认策略是丢弃${end.zh}${meets.zh}`,
        },
        evidence: [shown, ...setting, ...(because?.shown ?? [])],
        tries: [
          ...(because?.tries ?? []),
          ...(because?.only ? [] : [passTry({ ...drop, ...(back === undefined ? {} : { back }) })]),
        ],
      }
    }
    const number =
      position === undefined
        ? { en: 'a rule', zh: '一条规则' }
        : { en: `rule ${position}`, zh: `第 ${position} 条规则` }
    const proxy = byProxy(published)
    const of = tableName({ family, table })
    return {
      what: {
        en: `${number.en} of chain ${code(chain)} in table ${code(of)} on ${code(where)} ${deed(drop).en}${proxy.en}${meets.en}`,
        zh: `${code(where)} 上 ${code(of)} 表 ${code(chain)} 链的${number.zh}${deed(drop).zh}${proxy.zh}${meets.zh}`,
      },
      evidence: [shown, ...setting],
      tries: [passTry(drop)],
    }
  },
  broken: 'any other rule drops or rejects it, or the policy of FORWARD does',
  example: {
    ...{ host: 'node1', where: 'node1', family: 'ip', table: 'filter', chain: 'INPUT', position: 1 },
    ...{ rejects: false, role: 'request', seen: true, policy: false },
    shown: 'node1: filter: -A INPUT -s 172.25.0.0/24 -j DROP',
    command: 'iptables -I INPUT -i br-… -s 172.25.0.2 -p icmp -j ACCEPT',
  },
})
