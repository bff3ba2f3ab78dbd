import { createHash } from 'node:crypto'
import type { Dirent } from 'node:fs'
import { readdir, readFile, readlink, stat } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * What a folder contains, as one value: SHA-256, 64 hexadecimal digits, over every file below it, in the order of their
 * paths within it. Of a file counts its path, whether its owner may execute it, and its bytes; of a symbolic link its path and what it
 * says. Where the folder lies, its times, owners and empty folders do not count.
 * @throws NodeJS.ErrnoException where the folder or a file in it can't be read
 */
export async function contentHash(directory: string): Promise<string> {
  const hash = createHash('sha256')
  for (const { path, entry } of await entriesBelow(directory)) {
    const absolute = join(directory, path)
    if (entry.isSymbolicLink()) {
      add(hash, 'link', Buffer.from(path), await readlink(absolute, 'buffer'))
    } else if (entry.isFile()) {
      const kind = ((await stat(absolute)).mode & 0o100) === 0 ? 'file' : 'program'
      add(hash, kind, Buffer.from(path), await readFile(absolute))
    }
  }
  return hash.digest('hex')
}

async function entriesBelow(directory: string, below = ''): Promise<{ path: string; entry: Dirent }[]> {
  const entries = await readdir(join(directory, below), { withFileTypes: true })
  const found = await Promise.all(
    entries.map(async (entry) => {
      const path = below === '' ? entry.name : `${below}/${entry.name}`
      return entry.isDirectory() ? entriesBelow(directory, path) : [{ path, entry }]
    }),
  )
  // By code units: no locale's order, which differs from machine to machine.
  return found.flat().toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

/** Each part behind its length, so that no two folders give the same bytes. */
function add(hash: ReturnType<typeof createHash>, kind: string, ...parts: Buffer[]): void {
  hash.update(`${kind}\n`)
  for (const part of parts) hash.update(`${part.length}\n`).update(part)
}
