import MarkdownIt from 'markdown-it'
import { VethlabError } from '../error/vethlab-error.js'
import { type Diagram, descriptionOf } from './diagram.js'
import { placeholder } from './placeholder.js'

/** A fenced block that a learner may run with a click, and that tests run as it stands. */
export interface RunBlock {
  /** Its place among the run blocks of the page. */
  index: number
  /** Without a host: the first docker host. */
  host?: string
  /** It shows an error: ends with a code other than 0. */
  fails: boolean
  /** What it prints is the answer to the check of this id. */
  answer?: string
  text: string
  /** Line of the fence, from 1. */
  line: number
}

/** A fenced block that the learner types, and mostly changes before: no test runs it. */
export interface TypedBlock {
  /** Without a host: the first docker host. */
  host?: string
  /** Line of the fence, from 1. */
  line: number
}

/** What stands under one heading; the introduction, before the first, has no id. */
export interface Section {
  id?: string
  heading: string
  /** Line of the heading, from 1. */
  line: number
  markdown: string
  blocks: RunBlock[]
}

export interface Page {
  sections: Section[]
  links: { target: string; line: number }[]
  diagrams: Diagram[]
  typed: TypedBlock[]
}

const markdown = new MarkdownIt()
const headingId = /\s*\{#([A-Za-z0-9_-]+)\}\s*$/
const hostName = /^[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?$/

/**
 * Divides a page at its `## Heading {#id}` lines and finds its run blocks. Pure.
 * @throws VethlabError lab.invalid with file and line
 */
export function parsePage(text: string, file: string, firstLine = 1): Page {
  const lines = text.split('\n')
  const introduction: Section = { heading: '', line: firstLine, markdown: '', blocks: [] }
  const page: Page = { sections: [introduction], links: [], diagrams: [], typed: [] }
  const begins = [0]
  let index = 0
  const tokens = markdown.parse(text, {})
  for (const [at, token] of tokens.entries()) {
    const line = (token.map?.[0] ?? 0) + firstLine
    if (token.type === 'heading_open' && token.tag === 'h2') {
      const heading = tokens[at + 1]?.content ?? ''
      const id = headingId.exec(heading)?.[1]
      begins.push(token.map?.[0] ?? 0)
      page.sections.push({
        heading: heading.replace(headingId, ''),
        line,
        markdown: '',
        blocks: [],
        ...(id === undefined ? {} : { id }),
      })
    } else if (token.type === 'fence') {
      const words = token.info.trim().split(/\s+/)
      if (words[0] === 'mermaid') {
        const description = descriptionOf(token.content)
        page.diagrams.push({ line, ...(description === undefined ? {} : { description }) })
      }
      const typed = typedHost(words)
      if (typed !== undefined) page.typed.push({ line, ...(typed === '' ? {} : { host: typed }) })
      if (!words.includes('run')) continue
      const block: RunBlock = { index: index++, fails: false, text: token.content.replace(/\n$/, ''), line }
      for (const word of words.slice(words.indexOf('run') + 1)) {
        if (word === 'fails') block.fails = true
        else if (word.startsWith('answer=')) block.answer = word.slice('answer='.length)
        else if (hostName.test(word) && block.host === undefined) block.host = word
        else {
          throw new VethlabError('lab.invalid', `"${word}" means nothing behind "run"`, {
            place: `${file}:${line}`,
            cure: 'Write a host, `fails` or `answer=ID`.',
          })
        }
      }
      page.sections.at(-1)!.blocks.push(block)
    } else if (token.type === 'inline') {
      for (const child of token.children ?? []) {
        const target = child.attrGet('href') ?? child.attrGet('src')
        if (target !== null) page.links.push({ target: String(target), line })
      }
    }
  }
  for (const [at, section] of page.sections.entries()) {
    section.markdown = lines.slice(at === 0 ? 0 : begins[at]! + 1, begins[at + 1]).join('\n')
  }
  return page
}

/** The host behind `type`; empty where none is named, undefined where the block is not to be typed. Pure. */
export function typedHost(words: readonly string[]): string | undefined {
  return words[1] === 'type' ? (words[2] ?? '') : undefined
}

/** Names in `{{name}}` of a run block: values of `lab.yaml`. */
export function placeholders(text: string): string[] {
  return [...text.matchAll(placeholder)].map((match) => match[1]!)
}

/** Fills `{{name}}` in. @returns undefined and the name, where one has no value now */
export function fillIn(
  text: string,
  value: (name: string) => string | undefined,
): { text: string } | { missing: string } {
  const missing = placeholders(text).find((name) => value(name) === undefined)
  if (missing !== undefined) return { missing }
  return { text: text.replace(placeholder, (_, name: string) => value(name)!) }
}
