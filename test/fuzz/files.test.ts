import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { stringify } from 'yaml'
import { VethlabError } from '../../server/error/vethlab-error.js'
import type { Lab } from '../../server/lab/lab.js'
import { labOf, loadLab, readLab } from '../../server/lab/read-lab.js'
import { readSources } from '../../server/lab/sources.js'
import { parseYaml } from '../../server/lab/yaml-file.js'
import { fromPackage } from '../../server/package-root.js'
import { readTarget } from '../../server/place/read-target.js'
import { resolveTopology } from '../../server/racks/topology.js'
import { readSubmission } from '../../server/trial/submission.js'
import { guideFiles, writeLab } from '../lab/guide.js'
import { tar, zip } from '../trial/archives.js'
import { fuzz } from './fuzz.js'
import { anyJson, bottomless, spoiled, spoiledBytes, spoiledText } from './mutations.js'

/** Files of authors and learners: each fault is a problem with its line, or an error with its cure, and never a stack. */

const files = guideFiles()
const wholeTar = await tar([
  { name: 'node1.sh', text: 'true\n' },
  { name: 'isolate/', type: 'directory' },
  { name: 'answers.yaml', text: 'a: b\n' },
])
const yaml = files['lab.yaml']!
/** A lab all of whose parts have parameters. */
const drawn = await readSources(fromPackage('test/trial/drawn'))
const drawnYaml = parseYaml((drawn.texts['lab.yaml'] as { text: string }).text).value as Record<string, unknown>
let scratch: string
let lab: Lab

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'vethlab-fuzz-'))
  lab = await loadLab(writeLab(files))
})
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true })
  rmSync(dirname(lab.directory), { recursive: true, force: true })
})

function put(folder: string, name: string, content: string | Uint8Array, mode = 0o644): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  writeFileSync(join(folder, name), content)
  chmodSync(join(folder, name), mode)
}

/** A folder for one input: the last one of a fuzzer before may still be at work when its time is over. */
async function within(use: (folder: string) => Promise<void>): Promise<void> {
  const own = mkdtempSync(join(scratch, 'input-'))
  const folder = join(own, 'internal')
  mkdirSync(folder)
  try {
    await use(folder)
  } finally {
    rmSync(own, { recursive: true, force: true })
  }
}

const expectTyped = (error: unknown, ...codes: (string | RegExp)[]) => {
  if (!(error instanceof VethlabError)) throw error
  expect(
    codes.some((code) => (code instanceof RegExp ? code.test(error.code) : code === error.code)),
    error.code,
  ).toBe(true)
  for (const text of [error.message, error.place, error.cure]) expect(text).not.toMatch(/[\u0000-\u001f\u202e]/)
}

const oneFile = fc.constantFrom(...Object.keys(files)).chain((name) => {
  const text = files[name]!
  const front = /^---\n[\s\S]*?\n---\n/.exec(text)?.[0]
  const structures = name === 'lab.yaml' ? [spoiled(parseYaml(text).value).map((value) => stringify(value))] : []
  const fronts = front === undefined ? [] : [spoiledText(front).map((other) => other + text.slice(front.length))]
  return fc.oneof(spoiledText(text), ...structures, ...structures, ...fronts).map((content) => ({ name, content }))
})

describe('labs', () => {
  fuzz('with a spoiled file', 150, fc.array(oneFile, { minLength: 1, maxLength: 2 }), (spoiltFiles) =>
    within(async (folder) => {
      for (const [name, text] of Object.entries(files)) put(folder, name, text)
      for (const { name, content } of spoiltFiles) put(folder, name, content)
      const { problems } = await readLab(folder)
      for (const { line, what, cure } of problems) {
        expect(Number.isInteger(line) && line > 0, `${what}: line ${line}`).toBe(true)
        expect(what).not.toMatch(/[\u0000-\u001f\u202e]/)
        expect(cure).not.toBe('')
      }
    }),
  )
  fuzz(
    'whose parameters are spoiled',
    150,
    spoiled(drawnYaml.parameters).map((parameters) => ({ ...drawnYaml, parameters })),
    (value) => {
      const sources = { ...drawn, texts: { ...drawn.texts, 'lab.yaml': { text: stringify(value) } } }
      for (const seed of ['practice', 'mine']) {
        const { lab: read, problems } = labOf(sources, seed)
        expect(read !== undefined || problems.length > 0).toBe(true)
        for (const { line, what, cure } of problems) {
          expect(Number.isInteger(line) && line > 0, `${what}: line ${line}`).toBe(true)
          expect(what).not.toMatch(/[\u0000-\u001f\u202e]/)
          expect(cure).not.toBe('')
        }
        // Neither numbers that are missing nor any that are no numbers.
        if (read)
          expect(`${JSON.stringify(read.plan)} ${read.setup}`).not.toMatch(
            /(?<!dev\/)null|NaN|undefined|\{\{(?:lan|door)\}\}/,
          )
      }
    },
  )
  fuzz(
    'as YAML of any kind',
    300,
    fc.oneof({ weight: 9, arbitrary: spoiledText(yaml, 10) }, bottomless, fc.string({ unit: 'binary', maxLength: 60 })),
    (text) => {
      const { problems, value, lineOf } = parseYaml(text.slice(0, 20_000))
      lineOf(['rack', 'hosts', 0, '__proto__'])
      expect(problems.length > 0 || value !== undefined || text.length >= 0).toBe(true)
    },
  )
})

describe('topologies', () => {
  const right = {
    hosts: { node1: 'docker', laptop: { kind: 'plain', memory: '256m' } },
    lans: { lan: { subnet: '192.168.1.0/24', subnet6: 'fd00:1::/64', at: { node1: '.11', laptop: '.50' } } },
  }
  fuzz('of any shape', 600, fc.oneof(anyJson, spoiled(right), spoiled(right, 2)), (input) => {
    try {
      resolveTopology(input)
    } catch (error) {
      expectTyped(error, /^topology\./)
    }
  })
})

describe('targets of traces', () => {
  fuzz(
    'of any text',
    2000,
    fc.oneof(
      fc.string({ unit: 'binary' }),
      spoiledText('http://[fd00:1::11]:8080/path'),
      spoiledText('node2/web:5432'),
    ),
    (text) => {
      try {
        readTarget(text)
      } catch (error) {
        expectTyped(error, 'argument.invalid')
      }
    },
  )
})

describe('submissions', () => {
  const name = fc.oneof(
    fc.constantFrom(
      'node1.sh',
      '10-laptop.sh',
      'answers.yaml',
      '.hidden',
      'node1',
      'x/node1.sh',
      'isolate/node1.sh',
      'isolate/10-laptop',
      '__proto__.sh',
      'constructor',
    ),
    fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
      .map((text) => text.replaceAll(/[/\0]/g, '-').replace(/^\.\.?$/, 'x')),
  )
  const content = fc.oneof(
    fc.constant('#!/bin/sh\ntrue\n'),
    spoiledText('gateway: 10.0.0.1\nother: [1, {a: b}]\n'),
    anyJson.map((value) => stringify(value)),
    fc.uint8Array({ maxLength: 100 }),
  )
  const handedIn = fc.array(fc.record({ name, content, mode: fc.constantFrom(0o755, 0o755, 0o644) }), { maxLength: 4 })
  fuzz('of any files', 250, handedIn, (parts) =>
    within(async (folder) => {
      for (const { name, content, mode } of parts) {
        try {
          put(folder, name, content, mode)
        } catch {
          // No such name: too long, or a folder by now.
        }
      }
      try {
        const { parts, answers } = await readSubmission(folder, lab)
        expect(parts.length + Object.keys(answers).length).toBeGreaterThan(0)
      } catch (error) {
        expectTyped(error, 'submission.invalid')
      }
    }),
  )

  const entry = fc.record({ name, text: content.map((bytes) => Buffer.from(bytes)), mode: fc.nat({ max: 0xffff }) })
  const packed = fc.array(entry, { maxLength: 4 }).map((entries) => zip(entries))
  const archive = fc.oneof(packed, fc.constant(gzipSync(Buffer.alloc(2048))), fc.constant(wholeTar)).chain(spoiledBytes)
  fuzz('of any archive, spoiled', 400, archive, (bytes) =>
    within(async (folder) => {
      put(folder, 'work.zip', bytes)
      try {
        const { parts, answers } = await readSubmission(join(folder, 'work.zip'), lab)
        expect(parts.length + Object.keys(answers).length).toBeGreaterThan(0)
      } catch (error) {
        expectTyped(error, 'submission.invalid')
      }
    }),
  )
})
