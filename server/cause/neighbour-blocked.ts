import { sameAddress } from '../network/addresses.js'
import { nextHop, outLink } from '../network/routing.js'
import type { Rule } from '../network/state.js'
import { iptablesOf } from '../network/tables.js'
import { hostPlace, type LivePlace } from '../place/place.js'
import { holdersOn } from '../place/segment.js'
import { join, same } from '../wording/phrase.js'
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
  /** One after the other. */
  commands: string[]
  shown: string[]
}

/** Of those that end packets: for neighbour solicitations or advertisements (RFC 4861), or of ARP's own tables. */
function isAgainst(address: string): (rule: Rule) => boolean {
  return address.includes(':')
    ? ({ target, family, text }) =>
        /^(DROP|REJECT)$/.test(target) &&
        /^(ip6|ip6tables-legacy|inet|bridge)$/.test(family) &&
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
      commands: [commandIn(owner.place, `sysctl -w net.ipv4.conf.all.arp_ignore=0 ${setting}=0`)],
      shown: [
        `${owner.place.label}: arp_ignore of ${owner.link.name} or all = 8`,
        ...(asked ? [`${asks.label} ${link.name}: who has ${hop}? no answer`] : []),
      ],
    }
  }
  if (owner.link.noArp && !hop.includes(':')) {
    return {
      ...{ who: asks.label, owner: owner.place.label, address: hop, protocol: 'ARP', setting: 'NOARP' },
      commands: [commandIn(owner.place, `ip link set dev ${owner.link.name} arp on`)],
      shown: [
        `${owner.place.label}: ${owner.link.name} NOARP`,
        ...(asked ? [`${asks.label} ${link.name}: who has ${hop}? no answer`] : []),
      ],
    }
  }
  const home = hostPlace(asks.host)
  const ends = home && home.namespace !== asks.namespace && home.namespace !== owner.place.namespace ? [home] : []
  for (const place of [owner.place, asks, ...ends]) {
    // What only passes a host's bridges meets the rules of that family alone.
    const isMet = ({ family }: { family: string }) => place !== home || !ends.length || family === 'bridge'
    const policy = hop.includes(':')
      ? undefined
      : place.namespace.chains.find((one) => one.family === 'arp' && one.policy === 'DROP' && isMet(one))
    const rule = place.namespace.rules.find((one) => isMet(one) && isAgainst(hop)(one))
    if (!rule && !policy) continue
    const line = asked ? [`${asks.label} ${link.name}: who has ${hop}? no answer`] : []
    if (!hop.includes(':')) {
      const { family, table } = rule ?? policy!
      const chain = rule?.chain ?? policy!.name
      const pass = ['saddr', 'daddr'].map((end) =>
        commandIn(place, `nft insert rule ${family} ${table} ${chain} arp ${end} ip ${hop} accept`),
      )
      return {
        ...{ who: asks.label, owner: owner.place.label, address: hop, protocol: 'ARP', commands: pass },
        shown: [`${place.label}: ${family} ${table}: ${rule?.text ?? `-P ${chain} DROP`}`, ...line],
      }
    }
    if (!rule) continue
    const tool = iptablesOf(rule.family, place.namespace)
    const command =
      tool && rule.text.startsWith('-A ')
        ? commandIn(place, `${tool} -t ${rule.table} ${rule.text.replace(/^-A /, '-D ')}`)
        : commandIn(place, `nft -a list chain ${rule.family} ${rule.table} ${rule.chain}`)
    return {
      ...{ who: asks.label, owner: owner.place.label, address: hop, commands: [command] },
      protocol: 'neighbour discovery',
      shown: [`${place.label}: ${rule.family} ${rule.table}: ${rule.text}`, ...line],
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
  say: ({ who, owner, address, protocol, setting, commands, shown }) => {
    const [asks, has, whom] = [code(who), code(owner), code(address)]
    const rule =
      setting === 'NOARP'
        ? {
            en: `its link is set to use no ARP (${code('NOARP')})`,
            zh: `它的接口被设为不使用 ARP（${code('NOARP')}）`,
          }
        : setting
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
    const list = commands.some((one) => one.includes(' list '))
    const done = join(
      commands.map((one) => same(code(one, 300))),
      ', ',
      '，',
    )
    return {
      what: {
        en: `${asks} does not learn the MAC address of ${whom}, which ${has} has: ${rule.en}`,
        zh: `${asks} 得不到 ${whom}（属于 ${has}）的 MAC 地址：${rule.zh}`,
      },
      evidence: shown,
      tries: [
        setting
          ? { en: `let it answer: ${done.en}`, zh: `让它应答：${done.zh}` }
          : list
            ? { en: `find that rule by ${done.en}`, zh: `用 ${done.zh} 找到这条规则` }
            : protocol === 'ARP'
              ? {
                  en: `let what asks and answers for that address pass, and no more than it: ${done.en}`,
                  zh: `只放行询问和应答这个地址的 ARP，别的不动：${done.zh}`,
                }
              : { en: `let it pass: ${done.en}`, zh: `让它通过：${done.zh}` },
      ],
    }
  },
  broken: '`ip6tables -A INPUT -p icmpv6 --icmpv6-type neighbour-solicitation -j DROP` in a container',
  example: {
    ...{ who: 'api', owner: 'node1/web', address: 'fd00:30::20', protocol: 'neighbour discovery' },
    commands: [
      "nsenter -t $(docker inspect -f '{{.State.Pid}}' web) -n ip6tables -t filter -D INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 135 -j DROP",
    ],
    shown: [
      'node1/web: ip6 filter: -A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 135 -j DROP',
      'api eth0: who has fd00:30::20? no answer',
    ],
  },
})
