import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { ProcessIdentity } from '../../server/rack/record.js'
import { testState as state } from './state.js'
import { asWeb, engines, Page, processes, residentMiB, Serve, until } from './web-house.js'

let serve: Serve
let page: Page

beforeAll(async () => {
  serve = await Serve.start()
  page = await Page.open(serve)
})
afterAll(async () => {
  if (page?.view) await page.ask('session.leave', { session: page.view.id })
  page?.close()
  await serve?.end('SIGINT')
})

const path = '/socket.io/?EIO=4&transport=websocket'

function rackd(): number {
  return (JSON.parse(readFileSync(state.rackdRecord, 'utf8')) as ProcessIdentity).pid
}

/** A shell of the lab that answers at once. */
async function shell(): Promise<string> {
  const { id, terminals } = await page.lab('default-bridge')
  const terminal = terminals.find(({ atPrompt }) => atPrompt)!.id
  await page.attach(id, terminal)
  return terminal
}

async function answers(terminal: string): Promise<void> {
  const word = `w${Math.random().toString(36).slice(2)}`
  await page.type(terminal, `echo ${word.slice(0, 3)}''${word.slice(3)}\r`)
  await page.sees(terminal, new RegExp(word))
}

describe('the web process', () => {
  it('is nobody, for good', async () => {
    const id = state.webUser
    // Each thread has rights of its own (credentials(7)).
    const threads = readdirSync(`/proc/${serve.web}/task`)
    expect(threads.length).toBeGreaterThan(1)
    for (const thread of threads) {
      const status = readFileSync(`/proc/${serve.web}/task/${thread}/status`, 'utf8')
      expect(status).toMatch(new RegExp(`^Uid:\\t${id}\\t${id}\\t${id}\\t${id}$`, 'm'))
      expect(status).toMatch(new RegExp(`^Gid:\\t${id}\\t${id}\\t${id}\\t${id}$`, 'm'))
      expect(status).toMatch(/^Groups:\s*$/m)
      for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb'])
        expect(status).toMatch(new RegExp(`^${set}:\t0+$`, 'm'))
      expect(status).toMatch(/^NoNewPrivs:\t1$/m)
    }
    const { searchParams } = serve.address
    for (const file of ['cmdline', 'environ']) {
      expect(readFileSync(`/proc/${serve.web}/${file}`, 'utf8')).not.toContain(searchParams.get('token'))
    }
    for (const { command } of processes()) expect(command).not.toContain(searchParams.get('token'))
  })

  it('can read nothing of the state but its own, by no name', async () => {
    for (const place of [
      state.store,
      state.run,
      state.cache,
      state.rackdSocket,
      `${state.root}/token`,
      state.storeImage,
    ]) {
      expect([place, await asWeb('head', '-c', '1', place)]).toEqual([
        place,
        { code: 1, out: expect.stringContaining('denied') },
      ])
      expect([place, await asWeb('ls', `${place}/`)]).toEqual([
        place,
        { code: 2, out: expect.stringMatching(/denied|Not a dir/) },
      ])
    }
    expect((await asWeb('ls', state.root)).out).toContain('denied')
    expect((await asWeb('ls', state.web)).out).toContain('denied')
    for (const mapped of [`${serve.web}/root${state.store}`, `${rackd()}/root${state.store}`, `${rackd()}/cwd`]) {
      expect([mapped, (await asWeb('ls', `/proc/${mapped}/`)).code]).toEqual([mapped, 2])
    }
    expect((await asWeb('test', '-w', state.records)).code).toBe(0)
  })

  it('has no terminal to type into as if it were root', () => {
    // pid, name, state, parent, group, session, terminal: proc_pid_stat(5).
    const stat = readFileSync(`/proc/${serve.web}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
    expect(stat.slice(3, 5)).toEqual([`${serve.web}`, '0'])
    for (const fd of readdirSync(`/proc/${serve.web}/fd`)) {
      const target = readlinkSync(`/proc/${serve.web}/fd/${fd}`)
      expect([fd, target]).toEqual([fd, expect.not.stringMatching(/^\/dev\/(pts|tty|console)/)])
    }
  })

  it('can enter no rack, and read no other memory', async () => {
    await page.lab('default-bridge')
    const engine = engines()[0]!
    for (const kind of ['net', 'mnt', 'user', 'pid']) {
      const { code, out } = await asWeb(
        'nsenter',
        '--target',
        `${engine}`,
        `--${kind === 'mnt' ? 'mount' : kind}`,
        'true',
      )
      expect([kind, code]).toEqual([kind, 1])
      expect(out).toMatch(/denied|not permitted/)
    }
    for (const pid of [engine, rackd(), serve.child.pid!, serve.web, 1]) {
      for (const file of ['mem', 'environ', 'maps', 'fd/0', 'root']) {
        expect([pid, file, (await asWeb('head', '-c', '1', `/proc/${pid}/${file}`)).code]).toEqual([pid, file, 1])
      }
      if (pid !== serve.web) expect((await asWeb('sh', '-c', `kill -0 ${pid}`)).code).not.toBe(0)
    }
    for (const argv of [
      ['setpriv', '--reuid', '0', 'true'],
      ['unshare', '--net', 'true'],
      ['mount', '-t', 'tmpfs', 'x', '/mnt'],
      ['chroot', '/', 'true'],
    ]) {
      expect([argv[0], (await asWeb(...argv)).code]).not.toEqual([argv[0], 0])
    }
  })
})

describe('another rack', () => {
  it('has terminals that this one does not know', async () => {
    const other = await Page.open(serve)
    try {
      const mine = await page.lab('default-bridge')
      const theirs = await other.lab('no-network')
      const terminal = theirs.terminals[0]!.id
      const session = mine.id
      for (const [name, question] of [
        ['terminal.attach', { session, terminal }],
        ['terminal.close', { session, terminal }],
        ['terminal.write', { terminal, bytes: Buffer.from('id\r') }],
        ['terminal.resize', { terminal, cols: 10, rows: 10 }],
      ] as const) {
        const answered = await page.ask(name, question)
        expect([name, answered]).toMatchObject([
          name,
          { ok: false, trouble: { code: expect.stringMatching(/^terminal\.(not-found|detached)$/) } },
        ])
      }
      page.socket.emit('terminal.acknowledge', terminal, 10 ** 9)
      await other.attach(theirs.id, terminal)
      await other.type(terminal, 'echo still-he""re\r')
      await other.sees(terminal, /still-here/)
      expect(other.output.get(terminal)!.text).not.toContain('uid=')
      await other.value('session.leave', { session: theirs.id })
    } finally {
      other.close()
    }
  })
})

describe('two windows', () => {
  it('agree, also when one of them opens the lab anew', async () => {
    const other = await Page.open(serve)
    try {
      const first = await page.lab('no-network')
      expect((await other.lab('no-network')).id).toBe(first.id)
      await other.value('session.leave', { session: first.id })
      await until(() => page.view?.phase.name === 'closed')
      const next = await other.lab('no-network')
      expect(next.id).not.toBe(first.id)
      await until(() => page.view?.id === next.id && page.view.phase.name === 'open')
      await page.value('session.leave', { session: next.id })
      await until(() => other.view?.phase.name === 'closed')
    } finally {
      other.close()
    }
  })
})

describe('a crowd', () => {
  it('of 1,000 sockets is refused or bounded, and nobody else feels it', async () => {
    const terminal = await shell()
    const before = residentMiB(serve.web)
    const cookie = await serve.cookie()
    const { origin, host } = serve.address
    const sockets: WebSocket[] = []
    let opened = 0
    let refused = 0
    for (let n = 0; n < 1000; n++) {
      const headers = n % 2 === 0 ? { cookie, origin } : { origin: 'https://evil.example' }
      const socket = new WebSocket(`ws://${host}${path}`, { headers })
      socket.on('error', () => refused++)
      socket.on('open', () => opened++)
      sockets.push(socket)
    }
    await answers(terminal)
    await until(() => opened + refused >= 1000)
    expect(opened).toBeLessThanOrEqual(63)
    await answers(terminal)
    expect((await serve.get('/api/catalogue')).status).toBe(200)
    expect(residentMiB(serve.web) - before).toBeLessThan(32)
    for (const socket of sockets) socket.terminate()
    await until(async () => {
      const late = await Page.open(serve).catch(() => undefined)
      late?.close()
      return late !== undefined
    })
  })

  it('of messages that are too large, or of no kind, ends its own socket alone', async () => {
    const terminal = await shell()
    const cookie = await serve.cookie()
    const { origin, host } = serve.address
    let before = 0
    for (let n = 0; n < 40; n++) {
      // Warm by then: what comes is what is kept of messages.
      if (n === 20) before = residentMiB(serve.web)
      const socket = new WebSocket(`ws://${host}${path}`, { headers: { cookie, origin } })
      socket.on('error', () => {})
      await new Promise((resolve) => socket.once('open', resolve))
      socket.send(Buffer.alloc(8 * 1024 ** 2))
      await new Promise((resolve) => socket.once('close', resolve))
    }
    await answers(terminal)
    expect(residentMiB(serve.web) - before).toBeLessThan(32)
  })
})

describe('a slow client', () => {
  it('that acknowledges nothing gets no more than its window, and holds nobody up', async () => {
    const terminal = await shell()
    const { id } = page.view!
    const slow = await Page.open(serve)
    slow.acknowledges = false
    try {
      await slow.value('session.join', { lab: 'default-bridge', open: false })
      await slow.attach(id, terminal)
      const before = residentMiB(serve.web)
      const start = page.output.get(terminal)!.end
      await page.type(terminal, 'head -c 30000000 /dev/zero | tr "\\0" y; echo; echo do""ne\r')
      await page.sees(terminal, /done/, 60_000)
      expect(page.output.get(terminal)!.end - start).toBeGreaterThan(30_000_000)
      expect(page.output.get(terminal)!.wrong).toEqual([])
      const got = slow.output.get(terminal)!
      expect(got.end).toBeLessThan(start + 1024 ** 2)
      expect(residentMiB(serve.web) - before).toBeLessThan(32)
    } finally {
      slow.close()
    }
  })

  it('that reads nothing, and yet acknowledges all, is cut off', async () => {
    const terminal = await shell()
    const { id: session } = page.view!
    const { origin, host } = serve.address
    const stalled = new WebSocket(`ws://${host}${path}`, { headers: { cookie: await serve.cookie(), origin } })
    let ended = false
    stalled.on('error', () => {})
    stalled.on('close', () => {
      ended = true
    })
    await new Promise((resolve) => stalled.once('message', resolve))
    stalled.send('40')
    await new Promise((resolve) => stalled.once('message', resolve))
    const before = residentMiB(serve.web)
    stalled.send(`421["terminal.attach",${JSON.stringify({ session, terminal })}]`)
    await sleep(300)
    stalled.pause()
    await page.type(terminal, 'yes ABCDEFGHIJKLMNOPQRSTUVWXYZ\r')
    let most = 0
    // A number that was given before is not passed on.
    let claimed = 2 ** 50
    const timer = setInterval(() => {
      if (stalled.readyState === WebSocket.OPEN) stalled.send(`42["terminal.acknowledge","${terminal}",${claimed++}]`)
      most = Math.max(most, residentMiB(serve.web) - before)
    }, 2)
    try {
      // Paused, it doesn't see its own end: the kernel does.
      await until(() => ended || stalled.readyState !== WebSocket.OPEN || !isConnected(stalled), 40_000)
      expect(most).toBeLessThan(48)
    } finally {
      clearInterval(timer)
      stalled.terminate()
      await page.type(terminal, '\x03')
    }
    await answers(terminal)
    expect(page.output.get(terminal)!.wrong).toEqual([])
  })
})

/** The other side still holds this connection (field 4 of /proc/net/tcp: 01 is ESTABLISHED). */
function isConnected(socket: WebSocket): boolean {
  const { localPort } = (socket as unknown as { _socket: { localPort: number } })._socket
  const port = Number(serve.address.port).toString(16).toUpperCase().padStart(4, '0')
  const local = (localPort ?? 0).toString(16).toUpperCase().padStart(4, '0')
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .some((line) => new RegExp(`0100007F:${port} 0100007F:${local} 01 `).test(line))
}
