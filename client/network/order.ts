import { Graph, layout } from '@dagrejs/dagre'
import type { MapElement, MapTie } from '../../server/web/protocol.js'
import { boxWidth, columnGap, columnOf, heightOf, rowGap } from './layout.js'

/** The elements of a host from top to bottom, so that few of its ties cross; dagre finds that out. Pure. */
export function ordered(elements: readonly MapElement[], ties: readonly MapTie[]): MapElement[] {
  const graph = new Graph()
  graph.setGraph({ rankdir: 'LR', nodesep: rowGap, ranksep: columnGap })
  const columns = new Map(elements.map((element) => [element.id, columnOf(element)]))
  for (const element of elements) graph.setNode(element.id, { width: boxWidth, height: heightOf(element) })
  for (const { from, to } of ties) {
    const a = columns.get(from)
    const b = columns.get(to)
    // Within a column there is nothing to cross.
    if (a === undefined || b === undefined || a === b) continue
    const [left, right] = a < b ? [from, to] : [to, from]
    graph.setEdge(left, right, { minlen: Math.abs(a - b) })
  }
  layout(graph)
  const heights = elements.map((element): number => graph.node(element.id)?.y ?? 0)
  // Upside down it would cross as little: the way up is that in which the first come first.
  const up = concordance(heights) < 0 ? -1 : 1
  return elements
    .map((element, index) => ({ element, y: up * heights[index]! }))
    .toSorted((a, b) => a.y - b.y)
    .map(({ element }) => element)
}

/** Above zero where later ones are rather lower, below zero where they are rather higher. */
function concordance(heights: readonly number[]): number {
  let sum = 0
  for (const [at, one] of heights.entries()) for (const other of heights.slice(at + 1)) sum += Math.sign(other - one)
  return sum
}
