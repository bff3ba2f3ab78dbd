import type { MapElement } from '../../../server/protocol/protocol.js'
import { isOpen } from '../../state/lab.js'
import { InquiryPanel } from '../inquiry/inquiry-panel.js'
import { openTrace, runDiagnosis } from '../inquiry/inquiry-state.js'
import { strings } from '../inquiry/inquiry-strings.js'
import { referenceOf } from '../network-state.js'

/** What can be done with an element, in the pane of its facts: buttons. */
export function ElementActions({ element }: { element: MapElement }) {
  const t = strings.value
  const reference = referenceOf(element)
  if (reference === undefined) return null
  return (
    <p class="element-actions">
      <button type="button" disabled={!isOpen.value} onClick={() => openTrace({ from: reference })}>
        {t.fromHere}
      </button>
      <button type="button" disabled={!isOpen.value} onClick={() => openTrace({ to: reference })}>
        {t.toHere}
      </button>
      {element.kind === 'container' && (
        <button type="button" disabled={!isOpen.value} onClick={() => runDiagnosis(reference)}>
          {t.diagnose}
        </button>
      )}
    </p>
  )
}

/** What can be done with the network as a whole, in the bar above the map. */
export function BarActions() {
  const t = strings.value
  return (
    <button type="button" class="quiet" title={t.trace} disabled={!isOpen.value} onClick={() => openTrace()}>
      {t.traceShort}
    </button>
  )
}

/** What else has its place beside the map, such as the story of a trace; null where there is nothing to tell. */
export function SidePanels() {
  return <InquiryPanel />
}
