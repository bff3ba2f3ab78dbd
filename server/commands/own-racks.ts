import { constants } from 'node:os'
import { LocalRacks, type LocalRacksOptions } from '../rack/local-racks.js'
import { StateDirectory } from '../rack/state-directory.js'

/**
 * Racks of this process, gone with it: also when a signal ends it. A second signal does not wait; what is left then is
 * removed by the next command.
 */
export async function withOwnRacks<T>(
  use: (racks: LocalRacks, signal: AbortSignal) => Promise<T>,
  options: Pick<LocalRacksOptions, 'pool'> = {},
): Promise<T> {
  const abort = new AbortController()
  const onSignal = (name: NodeJS.Signals) => {
    if (abort.signal.aborted) process.exit(exitCodeOf(name))
    process.stderr.write('ending, racks are being removed\n')
    abort.abort(new Error(`ended by ${name}`))
    process.exitCode = exitCodeOf(name)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const name of signals) process.on(name, onSignal)
  try {
    const racks = await LocalRacks.start(StateDirectory.at(), options)
    try {
      return await use(racks, abort.signal)
    } finally {
      await racks.closeAll()
    }
  } finally {
    for (const name of signals) process.off(name, onSignal)
  }
}

/** As shells report it. */
function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal]
}
