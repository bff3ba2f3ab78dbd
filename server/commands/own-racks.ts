import { LocalRacks, type LocalRacksOptions } from '../rack/local-racks.js'
import { StateDirectory } from '../rack/state-directory.js'
import { untilSignal } from './until-signal.js'

/**
 * Racks of this process, gone with it: also when a signal ends it. A second signal does not wait; what is left then is
 * removed by the next command.
 */
export function withOwnRacks<T>(
  use: (racks: LocalRacks, signal: AbortSignal) => Promise<T>,
  options: Pick<LocalRacksOptions, 'pool'> = {},
): Promise<T> {
  const onFirst = () => void process.stderr.write('ending, racks are being removed\n')
  return untilSignal(
    async (signal) => {
      const racks = await LocalRacks.start(StateDirectory.at(), options)
      try {
        return await use(racks, signal)
      } finally {
        await racks.closeAll()
      }
    },
    { onFirst },
  )
}
