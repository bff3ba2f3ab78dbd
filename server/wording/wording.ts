import { oneLine } from './one-line.js'
import { tidy } from './phrase.js'
import type { Text } from './text.js'

/** Longest piece of a learner's data within a sentence. */
const longestName = 80
/** Longest sentence. */
const longestText = 500

/** Anything that comes from a rack, made safe for a sentence: one line, no backticks, not long. */
export function bare(data: string | number | boolean, most = longestName): string {
  const flat = String(data).slice(0, 4096).replaceAll('`', "'")
  return oneLine(flat, most) || '?'
}

/** The same as inline code. */
export function code(data: string | number | boolean, most = longestName): string {
  return `\`${bare(data, most)}\``
}

/** Several, as inline code; the first eight of many. */
export function codes(items: readonly (string | number)[]): Text {
  if (items.length === 0) return { en: 'nothing', zh: '无' }
  const shown = items.slice(0, 8).map((item) => code(item))
  const more = items.length > shown.length ? ', …' : ''
  return { en: shown.join(', ') + more, zh: shown.join('、') + (more && ' 等') }
}

/** The last thing done to every text that leaves this room. */
export function cleanText({ en, zh }: Text): Text {
  const clean = (text: string) => oneLine(text, longestText)
  return { en: clean(en), zh: tidy(clean(zh)) }
}
