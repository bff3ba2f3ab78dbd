import { open, readdir, readFile, rmdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Trees of control groups, which root of a host makes as deep and as wide as the kernel lets him: paths get longer than the kernel
 * takes in one piece (PATH_MAX), so the way down goes by open directories.
 */

/** From here on a group is opened, and what is below is found from there. */
const longestPath = 2048

/**
 * Visits a group and all below it, each before those below.
 * @param visit gets a path by which the group can be reached as long as the visit lasts
 * @param most groups; @returns whether that was enough for all
 */
export async function visitGroups(
  directory: string,
  visit: (group: string) => Promise<void>,
  most = Number.POSITIVE_INFINITY,
): Promise<boolean> {
  let left = most
  const goOn = async (group: string): Promise<boolean> => {
    if (left-- <= 0) return false
    await visit(group)
    for (const child of await namesBelow(group)) if (!(await reach(join(group, child), goOn))) return false
    return true
  }
  return reach(directory, goOn)
}

/** Removes a group with all below it; false where the kernel keeps one, since a process is in it. */
export async function removeGroups(directory: string): Promise<boolean> {
  const below = await reach(directory, async (group) => {
    let removed = true
    for (const child of await namesBelow(group)) removed = (await removeGroups(join(group, child))) && removed
    return removed
  })
  if (!below) return false
  try {
    await rmdir(directory)
    return true
  } catch {
    return (await stat(directory).catch(() => undefined)) === undefined
  }
}

/** Numbers of the processes in one group; those of a group that is gone are none. */
export async function processesIn(group: string): Promise<number[]> {
  const text = await readFile(join(group, 'cgroup.procs'), 'utf8').catch(() => '')
  return text.split('\n').filter(Boolean).map(Number)
}

async function namesBelow(group: string): Promise<string[]> {
  const entries = await readdir(group, { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
}

/** A group that is gone needs no visit. */
async function reach(group: string, use: (group: string) => Promise<boolean>): Promise<boolean> {
  if (group.length < longestPath) return use(group)
  const handle = await open(group).catch(() => undefined)
  if (!handle) return true
  try {
    return await use(`/proc/self/fd/${handle.fd}`)
  } finally {
    await handle.close()
  }
}
