import type { NetworkState } from '../network/state.js'
import type { LivePlace, Place } from '../place/place.js'

/** A name that led nowhere. */
export interface Unresolved {
  state: NetworkState
  home: string
  from: LivePlace
  name: string
  /** Whom it means, where there is somebody of that name. */
  meant?: Place
}
