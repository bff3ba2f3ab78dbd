import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cgroupMode } from '../../server/machine/cgroup.js'
import { RackdClient } from '../../server/node/rackd-client.js'
import { fromPackage } from '../../server/package-root.js'
import { Cgroups } from '../../server/rack/cgroup.js'
import { requireGolden } from '../../server/rack/golden/golden.js'
import { isAlive, type ProcessIdentity } from '../../server/rack/record.js'
import { Store } from '../../server/rack/store.js'
import type { RackInfo } from '../../server/racks/racks.js'
import { testState as state } from './state.js'
import { Page, processes, Serve } from './web-house.js'

/** What vethlab's own processes let others know, while somebody works in a lab. */

let serve: Serve
let page: Page
let racks: RackdClient
let rack: RackInfo

beforeAll(async () => {
  // Whoever starts it may have any.
  const umask = process.umask(0)
  serve = await Serve.start().finally(() => process.umask(umask))
  page = await Page.open(serve)
  const { id, terminals } = await page.lab('default-bridge')
  await page.attach(id, terminals[0]!.id)
  racks = new RackdClient(state.rackdSocket)
  rack = (await racks.list()).find(({ label }) => label.includes(id))!
})
afterAll(leave)

let left = false
async function leave(): Promise<void> {
  if (left) return
  left = true
  if (page?.view) await page.ask('session.leave', { session: page.view.id })
  page?.close()
  await racks?.disconnect()
  await serve?.end('SIGINT')
}

const rackd = () => (JSON.parse(readFileSync(state.rackdRecord, 'utf8')) as ProcessIdentity).pid

/** serve, the web, rackd and all that they started, down to the host's own processes, and the rack's pty host. */
function ours(): { pid: number; command: string }[] {
  const family = new Set([serve.child.pid!, rackd()])
  const all = processes()
  for (let before = 0; before < family.size; ) {
    before = family.size
    for (const { pid, parent } of all) if (family.has(parent)) family.add(pid)
  }
  return all.filter(({ pid, command }) => family.has(pid) || command.startsWith(`vethlab pty-host ${rack.id}`))
}

const ptyHost = () => processes().find(({ command }) => command.startsWith(`vethlab pty-host ${rack.id}`))!.pid
const of = (pid: number, file: string) => readFileSync(`/proc/${pid}/${file}`, 'utf8')

const v2 = cgroupMode() === 'v2'
const [processors, weightFile] = v2 ? ['/sys/fs/cgroup', 'cpu.weight'] : ['/sys/fs/cgroup/cpu', 'cpu.shares']
/** Of a process, where weights on the processors are. */
const groupOf = (pid: number) => (v2 ? /^0::(.*)$/m : /^\d+:(?:.*,)?cpu(?:,.*)?:(.*)$/m).exec(of(pid, 'cgroup'))?.[1]

describe('the token', () => {
  it('is in no command line and no environment of the machine, and in no log', () => {
    const token = serve.address.searchParams.get('token')!
    expect(token.length).toBeGreaterThan(30)
    const places = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`])
    const logs = execFileSync('find', [state.run, state.records, state.web, '-xdev', '-type', 'f'])
      .toString()
      .trim()
      .split('\n')
    const text = (path: string) => {
      try {
        return readFileSync(path, 'latin1')
      } catch {
        return ''
      }
    }
    expect(places.filter((path) => text(path).includes('vethlab')).length).toBeGreaterThan(2)
    expect([...places, ...logs].filter((path) => text(path).includes(token))).toEqual([])
    expect(serve.stderr).not.toContain(token)
    // It is where it has to be, and can be found by who may look.
    expect(text(join(state.root, 'token'))).toContain(token)
  })
})

describe('our processes', () => {
  it('leave no picture of their memory, and start no program that takes one', () => {
    const found = ours()
    expect(found.map(({ command }) => command).join('\n')).toMatch(/web-main[\s\S]*rackd|rackd[\s\S]*web-main/)
    expect(found.some(({ command }) => command.includes('pty-host'))).toBe(true)
    const limits = found.map(({ pid, command }) => {
      const limit = /^Max core file size +(\S+) +(\S+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'))
      return `${command.slice(0, 60)}: ${limit?.slice(1)}`
    })
    expect(limits.filter((line) => !line.endsWith(': 1,1'))).toEqual([])
  })

  it('make no file in the state directory that others may read, but for what is theirs', () => {
    // As another user would go: through no directory that is closed to all.
    const open = execFileSync('find', [
      ...[state.root, '-xdev', '-type', 'd', '-not', '-perm', '-0001', '-prune', '-o'],
      ...['-not', '-type', 'l', '-perm', '/0006', '-print'],
    ])
    expect(open.toString()).toBe('')
    expect(statSync(state.run).mode & 0o777).toBe(0o700)
  })

  it('have a umask of their own, whatever the starter has, and hosts a usual one', async () => {
    const umask = (pid: number) => /^Umask:\s+(\d+)$/m.exec(of(pid, 'status'))?.[1]
    expect([serve.child.pid!, rackd(), ptyHost()].map(umask)).toEqual(['0022', '0022', '0022'])
    expect(umask(serve.web)).toBe('0077')
    expect((await racks.exec(rack.id, 'node1', ['sh', '-c', 'umask'])).stdout.trim()).toBe('0022')
  })
})

describe('the server, when processors or memory run short', () => {
  it('has a weight of its own against all racks together, which no program of a host has', async () => {
    const running = racks.exec(rack.id, 'node1', ['sleep', '4711'])
    const cgroups = await Cgroups.open(state.mark)
    const host = rack.hosts.find(({ name }) => name === 'node1')!
    const inHost = async (name: RegExp) => {
      const pids = await cgroups.processes(host.id)
      return processes().find(({ pid, command }) => pids.includes(pid) && name.test(command))?.pid
    }
    await expect.poll(() => inHost(/^sleep 4711/), { timeout: 20_000 }).toBeDefined()
    const hosts = await Promise.all(
      [/^sleep 4711/, /^bash -l/, /^\S*dockerd /].map(async (name) => (await inHost(name))!),
    )
    const server = [serve.child.pid!, serve.web, rackd(), ptyHost()]
    expect(server.map(groupOf)).toEqual(server.map(() => `/${state.mark}-server`))
    for (const pid of hosts) expect(groupOf(pid)).toMatch(new RegExp(`^/${state.mark}/h`))
    const weight = (group: string) => Number(readFileSync(join(processors, group, weightFile), 'utf8'))
    expect(weight(`${state.mark}-server`)).toBeGreaterThan(3 * weight(state.mark))

    // SYS_RESOURCE lets a process go below 0.
    const may = (BigInt(`0x${/^CapEff:\s*(\w+)$/m.exec(of(process.pid, 'status'))![1]}`) >> 24n) & 1n
    expect(server.map((pid) => of(pid, 'oom_score_adj').trim())).toEqual(server.map(() => (may ? '-900' : '0')))
    expect(hosts.map((pid) => of(pid, 'oom_score_adj').trim())).toEqual(hosts.map(() => '0'))
    await racks.exec(rack.id, 'node1', ['pkill', '-x', 'sleep'])
    await running
  })
})

describe('what is noted', () => {
  it('is told by `vethlab log`: a wrong token, and an Engine that could not be verified', async () => {
    await fetch(new URL(`/?token=${'x'.repeat(40)}`, serve.address), { redirect: 'manual' })
    expect((await racks.capture(rack.id, 'node1')).engine).toHaveProperty('containers')
    const between = `mv /run/docker.sock /run/engine.sock
      socat UNIX-LISTEN:/run/docker.sock,fork UNIX-CONNECT:/run/engine.sock > /dev/null 2>&1 &
      while [ ! -e /run/docker.sock ]; do sleep 0.05; done`
    await racks.exec(rack.id, 'node1', ['sh', '-c', between])
    expect((await racks.capture(rack.id, 'node1')).engine).toMatchObject({ fault: { kind: 'unverified' } })
    const said = execFileSync(process.execPath, [fromPackage('dist/main.js'), 'log', '--json'], {
      env: { ...process.env, VETHLAB_STATE: state.root },
    })
    const lines = said
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines).toContainEqual(expect.objectContaining({ event: 'login.refused', by: 'token' }))
    expect(lines).toContainEqual(
      expect.objectContaining({ event: 'engine.unverified', rack: rack.id, label: rack.label, host: 'node1' }),
    )
    expect(lines.map(({ at }) => at)).toEqual(lines.map(({ at }) => at).toSorted())
  })
})

it('the golden system has no program that gives another user’s rights', async () => {
  const store = await Store.open(state)
  const { name } = await requireGolden(store)
  const system = store.golden(name)
  expect(execFileSync('find', [system, '-xdev', '-type', 'f', '-perm', '/6000']).toString()).toBe('')
  expect(execFileSync('find', [system, '-xdev', '-name', 'su', '-type', 'f']).toString()).not.toBe('')
  expect(isAlive(JSON.parse(readFileSync(state.rackdRecord, 'utf8')) as ProcessIdentity)).toBe(true)
})

it('nothing of the server’s weight is left on the machine once it has ended and was swept', async () => {
  const group = join(processors, `${state.mark}-server`)
  expect(existsSync(group)).toBe(true)
  await leave()
  execFileSync(process.execPath, [fromPackage('dist/main.js'), 'sweep', '--all'], {
    env: { ...process.env, VETHLAB_STATE: state.root },
  })
  expect(existsSync(group)).toBe(false)
})
