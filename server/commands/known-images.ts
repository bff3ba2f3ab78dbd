import { labImages } from '../rack/golden/inputs.js'
import { readPacks } from '../rack/images/pack-record.js'
import { StateDirectory } from '../rack/state-directory.js'
import { Store } from '../rack/store.js'

/** Names of the images that come with vethlab, and of those that were added here, where that can be seen: by root, once there is a store. */
export async function knownImages(): Promise<{ images: string[]; added?: string[] }> {
  const images = labImages()
  const store = await openStore()
  if (!store) return { images }
  return { images, added: ((await readPacks(store))?.packs ?? []).flatMap(({ names }) => names) }
}

async function openStore(): Promise<Store | undefined> {
  try {
    return await Store.openMounted(StateDirectory.at())
  } catch {
    // Who reads labs need not be root, nor have set anything up.
    return undefined
  }
}
