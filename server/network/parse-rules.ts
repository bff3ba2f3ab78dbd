import { traceTablePrefix } from './observation.js'
import type { Chain, Rule } from './state.js'
import { defined, numberOf, recordOf, recordsOf, textOf } from './untrusted.js'

const longestRule = 1000

/** What iptables-save(8) and its likes said, by the name of the question; nothing where nobody had to ask. */
export type SavedRules = Partial<Record<'iptables' | 'ip6tables' | 'iptablesLegacy' | 'ip6tablesLegacy', string>>

type IptablesFamily = 'ip' | 'ip6' | 'iptables-legacy' | 'ip6tables-legacy'

export interface Ruleset {
  chains: Chain[]
  rules: Rule[]
}

/** What nft says of a rule in iptables' words; `whole` unless it has conditions that there is no field for. */
type Reading = Pick<
  Rule,
  'protocol' | 'source' | 'destination' | 'in' | 'out' | 'destinationPort' | 'sourcePort' | 'to'
> & { target?: string; further: string[] }

/**
 * `nft --json list ruleset` (libnftables-json(5)), and for tables in which it only names what an iptables extension was
 * told (`xt`), iptables-save(8). Chains are nft's: it knows all families. Only iptables-legacy-save knows what that keeps.
 */
export function parseRules(nft: unknown, saved: SavedRules): Ruleset {
  const objects = recordsOf(recordOf(nft).nftables).filter((object) => !isTrace(object))
  const chains = objects.flatMap(({ chain }) => parseChain(recordOf(chain)))
  const inNft = objects.flatMap(({ rule }) => {
    const { family, table, chain, expr } = recordOf(rule)
    return textOf(chain) === '' ? [] : [{ family: textOf(family), table: textOf(table), chain: textOf(chain), expr }]
  })
  const hidden = new Set(
    inNft
      .filter(({ expr }) => recordsOf(expr).some((statement) => 'xt' in statement))
      .map(({ family, table }) => `${family} ${table}`),
  )
  // Where nft gave nothing, what iptables says is better than nothing.
  const fromIptables = [
    ...parseIptablesSave(saved.iptables ?? '', 'ip'),
    ...parseIptablesSave(saved.ip6tables ?? '', 'ip6'),
  ].filter(({ family, table }) => objects.length === 0 || hidden.has(`${family} ${table}`))
  const said = new Set(fromIptables.map(({ family, table }) => `${family} ${table}`))
  const fromNft = inNft
    .filter(({ family, table }) => !said.has(`${family} ${table}`))
    .map(({ family, table, chain, expr }) => ({ family, table, chain, ...readRule(chain, expr) }))
  const legacy = [
    { text: saved.iptablesLegacy ?? '', family: 'iptables-legacy' },
    { text: saved.ip6tablesLegacy ?? '', family: 'ip6tables-legacy' },
  ] as const
  return {
    chains: [...chains, ...legacy.flatMap(({ text, family }) => parseSavedChains(text, family))],
    rules: numbered([
      ...fromNft,
      ...fromIptables,
      ...legacy.flatMap(({ text, family }) => parseIptablesSave(text, family)),
    ]),
  }
}

function isTrace({ chain, rule }: Record<string, unknown>): boolean {
  return textOf(recordOf(chain ?? rule).table).startsWith(traceTablePrefix)
}

function parseChain(chain: Record<string, unknown>): Chain[] {
  const name = textOf(chain.name)
  if (name === '') return []
  const { family, table, hook, policy } = chain
  return [
    {
      family: textOf(family),
      table: textOf(table),
      name,
      ...defined({ hook: textOf(hook), policy: textOf(policy).toUpperCase() }),
    },
  ]
}

function numbered(rules: Omit<Rule, 'position'>[]): Rule[] {
  const counts = new Map<string, number>()
  return rules.map((rule) => {
    const chain = `${rule.family} ${rule.table} ${rule.chain}`
    const position = (counts.get(chain) ?? 0) + 1
    counts.set(chain, position)
    return { ...rule, position }
  })
}

function readRule(chain: string, expr: unknown): Omit<Rule, 'family' | 'table' | 'chain' | 'position'> {
  const reading: Reading = { further: [] }
  for (const statement of recordsOf(expr)) readStatement(statement, reading)
  const { further, target = '', ...fields } = reading
  return { ...fields, target, text: textOf(writeRule(chain, reading), longestRule) }
}

const verdicts: Record<string, string> = {
  accept: 'ACCEPT',
  drop: 'DROP',
  reject: 'REJECT',
  return: 'RETURN',
  masquerade: 'MASQUERADE',
  redirect: 'REDIRECT',
  queue: 'QUEUE',
}

function readStatement(statement: Record<string, unknown>, reading: Reading): void {
  const [kind = '', value] = Object.entries(statement)[0] ?? []
  const body = recordOf(value)
  if (kind === 'match') readMatch(body, reading)
  else if (kind === 'jump' || kind === 'goto') reading.target = textOf(body.target)
  else if (kind === 'dnat' || kind === 'snat') {
    reading.target = kind.toUpperCase()
    Object.assign(reading, defined({ to: translation(body) }))
  } else if (kind in verdicts) {
    reading.target = verdicts[kind]!
    if (kind === 'redirect') Object.assign(reading, defined({ to: translation(body) }))
  } else if (kind === 'xt' && body.type === 'target') reading.target = textOf(body.name)
  else if (kind !== 'counter') reading.further.push(textOf(JSON.stringify(statement)))
}

const fieldOf: Record<string, keyof Omit<Reading, 'further'>> = {
  iifname: 'in',
  iif: 'in',
  oifname: 'out',
  oif: 'out',
  saddr: 'source',
  daddr: 'destination',
  sport: 'sourcePort',
  dport: 'destinationPort',
  l4proto: 'protocol',
}

function readMatch(match: Record<string, unknown>, reading: Reading): void {
  const left = recordOf(match.left)
  const payload = recordOf(left.payload)
  const name = textOf(payload.field) || textOf(recordOf(left.meta).key)
  const protocol = textOf(payload.protocol)
  const field = name === 'protocol' || name === 'nexthdr' ? 'protocol' : fieldOf[name]
  const value = readValue(match.right)
  const equal = match.op === '==' || match.op === 'in'
  if (field === undefined || value === undefined || protocol === 'ether' || (!equal && match.op !== '!=')) {
    reading.further.push(textOf(JSON.stringify({ match })))
    return
  }
  reading[field] = `${equal ? '' : '!'}${value}`
  if (/^(tcp|udp|sctp|dccp)$/.test(protocol)) reading.protocol ??= protocol
}

/** Undefined for what a field of `Rule` can't hold, such as a set. */
function readValue(value: unknown): string | undefined {
  if (typeof value === 'string' && !value.startsWith('@')) return textOf(value)
  if (typeof value === 'number') return `${value}`
  const { prefix, range } = recordOf(value)
  if (prefix !== undefined) return `${textOf(recordOf(prefix).addr)}/${numberOf(recordOf(prefix).len) ?? 0}`
  if (Array.isArray(range) && range.length === 2) return `${range[0]}:${range[1]}`.slice(0, 100)
  return undefined
}

function translation({ addr, port }: Record<string, unknown>): string {
  const address = readValue(addr)
  const number = readValue(port)?.replace(':', '-')
  if (number === undefined) return address ?? ''
  return `${address?.includes(':') ? `[${address}]` : (address ?? '')}:${number}`
}

const options: [keyof Omit<Reading, 'further' | 'target' | 'to'>, string][] = [
  ['source', '-s'],
  ['destination', '-d'],
  ['in', '-i'],
  ['out', '-o'],
  ['protocol', '-p'],
  ['sourcePort', '--sport'],
  ['destinationPort', '--dport'],
]

/** In iptables' words, since those are what Docker's rules are known by; what it has no words for stays nft's JSON. */
function writeRule(chain: string, reading: Reading): string {
  const { target, to, further } = reading
  return [
    `-A ${chain}`,
    ...options.flatMap(([field, option]) => {
      const value = reading[field]
      if (value === undefined) return []
      return [value.startsWith('!') ? `! ${option} ${value.slice(1)}` : `${option} ${value}`]
    }),
    ...further,
    ...(target ? [`-j ${target}`] : []),
    ...(to
      ? [`${target === 'REDIRECT' ? '--to-ports' : target === 'SNAT' ? '--to-source' : '--to-destination'} ${to}`]
      : []),
  ].join(' ')
}

/** iptables-save(8): a table a section, `-A CHAIN` a line. Position is not yet counted. */
export function parseIptablesSave(text: string, family: IptablesFamily): Omit<Rule, 'position'>[] {
  const rules: Omit<Rule, 'position'>[] = []
  let table = ''
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) table = textOf(line.slice(1))
    else if (line.startsWith('-A ')) rules.push(parseIptablesRule(line, family, table))
  }
  return rules
}

const builtIn = /^(?:PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING)$/

/** iptables-save(8): `:CHAIN POLICY [COUNTERS]`, where a chain of the learner's own has `-` for a policy. */
function parseSavedChains(text: string, family: IptablesFamily): Chain[] {
  const chains: Chain[] = []
  let table = ''
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) table = textOf(line.slice(1))
    const [, name = '', policy = ''] = /^:(\S+) (\S+)/.exec(line) ?? []
    if (name === '') continue
    chains.push({
      family,
      table,
      name: textOf(name),
      ...(builtIn.test(name) ? { hook: name.toLowerCase(), policy: textOf(policy) } : {}),
    })
  }
  return chains
}

const iptablesFields: Record<
  string,
  'source' | 'destination' | 'in' | 'out' | 'protocol' | 'sourcePort' | 'destinationPort' | 'to' | 'target'
> = {
  '-s': 'source',
  '-d': 'destination',
  '-i': 'in',
  '-o': 'out',
  '-p': 'protocol',
  '--sport': 'sourcePort',
  '--dport': 'destinationPort',
  '--to-destination': 'to',
  '--to-source': 'to',
  '--to-ports': 'to',
  '-j': 'target',
  '-g': 'target',
}

function parseIptablesRule(line: string, family: IptablesFamily, table: string): Omit<Rule, 'position'> {
  // Only a comment can have spaces, and it is in double quotes with backslashes.
  const [, chain = '', ...words] = line.match(/"(?:\\.|[^"\\])*"|\S+/g) ?? []
  const rule: Omit<Rule, 'position'> = {
    family,
    table,
    chain: textOf(chain),
    target: '',
    text: textOf(line, longestRule),
  }
  for (let index = 0; index < words.length; index++) {
    const field = iptablesFields[words[index]!]
    if (!field) continue
    const negated = words[index - 1] === '!' ? '!' : ''
    const value = `${negated}${textOf(words[++index])}`
    // A rule of REDIRECT has ports alone.
    rule[field] = field === 'to' && words[index - 1] === '--to-ports' ? `:${value}` : value
  }
  return rule
}
