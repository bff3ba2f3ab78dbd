import { readdir, stat } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, sep } from 'node:path'
import { didYouMean, didYouMeanZh } from '../error/schema-issue.js'
import { VethlabError } from '../error/vethlab-error.js'
import { oneLine } from '../wording/one-line.js'

/** Folders of labs below the folder of all labs, by name. @throws Error where it can't be read */
export async function labFolders(labs: string): Promise<string[]> {
  const names = await readdir(labs)
  const found = await Promise.all(
    names.map(async (name) => ((await stat(join(labs, name, 'lab.yaml')).catch(() => undefined)) ? name : undefined)),
  )
  return found.filter((name) => name !== undefined).toSorted()
}

/**
 * The folder of a lab that a user names: by its id, or by a path, so that labs can live anywhere.
 * @throws VethlabError lab.not-found
 */
export async function labFolder(labs: string, name: string): Promise<string> {
  const isPath = name.includes(sep) || name === '.' || name === '..'
  const folder = isPath ? name : join(labs, name)
  if (await isThere(join(folder, 'lab.yaml'))) return shownPath(folder)
  const ids = await labFolders(labs)
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

/** Folders of the labs that a user names; of all where they name none. @throws VethlabError lab.not-found */
export async function labFoldersNamed(labs: string, names: string[]): Promise<string[]> {
  return Promise.all((names.length > 0 ? names : await labFolders(labs)).map((name) => labFolder(labs, name)))
}

/** A path as a user reads it best: relative to where they are, unless that leads up. */
function shownPath(path: string): string {
  const near = relative(process.cwd(), path)
  return near === '' || near.startsWith('..') || isAbsolute(near) ? path : near
}
