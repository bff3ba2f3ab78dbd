import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { RecordedView } from './recorded-view.js'
import { cookedScript, openTerminal, script, startPtyHost } from './running-pty-host.js'

const fails = (code: string, more: object = {}) => expect.objectContaining({ name: 'VethlabError', code, ...more })

describe('the size', () => {
  const reporter = cookedScript(
    'trap "echo size $(stty size); stty size" WINCH; echo ready; while :; do sleep 0.02; done',
  )

  it('is clamped, announced to all viewers, and reaches the program', async () => {
    const client = await (await startPtyHost(reporter)).connect()
    const id = await openTerminal(client)
    const one = await RecordedView.attach(client, id)
    const other = await RecordedView.attach(client, id)
    await one.untilText('ready')
    await one.attachment.resize(10_000, 0)
    await one.untilText(/\r\n1 500\r\n/)
    expect([one.sizes, other.sizes]).toEqual([[{ cols: 500, rows: 1 }], [{ cols: 500, rows: 1 }]])
    await other.attachment.resize(1.5, 40.9)
    await one.untilText(/\r\n40 2\r\n/)
    expect((await client.list())[0]).toMatchObject({ cols: 2, rows: 40 })
  })

  it('changes once for many requests, to the last one', async () => {
    const client = await (await startPtyHost(reporter)).connect()
    const view = await RecordedView.attach(client, await openTerminal(client))
    await view.untilText('ready')
    await Promise.all(Array.from({ length: 50 }, (_, step) => view.attachment.resize(100 + step, 30)))
    await view.untilText(/\r\n30 149\r\n/)
    expect(view.sizes.at(-1)).toEqual({ cols: 149, rows: 30 })
    expect(view.sizes.length).toBeLessThan(10)
  })

  it('is a number', async () => {
    const client = await (await startPtyHost(script('sleep 1000'))).connect()
    const view = await RecordedView.attach(client, await openTerminal(client))
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, '80' as unknown as number]) {
      await expect(view.attachment.resize(bad, 24)).rejects.toEqual(fails('argument.invalid', { place: 'resize.cols' }))
    }
    await expect(client.open({ host: 'h', cols: 80, rows: Number.NaN })).rejects.toEqual(fails('argument.invalid'))
  })
})

describe('terminals', () => {
  it('are made of known hosts, up to a limit', async () => {
    const client = await (await startPtyHost(script('sleep 1000'), { maxTerminals: 2 })).connect()
    await expect(client.open({ host: 'nobody', cols: 80, rows: 24 })).rejects.toEqual(fails('host.not-found'))
    await expect(client.open({ host: '__proto__', cols: 80, rows: 24 })).rejects.toEqual(fails('host.not-found'))
    const first = await openTerminal(client)
    const second = await openTerminal(client)
    expect(first).toMatch(/^[0-9a-f]{32}$/)
    expect(second).not.toBe(first)
    await expect(openTerminal(client)).rejects.toEqual(fails('terminal.limit'))
    await client.close(first)
    await openTerminal(client)
    expect(await client.list()).toHaveLength(2)
  })

  it('that do not exist cannot be used', async () => {
    const client = await (await startPtyHost(script('sleep 1000'))).connect()
    const none = 'f'.repeat(32)
    await expect(client.attach(none, { onData() {} })).rejects.toEqual(fails('terminal.not-found'))
    await expect(client.close(none)).rejects.toEqual(fails('terminal.not-found'))
    await expect(client.close('../x')).rejects.toEqual(fails('argument.invalid'))
    const id = await openTerminal(client)
    await expect(client.attach(id, { fromOffset: 1e9, onData() {} })).rejects.toEqual(fails('argument.invalid'))
  })

  it('whose program cannot be started tell so and end', async () => {
    const client = await (await startPtyHost({ argv: ['/no/such/program'] })).connect()
    const view = await RecordedView.attach(client, await openTerminal(client))
    expect(await view.untilExit()).toEqual({ exitCode: 1, signal: null })
    expect(view.text).toContain('No such file')
  })

  it('see nothing of the pty host but what they need', async () => {
    process.env.VETHLAB_SECRET = 'hidden'
    const client = await (await startPtyHost({ argv: ['env'] })).connect()
    const view = await RecordedView.attach(client, await openTerminal(client))
    await view.untilExit()
    delete process.env.VETHLAB_SECRET
    expect(view.text).toContain('TERM=xterm-256color')
    expect(view.text).not.toContain('hidden')
  })

  it('close by hang-up, or by force, and tell their viewers', async () => {
    const stubborn = 'trap "" HUP; echo ready; while :; do sleep 1; done'
    for (const [host, signal] of [
      [cookedScript('echo ready; exec sleep 1000'), 'SIGHUP'],
      [cookedScript(stubborn), 'SIGKILL'],
    ] as const) {
      const client = await (await startPtyHost(host)).connect()
      const id = await openTerminal(client)
      const view = await RecordedView.attach(client, id)
      await view.untilText('ready')
      await client.close(id)
      expect(await view.untilExit()).toEqual({ exitCode: null, signal })
      expect(await client.list()).toEqual([])
    }
  })

  it('are forgotten by a viewer that detaches', async () => {
    const client = await (await startPtyHost(script('echo ready; exec cat'))).connect()
    const id = await openTerminal(client)
    const [leaving, staying] = [await RecordedView.attach(client, id), await RecordedView.attach(client, id)]
    await staying.untilText('ready')
    await leaving.untilText('ready')
    leaving.attachment.detach()
    await staying.attachment.write('more')
    await staying.untilText('more')
    expect(leaving.text).not.toContain('more')
    await expect(leaving.attachment.write('x')).rejects.toEqual(fails('terminal.not-found'))
  })

  it('run on without viewers after a connection that held them back is gone', async () => {
    const host = await startPtyHost(script('head -c 5000000 /dev/zero'))
    const holding = await host.connect()
    const view = await RecordedView.attach(holding, await openTerminal(holding), { acknowledge: 'by hand' })
    await view.untilReceived(500_000)
    const other = await host.connect()
    await sleep(50)
    expect((await other.list())[0]?.exited).toBeUndefined()
    holding.disconnect()
    await expect.poll(async () => (await other.list())[0]?.exited, { timeout: 10_000 }).toBeDefined()
  })

  it('survive garbage on the socket', async () => {
    const host = await startPtyHost(script('echo ready; exec cat'))
    const client = await host.connect()
    const view = await RecordedView.attach(client, await openTerminal(client))
    await view.untilText('ready')
    const hostile = connect(host.socket)
    hostile.on('error', () => {})
    hostile.end(randomBytes(1_000_000))
    await new Promise((resolve) => hostile.on('close', resolve))
    await view.attachment.write('alive')
    await view.untilText('alive')
  })
})
