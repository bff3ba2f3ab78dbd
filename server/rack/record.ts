import { readFileSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process, told from a later one with the same number by its start time. */
export interface ProcessIdentity {
  pid: number
  /** Clock ticks after boot, field 22 of /proc/PID/stat (proc(5)). */
  startTime: string
  bootId: string
}

/** Of the machine's run: another one after each start of its kernel (random(4)). */
export const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()

/** @returns undefined when there is no such process, or only its zombie */
export function identify(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command's name may contain spaces and parentheses: fields are counted from the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined
    return { pid, startTime: fields[19]!, bootId }
  } catch {
    return undefined
  }
}

export function isAlive(identity: ProcessIdentity | undefined): boolean {
  return (
    identity !== undefined && identity.bootId === bootId && identify(identity.pid)?.startTime === identity.startTime
  )
}

/** Signals exactly that process; false when it is gone already. */
export function signal(identity: ProcessIdentity, name: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false
  try {
    process.kill(identity.pid, name)
    return true
  } catch {
    return false
  }
}

/** SIGTERM, after two seconds SIGKILL, and waits until it has gone. */
export async function endProcess(identity: ProcessIdentity): Promise<void> {
  signal(identity, 'SIGTERM')
  for (let waited = 0; isAlive(identity); waited += 20) {
    if (waited === 2000) signal(identity, 'SIGKILL')
    await sleep(20)
  }
}

/** SIGKILL, and waits until it has gone, ten seconds at most: with the first process of a namespace all others have gone too. */
export async function endAtOnce(identity: ProcessIdentity): Promise<void> {
  signal(identity, 'SIGKILL')
  for (const until = Date.now() + 10_000; isAlive(identity) && Date.now() < until; ) await sleep(2)
}

/**
 * Who answers for a rack or a host. What a `process` owns is removed once that process is dead; what `rackd` owns
 * stays for the next rackd.
 */
export type Owner = { kind: 'rackd' } | ({ kind: 'process' } & ProcessIdentity)

export function ownProcess(): Owner {
  return { kind: 'process', ...identify(process.pid)! }
}

/** Writes whole or not at all, also through SIGKILL. */
export async function writeRecord(path: string, value: unknown): Promise<void> {
  const draft = `${path}.${process.pid}.draft`
  await writeFile(draft, JSON.stringify(value, null, 1), { mode: 0o600 })
  await rename(draft, path)
}

const newbornPattern = /^\.new-(\d+)-(\d+)-/

/**
 * Makes a directory that has its record from its first moment on, so that nobody ever sees one without. A maker that is
 * killed on the way leaves a name that tells whose it was.
 */
export async function makeRecordedDirectory(
  parent: string,
  name: string,
  file: string,
  record: unknown,
): Promise<void> {
  const maker = identify(process.pid)!
  const draft = join(parent, `.new-${maker.pid}-${maker.startTime}-${name}`)
  await mkdir(draft, { mode: 0o700 })
  await writeRecord(join(draft, file), record)
  await rename(draft, join(parent, name))
}

/** The recorded directories of a parent. What dead makers have left unfinished is removed. */
export async function recordedDirectories(parent: string): Promise<string[]> {
  const names: string[] = []
  for (const name of await readdir(parent)) {
    const [, pid, startTime] = newbornPattern.exec(name) ?? []
    if (pid === undefined) names.push(name)
    else if (identify(Number(pid))?.startTime !== startTime) await removeRecord(join(parent, name))
  }
  return names
}

/** @returns undefined when there is none, or it can't be read: an unreadable record owns nothing */
export async function readRecord<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T
  } catch {
    return undefined
  }
}

export async function removeRecord(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true })
}
