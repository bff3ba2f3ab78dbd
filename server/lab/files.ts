import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { didYouMean } from '../error/schema-issue.js'
import type { LabFile } from './lab-file.js'

/** The folder of a lab whose content is put onto its hosts: `files/HOST/PATH`. */
export const filesFolder = 'files'

/** Limits, since a server keeps all of it in memory, and brings it to each host at each opening. */
export const mostFiles = 64
export const mostBytesOfOne = 256 * 1024
export const mostBytesTogether = 1024 ** 2
const mostLevels = 12
/** One part of a path on a host. */
export const pathPart = /^[A-Za-z0-9._][A-Za-z0-9._+@-]{0,99}$/
/** The kernel's own, and what a host makes anew when it boots. */
const notFiles = /^\/(?:proc|sys|dev|run|tmp)(?:\/|$)/

/** A file that a lab puts onto a host, at its opening and after each reset. */
export interface LabFileOnHost {
  host: string
  /** Absolute, on the host. */
  path: string
  bytes: number
  /** Its bytes in base64. */
  content: string
  /** Four octal digits. */
  mode: string
  user: string
  group: string
}

export interface FileProblems {
  /** About a file, by its path in the lab's folder. */
  inFolder(file: string, what: string, cure: string): void
  /** About what `lab.yaml` says of a file, by its path below `files/`. */
  ofRights(name: string, what: string, cure: string): void
}

/** What was found below the folder, by its path there. A folder directly below it has no `bytes`, `mode` and `content`. */
export interface FoundFile {
  path: string
  bytes?: number
  /** Whether its owner may execute it. */
  isExecutable?: boolean
  /** Its bytes in base64; missing where they were not read, since there is too much of it. */
  content?: string
  /** Why it can't be used. */
  refused?: { what: string; cure: string }
}

/**
 * Finds what a lab puts onto its hosts, in order. Links are not followed, and anything else that is neither file nor folder is refused:
 * the lab may be a stranger's, and is read by the machine's root.
 */
export async function findFiles(directory: string): Promise<FoundFile[]> {
  const found: FoundFile[] = []
  let together = 0
  let count = 0
  const file = async (path: string): Promise<FoundFile> => {
    const absolute = join(directory, filesFolder, path)
    const { mode, size: bytes } = await lstat(absolute)
    together += bytes
    const known = { path, bytes, isExecutable: (mode & 0o100) !== 0 }
    if (++count > mostFiles || bytes > mostBytesOfOne || together > mostBytesTogether) return known
    return await readFile(absolute).then(
      (content) => ({ ...known, content: content.toString('base64') }),
      (error: NodeJS.ErrnoException) => ({
        ...known,
        refused: { what: `can't be read (${error.code})`, cure: 'Give the right to read it.' },
      }),
    )
  }
  const walk = async (below: string, level: number): Promise<void> => {
    const entries = await readdir(join(directory, filesFolder, below), { withFileTypes: true }).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT' || below !== '')
          found.push({ path: below, refused: { what: `can't be read (${error.code})`, cure: 'Make a folder of it.' } })
        return []
      },
    )
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`
      const refuse = (what: string, cure: string) => found.push({ path, refused: { what, cure } })
      const onHost = `/${path.split('/').slice(1).join('/')}`
      if (!pathPart.test(entry.name)) {
        refuse('has a name that is not for a host', 'Use letters, digits, ".", "_", "-", "+" and "@".')
      } else if (entry.isDirectory()) {
        if (notFiles.test(`${onHost}/`) && below !== '')
          refuse('is where a host keeps no files', 'Choose another place, such as /root.')
        else if (level >= mostLevels) refuse('lies too deep', `Use at most ${mostLevels} levels of folders.`)
        else {
          if (below === '') found.push({ path })
          await walk(path, level + 1)
        }
      } else if (entry.isSymbolicLink()) refuse('is a link', 'Put the file itself there.')
      else if (!entry.isFile()) refuse('is neither a file nor a folder', 'Put a file there.')
      else if (below === '') refuse('belongs to no host', `Put it into ${filesFolder}/HOST/root/ or the like.`)
      else found.push(await file(path))
    }
  }
  await walk('', 0)
  return found
}

/**
 * What of it comes onto which host, and whose it is there. Pure.
 * @param rights owner and mode as `lab.yaml` has them, by path below the folder
 */
export function filesOnHosts(
  found: readonly FoundFile[],
  rights: LabFile['files'],
  hosts: readonly string[],
  problems: FileProblems,
): LabFileOnHost[] {
  const files: LabFileOnHost[] = []
  const paths: string[] = []
  const foreign = new Set<string>()
  let together = 0
  for (const { path, bytes, isExecutable, content, refused } of found) {
    const shown = path === '' ? filesFolder : `${filesFolder}/${path}`
    const [host = ''] = path.split('/')
    if (path !== '' && !hosts.includes(host)) {
      if (!foreign.has(host)) {
        const cure = `${didYouMean(host, [...hosts])}Hosts are: ${hosts.join(', ')}.`
        problems.inFolder(`${filesFolder}/${host}`, 'is named after no host', cure)
      }
      foreign.add(host)
      continue
    }
    if (bytes === undefined) {
      if (refused) problems.inFolder(shown, refused.what, refused.cure)
      continue
    }
    paths.push(path)
    if (paths.length > mostFiles || together > mostBytesTogether) continue
    together += bytes
    if (bytes > mostBytesOfOne) {
      problems.inFolder(shown, `has ${bytes} bytes, and at most ${mostBytesOfOne} are allowed`, 'Make it smaller.')
    } else if (together > mostBytesTogether) {
      const what = `is what makes all files together larger than ${mostBytesTogether} bytes`
      problems.inFolder(shown, what, 'Leave some out, or let setup.sh make them.')
    } else if (refused) problems.inFolder(shown, refused.what, refused.cure)
    if (content === undefined) continue
    const said = Object.hasOwn(rights, path) ? rights[path] : undefined
    const [user = 'root', group = user] = (said?.owner ?? 'root:root').split(':')
    files.push({
      host,
      path: `/${path.split('/').slice(1).join('/')}`,
      bytes,
      content,
      mode: (said?.mode ?? (isExecutable ? '755' : '644')).padStart(4, '0'),
      user,
      group,
    })
  }
  if (paths.length > mostFiles) {
    const what = `has ${paths.length} files, and at most ${mostFiles} are allowed`
    problems.inFolder(filesFolder, what, 'Leave some out, or let setup.sh make them.')
  }
  for (const name of Object.keys(rights)) {
    if (paths.includes(name)) continue
    problems.ofRights(
      name,
      `there is no ${filesFolder}/${name}`,
      `${didYouMean(name, paths)}Write it, or take this away.`,
    )
  }
  return files
}
