import type { Link } from '../network/state.js'
import type { LivePlace } from '../place/place.js'
import type { Attempt } from './attempt.js'
import type { Drop } from './drop.js'
import type { Asked, Seen } from './seen.js'
import type { Way } from './way.js'

/**
 * How far a packet comes. It decides which causes are thought of: `unsent`, not even out of its first namespace; `dropped` by a
 * rule; `lost` between two places; `refused` by where it arrives; `silent` there; `no-return`, answered, and the answer gets
 * lost; `returned`. `open`: by the state nothing stops it.
 */
export type Stage = 'unsent' | 'dropped' | 'lost' | 'refused' | 'silent' | 'no-return' | 'returned' | 'open'

/** An attempt, and how far it comes: as it was seen, or as the state lets one foresee. Causes are found by it. */
export interface Trail extends Attempt {
  stage: Stage
  /** Where it is last. */
  last: LivePlace
  /** Where it is addressed to and from by then: rules may have changed both. */
  destination: string
  destinationPort?: number
  source?: string
  /** Where it should come to in the end. */
  goal?: LivePlace
  arrived: boolean
  drop?: Drop
  /** Of the answer. */
  replyDrop?: Drop
  /** Where it leaves a host for a LAN, outside of any tunnel. */
  leaving?: { place: LivePlace; link: Link; source: string; shown: string[] }
  /** Whose MAC address was asked for. */
  asked: Asked[]
  /** Missing where nothing was sent. */
  seen?: Seen
  /** Missing where it was seen how it went. */
  way?: Way
  /** Of the answer, where by the state the packet arrives. */
  back?: Way
}

export type SeenTrail = Trail & { seen: Seen }
