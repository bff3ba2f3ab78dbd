import { type Box, columnOf, columnX, type Layout, letters, overlaps } from '../../../client/network/map/layout.js'
import { type Route, routeTies } from '../../../client/network/map/route-ties.js'
import type { NetworkMap } from '../../../server/protocol/protocol.js'

/** Measures a drawing, from its paths as they are drawn. */

interface Point {
  x: number
  y: number
}

/** Points on a path of moves, straight lines and curves, on curves some pixels from each other. */
export function pointsOf({ path }: Pick<Route, 'path'>): Point[] {
  const found: Point[] = []
  for (const [, kind, rest] of path.matchAll(/([MHVCQ])([^MHVCQ]*)/g)) {
    const n = rest!.trim().split(/[ ,]+/).map(Number)
    const at = found.at(-1) ?? { x: n[0]!, y: n[1]! }
    const end =
      kind === 'H' ? { x: n[0]!, y: at.y } : kind === 'V' ? { x: at.x, y: n[0]! } : { x: n.at(-2)!, y: n.at(-1)! }
    const stops = [at, ...(kind === 'C' || kind === 'Q' ? pairs(n) : [end])]
    for (let step = stops.length === 2 ? 12 : 1; step <= 12; step++) found.push(bezier(stops, step / 12))
  }
  return found
}

const pairs = (n: number[]): Point[] => n.flatMap((x, at) => (at % 2 === 0 ? [{ x, y: n[at + 1]! }] : []))

/** De Casteljau's construction. */
function bezier(stops: Point[], t: number): Point {
  if (stops.length === 1) return stops[0]!
  return bezier(
    stops.slice(1).map((stop, at) => ({
      x: stops[at]!.x + (stop.x - stops[at]!.x) * t,
      y: stops[at]!.y + (stop.y - stops[at]!.y) * t,
    })),
    t,
  )
}

/** Ids of what is not as it has to be. */
export function measure(map: NetworkMap, layout: Layout) {
  const boxOf = (id: string) => layout.boxes.get(id)
  const placed = map.elements.flatMap((element) => {
    const box = boxOf(element.id)
    return box === undefined ? [] : [{ element, box }]
  })
  const routes = routeTies(map, layout)
  const labels = map.ties.flatMap((tie) => {
    const route = routes.get(tie.id)
    if (route === undefined || tie.kind === 'cable') return []
    // Those at the right side of a box are seen while one points at them alone.
    return [
      { text: tie.fromLabel, end: route.from },
      { text: tie.toLabel, end: route.to },
    ].flatMap(({ text, end }) =>
      text === undefined || end.side === 'right' || !end.roomy
        ? []
        : [
            {
              id: tie.id,
              box: { x: end.x - 6 - 38, y: end.y - 3 - letters.end, width: 38, height: letters.end } as Box,
            },
          ],
    )
  })
  const things = placed.filter(({ element }) => element.kind !== 'host')
  return {
    missing: [
      ...map.elements.filter(({ id }) => boxOf(id) === undefined).map(({ id }) => id),
      ...map.ties.filter(({ id }) => !routes.has(id)).map(({ id }) => id),
    ],
    overlaps: placed.flatMap(({ element, box }, at) =>
      placed
        .slice(at + 1)
        .filter(({ element: other }) => element.id !== other.parent && other.id !== element.parent)
        .filter(({ box: other }) => overlaps(box, other))
        .map(({ element: other }) => `${element.id} over ${other.id}`),
    ),
    labels: labels.flatMap(({ id, box }, at) => [
      ...labels
        .slice(at + 1)
        .filter((other) => overlaps(box, other.box))
        .map((other) => `${id} over ${other.id}`),
      ...things.filter((other) => overlaps(box, other.box)).map(({ element }) => `${id} over ${element.id}`),
    ]),
    columns: things
      .filter(({ element, box }) => {
        const host = element.parent === undefined ? undefined : boxOf(element.parent)
        if (host === undefined) return false
        const wanted = columnOf(element)
        return wanted < 2 ? box.x !== columnX(host.x, wanted) : box.x < columnX(host.x, 2)
      })
      .map(({ element }) => element.id),
    /** What has not room for all its lines. */
    short: things
      .filter(({ element, box }) => box.height < 27 + 14 * element.notes.length)
      .map(({ element }) => element.id),
  }
}

/** Ids of ties that run behind a box that is not at one of their ends. */
export function behind(map: NetworkMap, layout: Layout, routes: ReadonlyMap<string, Route>): string[] {
  return map.ties.flatMap((tie) => {
    const points = pointsOf(routes.get(tie.id)!)
    return map.elements
      .filter(({ id, kind }) => kind !== 'host' && id !== tie.from && id !== tie.to)
      .filter(({ id }) => {
        const { x, y, width, height } = layout.boxes.get(id)!
        return points.some((point) => point.x > x && point.x < x + width && point.y > y && point.y < y + height)
      })
      .map(({ id }) => `${tie.id} behind ${id}`)
  })
}

/** Pairs of ties that cross. */
export function crossingPairs(routes: ReadonlyMap<string, Route>): number {
  const lines = [...routes.values()].map(pointsOf)
  let count = 0
  for (const [at, one] of lines.entries()) for (const other of lines.slice(at + 1)) if (cross(one, other)) count++
  return count
}

function cross(one: Point[], other: Point[]): boolean {
  const [a, b] = [frame(one), frame(other)]
  if (!overlaps(a, b)) return false
  return one.some(
    (end, i) => i > 0 && other.some((last, j) => j > 0 && segmentsCross(one[i - 1]!, end, other[j - 1]!, last)),
  )
}

function frame(points: Point[]): Box {
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)]
  const [x, y] = [Math.min(...xs), Math.min(...ys)]
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y }
}

function segmentsCross(a: Point, b: Point, c: Point, d: Point): boolean {
  if (Math.max(a.x, b.x) < Math.min(c.x, d.x) || Math.max(c.x, d.x) < Math.min(a.x, b.x)) return false
  const turn = (p: Point, q: Point, r: Point) => {
    const area = (q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x)
    return Math.abs(area) < 0.01 ? 0 : Math.sign(area)
  }
  return turn(a, b, c) * turn(a, b, d) < 0 && turn(c, d, a) * turn(c, d, b) < 0
}

/**
 * Of the things that are in both, which stand elsewhere: those in a host as seen from its corner, since hosts move as a whole
 * to make room for each other.
 */
export function moved(map: NetworkMap, before: Layout, after: Layout): { both: number; elsewhere: string[] } {
  let both = 0
  const elsewhere: string[] = []
  for (const { id, parent = '' } of map.elements) {
    const [was, is] = [before.boxes.get(id), after.boxes.get(id)]
    if (was === undefined || is === undefined) continue
    both++
    const corner = { x: 0, y: 0 }
    const [from, to] = [before.boxes.get(parent) ?? corner, after.boxes.get(parent) ?? corner]
    const [x, y] = [is.x - to.x - (was.x - from.x), is.y - to.y - (was.y - from.y)]
    if (Math.abs(x) > 0.5 || Math.abs(y) > 0.5) elsewhere.push(id)
  }
  return { both, elsewhere }
}
