import { access } from 'node:fs/promises'
import { execa } from 'execa'
import { VethlabError } from '../error/vethlab-error.js'
import { oneLine } from '../wording/one-line.js'
import { isDebianLike, parseOsRelease, readOsRelease } from './os-release.js'
import { findTool, toolPath } from './tool.js'

/** A Debian package that vethlab calls on this machine. It is there when all its binaries, or its file, are. */
export interface MachinePackage {
  readonly name: string
  readonly binaries: readonly string[]
  /** For packages without binaries: the file that shows that it is installed. */
  readonly file?: string
  /** What it is for: the sentence that begins with its name. */
  readonly reason: string
}

/** What vethlab needs from the machine. Learners' own binaries are never asked for the truth, so probes run these. */
export const machinePackages: readonly MachinePackage[] = [
  { name: 'runc', binaries: ['runc'], reason: 'starts the lab hosts' },
  { name: 'mmdebstrap', binaries: ['mmdebstrap'], reason: 'builds the golden system that every host is a copy of' },
  {
    name: 'debian-archive-keyring',
    binaries: [],
    file: '/usr/share/keyrings/debian-archive-keyring.gpg',
    reason: 'proves that the packages of the golden system are Debian’s own',
  },
  {
    name: 'btrfs-progs',
    binaries: ['btrfs', 'mkfs.btrfs'],
    reason: 'makes the store and the disks in it, one for each host',
  },
  {
    name: 'iproute2',
    binaries: ['ip', 'bridge', 'ss', 'tc'],
    reason: 'builds the Lans, and reads links, addresses, routes, neighbours and sockets',
  },
  { name: 'nftables', binaries: ['nft'], reason: 'reads the firewall and address translation rules of a host' },
  {
    name: 'iptables',
    binaries: ['iptables-nft-save', 'ip6tables-nft-save'],
    reason: 'reads those rules that nft can name but not spell out, such as where DNAT leads',
  },
  {
    name: 'util-linux',
    binaries: ['unshare', 'setpriv', 'nsenter'],
    reason: 'makes namespaces, enters them and drops privileges',
  },
  {
    name: 'mount',
    binaries: ['mount', 'umount', 'losetup'],
    reason: 'mounts the store and the root filesystems of the hosts',
  },
  { name: 'tcpdump', binaries: ['tcpdump'], reason: 'shows checks which packets really pass a link' },
  { name: 'conntrack', binaries: ['conntrack'], reason: 'shows checks which connections are translated' },
  { name: 'iputils-ping', binaries: ['ping'], reason: 'tells checks whether an address can be reached' },
  { name: 'bind9-dnsutils', binaries: ['dig'], reason: 'tells checks what a name resolves to' },
  { name: 'iputils-arping', binaries: ['arping'], reason: 'tells checks who answers for an address on a Lan' },
  {
    name: 'netcat-openbsd',
    binaries: ['nc'],
    reason: 'tells checks whether a TCP or UDP port answers',
  },
  { name: 'curl', binaries: ['curl'], reason: 'fetches pages for checks from a published port' },
]

/** Only for the test that boots a distribution's stock kernel, where labs are proved that this kernel cannot run. */
export const stockKernelPackages: readonly MachinePackage[] = [
  { name: 'qemu-system-x86', binaries: ['qemu-system-x86_64'], reason: 'boots the stock kernel' },
  { name: 'e2fsprogs', binaries: ['mkfs.ext4'], reason: 'makes the disk that the stock kernel boots from' },
]

/** All of apt's work, on a slow mirror, takes two or three minutes; beyond this it hangs. */
const INSTALL_DEADLINE_MS = 10 * 60_000

/** Seconds to wait for another apt, such as unattended-upgrades just after boot. */
const LOCK_TIMEOUT = 120

/** The packages of the table that are not on this machine, in the table's order. */
export async function missingPackages(table: readonly MachinePackage[] = machinePackages): Promise<MachinePackage[]> {
  const present = await Promise.all(table.map(isPresent))
  return table.filter((_, index) => !present[index])
}

/**
 * Installs packages with apt, and tells `log` each name with its reason first.
 * Throws `machine.not-root`, or `machine.missing-tool` where there is no apt or it fails. `osRelease` and `uid` are this
 * machine's unless given.
 */
export async function installPackages(
  missing: readonly MachinePackage[],
  { log, osRelease, uid = process.getuid?.() }: { log: (line: string) => void; osRelease?: string; uid?: number },
): Promise<void> {
  if (missing.length === 0) return
  const names = missing.map(({ name }) => name)
  const distribution = parseOsRelease(osRelease ?? (await readOsRelease()))
  if (!isDebianLike(distribution) || (await findTool('apt-get')) === undefined) {
    throw new VethlabError(
      'machine.missing-tool',
      'tools are missing and only Debian’s and Ubuntu’s can be installed',
      {
        place: oneLine(distribution.title, 60),
        cure: `Install ${missing.map(describeContents).join(', ')}`,
      },
    )
  }
  if (uid !== 0) {
    throw new VethlabError('machine.not-root', 'only root can install packages', {
      place: 'packages',
      cure: `Run vethlab as root, or: apt-get install --no-install-recommends ${names.join(' ')}`,
    })
  }
  for (const { name, reason } of missing) log(`${name} ${reason}.`)
  await runApt(names, log)
  const still = await missingPackages(missing)
  if (still.length > 0) {
    throw new VethlabError('machine.missing-tool', 'apt installed the packages, yet their files are not there', {
      place: 'packages',
      cure: `See what hides ${still.map(describeContents).join(', ')}`,
    })
  }
}

/** A package with what it must bring, for people whose distribution names it otherwise: `btrfs-progs (btrfs, mkfs.btrfs)`. */
export function describeContents({ name, binaries, file }: MachinePackage): string {
  const contents = file === undefined ? binaries : [...binaries, file]
  return contents.length === 1 && contents[0] === name ? name : `${name} (${contents.join(', ')})`
}

async function isPresent({ binaries, file }: MachinePackage): Promise<boolean> {
  const found = await Promise.all(binaries.map(findTool))
  if (found.includes(undefined)) return false
  if (file === undefined) return true
  return access(file).then(
    () => true,
    () => false,
  )
}

async function runApt(names: readonly string[], log: (line: string) => void): Promise<void> {
  const deadline = Date.now() + INSTALL_DEADLINE_MS
  const update = await aptGet(['update'], deadline)
  // A single dead source fails the update; the packages may well come from another, or from an earlier list.
  if (!update.ok) log(`apt-get update failed, trying to install all the same: ${update.lastLines}`)
  const install = await aptGet(['install', '-y', '--no-install-recommends', ...names], deadline)
  if (install.ok) return
  throw new VethlabError('machine.missing-tool', install.lastLines, {
    place: 'apt-get install',
    cure: `Mend what apt complains about, then run: apt-get install --no-install-recommends ${names.join(' ')}`,
  })
}

async function aptGet(args: readonly string[], deadline: number): Promise<{ ok: boolean; lastLines: string }> {
  const result = await execa('apt-get', ['-o', `DPkg::Lock::Timeout=${LOCK_TIMEOUT}`, ...args], {
    // needrestart asks on the terminal which services to restart, even of a noninteractive apt.
    env: { PATH: toolPath(), LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_SUSPEND: '1' },
    stdin: 'ignore',
    all: true,
    timeout: Math.max(1, deadline - Date.now()),
    // A killed dpkg leaves packages half configured, so it gets time to finish the one it is at.
    forceKillAfterDelay: 30_000,
    reject: false,
  })
  const why = result.timedOut ? `no end within ${INSTALL_DEADLINE_MS / 60_000} minutes` : ''
  return { ok: !result.failed, lastLines: [why, lastLines(result.all ?? '')].filter(Boolean).join(': ') }
}

/** The end of apt's output: its own errors when it names any, as those say more than what dpkg said last. */
export function lastLines(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '')
  const errors = lines.filter((line) => line.startsWith('E:'))
  // An error message has room for 600 characters, and the cure must fit too.
  return oneLine((errors.length > 0 ? errors : lines).slice(-4).join(' '), 300) || 'apt said nothing'
}
