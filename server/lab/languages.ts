import { placeInWords } from '../error/schema-issue.js'
import { type Language, languages } from '../wording/text.js'
import type { Position, YamlFile } from './yaml-file.js'

/** Names of the languages as messages have them. */
export const languageNames: Readonly<Record<Language, string>> = { en: 'English', zh: 'Chinese' }

/**
 * Texts of a lab that are not in just the languages that it is in. Readers fill a language that is missing with the other one, so
 * that this alone tells.
 * @param whole what an author wrote
 * @param thing what has the key `languages`, as messages call it
 */
export function wrongLanguages(
  whole: unknown,
  used: readonly Language[],
  { positionOf }: Pick<YamlFile, 'positionOf'>,
  thing: 'lab' | 'file' = 'lab',
): { at: Position; what: string; cure: string }[] {
  return textsBelow(whole, []).flatMap(({ path, keys }) => {
    const told = (language: Language, what: string, cure: string) => {
      const key = [...path, language]
      return { at: positionOf(key), what: `${placeInWords(key, whole)}: ${what}`, cure }
    }
    const missing = used.filter((language) => !keys.includes(language))
    const foreign = keys.filter((key) => !used.includes(key))
    const alone = `Add it; or say \`languages: [${keys.join(', ')}]\` where the ${thing} is in ${languageNames[keys[0]!]} alone.`
    const away = 'Take it away, or add the language to `languages`.'
    return [
      ...missing.map((language) => told(language, `"${language}" is missing`, alone)),
      ...foreign.map((language) => told(language, `the ${thing} is in ${languageNames[used[0]!]} alone`, away)),
    ]
  })
}

/** Texts below a value, with the languages that each has. */
function textsBelow(value: unknown, path: PropertyKey[]): { path: PropertyKey[]; keys: Language[] }[] {
  if (typeof value !== 'object' || value === null) return []
  const keys = Object.keys(value)
  const isText = keys.length > 0 && keys.every((key) => languages.includes(key as Language))
  if (!isText) {
    const entries: [PropertyKey, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
    return entries.flatMap(([key, inner]) => textsBelow(inner, [...path, key]))
  }
  return [{ path, keys: keys as Language[] }]
}
