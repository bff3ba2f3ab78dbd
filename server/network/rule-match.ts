import type { Flow } from './flow.js'
import { matchesField, matchesInterface, matchesNetwork, matchesPorts } from './match-field.js'
import { ownsAddress } from './own-address.js'
import type { NamespaceState, Rule } from './state.js'
import { ipVersionOf } from './tables.js'
import { recordOf } from './untrusted.js'

/** Whether a rule of netfilter is for a packet: the only place that knows. */

/** Undefined: can't say, since the rule has a condition that is not known of the packet, or that is not understood. */
type Answer = boolean | undefined

/**
 * Whether a packet meets all conditions of a rule: addresses, links, protocol and ports, and of the extensions
 * (iptables-extensions(8)) multiport, conntrack's state and original ends, addrtype LOCAL and an ICMP type. One condition that
 * is not met settles it, whatever the others are; else one that is not known makes the answer undefined.
 */
export function matches(rule: Rule, flow: Flow, namespace: NamespaceState): boolean | undefined {
  if (isOfOther(rule.family, flow)) return false
  const { source, destination, in: into, out, protocol, sourcePort, destinationPort } = rule
  const answers: Answer[] = [
    source === undefined || matchesNetwork(source, flow.source),
    destination === undefined || matchesNetwork(destination, flow.destination),
    into === undefined || matchesInterface(into, flow.in),
    out === undefined || matchesInterface(out, flow.out),
    protocol === undefined || matchesField(protocol, flow.protocol),
    sourcePort === undefined || portsOf(sourcePort, flow, flow.sourcePort),
    destinationPort === undefined || portsOf(destinationPort, flow, flow.destinationPort),
    ...furtherConditions(rule.text, flow, namespace),
  ]
  if (answers.includes(false)) return false
  return answers.includes(undefined) ? undefined : true
}

function isOfOther(family: string, { destination }: Flow): boolean {
  const version = ipVersionOf(family)
  return version !== undefined && version !== (destination.includes(':') ? 6 : 4)
}

/** ICMP has no ports, so that a rule about one is for none of its packets. */
function portsOf(field: string, { protocol }: Flow, port: number | undefined): Answer {
  return protocol === 'icmp' ? false : matchesPorts(field, port)
}

/** In the fields of a rule already, or nothing that a packet could fail to meet. */
const inFields = new Set(['-A', '-s', '-d', '-i', '-o', '-p', '--sport', '--dport', '--comment'])
/** Extensions whose every condition is known by its own option. */
const extensions = new Set(['tcp', 'udp', 'icmp', 'comment', 'multiport', 'conntrack', 'state', 'addrtype'])

/** What a rule says in words that there is no field for. */
function furtherConditions(text: string, flow: Flow, namespace: NamespaceState): Answer[] {
  const words = text.match(/"(?:\\.|[^"\\])*"|\S+/g) ?? []
  const answers: Answer[] = []
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!
    // What follows is what becomes of the packet.
    if (word === '-j' || word === '-g') break
    if (word === '!') continue
    if (word.startsWith('{')) {
      answers.push(statement(word, flow, namespace))
      continue
    }
    const value = words[++at] ?? ''
    if (inFields.has(word)) continue
    const negated = words[at - 2] === '!'
    if (word === '-m') {
      if (!extensions.has(value)) answers.push(undefined)
      continue
    }
    const answer = extension(word, value, flow, namespace, words[at + 1])
    if (word === '--tcp-flags') at++
    answers.push(answer === undefined ? undefined : answer !== negated)
  }
  return answers
}

function extension(
  option: string,
  value: string,
  flow: Flow,
  namespace: NamespaceState,
  next: string | undefined,
): Answer {
  switch (option) {
    case '--dports':
      return portsOf(value, flow, flow.destinationPort)
    case '--sports':
      return portsOf(value, flow, flow.sourcePort)
    case '--ports': {
      const either = [flow.destinationPort, flow.sourcePort].map((port) => portsOf(value, flow, port))
      return either.includes(true) ? true : either.includes(undefined) ? undefined : false
    }
    case '--ctorigdstport':
      return portsOf(value, flow, (flow.original ?? { port: flow.destinationPort }).port)
    case '--ctorigdst':
      return matchesNetwork(value, (flow.original ?? flow).destination)
    case '--ctstate':
    case '--state':
      return stateOf(value.split(','), flow)
    case '--dst-type':
      return value === 'LOCAL' ? ownsAddress(namespace, flow.destination) : undefined
    case '--src-type':
      return value === 'LOCAL' && flow.source !== undefined ? ownsAddress(namespace, flow.source) : undefined
    case '--icmp-type':
      return icmpType(value, flow)
    case '--tcp-flags':
      // The first packet of a connection, as `--syn` says it.
      if (value !== 'FIN,SYN,RST,ACK' || next !== 'SYN') return undefined
      return flow.state === undefined ? undefined : flow.protocol === 'tcp' && flow.state === 'new'
    default:
      return undefined
  }
}

function stateOf(states: string[], { state, original, destination }: Flow): Answer {
  const asked = states.map((one) => one.toUpperCase())
  if (asked.includes('DNAT') && original && original.destination !== destination) return true
  if (state === undefined) return undefined
  return asked.includes(state === 'new' ? 'NEW' : 'ESTABLISHED') || (asked.includes('SNAT') ? undefined : false)
}

/** What is sent is an echo request, and what comes back its reply (RFC 792). */
function icmpType(value: string, { protocol, state }: Flow): Answer {
  if (protocol !== undefined && protocol !== 'icmp') return false
  if (value === 'any') return true
  if (state === undefined || protocol === undefined) return undefined
  return (state === 'new' ? /^(echo-request|ping|8(\/0)?)$/ : /^(echo-reply|pong|0(\/0)?)$/).test(value)
}

/** A statement of nft's in JSON (libnftables-json(5)), for which iptables has no words. */
function statement(word: string, flow: Flow, namespace: NamespaceState): Answer {
  let body: Record<string, unknown>
  try {
    body = recordOf(JSON.parse(word))
  } catch {
    return undefined
  }
  if ('log' in body || 'comment' in body || 'notrack' in body) return true
  const match = recordOf(body.match)
  const left = recordOf(match.left)
  const values = valuesOf(match.right)
  if (values === undefined || !/^(==|in|!=)$/.test(`${match.op}`)) return undefined
  const answer = statementOf(left, values, flow, namespace)
  return answer === undefined ? undefined : answer !== (match.op === '!=')
}

function statementOf(left: Record<string, unknown>, values: string[], flow: Flow, namespace: NamespaceState): Answer {
  const { key } = recordOf(left.ct)
  if (key === 'state') return stateOf(values, flow)
  const { field } = recordOf(left.payload)
  if (field === 'dport') return portsOf(values.join(','), flow, flow.destinationPort)
  if (field === 'sport') return portsOf(values.join(','), flow, flow.sourcePort)
  const networks = field === 'daddr' ? flow.destination : field === 'saddr' ? flow.source : undefined
  if (networks !== undefined) {
    const each = values.map((value) => matchesNetwork(value, networks))
    return each.includes(true) ? true : each.includes(undefined) ? undefined : false
  }
  const meta = recordOf(left.meta).key
  if (meta === 'l4proto') {
    const each = values.map((value) => matchesField(value, flow.protocol))
    return each.includes(true) ? true : each.includes(undefined) ? undefined : false
  }
  if (recordOf(left.fib).result === 'type' && values[0] === 'local') return ownsAddress(namespace, flow.destination)
  return undefined
}

function valuesOf(right: unknown): string[] | undefined {
  const list = Array.isArray(right)
    ? right
    : Array.isArray(recordOf(right).set)
      ? (recordOf(right).set as unknown[])
      : [right]
  const values = list.map((one): string | undefined => {
    if (typeof one === 'string' || typeof one === 'number') return `${one}`
    const { prefix, range } = recordOf(one)
    if (prefix !== undefined) return `${recordOf(prefix).addr}/${recordOf(prefix).len}`
    return Array.isArray(range) && range.length === 2 ? `${range[0]}:${range[1]}` : undefined
  })
  return values.includes(undefined) ? undefined : (values as string[])
}
