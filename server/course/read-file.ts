import { readFile, stat } from 'node:fs/promises'
import type { z } from 'zod'
import { invalidArgument } from '../error/invalid-argument.js'
import { safeParse } from '../error/safe-parse.js'
import { schemaIssues } from '../error/schema-issue.js'
import { readYaml } from '../lab/formats/read-yaml.js'
import { oneLine } from '../wording/one-line.js'
import type { Text } from '../wording/text.js'

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
export async function readJsonFile<T>(file: string, schema: z.ZodType<T>, cure: Text): Promise<T> {
  return parsedJson(await readTextFile(file), file, schema, cure)
}

/** @param file where the text is from, for errors. @throws VethlabError argument.invalid */
export function parsedJson<T>(text: string, file: string, schema: z.ZodType<T>, cure: Text): T {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    const said = oneLine(error.message, 200)
    throw invalidArgument(file, `is no JSON: ${said}`, cure.en, { what: `不是 JSON（${said}）`, cure: cure.zh })
  }
  const parsed = safeParse(schema, value)
  if (parsed.success) return parsed.data
  const [issue] = schemaIssues(schema, parsed.error, value)
  const where = issue!.path.join('.')
  throw invalidArgument(file, `${where}: ${issue!.what}`, cure.en, {
    // What is wrong with it has no words of its own in Chinese.
    what: `${where === '' ? '' : `\`${where}\` `}不是应有的样子（${issue!.what}）`,
    cure: cure.zh,
  })
}

/** Reads a teacher's file of text. @throws VethlabError argument.invalid */
export async function readTextFile(file: string): Promise<string> {
  const unreadable = (error: Error) => {
    const said = oneLine(error.message, 200)
    throw invalidArgument(file, `can't be read: ${said}`, 'Name a file that is there.', {
      what: `无法读取（${said}）`,
      cure: '请指定一个已有的文件。',
    })
  }
  const found = await stat(file).catch(unreadable)
  if (!found.isFile()) {
    throw invalidArgument(file, 'is no file', 'Name a file.', { what: '不是文件', cure: '请指定一个文件。' })
  }
  if (found.size > mostBytes) {
    throw invalidArgument(file, 'is larger than 8 MiB', 'Make it smaller.', {
      what: '超过 8 MiB',
      cure: '请缩小文件。',
    })
  }
  const bytes = await readFile(file).catch(unreadable)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw invalidArgument(file, 'is not UTF-8', 'Save it as UTF-8.', {
      what: '不是 UTF-8 编码',
      cure: '请另存为 UTF-8。',
    })
  }
}
