import { z } from 'zod'
import { holds, ipFamilyOf, sameAddress } from '../../network/addresses.js'
import { hostsOf, requireWhole } from '../../place/reference.js'
import { code, codes } from '../../wording/wording.js'
import type { Family } from '../family.js'
import { address as addressField, cidr, expected, linkName, reference } from '../fields.js'
import { fail, pass } from '../finding.js'
import { isFinding, liveOr } from '../live.js'

const schema = z
  .strictObject({
    of: reference.describe('in whose network namespace'),
    link: linkName.optional().describe('on which link; any but lo by default'),
    address: addressField.optional().describe('the address'),
    in: cidr.optional().describe('a network that the address must be in'),
    expect: expected,
  })
  .refine((spec) => !spec.address || !spec.in || ipFamilyOf(spec.address) === ipFamilyOf(spec.in), {
    path: ['in'],
    message: 'is of another family than `address`: one is IPv4 and one is IPv6',
  })
type Spec = z.output<typeof schema>

/** An address on a link, as the kernel has it. */
export const address: Family<Spec> = {
  key: 'address',
  schema,
  reasons: ['address.missing', 'address.other', 'address.present', 'address.no-such'],
  nothing: ['address.missing', 'address.no-such'],
  present: 'address.present',
  references: (spec) => [spec.of],
  hosts: (spec) => hostsOf(spec.of),
  async check(spec, context) {
    const place = liveOr('address.no-such', spec.of, context)
    if (isFinding(place)) return place
    const { links } = place.namespace
    const among = links.filter(({ name, kind }) => (spec.link ? name === spec.link : kind !== 'loopback'))
    const have = among.flatMap((link) =>
      link.addresses
        // An address is sought: those that the kernel makes for every link do not count unless asked for.
        .filter(({ scope }) => scope !== 'link' || spec.address !== undefined || spec.in !== undefined)
        .map(({ address, prefix }) => ({ link: link.name, address, prefix })),
    )
    const hit = have.find(
      (one) =>
        (spec.address === undefined || sameAddress(one.address, spec.address)) &&
        (spec.in === undefined || holds(spec.in, one.address)),
    )
    const who = spec.link ? `${code(spec.link)} of ${code(spec.of)}` : code(spec.of)
    const whoZh = spec.link ? `${code(spec.of)} 的 ${code(spec.link)}` : code(spec.of)
    const wanted = spec.address ?? spec.in
    const wantedText = {
      en: spec.address ? `address ${code(spec.address)}` : spec.in ? `an address in ${code(spec.in)}` : 'an address',
      zh: spec.address ? `地址 ${code(spec.address)}` : spec.in ? ` ${code(spec.in)} 内的地址` : '地址',
    }
    const list = codes(have.map((one) => `${one.address}/${one.prefix}`))
    const observed = { en: `${who} has ${list.en}`, zh: `${whoZh} 的地址：${list.zh}` }
    if (!spec.expect) {
      if (!hit) {
        requireWhole(place.namespace, spec.of, 'links')
        return pass(`${who} has ${list.en}`, `${whoZh} 的地址：${list.zh}`)
      }
      return fail('address.present', {
        expected: { en: `${who} does not have ${wantedText.en}`, zh: `${whoZh} 没有${wantedText.zh}` },
        observed,
        why: {
          en: `${code(`${hit.address}/${hit.prefix}`)} is still on link ${code(hit.link)}, so the kernel answers to it`,
          zh: `${code(`${hit.address}/${hit.prefix}`)} 仍在接口 ${code(hit.link)} 上，内核会继续应答这个地址`,
        },
      })
    }
    if (hit)
      return pass(
        `${who} has ${code(`${hit.address}/${hit.prefix}`)}`,
        `${whoZh} 有 ${code(`${hit.address}/${hit.prefix}`)}`,
      )
    requireWhole(place.namespace, spec.of, 'links')
    const expectedText = { en: `${who} has ${wantedText.en}`, zh: `${whoZh} 有${wantedText.zh}` }
    if (have.length > 0 && wanted !== undefined) {
      return fail('address.other', {
        expected: expectedText,
        observed,
        why: {
          en: `${who} has ${list.en}, and ${spec.address ? `not ${code(spec.address)}` : `nothing in ${code(spec.in ?? '')}`}: a host does not take packets for an address that it does not have`,
          zh: `${whoZh} 的地址是 ${list.zh}，${spec.address ? `不是 ${code(spec.address)}` : `不在 ${code(spec.in ?? '')} 内`}：发往别的地址的数据包，它不会当作自己的`,
        },
      })
    }
    const noLink = spec.link !== undefined && among.length === 0
    const names = codes(links.map(({ name }) => name))
    return fail('address.missing', {
      expected: expectedText,
      observed: noLink
        ? { en: `${code(spec.of)} has links ${names.en}`, zh: `${code(spec.of)} 的接口有 ${names.zh}` }
        : observed,
      why: noLink
        ? {
            en: `${code(spec.of)} has no link ${code(spec.link!)}, and an address always belongs to a link`,
            zh: `${code(spec.of)} 没有接口 ${code(spec.link!)}，而地址总要配在某个接口上`,
          }
        : {
            en: `${who} has no address, and without one it can neither send nor receive IP packets`,
            zh: `${whoZh} 没有地址；没有地址就无法收发 IP 数据包`,
          },
    })
  },
}
