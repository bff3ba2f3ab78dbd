import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { ask, House } from './house.js'

let house: House
beforeEach(async () => {
  house = await House.start()
})
afterEach(() => house.stop())

/** Below socket.io: what a hand-made client may send. */
function raw(path = '/socket.io/?EIO=4&transport=websocket'): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${house.port}${path}`, {
    headers: { cookie: house.cookie, origin: house.origin },
  })
  socket.on('error', () => {})
  return new Promise((resolve, reject) => {
    socket.once('message', () => resolve(socket))
    socket.once('close', reject)
  })
}

async function isClosed(socket: WebSocket): Promise<boolean> {
  await expect.poll(() => socket.readyState, { timeout: 5000 }).toBe(WebSocket.CLOSED)
  return true
}

describe('the handshake', () => {
  it('needs the cookie', async () => {
    expect(await house.connect({ cookie: '' })).toContain('401')
    expect(await house.connect({ cookie: `${house.cookie}x` })).toContain('401')
    expect(typeof (await house.connect())).toBe('object')
  })

  it('refuses pages of other origins, also on another port of this machine', async () => {
    for (const origin of ['https://evil.example', `http://127.0.0.1:${house.port + 1}`, 'null', 'file://']) {
      expect([origin, await house.connect({ origin })]).toEqual([origin, expect.stringContaining('403')])
    }
    expect(await house.connect({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'websocket' })).toContain('403')
    expect(await house.connect({ host: 'evil.example' })).toContain('421')
  })

  it('is for sockets alone: nothing is polled, nothing else is upgraded', async () => {
    expect((await house.known('/socket.io/?EIO=4&transport=polling')).status).toBe(404)
    expect((await house.known('/socket.io/socket.io.js')).status).toBe(404)
    await expect(raw('/other/?EIO=4&transport=websocket')).rejects.toBeDefined()
    await expect(raw('/socket.io/../?EIO=4&transport=websocket')).rejects.toBeDefined()
  })

  it('is refused to the 65th window, and open again when one goes', async () => {
    const sockets = await Promise.all(Array.from({ length: 64 }, () => house.socket()))
    expect(await house.connect()).toContain('429')
    expect(await house.connect()).toContain('429')
    expect((await house.known('/')).status).toBe(200)
    sockets[0]!.disconnect()
    await expect.poll(async () => typeof (await house.connect()), { timeout: 5000 }).toBe('object')
  })
})

describe('requests', () => {
  it('answers what is asked in the right form', async () => {
    const socket = await house.socket()
    expect(await ask(socket, 'session.join', { lab: 'default-bridge', open: false })).toEqual({ ok: true, value: null })
    for (const lab of ['nothing', 'My_Lab']) {
      expect(await ask(socket, 'session.join', { lab, open: true })).toMatchObject({
        ok: false,
        trouble: { code: 'lab.not-found' },
      })
    }
    expect(await ask(socket, 'step.check', { session: 'somebody-elses', step: 'first' })).toMatchObject({
      ok: false,
      trouble: {
        code: 'session.not-found',
        what: { en: expect.any(String), zh: expect.stringMatching(/\p{Script=Han}/u) },
      },
    })
  })

  it('takes no harm from what has no right form', async () => {
    const socket = await house.socket()
    const wrong: [string, ...unknown[]][] = [
      ['session.join'],
      ['session.join', null],
      ['session.join', 'default-bridge'],
      ['session.join', { lab: 1, open: true }],
      ['session.join', { lab: '../../etc', open: true }],
      ['session.join', { lab: 'default-bridge', open: true, more: 1 }],
      // JavaScript makes no number of that length.
      ['session.join', { lab: { length: { toString: 1 } }, open: true }],
      ['session.join', [{ lab: 'default-bridge', open: true }]],
      ['step.check', { session: 'x'.repeat(1000), step: 'y' }],
      ['rack.preview', { session: 'x', host: 'node1', port: 70_000 }],
      ['terminal.write', { terminal: '0'.repeat(32), bytes: 'text' }],
      ['terminal.write', { terminal: '0'.repeat(32), bytes: Buffer.alloc(32 * 1024 + 1) }],
      ['terminal.write', { terminal: '0'.repeat(32), text: 'x'.repeat(257) }],
      ['terminal.write', { terminal: '0'.repeat(32), text: 'x', bytes: Buffer.from('x') }],
      ['terminal.resize', { terminal: '0'.repeat(32), cols: Number.NaN, rows: '1' }],
      ['terminal.attach', { session: 'x', terminal: '../x', fromOffset: -1 }],
      ['__proto__', {}],
      ['constructor', {}],
    ]
    for (const [name, ...values] of wrong) {
      const answered = await Promise.race([
        ask(socket, name, ...values),
        new Promise((resolve) => setTimeout(resolve, 100)),
      ])
      expect([name, (answered as { ok?: boolean } | undefined)?.ok ?? false]).toEqual([name, false])
      // Nobody waits for an answer.
      socket.emit(name as 'session.join', ...(values as never as [never, never]))
    }
    for (const event of [
      [],
      [1],
      ['x', -1],
      ['0'.repeat(32), 'x'],
      [{}, {}],
      [{ length: { toString: 1 } }, 1],
      ['0'.repeat(32), 2 ** 60],
    ]) {
      socket.emit('terminal.acknowledge', ...(event as never as [string, number]))
    }
    expect(await ask(socket, 'session.join', { lab: 'default-bridge', open: false })).toMatchObject({ ok: true })
  })

  it('knows no terminal that it did not attach to', async () => {
    const socket = await house.socket()
    const terminal = 'a'.repeat(32)
    for (const [name, more] of [
      ['terminal.write', { bytes: Buffer.from('x') }],
      ['terminal.write', { text: 'x' }],
      ['terminal.resize', { cols: 80, rows: 24 }],
    ] as const) {
      expect(await ask(socket, name, { terminal, ...more })).toMatchObject({
        ok: false,
        trouble: { code: 'terminal.detached' },
      })
    }
    expect(await ask(socket, 'terminal.detach', { terminal })).toEqual({ ok: true, value: null })
  })

  it('says no to who asks without end, and goes on later', async () => {
    const socket = await house.socket()
    const many = await Promise.all(
      Array.from({ length: 150 }, () => ask(socket, 'session.join', { lab: 'default-bridge', open: false })),
    )
    const refused = many.filter((answered) => answered?.ok === false)
    expect(refused.length).toBeGreaterThan(20)
    expect(refused[0]).toMatchObject({ trouble: { code: 'request.limit' } })
    await expect
      .poll(() => ask(socket, 'session.join', { lab: 'default-bridge', open: false }), { timeout: 5000 })
      .toMatchObject({ ok: true })
  })
})

describe('messages', () => {
  it('ends a socket that sends one which is too large', async () => {
    const socket = await raw()
    socket.send(Buffer.alloc(64 * 1024 + 1))
    expect(await isClosed(socket)).toBe(true)
    expect((await house.known('/')).status).toBe(200)
  })

  it('takes a list of 2,000 people from who may lead a class, and from nobody else', async () => {
    const { people } = house.records
    const { id } = await people.createClass({ title: 'Large', labs: [] })
    await people.changeClass(id, { code: 'ABCD1234' })
    const joined = await house.post('/join', { code: 'ABCD1234', name: 'Mallory' })
    const row = (n: number) => `"${'王'.repeat(80)}${n}",${n},${'x'.repeat(200)}${n}@example.org,${'组'.repeat(60)}`
    const csv = `name,id,email,group\n${Array.from({ length: 2_000 }, (_, n) => row(n)).join('\n')}\n`
    expect(csv.length).toBeGreaterThan(600_000)
    const owner = await house.socket()
    const answered = await owner.timeout(20_000).emitWithAck('seat.add', { class: id, csv })
    expect(answered).toEqual({ ok: true, value: { added: 2_000, known: 0, changed: 0 } })
    const huge = await ask(owner as never, 'seat.add', { class: id, csv: 'x'.repeat(1024 ** 2 + 1) })
    expect(huge).toMatchObject({ ok: false, trouble: { code: 'request.invalid' } })

    const learner = await house.connect({ cookie: joined.headers['set-cookie']![0]!.split(';')[0]! })
    if (typeof learner === 'string') throw new Error(learner)
    const closed = new Promise((resolve) => learner.once('disconnect', resolve))
    learner.emit('seat.add', { class: id, csv: 'x'.repeat(64 * 1024) }, () => {})
    await closed
    expect((await house.known('/')).status).toBe(200)
  }, 60_000)

  it('ends one that sends more than anybody types', async () => {
    const flood = await raw()
    flood.send('40')
    const timer = setInterval(() => {
      for (let n = 0; n < 2000 && flood.readyState === WebSocket.OPEN; n++) flood.send('3')
    }, 5)
    try {
      expect(await isClosed(flood)).toBe(true)
    } finally {
      clearInterval(timer)
    }
    const large = await raw()
    large.send('40')
    const piece = `42["x","${'x'.repeat(60_000)}"]`
    for (let n = 0; n < 1000 && large.readyState === WebSocket.OPEN; n++) large.send(piece)
    expect(await isClosed(large)).toBe(true)
  })

  it('ends one that announces parts which never come, or speaks otherwise', async () => {
    for (const message of [
      '451000000-["terminal.write",{"_placeholder":true,"num":0}]',
      '4',
      '49',
      '42{',
      'nonsense',
      '42["x"',
    ]) {
      const socket = await raw()
      socket.send('40')
      socket.send(message)
      expect([message, await isClosed(socket)]).toEqual([message, true])
    }
    expect((await house.known('/')).status).toBe(200)
  })
})
