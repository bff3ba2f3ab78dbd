/** What netfilter tells of a traced packet (nf_tables_trace.c), and the text of the rules that it names. */

export interface TraceEvent {
  /** The same for all that is told of one packet while it is in a namespace. */
  id: number
  family: string
  table: string
  chain: string
  /** `end`: a chain is through, and the packet goes on behind it. */
  kind: 'policy' | 'rule' | 'end'
  handle?: bigint
  verdict: string
  /** Indices of links. */
  in?: number
  out?: number
  /** The IP header, and 20 bytes behind it: only with what is told first about a packet in a chain of a hook. */
  headers?: { network: Buffer; transport: Buffer }
}

/** NFPROTO_* as nft names them. */
const families: Record<number, string> = { 1: 'inet', 2: 'ip', 3: 'arp', 5: 'netdev', 7: 'bridge', 10: 'ip6' }
/** NFT_TRACETYPE_* */
const kinds: Record<number, TraceEvent['kind']> = { 1: 'policy', 2: 'end', 3: 'rule' }
/** Verdicts of linux/netfilter.h and enum nft_verdicts. */
const verdicts: Record<number, string> = {
  [-5]: 'return',
  [-4]: 'goto',
  [-3]: 'jump',
  [-2]: 'continue',
  [-1]: 'continue',
  0: 'drop',
  1: 'accept',
  2: 'stolen',
  3: 'queue',
  4: 'repeat',
  5: 'accept',
}
const longestName = 64

/** @param message a whole netlink message, of type NFT_MSG_TRACE; undefined for any other */
export function parseTraceEvent(message: Buffer): TraceEvent | undefined {
  if (message.length < 20 || message.readUInt16LE(4) !== 0x0a11) return undefined
  const attributes = attributesIn(message.subarray(20))
  const number = (type: number) => numberOf(attributes.get(type))
  const handle = attributes.get(3)
  const told = kinds[number(4) ?? 0]
  // Newer kernels tell the end of a chain as a rule without a handle.
  const kind = told === 'rule' && handle === undefined ? 'end' : told
  const id = number(6)
  if (kind === undefined || id === undefined) return undefined
  const event: TraceEvent = {
    id,
    family: families[message.readUInt8(16)] ?? 'unknown',
    table: textOf(attributes.get(1)),
    chain: textOf(attributes.get(2)),
    kind,
    verdict: kind === 'policy' ? nameOf(number(16)) : verdictIn(attributes.get(5)),
  }
  if (handle && handle.length >= 8) event.handle = handle.readBigUInt64BE(0)
  const [incoming, outgoing] = [number(10), number(12)]
  if (incoming !== undefined) event.in = incoming
  if (outgoing !== undefined) event.out = outgoing
  const [network, transport] = [attributes.get(8), attributes.get(9)]
  if (network && transport) event.headers = { network, transport }
  return event
}

function verdictIn(nested: Buffer | undefined): string {
  if (!nested) return ''
  const attributes = attributesIn(nested)
  const name = nameOf(numberOf(attributes.get(1)))
  const chain = attributes.get(2)
  return chain ? `${name} ${textOf(chain)}` : name
}

function nameOf(code: number | undefined): string {
  if (code === undefined) return ''
  const signed = code | 0
  // The upper half of a drop or a queue says more of it.
  return verdicts[signed < 0 ? signed : signed & 0xff] ?? `${signed}`
}

function attributesIn(bytes: Buffer): Map<number, Buffer> {
  const attributes = new Map<number, Buffer>()
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = bytes.readUInt16LE(at)
    if (length < 4 || at + length > bytes.length) break
    attributes.set(bytes.readUInt16LE(at + 2) & 0x3fff, bytes.subarray(at + 4, at + length))
    at += (length + 3) & ~3
  }
  return attributes
}

function numberOf(value: Buffer | undefined): number | undefined {
  return value && value.length >= 4 ? value.readUInt32BE(0) : undefined
}

function textOf(value: Buffer | undefined): string {
  if (!value) return ''
  const end = value.indexOf(0)
  return value
    .subarray(0, end < 0 ? undefined : end)
    .toString('utf8')
    .slice(0, longestName)
}

/** A rule as nft writes it, and its place in its chain, from 1. */
export interface ListedRule {
  text: string
  position: number
}

/**
 * Rules by family, table and handle, from `nft --stateless --handle list ruleset`.
 * @returns rules by `ruleKey`
 */
export function parseRuleTexts(listing: string): Map<string, ListedRule> {
  const rules = new Map<string, ListedRule>()
  let table = ''
  let position = 0
  for (const line of listing.split('\n')) {
    const heading = /^table (\w+) (.*) \{(?: # handle \d+)?$/.exec(line)
    if (heading) table = `${heading[1]} ${heading[2]}`
    if (line.startsWith('\tchain ')) position = 0
    const rule = /^\t\t(\S.*) # handle (\d+)$/.exec(line)
    if (rule && table !== '') rules.set(`${table} ${rule[2]}`, { text: rule[1]!, position: ++position })
  }
  return rules
}

export function ruleKey({ family, table, handle }: Pick<TraceEvent, 'family' | 'table' | 'handle'>): string {
  return `${family} ${table} ${handle}`
}

/** What a rule did, where the kernel's verdict only says that the packet goes on, or no longer does. */
export function verdictOf(verdict: string, rule: string | undefined): string {
  if (verdict === 'drop' && rule && /\breject\b/i.test(unquoted(rule))) return 'reject'
  if (verdict !== 'accept' || !rule) return verdict
  return /\b(dnat|snat|masquerade|redirect)\b/i.exec(unquoted(rule))?.[1]?.toLowerCase() ?? verdict
}

/** Without comments and names, which can hold any word. */
function unquoted(rule: string): string {
  return rule.replace(/"[^"]*"/g, '""')
}
