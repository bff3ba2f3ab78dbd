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
    return text(`${list.en}, and ${texts.length - most} more`, `${list.zh}等 ${texts.length} 个`)
  }
  if (shown.length === 1) return last
  const first = join(shown.slice(0, -1), ', ', '、')
  const and = shown.length > 2 ? ', and' : ' and'
  return text(`${first.en}${and} ${last.en}`, `${first.zh}和${last.zh}`)
}

/**
 * The last thing done to a Chinese sentence: full-width punctuation has no blanks around it, there are none between Chinese
 * words, as where a name is put in that is Chinese too, and there is one between Chinese and Latin letters, digits or code. Code itself is left as it is.
 */
export function tidy(zh: string): string {
  // Between two backticks is code: every second piece.
  return zh
    .split('`')
    .map((piece, index, all) => {
      if (index % 2 === 1) return piece
      const prose = piece
        .replace(/ *([，。；：？！、（）“”]) */g, '$1')
        .replace(gap, '')
        .replace(seam, ' ')
      const before = index > 0 && hanFirst.test(prose) ? ' ' : ''
      const after = index < all.length - 1 && hanLast.test(prose) ? ' ' : ''
      return `${before}${prose}${after}`
    })
    .join('`')
}

const gap = /(?<=\p{Script=Han}) +(?=\p{Script=Han})/gu
const seam = /(?<=\p{Script=Han})(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])(?=\p{Script=Han})/gu
const hanFirst = /^\p{Script=Han}/u
const hanLast = /\p{Script=Han}$/u

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
