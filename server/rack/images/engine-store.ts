import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { goldenNames } from './host-images.js'
import type { SetImage } from './pack-record.js'

/**
 * The images of golden, read from what its own Engine has written (moby's image and layer stores): nothing is started for that.
 * @param disk golden's fresh disk
 * @throws Error where it can't be read
 */
export async function goldenImages(disk: string): Promise<SetImage[]> {
  const store = join(disk, 'docker/image/overlay2')
  const names = await goldenNames(disk)
  return Promise.all(
    [...names].map(async ([id, called]) => {
      const text = await readFile(join(store, 'imagedb/content/sha256', id.slice('sha256:'.length)), 'utf8')
      const { config, rootfs } = JSON.parse(text) as {
        config?: { Labels?: Record<string, string> | null }
        rootfs: { diff_ids?: string[] }
      }
      const bytes = await Promise.all(chainOf(rootfs.diff_ids ?? []).map((chain) => layerBytes(store, chain)))
      return {
        id,
        names: called,
        bytes: bytes.reduce((sum, one) => sum + one, 0),
        origin: config?.Labels?.['vethlab.origin'] ?? '',
      }
    }),
  )
}

/** What the Engine calls a stack of layers: a hash of the stack below and the layer (OCI image specification, ChainID). */
function chainOf(layers: readonly string[]): string[] {
  let below = ''
  return layers.map((layer) => {
    below = below === '' ? layer : `sha256:${createHash('sha256').update(`${below} ${layer}`).digest('hex')}`
    return below
  })
}

async function layerBytes(store: string, chain: string): Promise<number> {
  return Number(await readFile(join(store, 'layerdb/sha256', chain.slice('sha256:'.length), 'size'), 'utf8'))
}
