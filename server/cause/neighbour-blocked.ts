import { sameAddress } from '../network/addresses.js'
import { nextHop, outLink } from '../network/routing.js'
import type { Rule } from '../network/state.js'
import type { LivePlace } from '../place/place.js'
import { holdersOn } from '../place/segment.js'
import { code } from '../wording/wording.js'
import { define } from './cause.js'
import { commandIn } from './place-command.js'
import type { Trail } from './trail.js'

interface Found {
  who: string
  /** Who has the address that is asked for. */
  owner: string
  address: string
  protocol: 'ARP' | 'neighbour discovery'
  /** A setting of the kernel's, where it is no rule. */
  setting?: string
  command: string
  shown: string[]
}

/** Of those that end packets: for neighbour solicitations or advertisements (RFC 4861), or of ARP's own tables. */
function isAgainst(address: string): (rule: Rule) => boolean {
  return address.includes(':')
    ? ({ target, family, text }) =>
        /^(DROP|REJECT)$/.test(target) &&
        /^(ip6|inet|bridge)$/.test(family) &&
        /neighbou?r-(solicit|advert)|nd-neighbor|--icmpv6-type 13[56]\b/.test(text)
    : ({ target, family, text }) => /^(DROP|REJECT)$/.test(target) && (family === 'arp' || / arp\b|"arp"/.test(text))
}

function between(asks: LivePlace, to: string, { state, seen }: Trail): Found | undefined {
  const link = outLink(asks.namespace, to)
  const hop = nextHop(asks.namespace, to)
  if (!link || hop === undefined) return undefined
  // What was seen unanswered; or where nothing was sent, what the rules say.
  const asked = seen?.questions.find(({ target }) => sameAddress(target, hop))
  // What did not even leave has asked, also where nobody saw it.
  if (asked ? asked.macs.length > 0 : seen && seen.out.length > 0) return undefined
  const [owner] = holdersOn({ place: asks, link }, hop, state)
  if (!owner) return undefined
  if (owner.link.arpOff && !hop.includes(':')) {
    const setting = `net.ipv4.conf.${owner.link.name}.arp_ignore`
    return {
      ...{ who: asks.label, owner: owner.place.label, address: hop, protocol: 'ARP', setting },
      command: commandIn(owner.place, `sysctl -w net.ipv4.conf.all.arp_ignore=0 ${setting}=0`),
      shown: [
        `${owner.place.label}: arp_ignore of ${owner.link.name} or all = 8`,
        ...(asked ? [`${asks.label} ${link.name}: who has ${hop}? no answer`] : []),
      ],
    }
  }
  for (const place of [owner.place, asks]) {
    const rule = place.namespace.rules.find(isAgainst(hop))
    if (!rule) continue
    const tool = rule.family === 'ip6' ? 'ip6tables' : undefined
    const command =
      tool && rule.text.startsWith('-A ')
        ? commandIn(place, `${tool} -t ${rule.table} ${rule.text.replace(/^-A /, '-D ')}`)
        : commandIn(place, `nft -a list chain ${rule.family} ${rule.table} ${rule.chain}`)
    return {
      ...{ who: asks.label, owner: owner.place.label, address: hop, command },
      protocol: hop.includes(':') ? 'neighbour discovery' : 'ARP',
      shown: [
        `${place.label}: ${rule.family} ${rule.table}: ${rule.text}`,
        ...(asked ? [`${asks.label} ${link.name}: who has ${hop}? no answer`] : []),
      ],
    }
  }
  return undefined
}

function find(trail: Trail): Found | undefined {
  const { from, last, goal, destination, source, stage } = trail
  if (stage === 'silent' || stage === 'no-return')
    return goal && source !== undefined ? between(goal, source, trail) : undefined
  return between(last, destination, trail) ?? between(from, destination, trail)
}

export const neighbourBlocked = define<Found>({
  code: 'neighbour-blocked',
  byState: find,
  bySight: find,
  say: ({ who, owner, address, protocol, setting, command, shown }) => {
    const [asks, has, whom] = [code(who), code(owner), code(address)]
    const rule = setting
      ? {
          en: `its kernel is set to answer no ARP at all (${code('arp_ignore')} is 8)`,
          zh: `它的内核被设为完全不应答 ARP（${code('arp_ignore')} 为 8）`,
        }
      : protocol === 'ARP'
        ? { en: 'a rule drops ARP', zh: '有规则丢弃了 ARP' }
        : {
            en: 'a rule drops the messages of neighbour discovery, without which IPv6 finds no MAC address',
            zh: '有规则丢弃了邻居发现（ND）的包，没有它们，IPv6 找不到 MAC 地址',
          }
    const list = command.includes(' list ')
    return {
      what: {
        en: `${asks} does not learn the MAC address of ${whom}, which ${has} has: ${rule.en}`,
        zh: `${asks} 得不到 ${whom}（属于 ${has}）的 MAC 地址：${rule.zh}`,
      },
      evidence: shown,
      tries: [
        setting
          ? { en: `let it answer: ${code(command, 300)}`, zh: `让它应答：${code(command, 300)}` }
          : list
            ? { en: `find that rule by ${code(command, 300)}`, zh: `用 ${code(command, 300)} 找到这条规则` }
            : { en: `let it pass: ${code(command, 300)}`, zh: `让它通过：${code(command, 300)}` },
      ],
    }
  },
  broken: '`ip6tables -A INPUT -p icmpv6 --icmpv6-type neighbour-solicitation -j DROP` in a container',
  example: {
    ...{ who: 'api', owner: 'node1/web', address: 'fd00:30::20', protocol: 'neighbour discovery' },
    command:
      "nsenter -t $(docker inspect -f '{{.State.Pid}}' web) -n ip6tables -t filter -D INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 135 -j DROP",
    shown: [
      'node1/web: ip6 filter: -A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 135 -j DROP',
      'api eth0: who has fd00:30::20? no answer',
    ],
  },
})
