import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Recorder } from '../../server/terminal/recorder.js'

/** Reads that many bytes, piece by piece. */
function readAll(recorder: Recorder, from: number, count: number): Buffer {
  const pieces: Uint8Array[] = []
  for (let at = from; at < from + count; ) {
    const piece = recorder.read(at, from + count - at)
    expect(piece.from).toBe(at)
    expect(piece.bytes.length).toBeGreaterThan(0)
    pieces.push(piece.bytes)
    at += piece.bytes.length
  }
  return Buffer.concat(pieces)
}

describe('Recorder', () => {
  it('gives back every stretch of what it keeps, whatever the sizes', () => {
    const stream = randomBytes(700_000)
    const recorder = new Recorder(200_000)
    for (let at = 0, size = 1; at < stream.length; at += size, size = (size * 7) % 9_973) {
      recorder.append(stream.subarray(at, at + size))
    }
    expect(recorder.end).toBe(stream.length)
    expect(recorder.start).toBe(stream.length - 200_000)
    for (const [from, max] of [
      [500_000, 200_000],
      [500_001, 1],
      [655_359, 2],
      [699_990, 10],
    ] as const) {
      expect(Buffer.compare(readAll(recorder, from, max), stream.subarray(from, from + max))).toBe(0)
    }
  })

  it('says where the record begins when older bytes are asked for', () => {
    const recorder = new Recorder(10)
    recorder.append(Buffer.from('abcdefghijklmnop'))
    expect(recorder.start).toBe(6)
    expect(recorder.read(0, 4).from).toBe(6)
    expect(readAll(recorder, 6, 4).toString()).toBe('ghij')
  })

  it('is empty at its end and before the first byte', () => {
    const recorder = new Recorder(10)
    expect(recorder.read(0, 10)).toMatchObject({ from: 0, bytes: { length: 0 } })
    recorder.append(Buffer.from('abc'))
    expect(recorder.read(3, 10)).toMatchObject({ from: 3, bytes: { length: 0 } })
    expect(recorder.read(99, 10)).toMatchObject({ from: 3, bytes: { length: 0 } })
  })

  it('keeps what it has given valid while it goes on', () => {
    const recorder = new Recorder(64 * 1024)
    recorder.append(Buffer.alloc(1_000, 'a'))
    const { bytes } = recorder.read(0, 1_000)
    for (let count = 0; count < 200; count++) recorder.append(Buffer.alloc(1_000, 'b'))
    expect(Buffer.from(bytes).toString()).toBe('a'.repeat(1_000))
  })
})
