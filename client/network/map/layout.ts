import type { MapElement } from '../../../server/protocol/protocol.js'

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

export const boxWidth = 156
/** Between two columns: room for ties and the names of their ends. */
export const columnGap = 84
export const rowGap = 14
/** Of a host's frame around what is in it. */
export const hostPad = 16
/** Of a host's frame: its name and notes. */
export const hostHead = 36
export const hostGap = 24
/** Between the bars of two LANs. */
export const lanStep = 28
/** From a LAN's left edge to its bar. */
export const lanBar = 14

/** One line for the name, and one for each note. */
export function heightOf(element: Pick<MapElement, 'notes'>): number {
  return 27 + 14 * Math.min(3, element.notes.length)
}

/** What leads to LANs is at the left, what uses it at the right. */
export function columnOf(element: MapElement): number {
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
