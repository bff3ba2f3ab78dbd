import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fromPackage } from '../../server/package-root.js'
import { Cgroups } from '../../server/rack/cgroup.js'
import { execInHost } from '../../server/rack/exec.js'
import { requireGolden } from '../../server/rack/golden/golden.js'
import { DiskSpace } from '../../server/rack/guard/disk-space.js'
import { Host, type HostGround } from '../../server/rack/host/host.js'
import { ownProcess } from '../../server/rack/record.js'
import { Store } from '../../server/rack/store.js'
import { sweep } from '../../server/rack/sweep.js'
import { defaultHostLimits } from '../../server/racks/topology.js'
import { type Footprint, footprint } from './footprint.js'
import { testState as state } from './state.js'

let ground: HostGround
let golden: string
let before: Footprint

beforeAll(async () => {
  const store = await Store.open(state)
  ground = { state, store, cgroups: await Cgroups.open(state.mark), owner: ownProcess() }
  await sweep(ground, { all: true })
  golden = (await requireGolden(store)).name
  before = footprint(state)
})
afterAll(async () => {
  await sweep(ground, { all: true })
})

/** But for quota groups, which the kernel lets go of in its own time. */
const left = () => ({ ...footprint(state), staleQuotaGroups: before.staleQuotaGroups })

async function sh(host: Host, script: string): Promise<string> {
  const result = await execInHost(ground, host, ['sh', '-c', script], { timeoutMs: 60_000 })
  expect(result.failed, `${script}: ${result.stdout}${result.stderr}`).toBe(false)
  return result.stdout.trim()
}

const files = { hosts: '127.0.0.1 localhost\n', resolv: '' }

it('an Engine that looked names up before its host was named knows the names of the rack at once', async () => {
  const host = await Host.start(ground, golden, 'docker')
  try {
    await host.ready()
    // Of this domain the Engine asks for itself, not by way of what tells it that a rack is offline.
    const pull = (name: string) => sh(host, `docker pull ${name}:5000/image 2>&1 || true`)
    expect(await pull('node2.test')).toContain('lookup node2.test')
    const hosts = '127.0.0.1 localhost\n127.0.0.1 node2.test\n'
    await host.settle('a-test', 'node1', { hosts, resolv: '' }, defaultHostLimits.docker)
    expect(await pull('node2.test')).toContain('127.0.0.1:5000: connect: connection refused')
  } finally {
    await host.remove()
  }
})

it('while the machine is short of space a host that has written much writes no more, and goes on once there is some', async () => {
  const host = await Host.start(ground, golden, 'plain')
  try {
    await host.settle('a-test', 'writer', files, defaultHostLimits.plain)
    let tight = Number.MAX_SAFE_INTEGER
    const { diskBytes: limitBytes } = defaultHostLimits.plain
    const space = new DiskSpace(
      ground.store,
      () => [{ path: host.disk.path, limitBytes }],
      () => tight,
    )
    const write = (name: string) =>
      sh(host, `dd if=/dev/urandom of=/root/${name} bs=1M count=80 conv=fsync 2>&1 || true`)
    // Who has written little may go on.
    await space.look()
    expect(await write('first')).toMatch(/80\+0 records out/)
    await ground.store.exclusiveBytes(host.disk.path)
    await space.look()
    expect(await write('second')).toMatch(/Disk quota exceeded/)
    tight = 0
    await space.look()
    expect(await write('third')).toMatch(/80\+0 records out/)
  } finally {
    await host.remove()
  }
})

it('a disk is kept, booted again with other ids, and copied', { timeout: 240_000 }, async () => {
  const host = await Host.start(ground, golden, 'docker')
  const others: Host[] = []
  try {
    await host.settle('a-test', 'first', files, defaultHostLimits.docker)
    await host.ready()
    await sh(
      host,
      `echo kept > /root/kept; rm /usr/bin/jq; chmod 700 /usr/sbin/dockerd; install -o 1000 -g 1000 -m 4755 /bin/true /usr/local/bin/own
       setcap cap_net_raw+ep /usr/local/bin/own 2> /dev/null || true
       docker run --name web -d nginx; docker volume create data; docker run --rm -v data:/d busybox sh -c 'echo in-volume > /d/f'`,
    )
    const look = `cat /root/kept; ls /usr/bin/jq 2> /dev/null; stat -c '%u %g %a' /usr/local/bin/own /root/kept /usr/sbin/dockerd
      docker ps -a --format '{{.Names}} {{.State}}'; docker run --rm -v data:/d busybox cat /d/f; hostname`
    const seen = 'kept\n1000 1000 4755\n0 0 644\n0 0 700\nweb exited\nin-volume\nfirst'

    await host.shutDown()
    expect(left()).toMatchObject({ processes: [], mounts: [], controlGroups: [], slots: [], snapshots: [host.id] })
    expect(host.alive).toBe(false)
    expect(() => host.pid).toThrow('down')
    // What has its place meanwhile gets its ids.
    others.push(await Host.start(ground, golden, 'plain'))
    const adopted = (await Host.adopt(ground, host.id))!
    await adopted.bootAgain()
    await adopted.ready()
    expect(adopted.record.slot).not.toBe(others[0]!.record.slot)
    expect(await sh(adopted, look)).toBe(seen)
    await expect(adopted.engine.get('/containers/json?all=1')).resolves.toHaveLength(1)

    const copy = await Host.start(ground, golden, 'docker', { from: adopted.disk })
    others.push(copy)
    await copy.settle('a-test', 'second', files, defaultHostLimits.docker)
    await copy.ready()
    expect(await sh(copy, look)).toBe(seen.replace('first', 'second'))
    await sh(copy, 'echo changed > /root/kept; docker rm -f web')
    expect(await sh(adopted, 'cat /root/kept; docker ps -a --format "{{.Names}}"')).toBe('kept\nweb')
    await adopted.remove()
  } finally {
    await Promise.all([host, ...others].map((each) => each.remove()))
  }
  expect(left()).toEqual(before)
})

it("a disk leads nothing of the machine's into a learner's hands", { timeout: 120_000 }, async () => {
  const host = await Host.start(ground, golden, 'plain')
  const marker = join(state.root, 'marker')
  try {
    // Links out of the host where the next boot and the next name are written.
    await sh(host, `rm /etc/hostname; ln -s ../../../../../../../..${marker} /etc/hostname; mkdir /etc/elsewhere`)
    await expect(host.settle('a-test', 'name', files, defaultHostLimits.plain)).rejects.toThrow()
    await sh(host, `rm /etc/hostname; mkfifo /etc/hostname`)
    await expect(host.settle('a-test', 'name', files, defaultHostLimits.plain)).rejects.toThrow('no file')
    await sh(host, 'mv /var/lib /var/lib2; mkdir /var/lib; ln -s ../../../../../../../.. /var/lib/docker')
    await host.shutDown()
    await host.bootAgain().catch(() => {})
    expect(() => statSync(marker)).toThrow('ENOENT')
    const mounts = readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .filter((line) => line.includes(state.mark))
    for (const line of mounts) expect(line.split(' ')[1]).toContain(state.rootOf(host.id))
  } finally {
    await host.remove()
  }
  expect(left()).toEqual(before)
})

/** As runc leaves it when it is killed while it enters a host: its own program, mounted among what it keeps of the host. */
function leaveMounted(host: string) {
  const directory = join(state.runcRoot, host)
  mkdirSync(directory, { recursive: true })
  const file = join(directory, 'runc.xnKv8u')
  writeFileSync(file, '')
  execFileSync('mount', ['--bind', process.execPath, file])
}

it('a host that was being entered when the runtime was killed goes with all that is mounted of it', async () => {
  const host = await Host.start(ground, golden, 'plain')
  leaveMounted(host.id)
  await host.remove()
  expect(left()).toEqual(before)

  const stray = 'h0123456789'
  leaveMounted(stray)
  expect(await sweep(ground)).toMatchObject({ strays: [`container ${stray}`], left: [] })
  expect(left()).toEqual(before)
})

/** A process that makes and removes hosts as fast as it can, and says when it begins with each. */
function maker(): ChildProcess {
  const part = (path: string) => JSON.stringify(fromPackage('dist', 'rack', path))
  const script = `
    import { StateDirectory } from ${part('state-directory.js')}
    import { Store } from ${part('store.js')}
    import { Cgroups } from ${part('cgroup.js')}
    import { Host } from ${part('host/host.js')}
    import { ownProcess } from ${part('record.js')}
    const state = StateDirectory.at(process.argv[1])
    const ground = { state, store: await Store.open(state), cgroups: await Cgroups.open(state.mark), owner: ownProcess() }
    for (;;) {
      console.log('begun')
      const host = await Host.start(ground, process.argv[2], 'plain')
      console.log('up')
      await host.remove()
    }`
  return spawn(process.execPath, ['--input-type=module', '--eval', script, state.root, golden], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

function said(child: ChildProcess, word: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdout!.on('data', (bytes) => String(bytes).includes(word) && resolve())
    child.once('exit', (code) => reject(new Error(`it ended with ${code}`)))
  })
}

it('a host whose maker is killed at any point of its opening and closing leaves nothing', {
  timeout: 300_000,
}, async () => {
  const caught = new Set<string>()
  for (const word of ['begun', 'up']) {
    for (let delayMs = 0; delayMs < 1200; delayMs += 120) {
      const child = maker()
      const exited = once(child, 'exit')
      await said(child, word)
      await sleep(delayMs)
      child.kill('SIGKILL')
      await exited
      for (const line of readFileSync('/proc/self/mounts', 'utf8').split('\n')) {
        const place = line.split(' ')[1]
        if (place?.includes(state.rootOf(''))) caught.add(place.slice(place.lastIndexOf('/')))
      }
      await sweep(ground)
      expect(left(), `${delayMs} ms after "${word}"`).toEqual(before)
    }
  }
  // Some were killed with mounts of theirs there: otherwise this showed nothing.
  expect([...caught]).toContain('/rootfs')
})
