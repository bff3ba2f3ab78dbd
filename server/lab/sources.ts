import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { contentHash } from './content-hash.js'
import { type FoundFile, findFiles } from './files.js'

/** No file of a lab is nearly as large. */
const maxFileBytes = 1024 ** 2

/** Folders of Markdown files, one a step, a way or a mistake. */
export const folders = ['solution', 'alternatives', 'mistakes'] as const
export type Folder = (typeof folders)[number]

/** A lab's folder as its author wrote it: all that is needed to read it with any seed. */
export interface LabSources {
  /** Name of the folder. */
  id: string
  directory: string
  contentHash: string
  /** By path within the folder; those that are there. */
  texts: Record<string, SourceText>
  /** Names in these folders, in order. */
  entries: Record<Folder, string[]>
  /** What lies below `files/`. */
  files: FoundFile[]
}

/** A file that can't be used says what is wrong with it. */
export type SourceText = { text: string } | { what: string; cure: string }

/** Reads all files of a lab that are text, and what it puts onto hosts. */
export async function readSources(directory: string): Promise<LabSources> {
  const entries = {} as Record<Folder, string[]>
  for (const folder of folders) entries[folder] = (await readdir(join(directory, folder)).catch(() => [])).sort()
  const pages = folders.flatMap((folder) =>
    entries[folder].filter((name) => name.endsWith('.md')).map((name) => `${folder}/${name}`),
  )
  const texts: LabSources['texts'] = {}
  for (const file of ['lab.yaml', 'en.md', 'zh.md', 'setup.sh', ...pages]) {
    const text = await readText(directory, file)
    if (text) texts[file] = text
  }
  return {
    id: basename(resolve(directory)),
    directory,
    contentHash: 'lab.yaml' in texts ? await contentHash(directory) : '',
    texts,
    entries,
    files: await findFiles(directory),
  }
}

/**
 * A lab may be a stranger's, and is read by the machine's root: nothing outside of its folder is.
 * @returns undefined where there is no such file
 */
export async function readText(directory: string, file: string): Promise<SourceText | undefined> {
  try {
    const path = await realpath(join(directory, file))
    if (!path.startsWith(`${await realpath(directory)}/`))
      return { what: "is a link that leads out of the lab's folder", cure: 'Put the file itself into the folder.' }
    const found = await stat(path)
    if (!found.isFile()) return { what: 'is no file', cure: 'Put a file there.' }
    if (found.size > maxFileBytes) return { what: 'is larger than 1 MiB', cure: 'Make it shorter.' }
    // Editors of Windows end lines with two characters.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path)).replaceAll('\r\n', '\n')
    return { text }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    if (error instanceof TypeError) return { what: 'is not UTF-8', cure: 'Save it as UTF-8.' }
    return { what: `can't be read (${code})`, cure: 'Give the right to read it.' }
  }
}
