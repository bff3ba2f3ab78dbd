import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

/** A hash of parts in their order: 20 hexadecimal digits of SHA-256. Each part goes in behind its length, so none runs into the next. */
export function contentHash(parts: Iterable<string>): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part)
  return hash.digest('hex').slice(0, 20)
}

/** A file as parts of a hash: its path from `root`, whether it can be run, and what is in it. Nothing of where `root` is, or when it was written. */
export function fileParts(root: string, path: string): string[] {
  const executable = (statSync(path).mode & 0o100) !== 0
  return [relative(root, path).split(sep).join('/'), executable ? 'runs' : '', readFileSync(path, 'latin1')]
}

/** All files below a folder, as parts of a hash, in an order that is the same everywhere. A symbolic link counts by where it points. */
export function treeParts(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => ({ entry, path: join(entry.parentPath, entry.name) }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
    .flatMap(({ entry, path }) => {
      if (entry.isSymbolicLink()) return [relative(folder, path), 'link', readlinkSync(path)]
      return entry.isFile() ? fileParts(folder, path) : []
    })
}
