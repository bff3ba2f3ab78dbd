import { z } from 'zod'
import { ChanceForm } from '../../check/chance.js'
import { cidr } from '../../check/fields.js'
import { safeParse } from '../../error/safe-parse.js'
import { canonicalNetwork, isAddress, isCidr } from '../../network/addresses.js'
import { wordsOfGo } from '../placeholder.js'

/** What an author writes under `parameters`: numbers of the task that are others for each learner. */

export const ParameterName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,39}$/, 'is no name: lower-case letters, digits and "_", a letter first')
  .refine((name) => name !== 'nonce', 'is what `reach` calls its word of chance')
  .refine((name) => !wordsOfGo.includes(name), "is a word of Go's templates")

const isNetwork4 = (text: string) => isCidr(text) && !text.includes(':') && canonicalNetwork(text) === text
const isAddress4 = (text: string) => isAddress(text) && !text.includes(':')
const isWord = (text: string) => /^[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?$/.test(text)
const isPort = (number: number) => Number.isInteger(number) && number >= 1 && number <= 65_535

const word = z.string().refine(isWord, 'is no name: lower-case letters, digits and "-", at most 32')
/** Below, services have their ports (RFC 6335); above, Linux takes ports for connections (ip_local_port_range). */
const port = z.int().min(1024).max(32_767)
const count = z.int().min(0).max(10_000)
/** Of a host within its network. */
const host = z.int().min(1).max(65_534)

const inOrder = ({ from, to }: { from?: number | undefined; to?: number | undefined }) =>
  from === undefined || to === undefined || from <= to
const endsEarly = 'ends before it begins'

const Subnet = z
  .strictObject({
    within: cidr
      .refine(isNetwork4, 'is no IPv4 network such as 10.64.0.0/10')
      .default('10.64.0.0/10')
      .describe('the range that it lies in; 10.64.0.0/10 by default'),
    prefix: z.int().min(16).max(29).default(24).describe('its length, the same for everybody; 24 by default'),
  })
  .refine(({ within, prefix }) => prefix - prefixOf(within) >= 1 && prefix - prefixOf(within) <= 16, {
    path: ['prefix'],
    message: 'must be longer than that of `within`, by at most 16',
  })
const Address = z
  .strictObject({
    in: z.string().describe('the network: a parameter above that is one, or such as 192.168.1.0/24'),
    host: host.optional().describe('always this host of the network, such as 254: then nothing is drawn'),
    from: host.optional().describe('the first host that may be drawn; 20 by default'),
    to: host.optional().describe('the last one; by default the last of the network'),
  })
  .refine(inOrder, endsEarly)
  .refine((said) => said.host === undefined || (said.from === undefined && said.to === undefined), {
    path: ['host'],
    message: 'is one host, so there is no `from` and `to`',
  })
const Port = z
  .strictObject({ from: port.describe('the first'), to: port.describe('the last') })
  .refine(inOrder, endsEarly)
const Count = z
  .strictObject({ from: count.describe('the least'), to: count.describe('the most') })
  .refine(inOrder, endsEarly)
const Name = z.union([z.array(word).min(2).max(100), ChanceForm], {
  error: 'is neither a list of names nor a form such as shop-##',
})
const longestOption = 8192
/** One can be a whole topology. */
const option = z
  .unknown()
  .refine((value) => JSON.stringify(value).length <= longestOption, `is longer than ${longestOption} signs`)
const Choice = z.array(option).min(2).max(20).refine(sameFields, 'has entries with other fields than the first one has')

const Written = z.strictObject({
  subnet: Subnet.optional().describe(
    'a network: it overlaps no other parameter, nothing that the lab itself names, nor what Docker takes by itself',
  ),
  address: Address.optional().describe('an address of a network'),
  port: Port.optional().describe('a port, from 1024 to 32767: no two are the same, nor one that the lab itself names'),
  count: Count.optional().describe('a number'),
  name: Name.optional().describe(
    'a name: out of a list, or of a form such as `shop-##`, each "#" of which becomes a digit',
  ),
  oneOf: Choice.optional().describe(
    'one of several: words, numbers, or maps with the same fields, `{{name.field}}`; they may name parameters above',
  ),
  practice: z
    .union([z.string(), z.number()])
    .optional()
    .describe(
      'the value for practice; such a network, port or name nobody else gets. Of `oneOf` the number of the entry, the first by default',
    ),
})
type Written = z.output<typeof Written>

/** A parameter as the program uses it. */
export type ParameterSpec =
  | { kind: 'subnet'; within: string; prefix: number; practice: string }
  | { kind: 'address'; in: string; host: number }
  | { kind: 'address'; in: string; from: number; to?: number; practice: string }
  | { kind: 'port'; from: number; to: number; practice: number }
  | { kind: 'count'; from: number; to: number; practice: number }
  | { kind: 'name'; of: readonly string[] | string; practice: string }
  | { kind: 'oneOf'; of: readonly unknown[]; practice: number }

const kinds = ['subnet', 'address', 'port', 'count', 'name', 'oneOf'] as const

/** What `practice` must be, by kind. */
const practices: Record<(typeof kinds)[number], [is: (value: unknown) => boolean, what: string]> = {
  subnet: [(value) => typeof value === 'string' && isNetwork4(value), 'an IPv4 network such as 10.20.0.0/24'],
  address: [(value) => typeof value === 'string' && isAddress4(value), 'an IPv4 address such as 10.20.0.10'],
  port: [(value) => typeof value === 'number' && isPort(value), 'a port such as 8080'],
  count: [(value) => safeParse(count, value).success, 'a whole number'],
  name: [(value) => typeof value === 'string' && isWord(value), 'a name'],
  oneOf: [(value) => Number.isInteger(value) && Number(value) >= 1, 'the number of an entry, from 1'],
}

export const ParameterSpec = Written.superRefine((written, context) => {
  const said = kinds.filter((kind) => written[kind] !== undefined)
  const [kind] = said
  const refuse = (message: string, ...path: string[]) => context.addIssue({ code: 'custom', message, path })
  if (kind === undefined || said.length > 1) {
    refuse(`is no parameter: write one of ${kinds.map((one) => `\`${one}\``).join(', ')}`)
    return
  }
  const { practice } = written
  const [is, what] = practices[kind]
  if (practice === undefined) {
    if (kind !== 'oneOf' && written.address?.host === undefined)
      refuse('has no `practice`: the value that everybody has who only practises')
  } else if (written.address?.host !== undefined) refuse('is needless where `host` is said', 'practice')
  else if (!is(practice)) refuse(`must be ${what}`, 'practice')
  else if (kind === 'oneOf' && Number(practice) > written.oneOf!.length) refuse('is no entry of the list', 'practice')
})
  .transform(specOf)
  .describe('a value that is drawn; docs/write-a-lab.md has an example of each kind')

export const Parameters = z
  .record(ParameterName, ParameterSpec)
  .refine((all) => Object.keys(all).length <= 40, 'are more than 40')

function specOf({ subnet, address, port, count, name, oneOf, practice }: Written): ParameterSpec {
  const word = String(practice)
  if (subnet) return { kind: 'subnet', ...subnet, practice: word }
  if (address?.host !== undefined) return { kind: 'address', in: address.in, host: address.host }
  if (address) {
    const { from = 20, to } = address
    return { kind: 'address', in: address.in, from, ...(to === undefined ? {} : { to }), practice: word }
  }
  if (port) return { kind: 'port', ...port, practice: Number(practice) }
  if (count) return { kind: 'count', ...count, practice: Number(practice) }
  if (name) return { kind: 'name', of: name, practice: word }
  return { kind: 'oneOf', of: oneOf ?? [], practice: Number(practice ?? 1) }
}

function prefixOf(network: string): number {
  return Number(network.split('/')[1])
}

/** The fields of an entry that has some. */
export function fieldsOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined
}

function sameFields(options: readonly unknown[]): boolean {
  const [first, ...others] = options.map((one) => JSON.stringify(Object.keys(fieldsOf(one) ?? {}).toSorted()))
  return others.every((one) => one === first)
}
