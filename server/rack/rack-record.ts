import { join } from 'node:path'
import type { HostEnd } from '../racks/racks.js'
import type { RackPlan } from '../racks/topology.js'
import type { Owner, ProcessIdentity } from './record.js'
import type { SshKey } from './ssh.js'
import type { StateDirectory } from './state-directory.js'

/** What is on disk about a rack, written before the first thing of it is made. */
export interface RackRecord {
  id: string
  label: string
  createdAt: string
  owner: Owner
  plan: RackPlan
  /** The id of each host, by its name. */
  hosts: Record<string, string>
  /** Links that are cut, as `lan/host`. */
  cut: string[]
  /** Hosts that were ended for the others' sake, and why. */
  ended?: Record<string, HostEnd>
  /** Opening is over; before that a dead owner's rack is rubbish. */
  open: boolean
  ptyHost?: ProcessIdentity
  /** Hosts that are being made anew, since that boot of the machine: a reset that was cut off is finished by the next rackd. */
  resetting?: { hosts: string[]; bootId: string }
  /** Where its plan has ssh. */
  ssh?: SshKey
  /** Names the request that opened it: asked once more, it is answered with the same rack. */
  request?: string
  /** Whom it was opened for, who is shown as its owner; records of older versions have none. */
  openedFor?: string
  /** Images that its hosts must have, also when they are made anew. */
  images?: string[]
  /** Opened by the web, which may use no others. */
  forWeb?: boolean
}

export const rackRecordFile = 'rack.json'

export function rackRecordPath(state: StateDirectory, id: string): string {
  return join(state.racks, id, rackRecordFile)
}
