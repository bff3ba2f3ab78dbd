import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { VethlabError } from '../../server/error/vethlab-error.js'
import { cgroupMode } from '../../server/machine/cgroup.js'
import { fromPackage } from '../../server/package-root.js'
import { run } from '../../server/rack/command.js'
import { LocalRacks } from '../../server/rack/local-racks.js'
import type { RackInfo } from '../../server/racks/racks.js'
import { battery, type Machine, machinesGround, outcomesOf, type Place } from './attack/battery.js'
import type { Technique } from './attack/technique.js'
import { subjects } from './attack/techniques.js'
import { footholds } from './foothold.js'
import { testState as state } from './state.js'
import { numberOf } from './system-calls.js'

/*
 * An attacker is root in a host and tries all of the table, from each place where he may stand. Each technique is shown to work, by
 * the same program, where the machine's own root runs it, or what it changes is shown to be the host's alone.
 */

const techniques = subjects.flatMap((subject) => subject.techniques)
/** What a kernel says that was built without something: then nobody can try it there. */
const absent = [
  'ENOSYS',
  'ENOENT',
  'ENODEV',
  'ENXIO',
  'EAFNOSUPPORT',
  'EPROTONOSUPPORT',
  'ENOTSUP',
  'ENOTTY',
  'SIGSEGV',
]

/** Those of the machine's root as it runs here. */
const capabilities = BigInt(`0x${/^CapEff:\s*(\w+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]}`)

let scratch: string
let racks: LocalRacks
let rack: RackInfo
let server: net.Server
let target: ChildProcess
let machine: Machine
let onMachine: Map<string, string>
let keptBefore: Map<string, string>

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'vethlab-attack-'))
  await chmod(scratch, 0o755)
  for (const name of ['store', 'root']) await mkdir(join(scratch, name))
  await writeFile(join(scratch, 'file'), 'of the machine')
  racks = await LocalRacks.start(state)
  rack = await racks.open({
    hosts: { attacker: 'docker', neighbour: 'plain' },
    lans: { lan: { subnet: '192.168.1.0/24', at: { attacker: '.11', neighbour: '.12' } } },
  })
  machine = await machinesThings()
  keptBefore = kept()
  const ground = machinesGround(state.store)
  const place: Place = { ...placeOf('attacker', ''), H: '', root: join(scratch, 'root'), store: join(scratch, 'store') }
  const result = await run('unshare', ['--mount', '--propagation', 'private', 'perl', '-'], {
    stdin: battery(
      techniques.filter((technique) => technique.machine),
      place,
      machine,
      ground,
    ),
    timeoutMs: 60_000,
  })
  expect(result).toMatchObject({ exitCode: 0, stderr: '' })
  onMachine = outcomesOf(result.stdout)
})
afterAll(async () => {
  target?.kill('SIGKILL')
  server?.close()
  await racks?.closeAll()
  await rm(scratch, { recursive: true, force: true })
})

/** What an attacker would get at: a process, sockets, a file, a disk, a mount. */
async function machinesThings(): Promise<Machine> {
  const secret = randomBytes(12).toString('hex')
  const abstract = `vethlab-attack-${randomBytes(4).toString('hex')}`
  const numbers = (['clone3', 'prctl', 'unshare'] as const).map((name) => `${numberOf(name)}`)
  target = spawn('perl', [fromPackage('test/hosts/attack/target.pl'), abstract, ...numbers, secret], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH, SECRET: secret },
  })
  const [pid] = (await once(createInterface(target.stdout!), 'line')) as [string]
  const path = join(scratch, 'socket')
  server = net.createServer((socket) => socket.destroy())
  await once(server.listen(path), 'listening')
  const [, major, minor] = /^ *(\d+) +(\d+) /m.exec(readFileSync('/proc/partitions', 'utf8'))!
  return {
    ...{ secret, abstract, path, pid: Number(pid), file: join(scratch, 'file') },
    disk: (Number(major) << 8) | (Number(minor) & 0xff),
    ...(await ownMounts()),
  }
}

/** Numbers of the machine's mount namespace and of its first mount; 0 where the kernel has none. */
async function ownMounts() {
  const ask = `open(my $file, '<', '/proc/self/ns/mnt') or die; my $id = pack 'Q', 0; ioctl($file, 0x8008b705, $id);
    my $wanted = pack 'L L Q Q Q', 32, 0, 0xffffffffffffffff, 0, 0; my $list = "\\0" x 64; syscall(${numberOf('listmount')}, $wanted, $list, 1, 0);
    print unpack('Q', $id), ' ', unpack('Q', $list)`
  const [mounts = '0', mount = '0'] = (await run('perl', ['-e', ask])).stdout.split(' ')
  return { mounts, mount }
}

/** Where a host's root stands, and the machine's where it is to reach the same. */
function placeOf(host: string, H: string): Place {
  const unified = cgroupMode() === 'v2'
  const id = rack.hosts.find(({ name }) => name === host)!.id
  return {
    ...{ H, root: H === '' ? '/' : H, store: `${H}/var/lib/docker`, name: host },
    groups: unified ? `/sys/fs/cgroup/${state.mark}/${id}` : '/sys/fs/cgroup',
    group: `${state.mark}/${id}`,
    unified: Number(unified),
  }
}

/** The files of the machine that an attack is to leave alone, with what is in them. */
function kept(): Map<string, string> {
  const files = techniques.flatMap((technique) => technique.kept ?? [])
  return new Map(files.map((file) => [file, existsSync(file) ? readFileSync(file, 'utf8') : 'not there']))
}

/** What the machine's root can't do either, for its kernel has no such thing or it lacks the capability. */
function missing({ name, machine: expected, capability }: Technique): boolean {
  if (capability !== undefined && !((capabilities >> BigInt(capability)) & 1n)) return true
  const outcome = onMachine.get(name)
  return expected !== undefined && outcome !== undefined && !expected.includes(outcome) && absent.includes(outcome)
}

it('works on the machine: what is refused in a host was really tried', () => {
  const wrong = techniques.filter(
    (technique) =>
      technique.machine && !technique.machine.includes(onMachine.get(technique.name)!) && !missing(technique),
  )
  expect(wrong.map(({ name, machine }) => `${name}: ${onMachine.get(name)}, not ${machine}`)).toEqual([])
  const tried = techniques.filter((technique) => !missing(technique))
  console.log(
    `${techniques.length} techniques; not on this kernel: ${techniques
      .filter(missing)
      .map(({ name }) => name)
      .join('; ')}`,
  )
  expect(tried.length).toBeGreaterThan(200)
})

it.each([
  { name: 'a plain host', host: 'neighbour', foothold: footholds[0]! },
  ...footholds.map((foothold) => ({ name: `${foothold.name} of a docker host`, host: 'attacker', foothold })),
])('leads nowhere from $name', async ({ host, foothold }) => {
  const place: Place = { ...placeOf(host, foothold.root), groups: `${foothold.root}/sys/fs/cgroup`, group: '' }
  const result = await racks.exec(rack.id, host, foothold.run(['perl', '-']), {
    stdin: battery(techniques, place, machine),
    timeoutMs: 60_000,
  })
  expect(result).toMatchObject({ exitCode: 0, stderr: '' })
  const outcomes = outcomesOf(result.stdout)
  const wrong = techniques.filter((technique) => {
    const outcome = outcomes.get(technique.name)!
    return !technique.inside.includes(outcome) && !(missing(technique) && absent.includes(outcome))
  })
  expect(wrong.map(({ name, inside }) => `${name}: ${outcomes.get(name)}, not ${inside}`)).toEqual([])
  expect(kept()).toEqual(keptBefore)
})

/**
 * What the runtime finds at its places for terminals and for null is the host's: a link, a file, a pipe that nobody reads, nothing
 * (CVE-2025-31133 and CVE-2025-52565 went that way when containers are made; here programs and terminals enter one that runs).
 */
it.each([
  ['leads elsewhere', 'ln -sfn /proc/sys/kernel/core_pattern /dev/ptmx'],
  ['is a file', 'rm -f /dev/ptmx; touch /dev/ptmx; mount --bind /etc/hostname /dev/pts/ptmx'],
  ['is a pipe that nobody reads', 'rm -f /dev/ptmx; mkfifo /dev/ptmx; mount --bind /dev/ptmx /dev/pts/ptmx'],
  ['is not there', 'mount -t tmpfs none /dev/pts'],
  ['is null that leads elsewhere', 'umount -l /dev/null; rm -f /dev/null; ln -s /proc/sysrq-trigger /dev/null'],
  ['is a console that leads elsewhere', 'rm -f /dev/console; ln -s /proc/sys/kernel/core_pattern /dev/console'],
])('a terminal in a host whose device %s ends with an answer, and changes nothing of the machine', async (_, trick) => {
  const tricked = await racks.open({ hosts: { a: 'plain' } })
  const before = readFileSync('/proc/sys/kernel/core_pattern', 'utf8')
  try {
    const made = await racks.exec(tricked.id, 'a', ['sh', '-c', trick])
    expect(made).toMatchObject({ exitCode: 0, stderr: '' })
    const terminals = await racks.terminals(tricked.id)
    try {
      const opened = await terminals.open({ host: 'a', cols: 80, rows: 24 }).then(
        () => 'opened',
        (error: Error) => error,
      )
      if (opened !== 'opened') expect(opened).toBeInstanceOf(VethlabError)
    } finally {
      terminals.disconnect()
    }
    // What such a host does to itself is its own trouble: a program there may fail, but it ends, and others go on.
    const entered = await racks.exec(tricked.id, 'a', ['echo', 'still here'], { timeoutMs: 10_000 })
    expect([entered.timedOut, entered.exitCode === 0 ? entered.stdout : '']).toEqual([
      false,
      entered.exitCode === 0 ? 'still here\n' : '',
    ])
    expect((await racks.exec(rack.id, 'neighbour', ['echo', 'still here'])).stdout).toBe('still here\n')
    expect(readFileSync('/proc/sys/kernel/core_pattern', 'utf8')).toBe(before)
  } finally {
    await racks.close(tricked.id)
  }
})
