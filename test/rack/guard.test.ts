import { expect, it } from 'vitest'
import { tooMuch } from '../../server/rack/guard/holding.js'
import { machineLevels, uncountedBytes } from '../../server/rack/guard/machine-levels.js'

const MIB = 1024 ** 2
const unused = { used: 0, most: 100 }
const quiet = { memory: unused, terminals: unused, files: unused, neighbours: unused }
const nothing = { memory: 0, terminals: 0, files: 0, neighbours: 0, counted: 'whole' as const }

it('ends whoever holds far more than a lesson needs, and only while all run short of it', () => {
  const short = { used: 200 * MIB, most: 256 * MIB }
  const large = { ...nothing, memory: 300 * MIB }
  expect(tooMuch(large, quiet, 512 * MIB)).toBeUndefined()
  expect(tooMuch(large, { ...quiet, memory: short }, 512 * MIB)).toBe('kernel-memory')
  expect(tooMuch(large, { ...quiet, memory: short }, 1024 * MIB)).toBeUndefined()
  // A small host may have as much as a capture needs.
  expect(tooMuch({ ...nothing, memory: 60 * MIB }, { ...quiet, memory: short }, 64 * MIB)).toBeUndefined()
  expect(tooMuch({ ...nothing, terminals: 30 }, { ...quiet, terminals: { used: 60, most: 100 } }, MIB)).toBe(
    'terminals',
  )
  expect(tooMuch({ ...nothing, terminals: 20 }, { ...quiet, terminals: { used: 60, most: 100 } }, MIB)).toBeUndefined()
  expect(tooMuch({ ...nothing, files: 30 }, { ...quiet, files: { used: 60, most: 100 } }, MIB)).toBe('files')
  expect(tooMuch({ ...nothing, neighbours: 30 }, { ...quiet, neighbours: { used: 60, most: 100 } }, MIB)).toBe(
    'neighbours',
  )
})

it("counts as the kernel's what no line of meminfo gives to somebody else", () => {
  const meminfo = [
    'MemTotal: 1000 kB',
    'MemFree: 500 kB',
    'Buffers: 10 kB',
    'Cached: 200 kB',
    'AnonPages: 100 kB',
    'SReclaimable: 40 kB',
  ]
  const text = meminfo.map((line) => line.replace(' ', '        ')).join('\n')
  expect(uncountedBytes(text, '')).toBe(150 * 1024)
  // What processors keep for themselves is free as well.
  const zones = [
    'Node 0, zone   Normal',
    '  pagesets',
    '    cpu: 0',
    '              count:    5',
    '              high:     9',
  ]
  expect(uncountedBytes(text, [...zones, '    cpu: 1', '              count:    2'].join('\n'))).toBe(122 * 1024)
  const { terminals, files, neighbours } = machineLevels()
  expect(terminals.most).toBeGreaterThan(100)
  expect(files.used).toBeGreaterThan(0)
  expect(files.most).toBeGreaterThan(files.used)
  expect(Number.isFinite(neighbours.used)).toBe(true)
})
