import {
  type CST,
  type ErrorCode,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  Parser,
  parseDocument,
  type YAMLParseError,
} from 'yaml'

/** A YAML text with the line of everything in it. */
export interface YamlFile {
  value: unknown
  /** Where what a path leads to begins: its key, where it has one; the nearest thing above, where it is not there. */
  positionOf(path: readonly PropertyKey[]): Position
  /** Its line alone. */
  lineOf(path: readonly PropertyKey[]): number
  /** What makes it no YAML. */
  problems: { line: number; column?: number; what: string; cure: string }[]
}

/** In a text, from 1. */
export interface Position {
  line: number
  column: number
}

/** The most that an alias may unfold to, against files that grow without end. */
const maxAliases = 100

/** Far deeper than any file of ours. The library makes a document by calling itself for each level, which can end the whole process. */
const mostLevels = 64

/** Parses YAML 1.2 without floats: `.50` is the last part of an address here, and not 0.5. */
export function parseYaml(text: string): YamlFile {
  const tooDeep = offsetOfLevel(text, mostLevels)
  if (tooDeep !== undefined) {
    const line = text.slice(0, tooDeep).split('\n').length
    return {
      value: undefined,
      problems: [{ line, what: `is nested deeper than ${mostLevels} levels`, cure: 'Make it flatter.' }],
      lineOf: () => 1,
      positionOf: () => ({ line: 1, column: 1 }),
    }
  }
  const counter = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: counter,
    customTags: (tags) => tags.filter((tag) => typeof tag === 'string' || tag.tag !== 'tag:yaml.org,2002:float'),
  })
  const positionAt = (offset = 0): Position => {
    const { line, col } = counter.linePos(offset)
    return { line, column: col }
  }
  // What stands behind the first fault is often unexpected just because of it.
  const faults = document.errors.filter(({ message }, n) => n === 0 || !message.startsWith('Unexpected'))
  const problems = faults.map((error) => ({
    line: error.linePos?.[0].line ?? 1,
    ...(error.linePos ? { column: error.linePos[0].col } : {}),
    ...wordsOf(error),
  }))
  let value: unknown
  if (problems.length === 0) {
    try {
      value = document.toJS({ maxAliasCount: maxAliases })
    } catch (error) {
      problems.push({ line: 1, what: (error as Error).message, cure: mend })
    }
  }
  const positionOf = (path: readonly PropertyKey[]): Position => {
    let node: unknown = document.contents
    let offset = isNode(node) ? node.range?.[0] : undefined
    for (const key of path) {
      const child = step(node, key)
      if (!child) break
      offset = child.at
      node = child.node
    }
    return positionAt(offset)
  }
  return { value, problems, positionOf, lineOf: (path) => positionOf(path).line }
}

const mend = 'Mend the YAML.'

/** What the library says of the most frequent slips, for those who do not know how YAML calls its parts. */
const words: Partial<Record<ErrorCode, [what: string, cure: string]>> = {
  BAD_INDENT: [
    'is indented otherwise than what it belongs to, or a bracket above is not closed',
    'Line it up, or close the bracket.',
  ],
  TAB_AS_INDENT: ['is indented with a tab', 'Indent with blanks.'],
  DUPLICATE_KEY: ['a key is there twice', 'Keep one of them.'],
  MULTILINE_IMPLICIT_KEY: [
    'a key without a `:` behind it, or a text that goes on where a key should stand',
    'Write `key: value`.',
  ],
  BLOCK_AS_IMPLICIT_KEY: ['a second `:` in one line', 'Put the text in quotes.'],
  MISSING_CHAR: ['a quote or bracket that is not closed, or a `-` or `:` that is missing', 'Close it, or write it.'],
}

function wordsOf(error: YAMLParseError): { what: string; cure: string } {
  const [what, cure] = words[error.code] ?? [
    error.message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, ''),
    mend,
  ]
  return { what, cure }
}

/** Where a text first goes so deep. The library's parser works without calling itself, and so does this. */
function offsetOfLevel(text: string, level: number): number | undefined {
  for (const token of new Parser().parse(text)) {
    const rest: { token: CST.Token; depth: number }[] = [{ token, depth: 0 }]
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
      const depth = next.depth + 1
      if (depth > level + 1) return next.token.offset
      const { value, items = [] } = next.token as { value?: CST.Token; items?: CST.CollectionItem[] }
      for (const child of [value, ...items.flatMap((item) => [item.key, item.value])])
        if (typeof child === 'object' && child !== null) rest.push({ token: child, depth })
    }
  }
  return undefined
}

function step(node: unknown, key: PropertyKey): { node: unknown; at: number | undefined } | undefined {
  if (isMap(node)) {
    const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key)) as
      | Pair<Node, Node | null>
      | undefined
    return pair ? { node: pair.value, at: pair.key.range?.[0] } : undefined
  }
  if (isSeq(node)) {
    const item = node.items[Number(key)]
    return isNode(item) ? { node: item, at: item.range?.[0] } : undefined
  }
  return undefined
}
