import { requireGolden } from '../golden/golden.js'
import type { Store } from '../store.js'
import { type HostBase, readPacks } from './pack-record.js'

/** What hosts are made from now. @throws VethlabError golden.missing */
export async function requireBase(store: Store): Promise<HostBase> {
  const { name } = await requireGolden(store)
  const record = await readPacks(store)
  // A set of an older golden system waits for `vethlab setup`, which makes it anew.
  return record?.golden === name ? { golden: name, packs: record.set } : { golden: name }
}
