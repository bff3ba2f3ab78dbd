import { readFileSync } from 'node:fs'
import { fromPackage } from '../../../server/package-root.js'
import { numberOf } from '../system-calls.js'
import type { Technique } from './technique.js'

/** What techniques are told of the place they run at: `$at{NAME}` in perl. */
export interface Place {
  /** Where the host's own files are from there, without a slash at the end. */
  H: string
  /** A mount that techniques try to change, and a directory on btrfs. */
  root: string
  store: string
  /** Where control groups are, and the host's own below a controller; version 2 has one tree, then `unified` is 1. */
  groups: string
  group: string
  unified: number
  /** Its name, which is put back. */
  name: string
}

/** What is the machine's, and the same wherever a technique runs. */
export interface Machine {
  /** Words that stand in the environment and the command line of a process, and that process (target.pl). */
  secret: string
  pid: number
  /** An abstract socket, a socket by its path, and a file that everybody may read. */
  abstract: string
  path: string
  file: string
  /** The device number of its disk. */
  disk: number
  /** The id of its mount namespace, and of a mount in it (NS_GET_MNTNS_ID, listmount(2)). */
  mounts: string
  mount: string
}

/** A program for `perl -`, in one piece: it ends with nothing left of itself. */
export function battery(techniques: Technique[], place: Place, machine: Machine, before = ''): string {
  const known = Object.entries({ ...place, ...machine }).map(([name, value]) => `$at{${name}} = ${quoted(value)};`)
  const attempts = techniques.map(({ name, perl }) => `attempt(${quoted(name)}, sub { ${perl} });`)
  const library = readFileSync(fromPackage('test/hosts/attack/battery.pl'), 'utf8')
  return [library, ...known, before, 'no warnings;', ...attempts, ''].join('\n')
}

/**
 * For the machine's own root, in mounts that nobody else sees: the store can't be written there, and what is called the root is a
 * file system of the own.
 */
export function machinesGround(store: string): string {
  const mount = numberOf('mount')
  return [
    `call(${mount}, ${quoted(store)}, $at{store}, '', 0x1000, '') eq 'ok' or die;`,
    `call(${mount}, '', $at{store}, '', 0x1021, '') eq 'ok' or die;`,
    `call(${mount}, 'none', $at{root}, 'tmpfs', 0, '') eq 'ok' or die;`,
    '$at{machine} = 1;',
  ].join('\n')
}

/** The outcome of each technique, by its name. */
export function outcomesOf(stdout: string): Map<string, string> {
  return new Map(
    stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split('\t') as [string, string]),
  )
}

/** A text of perl that means itself. */
function quoted(value: string | number): string {
  return `'${`${value}`.replaceAll(/['\\]/g, '\\$&')}'`
}
