import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { PtyHostClient } from '../../server/terminal/client.js'
import { RecordedView } from './recorded-view.js'
import { cookedScript, newDirectory, openTerminal, script } from './running-pty-host.js'

const dist = (file: string) => fileURLToPath(new URL(`../../dist/${file}`, import.meta.url))
const MIB = 1024 * 1024

interface PtyHostProcess {
  socket: string
  child: ChildProcess
  config: string
}

function writeConfig(host: { argv: string[] }, more: object = {}): { socket: string; config: string } {
  const directory = newDirectory()
  const socket = join(directory, 'socket')
  const config = join(directory, 'config.json')
  writeFileSync(config, JSON.stringify({ socket, rack: 'test', hosts: { h: host }, ...more }))
  return { socket, config }
}

function start(host: { argv: string[] }, more: object = {}): PtyHostProcess {
  const { socket, config } = writeConfig(host, more)
  const child = spawn(process.execPath, [dist('terminal/pty-host-main.js'), config], { stdio: 'ignore' })
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  })
  return { socket, child, config }
}

async function connectSoon(socket: string): Promise<PtyHostClient> {
  let client: PtyHostClient | undefined
  const attempt = () => PtyHostClient.connect(socket).then((connected) => (client = connected))
  await expect.poll(attempt, { timeout: 10_000, interval: 20 }).toBeDefined()
  return client as PtyHostClient
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('the pty host process', () => {
  it('ends on SIGTERM with all its children, and removes its socket', async () => {
    const { socket, child } = start(
      cookedScript('[ -e /dev/null ] && trap "" HUP; echo pid=$$; while :; do sleep 1; done'),
      {
        socketMode: 0o660,
      },
    )
    const client = await connectSoon(socket)
    await expect.poll(() => statSync(socket).mode & 0o777).toBe(0o660)
    const pids: number[] = []
    for (let count = 0; count < 3; count++) {
      const view = await RecordedView.attach(client, await openTerminal(client))
      await view.untilText(/pid=\d+\r\n/)
      pids.push(Number(/pid=(\d+)/.exec(view.text)?.[1]))
    }
    expect(pids.map(alive)).toEqual([true, true, true])
    const gone = new Promise<void>((resolve) => client.onClose(resolve))
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
    await gone
    expect(pids.map(alive)).toEqual([false, false, false])
    expect(existsSync(socket)).toBe(false)
  })

  it('ends by itself when its config is removed, with the rack it served', async () => {
    const { socket, child, config } = start(cookedScript('sleep 600'))
    const exited = once(child, 'exit')
    await connectSoon(socket)
    rmSync(config)
    expect(await exited).toEqual([0, null])
    expect(existsSync(socket)).toBe(false)
  })

  it('ends when a client asks it to, and answers first', async () => {
    const { socket, child } = start(script('exec cat'))
    const client = await connectSoon(socket)
    await openTerminal(client)
    const exit = once(child, 'exit')
    await client.shutdown()
    expect(await exit).toEqual([0, null])
    expect(existsSync(socket)).toBe(false)
  })

  it('outlives a client that is killed, and what that client held back goes on', async () => {
    const { socket } = start(script('while :; do head -c 1000000 /dev/zero; done'))
    const client = await connectSoon(socket)
    const id = await openTerminal(client)
    const program = `
      const { PtyHostClient } = await import(${JSON.stringify(dist('terminal/client.js'))})
      const client = await PtyHostClient.connect(${JSON.stringify(socket)})
      await client.attach(${JSON.stringify(id)}, { onData() { console.log('data') } })`
    const other = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(other.stdout, 'data')
    other.kill('SIGKILL')
    await once(other, 'exit')
    const end = async () => (await client.list())[0]?.endOffset ?? 0
    const before = await end()
    await expect.poll(end).toBeGreaterThan(before)
    const view = await RecordedView.attach(client, id)
    await view.untilReceived(3 * MIB)
    expect(view.gaps).toEqual([])
  })

  it('outlives its parent, and the pipes to it', async () => {
    const { socket, config } = writeConfig(script('echo ready; exec cat'))
    const program = `require('child_process').spawn(process.execPath, ${JSON.stringify([dist('terminal/pty-host-main.js'), config])}, { stdio: 'pipe' })`
    const parent = spawn(process.execPath, ['-e', program], { stdio: 'ignore' })
    const client = await connectSoon(socket)
    parent.kill('SIGKILL')
    await once(parent, 'exit')
    const view = await RecordedView.attach(client, await openTerminal(client))
    await view.untilText('ready')
    await client.shutdown()
    await expect.poll(() => existsSync(socket)).toBe(false)
  })

  it('takes bounded memory while 64 MiB flow', async () => {
    const { socket, child } = start(script(`echo ready; head -c 1 >/dev/null; head -c ${64 * MIB} /dev/zero`))
    const memory = (field: string) =>
      Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) * 1024
    const client = await connectSoon(socket)
    const before = memory('VmRSS')
    const view = await RecordedView.attach(client, await openTerminal(client))
    // Nothing flows before somebody looks: of that the record keeps the end alone.
    await view.untilText('ready\n')
    const greeting = view.received
    await view.attachment.write('x')
    await view.untilExit()
    expect(view.received - greeting).toBe(64 * MIB)
    expect(memory('VmHWM') - before).toBeLessThan(128 * MIB)
  })

  it('says in one line why it cannot start', async () => {
    const { socket, config } = start(script('exec cat'))
    await connectSoon(socket)
    for (const [args, reason] of [
      [[config], /another server/],
      [[], /usage/],
      [[join(config, 'none')], /ENOTDIR/],
    ] as const) {
      const second = spawn(process.execPath, [dist('terminal/pty-host-main.js'), ...args], {
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      let complaint = ''
      second.stderr.on('data', (chunk) => (complaint += chunk))
      expect(await once(second, 'close')).toEqual([1, null])
      expect(complaint).toMatch(reason)
      expect(complaint.trim().split('\n')).toHaveLength(1)
    }
  })
})
