import fc from 'fast-check'
import { expect, it } from 'vitest'
import { draw } from '../../../server/lab/parameters/draw.js'
import { Filler } from '../../../server/lab/parameters/fill.js'
import { addressesIn, numbersIn, ownNumbers } from '../../../server/lab/parameters/own-numbers.js'
import { type ParameterSpec, Parameters } from '../../../server/lab/parameters/parameter.js'
import { addressOf, joined, meet, meetsOne, numberOf, rangeOf } from '../../../server/lab/parameters/range.js'

const ranges = ['10.64.0.0/10', '10.0.0.0/12', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/16', '192.0.2.0/24']
const subnet = fc.record({
  subnet: fc.record({ within: fc.constantFrom(...ranges), prefix: fc.integer({ min: 20, max: 28 }) }),
  practice: fc.constantFrom('10.64.0.0/24', '10.1.0.0/24', '172.20.0.0/16'),
})
const port = fc.record({
  port: fc
    .integer({ min: 1024, max: 32_000 })
    .chain((from) =>
      fc.record({ from: fc.constant(from), to: fc.integer({ min: from, max: Math.min(from + 20, 32_767) }) }),
    ),
  practice: fc.integer({ min: 1, max: 65_535 }),
})
const address = fc.record({
  address: fc.record({ in: fc.constantFrom('a', 'b', '192.168.1.0/24'), from: fc.integer({ min: 1, max: 9 }) }),
  practice: fc.constantFrom('10.64.0.7', '192.168.1.9', '172.20.0.9'),
})
const name = fc.record({
  name: fc.oneof(fc.constant('n-##'), fc.uniqueArray(fc.constantFrom('x', 'y', 'z', 'web', 'db'), { minLength: 2 })),
  practice: fc.constantFrom('x', 'web', 'q'),
})
const count = fc.record({ count: fc.constant({ from: 2, to: 5 }), practice: fc.constant(3) })
const specs = fc
  .array(fc.oneof(subnet, subnet, port, address, name, count), { minLength: 1, maxLength: 8 })
  .map((all) => Object.fromEntries(all.map((spec, at) => ['abcdefgh'[at]!, spec])))
const text = fc.oneof(fc.constant(''), fc.ipV4(), fc.integer({ min: 1024, max: 1100 }).map(String), fc.string())

it('whatever is written, what is drawn collides with nothing, is drawn again so, or says what is wrong', () => {
  let drawn = 0
  fc.assert(
    fc.property(
      specs,
      fc.array(text, { maxLength: 20 }),
      fc.string({ unit: 'grapheme-ascii' }),
      (written, texts, seed) => {
        const parsed = Parameters.safeParse(written)
        fc.pre(parsed.success)
        const all = parsed.data!
        const own = ownNumbers({ hosts: ['.11'], web: 1 }, texts)
        const drawnOnce = draw(all, `s${seed}`, own)
        const { values, problems } = drawnOnce
        expect(draw(all, `s${seed}`, own)).toEqual(drawnOnce)
        // Everything is either drawn or told.
        for (const one of Object.keys(all))
          expect(one in values).toBe(problems.every(({ path }) => path[0] !== one && !needs(all[one]!, path[0]!)))
        drawn += Object.keys(values).length
        const of = (kind: ParameterSpec['kind']) =>
          Object.entries(all).flatMap(([key, spec]) => (spec.kind === kind && key in values ? [values[key]] : []))
        const networks = of('subnet').map((one) => rangeOf(`${one}`))
        for (const [at, network] of networks.entries()) {
          expect(networks.slice(at + 1).some((other) => meet(network, other))).toBe(false)
          for (const other of texts.flatMap(addressesIn)) expect(meet(network, rangeOf(other))).toBe(false)
          for (const other of ['172.17.0.0/16', '172.31.0.0/16', '192.168.0.0/20', '10.0.0.0/24'])
            expect(meet(network, rangeOf(other))).toBe(false)
        }
        for (const kind of ['port', 'name', 'address'] as const) expect(new Set(of(kind)).size).toBe(of(kind).length)
        const numbers = new Set(texts.flatMap((one) => [...numbersIn(one)]))
        for (const one of of('port')) expect(numbers.has(one as number)).toBe(false)
        for (const one of of('name')) expect(one).not.toBe('web')
      },
    ),
    { numRuns: 400 },
  )
  expect(drawn).toBeGreaterThan(400)
})

/** Whether a parameter can't be drawn where another one could not. */
function needs(spec: ParameterSpec, name: string): boolean {
  return spec.kind === 'address' && spec.in === name
}

it('a text without parameters stays as it is, and one that was filled has nothing left to fill', () => {
  const values = { a: 7, b: 'x-1', c: { d: 'y' } }
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.array(fc.constantFrom('{{a}}', '{{b}}', '{{c.d}}', ' ', '{', '}')),
      (other, parts) => {
        const say = () => {
          throw new Error('is no fault')
        }
        const plain = other.replaceAll('{', '(')
        expect(new Filler(values).text(plain, say)).toBe(plain)
        const filled = new Filler(values).text(parts.join(''), say)
        expect(new Filler(values).text(filled, say)).toBe(filled)
      },
    ),
  )
})

it('joined ranges hold what the ranges held, and no more', () => {
  const range = fc
    .tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 20 }))
    .map(([first, size]) => ({ first, last: first + size }))
  fc.assert(
    fc.property(fc.array(range, { maxLength: 30 }), range, (all, one) => {
      expect(meetsOne(one, joined(all))).toBe(all.some((other) => meet(one, other)))
    }),
  )
  fc.assert(
    fc.property(fc.ipV4(), (ip) => {
      expect(addressOf(numberOf(ip))).toBe(ip)
    }),
  )
})
