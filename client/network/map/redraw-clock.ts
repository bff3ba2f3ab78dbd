import type { NetworkMap } from '../../../server/protocol/protocol.js'

/** What is kept for whoever asks afterwards. */
const mostMeasures = 200

export interface RedrawClock {
  begin(map: NetworkMap): void
  end(map: NetworkMap): void
}

/**
 * Measures each redraw, from when it begins with the layout to when it has been painted: `vethlab-map` among the page's
 * performance measures, with the number of elements as its detail.
 */
export function redrawClock(): RedrawClock {
  let begun: { map: NetworkMap; at: number } | undefined
  return {
    begin(map) {
      if (begun?.map !== map) begun = { map, at: performance.now() }
    },
    end(map) {
      if (begun?.map !== map) return
      const { at } = begun
      // In the frame's own time nothing is painted yet; a task after it, all is.
      requestAnimationFrame(() =>
        setTimeout(() => {
          if (performance.getEntriesByName('vethlab-map').length >= mostMeasures)
            performance.clearMeasures('vethlab-map')
          performance.measure('vethlab-map', { start: at, end: performance.now(), detail: map.elements.length })
        }),
      )
    },
  }
}
