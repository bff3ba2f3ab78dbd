import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { link, mkdir, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { VethlabError } from '../error/vethlab-error.js'
import { machinePath } from './command.js'
import { eye } from './eyes.js'
import { identify, isAlive, type ProcessIdentity, readRecord, recordedDirectories } from './record.js'
import { machineDirectory } from './state-directory.js'

/**
 * User ids of hosts. Every host has 65,536 ids of its own, so that what the kernel counts per user (pipes, queued
 * descriptors, keys) is counted for it alone, and one id more that owns its user namespaces: per-user limits such as
 * inotify's are charged to the maker of a namespace (user_namespaces(7), "/proc/sys/user").
 *
 * The ids are the machine's, so slots are given out for the whole machine, by files in one directory. Range: above what
 * systemd.io/UIDS-GIDS gives to container managers, below 2^31.
 */
const slotDirectory = join(machineDirectory, 'slots')
const firstId = 1_879_048_192
const idsPerSlot = 131_072
const slotCount = 2048
const idsPerHost = 65_536

/**
 * Limits of a host's outer user namespace, which its root can't reach: it is root of an inner one. They bound what
 * no control group counts.
 */
const namespaceLimits: Record<string, number> = {
  // Each may hold `nf_conntrack_max` connections, in memory that no control group is charged for.
  max_net_namespaces: 96,
  max_mnt_namespaces: 1024,
  max_pid_namespaces: 256,
  max_uts_namespaces: 512,
  max_ipc_namespaces: 256,
  max_cgroup_namespaces: 256,
  max_user_namespaces: 128,
  max_time_namespaces: 64,
  max_inotify_instances: 128,
  max_inotify_watches: 65_536,
  max_fanotify_groups: 16,
  max_fanotify_marks: 8192,
}

interface SlotRecord {
  mark: string
  host: string
  maker: ProcessIdentity
}

export interface IdSlot {
  number: number
  /** The machine's id of root inside. */
  base: number
}

export function slotIds(number: number): { base: number; owner: number } {
  const base = firstId + number * idsPerSlot
  return { base, owner: base + idsPerHost }
}

/** Takes a free slot. @throws VethlabError rack.limit */
export async function takeSlot(mark: string, host: string): Promise<IdSlot> {
  await mkdir(slotDirectory, { recursive: true, mode: 0o700 })
  const maker = identify(process.pid)!
  const draft = join(slotDirectory, `.new-${maker.pid}-${maker.startTime}-${host}`)
  await writeFile(draft, JSON.stringify({ mark, host, maker } satisfies SlotRecord), { mode: 0o600 })
  try {
    for (let number = 0; number < slotCount; number++) {
      try {
        // Fails where the name exists; and a slot is never there without its content.
        await link(draft, slotPath(number))
        return { number, base: slotIds(number).base }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
    }
  } finally {
    await unlink(draft)
  }
  throw new VethlabError('rack.limit', `all ${slotCount} id ranges of the machine are in use`, {
    place: slotDirectory,
    cure: 'Close racks, or run `vethlab sweep`.',
  })
}

export function slotPath(number: number): string {
  return join(slotDirectory, `${number}`)
}

export async function freeSlot(number: number): Promise<void> {
  await unlink(slotPath(number)).catch(() => {})
}

/** Slots that one installation holds, for the sweep. `newborn`: its maker lives, and may be about to record its host. */
export async function slotsOf(mark: string): Promise<{ number: number; host: string; newborn: boolean }[]> {
  const slots: { number: number; host: string; newborn: boolean }[] = []
  for (const name of await recordedDirectories(slotDirectory).catch(() => [])) {
    const record = await readRecord<SlotRecord>(join(slotDirectory, name))
    if (record?.mark === mark) slots.push({ number: Number(name), host: record.host, newborn: isAlive(record.maker) })
  }
  return slots
}

/** The user namespaces of a host, by path; they live on in whoever has joined them by the release, or is mapped by them. */
export interface UserNamespaces {
  /** Its root is the host's. It lies in an outer one, which has the limits. */
  host: string
  /**
   * Only maps ids of files: those on a host's disk, 0 to 65,535, are the slot's, so that a disk belongs to no slot. Who mounts
   * an overlay has to have an id on its disk too, for what the kernel makes there in his name: the machine's root is
   * 65,536, which nobody in a host can be.
   */
  disk: string
  release(): void
}

/**
 * Makes the user namespaces of a host. They go when this process dies.
 * @param processes most processes and threads of the host. The control group bounds them too, but only after it has taken a
 *   lock of the whole machine's, which thousands that fork in vain would keep from everybody: this comes first
 *   (RLIMIT_NPROC as a user namespace keeps it from its maker, setrlimit(2); nobody inside can raise it)
 * @throws VethlabError machine.missing-feature
 */
export async function makeUserNamespaces(slot: IdSlot, processes: number): Promise<UserNamespaces> {
  const { base, owner } = slotIds(slot.number)
  const limits = Object.entries(namespaceLimits).flatMap(([name, most]) => [name, `${most}`])
  const [file, ...args] = eye('hold-user-namespaces', `${base}`, `${owner}`, `${idsPerHost}`, `${processes}`, ...limits)
  const child = spawn(file, args, { stdio: 'pipe', env: { PATH: machinePath } })
  child.stdin.on('error', () => {})
  const release = () => child.stdin.destroy()
  let said = ''
  child.stderr.on('data', (bytes) => {
    said += bytes
  })
  try {
    const outcome = await Promise.race([once(child.stdout, 'data'), once(child, 'close'), once(child, 'error')])
    const [, host, disk] = /^(\d+) (\d+)$/.exec(`${outcome[0]}`.trim()) ?? []
    if (!host) {
      throw new VethlabError('machine.missing-feature', `can't make user namespaces: ${said.trim() || outcome[0]}`, {
        place: 'user namespaces',
        cure: 'Check /proc/sys/user/max_user_namespaces and run `vethlab doctor`.',
      })
    }
    return { host: `/proc/${host}/ns/user`, disk: `/proc/${disk}/ns/user`, release }
  } catch (error) {
    release()
    throw error
  }
}
