import { describe, expect, it } from 'vitest'
import { capacity, measuredHostBytes, roomInMemory } from '../../server/machine/capacity.js'

const [MIB, GIB] = [1024 ** 2, 1024 ** 3]

describe('how many racks a machine bears', () => {
  it.each([
    ['what is short: processors', { memoryBytes: 24 * GIB, cores: 2, hostBytes: 50 * MIB }, 16],
    ['what is short: memory', { memoryBytes: 4 * GIB, cores: 8, hostBytes: 50 * MIB }, 10],
    ['the cost of a host', { memoryBytes: 4 * GIB, cores: 8, hostBytes: 100 * MIB }, 5],
    ['one, on the smallest machine', { memoryBytes: GIB / 2, cores: 1, hostBytes: 50 * MIB }, 1],
    ['no more than was ever tried', { memoryBytes: 512 * GIB, cores: 64, hostBytes: 50 * MIB }, 64],
  ])('follows from %s', (_, machine, racks) => {
    expect(capacity(machine).racks).toBe(racks)
  })

  it('says what it follows from', () => {
    const { why } = capacity({ memoryBytes: 4 * GIB, cores: 1, hostBytes: 50 * MIB })
    expect(why).toBe('4.0 GiB are enough for 10, with 300 MiB each; 1 processor is enough for 8')
  })

  it('is what memory has left over now, without what is on its way', () => {
    // 512 MiB stay free; a host is reckoned as twice what it takes idle.
    expect(roomInMemory(0, 50 * MIB, GIB)).toBe(5)
    expect(roomInMemory(3, 50 * MIB, GIB)).toBe(2)
    expect(roomInMemory(0, 50 * MIB, 300 * MIB)).toBeLessThanOrEqual(0)
  })

  it('reckons with what was measured', () => {
    expect(measuredHostBytes()).toBeGreaterThan(20 * MIB)
    expect(capacity().why).toContain(`${Math.round((measuredHostBytes() * 6) / MIB)} MiB each`)
  })
})
