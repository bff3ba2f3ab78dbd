import { setImmediate } from 'node:timers/promises'
import MiniSearch, { type Query, type SearchResult } from 'minisearch'
import type { Lab } from './lab.js'
import type { Section } from './page.js'
import type { LabPath } from './paths.js'
import { textOf } from './render.js'

/** A longer search is refused: nobody types it. In characters. */
export const mostSearched = 100
/** So many words of a search are looked for. */
const mostWords = 12
/** So many letters may be wrong, as a share of a word that has at least five. */
const fuzziness = 0.2

/** A lab that has all that was searched for, within one section of its pages or what the catalogue says of it. */
export interface Found {
  lab: string
  /** The best first; empty where it is only what the catalogue says of the lab. */
  sections: FoundSection[]
}

export interface FoundSection {
  /** Absent for the introduction. */
  id?: string
  /** What was found there, in lower case. */
  terms: string[]
}

interface Document {
  /** Of the document. */
  id: number
  lab: string
  section: string | undefined
  title: string
  about: string
  heading: string
  text: string
}

/** Fields that are the section's own; the others are the lab's. */
const ownFields = ['heading', 'text']

/**
 * Finds commands and terms in the pages of labs, in both languages at once. Chinese has no blanks between its words, and the dictionary
 * that comes with the runtime cuts the words of this field apart (网桥 becomes 网 and 桥): two neighbouring characters are one term here.
 */
export class LabSearch {
  readonly #index = new MiniSearch<Document>({
    fields: ['title', 'about', ...ownFields],
    storeFields: ['lab', 'section'],
    tokenize: termsOf,
    processTerm: (term) => term,
    searchOptions: {
      boost: { title: 4, heading: 3, about: 2 },
      combineWith: 'AND',
      tokenize: (term) => [term],
      prefix: isBegun,
    },
  })
  private constructor() {}

  /**
   * Reads all pages, and lets others work in between.
   * @param paths their titles belong to what the catalogue says of their labs
   */
  static async of(labs: readonly Lab[], paths: readonly LabPath[] = []): Promise<LabSearch> {
    const search = new LabSearch()
    let id = 0
    for (const lab of labs) {
      for (const document of documentsOf(lab, paths)) {
        search.#index.add({ id: id++, ...document })
        await setImmediate()
      }
    }
    return search
  }

  /**
   * What was searched for has to be there whole; where nothing has it, in parts, and at last with letters that are wrong. Of the pairs of
   * Chinese words half is enough then: where two words meet, their neighbouring characters are no term.
   * @param words as a learner typed them
   * @param isShown whether a section of a lab may be found
   */
  find(words: string, isShown: (lab: string, section: string | undefined) => boolean = () => true): Found[] {
    const searched = [...new Set(wordsOf(words))].slice(0, mostWords)
    if (searched.length === 0) return []
    const filter = ({ lab, section }: SearchResult) => isShown(lab as string, section as string | undefined)
    const whole = searched.map((word) => (isChinese(word) ? all(pairsOf(word)) : word))
    const found = this.#index.search(all(whole), { filter })
    if (found.length > 0) return byLab(found)
    const parts = [...new Set(searched.flatMap((word) => (isChinese(word) ? pairsOf(word) : partsOf(word))))]
    const pairs = parts.filter(isChinese)
    const isEnough = ({ queryTerms }: SearchResult) => {
      const there = new Set(queryTerms)
      return (
        parts.every((part) => isChinese(part) || there.has(part)) &&
        2 * pairs.filter((pair) => there.has(pair)).length >= pairs.length
      )
    }
    const wrong = (term: string) => (!isChinese(term) && term.length >= 5 ? fuzziness : false)
    for (const fuzzy of [false, wrong]) {
      const some = this.#index.search(parts.join(' '), {
        tokenize: () => parts,
        combineWith: 'OR',
        filter,
        fuzzy,
      })
      const enough = some.filter(isEnough)
      if (enough.length > 0) return byLab(enough)
    }
    return []
  }
}

function documentsOf(lab: Lab, paths: readonly LabPath[]): Omit<Document, 'id'>[] {
  const path = paths.find(({ labs }) => labs.includes(lab.id))
  const title = `${lab.title.en}\n${lab.title.zh}`
  const about = [lab.id, lab.topic, lab.summary.en, lab.summary.zh, path?.title.en, path?.title.zh].join('\n')
  return lab.pages[lab.languages[0]!].sections.map(({ id }) => {
    const sections = lab.languages.flatMap((language) =>
      lab.pages[language].sections.filter((section) => section.id === id),
    )
    const heading = sections.map((section) => section.heading).join('\n')
    return { lab: lab.id, section: id, title, about, heading, text: sections.map(plainText).join('\n') }
  })
}

/** What a reader sees of a section, in one text. */
export function plainText(section: Section): string {
  const known = texts.get(section)
  if (known !== undefined) return known
  const text = textOf(section.markdown)
  texts.set(section, text)
  return text
}

const texts = new WeakMap<Section, string>()

function byLab(results: readonly SearchResult[]): Found[] {
  const found = new Map<string, Found>()
  for (const { lab, section, match, queryTerms } of results) {
    const one: Found = found.get(lab) ?? { lab, sections: [] }
    found.set(lab, one)
    const own = Object.keys(match).filter((term) => match[term]!.some((field) => ownFields.includes(field)))
    // One that was searched for as a beginning: what follows it was not.
    const single = queryTerms.filter((term) => isChinese(term) && isBegun(term))
    const terms = [...new Set(own.map((term) => single.find((one) => term.startsWith(one)) ?? term))].filter(
      // A word that goes on behind what was typed matters where that itself is not there.
      (term) => !queryTerms.some((one) => one !== term && own.includes(one) && term.startsWith(one)),
    )
    if (terms.length > 0) one.sections.push({ ...(section === undefined ? {} : { id: section }), terms })
  }
  return [...found.values()]
}

function all(queries: Query[]): Query {
  return { combineWith: 'AND', queries }
}

/** What is typed may be the beginning of a word, and one Chinese character that of another; a single letter would be that of anything. */
function isBegun(term: string): boolean {
  return isChinese(term) ? term.length === 1 : term.length >= 2
}

const chinese = /^\p{Script=Han}/u

function isChinese(term: string): boolean {
  return chinese.test(term)
}

/**
 * Chinese without anything between, or what stands together in a command, such as `--dns-search`, `/etc/resolv.conf` or `10.0.0.0/8`, without
 * what it begins and ends with.
 */
const word = /\p{Script=Han}+|(?!\p{Script=Han})[\p{L}\p{N}_](?:[.:/@-]*(?!\p{Script=Han})[\p{L}\p{N}_])*/gu

function wordsOf(text: string): string[] {
  return text.normalize('NFKC').toLowerCase().match(word) ?? []
}

/** Each word, and what it is put together from. */
function termsOf(text: string): string[] {
  return wordsOf(text).flatMap((one) => {
    if (!isChinese(one)) {
      const terms = new Set([one, ...one.split(/[:/@]+/), ...partsOf(one)])
      return [...terms].filter((term) => term.length <= mostSearched)
    }
    const pairs = pairsOf(one)
    // The last character begins no pair, and may be searched for alone.
    return one.length > 1 ? [...pairs, [...one].at(-1)!] : pairs
  })
}

function partsOf(word: string): string[] {
  return word.split(/[.:/@-]+/)
}

/** Neighbouring characters, each pair once; a character that stands alone is what it is. */
function pairsOf(word: string): string[] {
  const characters = [...word]
  if (characters.length === 1) return characters
  return [...new Set(characters.slice(1).map((character, at) => characters[at]! + character))]
}
