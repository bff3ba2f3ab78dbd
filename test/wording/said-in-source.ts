import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync } from 'vite'
import { packageRoot } from '../../server/package-root.js'
import type { Language } from '../../server/wording/text.js'

/** A sentence, or a part of one, as it stands in the code. Where something is put in, it has `unknown`. */
export interface Said {
  /** File and line. */
  at: string
  text: string
  language: Language
}

/** Neither a letter, nor a blank, nor punctuation: what comes there is not known. */
export const unknown = '\u{fffc}'

const han = /\p{Script=Han}/u

/** All Chinese in the code, and the English that stands beside it: `{ en, zh }`, or one argument after the other. */
export function saidInSource(): Said[] {
  return ['server', 'client'].flatMap((room) =>
    readdirSync(join(packageRoot, room), { recursive: true, encoding: 'utf8' })
      .map((name) => join(room, name))
      .flatMap((file) => {
        // The glossary names the forms that it forbids.
        if (/wording\/(glossary|house-style)\.ts$/.test(file)) return []
        if (/\.tsx?$/.test(file)) return inModule(file)
        return /netdiag[^/]*\/[^/]*$|\/netdiag$/.test(file) && !file.endsWith('netdiag') ? inShell(file) : []
      }),
  )
}

interface Node {
  type: string
  start: number
  [key: string]: unknown
}

function inModule(file: string): Said[] {
  const source = readFileSync(join(packageRoot, file), 'utf8')
  if (!han.test(source)) return []
  const said: Said[] = []
  const lineOf = (offset: number) => source.slice(0, offset).split('\n').length
  const say = (node: Node, text: string, language: Language) =>
    said.push({ at: `${file}:${lineOf(node.start)}`, text, language })
  const visit = (node: unknown, language: Language | undefined) => {
    if (Array.isArray(node)) {
      for (const child of node) visit(child, language)
      return
    }
    if (typeof node !== 'object' || node === null || !('type' in node)) return
    const here = node as Node
    const text = textOf(here)
    if (text !== undefined && (han.test(text) || language === 'en')) say(here, text, han.test(text) ? 'zh' : 'en')
    if (here.type === 'CallExpression') {
      const args = here.arguments as Node[]
      for (const [n, arg] of args.entries()) {
        const next = args[n + 1] && allText(args[n + 1]!)
        visit(arg, next && han.test(next) && !han.test(allText(arg)) ? 'en' : undefined)
      }
      visit(here.callee, undefined)
      return
    }
    if (here.type === 'Property') {
      const key = (here.key as Node & { name?: string }).name
      visit(here.value, key === 'en' ? 'en' : language)
      return
    }
    for (const [key, child] of Object.entries(here)) {
      // Types say nothing.
      if (key !== 'typeAnnotation' && key !== 'source') visit(child, key === 'quasi' ? undefined : language)
    }
  }
  visit(parseSync(file, source).program, undefined)
  return said
}

function textOf(node: Node): string | undefined {
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value.replace(/<[a-z/][^<>]*>/g, unknown)
  if (node.type !== 'TemplateLiteral') return undefined
  return (node.quasis as { value: { cooked: string } }[]).map(({ value }) => value.cooked).join(unknown)
}

function allText(node: unknown): string {
  if (Array.isArray(node)) return node.map(allText).join('')
  if (typeof node !== 'object' || node === null) return ''
  const text = 'type' in node ? textOf(node as Node) : undefined
  return (text ?? '') + Object.values(node).map(allText).join('')
}

/** Chinese between quotation marks. Values are put in as `$name`, `${...}` or `$(...)`. */
function inShell(file: string): Said[] {
  const lines = readFileSync(join(packageRoot, file), 'utf8').split('\n')
  return lines.flatMap((line, n) =>
    [...line.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'/g)]
      .map(([, double, single]) => (double ?? single ?? '').replace(/\$\{[^}]*\}|\$\([^)]*\)|\$\w+|\$\d/g, unknown))
      .filter((text) => han.test(text))
      .map((text): Said => ({ at: `${file}:${n + 1}`, text, language: 'zh' })),
  )
}

/** What stands between the parts that a page puts together, itself in no language: in code and in English there it may be as it likes. */
export function betweenParts(): { at: string; text: string }[] {
  return readdirSync(join(packageRoot, 'client'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.tsx'))
    .flatMap((name) => {
      const file = join('client', name)
      const source = readFileSync(join(packageRoot, file), 'utf8')
      const found: { at: string; text: string }[] = []
      const visit = (node: unknown): void => {
        if (Array.isArray(node)) {
          for (const child of node) visit(child)
          return
        }
        if (typeof node !== 'object' || node === null || !('type' in node)) return
        const here = node as Node
        if (here.type === 'JSXElement' && /^<(code|pre|kbd)\b|^<\w+[^>]* lang="en"/.test(source.slice(here.start)))
          return
        if (here.type === 'JSXText') {
          found.push({
            at: `${file}:${source.slice(0, here.start).split('\n').length}`,
            text: String(here.value).trim(),
          })
        }
        for (const child of Object.values(here)) visit(child)
      }
      visit(parseSync(file, source).program)
      return found
    })
}
