import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Cgroups } from '../../server/rack/cgroup.js'
import { run } from '../../server/rack/command.js'
import { execInHost } from '../../server/rack/exec.js'
import { eye } from '../../server/rack/eyes.js'
import { requireGolden } from '../../server/rack/golden/golden.js'
import { Host, type HostRecord, recordPath } from '../../server/rack/host/host.js'
import { slotIds } from '../../server/rack/identity.js'
import { LocalRacks } from '../../server/rack/local-racks.js'
import { ownProcess } from '../../server/rack/record.js'
import { Store } from '../../server/rack/store.js'
import type { RackInfo } from '../../server/racks/racks.js'
import { defaultHostLimits } from '../../server/racks/topology.js'
import { testState as state } from './state.js'

/*
 * Root of a host puts into its files and its network whatever makes those wait, stumble or err who look at them from outside.
 * What can't be read is said to be unread, what looks has no rights of the machine, and nobody else waits.
 */

let racks: LocalRacks
let rack: RackInfo

beforeAll(async () => {
  racks = await LocalRacks.start(state)
  rack = await racks.open({
    hosts: { attacker: 'docker', neighbour: 'plain' },
    lans: { lan: { subnet: '192.168.1.0/24', at: { attacker: '.11', neighbour: '.12' } } },
  })
})
afterAll(async () => {
  await racks?.closeAll()
})

/** Ends when its file is removed, so that whatever an attack holds is let go of. */
const held = '/run/attack'
afterEach(async () => {
  await sh(`rm -f ${held}; umount -l /etc/hosts /run/docker/netns 2> /dev/null; true`)
})

async function sh(script: string): Promise<string> {
  const { stdout, stderr, exitCode } = await racks.exec(rack.id, 'attacker', ['sh', '-c', script], {
    timeoutMs: 60_000,
  })
  expect({ script, stderr, exitCode }).toMatchObject({ exitCode: 0 })
  return stdout.trim()
}

/** Runs a program in Perl in the host that goes on for as long as the attack does, and returns when it has done what it does. */
async function hold(program: string, ...args: string[]): Promise<void> {
  const text = `
    open(STDIN, "<", "/dev/null"); open(STDOUT, ">", "/dev/null");
    open(STDERR, ">", "/run/attack.log");
    if (fork) { select(undef, undef, undef, 0.01) until -e "${held}" || -s "/run/attack.log"; exit !-e "${held}" }
    ${program};
    open(my $mark, ">", "${held}"); close $mark;
    select(undef, undef, undef, 0.02) while -e "${held}"`
  const { exitCode } = await racks.exec(rack.id, 'attacker', ['perl', '-e', text, ...args], { timeoutMs: 60_000 })
  expect({ exitCode, said: exitCode === 0 ? '' : await sh('cat /run/attack.log') }).toEqual({ exitCode: 0, said: '' })
}

const filesOf = async (host = 'attacker', id = '') => (await racks.capture(rack.id, host)).files[id]!
const idOf = (host: string) => rack.hosts.find(({ name }) => name === host)!.id
const record = (host: string) => JSON.parse(readFileSync(recordPath(state, idOf(host)), 'utf8')) as Required<HostRecord>

/** A process of the attacker's host, as the machine numbers it. */
async function processNamed(name: string): Promise<number> {
  const groups = await Cgroups.open(state.mark)
  const pids = await groups.processes(idOf('attacker'))
  return pids.find((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8') === `${name}\n`)!
}

const commandOf = (pid: number) => {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8')
  } catch {
    return ''
  }
}

// F_SETLEASE is 1024, F_WRLCK 1: who opens the file waits until its holder lets go, 45 s at most (fcntl(2)).
const lease = '$SIG{IO} = "IGNORE"; open(my $f, "<", $ARGV[0]) or die "$!"; fcntl($f, 1024, 1) or die "$!"'

describe('What makes it slow to look into one host', () => {
  const looks = 20
  /** What passes at most until another rack is listed, and until a host of it is captured, in milliseconds. */
  async function othersWait(other: string): Promise<{ list: number; capture: number }> {
    const most = { list: 0, capture: 0 }
    for (let n = 0; n < looks; n++) {
      const started = performance.now()
      // Whoever holds this thread up is found by its timers.
      await sleep(1)
      await racks.list()
      const listed = performance.now()
      await racks.capture(other, 'a')
      most.list = Math.max(most.list, listed - started)
      most.capture = Math.max(most.capture, performance.now() - listed)
    }
    return most
  }

  it.each([
    ['a lease on its names', () => hold(lease, '/etc/hosts'), async () => {}],
    [
      'more names than anybody can read',
      () =>
        sh(
          'mkdir -p /run/docker/netns; mount -t tmpfs names /run/docker/netns; cd /run/docker/netns; seq 200000 | xargs touch',
        ),
      async () => {},
    ],
    ['an Engine that is stopped', () => sh('pkill -STOP -x dockerd'), () => sh('pkill -CONT -x dockerd')],
  ])('%s: nobody else waits for it', async (_, begin, end) => {
    const other = await racks.open({ hosts: { a: 'plain' } })
    try {
      const before = await othersWait(other.id)
      await begin()
      let over = false
      const looking = (async () => {
        while (!over) await racks.capture(rack.id, 'attacker')
      })()
      const during = await othersWait(other.id)
      over = true
      await end()
      await looking
      console.log(
        `list ${before.list.toFixed()} / ${during.list.toFixed()} ms, capture ${before.capture.toFixed()} / ${during.capture.toFixed()} ms`,
      )
      // On top of twice: two captures at once share two processors with whatever else runs.
      expect(during.list).toBeLessThan(2 * before.list + 250)
      expect(during.capture).toBeLessThan(2 * before.capture + 1000)
    } finally {
      await racks.close(other.id)
    }
  })
})

describe('A file that names are read from', () => {
  it('is not waited for while a process has a lease on it, and is read again afterwards', async () => {
    const usual = (await filesOf()).hosts
    expect(usual).toContain('192.168.1.12 neighbour')
    await hold(lease, '/etc/hosts')
    expect(await filesOf()).toMatchObject({ hosts: '', unread: { hosts: 'a process has a lease on it' } })
    expect((await filesOf('neighbour')).hosts).toContain('192.168.1.11 attacker')
    await sh(`rm ${held}; until cat /etc/hosts > /dev/null; do sleep 0.1; done`)
    expect(await filesOf()).toMatchObject({ hosts: usual })
    expect((await filesOf()).unread).toBeUndefined()
  })

  it('is not waited for in a container either', async () => {
    const id = await sh('docker run --detach --name held --privileged netshoot sleep infinity')
    expect((await filesOf('attacker', id)).hosts).toContain('localhost')
    const pid = await sh(`docker inspect --format '{{.State.Pid}}' held`)
    await hold(lease, `/proc/${pid}/root/etc/hosts`)
    expect(await filesOf('attacker', id)).toMatchObject({ hosts: '', unread: { hosts: 'a process has a lease on it' } })
    await sh('docker rm --force held')
  })

  it.each([
    ['a pipe', 'mkfifo /run/other', 'it is no ordinary file'],
    ['a directory', 'mkdir /run/other', 'it is no ordinary file'],
    ['a device', 'ln -s /dev/zero /run/other', 'it is no ordinary file'],
    ['a file of the kernel', 'ln -s /proc/1/environ /run/other', 'it is no ordinary file'],
    ['a link to itself', 'ln -s /run/other /run/other', 'Too many levels of symbolic links'],
    ['a file without an end', 'truncate -s 1T /run/other', 'it has more than 65536 bytes'],
  ])('is said to be unread where it is %s', async (_, make, why) => {
    await sh(`cp /etc/hosts /etc/hosts.usual; rm -rf /run/other; ${make}; rm /etc/hosts; ln -s /run/other /etc/hosts`)
    try {
      expect(await filesOf()).toMatchObject({ hosts: '', unread: { hosts: why } })
    } finally {
      await sh('mv -fT /etc/hosts.usual /etc/hosts; rm -rf /run/other')
    }
    expect((await filesOf()).unread).toBeUndefined()
  })

  it('counts as empty where there is none, and is followed by links within the host', async () => {
    await sh('mv /etc/hosts /etc/hosts.usual')
    expect(await filesOf()).toMatchObject({ hosts: '' })
    expect((await filesOf()).unread).toBeUndefined()
    // Out of the host leads to its own root.
    await sh('ln -s ../../../../../etc/hosts.usual /etc/hosts')
    expect((await filesOf()).hosts).toContain('192.168.1.12 neighbour')
    await sh('mv -fT /etc/hosts.usual /etc/hosts')
  })
})

it('A program that never begins, since root of the host makes its beginning wait, is ended with all that began it', async () => {
  // The runtime looks up whom it is to run as in there, as a process of the machine's root.
  await sh(
    // Lazily, since whoever still waits there keeps it busy.
    'mkfifo /run/pipe; mount --bind /run/pipe /etc/passwd; touch /run/waits; (while [ -e /run/waits ]; do sleep 0.1; done; umount -l /etc/passwd) > /dev/null 2>&1 &',
  )
  const groups = await Cgroups.open(state.mark)
  const before = new Set(await groups.processes(idOf('attacker')))
  try {
    const begun = await racks.exec(rack.id, 'attacker', ['true'], { timeoutMs: 1000 })
    expect(begun).toMatchObject({ timedOut: true, failed: true })
    const ofRuntime = () =>
      readdirSync('/proc').filter((name) => {
        try {
          return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(idOf('attacker'))
        } catch {
          return false
        }
      })
    // What loops there starts a program now and then.
    const more = async () =>
      (await groups.processes(idOf('attacker'))).filter((one) => !before.has(one) && /^runc/.test(commandOf(one)))
    await expect.poll(async () => [...ofRuntime(), ...(await more())], { timeout: 10_000 }).toEqual([])
  } finally {
    rmSync(`/proc/${record('attacker').init.pid}/root/run/waits`)
    const works = async () => !(await racks.exec(rack.id, 'attacker', ['true'], { timeoutMs: 1000 })).failed
    await expect.poll(works, { timeout: 30_000, interval: 50 }).toBe(true)
  }
  await sh('rm /run/pipe')
})

it('A host whose own process holds a file by a lease is settled by nobody, and nobody waits for it', async () => {
  const ground = { state, store: await Store.open(state), cgroups: await Cgroups.open(state.mark), owner: ownProcess() }
  const host = await Host.start(ground, (await requireGolden(ground.store)).name, 'plain')
  try {
    const settle = (name: string) =>
      host.settle('none', name, { hosts: '127.0.0.1 localhost\n', resolv: '' }, defaultHostLimits.plain)
    await settle('free')
    const program = `$SIG{IO} = "IGNORE"; open(my $f, "<", "/etc/hosts"); fcntl($f, 1024, 1) or die; exit if fork; sleep 999`
    const held = await execInHost(ground, host, ['perl', '-e', program])
    expect(held.failed).toBe(false)
    let turns = 0
    const turning = setInterval(() => turns++, 100)
    await expect(settle('held')).rejects.toMatchObject({
      code: 'host.boot-failed',
      what: expect.stringMatching(/lease/),
    })
    clearInterval(turning)
    expect(turns).toBeGreaterThan(5)
  } finally {
    await host.remove()
  }
})

it('No file system that a process answers for can be mounted in a host: nothing there waits for a learner', async () => {
  const mount = 'exec 3<> /dev/null; mount -t fuse fs /mnt -o fd=3,rootmode=40000,user_id=0,group_id=0'
  expect(
    await sh(`ls /dev/fuse 2>&1; mknod /tmp/fuse c 10 229 2>&1; ${mount} 2>&1; mount -t autofs x /mnt 2>&1; true`),
  ).toMatch(/No such file.*\n.*not permitted.*\n.*\n?.*(wrong fs|permission denied|not permitted)/s)
  // The same does mount one that waits for nobody.
  await sh('mount -t tmpfs fs /mnt && umount /mnt')
})

describe('The directory in which the Engine pins namespaces', () => {
  const pinned = async () => (await racks.capture(rack.id, 'attacker')).namespaces.flatMap(({ names }) => names)
  /** How long this process had a processor for it: what happens meanwhile waits. */
  async function processorMs(work: () => Promise<unknown>): Promise<number> {
    const before = process.cpuUsage()
    await work()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000
  }
  const pin =
    'ip netns add pinned; mkdir -p /run/docker/netns; touch /run/docker/netns/mine; mount --bind /run/netns/pinned /run/docker/netns/mine'

  it('is read as far as an Engine fills it, and no further', async () => {
    await sh(pin)
    expect(await pinned()).toContain('mine')
    const usual = await processorMs(pinned)
    await sh('mount -t tmpfs names /run/docker/netns; cd /run/docker/netns; seq 200000 | xargs touch')
    // All names would take some 600.
    expect(await processorMs(pinned)).toBeLessThan(usual + 200)
    await sh('umount /run/docker/netns')
    expect(await pinned()).toContain('mine')
  })

  it('is not read where it is another, or a link', async () => {
    await sh(
      'mkdir -p /var/many; mount --bind /var/many /run/docker/netns; touch /run/docker/netns/mine; mount --bind /run/netns/pinned /run/docker/netns/mine',
    )
    expect(await pinned()).not.toContain('mine')
    await sh('umount /run/docker/netns/mine; umount /run/docker/netns')
    expect(await pinned()).toContain('mine')
    await sh('umount /run/docker/netns/mine; rm /run/docker/netns/mine; ip netns delete pinned')
  })
})

describe("The machine's tools that read what a learner made", () => {
  const status = (pid: number, name: string) =>
    new RegExp(`^${name}:\\t(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]

  const programs = (name: string) =>
    readdirSync('/proc').filter((pid) => {
      try {
        const line = /^\d+$/.test(pid) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : ''
        return line.startsWith('perl') && line.includes(name)
      } catch {
        return false
      }
    })

  /** Waits for processes of that name below this one, and says as whom they run once they don't run as the machine's root. */
  async function lookAt(program: string): Promise<{ uid: number; news: string } | undefined> {
    for (let waited = 0; waited < 5000; waited++) {
      for (const name of readdirSync('/proc')) {
        try {
          if (!/^\d+$/.test(name) || !readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(`eyes/${program}`))
            continue
          if (!readFileSync(`/proc/${name}/cmdline`, 'utf8').startsWith('perl')) continue
          const uid = Number(status(Number(name), 'Uid'))
          const news = status(Number(name), 'NoNewPrivs')!
          if (uid !== 0 && news === '1') return { uid, news }
        } catch {
          // It has ended.
        }
      }
      await sleep(1)
    }
    return undefined
  }

  it('have the rights of the host alone, and none in the files of the machine', async () => {
    const { init, slot } = record('attacker')
    const host = [`/proc/${init.pid}/ns/user`, `/proc/${init.pid}/ns/net`]
    const see = async (script: string) => {
      const [file, ...args] = eye('run-in-network', ...host, 'sh', '-c', script)
      return run(file, args)
    }
    const seen = await see('id -u; cat /proc/self/status; ip -brief link; nft list ruleset; cat /etc/shadow')
    expect(seen.stdout).toMatch(/^0\n/)
    expect(seen.stdout).toMatch(/^NoNewPrivs:\t1$/m)
    expect(seen.stdout).toMatch(/^eth0@/m)
    expect(seen.stdout).toContain('DOCKER')
    expect(seen.stderr).toMatch(/\/etc\/shadow: Permission denied/)
    expect((await run('cat', ['/etc/shadow'])).failed).toBe(false)
    // To the machine it is who the host's root is, and it can't signal the machine's own.
    expect((await see('stat -c %u /proc/self; sleep 0')).stdout.trim()).not.toBe('')
    expect((await see(`kill -0 ${process.pid}`)).stderr).toMatch(/not permitted/)
    let over = false
    const walking = lookAt('walk-namespaces.pl').finally(() => {
      over = true
    })
    // A walk may be too short to be met.
    while (!over) await racks.capture(rack.id, 'attacker')
    expect(await walking).toMatchObject({ uid: slotIds(slot).base })
  })

  it('have none at all where they see several hosts', async () => {
    const silent = { protocol: 'udp', address: '192.168.1.99', port: 9, timeoutMs: 1000 } as const
    const observing = lookAt('observe-packet.pl')
    await racks.observe(rack.id, 'attacker', silent)
    expect(await observing).toMatchObject({ uid: 65534 })
    const talking = lookAt('talk-to-program.pl')
    await racks.talk(rack.id, 'attacker', { speaks: 'http', address: '192.168.1.99', port: 9, timeoutMs: 1000 })
    expect(await talking).toMatchObject({ uid: 65534 })

    const stop = new AbortController()
    const changed = new Promise<void>((resolve) => {
      let heard = 0
      void racks.watchNetwork(rack.id, 'attacker', () => ++heard > 1 && resolve(), stop.signal)
    })
    expect(await lookAt('watch-namespaces.pl')).toMatchObject({ uid: 65534 })
    await sh('ip link add seen type bridge')
    await changed
    const watchers = () => programs(eye('watch-namespaces')[2]!)
    const own = watchers()
    expect(own.length).toBeGreaterThan(1)
    stop.abort()
    // Both of them end, also the one that is another user's.
    await expect.poll(() => watchers().filter((pid) => own.includes(pid))).toEqual([])
    await sh('ip link delete seen')
  })

  it('are still started when the host has used up its processes, and it is well again once that is over', async () => {
    await sh('touch /run/bomb')
    // All of the host's processes and threads, as its user namespace counts them; and whatever becomes free, once more. Each of them waits
    // for the end of a pipe, which costs the machine nothing, however many they are: the first holds it open while its file is there.
    const stay = 'close $open; sysread($wait, my $none, 1); exit'
    await hold(`
      $SIG{CHLD} = "IGNORE";
      pipe(my $wait, my $open);
      if (!fork) { while (-e "/run/bomb") { my $pid = fork; if (!defined $pid) { select(undef, undef, undef, 0.01) } elsif (!$pid) { ${stay} } } exit }
      while (defined(my $pid = fork)) { if (!$pid) { ${stay} } }
      close $open`)
    const engine = await processNamed('dockerd')
    try {
      expect((await racks.exec(rack.id, 'attacker', ['true'])).failed).toBe(true)
      const { namespaces } = await racks.capture(rack.id, 'attacker')
      expect(namespaces[0]!.answers.rules).toMatchObject({ failed: false })
      // Nor can its Engine be started anew now.
      process.kill(engine, 'SIGKILL')
      await sleep(1000)
    } finally {
      // No program can be started in there to end it.
      rmSync(`/proc/${record('attacker').init.pid}/root/run/bomb`)
      while ((await racks.exec(rack.id, 'attacker', ['true'])).failed) await sleep(50)
    }
    await sh('until docker version; do sleep 0.1; done')
    expect((await racks.capture(rack.id, 'attacker')).engine).toHaveProperty('networks')
    expect(await processNamed('dockerd')).not.toBe(engine)
  })

  it('that crash are a fault of that namespace alone', async () => {
    const { init } = record('attacker')
    const list = () => run('nsenter', [`--net=/proc/${init.pid}/ns/net`, 'nft', '--json', 'list', 'ruleset'])
    expect((await list()).failed).toBe(false)
    let signal: string | null = null
    for (let seed = 1; seed < 80 && signal === null; seed++) {
      await sh(`perl -e '${userData}' ${seed}`)
      signal = (await list()).signal
    }
    const { namespaces } = await racks.capture(rack.id, 'attacker')
    // A later nft may be without fault.
    const rules = signal === null ? { failed: false } : { failed: true, text: `its tool was ended by ${signal}` }
    expect(namespaces[0]!.answers.rules).toMatchObject(rules)
    expect(namespaces[0]!.answers.links).toMatchObject({ failed: false })
    await sh('nft delete table ip odd')
    expect((await racks.capture(rack.id, 'attacker')).namespaces[0]!.answers.rules).toMatchObject({ failed: false })
  })
})

/** Makes a table with a rule that has random bytes where nft keeps its own notes (NFTA_RULE_USERDATA), by a seed. */
const userData = `
use strict;
srand shift;
socket(my $nft, 16, 3, 12) or die;
bind($nft, pack("S S L L", 16, 0, 0, 0)) or die;
sub attribute { my ($type, $value) = @_; return pack("S S", 4 + length $value, $type) . $value . ("\\0" x (-length($value) & 3)) }
sub message { my ($type, $flags, $family, $resource, $body) = @_;
  return pack("L S S L L C C n", 20 + length $body, $type, $flags, 0, 0, $family, 0, $resource) . $body }
my $table = attribute(1, "odd\\0");
my $bytes = join "", map { chr int rand 256 } 1 .. 8 + int rand 120;
send($nft, message(16, 1, 0, 10, "") . message(0xa00, 0x401, 2, 0, $table)
  . message(0xa03, 0x401, 2, 0, $table . attribute(3, "odd\\0"))
  . message(0xa06, 0x801 | 0x400, 2, 0, $table . attribute(2, "odd\\0") . attribute(7, $bytes)) . message(17, 1, 0, 10, ""), 0) or die;
select(undef, undef, undef, 0.05);
`
