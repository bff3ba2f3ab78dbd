import MarkdownIt, { type Env, type Token } from 'markdown-it'
import { labIdPattern, labPath } from '../protocol/lab-address.js'
import { escapeHtml } from '../wording/escape-html.js'
import { type CodePiece, codePieces } from '../wording/inline-code.js'
import type { Language } from '../wording/text.js'
import { descriptionOf, drawingName } from './diagram.js'
import { codeHtml, liveCodeHtml } from './highlight.js'
import type { Lab } from './lab.js'
import { placeholders, type RunBlock, typedHost } from './page.js'
import { placeholder } from './placeholder.js'

/** A section of a page as a browser shows it. */
export interface RenderedSection {
  /** Absent for the introduction. */
  id?: string
  /** Plain text. */
  heading: string
  /** No scripts, styles or event handlers, whatever the Markdown says. */
  html: string
}

/** What the rules know of the section that they render. */
interface SectionEnv extends Env {
  base: string
  home: string
  /** Run blocks that are still to come. */
  blocks: RunBlock[]
}

/**
 * All sections of a lab's page as HTML, the introduction first. Pure.
 * @param base the path that links to other labs begin with
 */
export function renderPage(lab: Lab, language: Language, base = ''): RenderedSection[] {
  return lab.pages[language].sections.map(({ id, heading, markdown, blocks }) => {
    const env: SectionEnv = { base, home: lab.home, blocks: [...blocks] }
    return {
      ...(id === undefined ? {} : { id }),
      heading: headingText({ heading }),
      html: renderer.render(markdown, env),
    }
  })
}

/** A section's heading without its marks. Pure. */
export function headingText({ heading }: { heading: string }): string {
  return plainText(renderer.parseInline(heading, {}))
}

/**
 * What a reader sees of Markdown, as plain text: paragraphs, entries of lists and commands, a line each. A diagram has what it shows in prose.
 * Pure.
 */
export function textOf(markdown: string): string {
  const lines = renderer.parse(markdown, {}).map(({ type, info, content, children }) => {
    if (type === 'inline') return plainText(children ?? [])
    if (type === 'fence') return /^\s*mermaid\b/.test(info) ? (descriptionOf(content) ?? '') : shownCode(content)
    return type === 'code_block' ? shownCode(content) : ''
  })
  return lines.filter((line) => line.trim() !== '').join('\n')
}

/** A live value shows as its name. */
function shownCode(content: string): string {
  return content.replace(placeholder, '$1').trimEnd()
}

const renderer = newRenderer()

function newRenderer() {
  const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false })
  // Every link is looked at below, so that one that is not allowed shows as its text and not as its Markdown.
  markdown.validateLink = () => true
  markdown.core.ruler.push('vethlab', ({ tokens, env }) => {
    const { base = '' } = env as Partial<SectionEnv>
    for (const token of tokens) {
      tame(token)
      if (!token.children) continue
      tameLinks(token.children, base)
      joinLines(token.children)
    }
  })
  const { rules } = markdown.renderer
  rules.fence = (tokens, index, _options, env) => fence(tokens[index]!, env as SectionEnv)
  rules.code_inline = (tokens, index) => `<code>${codePieces(tokens[index]!.content).map(pieceHtml).join('')}</code>`
  rules.code_block = (tokens, index) => readBlock(tokens[index]!.content, '')
  rules.image = (tokens, index) => escapeHtml(plainText(tokens[index]!.children ?? []))
  rules.table_open = () => '<div class="table"><table>\n'
  rules.table_close = () => '</table></div>\n'
  return markdown
}

/** Classes instead of styles; and no heading stands as high as a section's own. */
function tame(token: Token): void {
  if (token.type === 'blockquote_open') token.attrSet('class', 'note')
  if ((token.type === 'heading_open' || token.type === 'heading_close') && /^h[12]$/.test(token.tag)) token.tag = 'h3'
  const align = /^text-align:(left|center|right)$/.exec(String(token.attrGet('style') ?? ''))?.[1]
  if (token.attrs) token.attrs = token.attrs.filter(([name]) => name !== 'style')
  if (align) token.attrSet('class', `align-${align}`)
}

function tameLinks(tokens: Token[], base: string): void {
  // Links don't lie in links, so that the end belongs to the last beginning.
  let allowed = false
  for (const token of tokens) {
    if (token.type === 'link_open') {
      const link = safeLink(String(token.attrGet('href') ?? ''), base)
      allowed = link !== undefined
      token.attrs = link ?? []
    }
    if ((token.type === 'link_open' || token.type === 'link_close') && !allowed) {
      // A text token without content renders as nothing.
      token.type = 'text'
      token.content = ''
    }
  }
}

/** Chinese and its punctuation, with those marks that Western text has as well. */
const chinese = /[\p{Script=Han}\u3000-\u303f\uff00-\uffef“”‘’…—·]/u
const chineseAlone = /[\p{Script=Han}\u3000-\u303f\uff00-\uffef]/u
/** It has its space within itself. */
const wideMark = /[\u3001-\u3002\u3008-\u3011\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f]/u

/** A line's end within Chinese text is no space, as it is between words of other languages. */
function joinLines(tokens: Token[]): void {
  for (const [at, token] of tokens.entries()) {
    if (token.type !== 'softbreak') continue
    const before = [...(tokens.slice(0, at).findLast(({ content }) => content !== '')?.content ?? '')].at(-1) ?? ''
    const [after = ''] = tokens.slice(at + 1).find(({ content }) => content !== '')?.content ?? ''
    const within = chinese.test(before) && chinese.test(after) && chineseAlone.test(before + after)
    if (!within && !wideMark.test(before + after)) continue
    // As above, nothing.
    token.type = 'text'
    token.content = ''
  }
}

const labLink = new RegExp(`^\\.\\./(${labIdPattern})(?:/(?:(?:en|zh)\\.md)?)?(#[A-Za-z0-9_-]+)?$`)

/** Attributes of a link: to a page of the web, another lab, or a section of this one. @returns undefined for all others */
function safeLink(href: string, base: string): [string, string][] | undefined {
  if (/^#[A-Za-z0-9_-]+$/.test(href)) return [['href', href]]
  const [matched, lab, section = ''] = labLink.exec(href) ?? []
  if (matched !== undefined) return [['href', `${base}${labPath(lab!)}${section}`]]
  if (!/^https:\/\//i.test(href) || !URL.canParse(href)) return undefined
  const url = new URL(href)
  // A name before the host is only ever there to hide it.
  if (url.username !== '' || url.password !== '') return undefined
  return [
    ['href', url.href],
    ['target', '_blank'],
    ['rel', 'noopener noreferrer'],
  ]
}

function fence({ info, content }: Token, env: SectionEnv): string {
  const text = content.replace(/\n$/, '')
  const words = info.trim().split(/\s+/)
  const [language = ''] = words
  // By order, and by text: what a reader sees is what runs.
  if (words.includes('run') && env.blocks[0]?.text === text) return runBlock(env.blocks.shift()!, language, env.home)
  if (language === 'mermaid') return diagram(content)
  const typed = typedHost(words)
  return readBlock(content, language, typed === '' ? env.home : typed)
}

function runBlock({ index, host, fails, answer, text }: RunBlock, language: string, home: string): string {
  const data = [
    `data-block="${index}"`,
    `data-host="${escapeHtml(host ?? home)}"`,
    ...(fails ? ['data-fails'] : []),
    ...(answer === undefined ? [] : [`data-answer="${escapeHtml(answer)}"`]),
    ...(placeholders(text).length > 0 ? ['data-live'] : []),
  ]
  return `<div class="block" ${data.join(' ')}>${liveCodeHtml(text, language)}</div>\n`
}

function pieceHtml({ text, whole }: CodePiece): string {
  return whole ? `<span class="whole">${escapeHtml(text)}</span>` : escapeHtml(text)
}

/** Its source, which the browser draws, and what it shows in prose. */
function diagram(source: string): string {
  const description = descriptionOf(source)
  const prose = description === undefined ? '' : `<p>${escapeHtml(description)}</p>`
  return `<figure class="mermaid" data-drawing="${drawingName(source)}"><pre>${escapeHtml(source)}</pre>${prose}</figure>\n`
}

/** @param host where the learner is to type it */
function readBlock(content: string, language: string, host?: string): string {
  const data = host === undefined ? '' : ` data-host="${escapeHtml(host)}"`
  return `<div class="block"${data}>${codeHtml(content.replace(/\n$/, ''), language)}</div>\n`
}

/** What is left of inline Markdown without its marks. */
function plainText(tokens: Token[]): string {
  return tokens
    .map(({ type, content, children }) => {
      if (children) return plainText(children)
      return type === 'softbreak' || type === 'hardbreak' ? ' ' : content
    })
    .join('')
}
