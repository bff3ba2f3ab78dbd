import type { z } from 'zod'
import { schemaIssues } from '../../error/schema-issue.js'
import { VethlabError } from '../../error/vethlab-error.js'
import { parseYaml } from '../yaml-file.js'

export interface ReadYamlOptions {
  /** Where a line of the text stands, for an error. */
  place(line: number): string
  cure: string
  /** What is said where the schema has no words of its own. */
  otherwise: string
}

/** Reads the YAML of a package. @throws VethlabError import.invalid with the place of the first that is wrong */
export function readYaml<T>(text: string, schema: z.ZodType<T>, { place, cure, otherwise }: ReadYamlOptions): T {
  const refuse = (line: number, what: string) => new VethlabError('import.invalid', what, { place: place(line), cure })
  const yaml = parseYaml(text)
  const [problem] = yaml.problems
  if (problem) throw refuse(problem.line, problem.what)
  const value = yaml.value ?? {}
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = schemaIssues(schema, parsed.error, value)
  throw refuse(yaml.lineOf(issue?.path ?? []), `${issue?.path.join('.') ?? ''}: ${issue?.what ?? otherwise}`)
}
