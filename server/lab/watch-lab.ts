import { watch } from 'chokidar'
import type { LintGround } from './lint.js'
import { lintedLab, type Reading } from './reading.js'

/** An editor writes a file in several steps, and a tool that formats follows it: all of it is one change. */
const quietMs = 120
/** Folders below a lab's own are at most as deep as its files for hosts. */
export const mostLevels = 16

export interface WatchLabOptions {
  /** What its parameters are drawn from; that of practice unless said. */
  seed?: string
  /** Told of each reading; nothing that is wrong with the lab throws. */
  onReading(reading: Reading): void
  /** The folder can't be watched any more. */
  onError(error: unknown): void
}

/**
 * Reads a lab now and whenever a file of its folder has changed, one reading after another. Links are not followed.
 * @returns what ends it, once the folder is watched and was read the first time
 */
export async function watchLab(
  directory: string,
  ground: LintGround,
  { seed, onReading, onError }: WatchLabOptions,
): Promise<() => Promise<void>> {
  let timer: NodeJS.Timeout | undefined
  let reading: Promise<void> | undefined
  let again = false
  let ended = false
  const read = async (): Promise<void> => {
    do {
      again = false
      const result = await lintedLab(directory, ground, seed)
      if (!ended && !again) onReading(result)
    } while (again && !ended)
  }
  const changed = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      if (reading) again = true
      else {
        reading = read()
          .catch(onError)
          .finally(() => {
            reading = undefined
          })
      }
    }, quietMs)
  }
  const watcher = watch(directory, {
    ignoreInitial: true,
    followSymlinks: false,
    depth: mostLevels,
    ignored: (path) => isEditorsFile(path.slice(directory.length)),
  })
  watcher.on('all', changed)
  watcher.on('error', onError)
  await new Promise<void>((resolve) => watcher.once('ready', resolve))
  await read()
  return async () => {
    ended = true
    clearTimeout(timer)
    await watcher.close()
    await reading
  }
}

/** Editors keep files of their own beside those that they edit. @param path below the folder that is watched */
export function isEditorsFile(path: string): boolean {
  return /(?:^|\/)(?:\.[^/]*|[^/]*~|4913)$/.test(path)
}
