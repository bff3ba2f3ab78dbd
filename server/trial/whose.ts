import type { Drawn } from '../lab/lab.js'
import { drawerOf } from '../lab/parameters/drawer.js'
import { addressesIn, numbersIn } from '../lab/parameters/own-numbers.js'
import { joined, meetsOne, rangeOf } from '../lab/parameters/range.js'
import type { Submission } from './submission.js'

/** One whose numbers may be in a submission. */
export interface Candidate {
  /** Missing where they are those of practice. */
  id?: string
  seed: string
}

/** Which of somebody's numbers were found. */
export interface Match extends Candidate {
  /** Values by the names of their parameters. */
  found: Record<string, string>
  /** How many there are to be found. */
  of: number
}

/** One number may be there by chance. */
const leastFound = 2

/**
 * Looks for everybody's numbers in what a submission's scripts and answers say; nothing is run. What is drawn from a few values, such as a
 * count or one of several, tells nobody from others and is passed over. Pure.
 * @returns those of whom any was found, most first
 */
export function numbersOf(drawn: Drawn, { parts, answers }: Submission, candidates: readonly Candidate[]): Match[] {
  const draw = drawerOf(drawn)
  const texts = [...parts.flatMap(({ scripts }) => scripts.map(({ text }) => text)), ...Object.values(answers)]
  const said = saidIn(texts.join('\n'))
  const matches = candidates.map((candidate): Match => {
    const { values } = draw(candidate.seed)
    const found: Record<string, string> = {}
    let of = 0
    for (const [name, spec] of Object.entries(drawn.parameters)) {
      const value = String(values[name])
      const isThere = {
        subnet: () => meetsOne(rangeOf(value), said.addresses),
        address: () => meetsOne(rangeOf(value), said.addresses),
        port: () => said.numbers.has(Number(value)),
        name: () => said.words.has(value),
      }
      // An address that is always the same of its network follows from that.
      if (spec.kind === 'count' || spec.kind === 'oneOf' || 'host' in spec || !(name in values)) continue
      of++
      if (isThere[spec.kind]()) found[name] = value
    }
    return { ...candidate, found, of }
  })
  return matches.filter(({ found }) => count(found) > 0).toSorted((a, b) => count(b.found) - count(a.found))
}

/** Whose they are, where that can be told: more of one's numbers than of anybody else's, and not just one of several. */
export function whose([first, second]: readonly Match[]): Match | undefined {
  if (!first || count(first.found) < Math.min(leastFound, first.of)) return undefined
  return second && count(second.found) === count(first.found) ? undefined : first
}

function saidIn(text: string) {
  return {
    // Of a network its address alone: a large one would hold everybody's.
    addresses: joined(addressesIn(text).map((found) => rangeOf(found.split('/')[0]!))),
    numbers: numbersIn(text),
    words: new Set([...text.matchAll(/[a-z0-9-]+/g)].map(([found]) => found)),
  }
}

function count(found: object): number {
  return Object.keys(found).length
}
