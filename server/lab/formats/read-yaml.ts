import type { z } from 'zod'
import { safeParse } from '../../error/safe-parse.js'
import { placeInWords, schemaIssues } from '../../error/schema-issue.js'
import { type ErrorCode, VethlabError } from '../../error/vethlab-error.js'
import { parseYaml } from '../yaml-file.js'

export interface ReadYamlOptions {
  /** Where a line of the text stands, for an error. */
  place(line: number): string
  /** That of what is wrong, unless said. */
  cure?: string
  /** import.invalid unless said. */
  code?: ErrorCode
  /** What is said where the schema has no words of its own. */
  otherwise: string
}

/** Reads YAML of others, such as that of a package. @throws VethlabError with the place of the first that is wrong */
export function readYaml<T>(text: string, schema: z.ZodType<T>, options: ReadYamlOptions): T {
  const { place, cure, code = 'import.invalid', otherwise } = options
  const refuse = (line: number, what: string, help = '') =>
    new VethlabError(code, what, { place: place(line), cure: cure ?? help })
  const yaml = parseYaml(text)
  const [problem] = yaml.problems
  if (problem) throw refuse(problem.line, problem.what, problem.cure)
  const value = yaml.value ?? {}
  const parsed = safeParse(schema, value)
  if (parsed.success) return parsed.data
  const [issue] = schemaIssues(schema, parsed.error, value)
  throw refuse(
    yaml.lineOf(issue?.path ?? []),
    `${placeInWords(issue?.path ?? [], value) || 'it'}: ${issue?.what ?? otherwise}`,
    issue?.cure,
  )
}
