import { createWriteStream } from 'node:fs'
import { rename, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { didYouMean } from '../../error/schema-issue.js'
import { VethlabError } from '../../error/vethlab-error.js'
import { imageInFull, parseImageName } from '../../network/image-name.js'
import { oneLine } from '../../wording/one-line.js'
import { Cgroups } from '../cgroup.js'
import { requireGolden } from '../golden/golden.js'
import type { HostGround } from '../host/host.js'
import { ownProcess } from '../record.js'
import type { StateDirectory } from '../state-directory.js'
import { Store } from '../store.js'
import { sweep } from '../sweep.js'
import { requireBase } from './base.js'
import { buildFolder } from './build-folder.js'
import { goldenImages } from './engine-store.js'
import { inOrder } from './host-images.js'
import { archiveOf, type FoundImage, imagesOf } from './image-archive.js'
import { type Pack, packArchive, readPacks, requireSet, tidyNow, writePacks } from './pack-record.js'
import { makeSet } from './pack-set.js'
import { copyFromRegistry } from './registry-copy.js'
import { archiveFiles, folderFiles, invalid, type SourceFiles, tooLarge } from './source-files.js'

/** An image that new hosts have. */
export interface ListedImage {
  /** What it is called where nothing else is said, such as `nginx:latest`. */
  name: string
  /** All that it is called, in full, that name first. None for one of golden whose names were all given to added ones. */
  names: string[]
  from: 'golden' | 'pack'
  /** What its label `vethlab.origin` says of it; empty where it has none. */
  origin: string
  /** As the Engine counts: layers that it shares with others are in it. */
  bytes: number
  /** `sha256:` and 64 digits: the image's own id. */
  id: string
  /** Of one that came from a registry, what that calls it: `sha256:` and 64 digits. */
  digest?: string
  /** Of an added one, as whoever added it named it. */
  source?: string
  /** Of an added one, ISO 8601. */
  addedAt?: string
}

export interface AddOptions {
  /** What the image is called, in place of what the source calls it; only where the source has one. */
  names: string[]
  /** A file with a login for the registry of a reference, as docker and skopeo write it. */
  authFile?: string | undefined
  /** Says what is being done. */
  say(line: string): void
  /** Where a copy shows how far it is: a stream that is a file, such as stderr. */
  progress: Writable
  signal: AbortSignal
}

export interface Added {
  packs: Pack[]
  /** Names that meant another image until now. */
  taken: string[]
}

const mostPacks = 64
/** What the Engine unpacks and keeps of an archive's bytes, its own copy and ours, at the most that is usual. */
const roomFactor = 4
const reserveBytes = 1024 ** 3

/** The images that new hosts have, by name. @throws VethlabError golden.missing */
export async function listImages(store: Store): Promise<ListedImage[]> {
  const base = await requireBase(store)
  const packs = (await readPacks(store))?.packs ?? []
  const images =
    base.packs === undefined
      ? await goldenImages(store.freshDisk(base.golden))
      : (await requireSet(store, base.packs)).images
  return images
    .map(({ id, names: unordered, bytes, origin }): ListedImage => {
      const names = inOrder(unordered)
      const name = names[0] ?? id.slice('sha256:'.length, 'sha256:'.length + 12)
      const pack = base.packs === undefined ? undefined : packs.find((one) => one.id === id)
      if (!pack) return { name, names, from: 'golden', origin, bytes, id }
      const { digest, source, addedAt } = pack
      return { name, names, from: 'pack', origin, bytes, id, ...(digest ? { digest } : {}), source, addedAt }
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/**
 * Adds the images of an archive, of a folder with a Dockerfile, or of a registry to those that new hosts have; what is in racks stays as
 * it is. Killed anywhere, nothing has changed.
 * @param source a path, or else a reference
 * @throws VethlabError image.*, machine.missing-tool, store.full, setup.busy, golden.missing
 */
export async function addImages(state: StateDirectory, source: string, options: AddOptions): Promise<Added> {
  for (const name of options.names) requireOwnName(name)
  return changing(state, async (ground) => {
    const { store } = ground
    const there = await listImages(store)
    const opened = await open(ground, source, options)
    const fresh = withNames(source, opened, options.names).filter(
      ({ image, names }) =>
        !there.some(({ id, names: had }) => id === image.id && names.every((name) => had.includes(name))),
    )
    const packs: Pack[] = []
    if (fresh.length > 0) {
      await requireRoom(
        store,
        fresh.reduce((sum, { image }) => sum + image.bytes, 0),
      )
      for (const { files, image, names } of fresh) {
        options.say(`keeping ${names.join(', ')}`)
        await keep(store, files, image, options.signal)
        const { digest } = opened
        const addedAt = new Date().toISOString()
        packs.push({ id: image.id, names, source: oneLine(source, 300), ...(digest ? { digest } : {}), addedAt })
      }
      const all = merged((await readPacks(store))?.packs ?? [], packs)
      if (all.length > mostPacks) throw tooLarge(source, `${all.length} images with those that are there`)
      options.say('an Engine in a host loads them')
      await writePacks(store, await makeSet(ground, all, options.signal))
    }
    await opened.done()
    const taken = packs.flatMap(({ id, names }) =>
      names.filter((name) => there.some((other) => other.id !== id && other.names.includes(name))),
    )
    return { packs, taken }
  })
}

async function keep(store: Store, files: SourceFiles, image: FoundImage, signal: AbortSignal): Promise<void> {
  const draft = `${packArchive(store, image.id)}.draft`
  await pipeline(archiveOf(files, image), createWriteStream(draft, { mode: 0o600 }), { signal })
  await rename(draft, packArchive(store, image.id))
}

/**
 * Takes an added image away from new hosts, with all its names.
 * @returns what is gone
 * @throws VethlabError image.unknown
 */
export async function removeImage(state: StateDirectory, name: string, signal: AbortSignal): Promise<Pack> {
  return changing(state, async (ground) => {
    const { store } = ground
    const packs = (await readPacks(store))?.packs ?? []
    const full = imageInFull(name)
    const gone = packs.find((pack) => pack.names.includes(full) || isIdOf(pack, name))
    if (!gone) throw await unknown(store, name, packs)
    const left = packs.filter((pack) => pack !== gone)
    await writePacks(store, left.length === 0 ? undefined : await makeSet(ground, left, signal))
    return gone
  })
}

function isIdOf({ id }: Pack, name: string): boolean {
  const digits = name.replace(/^sha256:/, '')
  return /^[0-9a-f]{12,64}$/.test(digits) && id.startsWith(`sha256:${digits}`)
}

async function unknown(store: Store, name: string, packs: readonly Pack[]): Promise<VethlabError> {
  const place = oneLine(name, 100)
  const isGoldens = (await listImages(store)).some(({ names }) => names.includes(imageInFull(name)))
  if (isGoldens) {
    return new VethlabError('image.unknown', 'is one of the images that set-up makes, which stay', {
      place,
      cure: '`vethlab images list` shows what was added.',
    })
  }
  const added = packs.flatMap(({ names }) => names)
  return new VethlabError('image.unknown', 'no image of that name was added', {
    place,
    cure: added.length === 0 ? 'None was.' : `${didYouMean(name, added)}Added are: ${added.join(', ')}.`,
  })
}

/** One change at a time, begun without what an earlier one left, and ended without what this one does. */
async function changing<T>(state: StateDirectory, change: (ground: HostGround) => Promise<T>): Promise<T> {
  return state.locked(
    'setup',
    async () => {
      const store = await Store.open(state)
      const ground: HostGround = { state, store, cgroups: await Cgroups.open(state.mark), owner: ownProcess() }
      await sweep(ground)
      await tidyNow(state, store)
      await requireGolden(store)
      try {
        return await change(ground)
      } finally {
        await tidyNow(state, store)
      }
    },
    5000,
  )
}

interface Opened {
  found: { files: SourceFiles; image: FoundImage }[]
  /** What an image is called where neither it nor the user says. */
  called: string[]
  /** What a registry calls it. */
  digest?: string
  /** To be called once all of it is used. */
  done(): Promise<void>
}

async function open(
  ground: HostGround,
  source: string,
  { say, progress, authFile, signal }: AddOptions,
): Promise<Opened> {
  const { state, store } = ground
  const path = resolve(source)
  const at = await stat(path).catch(() => undefined)
  if (at && authFile !== undefined) {
    const cure = 'Leave --authfile out, or name a reference such as registry.example.org/shop/web:1.'
    throw new VethlabError('argument.invalid', 'is no registry that would want a login', {
      place: oneLine(source, 200),
      cure,
    })
  }
  const has = async (name: string) => (await stat(join(path, name)).catch(() => undefined))?.isFile() === true
  const from = async (files: SourceFiles): Promise<Opened> => ({
    found: (await imagesOf(files)).map((image) => ({ files, image })),
    called: [],
    done: async () => {},
  })
  if (at?.isDirectory()) {
    if (await has('index.json')) return from(folderFiles(path, source))
    if (!(await has('Dockerfile'))) {
      throw new VethlabError('image.unreadable', 'is a folder with neither a Dockerfile nor an index.json', {
        place: oneLine(source, 200),
        cure: 'Name a folder with a Dockerfile, or an OCI layout.',
      })
    }
    await requireRoom(store, 0)
    // Nothing refers to it, so that it goes with whatever else is left in the end.
    const target = join(store.packs, 'built.tar')
    say(`building ${oneLine(source, 200)} in a host`)
    await buildFolder(ground, await requireBase(store), path, target, signal)
    const files = { ...archiveFiles(target), name: source }
    const found = (await imagesOf(files)).map((image) => ({ files, image: { ...image, names: [] } }))
    const folder = basename(path).toLowerCase()
    return { found, called: parseImageName(folder) ? [imageInFull(folder)] : [], done: async () => {} }
  }
  if (at) {
    say(`reading ${oneLine(source, 200)}`)
    return from(archiveFiles(path))
  }
  const name = /^[./~]/.test(source) || /\.(?:tar|tgz|gz)$/.test(source) ? undefined : parseImageName(source)
  if (!name) {
    throw new VethlabError('image.unreadable', 'is no file, no folder and no name of an image', {
      place: oneLine(source, 200),
      cure: 'Name an archive, a folder, or a reference such as docker.io/library/alpine:3.20.',
    })
  }
  say(`copying ${source}`)
  const { files, image, digest, remove } = await copyFromRegistry(state, source, name, {
    progress,
    authFile,
    signal,
    onSize: (bytes) => requireRoom(store, bytes),
  })
  const called = name.digest !== undefined && name.tag === undefined ? [] : [imageInFull(source)]
  return { found: [{ files, image }], called, digest, done: remove }
}

function withNames(
  source: string,
  { found, called }: Opened,
  asked: readonly string[],
): (Opened['found'][number] & { names: string[] })[] {
  if (asked.length > 0 && found.length > 1) {
    const cure = 'Leave --name out, or take an archive of one.'
    throw invalid(source, `has ${found.length} images, which can't all be called so`, cure)
  }
  return found.map(({ files, image }) => {
    const [names = []] = [asked.map(imageInFull), image.names, called].filter((some) => some.length > 0)
    if (names.length === 0) throw invalid(source, `has no name for the image ${image.id}`, 'Give it one with --name.')
    for (const name of names) requireOwnName(name)
    return { files, image, names: [...new Set(names)] }
  })
}

function requireOwnName(name: string): void {
  const place = oneLine(name, 100)
  if (!parseImageName(name) || name.includes('@')) {
    throw new VethlabError('argument.invalid', 'is no name of an image', { place, cure: 'Write it as shop/web:1.' })
  }
  if (!/^vethlab\//.test(name)) return
  throw new VethlabError('argument.invalid', "is a name of vethlab's own", { place, cure: 'Choose another.' })
}

/** The packs that then are there: a name means one image, the last that was given it. */
function merged(old: readonly Pack[], fresh: readonly Pack[]): Pack[] {
  const taken = new Set(fresh.flatMap(({ names }) => names))
  const kept = old.flatMap((pack) => {
    const again = fresh.find(({ id }) => id === pack.id)
    const names = pack.names.filter((name) => !taken.has(name))
    if (again) again.names = [...names, ...again.names]
    return again || names.length === 0 ? [] : [{ ...pack, names }]
  })
  return [...kept, ...fresh]
}

async function requireRoom(store: Store, bytes: number): Promise<void> {
  await store.requireSpace(bytes * roomFactor + reserveBytes)
}
