import { z } from 'zod'
import { safeParse } from '../../error/safe-parse.js'
import type { Text } from '../../wording/text.js'
import { bare, code } from '../../wording/wording.js'
import { name, port, reference } from '../fields.js'
import { questionFields } from '../question.js'
import { type Spec as ReachSpec, schema as reachSchema } from '../reach/spec.js'

/** What an author writes under `prediction`, and what each cell of it asks. */

/** The longest answer that is read, in characters: all that is kept of one. */
export const longestPrediction = 500
/** A phone shows no more beside each other, and each cell is asked of the network. */
const mostRows = 8
const mostColumns = 6

const column = z
  .strictObject({
    to: reference.describe('whom; with `by: name` any name'),
    port: port.optional().describe('the port'),
    with: z
      .enum(['icmp', 'tcp', 'udp'])
      .optional()
      .describe('tcp when there is a port, else icmp; udp needs somebody who answers'),
    by: z
      .enum(['address', 'name'])
      .optional()
      .describe('name: resolved as the asking container itself would; address by default'),
    network: name.optional().describe('on which Docker network or LAN; a common one by default'),
  })
  .superRefine((fields, context) => {
    // A cell is a `reach`, and must be one that can be asked.
    const read = safeParse(reachSchema, { from: 'anybody', ...fields })
    for (const { path, message } of read.error?.issues ?? [])
      context.addIssue({ code: 'custom', path: [...path], message })
  })
export type Column = z.output<typeof column>

export const schema = z
  .strictObject({
    ...questionFields,
    from: z.array(reference).min(1).max(mostRows).describe('who asks: a row for each'),
    to: z
      .array(column)
      .min(1)
      .max(mostColumns)
      .describe(
        'whom they may reach, and by what: a column for each, `{to: db}` by ping, `{to: db, port: 6379}` by TCP, `by: name` by the name',
      ),
  })
  .superRefine(({ from, to }, context) => {
    const twice = (path: 'from' | 'to', all: readonly string[], say: (at: number) => string) => {
      for (const [at, one] of all.entries())
        if (all.indexOf(one) !== at)
          context.addIssue({ code: 'custom', path: [path, at], message: `${say(at)} is there twice` })
    }
    twice('from', from, (at) => bare(from[at]!))
    twice('to', to.map(keyOf), (at) => `${bare(to[at]!.to)} by ${meansOf(to[at]!).en}`)
    const length = from.map((row) => row.length + ': ; '.length + to.length * ' yes'.length).reduce((a, b) => a + b, 0)
    if (length > longestPrediction) {
      const message = `has names so long that an answer takes ${length} characters, and at most ${longestPrediction} are read`
      context.addIssue({ code: 'custom', path: ['from'], message })
    }
    if (from.every((row) => to.every((one) => one.to === row)))
      context.addIssue({ code: 'custom', path: ['to'], message: 'has nobody but those who ask' })
  })
export type Spec = z.output<typeof schema>

function kindOf({ with: kind, port }: Column): 'icmp' | 'tcp' | 'udp' {
  return kind ?? (port === undefined ? 'icmp' : 'tcp')
}

function keyOf(one: Column): string {
  return [one.to, kindOf(one), one.port ?? '', one.by ?? 'address', one.network ?? ''].join(' ')
}

/** Whether a cell asks something: nobody is asked whether they reach themselves. By rows. */
export function askedCells({ from, to }: Spec): boolean[][] {
  return from.map((row) => to.map((one) => one.to !== row))
}

/** By what a column asks: `ping`, `TCP 6379`, `ping, by name`. */
export function meansOf(one: Column): Text {
  const kind = kindOf(one)
  const how = kind === 'icmp' ? 'ping' : `${kind.toUpperCase()} ${one.port}`
  const on = one.network === undefined ? undefined : code(one.network)
  return {
    en: `${how}${one.by === 'name' ? ', by name' : ''}${on ? `, on ${on}` : ''}`,
    zh: `${how}${one.by === 'name' ? '，用名字' : ''}${on ? `，在 ${on} 上` : ''}`,
  }
}

/** What a cell asks of the network. */
export function reachOf({ from, to }: Spec, row: number, column: number, expect: boolean): ReachSpec {
  return reachSchema.parse({ from: from[row]!, ...to[column]!, expect })
}

/** A cell within a sentence. */
export function cellText({ from, to }: Spec, row: number, column: number): Text {
  const [who, one] = [code(from[row]!), to[column]!]
  const means = meansOf(one)
  return {
    en: `${who} → ${code(one.to)} (${means.en})`,
    zh: `${who} → ${code(one.to)}（${means.zh}）`,
  }
}
