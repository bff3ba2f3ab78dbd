import { RackdClient } from '../node/rackd-client.js'
import { ensureRackd } from '../node/start-rackd.js'
import type { LocalRacks } from '../rack/local-racks.js'
import { StateDirectory } from '../rack/state-directory.js'
import type { RackInfo } from '../racks/racks.js'

interface FailedTrial {
  lab: string
  trial: string
  rack: RackInfo
}

/** A rackd that is started for one rack needs no hosts that wait. */
const noPool = ['--pool-docker', '0', '--pool-plain', '0']

/**
 * Keeps the rack of the first failed trial. It becomes rackd's, so that it stays when this process ends, and can be entered,
 * traced and closed like any other.
 */
export class RackKeeper {
  #racks: LocalRacks | undefined
  #kept: FailedTrial | undefined

  /** @param racks those in which the trials are run */
  keepFrom(racks: LocalRacks): void {
    this.#racks = racks
  }

  /** @returns false for all but the first */
  readonly keep = async (failed: FailedTrial): Promise<boolean> => {
    if (this.#kept || !this.#racks) return false
    this.#kept = failed
    const state = StateDirectory.at()
    const { id } = failed.rack
    await this.#racks.handOver(id)
    await ensureRackd(state, noPool)
    const rackd = new RackdClient(state.rackdSocket)
    try {
      await rackd.takeOver(id)
    } finally {
      await rackd.disconnect()
    }
    return true
  }

  /** Lines to be read once all trials are over. */
  howToEnter(): string {
    if (!this.#kept) return ''
    const { lab, trial, rack } = this.#kept
    const { root } = StateDirectory.at()
    const vethlab = `${root === '/var/lib/vethlab' ? '' : `VETHLAB_STATE=${root} `}vethlab`
    return [
      `kept rack ${rack.id} of ${lab}, ${trial}, as it was when the trial had failed`,
      ...rack.hosts.map(({ name }) => `  ${vethlab} rack shell ${rack.id} ${name}`),
      `  ${vethlab} rack close ${rack.id}   # ends it`,
      '',
    ].join('\n')
  }
}
