import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { KeptResults } from '../../server/bench/kept-results.js'

const entry = 'dist/bench/statistics.js'
let folder: string
let file: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vethlab-kept-'))
  file = join(folder, 'kept.jsonl')
})
afterEach(() => rmSync(folder, { recursive: true }))

const opened = (what = 'times') => KeptResults.open<number>(file, what, entry)

it('goes on where it was', async () => {
  const first = await opened()
  expect(first.has('one')).toBe(false)
  first.add('one', 1)
  const next = await opened()
  expect(next.has('one')).toBe(true)
  expect(next.result('one')).toBe(1)
  expect(next.has('two')).toBe(false)
  expect(() => next.result('two')).toThrow('nothing was measured of two')
})

it('does not count another measuring, or other code', async () => {
  const first = await opened()
  first.add('one', 1)
  expect((await opened('times, 3 runs')).has('one')).toBe(false)
  writeFileSync(file, readFileSync(file, 'utf8').replace(/, [0-9a-f]{20}"/, ', 00000000000000000000"'))
  expect((await opened()).has('one')).toBe(false)
})

it('passes over half a line, and writes behind it', async () => {
  const first = await opened()
  first.add('one', 1)
  appendFileSync(file, '{"of":"times')
  const second = await opened()
  second.add('two', 2)
  const third = await opened()
  expect([third.result('one'), third.result('two')]).toEqual([1, 2])
})

it('keeps nothing beyond the process without a file', async () => {
  const kept = await KeptResults.open<number>(undefined, 'times', entry)
  kept.add('one', 1)
  expect(kept.result('one')).toBe(1)
})
