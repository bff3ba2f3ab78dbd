import { computed, signal } from '@preact/signals'
import type { MapElement, MapTie, NetworkMap, TimelineEntry } from '../../server/protocol/protocol.js'

/** The network as it is now; undefined as long as nothing was captured. */
export const latest = signal<NetworkMap | undefined>(undefined)

/** What happened, oldest first. */
export const timeline = signal<readonly TimelineEntry[]>([])

/** The network as it was after an entry of the timeline, while the learner looks back. */
export const past = signal<{ entry: TimelineEntry; map: NetworkMap } | undefined>(undefined)

/** What is drawn: now, or as it was. */
export const shown = computed(() => past.value?.map ?? latest.value)

/** Id of the element or tie whose facts are shown. */
export const selected = signal<string | undefined>(undefined)

export type Highlight = 'way' | 'stop'

/** Ids of elements and ties on a packet's way, and where it stopped; a trace sets it, and takes it back. */
export const highlighted = signal<ReadonlyMap<string, Highlight>>(new Map())

/** Ids of what has just changed; they glow for a moment. */
export const glowing = signal<ReadonlySet<string>>(new Set())

/** Ends of a trace that is being put together: references as `trace.run` takes them. */
export const picked = signal<{ from?: string; to?: string }>({})

/** What stands beside the map while no facts do. */
export const sidePane = signal<'timeline' | undefined>(undefined)

/** The id that is to be brought into sight and to get the focus; whoever draws the map takes it back. */
export const wanted = signal<string | undefined>(undefined)

/** How long what has changed glows, in milliseconds. */
const glowMs = 3000

let glowTimer: ReturnType<typeof setTimeout> | undefined

/** Has elements and ties glow for a moment. */
export function glow(ids: Iterable<string>): void {
  clearTimeout(glowTimer)
  glowing.value = new Set(ids)
  glowTimer = setTimeout(() => {
    glowing.value = new Set()
  }, glowMs)
}

/** Shows the facts of an element or tie, and brings it into sight. */
export function selectElement(id: string | undefined): void {
  selected.value = id
  wanted.value = id
}

export function elementOf(map: NetworkMap | undefined, id: string): MapElement | undefined {
  return map?.elements.find((element) => element.id === id)
}

export function tieOf(map: NetworkMap | undefined, id: string): MapTie | undefined {
  return map?.ties.find((tie) => tie.id === id)
}

/**
 * How `trace.run` and `diagnose.run` call what an element stands for: `node1/web` for a container, `laptop` for a host. Undefined
 * for what sends no packets of its own. Pure.
 */
export function referenceOf(element: MapElement): string | undefined {
  const slash = element.id.indexOf(':')
  if (slash < 0) return undefined
  if (element.kind === 'host') return element.id.slice(slash + 1)
  if (element.kind !== 'container') return undefined
  return `${element.id.slice(0, element.id.indexOf('/'))}/${element.id.slice(slash + 1)}`
}
