import { z } from 'zod'
import { canonicalNetwork, isAddress, isCidr } from '../../network/addresses.js'
import type { HostState, Rule } from '../../network/state.js'
import { ownNamespace } from '../../place/place.js'
import { bridgeNamed, hostNamed, hostsOf, requireWhole } from '../../place/reference.js'
import { code, codes } from '../../wording/wording.js'
import type { Family } from '../family.js'
import { expected, hostName, reference } from '../fields.js'
import { fail, pass } from '../finding.js'
import { isFinding, liveOr } from '../live.js'

const word = z.string().min(1).max(128)
const schema = z
  .strictObject({
    host: hostName.optional().describe("in which host's own namespace; the first docker host by default"),
    of: reference.optional().describe('in whose network namespace, in place of `host`'),
    table: word.optional().describe('filter, nat, mangle, raw'),
    chain: word.optional().describe('such as DOCKER-USER or POSTROUTING'),
    target: word.optional().describe('ACCEPT, DROP, MASQUERADE, DNAT, ... or the chain it jumps to'),
    source: word.optional().describe("address or network; a Docker network's name stands for its subnet; `!` negates"),
    destination: word.optional().describe('likewise'),
    protocol: word.optional().describe('tcp, udp, icmp'),
    port: z
      .union([z.int().min(1).max(65_535), z.string().regex(/^!?\d{1,5}(?::\d{1,5})?$/)], {
        error: 'is no port and no range such as 8000:8080',
      })
      .transform(String)
      .optional()
      .describe('destination port, or a range a:b'),
    in: word.optional().describe("the link it comes in by; a Docker network's name stands for its bridge; `!` negates"),
    out: word.optional().describe('the link it leaves by, likewise'),
    to: word.optional().describe('where DNAT or SNAT sends it: `address:port`, `address`, or `:port` for any address'),
    expect: expected,
  })
  .refine(({ host, of }) => !(host && of), { path: ['of'], message: 'stands in place of `host`: write one of them' })
type Spec = z.output<typeof schema>

/** A rule of netfilter. It matches when every field that the author gave agrees. */
export const rule: Family<Spec> = {
  key: 'rule',
  asksForm: () => true,
  schema,
  reasons: ['rule.missing', 'rule.present', 'rule.shadowed', 'rule.no-such'],
  nothing: ['rule.no-such'],
  present: 'rule.present',
  references: (spec) => [spec.of ?? []].flat(),
  hosts: (spec) => [...(spec.host ? [spec.host] : []), ...hostsOf(spec.of)],
  async check(spec, context) {
    const place = spec.of === undefined ? undefined : liveOr('rule.no-such', spec.of, context)
    if (place && isFinding(place)) return place
    const host = place?.host ?? hostNamed(context.state, spec.host ?? context.home)
    const namespace = place?.namespace ?? ownNamespace(host)
    const where = code(spec.of ?? host.name)
    const all = namespace.rules
    const hits = all.filter((candidate) => matches(candidate, spec, host))
    const effective = hits.filter((hit) => before(hit, all) === undefined)
    const wanted = code(written(spec), 160)
    if (!spec.expect) {
      if (hits.length === 0) {
        requireWhole(namespace, spec.of ?? host.name, 'rules', 'iptables')
        return pass(`${where} has no rule ${wanted}`, `${where} 没有规则 ${wanted}`)
      }
      return fail('rule.present', {
        expected: { en: `no rule ${wanted} on ${where}`, zh: `${where} 上没有规则 ${wanted}` },
        observed: { en: `there is ${code(hits[0]!.text, 160)}`, zh: `存在规则 ${code(hits[0]!.text, 160)}` },
        why: {
          en: `the rule is still number ${hits[0]!.position} of chain ${code(hits[0]!.chain)}, and each packet that comes to it obeys it`,
          zh: `这条规则仍是链 ${code(hits[0]!.chain)} 的第 ${hits[0]!.position} 条，经过它的数据包都会照它处理`,
        },
      })
    }
    if (effective.length > 0) {
      return pass(`${where} has ${code(effective[0]!.text, 160)}`, `${where} 有规则 ${code(effective[0]!.text, 160)}`)
    }
    requireWhole(namespace, spec.of ?? host.name, 'rules', 'iptables')
    const expectedText = { en: `a rule ${wanted} on ${where}`, zh: `${where} 上有规则 ${wanted}` }
    const [shadowed] = hits
    if (shadowed) {
      const first = before(shadowed, all)!
      return fail('rule.shadowed', {
        expected: expectedText,
        observed: {
          en: `it is number ${shadowed.position}, behind ${code(first.text, 160)}`,
          zh: `它排在第 ${shadowed.position} 条，位于 ${code(first.text, 160)} 之后`,
        },
        why: {
          en: `rules are read from the top, and ${code(first.target)} at number ${first.position} ends the chain for every packet before yours is read: insert it with \`-I\``,
          zh: `规则从上往下匹配，第 ${first.position} 条的 ${code(first.target)} 会让所有数据包在读到你的规则之前就离开这条链：请用 \`-I\` 插到前面`,
        },
      })
    }
    const near = all.filter(
      (candidate) =>
        (spec.chain === undefined || candidate.chain === spec.chain) &&
        (spec.table === undefined || candidate.table === spec.table),
    )
    const shown = codes(near.slice(0, 3).map(({ text }) => text))
    const chain = code(spec.chain ?? spec.table ?? 'netfilter')
    return fail('rule.missing', {
      expected: expectedText,
      observed:
        near.length === 0
          ? { en: `${chain} has no rules`, zh: `${chain} 中没有规则` }
          : {
              en: `${chain} has ${near.length} ${near.length === 1 ? 'rule' : 'rules'}, such as ${shown.en}`,
              zh: `${chain} 中有 ${near.length} 条规则，例如 ${shown.zh}`,
            },
      why: {
        en: `none of the rules of ${chain} on ${where} is so: a rule counts when its table, its chain and each of its conditions agree`,
        zh: `${where} 的 ${chain} 中没有这样的规则：表、链和每个条件都要一致`,
      },
    })
  },
}

function matches(is: Rule, spec: Spec, host: HostState): boolean {
  const same = (wanted: string | undefined, has: string | undefined) =>
    wanted === undefined || wanted.toLowerCase() === has?.toLowerCase()
  return (
    same(spec.table, is.table) &&
    same(spec.chain, is.chain) &&
    same(spec.target, is.target) &&
    same(spec.protocol, is.protocol) &&
    same(spec.port, is.destinationPort) &&
    sameNet(spec.source, is.source, host) &&
    sameNet(spec.destination, is.destination, host) &&
    sameLink(spec.in, is.in, host) &&
    sameLink(spec.out, is.out, host) &&
    sameTarget(spec.to, is.to)
  )
}

function negation(text: string): [negated: boolean, rest: string] {
  return text.startsWith('!') ? [true, text.slice(1).trim()] : [false, text]
}

function sameNet(wanted: string | undefined, has: string | undefined, host: HostState): boolean {
  if (wanted === undefined) return true
  const [negated, word] = negation(wanted)
  const [isNegated, is] = negation(has ?? '0.0.0.0/0')
  if (negated !== isNegated) return false
  const nets =
    isAddress(word) || isCidr(word)
      ? [word]
      : (host.engine?.networks.find(({ name }) => name === word)?.subnets.map(({ subnet }) => subnet) ?? [])
  return nets.some((net) => canonicalNetwork(net) !== undefined && canonicalNetwork(net) === canonicalNetwork(is))
}

function sameLink(wanted: string | undefined, has: string | undefined, host: HostState): boolean {
  if (wanted === undefined) return true
  if (has === undefined) return false
  const [negated, word] = negation(wanted)
  const [isNegated, is] = negation(has)
  return negated === isNegated && bridgeNamed(host, word) === is
}

function sameTarget(wanted: string | undefined, has: string | undefined): boolean {
  if (wanted === undefined || wanted === has) return true
  if (has === undefined) return false
  const at = has.lastIndexOf(':')
  if (wanted.startsWith(':')) return at >= 0 && has.slice(at) === wanted
  return isAddress(wanted) && at >= 0 && has.slice(0, at) === wanted
}

/** What ends the chain for every packet before a rule is read. A learner's own `-A DOCKER-USER` stands behind a RETURN. */
function before(rule: Rule, all: readonly Rule[]): Rule | undefined {
  return all.find(
    (other) =>
      other.family === rule.family &&
      other.table === rule.table &&
      other.chain === rule.chain &&
      other.position < rule.position &&
      ['ACCEPT', 'DROP', 'REJECT', 'RETURN'].includes(other.target) &&
      isUnconditional(other),
  )
}

/** By its text as well: a rule may have conditions (state, mark) for which `Rule` has no field. */
function isUnconditional(rule: Rule): boolean {
  const none = [rule.protocol, rule.source, rule.destination, rule.in, rule.out, rule.destinationPort, rule.sourcePort]
  return none.every((field) => field === undefined) && /^-A \S+ -j \S+(?: --reject-with \S+)?$/.test(rule.text.trim())
}

function written(spec: Spec): string {
  const parts: [string, string | undefined][] = [
    ['-t', spec.table],
    ['-A', spec.chain],
    ['-p', spec.protocol],
    ['-s', spec.source],
    ['-d', spec.destination],
    ['-i', spec.in],
    ['-o', spec.out],
    ['--dport', spec.port],
    ['-j', spec.target],
    ['--to', spec.to],
  ]
  return (
    parts.flatMap(([option, value]) => (value === undefined ? [] : [`${option} ${value}`])).join(' ') || 'of any kind'
  )
}
