import { computed, type Signal, signal } from '@preact/signals'
import type { Language, Text } from '../../server/wording/text.js'
import { stored } from './stored.js'

const known = (value: unknown): Language | undefined => (value === 'en' || value === 'zh' ? value : undefined)

/** Of a page that stands alone, and was written in one of them. */
const written = known(document.querySelector<HTMLMetaElement>('meta[name="language"]')?.content)

/** The learner's language: as chosen, else as the browser's. */
export const language: Signal<Language> =
  written === undefined
    ? stored<Language>('language', navigator.language.startsWith('zh') ? 'zh' : 'en', known)
    : signal(written)

/** What is written in both languages, in the learner's. */
export function inLanguage(text: Text): string {
  return text[language.value]
}

/**
 * Strings of one part of the page. The English ones say which there are; the Chinese must be the same:
 * `const strings = stringsOf({ en: { close: 'Close' }, zh: { close: '关闭' } })`, then `strings.value.close`.
 */
export function stringsOf<S extends Record<string, string | ((...values: never[]) => string)>>(both: {
  en: S
  zh: NoInfer<S>
}) {
  return computed(() => both[language.value])
}

/** What stands between parts that are put together, such as names and their states. */
export const marks = stringsOf({
  en: { colon: ': ', comma: ', ', list: ', ', semicolon: '; ', blank: ' ' },
  zh: { colon: '：', comma: '，', list: '、', semicolon: '；', blank: '' },
})
