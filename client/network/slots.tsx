import type { MapElement } from '../../server/web/protocol.js'

/** What can be done with an element, in the pane of its facts: buttons. */
export function ElementActions(_: { element: MapElement }) {
  return null
}

/** What else has its place beside the map, such as the story of a trace; null where there is nothing to tell. */
export function SidePanels() {
  return null
}
