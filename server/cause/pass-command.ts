import { sameAddress } from '../network/addresses.js'
import { ownsAddress } from '../network/own-address.js'
import { iptablesOf, ipVersionOf, isOfIptables } from '../network/tables.js'
import type { Text } from '../wording/text.js'
import { bare, code } from '../wording/wording.js'
import type { Drop } from './drop.js'
import { commandIn } from './place-command.js'
import type { Trail } from './trail.js'

/** How a rule is kept, and one kind of packet let by: what went missing, and no more. */

/** The packet as the rule meets it. */
interface Met {
  in?: string
  source?: string
  destination?: string
  protocol: string
  /** Of the one that is asked. */
  port?: number
  /** As it was asked for, where that was translated before. */
  originalPort?: number
  role: Drop['role']
}

function metBy(drop: Drop, trail: Trail): Met {
  const { protocol, port, address, destination, destinationPort, source } = trail
  const isOwn = drop.place !== undefined && ownsAddress(drop.place.namespace, destination)
  // Of a chain that could not be read the links tell: only what is passed on has both.
  const isOnward = drop.hook === 'forward' || (drop.hook === undefined && !!drop.inLink && !!drop.outLink)
  // What is for the host itself is not passed on unless it was translated, also where that was not seen.
  const translated =
    port !== undefined && (destinationPort !== port || !sameAddress(destination, address) || (isOnward && isOwn))
  // What comes by a bridge from one of its own ports passes the chains of IP as coming from the bridge.
  // Chains of what leaves know no link that it came in by (iptables(8)).
  const into = !drop.inLink || drop.hook === 'postrouting' || drop.hook === 'output' ? {} : { in: drop.inLink }
  if (drop.role === 'reply') {
    // On the sender's own host it is translated back before it is passed on.
    const sent = isOnward && drop.host === trail.from.host.name ? trail.seen?.out[0]?.packet.source : undefined
    const to = sent ?? source
    return {
      ...into,
      role: 'reply',
      protocol,
      source: destination,
      ...(to === undefined ? {} : { destination: to }),
    }
  }
  // What is translated is told by what was asked for, and an address of its own is what the host is asked at anyway.
  const goesOn = !translated && !isOwn
  return {
    ...into,
    ...(source === undefined ? {} : { source }),
    ...(goesOn ? { destination } : {}),
    role: 'request',
    protocol,
    ...(destinationPort === undefined ? {} : { port: destinationPort }),
    ...(translated ? { originalPort: port } : {}),
  }
}

function isIptables({ family, table, chain, rule, policy }: Drop): boolean {
  if (!isOfIptables({ family, table, text: rule?.text ?? `-A ${chain}` })) return false
  if (policy) return /^[A-Z]+$/.test(chain)
  return rule !== undefined || /^[A-Z][A-Z0-9-]*$/.test(chain)
}

/** @returns the command, as it can be run on the drop's host */
export function passCommand(drop: Drop, trail: Trail): string {
  const met = metBy(drop, trail)
  const command = isIptables(drop) ? iptables(drop, met) : nft(drop, met)
  return bare(drop.place ? commandIn(drop.place, command) : command, 400)
}

function iptables({ family, table, chain, rule, policy, place }: Drop, met: Met): string {
  // Behind all rules, none of which wanted it; or just before the one that ended it.
  const at = policy ? `-A ${chain}` : `-I ${chain}${rule && rule.position > 1 ? ` ${rule.position}` : ''}`
  const icmp = ipVersionOf(family) === 6 ? 'ipv6-icmp' : 'icmp'
  return [
    iptablesOf(family, place?.namespace)!,
    ...(table === 'filter' ? [] : ['-t', table]),
    at,
    ...(met.in === undefined ? [] : ['-i', met.in]),
    ...(met.source === undefined ? [] : ['-s', met.source]),
    ...(met.destination === undefined ? [] : ['-d', met.destination]),
    ...['-p', met.protocol === 'icmp' ? icmp : met.protocol],
    ...(met.role === 'reply'
      ? table === 'raw'
        ? []
        : ['-m', 'conntrack', '--ctstate', 'ESTABLISHED,RELATED']
      : met.originalPort !== undefined
        ? ['-m', 'conntrack', '--ctorigdstport', `${met.originalPort}`, '--ctdir', 'ORIGINAL']
        : met.port === undefined
          ? []
          : ['--dport', `${met.port}`]),
    ...['-j', 'ACCEPT'],
  ].join(' ')
}

/** At the beginning of the chain (nft(8)): a rule is found there by a handle, which a capture does not have. */
function nft({ family, table, chain, hook }: Drop, met: Met): string {
  const ip = met.source?.includes(':') ? 'ip6' : 'ip'
  const icmp = ip === 'ip6' ? 'icmpv6' : 'icmp'
  return [
    ...['nft', 'insert', 'rule', family, table, chain],
    // A chain of netdev is for one link already.
    ...(met.in === undefined || family === 'netdev' || hook === 'output' ? [] : ['iifname', met.in]),
    ...(met.source === undefined ? [] : [ip, 'saddr', met.source]),
    ...(met.destination === undefined ? [] : [ip, 'daddr', met.destination]),
    ...(met.role === 'reply'
      ? ['ct', 'state', 'established,related']
      : met.originalPort !== undefined
        ? ['meta', 'l4proto', met.protocol, 'ct', 'original', 'proto-dst', `${met.originalPort}`]
        : met.port === undefined
          ? ['meta', 'l4proto', met.protocol === 'icmp' ? icmp : met.protocol]
          : [met.protocol, 'dport', `${met.port}`]),
    'accept',
  ].join(' ')
}

/** Where the drop is not meant so. @param back what lets the answers pass, where nothing else does */
export function passTry({ host, command, back }: { host: string; command: string; back?: string }): Text {
  const [where, what] = [code(host), code(command, 400)]
  const answers =
    back === undefined
      ? { en: '', zh: '' }
      : { en: `, and its answers: ${code(back, 400)}`, zh: `，以及它的应答：${code(back, 400)}` }
  return {
    en: `if this is not meant to be stopped, let it pass, and no more than it, on ${where}: ${what}${answers.en}`,
    zh: `如果不该拦住它，就在 ${where} 上只放行它，别的不动：${what}${answers.zh}`,
  }
}
