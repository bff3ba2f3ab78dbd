import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'

/** How much of something that all share is in use, and how much there may be. */
export interface Level {
  used: number
  most: number
}

/** What the whole machine has but once, and no control group divides. */
export interface MachineLevels {
  /** Bytes of the kernel's memory that belong to no process, above the least that was seen. */
  memory: Level
  /** Pseudo-terminals, without those that are kept for the machine (kernel.pty.reserve). */
  terminals: Level
  /** Open files of all (fs.file-max); who is not the machine's root can open none beyond. */
  files: Level
  /** Of the fuller one of both neighbour tables (ARP, ND). */
  neighbours: Level
}

/** So much more of the kernel's memory is what many racks need together. */
const leastMemoryBytes = 256 * 1024 ** 2
const memoryShare = 0.04
/** Of x86_64, and of arm64 as Debian and Ubuntu build it. */
const pageBytes = 4096

let leastSeen = Number.POSITIVE_INFINITY

/** Cheap: some files of /proc. What a kernel does not tell counts as unused. */
export function machineLevels(): MachineLevels {
  const uncounted = uncountedBytes(read('/proc/meminfo'), read('/proc/zoneinfo'))
  leastSeen = Math.min(leastSeen, uncounted)
  return {
    memory: { used: uncounted - leastSeen, most: Math.max(leastMemoryBytes, totalmem() * memoryShare) },
    terminals: {
      used: number('kernel/pty/nr'),
      most: Math.max(1, number('kernel/pty/max') - number('kernel/pty/reserve')),
    },
    files: openFiles(read('/proc/sys/fs/file-nr')),
    neighbours: [neighbours('arp_cache', 'ipv4'), neighbours('ndisc_cache', 'ipv6')].reduce((fuller, table) =>
      table.used / table.most > fuller.used / fuller.most ? table : fuller,
    ),
  }
}

/**
 * What is neither free, nor a cache, nor a process's, by the texts of /proc/meminfo and /proc/zoneinfo (proc(5)): what the kernel
 * holds, with the pages of packet rings, which no line names. Each processor keeps free pages of its own, up to an eighth of all
 * memory since Linux 6.7, which MemFree leaves out and zoneinfo counts by zone and processor.
 */
export function uncountedBytes(meminfo: string, zoneinfo: string): number {
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(meminfo)?.[1] ?? 0)
  const known = ['MemFree', 'Buffers', 'Cached', 'SwapCached', 'AnonPages', 'SReclaimable']
  const counts = [...zoneinfo.matchAll(/^ +count: +(\d+)$/gm)].map(([, pages]) => Number(pages))
  const ofProcessors = counts.reduce((sum, pages) => sum + pages, 0) * pageBytes
  return 1024 * known.reduce((left, name) => left - kib(name), kib('MemTotal')) - ofProcessors
}

/** From /proc/sys/fs/file-nr (proc(5)): open, always 0, most. */
function openFiles(text: string): Level {
  const [used = 0, , most = 0] = text.split(/\s+/).map(Number)
  return { used, most: most || Number.POSITIVE_INFINITY }
}

/** /proc/net/stat counts the table of the whole machine, in hexadecimal; its first column has the entries. */
function neighbours(file: string, family: string): Level {
  const used = Number.parseInt(read(`/proc/net/stat/${file}`).split('\n')[1]?.split(/\s+/)[0] ?? '', 16)
  return { used: used || 0, most: number(`net/${family}/neigh/default/gc_thresh3`) || Number.POSITIVE_INFINITY }
}

function number(setting: string): number {
  return Number(read(`/proc/sys/${setting}`)) || 0
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
