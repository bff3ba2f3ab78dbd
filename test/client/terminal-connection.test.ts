import { afterEach, describe, expect, it, vi } from 'vitest'
import { TerminalConnection } from '../../client/terminal/terminal-connection.js'
import { KeptScreen, TerminalServer } from './terminal-server.js'

const KIB = 1024
const patience = { timeout: 40_000, interval: 10 }
const undo: (() => unknown)[] = []

afterEach(async () => {
  for (const end of undo.splice(0).reverse()) await end()
})

async function serve(script: string, options: { recorderBytes?: number } = {}): Promise<TerminalServer> {
  const server = await TerminalServer.start(['bash', '-c', script], options)
  undo.push(() => server.stop())
  return server
}

function connect(server: TerminalServer, screen = new KeptScreen()) {
  const connection = new TerminalConnection(server.ask(server.connect(), screen))
  undo.push(() => connection.dispose())
  return { connection, screen }
}

const numbered = (count: number) =>
  `${Array.from({ length: count }, (_, index) => `line ${index + 1}`).join('\r\n')}\r\n`

describe('TerminalConnection', () => {
  it('brings all output once, over connections that break again and again', async () => {
    const server = await serve('for i in $(seq 700); do echo line $i; sleep 0.001; done')
    const { connection, screen } = connect(server)
    const cutting = setInterval(() => server.cut(), 120)
    undo.push(() => clearInterval(cutting))
    await vi.waitFor(() => expect(screen.text).toContain('line 500\r\n'), patience)
    clearInterval(cutting)
    await vi.waitFor(() => expect(connection.exited.value).toBe(true), patience)
    expect(screen.text).toBe(numbered(700))
    expect(server.attachedFrom.length).toBeGreaterThan(2)
    expect(screen.gaps).toEqual([])
  })

  it('drops what comes twice and asks for what was lost on the way', async () => {
    const server = await serve('for i in $(seq 400); do echo line $i; sleep 0.001; done')
    let count = 0
    server.passes = (offset, bytes, socket) => {
      count++
      if (count % 10 === 3) socket.emit('terminal.data', server.terminal.id, offset, bytes)
      if (count % 10 === 5) socket.emit('terminal.data', server.terminal.id, Math.max(0, offset - 3), new Uint8Array(3))
      // Nothing tells that the last bytes are lost, and no connection loses those.
      return count % 20 !== 0 || offset > 3_000
    }
    const { connection, screen } = connect(server)
    await vi.waitFor(() => expect(connection.exited.value).toBe(true), patience)
    expect(screen.text).toBe(numbered(400))
    expect(server.attachedFrom.length).toBeGreaterThan(1)
  })

  it('attaches again when the server has lost the attachment', async () => {
    const server = await serve('echo one; read; echo two')
    const { connection, screen } = connect(server)
    await vi.waitFor(() => expect(screen.text).toBe('one\r\n'), patience)
    server.lose()
    server.lose()
    await vi.waitFor(() => expect(server.attachedFrom).toEqual([0, 5]), patience)
    await vi.waitFor(() => expect(connection.input.send('\r')).toBe(true), patience)
    await vi.waitFor(() => expect(screen.text).toBe('one\r\n\r\ntwo\r\n'), patience)
  })

  it('says how much is not kept', async () => {
    const server = await serve("head -c 300000 /dev/zero | tr '\\0' x; echo; echo end; read", {
      recorderBytes: 64 * KIB,
    })
    await vi.waitFor(() => expect(server.terminal.info.endOffset).toBe(300_007), patience)
    const { connection, screen } = connect(server)
    await vi.waitFor(() => expect(screen.text).toMatch(/x\r\nend\r\n$/), patience)
    expect(screen.gaps).toEqual([300_007 - 64 * KIB])
    expect(screen.length).toBe(64 * KIB)
    await vi.waitFor(() => expect(connection.ready).toBe(true), patience)
  })

  it('takes no more than the window until it is dealt with, and acknowledges in batches', async () => {
    const total = 3 * KIB * KIB
    const server = await serve(`head -c ${total} /dev/zero | tr '\\0' y; read`)
    const { screen } = connect(server)
    screen.holds = true
    await vi.waitFor(() => expect(screen.length).toBe(512 * KIB), patience)
    expect(server.acknowledged).toEqual([])
    screen.holds = false
    screen.deal()
    await vi.waitFor(() => expect(screen.length).toBe(total), patience)
    await vi.waitFor(() => expect(server.acknowledged.at(-1)).toBe(total), patience)
    expect(server.acknowledged.length).toBeLessThanOrEqual(total / (16 * KIB) + 1)
  })

  it('sends nothing while a replay is dealt with, and right after it does', async () => {
    const server = await serve('echo before; cat')
    await vi.waitFor(() => expect(server.terminal.info.endOffset).toBe(8), patience)
    const { connection, screen } = connect(server)
    screen.holds = true
    await vi.waitFor(() => expect(screen.text).toBe('before\r\n'), patience)
    expect(connection.replaying).toBe(true)
    expect(connection.input.send('answer\r')).toBe(false)
    screen.deal()
    expect(connection.replaying).toBe(false)
    screen.holds = false
    expect(connection.input.send('typed\r')).toBe(true)
    await vi.waitFor(() => expect(screen.text).toBe('before\r\ntyped\r\ntyped\r\n'), patience)
    expect(server.written).toHaveLength(1)
  })

  it('ends a replay where it ends, be it within a message', async () => {
    const server = await serve('echo before; echo after; read')
    await vi.waitFor(() => expect(server.terminal.info.endOffset).toBe(15), patience)
    server.replayTo = 8
    const { connection, screen } = connect(server)
    screen.holds = true
    await vi.waitFor(() => expect(screen.length).toBe(15), patience)
    expect(screen.chunks.map((chunk) => Buffer.from(chunk).toString())).toEqual(['before\r\n', 'after\r\n'])
    expect(connection.ready).toBe(false)
    screen.deal(1)
    expect(connection.ready).toBe(true)
  })

  it('keeps nothing that is typed while away', async () => {
    const server = await serve('cat')
    const { connection, screen } = connect(server)
    await vi.waitFor(() => expect(connection.ready).toBe(true), patience)
    server.cut()
    await vi.waitFor(() => expect(connection.ready).toBe(false), patience)
    expect(connection.input.send('blind\r')).toBe(false)
    await vi.waitFor(() => expect(connection.ready).toBe(true), patience)
    connection.input.send('seen\r')
    await vi.waitFor(() => expect(screen.text).toBe('seen\r\nseen\r\n'), patience)
  })

  it('says when what was typed may not have arrived', async () => {
    const server = await serve('cat')
    let lost = 0
    const ask = server.ask(server.connect(), new KeptScreen())
    const connection = new TerminalConnection({ ...ask, onLost: () => lost++ })
    undo.push(() => connection.dispose())
    await vi.waitFor(() => expect(connection.ready).toBe(true), patience)
    expect(connection.caughtUp.value).toBe(true)
    connection.input.send('a')
    await vi.waitFor(() => expect(server.written).toHaveLength(1), patience)
    expect(lost).toBe(0)
    // Its answer would come long after the connection has gone.
    server.writeMs = 60_000
    connection.input.send('b')
    await vi.waitFor(() => expect(server.written).toHaveLength(2), patience)
    server.cut()
    await vi.waitFor(() => expect(lost).toBe(1), patience)
  })

  it('tells all windows the size, whoever sets it', async () => {
    const server = await serve('cat')
    const one = connect(server)
    const two = connect(server)
    await vi.waitFor(() => expect([one.connection.ready, two.connection.ready]).toEqual([true, true]), patience)
    expect([one.screen.size, two.screen.size]).toEqual(['80x24', '80x24'])
    one.connection.resize(100, 30)
    await vi.waitFor(() => expect([one.screen.size, two.screen.size]).toEqual(['100x30', '100x30']), patience)
  })

  it('leaves nothing behind', async () => {
    const server = await serve('echo one; read; echo two')
    const socket = server.connect()
    const screen = new KeptScreen()
    const connection = new TerminalConnection(server.ask(socket, screen))
    await vi.waitFor(() => expect(connection.ready).toBe(true), patience)
    connection.dispose()
    expect(
      ['connect', 'disconnect', 'terminal.data'].map((name) => socket.listeners(name as 'connect').length),
    ).toEqual([0, 0, 0])
    const { length } = screen
    server.terminal.write(Buffer.from('\r'))
    await vi.waitFor(() => expect(server.terminal.info.exited).toBeDefined(), patience)
    expect(screen.length).toBe(length)
  })
})
