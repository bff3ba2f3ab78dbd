import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { names } from './record.js'

/** One of the bundles in a folder. */
export interface BundlePlace {
  /** What its folder is called. */
  name: string
  path: string
}

/**
 * Where the bundles of a folder are, as `vethlab grade --evidence` keeps them, by their names; undefined where it is a bundle itself, or
 * none is in it. All that is no plain file counts, since a bundle may have lost its manifest; drafts begin with a dot.
 */
export async function bundlesIn(folder: string): Promise<BundlePlace[] | undefined> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  if (entries.some(({ name }) => name === names.manifest)) return undefined
  const places = entries
    .filter((entry) => !entry.isFile() && !entry.name.startsWith('.'))
    .map(({ name }) => ({ name, path: join(folder, name) }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
  for (const { path } of places) if (await isThere(join(path, names.manifest))) return places
  return undefined
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}
