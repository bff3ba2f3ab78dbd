import { useEffect } from 'preact/hooks'
import { strings } from '../strings.js'
import { loadMap, mapPanel } from './load-map.js'

/** Where the map will be as soon as its code is there. */
export function MapPlace({ lab, alone = false }: { lab: string; alone?: boolean }) {
  useEffect(() => {
    void loadMap()
  }, [])
  const t = strings.value
  const loaded = mapPanel.value
  if (loaded === undefined) {
    return (
      <section class="network" aria-label={t.network} aria-busy="true">
        <p class="network-waiting muted">{t.loading}</p>
      </section>
    )
  }
  if (loaded === 'failed') {
    return (
      <section class="network" aria-label={t.network}>
        <p class="network-waiting">{t.broken}</p>
        {/* A file that did not come is not asked for again by the same page. */}
        <button type="button" class="primary" onClick={() => location.reload()}>
          {t.reload}
        </button>
      </section>
    )
  }
  return <loaded.MapPanel lab={lab} alone={alone} />
}
