import { describe, expect, it } from 'vitest'
import { FrameGuard, MAX_FRAME_BYTES } from '../../server/rpc/frames.js'

const frame = (length: number) =>
  Buffer.concat([Buffer.from(`Content-Length: ${length}\r\n\r\n`), Buffer.alloc(length)])

describe('FrameGuard', () => {
  it('counts frames, however the stream is cut', () => {
    const stream = Buffer.concat([frame(1), frame(300), frame(7)])
    for (const size of [1, 2, 3, 22, 23, 24, 100, stream.length]) {
      const guard = new FrameGuard()
      let frames = 0
      for (let at = 0; at < stream.length; at += size) frames += guard.accept(stream.subarray(at, at + size))
      expect(frames, `cut every ${size} bytes`).toBe(3)
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
    expect(() => new FrameGuard().accept(Buffer.from(bytes))).toThrow()
  })
})
