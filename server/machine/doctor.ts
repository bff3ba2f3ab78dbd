import { readFileSync } from 'node:fs'
import { access, statfs } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { messageOf } from '../error/message-of.js'
import { capacity, HOSTS_PER_RACK, measuredHostBytes } from './capacity.js'
import { cgroupSupport } from './cgroup.js'
import { type FeatureReport, probeFeatures } from './features.js'
import { type MachinePackage, machinePackages, missingPackages } from './packages.js'
import { type LowSetting, lowSettings } from './shared-settings.js'
import { findTool } from './tool.js'
import { isAtLeast } from './version.js'

export type DoctorArea = 'root' | 'cgroup' | 'kernel' | 'feature' | 'tool' | 'disk' | 'memory' | 'golden'

/** `missing` stops every lab; `warning` some of them or only now and then; `unknown` could not be found out. */
export type DoctorStatus = 'ok' | 'missing' | 'warning' | 'unknown'

export interface DoctorRow {
  area: DoctorArea
  name: string
  status: DoctorStatus
  found: string
  /** What does not work, and how to mend it: with every status but `ok`. */
  fails?: string
  cure?: string
}

/** Plain data, fit for JSON. */
export interface DoctorReport {
  /** Whether labs can run: no row is `missing`. */
  ok: boolean
  rows: DoctorRow[]
}

/** The golden system as its owner knows it; the room of the machine does not look into the store. */
export interface GoldenFound {
  version: string
  /** ISO 8601. */
  builtAt: string
  ageMs: number
}

/** The state directory, which need not exist yet; its free bytes are measured unless given. */
export interface StoreFound {
  path: string
  freeBytes?: number
}

/** Images that were added to golden's, and those that labs need and were not, as their owner knows them. */
export interface ImagesFound {
  added: number
  missing: { lab: string; image: string }[]
}

const MIB = 1024 ** 2
const GIB = 1024 ** 3
const DAY_MS = 86_400_000

/** The golden system, its packages while it is built, and the images of the labs. */
const SETUP_BYTES = 3 * GIB

/** A rack of three hosts, its containers and vethlab itself fit into this. */
const COMFORTABLE_MEMORY_BYTES = 1 * GIB

/** Numbers of linux/capability.h. CAP_SYS_RESOURCE is not among them: hosts run without it. */
const CAPABILITIES = {
  CAP_CHOWN: 0,
  CAP_DAC_OVERRIDE: 1,
  CAP_FOWNER: 3,
  CAP_KILL: 5,
  CAP_SETGID: 6,
  CAP_SETUID: 7,
  CAP_NET_ADMIN: 12,
  CAP_NET_RAW: 13,
  CAP_SYS_CHROOT: 18,
  CAP_SYS_PTRACE: 19,
  CAP_SYS_ADMIN: 21,
  CAP_MKNOD: 27,
  CAP_SETFCAP: 31,
}

/** Looks at the whole machine. It changes nothing, and needs root only to find out more. */
export async function examine({
  golden,
  images,
  store,
}: {
  golden?: GoldenFound
  images?: ImagesFound
  store: StoreFound
}): Promise<DoctorReport> {
  const [features, tools, disk] = await Promise.all([probeFeatures(), examineTools(), examineDisk(store, golden)])
  const rows = [
    ...examineRoot(),
    ...examineCgroups(),
    ...examineKernel(),
    ...features.map(describeFeature),
    ...tools,
    describeMemory(os.totalmem(), availableMemory()),
    describeCapacity(),
    ...describeSettings(capacity().racks),
    disk,
    describeGolden(golden),
    ...(images ? [describeImages(images)] : []),
  ]
  return { ok: rows.every(({ status }) => status !== 'missing'), rows }
}

function examineRoot(): DoctorRow[] {
  const uid = process.getuid?.()
  const lacking = lackingCapabilities(readOrEmpty('/proc/self/status'))
  return [
    row('root', 'user', uid === 0, uid === 0 ? 'root' : `user id ${uid ?? 'unknown'}`, {
      fails: 'Namespaces, mounts and links cannot be made.',
      cure: 'Run vethlab as root, such as with sudo.',
    }),
    row(
      'root',
      'capabilities',
      lacking.length === 0,
      lacking.length === 0 ? 'all that are needed' : `without ${lacking.join(', ')}`,
      {
        fails: 'Hosts cannot be started and joined.',
        cure: 'Run vethlab as root outside containers, or in a privileged one.',
      },
    ),
    row('root', 'ids', hasAllIds(readOrEmpty('/proc/self/uid_map')), describeIds(readOrEmpty('/proc/self/uid_map')), {
      fails: 'Hosts cannot get user ids of their own.',
      cure: 'Run vethlab outside a user namespace: no rootless container, no unprivileged LXC.',
    }),
  ]
}

/** From the text of /proc/self/status: the capabilities that are needed and not effective. */
export function lackingCapabilities(status: string): string[] {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`)
  return Object.entries(CAPABILITIES).flatMap(([name, bit]) => ((effective >> BigInt(bit)) & 1n ? [] : [name]))
}

/** From the text of /proc/self/uid_map: whether this is the machine's own user namespace, which has every id. */
export function hasAllIds(uidMap: string): boolean {
  return /^\s*0\s+0\s+4294967295\s*$/.test(uidMap)
}

function describeIds(uidMap: string): string {
  if (hasAllIds(uidMap)) return 'all'
  return `mapped: ${uidMap.trim().replace(/\s+/g, ' ') || 'none'}`
}

function examineCgroups(): DoctorRow[] {
  const { mode, hybrid, controllers, writable } = cgroupSupport()
  const found = hybrid ? 'hybrid: the controllers are v1’s' : mode
  // Without this one the Engine refuses to start on v1; v2 has no such controller.
  const needed = mode === 'v1' ? ['memory', 'pids', 'cpu', 'devices'] : ['memory', 'pids', 'cpu']
  const cure =
    mode === 'v1'
      ? (name: string) => `Mount it: mount -t cgroup -o ${name} cgroup /sys/fs/cgroup/${name}`
      : (name: string) => `Boot a kernel with it, and without cgroup_disable=${name} on its command line.`
  return [
    // Only root is expected to write there; others are told to become root already.
    row('cgroup', 'version', writable || process.getuid?.() !== 0, writable ? found : `${found}, not writable`, {
      fails: 'Hosts cannot be limited, so they are not started.',
      cure: 'Run vethlab outside containers, or in a privileged one with its own cgroup namespace.',
    }),
    ...(mode === 'v1' ? [adviseV2] : []),
    ...needed.map((name) =>
      row('cgroup', name, controllers.includes(name), controllers.includes(name) ? 'usable' : 'not usable', {
        fails:
          name === 'devices'
            ? 'The Engine inside a host does not start.'
            : `The ${name} use of a host cannot be limited.`,
        cure: cure(name),
      }),
    ),
  ]
}

/** See docs/threats.md. */
const adviseV2 = row('cgroup', 'v2', 'warning', 'not used', {
  fails: 'Labs run on v1 as well. Only v2 bounds how many control groups a host makes, and how deep.',
  cure: 'Boot with systemd.unified_cgroup_hierarchy=1, as Debian and Ubuntu do unless told otherwise.',
})

function examineKernel(): DoctorRow[] {
  const architecture = os.arch()
  return [
    row('kernel', 'release', isAtLeast(os.release(), 5, 19), os.release(), {
      fails: 'Hosts cannot have an overlay over the system that they share.',
      cure: 'Boot a kernel of 5.19 or later, such as that of Debian 12 or Ubuntu 24.04.',
    }),
    row('kernel', 'architecture', architecture === 'x64' || 'warning', architecture, {
      fails:
        'Hosts and images of the labs were tried on x64 alone. The packages that they are made of exist for arm64, too.',
      cure: 'Use a machine with an x64 processor, or be the first to say how it goes.',
    }),
  ]
}

function describeFeature({ name, state, needed, found, fails, cure }: FeatureReport): DoctorRow {
  if (state === 'present') return { area: 'feature', name, status: 'ok', found }
  if (state === 'unknown') return { area: 'feature', name, status: 'unknown', found, fails, cure }
  return { area: 'feature', name, status: needed === 'required' ? 'missing' : 'warning', found, fails, cure }
}

async function examineTools(): Promise<DoctorRow[]> {
  const missing = new Set(await missingPackages())
  const rows = await Promise.all(machinePackages.map((entry) => describePackage(entry, missing.has(entry))))
  const node = row('tool', 'node', isAtLeast(process.versions.node, 20, 19), process.versions.node, {
    fails: 'vethlab does not run.',
    cure: 'Install Node.js 20.19 or later.',
  })
  return [node, ...rows]
}

async function describePackage(entry: MachinePackage, missing: boolean): Promise<DoctorRow> {
  const { name, binaries, file, reason } = entry
  if (!missing) return { area: 'tool', name, status: 'ok', found: file ?? binaries.join(', ') }
  const found = await Promise.all(binaries.map(findTool))
  const lacking = file === undefined ? binaries.filter((_, index) => found[index] === undefined) : [file]
  return {
    area: 'tool',
    name,
    status: 'missing',
    found: `no ${lacking.join(', ')}`,
    fails: `Nothing ${reason}.`,
    cure: `Run vethlab setup, or: apt-get install --no-install-recommends ${name}`,
  }
}

function describeMemory(total: number, available: number): DoctorRow {
  const found = `${gib(available)} free of ${gib(total)}`
  return row('memory', 'memory', available >= COMFORTABLE_MEMORY_BYTES || 'warning', found, {
    fails: `The kernel may kill hosts of a larger rack: an idle one takes about ${Math.round(measuredHostBytes() / MIB)} MiB.`,
    cure: `Free memory, or add some, up to ${gib(COMFORTABLE_MEMORY_BYTES)}.`,
  })
}

function describeCapacity(): DoctorRow {
  const { racks, why } = capacity()
  return { area: 'memory', name: 'racks', status: 'ok', found: `${racks} at the same time by default: ${why}` }
}

/** Advice: labs run all the same, until so many do. */
export function describeSettings(racks: number, low: LowSetting[] = lowSettings(HOSTS_PER_RACK * racks)): DoctorRow[] {
  if (low.length === 0) {
    return [{ area: 'kernel', name: 'tables of all', status: 'ok', found: `large enough for ${racks} racks` }]
  }
  return low.map(({ path: setting, value, needed, fails }) => {
    const dotted = setting.replaceAll('/', '.')
    return row('kernel', setting.split('/').slice(-2).join('.'), 'warning', `${value}, for all hosts together`, {
      fails,
      cure: `For ${racks} racks: sysctl -w ${dotted}=${needed}, and the same below /etc/sysctl.d to keep it.`,
    })
  })
}

async function examineDisk({ path: directory, freeBytes }: StoreFound, golden?: GoldenFound): Promise<DoctorRow> {
  let free = freeBytes
  try {
    free ??= await freeBytesAt(directory)
  } catch (error) {
    const found = `${directory}: ${messageOf(error)}`
    return { area: 'disk', name: 'state', status: 'unknown', found, ...DISK_ADVICE }
  }
  // With a golden system built, only the next one lacks its room.
  const short = golden === undefined ? false : 'warning'
  return row('disk', 'state', free >= SETUP_BYTES || short, `${gib(free)} free at ${directory}`, DISK_ADVICE)
}

const DISK_ADVICE = {
  fails: 'vethlab setup cannot build the golden system.',
  cure: `Free ${gib(SETUP_BYTES)} there, or choose another state directory.`,
}

/** Bytes that can be used where a directory is or will be. */
export async function freeBytesAt(directory: string): Promise<number> {
  let existing = path.resolve(directory)
  while (existing !== '/' && !(await exists(existing))) existing = path.dirname(existing)
  const { bavail, bsize } = await statfs(existing)
  return bavail * bsize
}

function describeGolden(golden: GoldenFound | undefined): DoctorRow {
  const days = golden === undefined ? 0 : Math.max(0, Math.floor(golden.ageMs / DAY_MS))
  const age = days === 0 ? 'today' : days === 1 ? 'a day ago' : `${days} days ago`
  const found = golden === undefined ? 'not built' : `${golden.version}, built ${age} (${golden.builtAt})`
  return row('golden', 'golden system', golden !== undefined, found, {
    fails: 'No host can be made.',
    cure: 'Run vethlab setup.',
  })
}

function describeImages({ added, missing }: ImagesFound): DoctorRow {
  const without = [...new Set(missing.map(({ image }) => image))]
  const found = `${added} added${without.length === 0 ? '' : `, without ${without.join(', ')}`}`
  return row('golden', 'images', without.length === 0 || 'warning', found, {
    fails: `Labs can't be opened: ${[...new Set(missing.map(({ lab }) => lab))].join(', ')}.`,
    cure: without.map((image) => `Run vethlab images add ${image}, or add an archive of it.`).join(' '),
  })
}

function row(
  area: DoctorArea,
  name: string,
  good: boolean | 'warning',
  found: string,
  advice: { fails: string; cure: string },
): DoctorRow {
  if (good === true) return { area, name, status: 'ok', found }
  return { area, name, status: good === false ? 'missing' : good, found, ...advice }
}

/** What programs can still get, caches included; os.freemem of some Node versions leaves those out. */
function availableMemory(): number {
  const kib = /^MemAvailable:\s*(\d+) kB$/m.exec(readOrEmpty('/proc/meminfo'))?.[1]
  return kib === undefined ? os.freemem() : Number(kib) * 1024
}

function gib(bytes: number): string {
  return `${(bytes / GIB).toFixed(1)} GiB`
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}
