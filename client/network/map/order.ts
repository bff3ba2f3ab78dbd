import { Graph, layout } from '@dagrejs/dagre'
import type { MapElement, MapTie } from '../../../server/protocol/protocol.js'
import { boxWidth, columnGap, columnOf, rowGap } from './layout.js'

/** Elements of one column that are tied to the same: which of them is above which makes no difference to anybody. */
interface Alike {
  id: string
  column: number
  elements: MapElement[]
}

/** The elements of a host from top to bottom, so that few of its ties cross; dagre finds that out. Pure. */
export function ordered(
  elements: readonly MapElement[],
  ties: readonly MapTie[],
  heights: ReadonlyMap<string, number>,
): MapElement[] {
  const groups = alike(elements, ties)
  const groupOf = new Map(groups.flatMap((group) => group.elements.map(({ id }) => [id, group])))
  const graph = new Graph()
  graph.setGraph({ rankdir: 'LR', nodesep: rowGap, ranksep: columnGap })
  for (const { id, elements } of groups) {
    const height = elements.reduce((sum, element) => sum + (heights.get(element.id) ?? 0) + rowGap, -rowGap)
    graph.setNode(id, { width: boxWidth, height })
  }
  for (const { from, to } of ties) {
    const a = groupOf.get(from)
    const b = groupOf.get(to)
    // Within a column there is nothing to cross.
    if (a === undefined || b === undefined || a.column === b.column) continue
    const [left, right] = a.column < b.column ? [a, b] : [b, a]
    graph.setEdge(left.id, right.id, { minlen: right.column - left.column })
  }
  layout(graph)
  const middles = groups.map(({ id }): number => graph.node(id)?.y ?? 0)
  // Upside down it would cross as little: the way up is that in which the first come first.
  const up = concordance(middles) < 0 ? -1 : 1
  return groups
    .map((group, index) => ({ group, y: up * middles[index]! }))
    .toSorted((a, b) => a.y - b.y)
    .flatMap(({ group }) => group.elements)
}

/** Twenty containers on one bridge are one thing to put in order, not twenty: that takes a tenth of the time. */
function alike(elements: readonly MapElement[], ties: readonly MapTie[]): Alike[] {
  const neighbours = new Map<string, string[]>(elements.map(({ id }) => [id, []]))
  for (const { from, to } of ties) {
    neighbours.get(from)?.push(to)
    neighbours.get(to)?.push(from)
  }
  const groups = new Map<string, Alike>()
  for (const element of elements) {
    const column = columnOf(element)
    const key = JSON.stringify([column, ...neighbours.get(element.id)!.toSorted()])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { id: element.id, column, elements: [element] })
    else group.elements.push(element)
  }
  return [...groups.values()]
}

/** Above zero where later ones are rather lower, below zero where they are rather higher. */
function concordance(heights: readonly number[]): number {
  let sum = 0
  for (const [at, one] of heights.entries()) for (const other of heights.slice(at + 1)) sum += Math.sign(other - one)
  return sum
}
