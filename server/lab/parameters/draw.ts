import { createHash } from 'node:crypto'
import { drawn } from '../../check/chance.js'
import { didYouMean } from '../../error/schema-issue.js'
import { isCidr } from '../../network/addresses.js'
import { reserved } from '../../racks/topology.js'
import { Filler } from './fill.js'
import { isOfForm, type OwnNumbers } from './own-numbers.js'
import type { ParameterSpec } from './parameter.js'
import { addressOf, joined, meet, meetsOne, numberOf, type Range, rangeOf } from './range.js'
import { practiceSeed } from './seed.js'

/** What became of drawing: every value by the name of its parameter, and what can't be drawn. */
export interface Draw {
  values: Record<string, unknown>
  /** Which entry it is of each parameter that is one of several. */
  entries: Record<string, number>
  problems: DrawProblem[]
}

export interface DrawProblem {
  /** Below `parameters`. */
  path: string[]
  what: string
  cure: string
}

/** What Docker takes by itself where nobody says a subnet (moby, daemon/libnetwork/ipamutils), and where a swarm begins to. */
const ofDocker = ['172.16.0.0/12', '192.168.0.0/16', '10.0.0.0/16']
/** The Engine's own, and those of a swarm. */
const portsOfDocker = [2375, 2376, 2377, 4789, 7946]
/** So often a value is drawn anew that may not be; then one of those that may. */
const mostTries = 100

/**
 * Draws the values of a lab from a seed: the same for the same seed wherever it is done, and each parameter by itself, so that one more
 * changes no other, unless it takes just what that one had. With the seed of practice they are those for practice. Pure.
 */
export function draw(specs: Readonly<Record<string, ParameterSpec>>, seed: string, own: OwnNumbers): Draw {
  const drawing = new Drawing(specs, seed, own)
  for (const [name, spec] of Object.entries(specs)) drawing.add(name, spec)
  const { values, entries, problems } = drawing
  return { values, entries, problems }
}

class Drawing {
  readonly values: Record<string, unknown> = Object.create(null)
  readonly entries: Record<string, number> = Object.create(null)
  readonly problems: DrawProblem[] = []
  /** Drawn, and those of practice, which nobody else gets. */
  readonly #ranges: Range[] = []
  readonly #numbers = new Set<number>()
  readonly #addresses = new Set<number>()
  readonly #words = new Set<string>()
  /** Hosts of a network that are always somebody's, or practice's, by what `in` says. */
  readonly #keptHosts = new Map<string, Set<number>>()
  readonly #isPractice: boolean

  constructor(
    private readonly specs: Readonly<Record<string, ParameterSpec>>,
    private readonly seed: string,
    private readonly own: OwnNumbers,
  ) {
    this.#isPractice = seed === practiceSeed
    if (this.#isPractice) return
    for (const spec of Object.values(specs)) {
      if (spec.kind === 'subnet') this.#ranges.push(rangeOf(spec.practice))
      if (spec.kind === 'port') this.#numbers.add(spec.practice)
      if (spec.kind === 'name') this.#words.add(spec.practice)
      if (spec.kind === 'address') this.#keepHost(spec)
    }
  }

  #keepHost(spec: ParameterSpec & { kind: 'address' }): void {
    const network = this.#practiceOf(spec.in)
    // What is no network is told when the address is drawn.
    if (!isCidr(network)) return
    const host = 'host' in spec ? spec.host : numberOf(spec.practice) - rangeOf(network).first
    this.#keptHosts.set(spec.in, (this.#keptHosts.get(spec.in) ?? new Set()).add(host))
  }

  add(name: string, spec: ParameterSpec): void {
    const value = this.#value(name, spec)
    if (value !== undefined) this.values[name] = value
  }

  #refuse(name: string, what: string, cure: string, ...path: string[]): undefined {
    this.problems.push({ path: [name, ...path], what, cure })
  }

  #value(name: string, spec: ParameterSpec): unknown {
    switch (spec.kind) {
      case 'subnet':
        return this.#subnet(name, spec)
      case 'address':
        return this.#address(name, spec)
      case 'port':
        return this.#port(name, spec)
      case 'count':
        return this.#isPractice ? spec.practice : spec.from + this.#below(name, 0, spec.to - spec.from + 1)
      case 'name':
        return this.#name(name, spec)
      case 'oneOf':
        return this.#choice(name, spec)
    }
  }

  /** A whole number below `most`, from the seed: of 48 bits of a hash, so that no number is noticeably likelier. */
  #below(name: string, turn: number, most: number): number {
    return createHash('sha256').update(`${this.seed}\n${name}\n${turn}`).digest().readUIntBE(0, 6) % most
  }

  /** One of `count` values that may be: the first of some that are drawn, or else one of all. */
  #pick<T>(name: string, count: number, at: (index: number) => T, may: (value: T) => boolean): T | undefined {
    for (let turn = 0; turn < (count > 0 ? mostTries : 0); turn++) {
      const value = at(this.#below(name, turn, count))
      if (may(value)) return value
    }
    const left = Array.from({ length: count }, (_, index) => at(index)).filter(may)
    return left.length === 0 ? undefined : left[this.#below(name, mostTries, left.length)]
  }

  #subnet(name: string, { within, prefix, practice }: ParameterSpec & { kind: 'subnet' }): string | undefined {
    const taken = (range: Range) => this.#ranges.some((other) => meet(range, other))
    if (this.#isPractice) {
      if (taken(rangeOf(practice)))
        return this.#refuse(name, `${practice} overlaps another parameter`, 'Choose another one.', 'practice')
      this.#ranges.push(rangeOf(practice))
      return practice
    }
    const { first, last } = rangeOf(within)
    const size = 2 ** (32 - prefix)
    const count = (last - first + 1) / size
    const not = joined([...this.own.ranges, ...[...ofDocker, ...reserved.map(([network]) => network)].map(rangeOf)])
    const found = this.#pick(
      name,
      count,
      (index) => ({ first: first + index * size, last: first + (index + 1) * size - 1 }),
      (range) => !taken(range) && !meetsOne(range, not),
    )
    if (!found) {
      const what = `no network of /${prefix} is left in ${within}`
      return this.#refuse(name, what, 'Choose a larger range, or one that Docker and the lab leave free.', 'subnet')
    }
    this.#ranges.push(found)
    return `${addressOf(found.first)}/${prefix}`
  }

  #address(name: string, spec: ParameterSpec & { kind: 'address' }): string | undefined {
    const network = this.#network(name, spec.in)
    if (network === undefined) return undefined
    const { first, last } = rangeOf(network)
    if ('host' in spec) {
      if (first + spec.host >= last)
        return this.#refuse(name, `${network} has no host ${spec.host}`, 'Choose a smaller number.', 'address')
      return this.#take(name, first + spec.host)
    }
    if (this.#isPractice) {
      const number = numberOf(spec.practice)
      if (number > first && number < last) return this.#take(name, number)
      return this.#refuse(name, `${spec.practice} is no host of ${network}`, 'Choose one of its hosts.', 'practice')
    }
    const [from, to] = [first + spec.from, Math.min(first + (spec.to ?? last - first), last - 1)]
    const found = this.#pick(
      name,
      Math.max(0, to - from + 1),
      (index) => from + index,
      (number) =>
        // The first one is the gateway where nobody says another one.
        number - first !== 1 &&
        this.#keptHosts.get(spec.in)?.has(number - first) !== true &&
        !this.#addresses.has(number) &&
        !this.own.hosts.has(number % 256) &&
        !this.own.addresses.has(number) &&
        !this.own.forms.some((form) => isOfForm(addressOf(number), form)),
    )
    if (found === undefined)
      return this.#refuse(name, `no address is left in ${network}`, 'Widen `from` and `to`.', 'address')
    return this.#take(name, found)
  }

  #take(name: string, number: number): string | undefined {
    if (this.#addresses.has(number))
      return this.#refuse(name, `${addressOf(number)} is that of another parameter`, 'Choose another one.')
    this.#addresses.add(number)
    return addressOf(number)
  }

  #network(name: string, text: string): string | undefined {
    if (isCidr(text) && !text.includes(':')) return text
    const value = this.values[text]
    if (this.specs[text]?.kind === 'subnet' && typeof value === 'string') return value
    // What is wrong with the network itself is said there.
    if (this.problems.some(({ path }) => path[0] === text)) return undefined
    const known = Object.keys(this.values).filter((one) => this.specs[one]?.kind === 'subnet')
    const cure = `${didYouMean(text, known)}Name a network above it, or write one such as 192.168.1.0/24.`
    return this.#refuse(name, `"${text}" is no network above it`, cure, 'address', 'in')
  }

  #practiceOf(text: string): string {
    const spec = this.specs[text]
    return spec?.kind === 'subnet' ? spec.practice : text
  }

  #port(name: string, { from, to, practice }: ParameterSpec & { kind: 'port' }): number | undefined {
    const found = this.#isPractice
      ? practice
      : this.#pick(
          name,
          to - from + 1,
          (index) => from + index,
          (port) =>
            !this.#numbers.has(port) &&
            !this.own.numbers.has(port) &&
            !portsOfDocker.includes(port) &&
            !this.own.forms.some((form) => isOfForm(`${port}`, form)),
        )
    if (found === undefined)
      return this.#refuse(name, `no port is left from ${from} to ${to}`, 'Widen `from` and `to`.', 'port')
    if (this.#numbers.has(found))
      return this.#refuse(name, `${found} is that of another parameter`, 'Choose another one.', 'practice')
    this.#numbers.add(found)
    return found
  }

  #name(name: string, { of, practice }: ParameterSpec & { kind: 'name' }): string | undefined {
    const may = (word: string) =>
      !this.#words.has(word) && !this.own.words.has(word) && !this.own.forms.some((form) => isOfForm(word, form))
    let found: string | undefined = practice
    if (this.#isPractice) {
      if (this.#words.has(practice))
        return this.#refuse(name, `"${practice}" is that of another parameter`, 'Choose another one.', 'practice')
    } else if (typeof of === 'string') {
      const words = Array.from(
        { length: mostTries },
        (_, turn) => drawn({ [name]: of }, `${this.seed}\n${turn}`)[name]!,
      )
      found = words.find(may)
    } else {
      found = this.#pick(name, of.length, (index) => of[index]!, may)
    }
    if (found === undefined) return this.#refuse(name, 'no name is left', 'Give more of them.', 'name')
    this.#words.add(found)
    return found
  }

  #choice(name: string, { of, practice }: ParameterSpec & { kind: 'oneOf' }): unknown {
    const index = this.#isPractice ? practice - 1 : this.#below(name, 0, of.length)
    this.entries[name] = index
    // It may name parameters above.
    return new Filler(this.values).tree(of[index], (what, cure) => {
      this.#refuse(name, what, cure, 'oneOf', `${index}`)
    })
  }
}
