import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { VethlabError } from '../../server/error/vethlab-error.js'
import { type Channel, dial, type ListenOptions, listen } from '../../server/rpc/channel.js'

function newSocketPath(): string {
  const directory = mkdtempSync(join(tmpdir(), 'vethlab-rpc-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  return join(directory, 'socket')
}

async function serve(onChannel: ListenOptions['onChannel'], path = newSocketPath()): Promise<string> {
  const listener = await listen(path, { onChannel })
  onTestFinished(() => listener.close())
  return path
}

async function connected(onChannel: ListenOptions['onChannel']): Promise<Channel> {
  const channel = await dial(await serve(onChannel))
  onTestFinished(() => channel.close())
  return channel
}

const fails = (code: string, more: object = {}) => expect.objectContaining({ name: 'VethlabError', code, ...more })
const closed = (channel: Channel) => new Promise<void>((resolve) => channel.onClose(resolve))

describe('requests', () => {
  it('carry bytes as bytes, in both directions', async () => {
    const bytes = randomBytes(3 * 1024 * 1024)
    const channel = await connected((peer) => {
      peer.handle('hash', z.object({ bytes: z.instanceof(Uint8Array) }), (params) => ({
        hash: createHash('sha256').update(params.bytes).digest('hex'),
        back: params.bytes,
      }))
    })
    const answer = await channel.request<{ hash: string; back: Uint8Array }>('hash', { bytes: new Uint8Array(bytes) })
    expect(answer.hash).toBe(createHash('sha256').update(bytes).digest('hex'))
    expect(Buffer.compare(answer.back, bytes)).toBe(0)
  })

  it('bring a VethlabError back as it was', async () => {
    const thrown = new VethlabError('host.boot-failed', 'it is tired', { place: 'hosts.node1', cure: 'Let it sleep.' })
    const channel = await connected((peer) => {
      peer.handle('boot', z.object({}), () => Promise.reject(thrown))
    })
    const error = await channel.request('boot', {}).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(VethlabError)
    expect(error).toMatchObject({ code: thrown.code, place: thrown.place, cure: thrown.cure, message: thrown.message })
  })

  it('tell a bug in one line, without the stack', async () => {
    const channel = await connected((peer) => {
      peer.handle('bug', z.object({}), () => {
        throw new TypeError('first line\nat secret.ts:1')
      })
    })
    const error = (await channel.request('bug', {}).catch((reason: unknown) => reason)) as Error
    expect(error).not.toBeInstanceOf(VethlabError)
    expect(error.message).toBe('first line at secret.ts:1')
  })

  it('name the parameter that does not fit', async () => {
    const channel = await connected((peer) => {
      peer.handle('size', z.strictObject({ grid: z.object({ cols: z.number() }) }), () => {})
    })
    await expect(channel.request('size', { grid: { cols: 'x' } })).rejects.toEqual(
      fails('argument.invalid', { place: 'size.grid.cols' }),
    )
    await expect(channel.request('size', { grid: { cols: 1 }, more: 2 })).rejects.toEqual(
      fails('argument.invalid', { place: 'size.more' }),
    )
    await expect(channel.request('nothing', {})).rejects.toThrow('no method "nothing"')
  })

  it('are refused when too large, and the connection goes on', async () => {
    const channel = await connected((peer) => {
      peer.handle('take', z.object({}), () => 'taken')
      peer.handle('give', z.object({}), () => ({ bytes: Buffer.alloc(9 * 1024 * 1024) }))
    })
    await expect(channel.request('take', { bytes: Buffer.alloc(9 * 1024 * 1024) })).rejects.toEqual(
      fails('argument.invalid'),
    )
    await expect(channel.request('give', {})).rejects.toThrow('the message has')
    expect(await channel.request('take', {})).toBe('taken')
  })

  it('end at their deadline or by their signal, and tell the handler', async () => {
    let aborted = 0
    const channel = await connected((peer) => {
      peer.handle('wait', z.object({}), (_params, { signal }) => {
        if (signal.aborted) aborted++
        signal.addEventListener('abort', () => aborted++)
        return new Promise(() => {})
      })
    })
    await expect(channel.request('wait', {}, { timeoutMs: 20 })).rejects.toEqual(fails('rackd.unreachable'))
    const giveUp = new AbortController()
    const request = channel.request('wait', {}, { signal: giveUp.signal })
    giveUp.abort(new Error('changed my mind'))
    await expect(request).rejects.toThrow('changed my mind')
    await expect.poll(() => aborted).toBe(2)
  })

  it('are rejected when either side closes, and so are later ones', async () => {
    const peers: Channel[] = []
    const aborted: boolean[] = []
    const onChannel = (peer: Channel) => {
      peers.push(peer)
      peer.handle('wait', z.object({}), (_params, { signal }) => {
        signal.addEventListener('abort', () => aborted.push(true))
        return new Promise(() => {})
      })
    }
    const path = await serve(onChannel)
    const ours = await dial(path)
    const pending = ours.request('wait', {})
    await expect.poll(() => peers.length).toBe(1)
    peers[0]?.close()
    await expect(pending).rejects.toEqual(fails('rackd.unreachable', { place: path }))
    await expect(ours.request('wait', {})).rejects.toEqual(fails('rackd.unreachable'))

    const other = await dial(path)
    const pendingToo = other.request('wait', {})
    pendingToo.catch(() => {})
    await expect.poll(() => peers.length).toBe(2)
    other.close()
    await expect(pendingToo).rejects.toEqual(fails('rackd.unreachable'))
    await expect.poll(() => aborted.length).toBeGreaterThan(0)
  })
})

describe('notifications', () => {
  it('arrive in order and in full, even when the sender closes at once', async () => {
    const received: number[] = []
    const channel = await connected((peer) => {
      peer.handle('go', z.object({}), () => {
        for (let number = 0; number < 1_000; number++) peer.notify('count', { number })
        peer.close()
      })
    })
    channel.onNotification('count', z.object({ number: z.number() }), ({ number }) => received.push(number))
    channel.request('go', {}).catch(() => {})
    await closed(channel)
    expect(received).toEqual(Array.from({ length: 1_000 }, (_, number) => number))
  })

  it('that do not fit are dropped', async () => {
    const received: unknown[] = []
    const channel = await connected((peer) => {
      peer.onNotification('count', z.object({ number: z.number() }), (params) => received.push(params))
      peer.handle('sync', z.object({}), () => {})
    })
    channel.notify('count', { number: 'x' })
    channel.notify('unknown', {})
    channel.notify('count', { number: 1 })
    await channel.request('sync', {})
    expect(received).toEqual([{ number: 1 }])
  })
})

describe('a hostile peer', () => {
  const msgpackOfNumber = Buffer.from('Content-Length: 1\r\n\r\n\x05', 'latin1')
  it.each([
    ['garbage', randomBytes(100_000)],
    ['a huge frame', Buffer.from('Content-Length: 99999999999\r\n\r\n')],
    ['a body that is no message', msgpackOfNumber],
    ['a body that is no MessagePack', Buffer.from('Content-Length: 3\r\n\r\n\xc1\xc1\xc1', 'latin1')],
    ['a cancellation of nothing', Buffer.from('Content-Length: 24\r\n\r\n\x81\xa6method\xaf$/cancelRequest', 'latin1')],
  ])('that sends %s loses its own connection only', async (_what, bytes) => {
    const path = await serve((peer) => peer.handle('ping', z.object({}), () => 'pong'))
    const channel = await dial(path)
    onTestFinished(() => channel.close())
    const hostile = connect(path)
    hostile.on('error', () => {})
    hostile.resume()
    hostile.write(bytes)
    await new Promise((resolve) => hostile.on('close', resolve))
    expect(await channel.request('ping', {})).toBe('pong')
  })

  it('that sends faster than is handled is slowed down, and all arrives', async () => {
    let received = 0
    const channel = await connected((peer) => {
      peer.onNotification('tick', z.object({}), () => received++)
      peer.handle('sync', z.object({}), () => received)
    })
    for (let count = 0; count < 5_000; count++) channel.notify('tick', {})
    expect(await channel.request('sync', {})).toBe(5_000)
  })
})

describe('a server', () => {
  it('ends a connection whose message stays unfinished, and no other', async () => {
    const path = newSocketPath()
    const listener = await listen(path, {
      frameMs: 200,
      onChannel: (peer) => peer.handle('ping', z.object({}), () => 'pong'),
    })
    onTestFinished(() => listener.close())
    const channel = await dial(path)
    onTestFinished(() => channel.close())
    for (const beginning of ['Content-Le', `Content-Length: ${8 * 1024 * 1024}\r\n\r\n`]) {
      const slow = connect(path)
      slow.on('error', () => {})
      slow.resume()
      slow.write(beginning)
      // Bytes that come one by one don't make it finished.
      const timer = setInterval(() => slow.write('x'), 50)
      onTestFinished(() => clearInterval(timer))
      await new Promise((resolve) => slow.on('close', resolve))
    }
    expect(await channel.request('ping', {})).toBe('pong')
  })

  it('has no more connections than it wants, and room again when one goes', async () => {
    const path = newSocketPath()
    const listener = await listen(path, {
      maxConnections: 2,
      onChannel: (peer) => peer.handle('ping', z.object({}), () => 'pong'),
    })
    onTestFinished(() => listener.close())
    const [first, second] = [await dial(path), await dial(path)]
    expect([await first.request('ping', {}), await second.request('ping', {})]).toEqual(['pong', 'pong'])
    const third = await dial(path)
    await expect(third.request('ping', {})).rejects.toEqual(fails('rackd.unreachable'))
    first.close()
    await expect
      .poll(async () => (await dial(path)).request('ping', {}).catch(() => 'refused'), { timeout: 5_000 })
      .toBe('pong')
    second.close()
  })
})

describe('what is handled at once', () => {
  it('is in order, answers requests, and tells what was wrong', async () => {
    const seen: string[] = []
    const channel = await connected((peer) => {
      peer.handleAtOnce('type', z.object({ text: z.string().max(5) }), ({ text }) => {
        if (text === 'no') throw new VethlabError('terminal.limit', 'too much', { place: 'here', cure: 'Wait.' })
        seen.push(text)
      })
    })
    const answers = ['a', 'b', 'no', 'much too long', 'c'].map((text) => channel.request('type', { text }))
    channel.notify('type', { text: 'd' })
    channel.notify('type', { text: 'no' })
    channel.notify('type', { text: 5 })
    const settled = await Promise.allSettled([...answers, channel.request('type', { text: 'e' })])
    expect(settled.map((each) => (each.status === 'fulfilled' ? 'ok' : each.reason.code))).toEqual([
      'ok',
      'ok',
      'terminal.limit',
      'argument.invalid',
      'ok',
      'ok',
    ])
    expect(seen).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it('is asked for past the queue, with receipts that may come behind what is of more interest', async () => {
    const order: string[] = []
    let peer: Channel | undefined
    const channel = await connected((served) => {
      peer = served
      const type = z.object({ text: z.string().max(5) })
      const handle = ({ text }: { text: string }) => {
        if (text === 'no') throw new VethlabError('terminal.limit', 'too much', { place: 'here', cure: 'Wait.' })
        setImmediate(() => served.notify('echo', { text }))
      }
      served.handleAtOnce('type', type, handle, { answerAfterMs: 200 })
    })
    channel.handleAtOnce('echo', z.object({ text: z.string() }), ({ text }) => order.push(`echo ${text}`))
    const receipt = channel.requestAtOnce('type', { text: 'a' }).then(() => order.push('receipt'))
    await expect(channel.requestAtOnce('type', { text: 'no' })).rejects.toMatchObject({ code: 'terminal.limit' })
    await expect(channel.requestAtOnce('type', { text: 5 })).rejects.toMatchObject({ code: 'argument.invalid' })
    await receipt
    expect(order).toEqual(['echo a', 'receipt'])
    const late = channel.requestAtOnce('type', { text: 'b' })
    peer?.close()
    await expect(late).rejects.toMatchObject({ code: 'rackd.unreachable' })
    await expect(channel.requestAtOnce('type', { text: 'c' })).rejects.toMatchObject({ code: 'rackd.unreachable' })
  })
})

describe('the socket file', () => {
  it('has the mode asked for, and goes with the server', async () => {
    const path = newSocketPath()
    const umask = process.umask()
    const first = await listen(path, { onChannel() {} })
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(process.umask()).toBe(umask)
    await first.close()
    expect(existsSync(path)).toBe(false)
    const second = await listen(path, { mode: 0o660, onChannel() {} })
    expect(statSync(path).mode & 0o777).toBe(0o660)
    await second.close()
  })

  it('of a dead server is replaced, that of a living one is not', async () => {
    const path = newSocketPath()
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`
    const other = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(other.stdout, 'data')
    await expect(listen(path, { onChannel() {} })).rejects.toEqual(fails('rackd.running', { place: path }))
    other.kill('SIGKILL')
    await once(other, 'exit')
    expect(existsSync(path)).toBe(true)
    await serve((peer) => peer.handle('ping', z.object({}), () => 'pong'), path)
    const channel = await dial(path)
    expect(await channel.request('ping', {})).toBe('pong')
    channel.close()
  })

  it('is never another file', async () => {
    const path = newSocketPath()
    writeFileSync(path, 'precious')
    await expect(listen(path, { onChannel() {} })).rejects.toEqual(fails('argument.invalid', { place: path }))
    expect(statSync(path).size).toBe(8)
  })

  it('has a path that fits into a socket address', async () => {
    const path = `/tmp/${'x'.repeat(103)}`
    await expect(listen(path, { onChannel() {} })).rejects.toEqual(fails('argument.invalid'))
    await expect(dial(path)).rejects.toEqual(fails('argument.invalid'))
  })

  it('that is missing makes dialling fail with its place', async () => {
    const path = newSocketPath()
    await expect(dial(path)).rejects.toEqual(fails('rackd.unreachable', { place: path }))
    await expect(listen(join(path, 'no', 'such'), { onChannel() {} })).rejects.toEqual(fails('rackd.unreachable'))
  })
})
