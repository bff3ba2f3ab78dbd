import {
  type BigIntStats,
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  statSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { VethlabError } from '../../error/vethlab-error.js'
import { extendedAttribute, openBeneath, peerProcess } from '../../kernel/system-calls.js'
import { oneLine } from '../../wording/one-line.js'
import { linkOf } from '../link-of.js'

const enginePath = '/usr/sbin/dockerd'
/** Far more than an Engine has with many containers. */
const mostThreads = 1000
const mostMappingBytes = 2 * 1024 ** 2
/** Executable memory that is the kernel's own (proc(5)). */
const kernelCode = new Set(['[vdso]', '[vsyscall]', '[uprobes]'])

/** Where the host's files are, from the machine: its root as we mounted it, its own layer, and golden below that. */
export interface EngineIdentityPlan {
  host: string
  /** A process of the host. */
  init: () => number
  /** Where the overlay is mounted, outside of any view of the host. */
  root: string
  /** The overlay's upper layer, outside of it. */
  upper: string
  /** The subvolume below it, which nobody can write. */
  golden: string
}

/**
 * Tells golden's own Engine from whatever a learner, who is root of the host, puts in its place. An overlay shows a file that
 * was never changed with golden's inode number and times, and the time of change (ctime, inode(7)) is the kernel's: no program
 * can set it. One that was changed is golden's still as long as its content lies in golden alone (see `hasGoldensContent`).
 * A process whose code is nothing but such files, with no page of it changed in memory, is golden's program.
 *
 * What remains: root of the host may still change the Engine's data in memory (ptrace(2)) and let go of it again.
 */
export class EngineIdentity {
  constructor(private readonly plan: EngineIdentityPlan) {}

  /**
   * Proves who listens at the other end of a connected unix socket.
   * @param proved processes that were proved a moment ago, for another connection of the same session
   * @returns the process
   * @throws VethlabError host.unverified; host.unreachable where it has just ended
   */
  verify(socket: number, proved: ReadonlySet<number>): number {
    try {
      const pid = peerProcess(socket)
      if (pid <= 0) throw new Ended()
      if (!proved.has(pid)) this.verifyProcess(pid)
      return pid
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      throw this.refusal(code === 'ENOENT' || code === 'ESRCH' ? new Ended() : (error as Error))
    }
  }

  /** What is written in its name by a process that is not the proved one. */
  foreign(): VethlabError {
    return this.refusal(new Error('another process answers in its name'))
  }

  private verifyProcess(pid: number): void {
    for (const namespace of ['pid', 'user', 'net']) {
      if (readlinkSync(`/proc/${pid}/ns/${namespace}`) !== readlinkSync(`/proc/${this.plan.init()}/ns/${namespace}`))
        throw new Error(`process ${pid} listens on its socket, which is in another ${namespace} namespace`)
    }
    requireFree(pid)
    const device = statSync(this.plan.root, { bigint: true }).dev
    const engine = statSync(`/proc/${pid}/exe`, { bigint: true })
    if (!this.isGoldens(engine, enginePath, device))
      throw new Error(
        `${oneLine(linkOf(`/proc/${pid}/exe`), 100)} listens on its socket, which is not golden's dockerd`,
      )
    this.verifyCode(pid, device, engine.ino)
  }

  /** Everything that the process can execute, page by page. */
  private verifyCode(pid: number, device: bigint, engine: bigint): void {
    const seen = new Set<bigint>()
    for (const { range, name, changedKiB } of executableMappings(readMappings(pid))) {
      if (kernelCode.has(name)) continue
      if (changedKiB > 0) throw new Error(`its code has been changed in memory (${oneLine(name, 100) || 'no file'})`)
      if (!name.startsWith('/')) throw new Error('it runs code that is in no file')
      const mapping = `/proc/${pid}/map_files/${range}`
      const file = statSync(mapping, { bigint: true })
      if (!this.isGoldens(file, linkOf(mapping), device))
        throw new Error(`it runs code of ${oneLine(name, 100)}, which is not golden's`)
      seen.add(file.ino)
    }
    // A process can name another file as its program (prctl(2), PR_SET_MM_MAP), but not run what it has not mapped.
    if (!seen.has(engine)) throw new Error(`its code is not that of ${enginePath}`)
  }

  private isGoldens(file: BigIntStats, path: string, device: bigint): boolean {
    const original = goldenFile(this.plan.golden, path)
    if (original === undefined || file.dev !== device) return false
    // Inode numbers of a disk are none of golden's (layDisk), and overlayfs goes on showing golden's for what it has copied.
    if (file.ino !== original.ino || file.size !== original.size) return false
    if (file.ctimeNs === original.ctimeNs && file.mtimeNs === original.mtimeNs) return true
    return this.hasGoldensContent(path)
  }

  /**
   * Whether a file has been changed in mode, owner or times alone. overlayfs then keeps those in the upper layer and reads
   * the content from below ("metadata only copy up" in its documentation); the first who opens it for writing ends that, and
   * nothing begins it again. So what a process has mapped of it until now is golden's. The marks are `trusted.` attributes,
   * which the machine's root alone can set (xattr(7)).
   * @param path as the host names it; nothing is followed on the way, and nothing of it has been moved or made anew
   */
  private hasGoldensContent(path: string): boolean {
    const parts = path.split('/').filter((part) => part !== '')
    return parts.every((_, index) => {
      const own = `/${parts.slice(0, index + 1).join('/')}`
      return this.isStillAt(own, index < parts.length - 1 ? 'directory' : 'content')
    })
  }

  private isStillAt(path: string, what: 'directory' | 'content'): boolean {
    let file: number | undefined
    try {
      file = openBeneath(this.plan.upper, path.slice(1))
      const mark = (name: string) => extendedAttribute(`/proc/self/fd/${file}`, `trusted.overlay.${name}`)
      // A name in the same directory, or a path from the root on.
      const redirect = mark('redirect')
      if (redirect !== undefined && resolve(dirname(path), redirect) !== path) return false
      if (what === 'directory') return fstatSync(file).isDirectory() && mark('opaque') === undefined
      return fstatSync(file).isFile() && mark('metacopy') !== undefined
    } catch {
      return false
    } finally {
      if (file !== undefined) closeSync(file)
    }
  }

  /** That the Engine has just ended or hung up, as in a restart, says nothing of who it was: it is silent. */
  private refusal(cause: Error): VethlabError {
    const place = this.plan.host
    return cause instanceof Ended
      ? new VethlabError('host.unreachable', 'the Engine gives no answer: it has just ended, or hung up', {
          place,
          cure: 'Wait until it has started again, or start it with `systemctl restart docker` in the host.',
          cause,
        })
      : new VethlabError('host.unverified', `could not verify the Engine: ${cause.message}`, {
          place,
          cure: 'Reset the host.',
          cause,
        })
  }
}

class Ended extends Error {}

/** That nobody holds or traces any of a process's threads (proc(5)): who does can make it do and say anything meanwhile. */
function requireFree(pid: number): void {
  const threads = readdirSync(`/proc/${pid}/task`)
  if (threads.length > mostThreads) throw new Error(`it has ${threads.length} threads`)
  for (const thread of threads) {
    const status = statusOf(`/proc/${pid}/task/${thread}/status`)
    if (status === undefined) continue
    if (!/^TracerPid:\t0$/m.test(status)) throw new Error('it is being traced')
    if (/^State:\t[Tt]/m.test(status)) throw new Error('it has been stopped')
  }
}

/** Undefined for a thread that has just ended. */
function statusOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return undefined
    throw error
  }
}

/** Files of golden systems by path: they are in read-only subvolumes, so what is known of one stays true. */
const goldenFiles = new Map<string, BigIntStats>()

/** @param path as the host names it; the learner's word, which only chooses with what a file is compared */
function goldenFile(golden: string, path: string): BigIntStats | undefined {
  const place = join(golden, path)
  if (!place.startsWith(`${golden}/`)) return undefined
  const known = goldenFiles.get(place)
  if (known) return known
  try {
    const stat = statSync(place, { bigint: true })
    if (!stat.isFile()) return undefined
    goldenFiles.set(place, stat)
    return stat
  } catch {
    return undefined
  }
}

/** A learner's program can have mappings without end, each of which the kernel would count page by page. */
function readMappings(pid: number): string {
  const file = openSync(`/proc/${pid}/smaps`, 'r')
  try {
    const chunks: Buffer[] = []
    for (let left = mostMappingBytes; ; ) {
      const chunk = Buffer.alloc(64 * 1024)
      const count = readSync(file, chunk, 0, chunk.length, null)
      if (count === 0) return Buffer.concat(chunks).toString('utf8')
      chunks.push(chunk.subarray(0, count))
      left -= count
      if (left < 0) throw new Error('it has more mappings than an Engine')
    }
  } finally {
    closeSync(file)
  }
}

/** The mappings with code, from /proc/PID/smaps (proc(5)): `Anonymous` counts pages that are no longer the file's. */
function executableMappings(smaps: string): { range: string; name: string; changedKiB: number }[] {
  const found: { range: string; name: string; changedKiB: number }[] = []
  let current: (typeof found)[number] | undefined
  for (const line of smaps.split('\n')) {
    const header = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \d+ *(.*)$/.exec(line)
    if (header) {
      const [, from, to, permissions, name] = header
      // Names of map_files have no leading zeros, whatever their length in smaps.
      const range = `${from!.replace(/^0+(?=.)/, '')}-${to!.replace(/^0+(?=.)/, '')}`
      current = permissions!.includes('x') ? { range, name: name!, changedKiB: 0 } : undefined
      if (current) found.push(current)
    } else if (current && line.startsWith('Anonymous:')) {
      current.changedKiB = Number(/\d+/.exec(line)?.[0] ?? 0)
    }
  }
  return found
}
