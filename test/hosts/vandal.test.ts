import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { slotIds } from '../../server/rack/identity.js'
import { LocalRacks } from '../../server/rack/local-racks.js'
import { Store } from '../../server/rack/store.js'
import type { CommandResult } from '../../server/racks/command-result.js'
import type { RackInfo } from '../../server/racks/racks.js'
import { defaultHostLimits } from '../../server/racks/topology.js'
import { testState as state } from './state.js'
import { numberOf } from './system-calls.js'

/*
 * One rack is attacked by its own root, and a second one is measured: it goes on running containers within twice their
 * usual time, the machine keeps its memory, and of the attacked rack nothing is left once it is closed.
 */

const MIB = 1024 ** 2

/** On top of twice the usual time: a container is some thirty programs, and each may wait a turn for a processor. */
const allowanceMs = 250
/** The machine's own caches, and whatever else runs on it. */
const memoryMargin = 512 * MIB
/** The median of so many is what a container takes. */
const samples = 5

let racks: LocalRacks
let store: Store
let second: RackInfo
let memoryAtFirst: number
/** As measured last, with no attack. */
let usual: number
const figures: string[] = []

beforeAll(async () => {
  racks = await LocalRacks.start(state)
  store = await Store.open(state)
  second = await racks.open(topology())
  await containerMs()
  usual = await usualMs()
  memoryAtFirst = availableMemory()
})
afterAll(async () => {
  await racks?.closeAll()
  console.log(
    ['A container in the second rack, in ms: usual, under attack. Memory lost meanwhile, in MiB.', ...figures].join(
      '\n',
    ),
  )
})

const topology = ({ disk = '1g' } = {}) => ({
  hosts: { target: { kind: 'docker' as const, disk }, sink: 'plain' as const },
  lans: { lan: { subnet: '192.168.1.0/24', at: { target: '.11', sink: '.12' } } },
})
const rackMemory = defaultHostLimits.docker.memoryBytes + defaultHostLimits.plain.memoryBytes

/** A rack under attack, mostly seen from outside: inside, little may run any more. */
class AttackedRack {
  constructor(readonly rack: RackInfo) {}

  get host(): string {
    return this.rack.hosts.find(({ name }) => name === 'target')!.id
  }

  /** A file of the control group that bounds the host, where its root can't reach. */
  limit(controller: string, v1: string, v2 = v1): number {
    const paths = [join(controller, state.mark, this.host, v1), join(state.mark, this.host, v2)]
    const path = paths.map((candidate) => join('/sys/fs/cgroup', candidate)).find((candidate) => existsSync(candidate))
    return Number(readFileSync(path!, 'utf8'))
  }

  exec(...argv: string[]): Promise<CommandResult> {
    return racks.exec(this.rack.id, 'target', argv, { timeoutMs: 10_000 })
  }
}

interface Attack {
  /** Goes on until it is ended. */
  script: string
  disk?: string
  /** Waits until the effect is there that the attack is made for. */
  bitten(attacked: AttackedRack): Promise<void>
  /** What the attacker has seen by then. */
  over?(result: CommandResult, attacked: AttackedRack): void | Promise<void>
}

async function attack(name: string, { script, disk, bitten, over }: Attack): Promise<void> {
  const memoryBefore = availableMemory()
  const attacked = new AttackedRack(await racks.open(topology(disk ? { disk } : {})))
  const hosts = attacked.rack.hosts.map(({ id }) => ({ id, ...slotIds(slotOf(id)) }))
  const end = new AbortController()
  const attacker = racks.exec(attacked.rack.id, 'target', ['sh', '-c', script], {
    timeoutMs: 100_000,
    signal: end.signal,
  })
  const during: number[] = []
  const available: number[] = []
  try {
    await bitten(attacked)
    for (let n = 0; n < samples; n++) {
      during.push(await containerMs())
      available.push(availableMemory())
    }
    end.abort()
    await over?.(await attacker, attacked)
  } finally {
    end.abort()
    await racks.close(attacked.rack.id)
    await attacker
  }
  for (const host of hosts) await nothingIsLeftOf(host)

  const [before, after] = [usual, await usualMs()]
  usual = after
  const lost = memoryBefore - median(available)
  figures.push(`${name}: ${Math.round(before)}, ${Math.round(median(during))}; ${Math.round(lost / MIB)}`)
  // Whatever else the machine is busy with by now is not the attack's fault.
  expect(median(during)).toBeLessThan(2 * Math.max(before, after) + allowanceMs)
  expect(lost).toBeLessThan(rackMemory + memoryMargin)
}

/** How long a container takes in the second rack. */
async function containerMs(): Promise<number> {
  const started = performance.now()
  const result = await racks.exec(second.id, 'target', ['docker', 'run', '--rm', 'busybox', 'true'])
  expect(result).toMatchObject({ stderr: '', exitCode: 0 })
  return performance.now() - started
}

async function usualMs(): Promise<number> {
  const times: number[] = []
  for (let n = 0; n < samples; n++) times.push(await containerMs())
  return median(times)
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}

/** What the machine could still give, were it not for the programs that are no host's: those come and go as they like. */
function availableMemory(): number {
  const kib = (path: string, name: string) =>
    Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(readFileSync(path, 'utf8'))?.[1] ?? 0)
  const others = readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .map((pid) => {
      try {
        return statSync(`/proc/${pid}`).uid < slotIds(0).base ? kib(`/proc/${pid}/status`, 'RssAnon') : 0
      } catch {
        return 0
      }
    })
  return (kib('/proc/meminfo', 'MemAvailable') + others.reduce((sum, kibibytes) => sum + kibibytes, 0)) * 1024
}

function slotOf(host: string): number {
  return (JSON.parse(readFileSync(join(state.hosts, host, 'host.json'), 'utf8')) as { slot: number }).slot
}

/** Looks for a closed host everywhere, its processes by their user ids, which are its alone. */
async function nothingIsLeftOf({ id, base }: { id: string; base: number }): Promise<void> {
  const idsOfBoth = 2 * 65_536
  const processes = () =>
    readdirSync('/proc').flatMap((pid) => {
      try {
        const status = /^\d+$/.test(pid) ? readFileSync(`/proc/${pid}/status`, 'utf8') : ''
        const [name, phase, user] = ['Name', 'State', 'Uid'].map(
          (field) => new RegExp(`^${field}:\\t(\\S+)`, 'm').exec(status)?.[1],
        )
        // The dead wait for the machine's first process to look after them, and need nothing.
        const theirs = Number(user) >= base && Number(user) < base + idsOfBoth && phase !== 'Z'
        return theirs ? [`${pid} ${name} ${phase}`] : []
      } catch {
        return []
      }
    })
  // Thousands that have been killed need their turn on a processor to go.
  await expect.poll(processes, { timeout: 10_000, interval: 20 }).toEqual([])
  expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(id)
  const groups = ['.', ...readdirSync('/sys/fs/cgroup')].map((name) => join('/sys/fs/cgroup', name, state.mark, id))
  for (const path of [...groups, store.host(id), join(state.hosts, id), join(state.runcRoot, id), state.rootOf(id)])
    expect(existsSync(path), path).toBe(false)
}

const waiting = { timeout: 60_000, interval: 50 }
const memoryOf = (attacked: AttackedRack) => attacked.limit('memory', 'memory.usage_in_bytes', 'memory.current') / MIB
/** Where an attacker's words can be read before his end, in memory. */
const said = '/dev/shm/said'
const whatIsSaid = async (attacked: AttackedRack) => (await attacked.exec('cat', said)).stdout
/** Programs to be run by perl: shells quote them as they are. */
const perl = (program: string) => `perl -e '${program}'`

it('fork bomb', () =>
  attack('fork bomb', {
    script: perl('fork while 1'),
    async bitten(attacked) {
      await expect
        .poll(() => attacked.limit('pids', 'pids.current'), waiting)
        .toBeGreaterThan(0.95 * defaultHostLimits.docker.pids)
    },
  }))

it('full disk', () =>
  attack('full disk', {
    script: 'while :; do dd if=/dev/zero of=/big bs=1M 2>&1; stat -c "size %s" /big; rm /big; done',
    bitten: () => sleep(1000),
    over({ stdout }) {
      expect(stdout).toContain("error writing '/big': Disk quota exceeded")
      const sizes = [...stdout.matchAll(/^size (\d+)$/gm)].map((match) => Number(match[1]) / MIB)
      expect(sizes[0]).toBeGreaterThan(900)
      expect(Math.max(...sizes)).toBeLessThanOrEqual(1024)
    },
  }))

it('inode flood', () =>
  attack('inode flood', {
    disk: '32m',
    script: `${perl(`$| = 1; my ($made, $failed) = (0, 0); mkdir "/many";
      for (my $n = 0; ; $n++) {
        mkdir "/many/$n";
        for (1 .. 5000) { if (open(my $file, ">", "/many/$n/$_")) { $made++ } else { print "$made files: $!\\n" if !$failed++ } }
      }`)} > ${said}`,
    async bitten(attacked) {
      await expect.poll(() => whatIsSaid(attacked), waiting).toMatch(/^\d{5,} files: Disk quota exceeded$/m)
    },
    async over(_, attacked) {
      expect((await store.exclusiveBytes(store.host(attacked.host))) / MIB).toBeLessThanOrEqual(32)
    },
  }))

it('log flood', () =>
  attack('log flood', {
    disk: '300m',
    script: 'docker run --name flood busybox yes > /dev/null',
    async bitten(attacked) {
      const size = async () => {
        const { stdout } = await attacked.exec('sh', '-c', 'cat /var/lib/docker/containers/*/*-json.log | wc -c')
        return Number(stdout) / MIB
      }
      await expect.poll(size, waiting).toBeGreaterThan(50)
    },
    async over(_, attacked) {
      expect((await store.exclusiveBytes(store.host(attacked.host))) / MIB).toBeLessThanOrEqual(300)
    },
  }))

it('inotify exhaustion', () =>
  attack('inotify exhaustion', {
    script: `${perl(`$| = 1; my ($error, $watches, @instances) = ("", 0);
      for (;;) { my $fd = syscall(${numberOf('inotify_init1')}, 0); if ($fd < 0) { $error = $!; last } push @instances, $fd }
      print scalar(@instances), " instances: $error\\n"; mkdir "/watched";
      for (;; $watches++) {
        my $path = "/watched/$watches"; open(my $file, ">", $path);
        last if syscall(${numberOf('inotify_add_watch')}, $instances[0], $path, 2) < 0;
      }
      print "$watches watches: $!\\n"; sleep 60`)} > ${said}`,
    async bitten(attacked) {
      const all = /^\d+ instances: Too many open files\n\d+ watches: No space left on device\n$/
      await expect.poll(() => whatIsSaid(attacked), waiting).toMatch(all)
    },
    async over() {
      // Others have their own; tail says so when it has to do without.
      const script = 'timeout 1 tail -f /etc/hostname 2>&1; echo $?'
      expect((await racks.exec(second.id, 'target', ['sh', '-c', script])).stdout).toBe('target\n124\n')
    },
  }))

it('namespace exhaustion', () =>
  attack('namespace exhaustion', {
    script: `${perl(`$| = 1; my %kinds = (net => 1 << 30, uts => 1 << 26, ipc => 1 << 27, mnt => 1 << 17, user => 1 << 28);
      for my $kind (sort keys %kinds) {
        my @children;
        for (my $made = 0; ; $made++) {
          pipe(my $out, my $in);
          push @children, my $child = fork // die;
          if (!$child) { $! = 0; syscall(${numberOf('unshare')}, $kinds{$kind}); syswrite($in, $! ? "$!" : "made"); sleep 60; exit }
          close $in;
          sysread($out, my $outcome, 100);
          if ($outcome ne "made") { print "$made $kind: $outcome\\n"; last }
        }
        # Of network namespaces all remain.
        if ($kind ne "net") { kill "KILL", @children; waitpid($_, 0) for @children }
      }
      sleep 60`)} > ${said}`,
    async bitten(attacked) {
      const each = ['ipc', 'mnt', 'net', 'user', 'uts'].map((kind) => `\\d+ ${kind}: No space left on device\n`)
      await expect.poll(() => whatIsSaid(attacked), waiting).toMatch(new RegExp(`^${each.join('')}$`))
    },
    async over() {
      const all = ['--net', '--uts', '--ipc', '--mount', '--user', '--map-root-user']
      expect((await racks.exec(second.id, 'target', ['unshare', ...all, 'id', '-u'])).stdout).toBe('0\n')
    },
  }))

it('conntrack flood', () =>
  attack('conntrack flood', {
    // From many ports to many of the sink's, once the Engine's rules have made the kernel keep track.
    script: perl(`use Socket; my $to = inet_aton("192.168.1.12");
      for (;;) { for my $port (1 .. 60000) { socket(my $from, 2, 2, 0); send($from, "x", 0, pack_sockaddr_in($port, $to)) } }`),
    async bitten(attacked) {
      const count = async () =>
        Number((await attacked.exec('cat', '/proc/sys/net/netfilter/nf_conntrack_count')).stdout)
      await expect.poll(count, waiting).toBeGreaterThan(100_000)
    },
    async over() {
      expect(await racks.probe(second.id, 'target', { kind: 'ping', address: '192.168.1.12' })).toMatchObject({
        outcome: 'yes',
      })
    },
  }))

it('mount flood', () =>
  attack('mount flood', {
    // Each mount of all that is there doubles it.
    script: `unshare --mount ${perl(`$| = 1; mkdir "/m"; mkdir "/m/$_" for 1 .. 64; my ($from, $none, $round) = ("/m", "", 0);
      for (;; $round++) { my $at = "/m/" . ($round % 64 + 1); last if syscall(${numberOf('mount')}, $from, $at, $none, 0x5000, 0) < 0 }
      print "$round doublings: $!\\n"; open(my $mounts, "<", "/proc/self/mounts"); my $count = 0; $count++ while <$mounts>;
      print "$count mounts\\n"; sleep 60`)} > ${said}`,
    async bitten(attacked) {
      await expect
        .poll(() => whatIsSaid(attacked), waiting)
        .toMatch(/^\d+ doublings: No space left on device\n\d{5,} mounts\n$/)
    },
  }))

it('tmpfs bomb', () =>
  attack('tmpfs bomb', {
    script: `dd if=/dev/zero of=/dev/shm/x bs=1M 2>&1; dd if=/dev/zero of=/run/x bs=1M 2>&1
      mkdir /t; mount -t tmpfs -o size=100g none /t; while :; do dd if=/dev/zero of=/t/x bs=1M; sleep 0.1; done`,
    async bitten(attacked) {
      await expect.poll(() => memoryOf(attacked), waiting).toBeGreaterThan(1000)
    },
    over({ stdout }) {
      for (const path of ['/dev/shm/x', '/run/x'])
        expect(stdout).toContain(`error writing '${path}': No space left on device`)
    },
  }))

it('memory bomb', () =>
  attack('memory bomb', {
    script: `while :; do ${perl('my @held; push @held, "x" x (1 << 20) while 1')}; echo "exit $?"; done > ${said}`,
    async bitten(attacked) {
      await expect.poll(() => memoryOf(attacked), waiting).toBeGreaterThan(1000)
      await expect.poll(() => whatIsSaid(attacked), waiting).toMatch(/^exit 137$/m)
    },
  }))

it('leaves the machine its memory', async () => {
  const lost = () => (memoryAtFirst - availableMemory()) / MIB
  // A virtual machine may first hand what is free back to whoever runs it, some ten MiB a second, and count it as used.
  await expect.poll(lost, { timeout: 90_000, interval: 500 }).toBeLessThan(memoryMargin / MIB)
})
