import type { Protocol } from '../network/flow.js'
import type { NetworkState } from '../network/state.js'
import type { LivePlace, Place } from '../place/place.js'

/** Somebody tries to reach an address. */
export interface Attempt {
  state: NetworkState
  /** The host that a name without a host belongs to. */
  home: string
  from: LivePlace
  /** Whom the question means, where it names somebody. */
  meant?: Place
  address: string
  protocol: Protocol
  port?: number
}
