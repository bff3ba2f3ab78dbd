import { constants } from 'node:fs'
import { lstat, open, readdir } from 'node:fs/promises'
import { join, posix } from 'node:path'
import picomatch from 'picomatch'
import { VethlabError } from '../../error/vethlab-error.js'
import { oneLine } from '../../wording/one-line.js'

/** A package is a stranger's: it may be of any size and shape. */
const mostFiles = 5_000
const mostLevels = 12
const mostBytes = 1024 ** 2
const longestPattern = 200

/** A file or folder of a package. Paths are relative to the package, with `/`. */
export interface ForeignFile {
  path: string
  bytes: number
  isExecutable: boolean
}

/** The files of a package that was made elsewhere. Nothing outside of its folder is read, and no link is followed. */
export class ForeignFolder {
  private constructor(
    readonly directory: string,
    readonly files: readonly ForeignFile[],
    /** Links and devices, which are left out. */
    readonly leftOut: readonly string[],
  ) {}

  /** @throws VethlabError import.unreadable, import.too-large */
  static async read(directory: string): Promise<ForeignFolder> {
    const files: ForeignFile[] = []
    const leftOut: string[] = []
    const walk = async (folder: string, level: number): Promise<void> => {
      if (level > mostLevels) throw tooLarge(directory, `folders lie more than ${mostLevels} deep`)
      for (const name of (await readdir(join(directory, folder))).toSorted()) {
        if (name === '.git') continue
        const path = posix.join(folder, name)
        const found = await lstat(join(directory, path))
        if (found.isDirectory()) await walk(path, level + 1)
        else if (found.isFile()) files.push({ path, bytes: found.size, isExecutable: (found.mode & 0o111) !== 0 })
        else leftOut.push(path)
        if (files.length > mostFiles) throw tooLarge(directory, `there are more than ${mostFiles} files`)
      }
    }
    try {
      await walk('', 0)
    } catch (error) {
      if (error instanceof VethlabError) throw error
      const { code } = error as NodeJS.ErrnoException
      const isMissing = code === 'ENOENT' || code === 'ENOTDIR'
      throw new VethlabError('import.unreadable', isMissing ? 'there is no such folder' : `can't be read (${code})`, {
        place: oneLine(directory, 200),
        cure: 'Name a folder that holds the lab to import.',
      })
    }
    return new ForeignFolder(directory, files, leftOut)
  }

  has(path: string): boolean {
    return this.files.some((file) => file.path === posix.normalize(path))
  }

  file(path: string): ForeignFile | undefined {
    return this.files.find((file) => file.path === posix.normalize(path))
  }

  /** Files below a folder, with their paths from there. */
  below(folder: string): (ForeignFile & { rest: string })[] {
    const prefix = folder === '' || folder === '.' ? '' : `${posix.normalize(folder).replace(/\/$/, '')}/`
    return this.files
      .filter(({ path }) => path.startsWith(prefix))
      .map((file) => ({ ...file, rest: file.path.slice(prefix.length) }))
  }

  /** Files below a folder that a pattern names (`*`, `**`, `?`, `[...]`). */
  matching(folder: string, pattern: string): (ForeignFile & { rest: string })[] {
    const wanted = posix.normalize(pattern.slice(0, longestPattern)).replace(/^\//, '')
    const isWanted = picomatch(wanted, { dot: true })
    return this.below(folder).filter(({ rest }) => rest === wanted || isWanted(rest))
  }

  /**
   * A text, with the line ends of Unix.
   * @returns undefined where there is no such file
   * @throws VethlabError import.unreadable where it is too large or can't be read
   */
  async text(path: string): Promise<string | undefined> {
    const bytes = await this.bytes(path)
    if (bytes === undefined) return undefined
    // What is not UTF-8 is shown with marks in its place: a page is better than none.
    return new TextDecoder()
      .decode(bytes)
      .replace(/^\uFEFF/, '')
      .replaceAll('\r\n', '\n')
  }

  /** @returns undefined where there is no such file @throws VethlabError import.unreadable */
  async bytes(path: string): Promise<Buffer | undefined> {
    const file = this.file(path)
    if (file === undefined) return undefined
    const refuse = (what: string) =>
      new VethlabError('import.unreadable', what, {
        place: oneLine(join(this.directory, file.path), 200),
        cure: 'Take the file out of the package, or mend it.',
      })
    if (file.bytes > mostBytes) throw refuse('is larger than 1 MiB')
    const handle = await open(
      join(this.directory, file.path),
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    ).catch((error: NodeJS.ErrnoException) => {
      throw refuse(`can't be read (${error.code})`)
    })
    try {
      if (!(await handle.stat()).isFile()) throw refuse('is no file')
      return await handle.readFile()
    } finally {
      await handle.close()
    }
  }
}

function tooLarge(directory: string, what: string): VethlabError {
  return new VethlabError('import.too-large', what, {
    place: oneLine(directory, 200),
    cure: 'Name the folder of one lab, not of a collection.',
  })
}
