import { Command } from 'commander'
import { StateDirectory } from '../rack/state-directory.js'
import { setUp, usedBytes } from './ensure-setup.js'

export function setupCommand(): Command {
  return new Command('setup')
    .description('make the golden system that hosts share, from Debian packages; does only what is missing')
    .option('--force', 'make all of it anew, to get newer packages', false)
    .action(async ({ force }: { force: boolean }) => {
      const state = StateDirectory.at()
      const started = performance.now()
      const golden = await setUp(state, { force })
      const seconds = ((performance.now() - started) / 1000).toFixed(1)
      const size = Math.round((await usedBytes(state)) / 1024 ** 2)
      process.stdout.write(
        `golden system ${golden.version} of ${golden.builtAt} is ready after ${seconds} s, ${size} MiB in ${state.root}\n`,
      )
    })
}
