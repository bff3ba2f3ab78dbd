import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'

const parts = 10

/**
 * The tenth of all trials that is proved whatever receipts say. Which one follows from the commit alone: a second run at the same
 * commit proves the same ones, and commits that follow each other go through all of them.
 * @param trials names of all, in any order
 * @param commit hexadecimal digits
 */
export function dueAgain(trials: readonly string[], commit: string): Set<string> {
  const turn = Number.parseInt(commit.slice(0, 8), 16) % parts
  return new Set(trials.toSorted().filter((_, index) => index % parts === turn))
}

/** All of them in an order that is another one at each commit: where there is not time for all, commits that follow each other come to all. */
export function inTurn<T>(all: readonly T[], nameOf: (one: T) => string, commit: string): T[] {
  const placeOf = (one: T) =>
    createHash('sha256')
      .update(`${commit} ${nameOf(one)}`)
      .digest('hex')
  return all
    .map((one) => ({ one, place: placeOf(one) }))
    .toSorted((a, b) => (a.place < b.place ? -1 : 1))
    .map(({ one }) => one)
}

/** The commit that a folder is checked out at; undefined where it is no repository, or Git is not there. */
export async function commitOf(folder: string): Promise<string | undefined> {
  // The folder may be somebody else's than the user's, such as a clone that is tested as root.
  const args = ['-c', `safe.directory=${folder}`, '-C', folder, 'rev-parse', '--verify', 'HEAD']
  const { stdout } = await promisify(execFile)('git', args, { timeout: 10_000 }).catch(() => ({ stdout: '' }))
  return /^[0-9a-f]{40,64}$/.exec(stdout.trim())?.[0]
}
