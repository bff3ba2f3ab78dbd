import { connect } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { VethlabError } from '../../server/error/vethlab-error.js'
import { type Channel, dial, type Listener, listen } from '../../server/rpc/channel.js'
import { frameHeader } from '../../server/rpc/frames.js'
import { encodeMessage } from '../../server/rpc/message-codec.js'
import { requests } from '../../server/terminal/protocol.js'
import { PtyHost } from '../../server/terminal/pty-host.js'
import { ShellMarks } from '../../server/terminal/shell-marks.js'
import { typedCommand } from '../../server/terminal/typed-command.js'
import { newFuzzFolder } from './folder.js'
import { fuzz } from './fuzz.js'
import { anyJson, spoiled, spoiledBytes, spoiledText } from './mutations.js'

/** A pty host behind its socket, asked for anything: typed answers, and it goes on. */

const folder = newFuzzFolder()
const socket = () => `${folder.path}/socket`
let ptyHost: PtyHost
let listener: Listener

beforeAll(async () => {
  ptyHost = new PtyHost({ rack: 'fuzz', hosts: () => ({ h: { argv: ['cat'] } }) })
  listener = await listen(socket(), { onChannel: (channel) => ptyHost.serve(channel) })
})
afterAll(async () => {
  await ptyHost.closeAll()
  await listener.close()
})

const terminal = '0'.repeat(32)
const right: Record<string, object> = {
  open: { host: 'h', cols: 80, rows: 24 },
  list: {},
  attach: { terminal, attachment: 1, fromOffset: 0 },
  detach: { attachment: 1 },
  write: { attachment: 1, bytes: Buffer.from('x') },
  resize: { attachment: 1, cols: 80, rows: 24 },
  close: { terminal },
  run: { terminal, text: 'true' },
  watch: {},
}
const paramsOf = (method: string): object => (Object.hasOwn(right, method) ? right[method]! : {})
const methods = Object.keys(requests).filter((name) => name !== 'shutdown')
const request = fc
  .oneof(fc.constantFrom(...methods), fc.constantFrom('__proto__', 'constructor', 'acknowledge', '$/cancelRequest', ''))
  .chain((method) =>
    fc
      .oneof(spoiled(paramsOf(method), 3), anyJson, fc.constant(paramsOf(method)))
      .map((params) => ({ method, params })),
  )

async function answers(channel: Channel): Promise<void> {
  expect(Array.isArray(((await channel.request('list', {})) as { terminals?: unknown[] }).terminals ?? [])).toBe(true)
}

describe('the pty host', () => {
  fuzz('is asked for anything', 120, fc.array(request, { minLength: 1, maxLength: 12 }), async (asked) => {
    const channel = await dial(socket())
    try {
      const { id } = await channel.request<{ id: string }>('open', { host: 'h', cols: 80, rows: 24 })
      await channel.request('attach', { terminal: id, attachment: 1 })
      for (const { method, params } of asked) {
        // A message whose parameters are no object or list is none of JSON-RPC's: the connection's own library refuses to send it.
        const named =
          typeof params === 'object' && params !== null && 'terminal' in params && params.terminal === terminal
            ? { ...params, terminal: id }
            : params
        try {
          await channel.request(method, named as object, { timeoutMs: 5000 })
        } catch (error) {
          if (error instanceof VethlabError)
            expect(error.code).toMatch(/^(argument\.invalid|terminal\.|host\.not-found)/)
          else expect((error as Error).message).toMatch(/no method|Invalid|structure|param/i)
        }
        if (channel.closed) return
      }
      await answers(channel)
    } finally {
      channel.close()
      const again = await dial(socket())
      for (const { id } of await again.request<{ id: string }[]>('list', {}))
        await again.request('close', { terminal: id })
      again.close()
    }
  })

  const frame = (params: unknown) => {
    const body = encodeMessage({ jsonrpc: '2.0', id: 1, method: 'list', params } as never)
    return Buffer.concat([Buffer.from(frameHeader(body.length)), body])
  }
  fuzz(
    'is sent any bytes',
    150,
    fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 200 }),
        spoiledBytes(frame({})),
        // Lists in lists of MessagePack, deeper than anything that calls itself can follow.
        fc
          .nat({ max: 200_000 })
          .map((depth) =>
            Buffer.concat([Buffer.from(frameHeader(depth + 1)), Buffer.alloc(depth, 0x91), Buffer.of(0x90)]),
          ),
        spoiledText(frameHeader(9)).map((text) => Buffer.from(text)),
      ),
      { maxLength: 4 },
    ),
    async (pieces) => {
      const raw = connect(socket())
      await new Promise((resolve) => raw.once('connect', resolve))
      raw.on('error', () => {})
      for (const piece of pieces) raw.write(piece)
      raw.end()
      await new Promise((resolve) => {
        raw.once('close', resolve)
        raw.resume()
        setTimeout(() => raw.destroy(), 50)
      })
      const channel = await dial(socket())
      await answers(channel)
      channel.close()
    },
  )
})

describe('output', () => {
  const marks = Buffer.from(
    '\u001b]633;A\u0007$ \u001b]633;B\u0007\u001b]633;E;ls -l\\x0a;n\u0007\u001b]633;C\u0007x\u001b]633;D;0\u0007\u001b[?2004h',
  )
  fuzz(
    'with marks of any kind',
    2000,
    fc.array(fc.oneof(spoiledBytes(marks), fc.uint8Array({ maxLength: 100 })), { maxLength: 6 }),
    (pieces) => {
      let told = 0
      const tell = () => {
        told++
      }
      const reader = new ShellMarks({ onPrompt: tell, onNewPrompt: tell, onCommandStart: tell, onCommandEnd: tell })
      for (const piece of pieces) reader.feed(piece)
      expect(told).toBeLessThanOrEqual(pieces.reduce((sum, piece) => sum + piece.length, 0))
    },
  )

  fuzz(
    'of a text that is typed',
    2000,
    fc.record({
      text: fc.oneof(fc.string({ unit: 'binary' }), spoiledText('docker ps\nls\r\n')),
      bracketedPaste: fc.boolean(),
      clearLine: fc.boolean(),
    }),
    ({ text, ...how }) => {
      try {
        const keys = typedCommand(text, how).toString('latin1')
        expect(keys.endsWith('\r')).toBe(true)
        if (how.bracketedPaste) expect(keys.split('\u001b[201~').length).toBe(2)
      } catch (error) {
        expect(error).toMatchObject({ code: 'argument.invalid' })
      }
    },
  )
})
