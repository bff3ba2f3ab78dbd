import { describe, expect, it } from 'vitest'
import { readSpeech } from '../../server/network/speech.js'

describe('what an answer is written in', () => {
  it.each([
    [
      'HTTP/1.1 502 Bad Gateway\r\nServer: nginx/1.27.0\r\n\r\n<html>',
      { kind: 'http', status: 502, server: 'nginx/1.27.0' },
    ],
    ['\x16\x03\x03\x00\x7a\x02', { kind: 'tls' }],
    ['\x15\x03\x01\x00\x02\x02\x46', { kind: 'tls-alert', line: 'TLS alert 70' }],
    ['SSH-2.0-OpenSSH_9.2\r\n', { kind: 'ssh', line: 'SSH-2.0-OpenSSH_9.2' }],
    ['\x4a\0\0\0\x0a8.0.36\0rest', { kind: 'mysql', line: '8.0.36' }],
    ["-ERR wrong number of arguments for 'get' command\r\n", { kind: 'redis' }],
    ['+PONG\r\n', { kind: 'redis' }],
    ['220 mail.example ESMTP\r\n', { kind: 'mail' }],
    ['hello\r\n', { kind: 'other', line: 'hello' }],
    ['+1 HTTP/1.1 200', { kind: 'other' }],
    ['\0\0\0', { kind: 'other' }],
  ])('%j', (said, expected) => {
    expect(readSpeech(said)).toMatchObject(expected)
  })

  it('is of a hostile server shown as one short line without control characters', () => {
    const { line, server } = readSpeech(
      `HTTP/1.1 200 \u001b[31m${'x'.repeat(5000)}\r\nServer: a\u0000\u001b]0;b\r\n\r\n`,
    )
    expect(line.length).toBeLessThanOrEqual(120)
    expect(`${line}${server}`).not.toMatch(/[\u0000-\u001f]/)
  })
})
