import type { NetworkMap } from '../../../server/protocol/protocol.js'
import type { Box, Layout } from './layout.js'
import type { Route } from './route-ties.js'
import type { Point } from './way.js'

/** How good a drawing is. Pure. */

interface Line {
  points: readonly Point[]
  left: number
  right: number
  top: number
  bottom: number
}

function lineOf({ points }: Route): Line {
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)]
  return { points, left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) }
}

/** How many pairs of ties cross. */
export function crossings(routes: ReadonlyMap<string, Route>): number {
  const lines = [...routes.values()].map(lineOf)
  let count = 0
  for (const [at, one] of lines.entries()) {
    for (const other of lines.slice(at + 1)) if (isNear(one, other) && cross(one.points, other.points)) count++
  }
  return count
}

function isNear(one: Line, other: Line): boolean {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom
}

function cross(one: readonly Point[], other: readonly Point[]): boolean {
  for (let i = 1; i < one.length; i++) {
    for (let j = 1; j < other.length; j++)
      if (segmentsCross(one[i - 1]!, one[i]!, other[j - 1]!, other[j]!)) return true
  }
  return false
}

/** Each ends on another side of the other; what only touches does not cross. */
function segmentsCross(a: Point, b: Point, c: Point, d: Point): boolean {
  if (Math.max(a.x, b.x) < Math.min(c.x, d.x) || Math.max(c.x, d.x) < Math.min(a.x, b.x)) return false
  return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0
}

function side(a: Point, b: Point, c: Point): number {
  const area = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
  return Math.abs(area) < 0.01 ? 0 : Math.sign(area)
}

/** Ids of ties that run behind a box that they do not end at. */
export function behindBoxes(map: NetworkMap, layout: Layout, routes: ReadonlyMap<string, Route>): string[] {
  const boxes = map.elements.flatMap(({ id, kind }) => {
    const box = layout.boxes.get(id)
    return box === undefined || kind === 'host' ? [] : [{ id, box }]
  })
  return map.ties
    .filter(({ id, from, to }) => {
      const route = routes.get(id)
      if (route === undefined) return false
      const line = lineOf(route)
      return boxes.some((one) => one.id !== from && one.id !== to && isBehind(line, one.box))
    })
    .map(({ id }) => id)
}

function isBehind({ points, left, right, top, bottom }: Line, { x, y, width, height }: Box): boolean {
  if (right <= x || left >= x + width || bottom <= y || top >= y + height) return false
  const inside = (point: Point) => point.x > x && point.x < x + width && point.y > y && point.y < y + height
  return points.some((point, at) => {
    const before = points[at - 1]
    if (before === undefined) return inside(point)
    // Pieces are short, but of what is straight there is one, however long: it is level or upright.
    const within =
      Math.max(before.x, point.x) > x &&
      Math.min(before.x, point.x) < x + width &&
      Math.max(before.y, point.y) > y &&
      Math.min(before.y, point.y) < y + height
    const isStraight = before.x === point.x || before.y === point.y
    return inside(point) || (isStraight && within)
  })
}
