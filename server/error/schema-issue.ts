import leven from 'leven'
import { z } from 'zod'

/** One thing that is wrong with what an author wrote, at a place in it. */
export interface SchemaIssue {
  path: PropertyKey[]
  what: string
  cure: string
}

/**
 * Turns what zod says of `value` into sentences with a place each: what is wrong, what is there instead, and what to write. A
 * message that a schema gives itself stands as it is, behind the name of the field.
 */
export function schemaIssues(schema: z.ZodType, error: z.ZodError, value: unknown): SchemaIssue[] {
  return error.issues.flatMap((issue) => describe({ schema, value }, issue))
}

/** What an author calls one entry of these lists; those of others are called entries. */
const entryNames: Readonly<Record<string, string>> = {
  paths: 'path',
  steps: 'step',
  checks: 'check',
  options: 'option',
  hint: 'hint',
}

/**
 * A place in what an author wrote, as they would say it: `step 1 (create), check 2, reach.port`. Entries of lists count from 1.
 * Empty for the whole.
 * @param value the whole that the path leads through
 */
export function placeInWords(path: readonly PropertyKey[], value: unknown): string {
  const parts: string[] = []
  let keys: string[] = []
  let here = value
  const end = () => {
    if (keys.length > 0) parts.push(keys.join('.'))
    keys = []
  }
  for (const key of path) {
    const isEntry = Array.isArray(here)
    here = (here as Record<PropertyKey, unknown> | undefined | null)?.[key]
    if (!isEntry) {
      keys.push(String(key))
      continue
    }
    const own = keys.at(-1) === undefined ? undefined : entryNames[keys.at(-1)!]
    if (own !== undefined) keys.pop()
    end()
    const id = (here as { id?: unknown } | undefined | null)?.id
    const name = typeof id === 'string' && id !== '' && id.length <= 40 ? ` (${id})` : ''
    parts.push(`${own ?? 'entry'} ${Number(key) + 1}${name}`)
  }
  end()
  return parts.join(', ')
}

/** What was read, and by which schema. */
interface Reading {
  schema: z.ZodType
  value: unknown
}

function describe(reading: Reading, issue: z.core.$ZodIssue, above: PropertyKey[] = []): SchemaIssue[] {
  const path = [...above, ...issue.path]
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(reading, path, key))
  if (!isThere(reading.value, path)) return [missing(reading, path, issue)]
  const value = valueAt(reading.value, path)
  switch (issue.code) {
    case 'invalid_union':
      return union(reading, issue, path)
    case 'invalid_key': {
      const own = issue.issues.map(({ message }) => message).find(isOwn) ?? 'is no name that can stand here'
      return [{ path, what: `the name "${String(path.at(-1))}" ${own}`, cure: 'Choose another name.' }]
    }
    case 'invalid_value': {
      if (isOwn(issue.message)) return [said(reading, issue, path)]
      const words = issue.values.map(String)
      const near = typeof value === 'string' ? didYouMean(value, words) : ''
      return [
        {
          path,
          what: `${shown(value)} is none of the values allowed here`,
          cure: `${near}Allowed: ${words.join(', ')}.`,
        },
      ]
    }
    case 'invalid_type': {
      if (isOwn(issue.message)) return [said(reading, issue, path)]
      const kind = kindOf(reading.schema, path, issue.expected)
      return [{ path, what: `must be ${kind}, and is ${shown(value)}`, cure: howToWrite(reading, path, kind, value) }]
    }
    case 'too_small':
    case 'too_big':
      return [isOwn(issue.message) ? said(reading, issue, path) : size(reading.schema, issue, path, value)]
    default:
      return [
        isOwn(issue.message)
          ? said(reading, issue, path)
          : { path, what: `${shown(value)} is not written as it must be`, cure: reference(reading, path) },
      ]
  }
}

/** What the field is for, where its own message says only what is wrong. */
function reference({ schema }: Reading, path: PropertyKey[]): string {
  const meaning = meaningAt(schema, path)
  return meaning ? `What it means: ${meaning}.` : 'See the reference in docs/.'
}

/** A schema's own message: what zod says by itself begins with one of these. */
function isOwn(message: string): boolean {
  return !/^(Invalid |Too (?:small|big)|Unrecognized )/.test(message)
}

function said(reading: Reading, issue: z.core.$ZodIssue, path: PropertyKey[]): SchemaIssue {
  return { path, what: issue.message, cure: reference(reading, path) }
}

function unknownKey({ schema }: Reading, path: PropertyKey[], key: string): SchemaIssue {
  const known = keysAt(schema, path)
  return {
    path: [...path, key],
    what: `unknown key "${key}"`,
    cure: `${didYouMean(key, known)}${known.length > 0 ? `Known keys: ${known.join(', ')}.` : 'Remove it.'}`,
  }
}

function missing({ schema }: Reading, path: PropertyKey[], issue: z.core.$ZodIssue): SchemaIssue {
  const words = issue.code === 'invalid_value' ? ` Allowed: ${issue.values.map(String).join(', ')}.` : ''
  const meaning = meaningAt(schema, path)
  const what = path.length === 0 ? 'is empty' : `"${String(path.at(-1))}" is missing`
  return { path, what, cure: `Add it${meaning ? `: ${meaning}` : ''}.${words}` }
}

/** The branch that got furthest says the most; where none got into what is there, what the branches begin with. */
function union(reading: Reading, issue: z.core.$ZodIssueInvalidUnion, path: PropertyKey[]): SchemaIssue[] {
  const inner = issue.errors.map((issues) => issues[0]).filter((first) => first !== undefined)
  const best =
    inner.find((candidate) => candidate.code === 'unrecognized_keys') ??
    inner.toSorted((a, b) => b.path.length - a.path.length).find((candidate) => candidate.path.length > 0)
  if (best) return describe(reading, best, path)
  const value = shown(valueAt(reading.value, path))
  if (isOwn(issue.message)) return [{ path, what: `${issue.message}, and is ${value}`, cure: reference(reading, path) }]
  const forms = inner.flatMap((one) => {
    if (one.code === 'invalid_type') return [kinds[one.expected] ?? one.expected]
    if (one.code === 'invalid_value') return one.values.map((word) => `\`${String(word)}\``)
    return isOwn(one.message) ? [`what ${one.message}`] : []
  })
  return [
    { path, what: `${value} fits none of the forms allowed here`, cure: `Write ${[...new Set(forms)].join(' or ')}.` },
  ]
}

const kinds: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: '`true` or `false`',
  array: 'a list',
  object: 'a map',
  record: 'a map',
}

function kindOf(schema: z.ZodType, path: PropertyKey[], expected: string): string {
  const isWhole = typesAt(schema, path)
    .flatMap(unwrap)
    .some((type) => (type._zod.def as { format?: string }).format === 'safeint')
  return isWhole ? kinds.int! : (kinds[expected] ?? expected)
}

function howToWrite({ schema }: Reading, path: PropertyKey[], kind: string, value: unknown): string {
  // A map may say of itself that it is no text.
  const isFraction = typeof value !== 'object' && /^-?\d*[.,]\d+$/.test(String(value))
  if (kind === kinds.int && isFraction) return 'Write it without a fraction.'
  if (kind === kinds.int || kind === kinds.number) return 'Write digits, without quotes.'
  const meaning = meaningAt(schema, path)
  if (kind === kinds.string) return `Write it in quotes.${meaning ? ` What it means: ${meaning}.` : ''}`
  if (kind === kinds.array) return 'Write `[one, two]`, or a line `- one` for each.'
  if (kind === kinds.object) {
    const keys = keysAt(schema, path).slice(0, 4)
    return keys.length > 0
      ? `Write \`{${keys.map((key) => `${key}: ...`).join(', ')}}\`.`
      : 'Write `{key: value}`, or a line `key: value` for each.'
  }
  return `Write ${kind}.`
}

function size(
  schema: z.ZodType,
  issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig,
  path: PropertyKey[],
  value: unknown,
): SchemaIssue {
  const limit = Number(issue.code === 'too_small' ? issue.minimum : issue.maximum)
  const least = issue.code === 'too_small'
  if (typeof value === 'number') {
    const { minimum, maximum } = boundsAt(schema, path)
    const range = minimum !== undefined && maximum !== undefined && `Write a number from ${minimum} to ${maximum}.`
    return {
      path,
      what: `must be at ${least ? 'least' : 'most'} ${limit}, and is ${value}`,
      cure: range || 'Write another number.',
    }
  }
  const [has, unit] = Array.isArray(value)
    ? [value.length, limit === 1 ? 'entry' : 'entries']
    : [String(value).trim().length, limit === 1 ? 'character' : 'characters']
  if (has === 0) return { path, what: 'is empty', cure: 'Fill it in, or take it away where it need not be there.' }
  return {
    path,
    what: least
      ? `has ${has}, and needs at least ${limit} ${unit}`
      : `has ${has}, and may have at most ${limit} ${unit}`,
    cure: least ? 'Say more.' : 'Make it shorter.',
  }
}

function boundsAt(schema: z.ZodType, path: PropertyKey[]): { minimum?: number; maximum?: number } {
  const [number] = typesAt(schema, path)
    .flatMap(unwrap)
    .filter((type) => type._zod.def.type === 'number')
  if (!number) return {}
  const { minimum, maximum } = z.toJSONSchema(number)
  // As far as whole numbers go is no bound of the author's.
  const bound = (value: number | undefined) =>
    Number.isSafeInteger(value) && Math.abs(value!) < Number.MAX_SAFE_INTEGER ? value : undefined
  const [least, most] = [bound(minimum), bound(maximum)]
  return { ...(least === undefined ? {} : { minimum: least }), ...(most === undefined ? {} : { maximum: most }) }
}

/** What the schema says of a field, as the references in docs/ print it. */
function meaningAt(schema: z.ZodType, path: PropertyKey[]): string | undefined {
  return typesAt(schema, path)
    .flatMap((type) => [type, ...unwrap(type)])
    .map((type) => z.globalRegistry.get(type)?.description)
    .find((one) => one !== undefined)
}

/** A value as its author finds it again in the file. */
function shown(value: unknown): string {
  if (value === null) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a map'
  const text = String(value)
  return `"${text.length > 40 ? `${text.slice(0, 39)}…` : text}"`
}

function valueAt(value: unknown, path: PropertyKey[]): unknown {
  return path.reduce<unknown>((here, key) => (here as Record<PropertyKey, unknown>)[key], value)
}

function isThere(value: unknown, path: PropertyKey[]): boolean {
  let here = value
  for (const key of path) {
    if (typeof here !== 'object' || here === null || !(key in here)) return false
    here = (here as Record<PropertyKey, unknown>)[key]
  }
  return true
}

/** The keys that an object at a path may have, whichever branch of a union it is. */
function keysAt(schema: z.ZodType, path: PropertyKey[]): string[] {
  return [
    ...new Set(
      typesAt(schema, path)
        .flatMap(objects)
        .flatMap((object) => Object.keys(object._zod.def.shape)),
    ),
  ]
}

/** What a schema says of what stands at a path, whichever branch of a union it is. */
function typesAt(schema: z.ZodType, path: PropertyKey[]): z.core.$ZodType[] {
  let here: z.core.$ZodType[] = [schema]
  for (const key of path) here = here.flatMap((type) => below(type, key))
  return here
}

function objects(type: z.core.$ZodType): z.core.$ZodObject[] {
  return unwrap(type).filter((inner): inner is z.core.$ZodObject => inner._zod.def.type === 'object')
}

function below(type: z.core.$ZodType, key: PropertyKey): z.core.$ZodType[] {
  return unwrap(type).flatMap((inner) => {
    const def = inner._zod.def
    if (def.type === 'object') {
      const child = (inner as z.core.$ZodObject)._zod.def.shape[String(key)]
      return child ? [child] : []
    }
    if (def.type === 'array') return [(inner as z.core.$ZodArray)._zod.def.element]
    if (def.type === 'record') return [(inner as z.core.$ZodRecord)._zod.def.valueType]
    return []
  })
}

/** Looks through optional, default, transform, lazy and union. */
function unwrap(type: z.core.$ZodType): z.core.$ZodType[] {
  const def = type._zod.def as {
    type: string
    innerType?: z.core.$ZodType
    in?: z.core.$ZodType
    options?: z.core.$ZodType[]
    getter?: () => z.core.$ZodType
  }
  if (def.type === 'union') return (def.options ?? []).flatMap(unwrap)
  const inner = def.innerType ?? (def.type === 'pipe' ? def.in : undefined) ?? def.getter?.()
  return inner ? unwrap(inner) : [type]
}

/** A hint for a misspelt word, with a blank behind it; empty where nothing is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  const near = nearest(word, known)
  return near === undefined ? '' : `Did you mean "${near}"? `
}

/** The same in Chinese, which has no blanks there. */
export function didYouMeanZh(word: string, known: readonly string[]): string {
  const near = nearest(word, known)
  return near === undefined ? '' : `是不是“${near}”？`
}

function nearest(word: string, known: readonly string[]): string | undefined {
  const best = known
    .map((name) => ({ name, distance: leven(word, name) }))
    .toSorted((a, b) => a.distance - b.distance)[0]
  return best && best.distance <= Math.max(2, word.length / 3) ? best.name : undefined
}
