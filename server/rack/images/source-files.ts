import { constants, createReadStream } from 'node:fs'
import { open, opendir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { extract } from 'tar-stream'
import { messageOf } from '../../error/message-of.js'
import { VethlabError } from '../../error/vethlab-error.js'
import { oneLine } from '../../wording/one-line.js'

/** What images lie in, whoever made it: an archive, or a folder. Each reading begins anew. */
export interface SourceFiles {
  /** As a user named it. */
  readonly name: string
  /**
   * Every file, with its content while it is the last one that was given.
   * @throws VethlabError image.invalid where one would lead out, or is neither file, folder nor symbolic link; image.too-large; image.unreadable
   */
  read(): AsyncIterable<SourceFile>
}

export interface SourceFile {
  /** Relative, in parts that lead nowhere else. */
  name: string
  /** Where a symbolic link leads, in the same way; missing for a file. */
  link?: string
  bytes: number
  content: AsyncIterable<Uint8Array>
}

/** Of a source, unpacked once: what images hold may be packed again within it. */
export const largestSourceBytes = 8 * 1024 ** 3
const mostFiles = 10_000

/** A tar archive, which gzip may have packed. */
export function archiveFiles(path: string): SourceFiles {
  return { name: path, read: () => readArchive(path) }
}

async function* readArchive(path: string): AsyncGenerator<SourceFile> {
  const file = await openFile(path)
  const limit = bounded(path)
  const entries = extract()
  const parts: Readable[] = [file.stream]
  if (file.gzip) parts.push(file.stream.pipe(createGunzip()))
  for (const part of [...parts, limit]) part.on('error', (error) => entries.destroy(error as Error))
  parts.at(-1)!.pipe(limit).pipe(entries)
  const seen = new Names(path)
  try {
    for await (const entry of entries) {
      const { name, type, linkname } = entry.header
      if (type === 'directory') {
        seen.checked(name)
        entry.resume()
        continue
      }
      if (type !== 'file' && type !== 'contiguous-file' && type !== 'symlink')
        throw invalid(path, `"${shown(name)}" is a ${type}, which no archive of images has`)
      const known = seen.add(name)
      const link = type === 'symlink' ? seen.target(known, linkname ?? '') : undefined
      yield {
        name: known,
        ...(link === undefined ? {} : { link }),
        bytes: entry.header.size ?? 0,
        content: whole(path, entry as unknown as AsyncIterable<Uint8Array>),
      }
      entry.resume()
    }
  } catch (error) {
    throw notWhole(path, error)
  } finally {
    file.stream.destroy()
    for (const part of [...parts, limit]) part.destroy()
  }
}

async function* whole(path: string, content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* content
  } catch (error) {
    throw notWhole(path, error)
  }
}

function notWhole(path: string, cause: unknown): VethlabError {
  if (cause instanceof VethlabError) return cause
  return new VethlabError('image.invalid', `is no whole tar archive: ${messageOf(cause)}`, {
    place: oneLine(path, 200),
    cure: 'Make it with `docker save -o FILE NAME`.',
    cause,
  })
}

/** The files of a folder, such as an OCI layout. @param name as a user named it */
export function folderFiles(folder: string, name: string): SourceFiles {
  return { name, read: () => readFolder(folder, name) }
}

async function* readFolder(folder: string, called: string): AsyncGenerator<SourceFile> {
  const seen = new Names(called)
  const below = async function* (part: string): AsyncGenerator<SourceFile> {
    for await (const entry of await opendir(join(folder, part))) {
      const name = part === '' ? entry.name : `${part}/${entry.name}`
      if (entry.isDirectory()) yield* below(name)
      // What is no part of an image is not looked at: a folder may have more in it.
      if (!entry.isFile()) continue
      const file = await open(join(folder, name), constants.O_RDONLY | constants.O_NOFOLLOW)
      try {
        const { size } = await file.stat()
        yield { name: seen.add(name), bytes: size, content: file.createReadStream({ autoClose: false }) }
      } finally {
        await file.close()
      }
    }
  }
  yield* below('')
}

async function openFile(path: string): Promise<{ stream: Readable; gzip: boolean }> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      if (!(await file.stat()).isFile()) throw new Error('is no file')
      const { buffer } = await file.read(Buffer.alloc(6), 0, 6, 0)
      const packer = [...packers].find(([, magic]) => buffer.subarray(0, magic.length).equals(magic))?.[0]
      if (packer !== undefined && packer !== 'gzip')
        throw invalid(path, `is packed by ${packer}`, `Unpack it first: \`${packer} -d\`; tar and gzip are read.`)
      return { stream: createReadStream(path), gzip: packer === 'gzip' }
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof VethlabError) throw error
    throw new VethlabError('image.unreadable', `can't be read: ${messageOf(error)}`, {
      place: oneLine(path, 200),
      cure: 'Name an archive, a folder, or a reference such as docker.io/library/alpine:3.20.',
      cause: error,
    })
  }
}

const packers = new Map([
  ['gzip', Buffer.from([0x1f, 0x8b])],
  ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0])],
  ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd])],
  ['bzip2', Buffer.from('BZh')],
])

/** A packed archive can be made of next to nothing. */
function bounded(path: string): Transform {
  let bytes = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      if (bytes > largestSourceBytes) done(tooLarge(path, `more than ${largestSourceBytes / 1024 ** 3} GiB`))
      else done(null, chunk)
    },
  })
}

/** Names in a source: none leads out of it, and none comes twice. */
class Names {
  private readonly seen = new Set<string>()

  constructor(private readonly source: string) {}

  add(name: string): string {
    const clean = this.checked(name)
    if (this.seen.has(clean)) throw invalid(this.source, `"${shown(clean)}" is in it twice`)
    this.seen.add(clean)
    if (this.seen.size > mostFiles) throw tooLarge(this.source, `more than ${mostFiles} files`)
    return clean
  }

  checked(name: string): string {
    const parts = name.split('/').filter((part) => part !== '' && part !== '.')
    if (name.startsWith('/') || parts.includes('..') || parts.length === 0 || name.includes('\0')) {
      // A folder packed as a whole has itself as its first entry.
      if (/^(?:\.\/?)+$/.test(name)) return ''
      throw invalid(this.source, `"${shown(name)}" is a path that leads out of it`)
    }
    return parts.join('/')
  }

  target(name: string, link: string): string {
    const parts = name.split('/').slice(0, -1)
    if (link.startsWith('/')) throw this.leadsOut(name)
    for (const part of link.split('/')) {
      if (part === '..' && parts.pop() === undefined) throw this.leadsOut(name)
      if (part !== '..' && part !== '.' && part !== '') parts.push(part)
    }
    return parts.join('/')
  }

  private leadsOut(name: string): VethlabError {
    return invalid(this.source, `"${shown(name)}" is a link that leads out of it`)
  }
}

export function invalid(source: string, what: string, cure = 'Make it with `docker save -o FILE NAME`.'): VethlabError {
  return new VethlabError('image.invalid', what, { place: oneLine(source, 200), cure })
}

export function tooLarge(source: string, what: string): VethlabError {
  return new VethlabError('image.too-large', `has ${what}, and that is too much`, {
    place: oneLine(source, 200),
    cure: 'Add a smaller image.',
  })
}

const shown = (name: string) => oneLine(name, 80)
