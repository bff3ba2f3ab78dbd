import { readFile, stat } from 'node:fs/promises'
import type { z } from 'zod'
import { schemaIssues } from '../error/schema-issue.js'
import { VethlabError } from '../error/vethlab-error.js'
import { readYaml } from '../lab/formats/read-yaml.js'
import { oneLine } from '../wording/one-line.js'

/** A course of thousands is smaller. */
const mostBytes = 8 * 1024 ** 2

/** Reads a teacher's file of YAML, or of JSON, which is YAML as well. @throws VethlabError argument.invalid with file and line */
export async function readYamlFile<T>(file: string, schema: z.ZodType<T>): Promise<T> {
  return readYaml(await readTextFile(file), schema, {
    place: (line) => `${oneLine(file, 200)}:${line}`,
    code: 'argument.invalid',
    otherwise: 'is not written as it must be',
  })
}

/** Reads a file of JSON that a program has written. @throws VethlabError argument.invalid with the file and what is wrong in it */
export async function readJsonFile<T>(file: string, schema: z.ZodType<T>, cure: string): Promise<T> {
  return parsedJson(await readTextFile(file), file, schema, cure)
}

/** @param file where the text is from, for errors. @throws VethlabError argument.invalid */
export function parsedJson<T>(text: string, file: string, schema: z.ZodType<T>, cure: string): T {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw invalid(file, `is no JSON: ${oneLine(error.message, 200)}`, cure)
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = schemaIssues(schema, parsed.error, value)
  throw invalid(file, `${issue!.path.join('.')}: ${issue!.what}`, cure)
}

/** Reads a teacher's file of text. @throws VethlabError argument.invalid */
export async function readTextFile(file: string): Promise<string> {
  const unreadable = (error: Error) => {
    throw invalid(file, `can't be read: ${oneLine(error.message, 200)}`, 'Name a file that is there.')
  }
  const found = await stat(file).catch(unreadable)
  if (!found.isFile()) throw invalid(file, 'is no file', 'Name a file.')
  if (found.size > mostBytes) throw invalid(file, 'is larger than 8 MiB', 'Make it smaller.')
  const bytes = await readFile(file).catch(unreadable)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw invalid(file, 'is not UTF-8', 'Save it as UTF-8.')
  }
}

function invalid(file: string, what: string, cure: string): VethlabError {
  return new VethlabError('argument.invalid', what, { place: oneLine(file, 200), cure })
}
