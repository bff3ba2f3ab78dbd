import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fromPackage } from '../../server/package-root.js'
import type { RackInfo } from '../../server/racks/racks.js'
import { RackdProcess } from './rackd-process.js'
import { testState as state } from './state.js'

/** What commands do on signals: one rule for all of them, and nothing of what they had begun is left. */

let rackd: RackdProcess
let rack: RackInfo
let scratch: string

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'vethlab-signals-'))
  rackd = await RackdProcess.start(state, '--pool-docker', '0', '--pool-plain', '0')
  rack = await rackd.racks.open({
    hosts: { node1: 'docker', laptop: 'plain' },
    lans: { lan: { subnet: '192.168.1.0/24', at: { node1: '.11', laptop: '.50' } } },
  })
  await rackd.racks.exec(rack.id, 'node1', ['docker', 'run', '-d', '--name', 'web', '-p', '8080:80', 'nginx'])
})
afterAll(async () => {
  rmSync(scratch, { recursive: true, force: true })
  if (rack) await rackd.racks.close(rack.id)
  if (rackd?.child.exitCode === null) await rackd.end('SIGTERM')
})

interface Command {
  child: ChildProcess
  said(): string
}

/** Started, and ready for signals: Node catches one only once a command asks for it. */
async function start(...args: string[]): Promise<Command> {
  const child = spawn(process.execPath, [fromPackage('dist/main.js'), ...args], {
    env: { ...process.env, VETHLAB_STATE: state.root },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on('data', (bytes) => {
      text += bytes
    })
  }
  const caught = () => Number.parseInt(/^SigCgt:\s+([0-9a-f]+)$/m.exec(statusOf(child.pid!))?.[1]?.slice(-4) ?? '0', 16)
  // Bit n - 1 is signal n (proc_pid_status(5)).
  await expect.poll(() => caught() & 1, { timeout: 60_000 }).toBe(1)
  return { child, said: () => text }
}

function statusOf(pid: number): string {
  return existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, 'utf8') : ''
}

async function end({ child, said }: Command, signal: NodeJS.Signals): Promise<void> {
  expect(child.exitCode, said()).toBeNull()
  const exited = once(child, 'exit')
  child.kill(signal)
  expect(await exited, said()).toEqual([128 + constants.signals[signal], null])
}

async function tables(): Promise<string> {
  const lists = await Promise.all(
    rack.hosts.map(({ name }) => rackd.racks.exec(rack.id, name, ['nft', 'list', 'tables'])),
  )
  return (
    lists
      .map(({ stdout }) => stdout)
      .join('')
      .match(/vethlab-trace\S*/g)
      ?.join(' ') ?? ''
  )
}

/** Processes of rackd's that watch packets. */
function watchers(): string[] {
  const isChild = new RegExp(`^PPid:\\s+${rackd.child.pid}$`, 'm')
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && isChild.test(statusOf(Number(pid))) && commandLine(pid).includes('observe-packet.pl')
    } catch {
      // It ended meanwhile.
      return false
    }
  })
}

function commandLine(pid: string): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
}

async function left(): Promise<string> {
  return `${watchers().join(' ')} ${await tables()}`.trim()
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

describe.each(signals)('%s', (signal) => {
  it('ends a trace on its way', async () => {
    // Nobody has that address: the packet is waited for.
    const command = await start('trace', rack.id, 'laptop', '192.168.1.77')
    await expect.poll(watchers, { timeout: 60_000, interval: 20 }).not.toEqual([])
    await end(command, signal)
    await expect.poll(left, { timeout: 10_000 }).toBe('')
    expect(command.said()).toBe('')
  })

  it('ends a diagnosis', async () => {
    const command = await start('diagnose', rack.id, 'node1/web')
    await end(command, signal)
    await expect.poll(left, { timeout: 10_000 }).toBe('')
    expect(command.said()).toBe('')
  })
})

it.each([
  ['SIGTERM', () => ['test', 'no-network']],
  ['SIGHUP', () => ['grade', 'no-network', join(scratch, 'submission.sh')]],
  ['SIGINT', () => ['bench', 'checks', '--runs', '1']],
] as const)('%s ends a command that has racks of its own, with its racks', async (signal, args) => {
  writeFileSync(join(scratch, 'submission.sh'), '#!/bin/sh\nsleep infinity\n', { mode: 0o755 })
  const racks = () => readdirSync(state.racks).toSorted()
  const before = racks()
  const command = await start(...args())
  await expect.poll(() => racks().length, { timeout: 60_000 }).toBeGreaterThan(before.length)
  await end(command, signal)
  expect(racks()).toEqual(before)
})
