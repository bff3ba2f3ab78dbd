import fc from 'fast-check'
import { describe, expect } from 'vitest'
import { differences } from '../../server/change/difference.js'
import { runCheck } from '../../server/check/checks.js'
import { drawMap } from '../../server/map/draw-map.js'
import { networkState } from '../../server/network/assemble.js'
import type { CaptureQuestion, HostCapture } from '../../server/network/capture.js'
import { parseFrame } from '../../server/network/packet.js'
import { parseIptablesSave, parseRules } from '../../server/network/parse-rules.js'
import { parseRuleTexts, parseTraceEvent } from '../../server/rack/trace-events.js'
import type { Text } from '../../server/wording/text.js'
import { contextOf, read, textsOf } from '../check/cases.js'
import { standardRack } from '../check/state-builder.js'
import { frames } from '../network/fixtures/frames.js'
import { fixture, rackShape } from '../network/fixtures.js'
import { fuzz } from './fuzz.js'
import { anyJson, bottomless, spoiled, spoiledBytes, spoiledText } from './mutations.js'

/** Whatever tools and Engines are made to say: nothing throws, no control characters come through, and all that is made of it can be shown. */

const hosts = ['node1', 'node2', 'laptop'] as const
const right = Object.fromEntries(hosts.map((name) => [name, fixture(name)])) as Record<
  (typeof hosts)[number],
  HostCapture
>
const shape = rackShape()

/** One answer of a namespace, as JSON or as text, in place of the right one. */
const spoiledAnswer = fc.constantFrom(...hosts).chain((name) => {
  const { namespaces } = right[name]
  const answers = namespaces.flatMap(({ answers }, index) =>
    (Object.keys(answers) as CaptureQuestion[]).map((question) => ({ index, question, text: answers[question].text })),
  )
  return fc.constantFrom(...answers).chain(({ index, question, text }) => {
    const json = /^[[{]/.test(text)
    const other = json
      ? fc.oneof(
          { weight: 4, arbitrary: spoiled(JSON.parse(text)).map((value) => JSON.stringify(value) ?? '') },
          spoiledText(text),
          bottomless.map((deep) => text.replace(/[[{]/, (first) => (first === '[' ? `[${deep},` : `{"a":${deep},`))),
          bottomless.map((deep) =>
            text.replace(/:(\d+|"[^"]*")/g, (field, _, at) => (at % 7 === 0 ? `:${deep}` : field)).slice(0, 4e6),
          ),
        )
      : spoiledText(text)
    return other.map((text) => {
      const capture = structuredClone(right[name])
      capture.namespaces[index]!.answers[question].text = text
      return { name, question, text, capture }
    })
  })
})

const spoiledEngine = fc.constantFrom('node1', 'node2').chain((name) =>
  spoiled(right[name as 'node1'].engine, 6).map((engine) => ({
    name,
    capture: { ...structuredClone(right[name as 'node1']), engine: asCaptured(engine) } as HostCapture,
  })),
)

/** What a capture makes sure of: the parts are there, the list of containers is a list. */
function asCaptured(engine: unknown): unknown {
  const parts = typeof engine === 'object' && engine !== null && !Array.isArray(engine) ? engine : {}
  const { containers } = parts as { containers?: unknown }
  return { ...parts, containers: Array.isArray(containers) ? containers : [containers] }
}

const checks = [
  { network: { name: 'my_net', driver: 'bridge' } },
  { container: { name: 'web', image: 'nginx' } },
  { interfaces: { of: 'web', only: [] } },
  { address: { of: 'web', address: '1.2.3.4' } },
  { route: { of: 'web', to: 'default' } },
  { link: { of: 'web', name: 'eth0', kind: 'veth' } },
  { rule: { chain: 'DOCKER-USER' } },
  { port: { container: 'web', port: 80, published: 8080 } },
  { reach: { from: 'api', to: 'web', port: 80 } },
  { resolve: { from: 'api', name: 'web' } },
  { swarm: { role: 'manager' } },
  { service: { name: 'svc', replicas: 2 } },
  { vxlan: { network: 'ov' } },
  { firewall: { from: 'laptop', to: 'web', port: 8080 } },
].map(read)

/** Of the one host alone, which is what a spoiled answer is about. */
const rightAlone = Object.fromEntries(hosts.map((name) => [name, networkState([right[name]], shape)]))

/** Names are a learner's own, in whatever script; the rest is ours. */
function expectShowable({ en, zh }: Text): void {
  for (const text of [en, zh]) {
    expect(text.length).toBeGreaterThan(3)
    expect(text).not.toMatch(/\bundefined\b|\[object|[\u0000-\u001f\u202e]/)
    expect((text.match(/`/g) ?? []).length % 2, text).toBe(0)
  }
}

async function expectUsable(capture: HostCapture, which: number): Promise<void> {
  const state = networkState([capture], shape)
  const before = rightAlone[capture.host]!
  expect(/\\u00[01]|\\[bfnrt]/.test(JSON.stringify(state))).toBe(false)
  const { elements, ties } = drawMap(state)
  const ids = new Set(elements.map(({ id }) => id))
  expect(ids.size).toBe(elements.length)
  expect(new Set(ties.map(({ id }) => id)).size).toBe(ties.length)
  expect(ties.filter(({ from, to }) => !ids.has(from) || !ids.has(to))).toEqual([])
  for (const change of [...differences(before, state), ...differences(state, before)]) expectShowable(change.text)
  const rack = standardRack()
  for (const n of [which, which + 1, which + 2]) {
    const finding = await runCheck(checks[n % checks.length]!, contextOf(rack, { state }))
    for (const text of textsOf(finding)) expectShowable(text)
  }
}

describe('captures', () => {
  fuzz('answers of tools', 150, fc.tuple(spoiledAnswer, fc.nat()), ([{ capture }, which]) =>
    expectUsable(capture, which),
  )
  fuzz('answers of Engines', 150, fc.tuple(spoiledEngine, fc.nat()), ([{ capture }, which]) =>
    expectUsable(capture, which),
  )
})

describe('rules', () => {
  const nft = JSON.parse(right.node1.namespaces[0]!.answers.rules.text) as unknown
  const saved =
    right.node1.namespaces.map(({ answers }) => answers.iptables.text).find((text) => text !== '') ??
    '*filter\n-A INPUT -j DROP\n'
  fuzz('of nft, of any shape', 300, fc.oneof(anyJson, spoiled(nft)), (value) => {
    parseRules(value, {})
  })
  fuzz('of iptables-save', 300, spoiledText(saved, 8), (text) => {
    for (const { text: line } of parseIptablesSave(text, 'ip')) expect(/[\u0000-\u001f]/.test(line)).toBe(false)
    parseRules({}, { iptables: text, ip6tables: text, iptablesLegacy: text, ip6tablesLegacy: text })
  })
  fuzz(
    'as nft lists them',
    300,
    spoiledText(
      'table inet lab { # handle 3\n\tchain x { # handle 1\n\t\tip saddr 1.2.3.4 drop # handle 5\n\t}\n}\n',
      8,
    ),
    (text) => {
      parseRuleTexts(text)
    },
  )
})

describe('bytes', () => {
  const some = Object.values(frames).map((hex) => Buffer.from(hex, 'hex'))
  fuzz(
    'frames',
    2000,
    fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(...some).chain(spoiledBytes)),
    (bytes) => {
      JSON.stringify(parseFrame(bytes))
    },
  )
  const header = Buffer.alloc(20)
  header.writeUInt16LE(0x0a11, 4)
  const attribute = (type: number, value: Buffer) => {
    const head = Buffer.alloc(4)
    head.writeUInt16LE(4 + value.length, 0)
    head.writeUInt16LE(type, 2)
    return Buffer.concat([head, value, Buffer.alloc(-value.length & 3)])
  }
  const four = (number: number) =>
    Buffer.from([number >> 24, number >> 16, number >> 8, number].map((byte) => byte & 255))
  const traced = Buffer.concat([
    header,
    attribute(1, Buffer.from('filter\0')),
    attribute(2, Buffer.from('forward\0')),
    attribute(3, Buffer.alloc(8, 1)),
    attribute(4, four(3)),
    attribute(5, Buffer.concat([attribute(1, four(0xfffffffd)), attribute(2, Buffer.from('other\0'))])),
    attribute(6, four(7)),
    attribute(8, Buffer.alloc(20)),
    attribute(9, Buffer.alloc(20)),
  ])
  fuzz(
    'what netfilter tells of a packet',
    2000,
    fc.oneof(fc.uint8Array({ maxLength: 200 }), spoiledBytes(traced)),
    (bytes) => {
      const event = parseTraceEvent(Buffer.from(bytes))
      if (event) expect(typeof event.id).toBe('number')
    },
  )
})
