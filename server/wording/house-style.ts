import { glossary } from './glossary.js'
import type { Language } from './text.js'

/** A form that is not written here. */
export interface StyleFault {
  /** Where in the text it begins. */
  at: number
  found: string
  /** What is written instead, in plain words. */
  instead: string
}

interface Rule {
  form: RegExp
  instead: string
}

/** Forms that nobody writes, in sentences for learners; how they came in, found-by-use tells. */
const phrases: Record<Language, readonly Rule[]> = {
  en: [
    { form: /\bby itself as you\b/giu, instead: '"automatically"' },
    { form: /\bis said here\b/giu, instead: '"appears here"' },
    { form: /\bis still to come\b/giu, instead: '"not answered yet"' },
    { form: /\banswers find back\b/giu, instead: '"answers find their way back"' },
    { form: /\bWhich [\w-]+ (address|name|MTU) has\b/gu, instead: '"What is X\'s address?"' },
    { form: /\bnot to be had\b/giu, instead: '"cannot be reached"' },
  ],
  zh: [
    { form: /便宜的防护/gu, instead: '代价最低的防护' },
    { form: /上一步之前|下一步之后/gu, instead: '上一个时刻、下一个时刻' },
  ],
}

const han = '\\p{Script=Han}'
/** Full-width punctuation that takes no space on either side. Dashes and ellipses are left alone. */
const wide = '，。；：？！、（）“”《》'
const punctuation: readonly Rule[] = [
  {
    form: new RegExp(`(?<=[${han}）”\`])[,;:?!]|(?<!-p \\S*)[,;:?!](?=[${han}“])`, 'gu'),
    instead: 'full-width punctuation (，；：？！)',
  },
  { form: new RegExp(`(?<=${han})\\(|\\)(?=${han})`, 'gu'), instead: 'full-width brackets （）' },
  { form: new RegExp(`(?<=${han})\\.(?=\\s|$)`, 'gu'), instead: '。' },
  { form: /"/gu, instead: 'Chinese quotation marks “”' },
  {
    form: new RegExp(`[${wide}] +(?=\\S)|(?<=\\S) +[${wide}]`, 'gu'),
    instead: 'no blank beside full-width punctuation',
  },
  {
    form: new RegExp(`(?<=${han})[A-Za-z0-9\`]|(?<=[A-Za-z0-9\`])${han}`, 'gu'),
    instead: 'a blank between Chinese and Latin letters, digits or code',
  },
]

const terms: Record<Language, readonly Rule[]> = { en: termRules('en'), zh: termRules('zh') }

function termRules(language: Language): Rule[] {
  return glossary.flatMap((term) =>
    (term.not?.[language] ?? []).map((form) => ({ form: new RegExp(form, 'giu'), instead: term[language] })),
  )
}

/**
 * What the glossary and the house's style have against a sentence that learners read.
 * @param text plain text; what stands between backticks is code, and only its edges are looked at
 */
export function styleFaults(text: string, language: Language): StyleFault[] {
  return faults(text, [...terms[language], ...phrases[language], ...(language === 'zh' ? punctuation : [])])
}

/** The glossary alone, for what is no sentence, such as a line of a diagram. */
export function termFaults(text: string, language: Language): StyleFault[] {
  return faults(text, terms[language])
}

function faults(text: string, rules: readonly Rule[]): StyleFault[] {
  // Of the same length, so that places stay.
  const plain = text.replace(/`[^`]*`/gu, (code) => `\`${'·'.repeat(Math.max(code.length - 2, 0))}\``)
  return rules
    .flatMap(({ form, instead }) =>
      [...plain.matchAll(form)].map(({ index, 0: found }) => ({
        at: index,
        found: text.slice(Math.max(index - 6, 0), index + found.length + 6).replaceAll('\n', ' '),
        instead,
      })),
    )
    .toSorted((a, b) => a.at - b.at)
}
