import { readdir, stat } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, sep } from 'node:path'
import { didYouMean, didYouMeanZh } from '../error/schema-issue.js'
import { VethlabError } from '../error/vethlab-error.js'
import { oneLine } from '../wording/one-line.js'

/** Where labs are looked for by their ids. */
export interface LabShelves {
  /** The folder of the labs that come with vethlab. */
  bundled: string
  /** Folders of further labs. Of two labs with one id the first counts: one that comes with vethlab, else that of the first folder. */
  further?: readonly string[]
}

/** All folders of labs, in the order in which they count. */
export function foldersOf({ bundled, further = [] }: LabShelves): string[] {
  return [bundled, ...further]
}

/** The folders whose labs are meant where a user names none: the further ones, or that of vethlab where there are no others. */
export function foldersMeant({ bundled, further = [] }: LabShelves): readonly string[] {
  return further.length > 0 ? further : [bundled]
}

/** Folders of labs below a folder of labs, by name. @throws VethlabError lab.not-found where it can't be read */
export async function labFolders(labs: string): Promise<string[]> {
  const names = await readdir(labs).catch((cause: NodeJS.ErrnoException) => {
    throw new VethlabError('lab.not-found', `can't be read (${cause.code})`, {
      place: oneLine(labs, 200),
      cure: 'Name a folder that has folders of labs in it.',
      zh: { what: `无法读取（${cause.code}）`, cure: '请指定一个里面有实验文件夹的文件夹。' },
      cause,
    })
  })
  const found = await Promise.all(
    names.map(async (name) => ((await stat(join(labs, name, 'lab.yaml')).catch(() => undefined)) ? name : undefined)),
  )
  return found.filter((name) => name !== undefined).toSorted()
}

/**
 * The folder of a lab that a user names: by its id, or by a path, so that labs can live anywhere.
 * @throws VethlabError lab.not-found
 */
export async function labFolder(shelves: LabShelves, name: string): Promise<string> {
  const isPath = name.includes(sep) || name === '.' || name === '..'
  for (const folder of isPath ? [name] : foldersOf(shelves).map((labs) => join(labs, name)))
    if (await isThere(join(folder, 'lab.yaml'))) return shownPath(folder)
  const ids = [...new Set((await Promise.all(foldersOf(shelves).map(labFolders))).flat())]
  throw new VethlabError('lab.not-found', 'there is no such lab', {
    place: oneLine(name, 100),
    cure: isPath ? 'Name a folder with a lab.yaml in it.' : `${didYouMean(name, ids)}Labs are: ${ids.join(', ')}.`,
    zh: {
      what: '没有这个实验',
      cure: isPath ? '请指定一个有 lab.yaml 的文件夹。' : `${didYouMeanZh(name, ids)}现有的实验：${ids.join('、')}。`,
    },
  })
}

/** @throws VethlabError lab.not-found where that can't be told, since a folder on the way may not be looked into */
async function isThere(file: string): Promise<boolean> {
  try {
    await stat(file)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EACCES' || code === 'EPERM') throw unreadable(dirname(file), code)
    return false
  }
}

/** A lab's folder that is there, as far as one may tell. */
export function unreadable(folder: string, code: string): VethlabError {
  return new VethlabError('lab.not-found', `can't be read (${code}): there is no permission for it`, {
    place: oneLine(folder, 200),
    cure: 'Give the right to read it and the folders above it, or run as the user who has it.',
    zh: { what: `无法读取（${code}）：没有权限`, cure: '请给予读取它和上级文件夹的权限，或换有权限的用户运行。' },
  })
}

/**
 * Folders of the labs that a user names; of all labs of `foldersMeant` where they name none.
 * @throws VethlabError lab.not-found, also for a folder that has no labs in it
 */
export async function labFoldersNamed(shelves: LabShelves, names: readonly string[]): Promise<string[]> {
  if (names.length > 0) return Promise.all(names.map((name) => labFolder(shelves, name)))
  return (await Promise.all(foldersMeant(shelves).map(allIn))).flat()
}

async function allIn(labs: string): Promise<string[]> {
  const names = await labFolders(labs)
  if (names.length > 0) return names.map((name) => shownPath(join(labs, name)))
  const isLab = await isThere(join(labs, 'lab.yaml'))
  throw new VethlabError('lab.not-found', isLab ? 'is a lab, and has none in it' : 'has no labs in it', {
    place: oneLine(labs, 200),
    cure: isLab ? 'Name it without `--labs`, as a path.' : 'Name a folder that has folders of labs in it.',
    zh: {
      what: isLab ? '这是一个实验，里面没有别的实验' : '里面没有实验',
      cure: isLab ? '请去掉 `--labs`，直接写出它的路径。' : '请指定一个里面有实验文件夹的文件夹。',
    },
  })
}

/** A path as a user reads it best: relative to where they are, unless that leads up. */
function shownPath(path: string): string {
  const near = relative(process.cwd(), path)
  return near === '' || near.startsWith('..') || isAbsolute(near) ? path : near
}
