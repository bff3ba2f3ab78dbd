import type { Text } from './text.js'

/** Sentences in both languages are put together here, so that neither is forgotten. */

export const nothing: Text = { en: '', zh: '' }

export function text(en: string, zh: string): Text {
  return { en, zh }
}

/** The same in both languages: data that is safe already. */
export function same(data: string): Text {
  return { en: data, zh: data }
}

export function join(texts: readonly Text[], en: string, zh: string): Text {
  return { en: texts.map((one) => one.en).join(en), zh: texts.map((one) => one.zh).join(zh) }
}

/** `a`, `a and b`, `a, b, and c`; of many the first `most`, and how many more. */
export function listed(texts: readonly Text[], most = 6): Text {
  const shown = texts.slice(0, most)
  const last = shown.at(-1)
  if (!last) return nothing
  if (texts.length > most) {
    const list = join(shown, ', ', '、')
    const end = `等 ${texts.length} 个`
    return text(`${list.en}, and ${texts.length - most} more`, `${list.zh}${spaceBetween(list.zh, end)}${end}`)
  }
  if (shown.length === 1) return last
  const first = join(shown.slice(0, -1), ', ', '、')
  const and = shown.length > 2 ? ', and' : ' and'
  return text(
    `${first.en}${and} ${last.en}`,
    `${first.zh}${spaceBetween(first.zh, '和')}和${spaceBetween('和', last.zh)}${last.zh}`,
  )
}

/** Chinese has a space where it meets code or Latin letters, and none elsewhere. */
export function spaceBetween(before: string, after: string): string {
  const isCode = /[`\w]/
  return isCode.test(before.at(-1) ?? '') || isCode.test(after[0] ?? '') ? ' ' : ''
}

const untidy = /[，。；：、（）] | [，。；：、（）]/

/** The last thing done to a sentence: full-width punctuation has no spaces around it. Code is left as it is. */
export function tidy({ en, zh }: Text): Text {
  if (!untidy.test(zh)) return { en, zh }
  const pieces = zh
    .split('`')
    .map((piece, index) => (index % 2 === 1 ? piece : piece.replace(/ *([，。；：、（）]) */g, '$1')))
  return { en, zh: pieces.join('`') }
}

/** Data behind a name, in brackets as either language writes them. */
export function bracketed(data: string | undefined): Text {
  return data === undefined ? nothing : text(` (${data})`, `（${data}）`)
}

/** Parts of a sentence one after another, those that say nothing left out; with a full stop. */
export function sentence(parts: readonly (Text | undefined)[]): Text {
  const said = parts.filter((one): one is Text => one !== undefined && one.en !== '')
  const whole = join(said, '; ', '；')
  return text(`${whole.en}.`, `${whole.zh}。`)
}

/** `1 rule`, `two rules`: numbers up to ten as words, in English. */
export function count(n: number, one: string, many: string): string {
  return `${numerals[n] ?? n} ${n === 1 ? one : many}`
}

const numerals = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten']
