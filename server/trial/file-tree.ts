import { constants } from 'node:fs'
import { lstat, open, opendir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { extract } from 'tar-stream'
import { type Entry, fromBufferPromise, getFileNameLowLevel, validateFileName } from 'yauzl'

/** What somebody handed in, wherever it lies: names and contents are theirs, and may be anything. */
export interface FileTree {
  /** What lies right below a folder, `''` for the top: sorted by name, without what is hidden. */
  entries(folder: string): Promise<TreeEntry[]>
  /** @param most what is longer is cut there */
  read(file: string, most: number): Promise<Buffer>
}

export interface TreeEntry {
  name: string
  kind: 'file' | 'folder' | 'other'
  bytes: number
}

/** Why a tree can't be read. */
export type TreeFault =
  | 'packed-large'
  | 'large'
  | 'many'
  | 'outside'
  | 'link'
  | 'special'
  | 'twice'
  | 'encrypted'
  | 'packer'
  | 'broken'

export class TreeRefused extends Error {
  constructor(
    readonly fault: TreeFault,
    /** What it is about, as it is called in the tree; missing where it is the whole. */
    readonly entry?: string,
  ) {
    super(fault)
  }
}

/** A submission is some scripts of at most 100 KiB; a picture or two beside them does no harm. */
export const largestPacked = 16 * 1024 ** 2
export const largestUnpacked = 64 * 1024 ** 2
export const mostEntries = 1000
const deepest = 8
/** Of a file in an archive no more is kept: nothing that is longer is read. */
const keptBytes = 128 * 1024

const byName = (a: TreeEntry, b: TreeEntry) => (a.name < b.name ? -1 : 1)
/** Finder puts the second beside what it packs. */
const isHidden = (name: string) => name.startsWith('.') || name === '__MACOSX'

/** A folder on disk. Links are not followed. @throws TreeRefused where it has too much in it */
export function folderTree(root: string): FileTree {
  return {
    async entries(folder) {
      const found: TreeEntry[] = []
      for await (const entry of await opendir(join(root, folder))) {
        if (isHidden(entry.name)) continue
        if (found.length === mostEntries) throw new TreeRefused('many')
        const kind = entry.isDirectory() ? 'folder' : entry.isFile() ? 'file' : 'other'
        const { size } = await lstat(join(root, folder, entry.name))
        found.push({ name: entry.name, kind, bytes: kind === 'file' ? size : 0 })
      }
      return found.toSorted(byName)
    },
    read: (file, most) => readFrom(join(root, file), most),
  }
}

/** The beginning of a regular file, without following a link to it or waiting for what is none. */
export async function readFrom(path: string, most: number): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const bytes = Buffer.alloc(Math.min(most, (await file.stat()).size))
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0)
    return bytes.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

type Packer = 'zip' | 'gzip' | 'tar' | 'other'

const magics: [Packer, offset: number, Buffer][] = [
  ['zip', 0, Buffer.from([0x50, 0x4b, 3, 4])],
  // Without an entry.
  ['zip', 0, Buffer.from([0x50, 0x4b, 5, 6])],
  ['gzip', 0, Buffer.from([0x1f, 0x8b])],
  ['tar', 257, Buffer.from('ustar')],
  ['other', 0, Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0])],
  ['other', 0, Buffer.from([0x28, 0xb5, 0x2f, 0xfd])],
  ['other', 0, Buffer.from('BZh')],
  ['other', 0, Buffer.from('Rar!')],
  ['other', 0, Buffer.from([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c])],
]

/** What packed a file, by how it begins; undefined where it is no archive. */
export async function packerOf(path: string): Promise<Packer | undefined> {
  const begin = await readFrom(path, 512)
  return magics.find(([, offset, magic]) => begin.subarray(offset, offset + magic.length).equals(magic))?.[0]
}

/**
 * An archive, unpacked into memory and never onto the disk: zip, tar, or tar in gzip. No name leads out of it, none is there
 * twice, and it has files and folders alone. A folder that all of it lies in is left out, unless it is one of `folders`.
 * @throws TreeRefused
 */
export async function archiveTree(path: string, packer: Packer, folders: readonly string[]): Promise<FileTree> {
  if (packer === 'other') throw new TreeRefused('packer')
  if ((await lstat(path)).size > largestPacked) throw new TreeRefused('packed-large')
  const bytes = await readFile(path)
  const tree = new ArchiveTree()
  try {
    if (packer === 'zip') await unzip(bytes, tree)
    else await untar(bytes, packer === 'gzip', tree)
  } catch (error) {
    throw error instanceof TreeRefused ? error : new TreeRefused('broken')
  }
  return tree.within(folders)
}

class ArchiveTree implements FileTree {
  /** By their whole names; undefined for a folder. */
  readonly #files = new Map<string, { bytes: number; content: Buffer } | undefined>()
  #count = 0
  #bytes = 0
  #top = ''

  /** @returns the name in parts that lead nowhere else */
  checked(name: string): string {
    if (++this.#count > mostEntries) throw new TreeRefused('many')
    const parts = name.split('/').filter((part) => part !== '' && part !== '.')
    const leadsOut = name.startsWith('/') || /[\0\\]/.test(name) || parts.includes('..')
    const isLong = parts.length > deepest || parts.some((part) => Buffer.byteLength(part) > 255)
    if (leadsOut || isLong) throw new TreeRefused('outside', name)
    return parts.join('/')
  }

  folder(name: string): void {
    const parts = name.split('/')
    for (let n = 1; n <= parts.length; n++) {
      const folder = parts.slice(0, n).join('/')
      if (folder === '') continue
      if (this.#files.get(folder) !== undefined) throw new TreeRefused('twice', folder)
      this.#files.set(folder, undefined)
    }
  }

  async file(name: string, content: AsyncIterable<Uint8Array>): Promise<void> {
    if (name === '' || this.#files.has(name)) throw new TreeRefused('twice', name)
    this.folder(name.split('/').slice(0, -1).join('/'))
    const kept: Uint8Array[] = []
    let bytes = 0
    for await (const part of content) {
      this.#bytes += part.byteLength
      if (this.#bytes > largestUnpacked) throw new TreeRefused('large')
      if (bytes < keptBytes) kept.push(part)
      bytes += part.byteLength
    }
    this.#files.set(name, { bytes, content: Buffer.concat(kept).subarray(0, keptBytes) })
  }

  within(folders: readonly string[]): FileTree {
    const [only, ...others] = this.#entries('')
    if (only?.kind === 'folder' && others.length === 0 && !folders.includes(only.name)) this.#top = `${only.name}/`
    return this
  }

  #entries(folder: string): TreeEntry[] {
    const below = folder === '' ? '' : `${folder}/`
    return [...this.#files]
      .filter(([name]) => name.startsWith(below) && !name.slice(below.length).includes('/'))
      .map(([name, file]): TreeEntry => {
        return { name: name.slice(below.length), kind: file ? 'file' : 'folder', bytes: file?.bytes ?? 0 }
      })
      .filter(({ name }) => !isHidden(name))
      .toSorted(byName)
  }

  async entries(folder: string): Promise<TreeEntry[]> {
    return this.#entries(`${this.#top}${folder}`.replace(/\/$/, ''))
  }

  async read(file: string, most: number): Promise<Buffer> {
    return this.#files.get(`${this.#top}${file}`)!.content.subarray(0, most)
  }
}

const fileTypeBits = 0o170000

async function unzip(bytes: Buffer, tree: ArchiveTree): Promise<void> {
  // Names are decoded here: which one is wrong is told.
  const zip = await fromBufferPromise(bytes, { decodeStrings: false })
  if (zip.entryCount > mostEntries) throw new TreeRefused('many')
  for await (const entry of zip.eachEntry()) {
    const { generalPurposeBitFlag, fileNameRaw, extraFields } = entry
    const fileName = getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, false)
    if (validateFileName(fileName) !== null) throw new TreeRefused('outside', fileName)
    const name = tree.checked(fileName)
    const type = typeOf(entry)
    if (type === 'link') throw new TreeRefused('link', fileName)
    if (type === 'special') throw new TreeRefused('special', fileName)
    if (entry.isEncrypted()) throw new TreeRefused('encrypted', fileName)
    if (fileName.endsWith('/')) tree.folder(name)
    else if (!entry.canDecodeFileData()) throw new TreeRefused('packer', fileName)
    else await tree.file(name, await zip.openReadStreamPromise(entry))
  }
}

/** Only what was packed on a Unix has the type of a file in it. */
function typeOf({ versionMadeBy, externalFileAttributes }: Entry): 'plain' | 'link' | 'special' {
  const type = versionMadeBy >> 8 === 3 ? (externalFileAttributes >>> 16) & fileTypeBits : 0
  if (type === 0o120000) return 'link'
  return type === 0 || type === 0o100000 || type === 0o040000 ? 'plain' : 'special'
}

async function untar(bytes: Buffer, isPacked: boolean, tree: ArchiveTree): Promise<void> {
  const entries = extract()
  const limit = bounded()
  const parts = isPacked ? [createGunzip(), limit] : [limit]
  for (const part of parts) part.on('error', (error) => entries.destroy(error))
  if (isPacked) parts[0]!.pipe(limit)
  limit.pipe(entries)
  Readable.from([bytes]).pipe(parts[0]!)
  try {
    for await (const entry of entries) {
      const { name, type } = entry.header
      const known = tree.checked(name)
      if (type === 'directory') tree.folder(known)
      else if (type === 'symlink' || type === 'link') throw new TreeRefused('link', name)
      else if (type !== 'file' && type !== 'contiguous-file') throw new TreeRefused('special', name)
      else await tree.file(known, entry as unknown as AsyncIterable<Uint8Array>)
      entry.resume()
    }
  } finally {
    for (const part of parts) part.destroy()
  }
}

/** Heads and gaps count as well: an archive can be made of them alone. */
function bounded(): Transform {
  let bytes = 0
  return new Transform({
    transform(part: Buffer, _, done) {
      bytes += part.length
      done(bytes > largestUnpacked ? new TreeRefused('large') : null, part)
    },
  })
}
