import { statfs } from 'node:fs/promises'
import { Command } from 'commander'
import { requireFeatures } from '../machine/features.js'
import { installPackages, missingPackages } from '../machine/packages.js'
import { buildGolden } from '../rack/golden/golden.js'
import { StateDirectory } from '../rack/state-directory.js'
import { requireBtrfs } from '../rack/store.js'
import { StageDisplay } from './progress.js'

export function setupCommand(): Command {
  return new Command('setup')
    .description('make the golden system that hosts are snapshots of, from Debian packages; does only what is missing')
    .option('--force', 'make all of it anew, to get newer packages', false)
    .action(async ({ force }: { force: boolean }) => {
      const state = StateDirectory.at()
      const started = performance.now()
      const display = new StageDisplay(() => usedBytes(state))
      const missing = await missingPackages()
      if (missing.length > 0) await installPackages(missing, { log: (line) => process.stderr.write(`${line}\n`) })
      await requireBtrfs()
      await requireFeatures(['bridge', 'veth', 'nf_tables', 'overlayfs', 'user_namespaces'])
      const golden = await buildGolden(state, { force, stage: display.run })
      const seconds = ((performance.now() - started) / 1000).toFixed(1)
      const size = Math.round((await usedBytes(state)) / 1024 ** 2)
      process.stdout.write(
        `golden system ${golden.version} of ${golden.builtAt} is ready after ${seconds} s, ${size} MiB in ${state.root}\n`,
      )
    })
}

/** What the store's file system holds; its loop file, being sparse, takes the same. */
async function usedBytes(state: StateDirectory): Promise<number> {
  const fs = await statfs(state.store)
  return (fs.blocks - fs.bfree) * fs.bsize
}
