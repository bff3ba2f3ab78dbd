import { describe, expect, it } from 'vitest'
import { networkState } from '../../server/network/assemble.js'
import type { CaptureQuestion, HostCapture } from '../../server/network/capture.js'
import { fixture, rackShape } from './fixtures.js'

/** Nothing that a learner can make a tool or an Engine say may break the reading of the rest. */

const hosts = ['node1', 'node2', 'laptop'] as const
const assemble = (capture: HostCapture) => networkState([capture], rackShape()).hosts[0]!

/** The same sequence in every run (mulberry32). */
function random(seed: number): () => number {
  let a = seed
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

describe('answers that are cut', () => {
  it.each(hosts)(
    'of %s never throw, and those in JSON are said to be',
    (name) => {
      const whole = fixture(name)
      const next = random(1)
      for (const [index, { answers }] of whole.namespaces.entries()) {
        for (const question of Object.keys(answers) as CaptureQuestion[]) {
          const { text } = answers[question]
          for (let round = 0; round < 3; round++) {
            const capture = structuredClone(whole)
            capture.namespaces[index]!.answers[question].text = text.slice(0, Math.floor(next() * text.length))
            const { faults } = assemble(capture).namespaces.find(({ id }) => id === whole.namespaces[index]!.inode)!
            const cut = capture.namespaces[index]!.answers[question].text.trim()
            // Without its last newline it is whole.
            if (text.startsWith('[') && cut !== '' && cut !== text.trim())
              expect(faults.join()).toContain(`${question}: `)
          }
        }
      }
    },
    60_000,
  )

  it('a tool that failed is a fault of its namespace alone', () => {
    const capture = fixture('node1')
    capture.namespaces[1]!.answers.routes = { failed: true, text: 'no answer\u001b[2J within 5000 ms' }
    const state = assemble(capture)
    const { faults, links } = state.namespaces.find(({ id }) => id === capture.namespaces[1]!.inode)!
    expect(faults).toEqual(['routes: no answer [2J within 5000 ms'])
    expect(links).not.toEqual([])
    expect(state.namespaces[0]!.faults).toEqual([])
  })
})

it('reads links whose names have control characters, as ip writes them', () => {
  const capture = fixture('node1')
  const { answers } = capture.namespaces[0]!
  const before = assemble(fixture('node1')).namespaces[0]!
  // Not escaped (iproute2 6.1 and 6.15), for a link that was made by its name.
  answers.links.text = answers.links.text.replace(/"ifname": ?"eth0"/, '"ifname":"e\u001b[31m\u0007x"')
  const { links, faults } = assemble(capture).namespaces[0]!
  expect(faults).toEqual([])
  expect(links).toHaveLength(before.links.length)
  expect(links.map(({ name }) => name)).toContain('e [31m x')
})

const oddities: unknown[] = [
  null,
  true,
  -1,
  1e308,
  'a\u0000b\u001b[31m\n\u2028c',
  'x'.repeat(5000),
  '__proto__',
  [],
  {},
  [null, [[]], { a: 1 }],
  { __proto__: { Id: 'x' }, constructor: 1, toString: 2, length: 9 },
  { Id: 5, Name: {}, family: [], index: 'x' },
]

/** Puts an oddity somewhere into a structure. */
function spoil(value: unknown, next: () => number): unknown {
  if (next() < 0.02 || typeof value !== 'object' || value === null) {
    return next() < 0.3 ? oddities[Math.floor(next() * oddities.length)] : value
  }
  if (Array.isArray(value)) return value.map((item) => (next() < 0.5 ? spoil(item, next) : item))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, next() < 0.3 ? spoil(item, next) : item]))
}

describe('answers of any shape', () => {
  it.each(hosts)('of %s never throw, and give no control characters', (name) => {
    const whole = fixture(name)
    for (let seed = 0; seed < 60; seed++) {
      const next = random(seed)
      const capture = structuredClone(whole)
      for (const [key, value] of Object.entries(capture.engine ?? {})) {
        Object.assign(capture.engine!, {
          [key]: key === 'containers' ? [spoil(value, next)].flat() : spoil(value, next),
        })
      }
      for (const { answers } of capture.namespaces) {
        for (const answer of Object.values(answers)) {
          if (answer.text.startsWith('[') || answer.text.startsWith('{'))
            answer.text = JSON.stringify(spoil(JSON.parse(answer.text), next)) ?? ''
        }
      }
      const state = JSON.stringify(assemble(capture))
      expect(state).not.toMatch(/\\u00|\\[bfnrt]/)
      expect(state).not.toContain('x'.repeat(1001))
    }
  })

  it.each(oddities.map((oddity) => [JSON.stringify(oddity)?.slice(0, 40), oddity]))(
    '%s in place of all',
    (_, oddity) => {
      const capture = fixture('node1')
      for (const { answers } of capture.namespaces) {
        for (const answer of Object.values(answers)) answer.text = JSON.stringify(oddity)
      }
      assemble(capture)
      const parts = { version: oddity, info: oddity, networks: oddity, containers: [oddity, oddity] }
      const swarm = { swarm: oddity, nodes: [oddity], services: [oddity], tasks: oddity }
      assemble({ ...capture, engine: { ...parts, swarm } })
      assemble({ ...capture, namespaces: [], files: {} })
    },
  )

  it('many links that all could belong to each other are read in time, and not tied', () => {
    const capture = fixture('laptop')
    const veth = (index: number) => ({
      ...{ ifindex: index % 50, ifname: `v${index}`, link_index: index % 50, linkinfo: { info_kind: 'veth' } },
    })
    capture.namespaces[0]!.answers.links.text = JSON.stringify(Array.from({ length: 4000 }, (_, index) => veth(index)))
    const started = performance.now()
    const { links } = assemble(capture).namespaces[0]!
    expect(performance.now() - started).toBeLessThan(3000)
    expect(links.filter(({ peer }) => peer !== undefined)).toEqual([])
  })
})
