import { z } from 'zod'
import { messageOf } from '../error/message-of.js'
import { safeParse } from '../error/safe-parse.js'
import { didYouMean, type SchemaIssue, schemaIssues } from '../error/schema-issue.js'
import { VethlabError } from '../error/vethlab-error.js'
import { Unanswerable } from '../place/unanswerable.js'
import { oneLine } from '../wording/one-line.js'
import { bare, cleanText } from '../wording/wording.js'
import { address } from './families/address.js'
import { answer } from './families/answer.js'
import { choice } from './families/choice.js'
import { allOf, anyOf, type Inner, notOf } from './families/combine.js'
import { command } from './families/command.js'
import { container } from './families/container.js'
import { firewall } from './families/firewall.js'
import { interfaces } from './families/interfaces.js'
import { link } from './families/link.js'
import { macvlan } from './families/macvlan.js'
import { network } from './families/network.js'
import { node } from './families/node.js'
import { number } from './families/number.js'
import { pattern } from './families/pattern.js'
import { port } from './families/port.js'
import { prediction } from './families/prediction.js'
import { reach } from './families/reach.js'
import { resolve } from './families/resolve.js'
import { route } from './families/route.js'
import { rule } from './families/rule.js'
import { script } from './families/script.js'
import { service } from './families/service.js'
import { swarm } from './families/swarm.js'
import { vxlan } from './families/vxlan.js'
import type { Check, CheckContext, Family } from './family.js'
import { because, text } from './fields.js'
import { failedToCheck } from './finding.js'
import { Points } from './points.js'
import { notSurvived } from './surviving.js'
import type { Finding } from './verdict.js'

/** What any check may have beside its family's key. */
export const commonFields = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,63}$/, 'is no id: lower-case letters, digits and "-"')
    .optional()
    .describe('names the check, for mistakes'),
  within: z.int().min(1).max(120).default(5).describe('seconds that it may take to become true; 5 by default'),
  holds: z
    .string()
    .regex(/^(?:[1-9]|[1-5]\d|60)s$/, 'is no time such as 5s: 1s to 60s')
    .transform((text) => Number.parseInt(text, 10))
    .optional()
    .describe('how long it has to stay true, such as `5s`, at most 60s: it is made again and again meanwhile'),
  survives: z
    .literal('restart', { error: 'must be `restart`' })
    .optional()
    .describe(
      'that it must be true after a restart of Docker as well, which the learner is told of, and which happens when they have the step checked and all of it passes: on the docker hosts that the check names, else on the first one',
    ),
  hintAfter: z
    .int()
    .min(1)
    .max(20)
    .optional()
    .describe('a hint is shown by itself each time the learner has had it checked so often and it has failed'),
  points: Points.optional().describe(
    'what it counts by itself when it is graded: the points of its step are then the sum of those of its checks',
  ),
  form: because.describe(
    'why it asks for a form, where another one may have the same effect: needed with `rule`, `port` and `macvlan`, the `mode` of `container`, the `kind` of `link` and the `chain` of `firewall`',
  ),
  absence: because.describe(
    'why no mistake can show it failing for another reason than that what it asks about is not there, or, with `expect: no`, failing because it is so: else `vethlab test` wants one that does',
  ),
  hint: z
    .union([text, z.array(text).max(10)], { error: 'must be a map of en and zh, or a list of such' })
    .optional()
    .describe('a hint, or several that are shown one at a time'),
})
const commonKeys = Object.keys(commonFields.shape)

/** A check within `all`, `any` or `not`. */
const Nested = z.unknown().transform((value, context): Check => {
  const parsed = parseCheck(value, [], true)
  if ('check' in parsed) return parsed.check
  for (const { path, what, cure } of parsed.issues) {
    context.issues.push({ code: 'custom', input: value, path, message: what, params: { cure } })
  }
  return z.NEVER
})

const inner: Inner = {
  schema: Nested,
  run: (check, context) => runCheck(check, context),
  hosts: (check) => familyOf(check).hosts(check.spec),
}

/** All families, in the order of their reference. */
export const families: readonly Family[] = [
  network,
  container,
  interfaces,
  address,
  route,
  link,
  rule,
  firewall,
  port,
  reach,
  resolve,
  swarm,
  node,
  service,
  vxlan,
  macvlan,
  answer,
  choice,
  number,
  pattern,
  prediction,
  allOf(inner),
  anyOf(inner),
  notOf(inner),
  script,
  command,
]
const familyKeys = families.map(({ key }) => key)

export function familyOf({ family }: Check): Family {
  return familyNamed(family)
}

/** @param name its key */
export function familyNamed(name: string): Family {
  const found = families.find(({ key }) => key === name)
  if (!found) throw new Error(`no family ${name}`)
  return found
}

/** Reads one entry of `checks`; what is wrong with it comes with its place, as the author would look for it. */
export function parseCheck(
  value: unknown,
  path: PropertyKey[],
  nested = false,
): { check: Check } | { issues: SchemaIssue[] } {
  const issue = (what: string, cure: string, at: PropertyKey[] = path) => ({ issues: [{ path: at, what, cure }] })
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return issue('is no check', 'Write a map such as `network: {name: my_net}`.')
  }
  const entries = value as Record<string, unknown>
  const keys = Object.keys(entries)
  const found = keys.filter((key) => familyKeys.includes(key))
  const unknown = keys.filter((key) => !familyKeys.includes(key) && !commonKeys.includes(key))
  const issues: SchemaIssue[] = unknown.map((key) => ({
    path: [...path, key],
    what: `unknown key "${oneLine(key, 60)}"`,
    cure: `${didYouMean(key, [...familyKeys, ...commonKeys])}A check has one of ${familyKeys.join(', ')}, and beside it ${commonKeys.join(', ')}.`,
  }))
  if (found.length === 0 && unknown.length === 0) {
    return issue('names no kind of check', `Write one of: ${familyKeys.join(', ')}.`)
  }
  if (found.length > 1) {
    return issue(`has ${found.length} kinds of check, ${found.join(' and ')}`, 'Make an entry of each of them.')
  }
  const key = found[0]
  if (key === undefined) return { issues }

  const common = Object.fromEntries(keys.filter((one) => commonKeys.includes(one)).map((one) => [one, entries[one]]))
  if (nested && Object.keys(common).length > 0) {
    const [first] = Object.keys(common)
    issues.push({
      path: [...path, first!],
      what: `"${first}" within all, any or not`,
      cure: 'Write it beside the outermost key: it counts for the whole.',
    })
  }
  const family = families.find((candidate) => candidate.key === key)!
  if (nested && family.question) {
    return issue(`"${key}" within all, any or not`, 'Make an entry of its own of it.', [...path, key])
  }
  const read = safeParse(commonFields, common)
  if (!read.success) issues.push(...below(path, schemaIssues(commonFields, read.error, common)))
  const spec = safeParse(family.schema, entries[key])
  if (!spec.success) issues.push(...below([...path, key], specIssues(family, spec.error, entries[key])))
  if (issues.length > 0 || !read.success || !spec.success) return { issues }
  if (read.data.survives !== undefined && family.question) {
    return issue('`survives` beside a question', 'Take it away: an answer stays what it is.', [...path, 'survives'])
  }
  const unproved = family.negates
    ? innerOf(family, spec.data)
        .map(silentFamily)
        .find((one) => one !== undefined)
    : undefined
  if (unproved) {
    return issue(
      `"not" around "${unproved}" would pass when the target is not even there`,
      `Write \`expect: no\` in \`${unproved}\`, which looks whether it is.`,
      [...path, key],
    )
  }
  const { id, within, holds, survives, hintAfter, points, form, absence, hint } = read.data
  return {
    check: {
      ...(id === undefined ? {} : { id }),
      within,
      ...(holds === undefined ? {} : { holds }),
      ...(survives === undefined ? {} : { survives }),
      ...(hintAfter === undefined ? {} : { hintAfter }),
      ...(points === undefined ? {} : { points }),
      ...(form === undefined ? {} : { form }),
      ...(absence === undefined ? {} : { absence }),
      hints: hint === undefined ? [] : Array.isArray(hint) ? hint : [hint],
      family: key,
      spec: spec.data,
    },
  }
}

/** The family in a check, however deep, whose fail may come from there being nothing to ask. */
function silentFamily(check: Check): string | undefined {
  const family = familyOf(check)
  if (family.needsProof) return family.key
  return innerOf(family, check.spec)
    .map(silentFamily)
    .find((one) => one !== undefined)
}

/** Whether a check, or one within it, asks how something was done. */
export function asksForm(check: Check): boolean {
  const family = familyOf(check)
  return family.asksForm?.(check.spec) === true || innerOf(family, check.spec).some(asksForm)
}

/** A check and all those within it. */
export function withInner(check: Check): Check[] {
  return [check, ...innerOf(familyOf(check), check.spec).flatMap(withInner)]
}

/** Every reason that a check can fail with, those of checks within it as well; none where one of them is free to choose. */
export function reasonsOf(check: Check): readonly string[] {
  const family = familyOf(check)
  const within = family.negates ? [] : innerOf(family, check.spec).map(reasonsOf)
  if (family.reasons.length === 0 || within.some((reasons) => reasons.length === 0)) return []
  return [...new Set([...family.reasons, ...within.flat()])]
}

/**
 * Whether a fail for this reason shows that a check looks at what there is: not only that there is nothing, or, where it
 * expects no, that it is so all the same.
 */
export function showsItLooks(check: Check, reason: string): boolean {
  const family = familyOf(check)
  const within = family.negates ? [] : innerOf(family, check.spec)
  if (within.length > 0) return within.some((one) => showsItLooks(one, reason))
  if (family.reasons.length === 0) return true
  if (reason === notSurvived) return true
  if (!family.reasons.includes(reason)) return false
  const expectsNo = family.present !== undefined && (check.spec as { expect?: unknown }).expect === false
  return expectsNo ? reason === family.present : !family.nothing.includes(reason)
}

/** The reason that shows it for a check that expects no; undefined for all others. */
export function presenceOf(check: Check): string | undefined {
  const { present } = familyOf(check)
  return (check.spec as { expect?: unknown }).expect === false ? present : undefined
}

function innerOf(family: Family, spec: unknown): readonly Check[] {
  return family.inner?.of(spec) ?? []
}

/** Issues of checks within this one come with a cure of their own. */
function specIssues({ schema }: Family, error: z.ZodError, value: unknown): SchemaIssue[] {
  return error.issues.flatMap((issue) => {
    const cure: unknown = issue.code === 'custom' ? issue.params?.cure : undefined
    if (typeof cure === 'string') return [{ path: issue.path, what: issue.message, cure }]
    return schemaIssues(schema, new z.ZodError([issue]), value)
  })
}

function below(path: PropertyKey[], issues: SchemaIssue[]): SchemaIssue[] {
  return issues.map((issue) => ({ ...issue, path: [...path, ...issue.path] }))
}

/** Makes one check. Never throws: what can't be asked is an error, which is neither a pass nor a fail. */
export async function runCheck(check: Check, context: CheckContext): Promise<Finding> {
  try {
    return await familyOf(check).check(check.spec, context)
  } catch (error) {
    return findingOf(error)
  }
}

export function findingOf(error: unknown): Finding {
  if (error instanceof Unanswerable) return failedToCheck(error.reason, cleanText(error.why))
  const said = bare(messageOf(error), 300)
  const known = error instanceof VethlabError ? error : undefined
  const saidInZh = known?.zh && bare(`${known.place}：${known.zh.what}。${known.zh.cure}`, 300)
  return failedToCheck(known?.code ?? 'check.broken', {
    en: `the check could not be made: ${said}`,
    zh: `无法完成检查：${saidInZh ?? said}`,
  })
}
