import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { styleFaults, termFaults } from '../wording/house-style.js'
import { type Language, languages } from '../wording/text.js'
import type { Problem } from './lab.js'
import { pathsFile } from './paths.js'
import { parseYaml } from './yaml-file.js'

/**
 * What the glossary and the house's style have against the sentences of a lab: for the labs that come with vethlab, since an
 * author elsewhere has words of their own. Code, ids and addresses of links are left alone.
 * @param directory of a lab that can be read
 */
export async function lintWording(directory: string): Promise<Problem[]> {
  return faultsOf(directory, await sentencesOf(directory))
}

/** The same of the paths that come with vethlab. @param folder whose file of paths can be read */
export async function lintPathsWording(folder: string): Promise<Problem[]> {
  return faultsOf(folder, await yamlSentences(folder, pathsFile))
}

function faultsOf(directory: string, sentences: readonly Sentence[]): Problem[] {
  const problems: Problem[] = []
  for (const { file, line, text, language, isDiagram } of sentences) {
    for (const { found, instead } of isDiagram ? termFaults(text, language) : styleFaults(text, language)) {
      problems.push({
        file: join(directory, file),
        line,
        what: `"${found}" is not how it is written here`,
        cure: instead,
      })
    }
  }
  return problems
}

interface Sentence {
  file: string
  line: number
  text: string
  language: Language
  isDiagram?: boolean
}

async function sentencesOf(directory: string): Promise<Sentence[]> {
  const sentences = await yamlSentences(directory, 'lab.yaml')
  for (const language of languages) {
    const file = `${language}.md`
    let fence: string | undefined
    for (const [at, line] of (await readFile(join(directory, file), 'utf8')).split('\n').entries()) {
      const [, mark, info] = /^(```+|~~~+)\s*(\S*)/.exec(line) ?? []
      if (mark !== undefined) fence = fence === undefined ? (info ?? '') : undefined
      else if (fence === undefined) sentences.push({ file, line: at + 1, text: proseOf(line), language })
      else if (fence === 'mermaid')
        sentences.push({ file, line: at + 1, text: labelsOf(line), language, isDiagram: true })
    }
  }
  return sentences
}

async function yamlSentences(directory: string, file: string): Promise<Sentence[]> {
  const yaml = parseYaml(await readFile(join(directory, file), 'utf8'))
  return textsIn(yaml.value).map(({ path, text, language }) => ({ file, line: yaml.lineOf(path), text, language }))
}

/** A line of Markdown without what is no sentence: marks of emphasis, of headings, lists and tables, ids, addresses. */
function proseOf(line: string): string {
  return line
    .replace(/^\s*(#+|[-*>]|\d+\.)\s+/, '')
    .replace(/\s*\{#[^}]*\}\s*$/, '')
    .replace(/\]\([^)]*\)/g, '')
    .replace(/^\[|(?<=\s)\[/g, '')
    .replace(/\s*\|\s*/g, '\n')
    .replaceAll('*', '')
    .trim()
}

/** What a line of a diagram shows: in quotes, on an arrow, or behind a colon. What else there is are names for Mermaid. */
function labelsOf(line: string): string {
  return [...line.matchAll(/"([^"]*)"|\|([^|]*)\||: (.*)$/g)].map((match) => match.slice(1).join('')).join('\n')
}

/** All that is said in both languages, at any depth. */
function textsIn(
  value: unknown,
  path: PropertyKey[] = [],
): { path: PropertyKey[]; text: string; language: Language }[] {
  if (typeof value !== 'object' || value === null) return []
  const own = value as Record<string, unknown>
  if (typeof own.en === 'string' && typeof own.zh === 'string') {
    return languages.map((language) => ({ path: [...path, language], text: own[language] as string, language }))
  }
  return Object.entries(own).flatMap(([key, child]) =>
    textsIn(child, [...path, Array.isArray(value) ? Number(key) : key]),
  )
}
