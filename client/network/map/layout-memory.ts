import { signal } from '@preact/signals'
import type { NetworkMap } from '../../../server/protocol/protocol.js'
import { view } from '../../state/session.js'
import { layOut } from './lay-out.js'
import type { Layout } from './layout.js'

/** As long as the page is there, things keep their places: also while the map is hidden, or an older one is looked at. */
let memory: { session: string | undefined; map: NetworkMap; layout: Layout } | undefined

/** Counts how often all was laid out anew because the learner asked for it. */
export const tidied = signal(0)

/** Where the things of a map stand, for whoever draws it now. */
export function layoutOf(map: NetworkMap): Layout {
  const session = view.peek()?.id
  if (memory?.map === map) return memory.layout
  const layout = layOut(map, memory?.session === session ? memory?.layout : undefined)
  memory = { session, map, layout }
  return layout
}

/** Lays all out anew. */
export function tidyUp(): void {
  memory = undefined
  tidied.value++
}
