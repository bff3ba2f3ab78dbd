import fc from 'fast-check'

/** Inputs that were right and are spoiled: those get further into a reader than what was never right. */

/** Names that every object has. */
export const inherited = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'length',
  'then',
]

const text = fc.oneof(
  { weight: 4, arbitrary: fc.string({ maxLength: 20, unit: 'binary' }) },
  { weight: 2, arbitrary: fc.string({ maxLength: 20, unit: 'grapheme' }) },
  fc.constantFrom(...inherited),
  fc.constantFrom(
    '',
    ' ',
    '\0',
    '\u001b[2J',
    '\u202e',
    '\ud800',
    '%s%n',
    '../../etc/passwd',
    '$(x)',
    '`id`',
    '<b>',
    '-',
    '-1',
    '1e999',
  ),
  fc.constantFrom(
    '::',
    '::/0',
    '0.0.0.0/33',
    '1.2.3.4/-1',
    'fe80::1%eth0',
    '255.255.255.255',
    '999.1.1.1',
    ':0',
    ':99999',
  ),
  fc.nat({ max: 9000 }).map((length) => 'x'.repeat(length)),
)

const number = fc.oneof(
  fc.constantFrom(0, -0, -1, 1, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 53), 1e308, -1e308, 0.1, 65_535, 65_536),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
)

/** An object of which JavaScript can make neither a text nor a number, as itself and under each name that is often read. */
const noPrimitive = () => objectOf([['toString', 1]])
const strange = fc
  .option(fc.constantFrom(...inherited, 'size', 'name', 'code', 'message'))
  .map((name) => (name === null ? noPrimitive() : objectOf([[name, noPrimitive()]])))

/** Anything that JSON can say, also under names that objects inherit. */
export const anyJson: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false),
    number,
    text,
    strange,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(text, tie('value')), { maxLength: 4 }).map(objectOf),
    // Deeper than anything real.
    fc.integer({ min: 1, max: 400 }).map((depth) => JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as unknown),
  ),
})).value

/** Own properties, whatever their names. */
export function objectOf(entries: (readonly [string, unknown])[]): object {
  const object = {}
  for (const [key, value] of entries)
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
  return object
}

const change = fc.record({
  at: fc.nat(),
  how: fc.constantFrom('replace', 'replace', 'replace', 'remove', 'double', 'add', 'swap'),
  key: text,
  value: anyJson,
})

/** The same structure with some places spoiled. */
export function spoiled<T>(right: T, most = 5): fc.Arbitrary<unknown> {
  return fc.array(change, { minLength: 1, maxLength: most }).map((changes) => {
    let value: unknown = structuredClone(right)
    for (const one of changes) value = changed(value, one)
    return value
  })
}

type Change = typeof change extends fc.Arbitrary<infer C> ? C : never
type Holder = Record<string, unknown> | unknown[]

function changed(root: unknown, { at, how, key, value: given }: Change): unknown {
  // A later change must not reach into what was generated: the same is made once more when a failure is made smaller.
  const value = structuredClone(given)
  const places: { holder: Holder; key: string }[] = []
  const visit = (node: unknown, depth: number) => {
    if (typeof node !== 'object' || node === null || node instanceof Uint8Array || depth > 30) return
    for (const name of Object.keys(node)) {
      places.push({ holder: node as Holder, key: name })
      visit((node as Record<string, unknown>)[name], depth + 1)
    }
  }
  visit(root, 0)
  const place = places[at % (places.length + 1)]
  if (!place) return value
  const holder = place.holder as Record<string, unknown>
  const other = places[(at * 31) % places.length]!
  if (how === 'replace') put(holder, place.key, value)
  else if (how === 'swap') put(holder, place.key, structuredClone((other.holder as Record<string, unknown>)[other.key]))
  else if (how === 'add') put(holder, Array.isArray(holder) ? `${holder.length}` : key, value)
  else if (Array.isArray(place.holder)) {
    if (how === 'remove') place.holder.splice(Number(place.key), 1)
    else place.holder.splice(Number(place.key), 0, structuredClone(place.holder[Number(place.key)]))
  } else delete holder[place.key]
  return root
}

function put(holder: object, key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true })
}

const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.nat({ max: 40 }),
  how: fc.constantFrom('replace', 'insert', 'remove', 'repeat', 'cut', 'line'),
  text,
})

/** The same text with some places spoiled, or cut, or with a line of it somewhere else. */
export function spoiledText(right: string, most = 5): fc.Arbitrary<string> {
  return fc.array(edit, { minLength: 1, maxLength: most }).map((edits) => {
    let whole = right
    for (const { at, length, how, text } of edits) {
      const from = Math.floor(at * whole.length)
      const [before, taken, after] = [
        whole.slice(0, from),
        whole.slice(from, from + length),
        whole.slice(from + length),
      ]
      if (how === 'replace') whole = before + text + after
      else if (how === 'insert') whole = before + text + taken + after
      else if (how === 'remove') whole = before + after
      else if (how === 'repeat') whole = before + taken.repeat(1 + (length % 5)) + after
      else if (how === 'cut') whole = before
      else whole = `${before}\n${whole.split('\n')[length] ?? ''}\n${taken}${after}`
    }
    return whole
  })
}

/** The same bytes, some of them others, or fewer. */
export function spoiledBytes(right: Uint8Array): fc.Arbitrary<Uint8Array> {
  const bytes = fc.record({
    changes: fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 8 }),
    length: fc.option(fc.nat({ max: right.length }), { freq: 4 }),
    more: fc.uint8Array({ maxLength: 40 }),
  })
  return bytes.map(({ changes, length, more }) => {
    const copy = Buffer.concat([right.subarray(0, length ?? right.length), more])
    for (const [at, byte] of changes) if (copy.length > 0) copy[at % copy.length] = byte
    return copy
  })
}

/** Deeper than a reader that calls itself can follow; as text, for structures are cloned the same way. */
export const bottomless = fc
  .record({ depth: fc.integer({ min: 1, max: 29_000 }), list: fc.boolean() })
  .map(({ depth, list }) =>
    list ? '['.repeat(depth) + ']'.repeat(depth) : `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`,
  )
