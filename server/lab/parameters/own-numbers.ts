import { mostChances } from '../../check/chance.js'
import { isAddress, isCidr } from '../../network/addresses.js'
import { joined, numberOf, type Range, rangeOf } from './range.js'

/** What the files of a lab name by themselves, so that nothing that is drawn collides with it. */
export interface OwnNumbers {
  /** Networks and addresses, joined. */
  ranges: readonly Range[]
  /** Addresses alone, as numbers. */
  addresses: ReadonlySet<number>
  /** Whole numbers, any of which may be a port. */
  numbers: ReadonlySet<number>
  /** Last parts of addresses, such as the `.11` of a host on a LAN. */
  hosts: ReadonlySet<number>
  /** Whole texts of `lab.yaml`, such as the name of a container. */
  words: ReadonlySet<string>
  /** Forms of `chance`: what is drawn from them for a rack is not known here. */
  forms: readonly string[]
}

const address = /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,2})?(?!\d|\.\d)/g
const number = /(?<![\d.])\d{1,5}(?!\d|\.\d)/g

/** Addresses and networks of IPv4 that stand in a text, as they stand there, each once. */
export function addressesIn(text: string): string[] {
  const found = new Set([...text.matchAll(address)].map(([one]) => one))
  return [...found].filter((one) => isAddress(one) || isCidr(one))
}

/** Whole numbers of at most five digits that stand in a text, and are no part of an address. */
export function numbersIn(text: string): Set<number> {
  return new Set([...text.matchAll(number)].map(([one]) => Number(one)))
}

/**
 * Reads it from the texts as their author wrote them. Pure.
 * @param yaml the content of `lab.yaml` without its parameters
 * @param texts pages, scripts and all other files
 */
export function ownNumbers(yaml: Readonly<Record<string, unknown>>, texts: readonly string[]): OwnNumbers {
  const words = new Set<string>()
  const numbers = new Set<number>()
  const ranges = new Map<string, Range>()
  const addresses = new Set<number>()
  const hosts = new Set<number>()
  const read = (text: string) => {
    for (const found of addressesIn(text)) {
      ranges.set(found, rangeOf(found))
      if (!found.includes('/')) addresses.add(numberOf(found))
    }
    for (const found of numbersIn(text)) numbers.add(found)
  }
  const walk = (value: unknown): void => {
    if (typeof value === 'number') numbers.add(value)
    if (typeof value === 'string') {
      words.add(value)
      read(value)
      const [, last] = /^\.(\d{1,3})$/.exec(value) ?? []
      if (last !== undefined) hosts.add(Number(last))
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, child] of Object.entries(value)) {
        if (!Array.isArray(value)) words.add(key)
        walk(child)
      }
    }
  }
  walk(yaml)
  for (const text of texts) read(text)
  const { chance } = yaml
  const forms = typeof chance === 'object' && chance !== null ? Object.values(chance).map(String) : []
  return {
    ranges: joined([...ranges.values()]),
    addresses,
    numbers,
    hosts,
    words,
    forms: forms.slice(0, mostChances),
  }
}

/** Whether a text may be what a form of `chance` becomes. */
export function isOfForm(text: string, form: string): boolean {
  return (
    text.length === form.length &&
    [...form].every((sign, at) => (sign === '#' ? /\d/.test(text[at]!) : sign === text[at]))
  )
}
