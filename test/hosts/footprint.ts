import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { StateDirectory } from '../../server/rack/state-directory.js'

/** What an installation has on the machine now, counted from outside and by kind. */
export interface Footprint {
  processes: string[]
  mounts: string[]
  controlGroups: string[]
  loopDevices: string[]
  links: string[]
  tables: string[]
  slots: string[]
  snapshots: string[]
  /** Of snapshots that are gone. */
  staleQuotaGroups: number
  records: string[]
}

/** The whole machine is looked through, not only where the product says that its things are. */
export function footprint(state: StateDirectory): Footprint {
  const entries = (path: string) => {
    try {
      return readdirSync(path)
    } catch {
      return []
    }
  }
  return {
    processes: processesOf(state),
    mounts: lines('/proc/self/mounts').filter((line) => line.includes(state.mark) || line.includes(`${state.run}/`)),
    // Groups of another installation may go while it looks.
    controlGroups: execFileSync('find', [
      '/sys/fs/cgroup',
      '-ignore_readdir_race',
      ...['-type', 'd', '-path', `*${state.mark}/h*`],
    ])
      .toString()
      .split('\n')
      .filter(Boolean),
    loopDevices: execFileSync('losetup', ['--list', '--noheadings', '--output', 'BACK-FILE'])
      .toString()
      .split('\n')
      .filter((line) => line.startsWith(state.root)),
    links: execFileSync('ip', ['-brief', 'link'])
      .toString()
      .split('\n')
      .filter((line) => line.startsWith('v')),
    tables: execFileSync('nft', ['list', 'tables'])
      .toString()
      .split('\n')
      .filter((line) => line.includes(state.mark)),
    slots: entries('/run/vethlab/slots').filter((name) =>
      readFileSync(join('/run/vethlab/slots', name), 'utf8').includes(state.mark),
    ),
    snapshots: entries(join(state.store, 'hosts')),
    staleQuotaGroups: staleQuotaGroups(state),
    records: [
      ...entries(state.racks),
      ...entries(state.web),
      ...entries(state.hosts),
      ...entries(state.netns),
      ...entries(state.runcRoot),
      ...entries('/run/vethlab/roots').filter((name) => name.includes(state.mark)),
    ],
  }
}

/** Processes in a control group of ours, with a root or an open file of ours, or of our programs. */
function processesOf(state: StateDirectory): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return []
    try {
      const groups = readFileSync(`/proc/${pid}/cgroup`, 'utf8')
      const root = readlinkSync(`/proc/${pid}/root`)
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      const files = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))
      const ours =
        groups.includes(state.mark) ||
        root.startsWith(state.root) ||
        command.includes(state.run) ||
        files.some((file) => file.startsWith(`${state.run}/`))
      return ours ? [`${pid} ${command}`] : []
    } catch {
      return []
    }
  })
}

function staleQuotaGroups(state: StateDirectory): number {
  if (!lines('/proc/self/mounts').some((line) => line.split(' ')[1] === state.store)) return 0
  const ids = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1])
  const groups = ids(execFileSync('btrfs', ['qgroup', 'show', state.store]).toString(), /^0\/(\d+)\s/gm)
  const subvolumes = new Set(
    ids(execFileSync('btrfs', ['subvolume', 'list', '-a', state.store]).toString(), /^ID (\d+) /gm),
  )
  return groups.filter((id) => id !== '5' && !subvolumes.has(id)).length
}

function lines(path: string): string[] {
  return readFileSync(path, 'utf8').split('\n').filter(Boolean)
}

/** Network namespaces of the whole machine, by inode: those of processes and those that are mounted. */
export function networkNamespaces(): Set<string> {
  const output = execFileSync('lsns', ['--type', 'net', '--noheadings', '--output', 'NS', '--raw']).toString()
  return new Set(output.split('\n').filter(Boolean))
}
