import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { WebSocket } from 'ws'
import { requests } from '../../server/protocol/requests.js'
import { ask, House } from '../web/house.js'
import { fuzz } from './fuzz.js'
import { anyJson, bottomless, inherited, spoiled, spoiledBytes, spoiledText } from './mutations.js'

/** What a browser may send, and what none would: each is answered by yes or by a trouble in both languages, and the web goes on. */

let house: House
beforeAll(async () => {
  house = await House.start({ perMinute: { known: 1_000_000, unknown: 1_000_000 } })
}, 60_000)
afterAll(() => house?.stop())

const terminal = '0'.repeat(32)
const right: Record<string, object> = {
  'session.join': { lab: 'default-bridge', open: false },
  'block.run': { session: 'x', block: { page: 1 }, terminal },
  'trace.run': { session: 'x', from: 'a', to: 'b', port: 80, protocol: 'tcp' },
  'trace.repeat': { session: 'x', from: 'a', to: 'b', count: 3 },
  'rack.preview': { session: 'x', host: 'node1', port: 80 },
  'terminal.open': { session: 'x', host: 'node1', cols: 80, rows: 24 },
  'terminal.attach': { session: 'x', terminal, fromOffset: 0 },
  'terminal.write': { terminal, text: 'x' },
  'terminal.resize': { terminal, cols: 80, rows: 24 },
  'step.answer': { session: 'x', step: 'y', id: 'z', text: 'w' },
}
/** This house has no racks to open. */
function unopened(value: unknown): unknown {
  const isOpening = typeof value === 'object' && value !== null && 'open' in value && value.open === true
  return isOpening ? { ...value, open: false } : value
}

const event = fc
  .oneof(
    { weight: 6, arbitrary: fc.constantFrom(...Object.keys(requests)) },
    fc.constantFrom(...inherited, 'terminal.acknowledge', 'nothing'),
  )
  .filter((name) => !['connect', 'disconnect'].includes(name))
  .chain((name) =>
    fc
      .array(
        fc.oneof(
          { weight: 4, arbitrary: spoiled(Object.hasOwn(right, name) ? right[name] : { session: 'x', step: 'y' }, 3) },
          anyJson,
          fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
        ),
        { minLength: Object.hasOwn(requests, name) ? 1 : 0, maxLength: Object.hasOwn(requests, name) ? 1 : 3 },
      )
      .map((values) => ({ name, values: values.map((value) => (name === 'session.join' ? unopened(value) : value)) })),
  )

describe('the web', () => {
  fuzz('is asked for anything', 60, fc.array(event, { minLength: 1, maxLength: 15 }), async (events) => {
    const socket = await house.socket()
    try {
      for (const { name, values } of events) {
        if (!Object.hasOwn(requests, name)) {
          socket.emit(name as 'session.join', ...(values as [never, never]))
          continue
        }
        const answered = await ask(socket, name, ...values)
        expect(answered, name).toBeDefined()
        if (answered!.ok) continue
        expect(answered!.trouble).toMatchObject({
          code: expect.stringMatching(/^(request|lab|session|terminal|argument)\./),
          what: { en: expect.any(String), zh: expect.stringMatching(/\p{Script=Han}/u) },
        })
      }
      expect(await ask(socket, 'session.join', right['session.join'])).toMatchObject({ ok: true })
    } finally {
      socket.disconnect()
    }
  })

  const packet = '42["session.join",{"lab":"default-bridge","open":false}]'
  const message = fc.oneof(
    spoiledText(packet),
    spoiledText('451-["terminal.write",{"terminal":"x","bytes":{"_placeholder":true,"num":0}}]'),
    bottomless.map((deep) => `420["session.join",${deep}]`.slice(0, 60_000)),
    bottomless.map((deep) => `451-["session.join",{"_placeholder":true,"num":0},${deep}]`.slice(0, 60_000)),
    fc.string({ unit: 'binary' }),
    fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
    spoiledBytes(Buffer.from(packet)).map((bytes) => Buffer.from(bytes)),
  )
  fuzz('is sent any message below its events', 150, fc.array(message, { maxLength: 6 }), async (messages) => {
    const socket = new WebSocket(`ws://127.0.0.1:${house.port}/socket.io/?EIO=4&transport=websocket`, {
      headers: { cookie: house.cookie, origin: house.origin },
    })
    socket.on('error', () => {})
    const closed = new Promise((resolve) => socket.once('close', resolve))
    await new Promise((resolve) => socket.once('message', resolve))
    socket.send('40')
    for (const message of messages) if (socket.readyState === WebSocket.OPEN) socket.send(message)
    socket.close()
    await closed
    expect((await house.known('/')).status).toBe(200)
  })

  const path = fc.oneof(
    fc.webPath(),
    fc.constantFrom(
      '/api/catalogue',
      '/api/search?words=docker&language=zh',
      '/api/labs/default-bridge?language=en',
      '/socket.io/?EIO=4',
      '/assets/app-1a2b.js',
    ),
    fc.string({ maxLength: 60 }).map((text) => `/${encodeURIComponent(text).replaceAll('%2F', '/')}`),
    fc
      .array(
        fc.constantFrom(
          '/',
          '..',
          '%2e%2e',
          '%00',
          '%ff',
          'api',
          'labs',
          'assets',
          '?language=',
          'zh',
          '__proto__',
          '\\',
          ';',
        ),
        { maxLength: 8 },
      )
      .map((parts) => `/${parts.join('')}`),
  )
  fuzz(
    'is asked for any path',
    200,
    fc.record({ path, method: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE') }),
    async ({ path, method }) => {
      const { status, body } = await house.get(path.replaceAll(/[^\x21-\x7e]/g, ''), { method, cookie: house.cookie })
      expect(status).toBeLessThan(500)
      expect(body.includes('a secret')).toBe(false)
      expect(body.toString()).not.toMatch(/\bat .*\.[jt]s:\d+/)
    },
  )
})
