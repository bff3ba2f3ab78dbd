import { hostPorts } from '../map/draw-ports.js'
import { tracerTable } from '../map/facts.js'
import { bridgeId } from '../map/ids.js'
import type { Place } from '../map/places.js'
import type { Rack } from '../map/rack.js'
import type { Chain, Rule } from '../network/state.js'
import { tableName } from '../network/tables.js'
import { count, text } from '../wording/phrase.js'
import type { Text } from '../wording/text.js'
import { bare, code } from '../wording/wording.js'
import { at, type ChangeList, type HostPair } from './change-list.js'

/** A chain that loses or gains more than this is told by their number. */
const mostRules = 3

/** Rules and policies that somebody changed by hand; Docker's own for networks, containers and ports are told with those. */
export function compareRules(changes: ChangeList, pair: HostPair): void {
  for (const now of changes.after.on(pair.after)) {
    const old = changes.before.places.find(pair.name, now.namespace.id)
    if (!old || pair.told.namespaces.has(now.namespace.id) || !isRead(old) || !isRead(now)) continue
    if (now.namespace.owner.kind === 'engine') continue
    comparePolicies(changes, old, now)
    compareChains(changes, pair, old, now)
    const isOurs = (rule: Rule) => (now.kind === 'host' ? isExplained(rule, pair) : isEmbeddedDns(rule))
    tellRules(changes, pair, changes.before, old, left(old, now, isOurs), 'removed')
    tellRules(changes, pair, changes.after, now, left(now, old, isOurs), 'added')
  }
}

const isRead = ({ namespace }: Place) => !namespace.faults.some((fault) => /^(?:rules|ip6?tables)/.test(fault))

/** Rules of one side that the other does not have as often, whatever their order. */
function left(place: Place, other: Place, isOurs: (rule: Rule) => boolean): Rule[] {
  const counts = new Map<string, number>()
  for (const rule of other.namespace.rules) counts.set(keyOf(rule), (counts.get(keyOf(rule)) ?? 0) + 1)
  return place.namespace.rules.filter((rule) => {
    const count = counts.get(keyOf(rule)) ?? 0
    counts.set(keyOf(rule), count - 1)
    return count <= 0 && !rule.table.startsWith(tracerTable) && !isOurs(rule)
  })
}

const keyOf = ({ family, table, chain, text: line }: Rule) => `${family} ${table} ${chain} ${line}`

/** Docker's own for something that has been told. */
function isExplained(rule: Rule, { told, before, after }: HostPair): boolean {
  const names = [rule.in, rule.out].map((name) => name?.replace(/^!/, ''))
  if (isLearners(rule)) return false
  if (names.some((name) => name !== undefined && told.bridges.has(name))) return true
  if (rule.target === 'MASQUERADE' && rule.source !== undefined && told.subnets.has(rule.source)) return true
  if (told.swarm && /DOCKER-INGRESS|docker_gwbridge/.test(rule.text)) return true
  if (told.engine && (before.engine === undefined || after.engine === undefined) && isDockers(rule)) return true
  // Rules for a container: its published ports, and the raw table's against going around them.
  const ends = [rule.source, rule.destination].map((one) => one?.replace(/^!/, '').replace(/\/(?:32|128)$/, ''))
  const target = rule.to?.replace(/^\[(.*)\].*$/, '$1').replace(/^([\d.]+):.*$/, '$1')
  return isDockers(rule) && [...ends, target].some((address) => address !== undefined && told.addresses.has(address))
}

/** DOCKER-USER is for rules by hand. */
const isLearners = ({ chain }: Rule) => chain === 'DOCKER-USER'

const isDockers = ({ chain, table, target, source, destination }: Rule) =>
  /^DOCKER/.test(chain) ||
  /^DOCKER/.test(target) ||
  table === 'raw' ||
  (chain === 'POSTROUTING' && target === 'MASQUERADE' && source !== undefined && source === destination) ||
  (chain === 'POSTROUTING' && target === 'MASQUERADE' && source !== undefined && destination === undefined)

/** The embedded DNS server's ports are chosen by chance. */
const isEmbeddedDns = (rule: Rule) =>
  /DOCKER_(?:OUTPUT|POSTROUTING)/.test(rule.text) || rule.text.includes('127.0.0.11')

function tellRules(
  changes: ChangeList,
  pair: HostPair,
  rack: Rack,
  place: Place,
  rules: Rule[],
  kind: 'added' | 'removed',
): void {
  const byChain = new Map<string, Rule[]>()
  for (const rule of rules) {
    const key = `${rule.family} ${rule.table} ${rule.chain}`
    byChain.set(key, [...(byChain.get(key) ?? []), rule])
  }
  for (const group of byChain.values()) {
    if (group.length > mostRules) {
      changes.add(kind, 'rule', manyWords(place, group, kind), aboutRules(pair, rack, place, group))
      continue
    }
    for (const rule of group)
      changes.add(kind, 'rule', ruleWords(place, rule, kind), aboutRules(pair, rack, place, [rule]))
  }
}

function chainName({ family, table, chain }: Pick<Rule, 'family' | 'table' | 'chain'>): string {
  return code(`${tableName({ family, table })} ${chain}`)
}

function ruleWords(place: Place, rule: Rule, kind: 'added' | 'removed'): Text {
  const where = at(place)
  const line = code(rule.text, 200)
  const chain = chainName(rule)
  return kind === 'added'
    ? text(
        `A rule was added to chain ${chain} ${where.en}, at place ${rule.position}: ${line}`,
        `${where.zh}的链 ${chain} 新增了第 ${rule.position} 条规则：${line}`,
      )
    : text(
        `A rule was removed from chain ${chain} ${where.en}: ${line}`,
        `${where.zh}的链 ${chain} 删除了一条规则：${line}`,
      )
}

function manyWords(place: Place, rules: Rule[], kind: 'added' | 'removed'): Text {
  const where = at(place)
  const [first] = rules
  const chain = chainName(first!)
  const line = code(first!.text, 160)
  return kind === 'added'
    ? text(
        `Chain ${chain} ${where.en} has ${count(rules.length, 'new rule', 'new rules')}, among them ${line}`,
        `${where.zh}的链 ${chain} 新增 ${rules.length} 条规则，其中有 ${line}`,
      )
    : text(
        `Chain ${chain} ${where.en} lost ${count(rules.length, 'rule', 'rules')}, among them ${line}`,
        `${where.zh}的链 ${chain} 少了 ${rules.length} 条规则，其中有 ${line}`,
      )
}

/** The bridges and published ports that a rule is about, besides its host. */
function aboutRules(
  { before, after, name }: HostPair,
  rack: Rack,
  place: Place,
  rules: Rule[],
): (string | undefined)[] {
  if (place.kind !== 'host') return [place.element]
  const host = rack === undefined || rack.state.hosts.includes(after) ? after : before
  const ports = rules.some(({ target }) => target === 'DNAT') ? hostPorts(rack, host) : []
  return [
    place.element,
    ...rules.flatMap(({ in: inward, out, target, destinationPort, protocol }) => [
      ...[inward, out].flatMap((link) => {
        const found = link === undefined ? undefined : place.links.get(link.replace(/^!/, ''))
        return found?.kind === 'bridge' ? [bridgeId(name, found.name)] : []
      }),
      ...(target === 'DNAT'
        ? ports.filter((port) => `${port.port}` === destinationPort && port.protocol === protocol).map(({ id }) => id)
        : []),
    ]),
  ]
}

function comparePolicies(changes: ChangeList, old: Place, now: Place): void {
  const former = new Map(old.namespace.chains.map((chain) => [keyOfChain(chain), chain]))
  for (const chain of now.namespace.chains) {
    // Where no base chain is, all is let through.
    const was = former.get(keyOfChain(chain))?.policy ?? (chain.hook ? 'ACCEPT' : undefined)
    if (was === undefined || chain.policy === undefined || was === chain.policy || isTracers(chain)) continue
    const where = at(now)
    const name = chainName({ ...chain, chain: chain.name })
    const [is, before] = [bare(chain.policy), bare(was)]
    const words = text(
      `The policy of chain ${name} ${where.en} is ${is} now; it was ${before}`,
      `${where.zh}的链 ${name} 的默认策略从 ${before} 变为 ${is}`,
    )
    changes.add('changed', 'policy', words, [now.element])
  }
}

const keyOfChain = ({ family, table, name }: Chain) => `${family} ${table} ${name}`
const isTracers = ({ table }: Chain) => table.startsWith(tracerTable)

/** Chains by hand; those that tools make by themselves as soon as somebody looks say nothing. */
function compareChains(changes: ChangeList, { told }: HostPair, old: Place, now: Place): void {
  const isWorth = (chain: Chain) => !isTracers(chain) && !/^DOCKER/.test(chain.name) && !chain.hook && !told.engine
  for (const [side, other, kind] of [
    [now, old, 'added'],
    [old, now, 'removed'],
  ] as const) {
    const known = new Set(other.namespace.chains.map(keyOfChain))
    for (const chain of side.namespace.chains) {
      if (known.has(keyOfChain(chain)) || !isWorth(chain)) continue
      const where = at(side)
      const name = chainName({ ...chain, chain: chain.name })
      const words =
        kind === 'added'
          ? text(`Chain ${name} was added ${where.en}`, `${where.zh}新增链 ${name}`)
          : text(`Chain ${name} is gone ${where.en}`, `${where.zh}的链 ${name} 没有了`)
      changes.add(kind, 'policy', words, [side.element])
    }
  }
}
