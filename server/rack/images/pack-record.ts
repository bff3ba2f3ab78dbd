import { createHash } from 'node:crypto'
import { readdir, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { VethlabError } from '../../error/vethlab-error.js'
import { readRecord, recordedDirectories, writeRecord } from '../record.js'
import type { StateDirectory } from '../state-directory.js'
import type { Store } from '../store.js'
import { goldenNames } from './host-images.js'

/** One image that was added to those of golden: its archive, and what is known of it. */
export interface Pack {
  /** `sha256:` and 64 digits, the hash of its configuration, in which its layers' hashes are: says all of its content. */
  id: string
  /** In full, such as `alpine:3.20`; at least one. */
  names: string[]
  /** As whoever added it named it. */
  source: string
  /** Of a reference, what its registry called the content: `sha256:` and 64 digits. */
  digest?: string
  /** ISO 8601. */
  addedAt: string
}

/** The packs that count, and the set that was made of them: what is in no such record is rubbish. */
export interface PackRecord {
  /** The golden system that the set was made from. */
  golden: string
  set: string
  packs: Pack[]
}

/** What a set of packs is made of and has, beside its subvolume. */
export interface SetRecord {
  images: SetImage[]
}

/** An image in the Engine's data of a set, golden's too. */
export interface SetImage {
  id: string
  names: string[]
  /** As the Engine counts them, layers that it shares included. */
  bytes: number
  /** Its label `vethlab.origin`. */
  origin: string
}

/** What new hosts are made from: a golden system, and the set of packs whose images are there beside golden's. */
export interface HostBase {
  golden: string
  packs?: string
}

/** @returns undefined where no image was added */
export async function readPacks(store: Store): Promise<PackRecord | undefined> {
  return readRecord<PackRecord>(recordPath(store))
}

/** From the next host on, this counts. @param record undefined where no pack is left */
export async function writePacks(store: Store, record: PackRecord | undefined): Promise<void> {
  if (record) await writeRecord(recordPath(store), record)
  else await rm(recordPath(store), { force: true })
}

/** The name of a set: a hash of all that it is made of. */
export function setName(golden: string, packs: readonly Pack[]): string {
  const parts = packs.map(({ id, names }) => [id, ...names.toSorted()].join(' ')).toSorted()
  return `set-${createHash('sha256')
    .update([golden, ...parts].join('\n'))
    .digest('hex')
    .slice(0, 12)}`
}

/** The archive of a pack, as `docker load` takes it. */
export function packArchive(store: Store, id: string): string {
  return join(store.packs, `${id.replace(/^sha256:/, '')}.tar`)
}

export function setRecordPath(store: Store, set: string): string {
  return `${store.packSet(set)}.json`
}

/** Names of the images that hosts of that base begin with, by id. @throws Error where they can't be read */
export async function namesIn(store: Store, { golden, packs }: HostBase): Promise<Map<string, string[]>> {
  if (packs === undefined) return goldenNames(store.freshDisk(golden))
  return new Map((await requireSet(store, packs)).images.map(({ id, names }) => [id, names]))
}

/** @throws VethlabError store.unavailable */
export async function requireSet(store: Store, set: string): Promise<SetRecord> {
  const record = await readRecord<SetRecord>(setRecordPath(store, set))
  if (record) return record
  throw new VethlabError('store.unavailable', 'the set of added images is not whole', {
    place: setRecordPath(store, set),
    cure: 'Run `vethlab setup`: it makes the set anew.',
  })
}

/**
 * Removes archives, sets and copies that nobody has any use for, unless something is being added just now. A set stays as long as a
 * host has begun with it; what was copied of a reference stays for a day, so that another try goes on from there.
 * @param all also what was copied
 * @returns what was removed
 */
export async function tidyPacks(state: StateDirectory, store: Store, { all = false } = {}): Promise<string[]> {
  try {
    return await state.locked('setup', () => tidyNow(state, store, all), 0)
  } catch (error) {
    if (error instanceof VethlabError && error.code === 'setup.busy') return []
    throw error
  }
}

/** The same for who holds the lock. */
export async function tidyNow(state: StateDirectory, store: Store, all = false): Promise<string[]> {
  const record = await readPacks(store)
  const used = new Set([basename(recordPath(store))])
  for (const { id } of record?.packs ?? []) used.add(basename(packArchive(store, id)))
  const sets = new Set(record ? [record.set] : [])
  for (const id of await recordedDirectories(state.hosts)) {
    const host = await readRecord<{ packs?: string }>(join(state.hosts, id, 'host.json'))
    if (host?.packs !== undefined) sets.add(host.packs)
  }
  for (const set of sets) used.add(set).add(basename(setRecordPath(store, set)))
  const removed: string[] = []
  for (const path of await store.list('packs').catch(() => [])) {
    const name = basename(path)
    if (used.has(name)) continue
    if (isSubvolume(name)) await store.remove([path])
    else await rm(path, { recursive: true, force: true })
    removed.push(name)
  }
  for (const name of await readdir(state.copies).catch(() => [])) {
    if (!all && !(await isOld(join(state.copies, name)))) continue
    await rm(join(state.copies, name), { recursive: true, force: true })
    removed.push(`copy ${name}`)
  }
  return removed
}

/** Hours that a copy which was cut off is kept. */
const copyHours = 24

async function isOld(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found === undefined || Date.now() - found.mtimeMs > copyHours * 3_600_000
}

/** A set that is being made: not used before it is whole and has its own name. */
export const setDraft = 'draft-set'

function isSubvolume(name: string): boolean {
  return name === setDraft || /^set-[0-9a-f]{12}$/.test(name)
}

function recordPath(store: Store): string {
  return join(store.packs, 'packs.json')
}
