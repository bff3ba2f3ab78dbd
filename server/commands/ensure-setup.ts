import { statfs } from 'node:fs/promises'
import { requireFeatures } from '../machine/features.js'
import { installPackages, missingPackages } from '../machine/packages.js'
import { Cgroups } from '../rack/cgroup.js'
import { buildGolden, findGolden, type Golden } from '../rack/golden/golden.js'
import { readPacks } from '../rack/images/pack-record.js'
import { isInOrder, renewSet } from '../rack/images/pack-set.js'
import { ownProcess } from '../rack/record.js'
import type { StateDirectory } from '../rack/state-directory.js'
import { requireBtrfs, Store } from '../rack/store.js'
import { StageDisplay } from './progress.js'

/**
 * Makes what is missing on this machine for hosts: packages and the golden system. Shows what it does, on stderr.
 * @throws VethlabError machine.*, setup.*, store.*
 */
export async function setUp(state: StateDirectory, { force }: { force: boolean }): Promise<Golden> {
  const display = new StageDisplay(() => usedBytes(state))
  const missing = await missingPackages()
  if (missing.length > 0) await installPackages(missing, { log: (line) => process.stderr.write(`${line}\n`) })
  await requireBtrfs()
  await requireFeatures(['bridge', 'veth', 'nf_tables', 'overlayfs', 'user_namespaces'])
  const golden = await buildGolden(state, { force, stage: display.run })
  const store = await Store.open(state)
  const added = await readPacks(store)
  if (added && !(await isInOrder({ store }, added))) {
    await display.run('added images', async () => {
      const ground = { state, store, cgroups: await Cgroups.open(state.mark), owner: ownProcess() }
      await state.locked('setup', () => renewSet(ground))
    })
  }
  return golden
}

/** The same where something is missing; where nothing is, that is seen in a few milliseconds. */
export async function ensureSetUp(state: StateDirectory): Promise<void> {
  const missing = await missingPackages()
  if (missing.length === 0) {
    // Mounts it where it isn't, as after a reboot.
    const store = await Store.open(state)
    const golden = await findGolden(store)
    const added = golden && (await readPacks(store))
    if (golden?.current && (!added || (await isInOrder({ store }, added)))) return
  }
  await setUp(state, { force: false })
}

/** What the store's file system holds; its loop file, being sparse, takes the same. */
export async function usedBytes(state: StateDirectory): Promise<number> {
  const fs = await statfs(state.store)
  return (fs.blocks - fs.bfree) * fs.bsize
}
