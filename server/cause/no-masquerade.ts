import { holds } from '../network/addresses.js'
import { translationAt, untranslatedBy } from '../network/filter.js'
import type { Flow } from '../network/flow.js'
import { iptablesOf, isOfIptables, tableName } from '../network/tables.js'
import type { LivePlace } from '../place/place.js'
import { code } from '../wording/wording.js'
import { define } from './cause.js'
import type { Trail } from './trail.js'
import { iptablesFor } from './words.js'

interface Found {
  host: string
  source: string
  subnet: string
  bridge: string
  /** A rule before that of Docker's, which lets such packets by as they are, and what comes before it. */
  before?: { text: string; command: string }
  /** The network that was made so. */
  meant?: string
  seen: boolean
  shown: string[]
}

const masqueradeOption = 'com.docker.network.bridge.enable_ip_masquerade'

/** The bridge network of a host that an address is of. */
function networkOf({ host }: LivePlace, source: string) {
  for (const network of host.engine?.networks ?? []) {
    if (network.driver !== 'bridge') continue
    const subnet = network.subnets.find((candidate) => holds(candidate.subnet, source))?.subnet
    if (subnet !== undefined) return { network, subnet }
  }
  return undefined
}

/** Whether a rule gives a packet that leaves a host another source; undefined: can't say. */
export function masquerades({ namespace }: LivePlace, flow: Flow): boolean | undefined {
  const rule = translationAt(namespace, 'postrouting', { in: '', state: 'new', ...flow })
  if (rule === undefined) return undefined
  return rule !== null && /^(MASQUERADE|SNAT)$/.test(rule.target)
}

/** Docker's rule is there, and another one comes first. */
function acceptedBefore({ namespace }: LivePlace, flow: Flow, subnet: string): Found['before'] {
  const rule = untranslatedBy(namespace, 'postrouting', { in: '', state: 'new', ...flow })
  const own = namespace.rules.find(
    ({ table, target, source }) => table === 'nat' && target === 'MASQUERADE' && source === subnet,
  )
  if (!rule || !own || !isOfIptables(rule) || !isOfIptables(own)) return undefined
  const tool = iptablesOf(rule.family, namespace)
  return {
    text: `${tableName(rule)}: ${rule.text}`,
    command: `${tool} -t nat -I ${rule.chain} ${rule.position} ${own.text.replace(/^-A \S+ /, '')}`,
  }
}

/** A packet leaves its host with an address that means something only inside. */
function find({ leaving, destination, destinationPort, protocol, seen }: Trail): Found | undefined {
  if (!leaving) return undefined
  const { place, link, source, shown } = leaving
  const of = networkOf(place, source)
  // A public address of IPv6 is one that answers find by themselves.
  if (source.includes(':') && !holds('fc00::/7', source)) return undefined
  const port = destinationPort === undefined ? {} : { destinationPort }
  if (!of || masquerades(place, { source, destination, protocol, out: link.name, ...port }) !== false) return undefined
  const before = acceptedBefore(place, { source, destination, protocol, out: link.name, ...port }, of.subnet)
  const meant = of.network.options[masqueradeOption] === 'false'
  return {
    host: place.label,
    source,
    subnet: of.subnet,
    bridge: of.network.bridge ?? 'BRIDGE',
    ...(meant ? { meant: of.network.name } : {}),
    ...(before ? { before } : {}),
    seen: seen !== undefined,
    shown: [
      ...shown,
      before ? `${place.label}: ${before.text}` : `${place.label}: nat: no MASQUERADE of ${of.subnet} in POSTROUTING`,
      ...(meant ? [`network ${of.network.name}: ${masqueradeOption}=false`] : []),
    ],
  }
}

export const noMasquerade = define<Found>({
  code: 'no-masquerade',
  byState: find,
  bySight: find,
  say: ({ host, source, subnet, bridge, before, meant, seen, shown }) => {
    const [where, from, net] = [code(host), code(source), code(subnet)]
    const command = code(`${iptablesFor(subnet)} -t nat -A POSTROUTING -s ${subnet} ! -o ${bridge} -j MASQUERADE`, 120)
    const none = before
      ? {
          en: `another rule lets packets of ${net} by as they are before the one that masquerades them`,
          zh: `在对 ${net} 做地址伪装（MASQUERADE）的规则之前，另一条规则先把它们原样放行了`,
        }
      : { en: `no rule masquerades ${net}`, zh: `没有规则对 ${net} 做地址伪装（MASQUERADE）` }
    return {
      what: seen
        ? {
            en: `the answer could not come back, because the packet left ${where} with the private address ${from}: ${none.en}, and nobody outside knows a way to it`,
            zh: `应答回不来，因为数据包离开 ${where} 时带着私有地址 ${from}：${none.zh}，而外面没有人知道通往它的路`,
          }
        : {
            en: `answers cannot come back, because packets leave ${where} with the private address ${from}: ${none.en}, and nobody outside knows a way to it`,
            zh: `应答回不来，因为数据包离开 ${where} 时会带着私有地址 ${from}：${none.zh}，而外面没有人知道通往它的路`,
          },
      evidence: shown,
      tries: [
        before
          ? {
              en: `let Docker's rule come first: ${code(before.command, 300)}`,
              zh: `让 Docker 的规则排在前面：${code(before.command, 300)}`,
            }
          : meant !== undefined
            ? {
                en: `the network ${code(meant)} was made so, with ${code(`${masqueradeOption}=false`)}: give those outside a route to ${net} by ${where}, or masquerade all the same: ${command}`,
                zh: `网络 ${code(meant)} 创建时就是这样设定的（${code(`${masqueradeOption}=false`)}）：给外面的机器加一条经由 ${where} 通往 ${net} 的路由，或者还是做地址伪装：${command}`,
              }
            : subnet.includes(':')
              ? {
                  en: `let a rule do so, as the Engine does by itself with ${code('"ip6tables": true')} in daemon.json: ${command}`,
                  zh: `用规则做地址伪装（daemon.json 里有 ${code('"ip6tables": true')} 时引擎会自己做）：${command}`,
                }
              : { en: `put the rule back: ${command}`, zh: `把规则加回来：${command}` },
      ],
    }
  },
  broken: "the MASQUERADE rule of the container's network is deleted",
  asked: '`api` to `laptop`, ping',
  example: {
    host: 'node1',
    source: '172.20.0.12',
    subnet: '172.20.0.0/16',
    bridge: 'br-…',
    seen: true,
    shown: [
      'node1 eth0 out: 172.20.0.12 > 192.168.1.50 icmp type 8 code 0, 84 bytes, ttl 63',
      'node1: nat: no MASQUERADE of 172.20.0.0/16 in POSTROUTING',
    ],
  },
})
