import type { StateDirectory } from '../../server/rack/state-directory.js'
import { footprint } from './footprint.js'

/**
 * What there is of an installation on the machine, to be compared before and after a command. Its store stays open until a sweep, and its file
 * system drops quota groups in its own time: neither is a trace of a command.
 */
export function left(state: StateDirectory): object {
  const { staleQuotaGroups: _, loopDevices, ...rest } = footprint(state)
  return { ...rest, loopDevices: loopDevices.filter((file) => file !== state.storeImage) }
}
