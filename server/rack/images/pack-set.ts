import { createReadStream } from 'node:fs'
import { rename, stat } from 'node:fs/promises'
import { VethlabError } from '../../error/vethlab-error.js'
import { oneLine } from '../../wording/one-line.js'
import { must } from '../command.js'
import { execInHost } from '../exec.js'
import { bakeDisk } from '../golden/bake-disk.js'
import { requireGolden } from '../golden/golden.js'
import type { Host, HostGround } from '../host/host.js'
import { writeRecord } from '../record.js'
import {
  type Pack,
  type PackRecord,
  packArchive,
  readPacks,
  type SetImage,
  type SetRecord,
  setDraft,
  setName,
  setRecordPath,
  writePacks,
} from './pack-record.js'

const loadMs = 600_000

/**
 * Makes the disk of hosts that have golden's images and those of packs: a host's own Engine loads them, as in a rack, so that what is in
 * an archive meets nothing of the machine's. What is there already is made again only where it is no part of it.
 * @param packs at least one, whose archives are there
 * @returns what `writePacks` makes count
 * @throws VethlabError image.failed, store.full, host.*
 */
export async function makeSet(ground: HostGround, packs: Pack[], signal?: AbortSignal): Promise<PackRecord> {
  const { store } = ground
  const { name: golden } = await requireGolden(store)
  const set = setName(golden, packs)
  const record = { golden, set, packs }
  if ((await exists(store.packSet(set))) && (await exists(setRecordPath(store, set)))) return record
  const old = await readPacks(store)
  const isKept = (pack: Pack) =>
    packs.some(({ id, names }) => id === pack.id && names.toSorted().join() === pack.names.toSorted().join())
  const seed = old?.golden === golden && old.packs.every(isKept) ? old : undefined
  const fresh = packs.filter(({ id }) => !seed?.packs.some((pack) => pack.id === id))
  const draft = store.packSet(setDraft)
  const images: SetImage[] = []
  await bakeDisk(ground, seed ? { golden, packs: seed.set } : { golden }, draft, async (builder) => {
    for (const pack of fresh) await load(ground, builder, pack, signal)
    images.push(...(await imagesIn(builder)))
    for (const pack of packs) requireWhole(pack, images)
  })
  signal?.throwIfAborted()
  await writeRecord(setRecordPath(store, set), { images } satisfies SetRecord)
  await store.remove([store.packSet(set)])
  await rename(draft, store.packSet(set))
  await must('btrfs', ['property', 'set', '-ts', store.packSet(set), 'ro', 'true'])
  await must('btrfs', ['filesystem', 'sync', store.path], { timeoutMs: 120_000 })
  return record
}

/** Makes the set anew where golden has changed since. Does nothing where it is as it should be. @throws VethlabError as `makeSet` */
export async function renewSet(ground: HostGround): Promise<void> {
  const { store } = ground
  const record = await readPacks(store)
  if (record && !(await isInOrder(ground, record))) await writePacks(store, await makeSet(ground, record.packs))
}

/** Whether hosts that are made now have the packs' images. */
export async function isInOrder({ store }: Pick<HostGround, 'store'>, record: PackRecord): Promise<boolean> {
  const { golden, set, packs } = record
  if ((await requireGolden(store)).name !== golden || setName(golden, packs) !== set) return false
  return (await exists(store.packSet(set))) && exists(setRecordPath(store, set))
}

async function load(ground: HostGround, builder: Host, pack: Pack, signal?: AbortSignal): Promise<void> {
  const run = async (argv: string[], archive?: string) => {
    const stdin = archive === undefined ? undefined : createReadStream(archive)
    const result = await execInHost(ground, builder, argv, {
      timeoutMs: loadMs,
      ...(stdin ? { stdin } : {}),
      ...(signal ? { signal } : {}),
    }).finally(() => stdin?.destroy())
    signal?.throwIfAborted()
    if (result.failed) throw refused(pack.source, result.timedOut ? 'no end in time' : result.stderr || result.stdout)
  }
  await run(['docker', 'load', '--quiet'], packArchive(ground.store, pack.id))
  for (const name of pack.names) await run(['docker', 'tag', pack.id, name])
}

/** What an Engine in a host says against an image. */
export function refused(source: string, said: string): VethlabError {
  const place = oneLine(source, 200)
  const words = oneLine(said.trim().split('\n').slice(-2).join(' / '), 400) || 'it said nothing'
  if (/no space left on device|disk quota exceeded/i.test(words))
    return new VethlabError('store.full', `there was no room for it: ${words}`, { place, cure: 'Free some space.' })
  return new VethlabError('image.failed', `the Engine refuses it: ${words}`, {
    place,
    cure: 'Nothing was changed. Mend what it complains about, and add it again.',
  })
}

async function imagesIn(builder: Host): Promise<SetImage[]> {
  const listed = await builder.engine.get('/images/json')
  return (listed as { Id: string; RepoTags?: string[] | null; Size: number; Labels?: Record<string, string> | null }[])
    .map(({ Id, RepoTags, Size, Labels }) => ({
      id: Id,
      names: (RepoTags ?? []).filter((name) => !name.startsWith('<none>')),
      bytes: Size,
      origin: oneLine(Labels?.['vethlab.origin'] ?? '', 200),
    }))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

function requireWhole({ id, names, source }: Pack, images: readonly SetImage[]): void {
  const found = images.find((image) => image.id === id)
  if (found && names.every((name) => found.names.includes(name))) return
  throw refused(source, 'what it loaded is another image than the archive says')
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}
