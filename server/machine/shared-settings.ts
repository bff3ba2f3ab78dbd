import { accessSync, constants, readFileSync } from 'node:fs'

/** A number below /proc/sys that is one for the whole machine, and what racks need of it. */
export interface SharedSetting {
  /** Below /proc/sys. */
  path: string
  /** More than one host of a lesson has, as far as it counts. */
  ofHost: number
  /** While there are racks, rackd makes it so large where it may; missing where it leaves that to the machine. */
  raisedTo?: number
  /** What happens to everybody once it is used up. */
  fails: string
}

/**
 * Tables that all network namespaces share are made for one machine, not for a class: ARP and ND (arp(7), gc_thresh3: more
 * neighbours than this are refused), pseudo-terminals, numbers of processes (a docker host may have 2048), and open files.
 */
export const sharedSettings: readonly SharedSetting[] = [
  ...['ipv4', 'ipv6'].map((family) => ({
    path: `net/${family}/neigh/default/gc_thresh3`,
    ofHost: 64,
    raisedTo: 16_384,
    fails: 'Hosts find no new neighbours on their links while the table of all is full.',
  })),
  { path: 'kernel/pty/max', ofHost: 32, raisedTo: 16_384, fails: 'No terminal opens once all are taken.' },
  { path: 'kernel/pid_max', ofHost: 2112, raisedTo: 131_072, fails: 'No process begins once all numbers are taken.' },
  { path: 'fs/file-max', ofHost: 4096, fails: 'Nothing in a host opens a file once so many are open.' },
]

/** A setting that is too low for so many hosts. */
export interface LowSetting extends SharedSetting {
  value: number
  needed: number
}

/** @param current what a setting will be while there are racks; undefined where the kernel does not have it */
export function lowSettings(
  hosts: number,
  current: (setting: SharedSetting) => number | undefined = whileRacksRun,
): LowSetting[] {
  return sharedSettings.flatMap((setting) => {
    const value = current(setting)
    const needed = setting.ofHost * hosts
    return value === undefined || value >= needed ? [] : [{ ...setting, value, needed }]
  })
}

function whileRacksRun({ path, raisedTo = 0 }: SharedSetting): number | undefined {
  const file = `/proc/sys/${path}`
  try {
    const value = Number(readFileSync(file, 'utf8'))
    return mayWrite(file) ? Math.max(value, raisedTo) : value
  } catch {
    return undefined
  }
}

function mayWrite(file: string): boolean {
  try {
    accessSync(file, constants.W_OK)
    return true
  } catch {
    return false
  }
}
