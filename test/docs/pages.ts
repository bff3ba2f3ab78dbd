import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Token } from 'markdown-it'
import MarkdownIt from 'markdown-it'
import { packageRoot } from '../../server/package-root.js'

/** A Markdown file that people read, by its path below the repository's root. */
export interface Page {
  path: string
  tokens: Token[]
}

export function pages(): Page[] {
  const own = readdirSync(packageRoot).filter((name) => name.endsWith('.md'))
  const docs = readdirSync(join(packageRoot, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name))
  return [...own, ...docs].toSorted().map((path) => ({ path, tokens: parse(path) }))
}

function parse(path: string): Token[] {
  const tokens = new MarkdownIt().parse(readFileSync(join(packageRoot, path), 'utf8'), {})
  return tokens.flatMap((token) => [token, ...(token.children ?? [])])
}

/** Where its links and pictures lead to, as written. */
export function linksOf({ tokens }: Page): string[] {
  return tokens.flatMap((token) => token.attrGet('href') ?? token.attrGet('src') ?? []).map(String)
}

/** What a link may name behind `#`: the headings, as GitHub makes ids of them. */
export function anchorsOf({ tokens }: Page): string[] {
  const anchors: string[] = []
  for (const [n, token] of tokens.entries()) {
    if (token.type !== 'heading_open') continue
    const text = tokens[n + 1]!.children!.map(({ content }) => content).join('')
    const id = text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-')
    const before = anchors.filter((other) => other === id || /^-\d+$/.test(other.slice(id.length))).length
    anchors.push(before === 0 ? id : `${id}-${before}`)
  }
  return anchors
}

/** Code of a page: in sentences, and the lines of its shell blocks, without comments. */
export function codeOf({ tokens }: Page): { inline: string[]; lines: string[] } {
  return {
    inline: tokens.filter(({ type }) => type === 'code_inline').map(({ content }) => content),
    lines: tokens
      .filter(({ type, info }) => type === 'fence' && info === 'sh')
      .flatMap(({ content }) => content.split('\n'))
      .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
      .filter((line) => line !== ''),
  }
}

/** The cells of all rows of tables whose first cell begins so, as text. */
export function rowsOf({ tokens }: Page, first: RegExp): string[][] {
  const rows: string[][] = []
  for (const [n, { type }] of tokens.entries()) {
    if (type === 'tr_open') rows.push([])
    if (type === 'td_open') rows.at(-1)!.push(tokens[n + 1]!.content)
  }
  return rows.filter(([cell]) => cell !== undefined && first.test(cell))
}

/** @param from path of the page that has the link */
export function fromRoot(from: string, target: string): string {
  return relative(packageRoot, join(packageRoot, from, '..', target))
}
