import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { run } from '../../server/rack/command.js'
import { eye } from '../../server/rack/eyes.js'
import { type Holding, readHolding } from '../../server/rack/guard/holding.js'

/** What the guard is told of processes of ours that hold what hosts hold. */

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

/** A program in Perl that says once that it is there, and holds what it has until the end of the test. */
async function holding(program: string): Promise<number> {
  const held = `$SIG{PIPE} = 'DEFAULT'; my @held; ${program} syswrite STDOUT, 'held'; sleep 60`
  const child = spawn('perl', ['-e', held], { stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  return new Promise((resolve, reject) => {
    child.stdout.once('data', () => resolve(child.pid!))
    child.stderr.once('data', (words: Buffer) => reject(new Error(`${words}`)))
  })
}

async function measured(paths: string, ...pids: number[]): Promise<Holding> {
  const [file, ...args] = eye('measure-namespaces', paths)
  const { stdout, stderr } = await run(file, args, { stdin: pids.join() })
  expect(stderr).toBe('')
  return readHolding(stdout)
}

const callNumbers = `my ($unshare, $setns, $clone) = -e '/lib64' ? (272, 308, 56) : (97, 268, 220);`
const sockets = (count: number) => `for (1 .. ${count}) { socket(my $s, 2, 2, 0) or die "socket: $!"; push @held, $s }`
const terminal = `open(my $master, '+<', '/dev/ptmx') or die "ptmx: $!"; push @held, $master;`
const ringBytes = 8 * 1024 ** 2
/** A ring of a packet socket in a namespace that its maker leaves again. */
const ringElsewhere = `open(my $home, '<', '/proc/self/ns/net'); ${callNumbers}
  syscall($unshare, 0x40000000) == 0 or die "unshare: $!";
  socket(my $ring, 17, 3, 0) or die "socket: $!";
  setsockopt($ring, 263, 5, pack 'I4', 1 << 20, 8, 2048, 4096) or die "ring: $!";
  syscall($setns, fileno $home, 0) == 0 or die "setns: $!";`

describe('what is counted of a host', () => {
  it('finds a ring behind thousands of other sockets', { timeout: 60_000 }, async () => {
    const found = await measured('', await holding(sockets(5000) + ringElsewhere))
    expect(found.counted).toBe('whole')
    expect(found.memory).toBeGreaterThanOrEqual(ringBytes)
  })

  it('says that there is more than it looks at', { timeout: 60_000 }, async () => {
    const found = await measured('', await holding(sockets(16_500) + ringElsewhere))
    expect(found.counted).toBe('beyond')
    expect(found.files).toBeGreaterThan(16_500)
  })

  it('knows a terminal by its device, whatever its name is', async () => {
    const pid = await holding(terminal.repeat(3))
    expect(await measured('', pid)).toMatchObject({ terminals: 3, counted: 'whole' })
  })

  it('counts once what processes share by one table of files', async () => {
    // CLONE_FILES
    const share = `${callNumbers} for (1 .. 20) { my $child = syscall($clone, 0x400 | 17, 0, 0, 0, 0); if (!$child) { sleep 60; exit } }`
    const pid = await holding(sockets(4000) + terminal + share)
    const sharing = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)
    expect(sharing).toHaveLength(20)
    try {
      const found = await measured('', pid, ...sharing)
      expect(found).toMatchObject({ terminals: 1, counted: 'whole' })
      expect(found.files).toBeLessThan(4100)
    } finally {
      for (const child of sharing) process.kill(child, 'SIGKILL')
    }
  })

  it('counts nothing of the machine as a host’s, though its programs hold sockets of it', async () => {
    const pid = await holding(sockets(1))
    expect(await measured('', pid)).toMatchObject({ memory: 0, neighbours: 0, counted: 'whole' })
    expect((await measured('/proc/self/ns/net')).memory).toBeGreaterThan(0)
  })
})

it('takes what a program said that was ended as far as it goes, and never for all', () => {
  expect(readHolding('1 2 3 4\n5 6 7 8 whole\n')).toEqual({
    memory: 5,
    neighbours: 6,
    files: 7,
    terminals: 8,
    counted: 'whole',
  })
  expect(readHolding('1 2 3 4\n5 6 7 8 whol')).toMatchObject({ memory: 1, counted: 'late' })
  expect(readHolding('5 6 7 8 beyond\n').counted).toBe('beyond')
  expect(readHolding('')).toMatchObject({ memory: 0, counted: 'late' })
})
