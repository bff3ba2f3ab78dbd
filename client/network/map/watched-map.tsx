import './map.css'
import type { NetworkMap } from '../../../server/protocol/protocol.js'
import { strings } from '../strings.js'
import { MapView } from './map-view.js'

/** Somebody else's network, to look at alone. */
export function WatchedMap({ map }: { map: NetworkMap }) {
  return (
    <section class="network watched-map" aria-label={strings.value.network}>
      <div class="network-body">
        <MapView map={map} />
      </div>
    </section>
  )
}
