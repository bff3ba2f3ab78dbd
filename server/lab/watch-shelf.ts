import { realpath, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { watch } from 'chokidar'
import { VethlabError } from '../error/vethlab-error.js'
import type { Lab } from './lab.js'
import { type LabPath, pathsFile } from './paths.js'
import { loadLab } from './read-lab.js'
import { readAllPaths } from './shelf.js'
import { isEditorsFile, mostLevels } from './watch-lab.js'

/** A lab as its files are now. Without `lab` and `error` it is gone; with `error` it can't be used as it is. */
export interface LabNews {
  id: string
  lab?: Lab
  error?: VethlabError
}

export interface WatchShelfOptions {
  onNews(news: LabNews): void
  /** The paths as their files are now. */
  onPaths(paths: LabPath[]): void
  /** Not all that changes is noticed any more. */
  onError(error: unknown): void
}

/** A tool that copies a lab writes its files one after another: all of it is one change. */
const quietMs = 300
/** Whoever never stops writing is heard in between. */
const longestMs = 3_000
/** The kernel watches each file for itself, and lets a user have so many. Labs have some ten files each. */
const mostPaths = 8_000

/**
 * Watches folders of labs, and reads each lab again in which a file was added, changed or removed, one after another, and the paths where
 * theirs was. Links are not followed. Where several folders have a lab of one name, the first counts.
 * @returns what ends it, once the folders are watched
 */
export async function watchShelf(
  folders: readonly string[],
  { onNews, onPaths, onError }: WatchShelfOptions,
): Promise<() => Promise<void>> {
  const roots = await Promise.all(folders.map((folder) => realpath(folder).catch(() => folder)))
  const changed = new Set<string>()
  const paths = new Set<string>()
  let isFull = false
  let timer: NodeJS.Timeout | undefined
  let firstAt: number | undefined
  let reading: Promise<void> | undefined
  let ended = false

  const read = async (): Promise<void> => {
    for (const id of changed) {
      changed.delete(id)
      if (id === pathsFile) {
        const paths = await readAllPaths(folders)
        if (!ended && !changed.has(id)) onPaths(paths)
        continue
      }
      const news = await newsOf(id, folders)
      // What changed meanwhile is read once more.
      if (!ended && !changed.has(id)) onNews(news)
    }
  }
  const begin = (): void => {
    firstAt = undefined
    reading ??= read()
      .catch(onError)
      .finally(() => {
        reading = undefined
        if (changed.size > 0 && !ended) begin()
      })
  }
  const note = (path: string): void => {
    const root = rootOf(path, roots)
    const [id = ''] = root === undefined ? [] : relative(root, path).split(sep)
    if (id === '') return
    changed.add(id)
    firstAt ??= Date.now()
    clearTimeout(timer)
    timer = setTimeout(begin, Math.max(0, Math.min(quietMs, firstAt + longestMs - Date.now())))
  }
  const watcher = watch(roots, {
    ignoreInitial: true,
    followSymlinks: false,
    depth: mostLevels + 1,
    ignored: (path) => {
      const root = rootOf(path, roots)
      if (root === undefined || isEditorsFile(path.slice(root.length))) return true
      if (paths.has(path)) return false
      if (paths.size < mostPaths) {
        paths.add(path)
        return false
      }
      if (!isFull) onError(new Error(`there are more than ${mostPaths} files: changes of the others are not noticed`))
      isFull = true
      return true
    },
  })
  watcher.on('all', (event, path) => {
    if (event === 'unlink' || event === 'unlinkDir') paths.delete(path)
    note(path)
  })
  watcher.on('error', onError)
  await new Promise<void>((resolve) => watcher.once('ready', resolve))
  return async () => {
    ended = true
    clearTimeout(timer)
    await watcher.close()
    await reading
  }
}

async function newsOf(id: string, folders: readonly string[]): Promise<LabNews> {
  for (const folder of folders) {
    const directory = join(folder, id)
    if (!(await stat(join(directory, 'lab.yaml')).catch(() => undefined))) continue
    try {
      return { id, lab: await loadLab(directory) }
    } catch (error) {
      if (error instanceof VethlabError) return { id, error }
      // A folder that vanishes while it is read is told of again.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { id }
      throw error
    }
  }
  return { id }
}

function rootOf(path: string, roots: readonly string[]): string | undefined {
  return roots.find((root) => path === root || path.startsWith(`${root}${sep}`))
}
