import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { VethlabError } from '../../dist/error/vethlab-error.js'
import { lockFile } from '../../dist/kernel/system-calls.js'

/** Longer than anything that is made for the cache takes. */
const lockTimeoutMs = 15 * 60_000

/**
 * A directory of the cache, `KIND-KEY`, that `make` fills unless it is there already. It is there as a whole or not at
 * all, and takes the place of others of its kind.
 */
export async function cached(cache, kind, key, make) {
  const target = join(cache, `${kind}-${key}`)
  await mkdir(cache, { recursive: true, mode: 0o700 })
  const lock = await lockFile(join(cache, `${kind}.lock`), {
    timeoutMs: lockTimeoutMs,
    busy: new VethlabError('setup.busy', `another process is making the ${kind}`, {
      place: cache,
      cure: 'Wait until it has finished, or end it.',
    }),
  })
  try {
    if (await exists(target)) return target
    const draft = join(cache, `${kind}.draft`)
    await rm(draft, { recursive: true, force: true })
    await mkdir(draft, { mode: 0o700 })
    try {
      await make(draft)
      await rename(draft, target)
    } finally {
      await rm(draft, { recursive: true, force: true })
    }
    for (const name of await readdir(cache)) {
      // A guest that still runs from one keeps its files open.
      if (name.startsWith(`${kind}-`) && join(cache, name) !== target) {
        await rm(join(cache, name), { recursive: true, force: true })
      }
    }
    return target
  } finally {
    lock.release()
  }
}

async function exists(path) {
  return (await stat(path).catch(() => undefined)) !== undefined
}

/** A directory of this run. Removes those of runs that were killed. */
export async function makeScratch(cache) {
  await mkdir(cache, { recursive: true, mode: 0o700 })
  for (const name of await readdir(cache)) {
    const [, pid] = /^run-(\d+)$/.exec(name) ?? []
    if (pid !== undefined && !(await exists(`/proc/${pid}`))) await rm(join(cache, name), { recursive: true })
  }
  const scratch = join(cache, `run-${process.pid}`)
  await mkdir(scratch, { mode: 0o700 })
  return scratch
}
