import { type Language, languages } from '../wording/text.js'
import type { YamlFile } from './yaml-file.js'

/** Names of the languages as messages have them. */
export const languageNames: Readonly<Record<Language, string>> = { en: 'English', zh: 'Chinese' }

/**
 * Texts of a lab that are not in just the languages that it is in. Readers fill a language that is missing with the other one, so
 * that this alone tells.
 * @param value what an author wrote, and its place
 */
export function wrongLanguages(
  value: unknown,
  path: PropertyKey[],
  used: readonly Language[],
  { lineOf }: Pick<YamlFile, 'lineOf'>,
): { line: number; what: string; cure: string }[] {
  if (typeof value !== 'object' || value === null) return []
  const keys = Object.keys(value)
  const isText = keys.length > 0 && keys.every((key) => languages.includes(key as Language))
  if (!isText) {
    const entries: [PropertyKey, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
    return entries.flatMap(([key, inner]) => wrongLanguages(inner, [...path, key], used, { lineOf }))
  }
  const place = path.map(String).join('.')
  const missing = used.filter((language) => !keys.includes(language))
  const foreign = keys.filter((key) => !used.includes(key as Language)) as Language[]
  return [
    ...missing.map((language) => ({
      line: lineOf([...path, language]),
      what: `${place}.${language}: "${language}" is missing`,
      cure: `Add it; or say \`languages: [${keys.join(', ')}]\` where the lab is in ${languageNames[keys[0] as Language]} alone.`,
    })),
    ...foreign.map((language) => ({
      line: lineOf([...path, language]),
      what: `${place}.${language}: the lab is in ${languageNames[used[0]!]} alone`,
      cure: 'Take it away, or add the language to `languages`.',
    })),
  ]
}
