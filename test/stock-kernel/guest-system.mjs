import { createHash } from 'node:crypto'
import { copyFile, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { machinePackages } from '../../dist/machine/packages.js'
import { leanOptions, suite } from '../../dist/rack/golden/inputs.js'
import { cached } from './cache.mjs'
import { runContained } from './tool.mjs'

/** A machine that vethlab runs on, and no more: the kernel, Node, and the packages that it installs on any machine. */
const packages = [
  ...['linux-image-cloud-amd64', 'nodejs', 'kmod', 'procps'],
  ...machinePackages.map(({ name }) => name),
]

const init = fileURLToPath(new URL('guest/init', import.meta.url))
/** Sparse; what the guest writes besides goes there too. */
const diskSize = '4G'

/** The guest's root disk, and the kernel on it. The kernel has NVMe and ext4 built in, so it needs no initial RAM disk. */
export async function makeGuestSystem(cache, signal) {
  const key = createHash('sha256')
  for (const part of [suite, diskSize, ...packages, ...leanOptions, await readFile(init, 'utf8')])
    key.update(`${part}\0`)
  const directory = await cached(cache, 'system', key.digest('hex').slice(0, 12), async (draft) => {
    const root = join(draft, 'root')
    const include = `--include=${packages.join(',')}`
    await runContained(
      ['mmdebstrap', '--mode=root', '--variant=essential', '--format=directory', include, ...leanOptions, suite, root],
      { signal, timeoutMs: 15 * 60_000 },
    )
    await copyFile(init, join(root, 'sbin/guest-init'))
    const kernel = (await readdir(join(root, 'boot'))).find((name) => name.startsWith('vmlinuz-'))
    await rename(join(root, 'boot', kernel), join(draft, 'vmlinuz'))
    // A journal would only slow down a disk that is thrown away.
    await runContained(['mkfs.ext4', '-q', '-O', '^has_journal', '-d', root, join(draft, 'root.img'), diskSize], {
      signal,
      timeoutMs: 120_000,
    })
    await rm(root, { recursive: true })
  })
  return { kernel: join(directory, 'vmlinuz'), disk: join(directory, 'root.img') }
}
