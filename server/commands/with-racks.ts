import { VethlabError } from '../error/vethlab-error.js'
import { RackdClient } from '../node/rackd-client.js'
import { StateDirectory } from '../rack/state-directory.js'

/** The racks of the rackd that runs. @throws VethlabError rackd.unreachable, with how to start one */
export async function withRacks<T>(use: (racks: RackdClient) => Promise<T>): Promise<T> {
  const racks = new RackdClient(StateDirectory.at().rackdSocket)
  try {
    return await use(racks)
  } catch (error) {
    if (!(error instanceof VethlabError) || error.code !== 'rackd.unreachable') throw error
    throw new VethlabError('rackd.unreachable', 'rackd does not answer', {
      place: StateDirectory.at().rackdSocket,
      cure: 'Start it with `vethlab rackd`, or by opening a rack.',
      cause: error,
    })
  } finally {
    await racks.disconnect()
  }
}
