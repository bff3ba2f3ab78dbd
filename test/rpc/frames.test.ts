import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { FrameReader, frameHeader, MAX_FRAME_BYTES } from '../../server/rpc/frames.js'

describe('FrameReader', () => {
  it('gives frames as they were, however the stream is cut', () => {
    const whole = randomBytes(308)
    const stream = Buffer.concat(
      [whole.subarray(0, 1), whole.subarray(1, 301), whole.subarray(301)].flatMap((body) => [
        Buffer.from(frameHeader(body.length)),
        body,
      ]),
    )
    for (const size of [1, 2, 3, 22, 23, 24, 100, stream.length]) {
      const reader = new FrameReader()
      const bodies: Uint8Array[] = []
      for (let at = 0; at < stream.length; at += size) {
        for (const body of reader.accept(stream.subarray(at, at + size))) bodies.push(body)
      }
      expect(Buffer.concat(bodies).equals(whole), `cut every ${size} bytes`).toBe(true)
      expect(bodies.map((body) => body.length)).toEqual([1, 300, 7])
      expect(reader.inFrame).toBe(false)
    }
  })

  it.each([
    ['another protocol', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['no header end', 'x'.repeat(200)],
    ['no length', 'Content-Length: \r\n\r\n'],
    ['an empty body', 'Content-Length: 0\r\n\r\n'],
    ['a negative length', 'Content-Length: -5\r\n\r\n'],
    ['a length over the limit', `Content-Length: ${MAX_FRAME_BYTES + 1}\r\n\r\n`],
    ['a length that is no number', 'Content-Length: 12e3\r\n\r\n'],
    ['a second header', 'Content-Length: 5\r\nContent-Type: x\r\n\r\n'],
  ])('refuses %s', (_what, bytes) => {
    expect(() => [...new FrameReader().accept(Buffer.from(bytes))]).toThrow()
  })
})
