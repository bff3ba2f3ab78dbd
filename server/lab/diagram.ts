import { createHash } from 'node:crypto'

/** A diagram of a page. */
export interface Diagram {
  /** Line of the fence, from 1. */
  line: number
  /** What it shows, in prose, for those who don't see it. */
  description?: string
}

/** `accDescr: all of it`, or `accDescr { over lines }`: https://mermaid.js.org/config/accessibility.html. */
const oneLine = /^[ \t]*accDescr[ \t]*:[ \t]*(\S.*)$/m
const overLines = /^[ \t]*accDescr[ \t]*\{([^}]*)\}/m

/** The description in the source of a Mermaid diagram, on one line; undefined where there is none. Pure. */
export function descriptionOf(source: string): string | undefined {
  const found = oneLine.exec(source)?.[1] ?? overLines.exec(source)?.[1]
  const text = found
    ?.split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .join(' ')
  return text === '' ? undefined : text
}

/** What a drawing of it is called, among those that the pages of our labs come with. Pure. */
export function drawingName(source: string): string {
  return createHash('sha256').update(source.trim()).digest('hex').slice(0, 16)
}
