import { truncate, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cached } from './cache.mjs'
import { runContained } from './tool.mjs'

/** Sparse: golden, and what a rack's hosts may write. */
const diskBytes = 16 * 1024 ** 3

/** A btrfs that is the guest's state directory, with this machine's golden system in it, and what a host's own disk begins with. */
export async function makeGoldenDisk(cache, golden, freshDisk, signal) {
  const directory = await cached(cache, 'golden', basename(freshDisk), async (draft) => {
    const disk = join(draft, 'golden.img')
    await writeFile(disk, '', { mode: 0o600 })
    await truncate(disk, diskBytes)
    await runContained(['mkfs.btrfs', '--quiet', '--label', 'golden', '--metadata', 'single', disk], {
      signal,
      timeoutMs: 60_000,
    })
    const script = fileURLToPath(new URL('receive-golden.sh', import.meta.url))
    await runContained([script, disk, golden, freshDisk], { signal, timeoutMs: 5 * 60_000 })
  })
  return join(directory, 'golden.img')
}
