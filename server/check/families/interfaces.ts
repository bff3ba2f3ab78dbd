import { z } from 'zod'
import type { Link } from '../../network/state.js'
import { hostsOf, requireWhole } from '../../place/reference.js'
import { code, codes } from '../../wording/wording.js'
import type { Family } from '../family.js'
import { linkName, reference } from '../fields.js'
import { fail, pass } from '../finding.js'
import { isFinding, liveOr } from '../live.js'

const schema = z
  .strictObject({
    of: reference.describe('in whose network namespace'),
    has: z.array(linkName).optional().describe('links that must be there'),
    only: z.array(linkName).optional().describe('no other links than these; lo goes without saying'),
  })
  .refine(({ has, only }) => has || only, { message: 'needs `has` or `only`' })
type Spec = z.output<typeof schema>

/** Some kernels put these into every new namespace, down and of no use; nobody made them. */
const fallbackDevices = /^(?:tunl0|gre0|gretap0|erspan0|ip_vti0|ip6_vti0|sit0|ip6tnl0|ip6gre0)$/

/** Which links a network namespace has, by their names. */
export const interfaces: Family<Spec> = {
  key: 'interfaces',
  schema,
  reasons: ['interfaces.missing', 'interfaces.extra', 'interfaces.no-such'],
  nothing: ['interfaces.no-such'],
  references: (spec) => [spec.of],
  hosts: (spec) => hostsOf(spec.of),
  async check(spec, context) {
    const place = liveOr('interfaces.no-such', spec.of, context)
    if (isFinding(place)) return place
    requireWhole(place.namespace, spec.of, 'links')
    const who = code(spec.of)
    const links = place.namespace.links.filter((link) => !isFallback(link)).map(({ name }) => name)
    const there = codes(links)
    const missing = [...(spec.has ?? []), ...(spec.only ?? [])].find((wanted) => !links.includes(wanted))
    if (missing !== undefined) {
      return fail('interfaces.missing', {
        expected: { en: `${who} has a link ${code(missing)}`, zh: `${who} 有网络接口 ${code(missing)}` },
        observed: { en: `it has ${there.en}`, zh: `它的接口有 ${there.zh}` },
        why: {
          en: `${who} sees only the links of its own network namespace, and ${code(missing)} is not among them`,
          zh: `${who} 只能看到自己网络命名空间里的接口，其中没有 ${code(missing)}`,
        },
      })
    }
    const extra = spec.only ? links.filter((link) => link !== 'lo' && !spec.only?.includes(link)) : []
    if (extra.length > 0) {
      const wanted = codes([...new Set(['lo', ...(spec.only ?? [])])])
      const more = codes(extra)
      return fail('interfaces.extra', {
        expected: { en: `${who} has ${wanted.en} alone`, zh: `${who} 只有 ${wanted.zh}` },
        observed: { en: `it has ${there.en}`, zh: `它的接口有 ${there.zh}` },
        why: {
          en: `${more.en} ${extra.length > 1 ? 'are' : 'is'} there as well: each connection to a network adds a link to the namespace`,
          zh: `还多出了 ${more.zh}：每接入一个网络，网络命名空间里就会多一个接口`,
        },
      })
    }
    return pass(`${who} has ${there.en}`, `${who} 的接口有 ${there.zh}`)
  },
}

function isFallback({ name, up, addresses }: Link): boolean {
  return fallbackDevices.test(name) && !up && addresses.length === 0
}
