import { z } from 'zod'
import { isAddress } from '../../network/addresses.js'
import { type Hook, type Judgement, judge } from '../../network/filter.js'
import type { Flow } from '../../network/flow.js'
import { routeFor } from '../../network/routing.js'
import type { Chain, NamespaceState } from '../../network/state.js'
import { ownNamespace } from '../../place/place.js'
import { hostNamed, hostsOf, requireWhole } from '../../place/reference.js'
import { addressesTowards, ownAddresses } from '../../place/target.js'
import { Unanswerable } from '../../place/unanswerable.js'
import { code } from '../../wording/wording.js'
import type { CheckContext, Family } from '../family.js'
import { address, expected, hostName, linkName, port, reference } from '../fields.js'
import { fail, pass } from '../finding.js'
import { isFinding, liveOr } from '../live.js'

const schema = z
  .strictObject({
    host: hostName.optional().describe('whose firewall; the first docker host by default'),
    from: z
      .union([reference, address], { error: 'is neither a reference nor an address' })
      .describe('who sends: a container, a host, or an address that need not belong to anybody'),
    to: reference
      .optional()
      .describe('a container of the host, to which packets are forwarded; the host itself by default'),
    protocol: z.enum(['icmp', 'tcp', 'udp']).default('tcp').describe('tcp by default'),
    port: port.optional().describe("the port as the firewall sees it, which for a published port is the container's"),
    chain: z
      .string()
      .min(1)
      .max(128)
      .optional()
      .describe(
        'what this chain of iptables and those it leads to decide by themselves, whatever others do: such as DOCKER-USER',
      ),
    in: linkName.optional().describe('the link it comes in by; the one that leads back to the sender by default'),
    expect: expected.describe('yes: it lets such packets through, no: it drops or rejects them; yes by default'),
  })
  .refine(({ protocol, port: at }) => (protocol === 'icmp') === (at === undefined), {
    path: ['port'],
    message: 'goes with tcp and udp, and only with them',
  })
type Spec = z.output<typeof schema>

/**
 * What the filters of a host make of a packet that begins something new, by whatever rules: of iptables or nft, in whichever
 * chain, negated or not. It is worked out from the rules; no packet is sent, so no counter moves.
 *
 * A rule of which it can't be said whether it matches makes an error, firewall.unknown.
 */
export const firewall: Family<Spec> = {
  key: 'firewall',
  asksForm: ({ chain }) => chain !== undefined,
  schema,
  reasons: ['firewall.dropped', 'firewall.accepted', 'firewall.no-from', 'firewall.no-target'],
  nothing: ['firewall.no-from', 'firewall.no-target'],
  present: 'firewall.accepted',
  references: (spec) => [spec.from, spec.to ?? []].flat().filter((one) => !isAddress(one)),
  hosts: (spec) => [...(spec.host ? [spec.host] : []), ...hostsOf(spec.from, spec.to)],
  async check(spec, context) {
    const host = hostNamed(context.state, spec.host ?? context.home)
    const namespace = ownNamespace(host)
    const packet = packetOf(spec, context)
    if (isFinding(packet)) return packet
    requireWhole(namespace, host.name, 'rules', 'iptables')
    const hooks: Hook[] = ['prerouting', packet.out === undefined ? 'input' : 'forward']
    const judged = spec.chain === undefined ? namespace : alone(namespace, spec.chain)
    const judgements = hooks.map((hook) => judge(judged, hook, packet))
    const where = code(host.name)
    const what = written(spec, packet)
    const drop = judgements.find((one) => one?.outcome === 'drop')
    if (!drop && judgements.includes(undefined)) {
      throw new Unanswerable('firewall.unknown', {
        en: `the firewall of ${where} has rules of which it can't be said whether they match ${what.en}`,
        zh: `${where} 的防火墙里有些规则，无法判断它们是否匹配${what.zh}`,
      })
    }
    const observed = drop
      ? { en: `${where} drops it: ${by(drop).en}`, zh: `${where} 会丢弃它：${by(drop).zh}` }
      : { en: `${where} lets ${what.en} through`, zh: `${where} 会放行${what.zh}` }
    if (spec.expect === (drop === undefined)) return pass(observed.en, observed.zh)
    if (drop) {
      return fail('firewall.dropped', {
        expected: { en: `${where} lets ${what.en} through`, zh: `${where} 放行${what.zh}` },
        observed,
        why: {
          en: `rules are read from the top and the first that decides counts; for ${what.en} that is ${by(drop).en}`,
          zh: `规则从上往下匹配，最先作出决定的那条算数；对${what.zh}来说就是：${by(drop).zh}`,
        },
      })
    }
    return fail('firewall.accepted', {
      expected: { en: `${where} drops ${what.en}`, zh: `${where} 丢弃${what.zh}` },
      observed,
      why: {
        en: `no rule of ${where} drops ${what.en} before one accepts it, or the chain ends and lets it through`,
        zh: `${where} 上没有规则在放行之前丢弃${what.zh}，走到链尾就放行了`,
      },
    })
  },
}

/** The namespace as if nothing but one chain of the table filter, and what it leads to, decided. */
function alone(namespace: NamespaceState, chain: string): NamespaceState {
  const base = (name: string, hook: Hook): Chain => ({ family: 'ip', table: 'filter', name, hook, policy: 'ACCEPT' })
  const bases: [string, Hook][] = [
    ['INPUT', 'input'],
    ['FORWARD', 'forward'],
  ]
  const named = new Set(bases.map(([name]) => name))
  const others = namespace.rules.filter(
    (rule) => rule.family === 'ip' && rule.table === 'filter' && !named.has(rule.chain),
  )
  const moved = namespace.rules
    .filter((rule) => rule.family === 'ip' && rule.table === 'filter' && rule.chain === chain)
    .flatMap((rule) => bases.map(([name]) => ({ ...rule, chain: name })))
  return { ...namespace, chains: bases.map(([name, hook]) => base(name, hook)), rules: [...others, ...moved] }
}

function packetOf(spec: Spec, context: CheckContext) {
  const host = hostNamed(context.state, spec.host ?? context.home)
  const namespace = ownNamespace(host)
  const sender = isAddress(spec.from) ? undefined : liveOr('firewall.no-from', spec.from, context)
  if (sender && isFinding(sender)) return sender
  const target = spec.to === undefined ? undefined : liveOr('firewall.no-target', spec.to, context)
  if (target && isFinding(target)) return target
  const own = { label: host.name, host, namespace, dns: host.dns }
  const source = sender ? addressesTowards(own, sender)[0] : spec.from
  const into = spec.in ?? (source && routeFor(namespace, source)?.device)
  const goal = target
    ? addressesTowards(own, target)[0]
    : namespace.links.find(({ name }) => name === into)?.addresses.find(({ family }) => family === 4)?.address
  const destination = goal ?? ownAddresses(own)[0]
  if (source === undefined || destination === undefined) {
    throw new Unanswerable('firewall.unknown', {
      en: `${code(spec.from)} or its goal has no address, so there is no packet to judge`,
      zh: `${code(spec.from)} 或者它的目标没有地址，没有可以判断的数据包`,
    })
  }
  const out = target && routeFor(namespace, destination)?.device
  const flow: Flow = {
    source,
    destination,
    protocol: spec.protocol,
    state: 'new',
    ...(spec.port === undefined ? {} : { destinationPort: spec.port }),
    ...(into ? { in: into } : {}),
    ...(out === undefined ? {} : { out }),
  }
  return flow
}

function by({ rule, chain }: Judgement): { en: string; zh: string } {
  if (rule) return { en: code(rule.text, 160), zh: code(rule.text, 160) }
  const name = code(chain?.name ?? '?')
  return { en: `the policy of ${name}`, zh: `${name} 链的默认策略` }
}

function written(spec: Spec, { source = '?' }: Flow): { en: string; zh: string } {
  const kind = spec.port === undefined ? spec.protocol : `${spec.protocol} ${spec.port}`
  const to = spec.to === undefined ? '' : ` to ${code(spec.to)}`
  const toZh = spec.to === undefined ? '' : `、发往 ${code(spec.to)} `
  return { en: `${kind} from ${code(source)}${to}`, zh: `来自 ${code(source)}${toZh}的 ${kind}` }
}
