import { basename, join } from 'node:path'
import { VethlabError } from '../error/vethlab-error.js'
import { labFolders } from './catalogue.js'
import type { Lab } from './lab.js'
import { joinPaths, type LabPath, readPaths } from './paths.js'
import { loadLab } from './read-lab.js'

/** Labs of several folders: those that can be used, and what is wrong with the others, by the names of their folders; and paths through them. */
export interface Shelf {
  labs: Lab[]
  paths: LabPath[]
  leftOut: { name: string; error: VethlabError }[]
}

/**
 * Reads all labs of these folders. A lab that is broken is its author's matter, and no reason to keep the others from anybody.
 * @throws VethlabError lab.not-found where a folder can't be read
 */
export async function readShelf(folders: readonly string[]): Promise<Shelf> {
  const shelf: Shelf = { labs: [], paths: await readAllPaths(folders), leftOut: [] }
  const directories = folders.map(async (folder) => (await labFolders(folder)).map((name) => join(folder, name)))
  for (const directory of (await Promise.all(directories)).flat()) {
    const name = basename(directory)
    try {
      if (shelf.labs.some(({ id }) => id === name)) {
        throw new VethlabError('lab.invalid', 'another lab has that id', {
          place: directory,
          cure: 'Rename its folder.',
        })
      }
      shelf.labs.push(await loadLab(directory))
    } catch (error) {
      if (!(error instanceof VethlabError)) throw error
      shelf.leftOut.push({ name, error })
    }
  }
  return shelf
}

/** The paths of several folders, in the order of the folders. A file that can't be used has none: `vethlab lint` says why. */
export async function readAllPaths(folders: readonly string[]): Promise<LabPath[]> {
  return joinPaths((await Promise.all(folders.map(readPaths))).map(({ paths }) => paths))
}
