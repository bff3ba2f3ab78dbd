import { z } from 'zod'
import { type IpFamily, isAddress } from '../../network/addresses.js'
import type { Text } from '../../wording/text.js'
import { code } from '../../wording/wording.js'
import { expected, flag, name, port, reference } from '../fields.js'

/** Somebody else who must go on reaching; what it does not say is as in the question itself. */
const another = z
  .strictObject({
    from: reference.describe('who asks'),
    to: reference.optional().describe('whom; the same target by default'),
    port: port.optional().describe('the port'),
    with: z.enum(['icmp', 'tcp', 'udp', 'http']).optional().describe('tcp when there is a port, else icmp'),
  })
  .refine(({ to, port: at, with: kind }) => to !== undefined || (at === undefined && kind === undefined), {
    path: ['to'],
    message: 'is needed where `port` or `with` is given',
  })

/** What an author writes under `reach`, and what it means where a field was left out. */

export const schema = z
  .strictObject({
    from: reference.describe('who asks'),
    to: z
      .union([reference, z.string().refine(isAddress)], { error: 'is neither a reference, a name nor an address' })
      .describe('a container, a host, an address, or with `by: name` any name'),
    port: port.optional().describe('the port; 80 for http'),
    with: z
      .enum(['icmp', 'tcp', 'udp', 'http'])
      .optional()
      .describe('tcp when there is a port, else icmp; udp needs somebody who answers'),
    by: z
      .enum(['address', 'name'])
      .default('address')
      .describe('name: resolved as the asking container itself would; address by default'),
    network: name.optional().describe('on which Docker network or LAN; a common one by default'),
    family: z
      .enum(['ipv4', 'ipv6', 'both'])
      .optional()
      .describe(
        'by addresses of which family; both: by each of them, or with `expect: no` by neither. IPv4 by default, where there is any',
      ),
    path: z
      .string()
      .regex(/^\/[\x21-\x7e]{0,500}$/, 'is no path: begin it with "/"')
      .optional()
      .describe(
        'http: what is asked for; / by default. `{{nonce}}` is a word of chance, another one for each question',
      ),
    status: z.int().min(100).max(599).optional().describe('http: the status that the answer must have'),
    body: z
      .string()
      .min(1)
      .max(500)
      .optional()
      .describe(
        'http: text that the answer must contain. `{{nonce}}` is the word of `path`, and `{{REF}}` the short id of that container, which is its own host name unless it was given another',
      ),
    direct: flag
      .optional()
      .describe('yes: the two must share a network, so that no router or host passes the packets on'),
    expect: expected,
    still: z
      .array(z.union([reference, another], { error: 'is no reference and no map of `from` and `to`' }))
      .min(1)
      .max(8)
      .optional()
      .describe(
        'who must go on reaching it as well, or reaching something else: a cure must not stop them. A REF asks the same, a map has `from`, `to`, `port` and `with`',
      ),
    only: z
      .array(reference)
      .max(20)
      .optional()
      .describe(
        'with `expect: yes`: nobody else may reach it but `from` and these: places, Docker networks or LANs. Each host and running container is asked; for networks and LANs on which nobody stands it is worked out from the rules of the host of the target',
      ),
    control: z
      .strictObject({ from: reference.describe('who must reach it') })
      .optional()
      .describe('with `expect: no`: who must reach it instead; by default the target must answer itself'),
  })
  .refine(({ to, family }) => family === undefined || !isAddress(to), {
    path: ['family'],
    message: 'is for places and names: an address has its family',
  })
  .refine(({ expect, only }) => expect || only === undefined, {
    path: ['only'],
    message: 'is for `expect: yes`: with `no`, nobody has to reach it',
  })
  .refine(({ with: kind, port: at }) => (kind !== 'tcp' && kind !== 'udp') || at !== undefined, {
    path: ['with'],
    message: 'needs a `port`',
  })
  .refine(({ with: kind, port: at }) => kind !== 'icmp' || at === undefined, {
    path: ['port'],
    message: 'is nothing that icmp has',
  })
  .superRefine((spec, context) => {
    const field = (['path', 'status', 'body'] as const).find((one) => spec[one] !== undefined)
    if (field === undefined || spec.with === 'http') return
    context.addIssue({ code: 'custom', path: [field], message: 'is for `with: http`' })
  })
  .refine(({ by, network }) => by !== 'name' || network === undefined, {
    path: ['network'],
    message: 'chooses an address, and with `by: name` the name does that',
  })
  .refine(({ path, body }) => !body?.includes('{{nonce}}') || path?.includes('{{nonce}}'), {
    path: ['body'],
    message: 'has {{nonce}}, and `path` has none to ask with',
  })
  .refine(({ expect, direct }) => expect || direct === undefined, {
    path: ['direct'],
    message: 'is for `expect: yes`',
  })
  .refine(({ expect, control }) => expect === false || control === undefined, {
    path: ['control'],
    message: 'is for `expect: no`',
  })
export type Spec = z.output<typeof schema>

/** Addresses of which family count; undefined for those of all. */
export function oneFamily({ family }: Spec): IpFamily | undefined {
  return family === 'both' ? undefined : family
}

export function kindOf(spec: Spec): 'icmp' | 'tcp' | 'udp' | 'http' {
  return spec.with ?? (spec.port === undefined ? 'icmp' : 'tcp')
}

export function portOf(spec: Spec): number | undefined {
  return spec.port ?? (spec.with === 'http' ? 80 : undefined)
}

export function shown(address: string, spec: Spec): string {
  const at = portOf(spec)
  if (at === undefined) return address
  return address.includes(':') ? `[${address}]:${at}` : `${address}:${at}`
}

const byFamily: Record<NonNullable<Spec['family']>, Text> = {
  ipv4: { en: ' over IPv4', zh: '，使用 IPv4' },
  ipv6: { en: ' over IPv6', zh: '，使用 IPv6' },
  both: { en: ' over IPv4 and IPv6', zh: '，IPv4 和 IPv6 都可以' },
}

export function wanted(spec: Spec): Text {
  const kind = kindOf(spec)
  const how =
    kind === 'icmp'
      ? ['by ping', '（ping）']
      : kind === 'http'
        ? ['by HTTP', '（HTTP）']
        : [`by ${kind}`, `（${kind}）`]
  const at = portOf(spec)
  const over = spec.family === undefined ? { en: '', zh: '' } : byFamily[spec.family]
  const overNone = spec.family === 'both' ? { en: ' over IPv4 or IPv6', zh: '，IPv4 和 IPv6 都不行' } : over
  const what = `${code(spec.to)}${at === undefined ? '' : ` port ${at}`}`
  const whatZh = `${code(spec.to)}${at === undefined ? '' : ` 的端口 ${at}`}`
  return spec.expect
    ? {
        en: `${code(spec.from)} reaches ${what} ${how[0]}${over.en}`,
        zh: `${code(spec.from)} 能访问 ${whatZh}${how[1]}${over.zh}`,
      }
    : {
        en: `${code(spec.from)} does not reach ${what} ${how[0]}${overNone.en}`,
        zh: `${code(spec.from)} 访问不到 ${whatZh}${how[1]}${overNone.zh}`,
      }
}
