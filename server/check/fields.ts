import { z } from 'zod'
import { isAddress, isCidr } from '../network/addresses.js'

/** Fields that several families share. Messages go on after the field's name. */

/** A container's, network's or service's name as the Engine allows it. */
export const name = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/, 'is no valid name: letters, digits, "_", "." and "-"')

export const hostName = z
  .string()
  .regex(/^[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?$/, 'is no host\'s name: lower-case letters, digits and "-"')

/** REF: `host/container`, a container on the first docker host, or a host. */
export const reference = z
  .string()
  .regex(
    /^(?:[a-z][a-z0-9-]{0,31}\/)?[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/,
    'is no reference: write `host/container`, `container` or `host`',
  )

/** Linux keeps 15 bytes for a link's name, without blanks and slashes. */
export const linkName = z.string().regex(/^[^\s/]{1,15}$/, "is no link's name: at most 15 characters, without blanks")

export const address = z.string().refine(isAddress, 'is no IPv4 or IPv6 address')
export const cidr = z.string().refine(isCidr, 'is no network such as 172.20.0.0/16')
export const port = z.int('is no whole number').min(1, 'is no port').max(65_535, 'is no port')
export const count = z.int('is no whole number').min(0).max(10_000)

/** `yes` and `no` are words in YAML 1.2, `true` and `false` are not. */
const yesNo = z
  .union([z.enum(['yes', 'no']), z.boolean()], { error: 'must be yes or no' })
  .transform((value) => value === true || value === 'yes')
export const flag = yesNo

export const expected = yesNo.default(true).describe('no: it must not be so; yes by default')

/** Options and labels: YAML reads `false` and `1400` as what they are, the Engine keeps text. */
export const dictionary = z.record(
  z.string(),
  z
    .union([z.string(), z.number(), z.boolean()], { error: 'must be a word, a number, true or false' })
    .transform(String),
)

const english = z.string().min(1).max(1000).describe('English')
const chinese = z.string().min(1).max(1000).describe('Chinese')

/** What a program says, in both languages. */
export const bothLanguages = z.strictObject({ en: english, zh: chinese })

/** What an author writes, in the languages of the lab: one that is missing is filled with the other, and the lab's reader says so. */
export const text = z
  .strictObject({ en: english.optional(), zh: chinese.optional() })
  .refine(({ en, zh }) => en !== undefined || zh !== undefined, 'has no text')
  .transform(({ en, zh }) => ({ en: en ?? zh!, zh: zh ?? en! }))

/** Why something is meant as it is, in the author's words: for readers of the lab's files, in one language. */
export const because = z.string().trim().min(10).max(300).optional()
