import type { MapElement, NetworkMap } from '../../../server/protocol/protocol.js'
import { widthOf } from './fit-text.js'

/** In units of the drawing: at full size one is a CSS pixel. */
export interface Box {
  x: number
  y: number
  width: number
  height: number
}

/** Where things stand. Plain data. */
export interface Layout {
  boxes: ReadonlyMap<string, Box>
  /** Where things stood that are gone: they come back to their place if it is free. */
  gone: ReadonlyMap<string, Box>
  width: number
  height: number
}

/** Sizes of the drawing's letters, at full size in CSS pixels. */
export const letters = { label: 12.5, kind: 12, note: 12, end: 12 }
/** Bold letters take as much room as plain ones of this size. */
export const boldLabel = 13.5
/** Of the smallest letters on the screen, in CSS pixels, unless the learner wants to see more at once. */
export const leastLetter = 11

export const boxWidth = 156
/** Of a box, left and right of what is written in it. */
export const boxPad = 10
/** Between two columns: room for ties and the names of their ends. */
export const columnGap = 48
export const rowGap = 10
/** Of a host's frame around what is in it. */
export const hostPad = 14
/** Of a host's frame: its name and notes. */
export const hostHead = 30
export const hostGap = 20
/** Between the bars of two LANs. */
export const lanStep = 26
/** From a LAN's left edge to its bar. */
export const lanBar = 14
/** From one line of a box to the next. */
export const lineHeight = 14
/** Between the ends of two ties at a side where their names stand. */
const endStep = 13
/** Between those of others, as long as a box need not be taller than so many lines. */
const crowdedStep = 7
const mostForCrowd = 120

/** What says of which kind an element is stands beside its name; it is never wider than that, in any language. */
const captionWidth = (kind: MapElement['kind']) => (/^(?:container|namespace|interface)$/.test(kind) ? 63 : 51)

/** Whether the name leaves no room beside it for what says of which kind it is: that has a line of its own then. */
export function captionBelow({ kind, label }: Pick<MapElement, 'kind' | 'label'>): boolean {
  return widthOf(label, boldLabel, 'sans') + 8 + captionWidth(kind) > boxWidth - 2 * boxPad
}

/** Heights of all boxes but hosts' frames, by id: one line for the name, one for each note, and room for the ends of ties. */
export function heightsOf({ elements, ties }: NetworkMap): ReadonlyMap<string, number> {
  const columns = new Map(elements.map((element) => [element.id, elementColumn(element)]))
  const left = new Map<string, number>()
  const right = new Map<string, number>()
  const count = (sides: Map<string, number>, id: string) => sides.set(id, (sides.get(id) ?? 0) + 1)
  for (const { from, to } of ties) {
    const [a, b] = [columns.get(from), columns.get(to)]
    if (a === undefined || b === undefined) continue
    count(a > b ? left : right, from)
    count(b > a ? left : right, to)
  }
  return new Map(
    elements.map((element) => {
      const lines = element.notes.length + (captionBelow(element) ? 1 : 0)
      const crowd = Math.min(mostForCrowd, crowdedStep * ((right.get(element.id) ?? 0) + 1))
      const named = endStep * ((left.get(element.id) ?? 0) + 1)
      return [element.id, Math.max(27 + lineHeight * lines, crowd, named)]
    }),
  )
}

/** As `columnOf`, with LANs to the left of all, services and frames of hosts to the right: ties to those leave on that side. */
function elementColumn(element: MapElement): number {
  if (element.kind === 'lan') return -1
  return element.kind === 'host' || element.kind === 'service' ? 9 : columnOf(element)
}

/** What leads to LANs is at the left, what uses it at the right. */
export function columnOf(element: Pick<MapElement, 'kind'>): number {
  switch (element.kind) {
    case 'interface':
    case 'vxlan':
    case 'port':
      return 0
    case 'bridge':
      return 1
    default:
      return 2
  }
}

/** Left edge of a column of a host whose own left edge is there. */
export function columnX(hostX: number, column: number): number {
  return hostX + hostPad + column * (boxWidth + columnGap)
}

export function overlaps(a: Box, b: Box, gap = 0): boolean {
  return (
    a.x < b.x + b.width + gap && b.x < a.x + a.width + gap && a.y < b.y + b.height + gap && b.y < a.y + a.height + gap
  )
}

export const middleOf = (box: Box) => box.y + box.height / 2
