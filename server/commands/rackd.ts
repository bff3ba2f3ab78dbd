import { Command, Option } from 'commander'
import { setUsualUmask } from '../kernel/umask.js'
import { capacity } from '../machine/capacity.js'
import { Rackd } from '../node/rackd.js'
import { stopRackd } from '../node/start-rackd.js'
import { StateDirectory } from '../rack/state-directory.js'

interface RackdOptions {
  poolDocker: number
  poolPlain: number
  maxRacks: number
  closeRacks: boolean
  stop: boolean
}

import { wholeNumber } from './whole-number.js'

export function rackdCommand(): Command {
  return new Command('rackd')
    .description(
      'serve racks on a socket in the state directory, until SIGTERM or Ctrl-C; racks stay for the next start',
    )
    .option('--pool-docker <count>', 'docker hosts that wait, booted', wholeNumber(0, 64), 2)
    .option('--pool-plain <count>', 'plain hosts that wait, booted', wholeNumber(0, 64), 1)
    .addOption(maxRacksOption())
    .option('--close-racks', 'close all racks at the end', false)
    .option('--stop', 'end the rackd that runs; racks stay', false)
    .action(async (options: RackdOptions) => {
      const state = StateDirectory.at()
      if (options.stop) {
        const ended = await stopRackd(state)
        process.stdout.write(ended ? 'rackd has ended; racks stay for the next\n' : 'no rackd was running\n')
        return
      }
      setUsualUmask()
      const rackd = await Rackd.start(state, {
        pool: { docker: options.poolDocker, plain: options.poolPlain },
        maxRacks: options.maxRacks,
      })
      process.stderr.write(`rackd serves ${state.rackdSocket}\n`)
      const name = await new Promise<NodeJS.Signals>((resolve) => {
        for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, resolve)
      })
      process.stderr.write(`rackd ends on ${name}; ${options.closeRacks ? 'racks are closed' : 'racks stay'}\n`)
      await rackd.stop(options)
      process.exit(0)
    })
}

/** Its default follows from the machine, and the help says how. */
export function maxRacksOption(): Option {
  const { racks, why } = capacity()
  return new Option('--max-racks <count>', 'racks at the same time')
    .argParser(wholeNumber(1, 10_000))
    .default(racks, `${racks}, of this machine: ${why}`)
}
