import { lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { pack } from 'tar-stream'
import { largestPacked, mostEntries, packerOf } from '../trial/file-tree.js'

/** A submission as it was handed in. */
export interface Given {
  /** What it is called in a bundle. */
  name: string
  bytes: Buffer
}

const endings = { zip: 'zip', gzip: 'tar.gz', tar: 'tar', other: 'bin' } as const

/**
 * A file as it is; of a folder a tar that says nothing of when it was made, or by whom.
 * @returns undefined where there is nothing, or more than a submission may have
 */
export async function givenAt(path: string): Promise<Given | undefined> {
  const found = await lstat(path).catch(() => undefined)
  if (found?.isSymbolicLink()) return { name: 'submission.tar', bytes: await tarOf([['', path]]) }
  if (found?.isFile()) {
    if (found.size > largestPacked) return undefined
    const packer = await packerOf(path)
    return { name: `submission.${packer ? endings[packer] : 'txt'}`, bytes: await readFile(path) }
  }
  if (!found?.isDirectory()) return undefined
  const entries: [string, string][] = []
  let bytes = 0
  const gather = async (folder: string): Promise<boolean> => {
    for (const { name } of (await readdir(join(path, folder), { withFileTypes: true })).toSorted(byName)) {
      const below = folder === '' ? name : `${folder}/${name}`
      const at = join(path, below)
      const { size, isDir, isFile } = await kindOf(at)
      entries.push([below, at])
      bytes += isFile ? size : 0
      if (entries.length > mostEntries || bytes > largestPacked) return false
      if (isDir && !(await gather(below))) return false
    }
    return true
  }
  return (await gather('')) ? { name: 'submission.tar', bytes: await tarOf(entries) } : undefined
}

const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1)

async function kindOf(path: string): Promise<{ size: number; isDir: boolean; isFile: boolean }> {
  const found = await lstat(path)
  return { size: found.size, isDir: found.isDirectory(), isFile: found.isFile() }
}

/** @param entries names and paths; what is neither a file, a folder nor a link is left out */
async function tarOf(entries: readonly [name: string, path: string][]): Promise<Buffer> {
  const archive = pack()
  for (const [name, path] of entries) {
    const found = await lstat(path)
    const header = { name: name || 'submission', mtime: new Date(0), mode: found.mode & 0o777 }
    if (found.isSymbolicLink()) archive.entry({ ...header, type: 'symlink', linkname: await readlink(path) })
    else if (found.isDirectory()) archive.entry({ ...header, type: 'directory' })
    else if (found.isFile()) archive.entry(header, await readFile(path))
  }
  archive.finalize()
  const parts: Buffer[] = []
  for await (const part of archive) parts.push(part as Buffer)
  return Buffer.concat(parts)
}
