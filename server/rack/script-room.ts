import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { realpath, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { VethlabError } from '../error/vethlab-error.js'
import type { ScriptRun } from '../place/script-run.js'
import { oneLine } from '../wording/one-line.js'
import type { Cgroups } from './cgroup.js'
import { identify } from './record.js'
import type { StateDirectory } from './state-directory.js'

const timeoutMs = 10_000
const largestOutputBytes = 64 * 1024
/** Output that is still on its way is waited for this long after the end. */
const drainMs = 200
const limits = { memoryBytes: 256 * 1024 ** 2, pids: 64, cpuShares: 512, diskBytes: 0 }

/** In the control groups whose `$1` files come first, then in namespaces of its own. All of it ends with its first process. */
const outside = `
set -e
count=$1; shift
while [ "$count" -gt 0 ]; do echo $$ > "$1"; shift; count=$((count - 1)); done
exec unshare --mount --propagation private --net --pid --ipc --uts --cgroup --fork --kill-child=KILL -- sh -c "$@"`

/**
 * A root of its own, in memory: programs and libraries of the machine, the lab's folder, four devices and /proc of its own, all
 * read-only, and an empty /tmp. `$1` is a directory to mount on, `$2` the user,
 * `$3` the lab, `$4` the program, `$5` Node's folder.
 */
const inside = `
set -e
cd "$1"; user=$2 lab=$3 program=$4 node=$5
mount -t tmpfs -o mode=755,size=16m,nosuid tmpfs .
cd "$1"
bring() { mkdir -p ".$1"; mount -o bind,ro,nosuid,nodev "$1" ".$1"; }
bring /usr
for name in bin sbin lib lib32 lib64 libx32; do
  if [ -L "/$name" ]; then ln -s "$(readlink "/$name")" "$name"; elif [ -d "/$name" ]; then bring "/$name"; fi
done
[ ! -d /etc/alternatives ] || bring /etc/alternatives
case "$node" in /usr/*) ;; *) bring "$node" ;; esac
mkdir -p dev proc tmp
for name in null zero random urandom; do : > "dev/$name"; mount -o bind "/dev/$name" "dev/$name"; done
mount -t proc -o nosuid,nodev,noexec proc proc
chmod 1777 tmp
bring "$lab"
pivot_root . .
umount -l .
cd "$lab"
ulimit -c 0; ulimit -f 32768; ulimit -n 256
# Becoming another user forgets what was to end it with its parent (prctl(2), PR_SET_PDEATHSIG): that is said anew.
exec setpriv --pdeathsig KILL --reuid "$user" --regid "$user" --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all -- "$program"`

/**
 * Runs a program of a lab's folder, for a check, as a user that nothing else is: no network, no process and no file of the
 * machine's but what a program needs to run, the lab's folder read-only, and limits on memory, processes, output and time.
 * Nothing of it outlives the caller's process, by whatever that ends.
 * @param directory the lab's folder; every user of the machine must be able to read it
 * @throws VethlabError argument.invalid, command.failed
 */
export async function runLabScript(
  { state, cgroups }: { state: Pick<StateDirectory, 'scriptUser' | 'run'>; cgroups: Cgroups },
  directory: string,
  file: string,
  { stdin, signal }: { stdin: string; signal?: AbortSignal },
): Promise<ScriptRun> {
  signal?.throwIfAborted()
  const lab = await openToAll(directory)
  const group = groupName()
  await cgroups.create(group, limits, 0)
  try {
    const tasks = cgroups.taskFiles(group)
    const node = dirname(process.execPath)
    const argv = [
      ...['--pdeathsig', 'KILL', 'sh', '-c', outside, 'sh', `${tasks.length}`, ...tasks],
      ...[inside, 'sh', state.run, `${state.scriptUser}`, lab, join(lab, 'checks', file), node],
    ]
    const run = await supervised(argv, node, stdin, signal)
    signal?.throwIfAborted()
    const killed = run.ended === 'exit' && (await cgroups.memoryKills(group)) > 0
    return killed ? { ...run, ended: 'memory' } : run
  } finally {
    await cgroups.endAll(group)
    await cgroups.remove(group)
  }
}

/** Says whose it is, so that a sweep leaves it alone for as long as its maker lives. */
function groupName(): string {
  return `script-${process.pid}-${identify(process.pid)!.startTime}-${randomBytes(4).toString('hex')}`
}

/** Whether a control group is that of a script whose maker is still there. */
export function isLivingScript(group: string): boolean {
  const [, pid, startTime] = /^script-(\d+)-(\d+)-[0-9a-f]{8}$/.exec(group) ?? []
  return pid !== undefined && identify(Number(pid))?.startTime === startTime
}

/** What is mounted is seen past the directories above it, so that all of them have to be open to everybody already. */
async function openToAll(directory: string): Promise<string> {
  const refuse = (cause?: unknown) =>
    new VethlabError('argument.invalid', 'is no lab that every user of the machine can read', {
      place: oneLine(directory, 200),
      cure: 'Open the folder, and those above it, to all: `chmod o+rX`.',
      cause,
    })
  const path = await realpath(directory).catch((error: unknown) => {
    throw refuse(error)
  })
  for (let at = path; ; at = dirname(at)) {
    const needed = at === path ? 0o005 : 0o001
    if (((await stat(at)).mode & needed) !== needed) throw refuse()
    if (at === dirname(at)) break
  }
  if (!(await stat(join(path, 'lab.yaml')).catch(() => undefined))?.isFile()) throw refuse()
  return path
}

function supervised(argv: string[], node: string, stdin: string, signal?: AbortSignal): Promise<ScriptRun> {
  return new Promise((resolve, reject) => {
    const child = spawn('setpriv', argv, {
      cwd: '/',
      env: { PATH: `/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin:${node}`, LANG: 'C.UTF-8' },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    let ended: ScriptRun['ended'] = 'exit'
    const end = (why: ScriptRun['ended']) => {
      if (ended === 'exit') ended = why
      child.kill('SIGKILL')
    }
    const collect = (stream: NodeJS.ReadableStream) => {
      const chunks: Buffer[] = []
      let size = 0
      stream.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > largestOutputBytes) end('output')
        else chunks.push(chunk)
      })
      return () => Buffer.concat(chunks).toString('utf8')
    }
    const stdout = collect(child.stdout)
    const stderr = collect(child.stderr)
    const deadline = setTimeout(() => end('timeout'), timeoutMs)
    const abort = () => end('timeout')
    signal?.addEventListener('abort', abort, { once: true })
    // It need not read what it is given.
    child.stdin.on('error', () => {})
    child.stdin.end(stdin)
    child.once('error', (cause) => {
      clearTimeout(deadline)
      reject(
        new VethlabError('command.failed', cause.message, { place: 'setpriv', cure: 'Run `vethlab setup`.', cause }),
      )
    })
    child.once('exit', (exitCode, by) => {
      clearTimeout(deadline)
      signal?.removeEventListener('abort', abort)
      const done = () => {
        for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy()
        resolve({ ended, exitCode, signal: by, stdout: stdout(), stderr: stderr() })
      }
      const timer = setTimeout(done, drainMs)
      child.once('close', () => {
        clearTimeout(timer)
        done()
      })
    })
  })
}
