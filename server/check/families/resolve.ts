import { z } from 'zod'
import { causeOfName, unresolvedReason } from '../../cause/causes.js'
import { type IpFamily, ipFamilyOf, isAddress, sameAddress } from '../../network/addresses.js'
import type { DnsSettings } from '../../network/state.js'
import { resolveName } from '../../place/name-resolution.js'
import { absence, find, hostsOf } from '../../place/reference.js'
import { namedSo, ownAddresses } from '../../place/target.js'
import { code, codes } from '../../wording/wording.js'
import type { Family } from '../family.js'
import { expected, reference } from '../fields.js'
import { fail, pass } from '../finding.js'
import { isFinding, liveOr } from '../live.js'
import { ofOtherFamily } from '../reach/other-family.js'

const families = { A: 'ipv4', AAAA: 'ipv6' } as const

const schema = z
  .strictObject({
    from: reference.describe('who asks'),
    name: z
      .string()
      .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}$/, 'is no name')
      .describe('the name asked for'),
    to: z
      .union([reference, z.string().refine(isAddress)], { error: 'is neither a reference nor an address' })
      .optional()
      .describe('a container, a host or an address that it must resolve to'),
    type: z
      .enum(['A', 'AAAA'])
      .optional()
      .describe(
        'A: IPv4 addresses alone, AAAA: IPv6 addresses alone. By default AAAA where `to` is an IPv6 address; else A, and whatever the hosts file has',
      ),
    by: z
      .enum(['any', 'dns'])
      .default('any')
      .describe(
        'dns: only what nameservers say, as programs with a resolver of their own do it; any: the hosts file first',
      ),
    expect: expected,
  })
  .refine(({ to, type }) => type === undefined || !to || !isAddress(to) || ipFamilyOf(to) === families[type], {
    path: ['type'],
    message: 'asks for another family than that of the address in `to`',
  })
type Spec = z.output<typeof schema>

function familyAsked({ type, to }: Spec): IpFamily | undefined {
  if (type !== undefined) return families[type]
  return to !== undefined && isAddress(to) && ipFamilyOf(to) === 'ipv6' ? 'ipv6' : undefined
}

/** As programs see it that don't look into the hosts file. */
function withoutHosts({ unread, ...dns }: DnsSettings): DnsSettings {
  const resolvConf = unread?.resolvConf
  return { ...dns, hosts: [], ...(resolvConf === undefined ? {} : { unread: { resolvConf } }) }
}

/**
 * What a name resolves to where somebody stands. With `expect: no` it must not resolve, or with `to` not to that; whoever
 * asks has to run for that too, and a question that could not be asked is an error.
 */
export const resolve: Family<Spec> = {
  key: 'resolve',
  needsProof: true,
  schema,
  reasons: [
    'resolve.no-from',
    'resolve.unresolved',
    'resolve.family',
    'resolve.default-bridge',
    'resolve.no-common-network',
    'resolve.elsewhere',
    'resolve.resolved',
  ],
  nothing: ['resolve.no-from'],
  present: 'resolve.resolved',
  references: (spec) => [spec.from, spec.to ?? []].flat().filter((one) => !isAddress(one)),
  hosts: (spec) => hostsOf(spec.from, spec.to),
  async check(spec, context) {
    const { state, home } = context
    const from = liveOr('resolve.no-from', spec.from, context)
    if (isFinding(from)) return from
    const literal = spec.to !== undefined && isAddress(spec.to)
    const to = spec.to === undefined || literal ? undefined : find(spec.to, state, home)
    const asking = spec.by === 'dns' ? { ...from, dns: withoutHosts(from.dns) } : from
    const family = familyAsked(spec)
    const addresses = await resolveName(asking, spec.name, context, family)
    const allowed = spec.to === undefined ? addresses : literal ? [spec.to] : to ? ownAddresses(to) : []
    const hit = addresses.find((address) => allowed.some((own) => sameAddress(own, address)))
    const who = code(spec.from)
    const what = code(spec.name)
    const list = codes(addresses)
    const observed =
      addresses.length > 0
        ? { en: `${what} resolves to ${list.en}`, zh: `${what} 解析为 ${list.zh}` }
        : { en: `${what} does not resolve`, zh: `${what} 解析不出地址` }
    if (!spec.expect) {
      if (hit === undefined) return pass(observed.en, observed.zh)
      return fail('resolve.resolved', {
        expected: { en: `${who} can't resolve ${what}`, zh: `${who} 解析不了 ${what}` },
        observed,
        why: {
          en: `${who} still gets ${code(hit)} for ${what}: names come from a user-defined network that it shares, from its hosts file, or from its nameservers`,
          zh: `${who} 仍能把 ${what} 解析为 ${code(hit)}：名字可以来自共同的自定义网络、它的 hosts 文件，或者它的 DNS 服务器`,
        },
      })
    }
    if (hit !== undefined)
      return pass(`${who} resolves ${what} to ${code(hit)}`, `${who} 把 ${what} 解析为 ${code(hit)}`)
    const target = spec.to === undefined ? '' : ` to ${code(spec.to)}`
    const expectedText = {
      en: `${who} resolves ${what}${target}`,
      zh: `${who} 能把 ${what} 解析${spec.to === undefined ? '出来' : `为 ${code(spec.to)} 的地址`}`,
    }
    if (addresses.length === 0) {
      const others = await ofOtherFamily(asking, spec.name, context, family)
      if (others) return fail('resolve.family', { expected: expectedText, ...others })
      const meant = to ?? namedSo(spec.name, state)[0]
      const cause = causeOfName({ state, home, from: asking, name: spec.name, ...(meant ? { meant } : {}) })
      return fail(`resolve.${unresolvedReason(cause)}`, { expected: expectedText, observed, why: cause.what })
    }
    if (spec.to !== undefined && !literal && !to) {
      const { why } = absence(spec.to, undefined, home, state)
      return fail('resolve.elsewhere', { expected: expectedText, observed, why })
    }
    const has = codes(allowed)
    return fail('resolve.elsewhere', {
      expected: expectedText,
      observed,
      why: {
        en: `${what} leads to ${list.en}, while ${code(spec.to ?? '')} has ${has.en}: someone else goes by that name, or a hosts file says so`,
        zh: `${what} 指向 ${list.zh}，而 ${code(spec.to ?? '')} 的地址是 ${has.zh}：另有容器叫这个名字，或者 hosts 文件里这样写着`,
      },
    })
  },
}
