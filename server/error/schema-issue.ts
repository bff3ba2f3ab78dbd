import leven from 'leven'
import type { z } from 'zod'

/** One thing that is wrong with what an author wrote, at a place in it. */
export interface SchemaIssue {
  path: PropertyKey[]
  what: string
  cure: string
}

/**
 * Turns what zod says of `value` into issues with a place each and, for a misspelt key, the nearest right one.
 */
export function schemaIssues(schema: z.ZodType, error: z.ZodError, value: unknown): SchemaIssue[] {
  return error.issues
    .flatMap((issue) => describe(schema, issue))
    .map((issue) => (isThere(value, issue.path) ? issue : missing(issue)))
}

function missing({ path, cure }: SchemaIssue): SchemaIssue {
  return {
    path,
    what: `"${String(path.at(-1))}" is missing`,
    cure: cure.startsWith('Allowed') ? `Add it. ${cure}` : 'Add it.',
  }
}

function isThere(value: unknown, path: PropertyKey[]): boolean {
  let here = value
  for (const key of path) {
    if (typeof here !== 'object' || here === null || !(key in here)) return false
    here = (here as Record<PropertyKey, unknown>)[key]
  }
  return true
}

function describe(schema: z.ZodType, issue: z.core.$ZodIssue, above: PropertyKey[] = []): SchemaIssue[] {
  const path = [...above, ...issue.path]
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, path)
    return issue.keys.map((key) => ({
      path: [...path, key],
      what: `unknown key "${key}"`,
      cure: `${didYouMean(key, known)}${known.length > 0 ? `Known keys: ${known.join(', ')}.` : 'Remove it.'}`,
    }))
  }
  if (issue.code === 'invalid_union') {
    // The branch that got furthest says the most.
    const inner = issue.errors.map((issues) => issues[0]).filter((first) => first !== undefined)
    const best =
      inner.find((candidate) => candidate.code === 'unrecognized_keys') ??
      inner.toSorted((a, b) => b.path.length - a.path.length).find((candidate) => candidate.path.length > 0)
    if (best) return describe(schema, best, path)
    const expected = inner.map((candidate) =>
      'expected' in candidate ? String(candidate.expected) : candidate.message,
    )
    return [
      { path, what: 'fits none of the forms allowed here', cure: `Write ${[...new Set(expected)].join(' or ')}.` },
    ]
  }
  if (issue.code === 'invalid_value' && issue.values.length > 1) {
    const values = issue.values.map(String)
    return [{ path, what: 'is none of the values allowed here', cure: `Allowed: ${values.join(', ')}.` }]
  }
  return [{ path, what: issue.message, cure: 'See the reference in docs/.' }]
}

/** The keys that an object at a path may have, whichever branch of a union it is. */
function keysAt(schema: z.ZodType, path: PropertyKey[]): string[] {
  let here: z.core.$ZodType[] = [schema]
  for (const key of path) here = here.flatMap((type) => below(type, key))
  return [...new Set(here.flatMap(objects).flatMap((object) => Object.keys(object._zod.def.shape)))]
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
  const best = known
    .map((name) => ({ name, distance: leven(word, name) }))
    .toSorted((a, b) => a.distance - b.distance)[0]
  return best && best.distance <= Math.max(2, word.length / 3) ? `Did you mean "${best.name}"? ` : ''
}
