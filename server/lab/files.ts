import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { didYouMean } from '../error/schema-issue.js'
import type { LabFileOnHost } from './lab.js'
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

export interface FileProblems {
  /** About a file, by its path in the lab's folder. */
  inFolder(file: string, what: string, cure: string): void
  /** About what `lab.yaml` says of a file, by its path below `files/`. */
  ofRights(name: string, what: string, cure: string): void
}

/**
 * Reads what a lab puts onto its hosts. Links are not followed, and anything else that is neither file nor folder is refused:
 * the lab may be a stranger's, and is read by the machine's root.
 * @param rights owner and mode as `lab.yaml` has them, by path below the folder
 */
export async function readFiles(
  directory: string,
  rights: LabFile['files'],
  hosts: readonly string[],
  problems: FileProblems,
): Promise<LabFileOnHost[]> {
  const paths = await pathsBelow(directory, hosts, problems)
  const files: LabFileOnHost[] = []
  let together = 0
  for (const path of paths.slice(0, mostFiles)) {
    const shown = `${filesFolder}/${path}`
    const absolute = join(directory, filesFolder, path)
    const { mode, size } = await lstat(absolute)
    together += size
    if (size > mostBytesOfOne) {
      problems.inFolder(shown, `has ${size} bytes, and at most ${mostBytesOfOne} are allowed`, 'Make it smaller.')
      continue
    }
    if (together > mostBytesTogether) {
      const what = `is what makes all files together larger than ${mostBytesTogether} bytes`
      problems.inFolder(shown, what, 'Leave some out, or let setup.sh make them.')
      break
    }
    const content = await readFile(absolute).catch((error: NodeJS.ErrnoException) => {
      problems.inFolder(shown, `can't be read (${error.code})`, 'Give the right to read it.')
    })
    if (content === undefined) continue
    const said = Object.hasOwn(rights, path) ? rights[path] : undefined
    const [user = 'root', group = user] = (said?.owner ?? 'root:root').split(':')
    files.push({
      host: path.split('/')[0]!,
      path: `/${path.split('/').slice(1).join('/')}`,
      bytes: content.length,
      content: content.toString('base64'),
      mode: (said?.mode ?? ((mode & 0o100) === 0 ? '644' : '755')).padStart(4, '0'),
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

async function pathsBelow(directory: string, hosts: readonly string[], problems: FileProblems): Promise<string[]> {
  const found: string[] = []
  const walk = async (below: string, level: number): Promise<void> => {
    const entries = await readdir(join(directory, filesFolder, below), { withFileTypes: true }).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT' || below !== '')
          problems.inFolder(join(filesFolder, below), `can't be read (${error.code})`, 'Make a folder of it.')
        return []
      },
    )
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`
      const refuse = (what: string, cure: string) => problems.inFolder(`${filesFolder}/${path}`, what, cure)
      const onHost = `/${path.split('/').slice(1).join('/')}`
      if (below === '' && !hosts.includes(entry.name)) {
        refuse('is named after no host', `${didYouMean(entry.name, [...hosts])}Hosts are: ${hosts.join(', ')}.`)
      } else if (!pathPart.test(entry.name)) {
        refuse('has a name that is not for a host', 'Use letters, digits, ".", "_", "-", "+" and "@".')
      } else if (entry.isDirectory()) {
        if (notFiles.test(`${onHost}/`) && below !== '')
          refuse('is where a host keeps no files', 'Choose another place, such as /root.')
        else if (level >= mostLevels) refuse('lies too deep', `Use at most ${mostLevels} levels of folders.`)
        else await walk(path, level + 1)
      } else if (entry.isSymbolicLink()) refuse('is a link', 'Put the file itself there.')
      else if (!entry.isFile()) refuse('is neither a file nor a folder', 'Put a file there.')
      else if (below === '') refuse('belongs to no host', `Put it into ${filesFolder}/${hosts[0]}/root/ or the like.`)
      else found.push(path)
    }
  }
  await walk('', 0)
  return found
}
