import { mapPath } from '../../state/address.js'
import './map.css'
import { useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { ClockIcon, CrossIcon, OutsideIcon, TextIcon, TidyIcon } from '../../shell/icons.js'
import { Menu } from '../../shell/menu.js'
import { mapOpen } from '../../state/settings.js'
import { elementOf, past, selected, shown, sidePane, tieOf } from '../network-state.js'
import { strings } from '../strings.js'
import { PastBanner, Steps, TimelinePane } from '../timeline/timeline.js'
import { ElementFacts, TieFacts } from './facts-pane.js'
import { layoutOf, tidyUp } from './layout-memory.js'
import { fileName, keepFile, keepMermaid, svgFileOf } from './map-files.js'
import { MapView } from './map-view.js'
import { BarActions, SidePanels } from './slots.js'
import { TextDialog } from './text-dialog.js'
import { zoom, zoomStep } from './zoom.js'

/** The network: map, facts, timeline. `lab` is its id; `alone` where nothing else is on the page. */
export function MapPanel({ lab, alone = false }: { lab: string; alone?: boolean }) {
  const t = strings.value
  const map = shown.value
  const panel = useRef<HTMLElement>(null)
  const reading = useSignal(false)
  return (
    <section class={`network${past.value === undefined ? '' : ' looking-back'}`} ref={panel} aria-label={t.network}>
      <div class="network-bar">
        <Steps />
        <button
          type="button"
          class="quiet"
          aria-pressed={sidePane.value === 'timeline'}
          title={t.timeline}
          onClick={() => {
            sidePane.value = sidePane.value === 'timeline' ? undefined : 'timeline'
            selected.value = undefined
          }}
        >
          <ClockIcon /> <span class="wordy">{t.timeline}</span>
        </button>
        <PastBanner />
        {past.value === undefined && (
          <Tools
            lab={lab}
            alone={alone}
            panel={panel}
            onRead={() => {
              reading.value = true
            }}
          />
        )}
        <ZoomButtons />
        {!alone && past.value === undefined && <HideButton />}
      </div>
      <div class="network-body">
        {map === undefined ? <p class="network-waiting muted">{t.waiting}</p> : <MapView map={map} />}
        <div class="network-side">
          <SidePanels />
          <Side />
        </div>
      </div>
      {reading.value && map !== undefined && (
        <TextDialog
          map={map}
          onClose={() => {
            reading.value = false
          }}
        />
      )}
    </section>
  )
}

/** What can be done with the network as it is now. */
function Tools({
  lab,
  alone,
  panel,
  onRead,
}: {
  lab: string
  alone: boolean
  panel: { current: HTMLElement | null }
  onRead(): void
}) {
  const t = strings.value
  const map = shown.value
  return (
    <>
      <BarActions />
      <span class="gap" />
      {map !== undefined && (
        <>
          <button type="button" class="quiet" title={t.textOf} onClick={onRead}>
            <TextIcon /> <span class="wordy">{t.asText}</span>
          </button>
          <button type="button" class="quiet only-icon" aria-label={t.tidyMore} title={t.tidyMore} onClick={tidyUp}>
            <TidyIcon />
          </button>
          <Download lab={lab} panel={panel} />
        </>
      )}
      {!alone && (
        <a
          class="button quiet only-icon own-page"
          href={mapPath(lab)}
          target="_blank"
          rel="noopener"
          aria-label={t.ownPage}
          title={t.ownPage}
        >
          <OutsideIcon />
        </a>
      )}
    </>
  )
}

/** In the bar, so that they cover nothing of the map. */
function ZoomButtons() {
  const t = strings.value
  const zooming = zoom.value
  if (zooming === undefined) return null
  const { by, all } = zooming
  return (
    // biome-ignore lint/a11y/useSemanticElements: no fieldset of a form
    <span class="map-zoom" role="group" aria-label={t.size}>
      <button
        type="button"
        class="quiet only-icon"
        aria-label={t.smaller}
        title={`${t.smaller} (-)`}
        onClick={() => by(1 / zoomStep)}
      >
        −
      </button>
      <button
        type="button"
        class="quiet only-icon"
        aria-label={t.larger}
        title={`${t.larger} (+)`}
        onClick={() => by(zoomStep)}
      >
        +
      </button>
      <button type="button" class="quiet only-icon" aria-label={t.fit} title={`${t.fit} (0)`} onClick={all}>
        ⤢
      </button>
    </span>
  )
}

function HideButton() {
  const t = strings.value
  return (
    <button
      type="button"
      class="quiet only-icon hide"
      aria-label={t.hide}
      title={t.hide}
      onClick={() => {
        mapOpen.value = false
        document.querySelector<HTMLElement>('.map-switch')?.focus()
      }}
    >
      <CrossIcon />
    </button>
  )
}

function Side() {
  const map = shown.value
  const id = selected.value
  const element = id === undefined ? undefined : elementOf(map, id)
  if (map !== undefined && element !== undefined) return <ElementFacts map={map} element={element} />
  const tie = id === undefined ? undefined : tieOf(map, id)
  if (map !== undefined && tie !== undefined) return <TieFacts map={map} tie={tie} />
  return sidePane.value === 'timeline' ? <TimelinePane /> : null
}

function Download({ lab, panel }: { lab: string; panel: { current: HTMLElement | null } }) {
  const t = strings.value
  return (
    <Menu label={t.download} face={<span class="download-face">↓</span>}>
      <button
        type="button"
        role="menuitem"
        tabIndex={-1}
        onClick={() => {
          const map = shown.peek()
          const svg = panel.current?.querySelector<SVGSVGElement>('svg.network-map')
          if (map === undefined || !svg) return
          const title = `${lab}, ${map.takenAt}`
          keepFile(fileName(lab, map, 'svg'), 'image/svg+xml', svgFileOf(svg, layoutOf(map), title))
        }}
      >
        SVG
      </button>
      <button
        type="button"
        role="menuitem"
        tabIndex={-1}
        onClick={() => {
          const map = shown.peek()
          if (map !== undefined) keepMermaid(lab, map)
        }}
      >
        Mermaid
      </button>
    </Menu>
  )
}
