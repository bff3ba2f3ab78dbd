import { execFile } from 'node:child_process'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { parseCheck } from '../../server/check/checks.js'
import { evaluate } from '../../server/check/evaluate.js'
import { ensureRackd, stopRackd } from '../../server/node/start-rackd.js'
import { fromPackage } from '../../server/package-root.js'
import { RackGround } from '../../server/racks/rack-ground.js'
import type { TopologyInput } from '../../server/racks/topology.js'
import type { Attachment, PtyHostClient } from '../../server/terminal/client.js'
import { RackdProcess } from './rackd-process.js'
import { testState as state } from './state.js'

const two: TopologyInput = {
  hosts: { node1: 'docker', laptop: 'plain' },
  lans: { lan: { subnet: '192.168.1.0/24', at: { node1: '.11', laptop: '.50' } } },
}
const noPool = ['--pool-docker', '0', '--pool-plain', '0']
let rackd: RackdProcess | undefined

afterEach(async () => {
  for (const { id } of (await rackd?.racks.list().catch(() => [])) ?? []) await rackd!.racks.close(id)
  if (rackd?.child.exitCode === null) await rackd.end('SIGTERM')
  rackd = undefined
})

/** What a shell tells of itself, which no screen shows. */
const shellMarks = /\x1b\]633;[^\x07]*\x07/g

/** Everything that a viewer has received, at its offset. */
async function watch(ptyHost: PtyHostClient, id: string, fromOffset?: number) {
  const seen = {
    raw: '',
    get text() {
      return this.raw.replaceAll(shellMarks, '')
    },
    start: fromOffset ?? 0,
    end: fromOffset ?? 0,
    attachment: undefined as unknown as Attachment,
  }
  seen.attachment = await ptyHost.attach(id, {
    ...(fromOffset === undefined ? {} : { fromOffset }),
    onData(bytes, offset) {
      if (seen.raw === '') seen.start = offset
      else if (offset !== seen.end) throw new Error(`bytes at ${offset} after ${seen.end}`)
      seen.raw += Buffer.from(bytes).toString('utf8')
      seen.end = offset + bytes.length
      seen.attachment?.acknowledge(seen.end)
    },
  })
  return seen
}

describe('rackd', () => {
  it('keeps racks, containers and terminals through its own SIGKILL', async () => {
    rackd = await RackdProcess.start(state, ...noPool)
    const stages: string[] = []
    const rack = await rackd.racks.open(two, { label: 'kept', onProgress: ({ stage }) => stages.push(stage) })
    expect(stages).toEqual(['hosts', 'network', 'engines'])
    await rackd.racks.exec(rack.id, 'node1', ['docker', 'run', '-d', '--name', 'web', '-p', '80:80', 'nginx'])
    await rackd.racks.setLink(rack.id, 'lan', 'laptop', 'cut')
    const ptyHost = await rackd.racks.terminals(rack.id)
    const terminal = await ptyHost.open({ host: 'node1', cols: 100, rows: 30 })
    const before = await watch(ptyHost, terminal.id)
    await before.attachment.write('stty size; for n in $(seq 1 200); do echo tick-$n; sleep 0.05; done\n')
    await expect.poll(() => before.text, { timeout: 20_000 }).toContain('tick-3\r\n')
    expect(before.text).toContain('30 100')

    await rackd.end('SIGKILL')
    // Nobody is there now, and the shell goes on.
    await expect.poll(() => before.text, { timeout: 20_000 }).toContain('tick-20\r\n')
    ptyHost.disconnect()

    rackd = await RackdProcess.start(state, ...noPool)
    const [found] = await rackd.racks.list()
    expect(found).toMatchObject({ id: rack.id, label: 'kept', createdAt: rack.createdAt })
    expect(found!.hosts.map((host) => [host.name, host.id, host.alive])).toEqual(
      rack.hosts.map((host) => [host.name, host.id, true]),
    )
    expect(found!.hosts[1]!.interfaces[0]).toMatchObject({ cut: true })
    await rackd.racks.setLink(rack.id, 'lan', 'laptop', 'mended')
    await expect
      .poll(
        async () =>
          (await rackd!.racks.exec(rack.id, 'laptop', ['curl', '-s', '--max-time', '2', 'http://node1'])).stdout,
        { timeout: 20_000 },
      )
      .toContain('Welcome to nginx!')

    const again = await rackd.racks.terminals(rack.id)
    const after = await watch(again, terminal.id, before.end)
    await expect.poll(() => after.text, { timeout: 30_000 }).toContain('tick-200\r\n')
    expect(after.start).toBe(before.end)
    const ticks = [...(before.text + after.text).matchAll(/^tick-(\d+)\r$/gm)].map((match) => Number(match[1]))
    expect(ticks).toEqual(Array.from({ length: 200 }, (_, n) => n + 1))
    again.disconnect()
  })

  it('serves what checks need: captures, and questions of every kind', async () => {
    rackd = await RackdProcess.start(state, ...noPool)
    const rack = await rackd.racks.open(two)
    await rackd.racks.exec(rack.id, 'node1', ['docker', 'run', '-d', '--name', 'web', '-p', '80:80', 'nginx'])
    const verdictOf = async (value: unknown) => {
      const parsed = parseCheck(value, [])
      if (!('check' in parsed)) throw new Error(JSON.stringify(parsed.issues))
      const probe = new RackGround(rackd!.racks, rack.id)
      const [verdict] = await evaluate([parsed.check], probe, { home: 'node1', labDirectory: '/nonexistent' })
      return verdict!.finding
    }
    for (const check of [
      { port: { container: 'web', port: 80, published: 80 } },
      { reach: { from: 'laptop', to: 'node1', port: 80, with: 'http', body: 'nginx' } },
      { reach: { from: 'laptop', to: 'web', port: 81, expect: 'no', control: { from: 'web' } } },
    ]) {
      const finding = await verdictOf(check)
      const right = 'control' in (check.reach ?? {}) ? 'reach.control' : undefined
      expect('reason' in finding ? finding.reason : undefined, JSON.stringify(finding)).toBe(right)
    }
  })

  it('finishes a reset in the middle of which it was killed, and an opening', { timeout: 300_000 }, async () => {
    const lans = { lan: { subnet: '192.168.1.0/24', at: { node1: '.11' } } }
    const one: TopologyInput = { hosts: { node1: 'docker' }, lans }
    rackd = await RackdProcess.start(state, ...noPool)
    const rack = await rackd.racks.open(one)
    for (const delayMs of [5, 100, 600]) {
      await rackd.racks.exec(rack.id, 'node1', ['touch', '/root/before'])
      const before = (await rackd.racks.info(rack.id)).hosts[0]!.id
      const asked = rackd.racks.reset(rack.id)
      await sleep(delayMs)
      rackd = await rackd.killed(...noPool)
      const after = await asked
      expect(after.hosts, `${delayMs} ms`).toMatchObject([{ name: 'node1', alive: true }])
      expect(after.hosts[0]!.id).not.toBe(before)
      const look = 'ls /root/before; docker info --format {{.Name}}; ping -c 1 -W 2 192.168.1.1 > /dev/null && echo way'
      const { stdout } = await rackd.racks.exec(rack.id, 'node1', ['sh', '-c', look])
      expect(stdout, `${delayMs} ms`).toBe('node1\nway\n')
    }
    // Nobody asks again: the next one finishes it all the same.
    const lost = rackd.racks.reset(rack.id).catch((error: unknown) => error)
    await sleep(100)
    await rackd.end('SIGKILL')
    expect(await lost).toMatchObject({ code: 'rackd.unreachable' })
    rackd = await RackdProcess.start(state, ...noPool)
    await expect.poll(async () => (await rackd!.racks.info(rack.id)).hosts[0]!.alive, { timeout: 60_000 }).toBe(true)

    for (const delayMs of [20, 300]) {
      const asked = rackd.racks.open(one, { label: `opened ${delayMs}` })
      await sleep(delayMs)
      rackd = await rackd.killed(...noPool)
      const { id, hosts } = await asked
      expect(hosts).toMatchObject([{ alive: true }])
      expect(
        (await rackd.racks.list()).filter(({ label }) => label === `opened ${delayMs}`).map((of) => of.id),
      ).toEqual([id])
    }
  })

  it('has terminals whose hosts may be reset under them', async () => {
    rackd = await RackdProcess.start(state, ...noPool)
    const rack = await rackd.racks.open(two)
    const ptyHost = await rackd.racks.terminals(rack.id)
    const first = await watch(ptyHost, (await ptyHost.open({ host: 'laptop', cols: 80, rows: 24 })).id)
    await first.attachment.write('touch /root/mine\n')
    await expect.poll(() => first.text, { timeout: 10_000 }).toContain('root@laptop')
    await rackd.racks.reset(rack.id, 'laptop')
    const second = await watch(ptyHost, (await ptyHost.open({ host: 'laptop', cols: 80, rows: 24 })).id)
    await second.attachment.write('ls -A /root | grep -c mine; echo done-$((1+1))\n')
    await expect.poll(() => second.text, { timeout: 10_000 }).toContain('done-2')
    expect(second.text).toMatch(/^0\r$/m)
    await expect(ptyHost.open({ host: 'nobody', cols: 80, rows: 24 })).rejects.toMatchObject({ code: 'host.not-found' })
    ptyHost.disconnect()
  })

  it("tells an Engine's events as they come", async () => {
    rackd = await RackdProcess.start(state, ...noPool)
    const rack = await rackd.racks.open(two)
    const events: string[] = []
    const end = new AbortController()
    const watching = rackd.racks.watchEngine(
      rack.id,
      'node1',
      (event) => {
        const { Type, Action } = event as { Type: string; Action: string }
        events.push(`${Type} ${Action}`)
      },
      end.signal,
    )
    await expect
      .poll(
        async () => {
          await rackd!.racks.exec(rack.id, 'node1', ['sh', '-c', 'docker network create mine; docker network rm mine'])
          return events
        },
        { timeout: 30_000 },
      )
      .toEqual(expect.arrayContaining(['network create', 'network destroy']))
    end.abort()
    await watching
    await expect(
      rackd.racks.watchEngine(rack.id, 'laptop', () => {}, new AbortController().signal),
    ).rejects.toMatchObject({
      code: 'host.no-engine',
    })
  })

  it('is one at a time, and takes a waiting pool over', async () => {
    rackd = await RackdProcess.start(state, '--pool-docker', '1', '--pool-plain', '1')
    await expect(RackdProcess.start(state)).rejects.toThrow(/is rackd already/)
    await expect.poll(async () => await idleHosts(), { timeout: 60_000 }).toBe(2)
    await rackd.end('SIGKILL')
    rackd = await RackdProcess.start(state, '--pool-docker', '1', '--pool-plain', '1')
    expect(await idleHosts()).toBe(2)
    const rack = await rackd.racks.open(two)
    expect(rack.hosts.every((host) => host.alive)).toBe(true)
    const hello = await rackd.racks.exec(rack.id, 'node1', ['docker', 'run', '--rm', 'busybox', 'echo', 'hello'])
    expect(hello.stdout).toBe('hello\n')
    await rackd.racks.close(rack.id)
    await rackd.end('SIGTERM')
    rackd = await RackdProcess.start(state, ...noPool)
    expect(await idleHosts()).toBe(0)
  })

  it('has more hosts wait for as long as they are wanted, and gives back what nobody used', async () => {
    rackd = await RackdProcess.start(state, ...noPool)
    const { racks } = rackd
    const wanted = { docker: 1, plain: 2 }
    await expect.poll(() => racks.warm(wanted, 60_000), { timeout: 60_000, interval: 500 }).toEqual(wanted)
    const rack = await racks.open({ hosts: { a: 'plain' } })
    expect(rack.hosts[0]!.alive).toBe(true)
    await racks.warm({ docker: 1, plain: 1 }, 60_000)
    await expect.poll(idleHosts, { timeout: 30_000 }).toBe(2)
    // Nobody says so again: it lapses by itself, and what is in use stays.
    await racks.warm({ docker: 1, plain: 0 }, 1_000)
    await expect.poll(idleHosts, { timeout: 30_000 }).toBe(0)
    expect((await racks.info(rack.id)).hosts[0]!.alive).toBe(true)
    await expect(racks.warm({ docker: 257, plain: 0 }, 1_000)).rejects.toThrow()
  })

  it('refuses what is wrong with a typed error, and goes on', async () => {
    rackd = await RackdProcess.start(state, ...noPool, '--max-racks', '1')
    const { racks } = rackd
    await expect(racks.open({ hosts: { a: 'dokcer' } } as unknown as TopologyInput)).rejects.toMatchObject({
      name: 'VethlabError',
      code: 'topology.invalid',
      place: 'hosts.a',
    })
    await expect(racks.info('r00000000')).rejects.toMatchObject({ code: 'rack.not-found' })
    await expect(racks.close('r00000000')).rejects.toMatchObject({ code: 'rack.not-found' })
    await expect(racks.exec('../../x', 'a', ['true'])).rejects.toMatchObject({ code: 'rack.not-found' })
    const rack = await racks.open({ hosts: { a: 'plain' } })
    await expect(racks.open({ hosts: { a: 'plain' } })).rejects.toMatchObject({ code: 'rack.limit' })
    await expect(racks.exec(rack.id, 'b', ['true'])).rejects.toMatchObject({ code: 'host.not-found' })
    await expect(racks.exec(rack.id, 'a', [])).rejects.toMatchObject({ code: 'argument.invalid' })
    await expect(racks.exec(rack.id, 'a', ['--help'])).resolves.toMatchObject({ failed: true })
    const tooMuch = { stdin: Buffer.alloc(5 * 1024 ** 2) }
    await expect(racks.exec(rack.id, 'a', ['cat'], tooMuch)).rejects.toMatchObject({ code: 'argument.invalid' })
    expect((await racks.exec(rack.id, 'a', ['cat'], { stdin: Buffer.from([0x68, 0x69]) })).stdout).toBe('hi')
  })
})

async function idleHosts(): Promise<number> {
  const records = (await readdir(state.hosts)).map(async (id) => {
    const text = await readFile(join(state.hosts, id, 'host.json'), 'utf8').catch(() => '{}')
    const record = JSON.parse(text) as { owner?: { kind: string }; rack?: string; init?: unknown }
    return record.owner?.kind === 'rackd' && record.rack === undefined && record.init !== undefined
  })
  return (await Promise.all(records)).filter(Boolean).length
}

describe('the command line', () => {
  const vethlab = (...args: string[]) =>
    promisify(execFile)(process.execPath, [fromPackage('dist/main.js'), ...args], {
      env: { ...process.env, VETHLAB_STATE: state.root },
      timeout: 60_000,
    })

  it('opens, uses and closes a rack', async () => {
    rackd = await RackdProcess.start(state, ...noPool)
    const file = join(state.root, 'topology.yaml')
    await writeFile(file, 'hosts: {a: plain}\nlans: {lan: {subnet: 10.5.0.0/24, at: {a: .70}}}\n')
    const opened = await vethlab('rack', 'open', file, '--label', 'by hand')
    const id = /^(r\w+) by hand$/m.exec(opened.stdout)![1]!
    expect(opened.stdout).toContain('a (plain): eth0 10.5.0.70/24 on lan')
    expect((await vethlab('rack', 'exec', id, 'a', 'hostname', '-f')).stdout).toBe('a\n')
    await expect(vethlab('rack', 'exec', id, 'a', 'sh', '-c', 'exit 3')).rejects.toMatchObject({ code: 3 })
    await vethlab('rack', 'close', id)
    expect((await vethlab('rack', 'list')).stdout).toBe('no rack is open\n')
    await rm(file)
  })

  it('starts rackd in the background once, with a log that does not grow for ever, and ends it', async () => {
    const log = join(state.run, 'rackd.log')
    await writeFile(log, `old\n`.repeat(300_000))
    try {
      expect(await ensureRackd(state, noPool)).toEqual({ started: true })
      expect(await ensureRackd(state, noPool)).toEqual({ started: false })
      const text = await readFile(log, 'utf8')
      expect(text.length).toBeLessThan(100_000)
      expect(text).toMatch(/^(old\n)+rackd serves/)
    } finally {
      expect(await stopRackd(state)).toBe(true)
    }
    expect(await stopRackd(state)).toBe(false)
  })

  it('says in one line what is wrong and where', async () => {
    const file = join(state.root, 'broken.yaml')
    await writeFile(file, 'hosts:\n  a: plain\n b: [\n')
    const failed = await vethlab('rack', 'open', file)
      .catch((error: { stderr: string; code: number }) => error)
      .finally(() => rm(file))
    expect(failed).toMatchObject({ code: 64 })
    expect(failed.stderr).toMatch(/^vethlab: .*broken\.yaml:3(?::\d+)?: .*\n$/)
    const lost = await vethlab('rack', 'list').catch((error: { stderr: string; code: number }) => error)
    expect(lost).toMatchObject({ code: 2 })
    expect(lost.stderr).toContain('Start it with `vethlab rackd`')
  })
})
