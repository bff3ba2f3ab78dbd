import { readFileSync } from 'node:fs'
import { differences } from '../change/difference.js'
import { drawMap } from '../map/draw-map.js'
import type { NetworkState } from '../network/state.js'
import { fromPackage } from '../package-root.js'
import { inScript, type PagePart, scriptSource } from './page-part.js'

/** A picture of a bundle, and when it was taken. */
export interface Picture {
  title: string
  state: NetworkState
}

const part = (name: string) => readFileSync(fromPackage('dist/pages', name), 'utf8')

/**
 * Maps of the network, moment by moment, with what is different from one to the next: within the page, nothing is fetched.
 * @param pictures in the order of time
 */
export function networkPart(pictures: readonly Picture[]): PagePart {
  const moments = pictures.map(({ title, state }, at) => ({
    title,
    at: state.takenAt,
    changes: at === 0 ? [] : differences(pictures[at - 1]!.state, state),
    map: drawMap(state),
  }))
  const program = inScript(part('evidence.js'))
  return {
    body: [
      '<div id="network"></div>',
      `<script type="application/json" id="moments">${JSON.stringify(moments).replaceAll('<', '\\u003c')}</script>`,
      `<script>${program}</script>`,
    ],
    style: part('evidence.css'),
    scriptSources: [scriptSource(program)],
  }
}
