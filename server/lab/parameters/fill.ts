import { didYouMean } from '../../error/schema-issue.js'
import { parameterPlaceholder, wholeParameter } from '../placeholder.js'
import { fieldsOf } from './parameter.js'

/** So many characters may values put into a lab, against texts that grow without end. */
const mostFilled = 1024 ** 2

/** Told what is wrong with a placeholder. */
export type SayFault = (what: string, cure: string, at: { offset: number; path: PropertyKey[] }) => void

/** Puts the values of parameters where `{{name}}` stands. Names of other things stay as they are. */
export class Filler {
  /** Parameters that were named so far. */
  readonly used = new Set<string>()
  readonly #places = new Map<string, unknown>()
  #left = mostFilled

  constructor(values: Readonly<Record<string, unknown>>) {
    for (const [name, value] of Object.entries(values)) {
      this.#places.set(name, value)
      for (const [field, inner] of Object.entries(fieldsOf(value) ?? {})) this.#places.set(`${name}.${field}`, inner)
    }
  }

  get names(): string[] {
    return [...this.#places.keys()]
  }

  /** Whether there is such a parameter. */
  knows(name: string): boolean {
    return this.#places.has(name)
  }

  /** @param path leads to the text within a tree */
  text(text: string, say: SayFault, path: PropertyKey[] = []): string {
    return text.replace(parameterPlaceholder, (whole, name: string, offset: number) => {
      const fault = (what: string, cure: string) => say(`{{${name}}} ${what}`, cure, { offset, path })
      const found = this.#find(name, fault)
      if (!found) return whole
      const { value } = found
      if (typeof value === 'object' && value !== null) {
        fault('is no word', fieldsOf(value) ? `Name one of its fields: ${fieldNames(value)}.` : 'Let it stand alone.')
        return whole
      }
      if (value === null || value === undefined) {
        fault('is empty', 'Write a word for it, such as "".')
        return whole
      }
      const word = String(value)
      if (/[\n\r]/.test(word)) {
        fault('has several lines', 'Write it in one, or let it stand alone in lab.yaml.')
        return whole
      }
      return this.#spend(word.length, fault) ? word : whole
    })
  }

  /** The same in all texts of a tree. A text that is nothing but a placeholder becomes the value itself: a number, a map. */
  tree(value: unknown, say: SayFault, path: PropertyKey[] = []): unknown {
    if (typeof value === 'string') {
      const [, name] = wholeParameter.exec(value) ?? []
      if (name === undefined) return this.text(value, say, path)
      const fault = (what: string, cure: string) => say(`{{${name}}} ${what}`, cure, { offset: 0, path })
      const found = this.#find(name, fault)
      return found && this.#spend(JSON.stringify(found.value ?? null).length, fault) ? found.value : value
    }
    if (Array.isArray(value)) return value.map((one, index) => this.tree(one, say, [...path, index]))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, this.tree(one, say, [...path, key])]))
  }

  #find(name: string, fault: (what: string, cure: string) => void): { value: unknown } | undefined {
    const [head = ''] = name.split('.')
    if (!this.#places.has(head)) return undefined
    this.used.add(head)
    if (this.#places.has(name)) return { value: this.#places.get(name) }
    const fields = Object.keys(fieldsOf(this.#places.get(head)) ?? {})
    const near = didYouMean(
      name,
      fields.map((field) => `${head}.${field}`),
    )
    fault(
      'is not there',
      fields.length === 0 ? `"${head}" has no fields.` : `${near}Its fields are: ${fields.join(', ')}.`,
    )
    return undefined
  }

  #spend(characters: number, fault: (what: string, cure: string) => void): boolean {
    if (characters <= this.#left) {
      this.#left -= characters
      return true
    }
    // Said once: whatever comes behind is too long as well.
    if (this.#left >= 0)
      fault('makes the lab longer than it may become', `Use shorter values: ${mostFilled} signs in all.`)
    this.#left = -1
    return false
  }
}

/** Names that still stand in a text as placeholders. */
export function namesLeft(text: string): { name: string; offset: number }[] {
  return [...text.matchAll(parameterPlaceholder)].map(({ index, 1: name }) => ({ name: name!, offset: index }))
}

function fieldNames(value: object): string {
  return Object.keys(value).join(', ')
}
