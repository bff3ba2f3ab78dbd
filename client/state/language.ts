import { computed } from '@preact/signals'
import type { Language, Text } from '../../server/wording/text.js'
import { stored } from './stored.js'

/** The learner's language: as chosen, else as the browser's. */
export const language = stored<Language>('language', navigator.language.startsWith('zh') ? 'zh' : 'en', (value) =>
  value === 'en' || value === 'zh' ? value : undefined,
)

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
