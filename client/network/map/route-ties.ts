import type { MapElement, MapTie, NetworkMap } from '../../../server/protocol/protocol.js'
import { type Box, boxWidth, columnGap, hostHead, type Layout, lanBar, middleOf } from './layout.js'
import { type Point, Way } from './way.js'

export interface End {
  x: number
  y: number
  /** Where the tie leaves the box: its name stands on that side. */
  side: 'left' | 'right'
  /** Whether there is room for a name between this end and the next ones at the same side. */
  roomy: boolean
}

/** The way of a tie in the drawing. */
export interface Route {
  /** As of an SVG path. */
  path: string
  /** Points along it, near enough to each other to stand for its curves. */
  points: readonly Point[]
  from: End
  to: End
  middle: Point
}

interface Placed {
  tie: MapTie
  from: Box
  to: Box
  fromElement: MapElement
  toElement: MapElement
  sides: { from: 'left' | 'right'; to: 'left' | 'right' }
}

/** Where ends are along a side of a box. */
interface Spot {
  y: number
  roomy: boolean
}

/** Between the ends of two ties, so that a name stands between them. */
const nameHeight = 12

/** Ways for all ties whose ends have a place: past the boxes between them, and side by side where many end at one box. Pure. */
export function routeTies(map: NetworkMap, layout: Layout): Map<string, Route> {
  const elements = new Map(map.elements.map((element) => [element.id, element]))
  const placed = map.ties.flatMap((tie): Placed[] => {
    const from = layout.boxes.get(tie.from)
    const to = layout.boxes.get(tie.to)
    const fromElement = elements.get(tie.from)
    const toElement = elements.get(tie.to)
    if (!from || !to || !fromElement || !toElement) return []
    return [{ tie, from, to, fromElement, toElement, sides: sidesOf(from, to, fromElement, toElement) }]
  })
  const spots = spread(placed)
  const obstacles = map.elements.flatMap((element) => {
    const box = layout.boxes.get(element.id)
    return box === undefined || element.kind === 'host' || element.kind === 'lan' ? [] : [box]
  })
  const lanes = new Map<number, number>()
  return new Map(
    placed.map((one) => [
      one.tie.id,
      one.fromElement.kind === 'service' || one.toElement.kind === 'service'
        ? aboutService(one, spots, lanes)
        : routeOf(one, spots, obstacles),
    ]),
  )
}

function sidesOf(from: Box, to: Box, fromElement: MapElement, toElement: MapElement): Placed['sides'] {
  if (toElement.kind === 'lan') return { from: 'left', to: 'right' }
  if (fromElement.kind === 'lan') return { from: 'right', to: 'left' }
  if (toElement.kind === 'host' || fromElement.kind === 'host') return { from: 'right', to: 'right' }
  if (fromElement.kind === 'service' || toElement.kind === 'service') return { from: 'right', to: 'right' }
  // One above the other: around the outside; tunnels on the side of the LANs.
  if (from.x === to.x) {
    const side = fromElement.parent === toElement.parent ? 'right' : 'left'
    return { from: side, to: side }
  }
  return from.x < to.x ? { from: 'right', to: 'left' } : { from: 'left', to: 'right' }
}

/** Where ties end, by tie and end: those of one side of a box are spread over it, in the order of where they go. */
function spread(placed: readonly Placed[]): Map<string, Spot> {
  const sides = new Map<string, { key: string; box: Box; towards: number }[]>()
  for (const { tie, from, to, fromElement, toElement, sides: side } of placed) {
    for (const [end, box, other, element] of [
      ['from', from, to, fromElement],
      ['to', to, from, toElement],
    ] as const) {
      if (element.kind === 'lan' || element.kind === 'host' || element.kind === 'service') continue
      const at = `${element.id} ${side[end]}`
      const ends = sides.get(at) ?? []
      // Of a service, which stands above all, one does not know from how far to the right its tie comes.
      ends.push({ key: `${tie.id} ${end}`, box, towards: middleOf(other) })
      sides.set(at, ends)
    }
  }
  const spots = new Map<string, Spot>()
  for (const ends of sides.values()) {
    for (const [index, { key, box }] of ends.toSorted((a, b) => a.towards - b.towards).entries()) {
      const step = box.height / (ends.length + 1)
      spots.set(key, { y: box.y + step * (index + 1), roomy: step >= nameHeight })
    }
  }
  return spots
}

function routeOf(placed: Placed, spots: ReadonlyMap<string, Spot>, obstacles: readonly Box[]): Route {
  const { tie, from, to, fromElement, toElement, sides } = placed
  const a = endOf(from, sides.from, spots.get(`${tie.id} from`))
  const b = endOf(to, sides.to, spots.get(`${tie.id} to`))
  // A cable runs level to the bar of its LAN; who shares the network of its host hangs on the host's frame.
  if (toElement.kind === 'lan') return straight(a, { ...b, x: to.x + lanBar, y: a.y })
  if (fromElement.kind === 'lan') return straight({ ...a, x: from.x + lanBar, y: b.y }, b)
  if (toElement.kind === 'host') return toFrame(a, to, obstacles)
  if (fromElement.kind === 'host') return reversed(toFrame(b, from, obstacles))
  if (a.side === b.side) {
    // No further out than the frame of the host, and than half of the way to the next column.
    const out = Math.min(20, 12 + Math.abs(a.y - b.y) / 16)
    const far = a.side === 'left' ? Math.min(a.x, b.x) - out : Math.max(a.x, b.x) + out
    return ended(new Way(a).curve({ x: far, y: a.y }, { x: far, y: b.y }, b), a, b)
  }
  if (a.side === 'left') return reversed(across(b, a, obstacles))
  return across(a, b, obstacles)
}

/** From the right side of a box to the left side of one in a column further right. */
function across(left: End, right: End, obstacles: readonly Box[]): Route {
  const between = obstacles.filter((box) => box.x > left.x && box.x + box.width < right.x)
  const half = (left.x + right.x) / 2
  if (between.length === 0) {
    return ended(new Way(left).curve({ x: half, y: left.y }, { x: half, y: right.y }, right), left, right)
  }
  const begin = Math.min(...between.map((box) => box.x)) - 8
  const end = Math.max(...between.map((box) => box.x)) + boxWidth + 8
  // Lines to further columns keep a little apart from those to nearer ones.
  const lane = freeLane(right.y, between, Math.round((end - begin) / boxWidth) % 3)
  const [first, last] = [(left.x + begin) / 2, (end + right.x) / 2]
  const way = new Way(left)
    .curve({ x: first, y: left.y }, { x: first, y: lane }, { x: begin, y: lane })
    .level(end)
    .curve({ x: last, y: lane }, { x: last, y: right.y }, right)
  return ended(way, left, right, { x: (begin + end) / 2, y: lane })
}

/** To the right edge of the host's frame, past what stands further right in it. */
function toFrame(start: End, frame: Box, obstacles: readonly Box[]): Route {
  const edge = frame.x + frame.width
  const between = obstacles.filter((box) => box.x > start.x && box.x + box.width <= edge)
  const lane = between.length === 0 ? start.y : freeLane(start.y, between, 0)
  const end: End = { x: edge, y: lane, side: 'right', roomy: true }
  if (lane === start.y) return straight(start, end)
  const begin = Math.min(...between.map((box) => box.x)) - 8
  const first = (start.x + begin) / 2
  const way = new Way(start).curve({ x: first, y: start.y }, { x: first, y: lane }, { x: begin, y: lane }).level(edge)
  return ended(way, start, end)
}

/** Between boxes, as near as possible to a height. */
function freeLane(y: number, boxes: readonly Box[], apart: number): number {
  const free = (at: number) => boxes.every((box) => at < box.y - 3 || at > box.y + box.height + 3)
  for (let off = 0; off < 4000; off += 2) {
    const found = [y - off - apart, y + off + apart].find(free)
    if (found !== undefined) return found
  }
  return y
}

/** How far below them ties to services turn towards them. */
const serviceTurn = 16

/** Services stand above the hosts: to them it goes up between two columns, each tie in a lane of its own. */
function aboutService(
  { tie, from, to, fromElement }: Placed,
  spots: ReadonlyMap<string, Spot>,
  lanes: Map<number, number>,
): Route {
  const up = fromElement.kind === 'service'
  const [service, other] = up ? [from, to] : [to, from]
  const start = endOf(other, 'right', spots.get(`${tie.id} ${up ? 'to' : 'from'}`))
  const taken = lanes.get(start.x) ?? 0
  lanes.set(start.x, taken + 1)
  const lane = start.x + 12 + ((taken * 6) % (columnGap - 24))
  const bend = 8
  const bottom = service.y + service.height
  const x = Math.max(service.x + 12, Math.min(service.x + service.width - 12, lane))
  const end: End = { x, y: bottom, side: 'right', roomy: false }
  const way = new Way(start)
    .level(lane - bend)
    .bend({ x: lane, y: start.y }, { x: lane, y: start.y - bend })
    .upright(bottom + serviceTurn)
    .curve({ x: lane, y: bottom + 4 }, { x, y: bottom + 12 }, end)
  const route = ended(way, start, end, { x: lane, y: (start.y + bottom) / 2 })
  return up ? reversed(route) : route
}

function endOf(box: Box, side: 'left' | 'right', spot?: Spot): End {
  const { y, roomy } = spot ?? { y: box.y + Math.min(box.height, hostHead) / 2, roomy: true }
  return { x: side === 'left' ? box.x : box.x + box.width, y, side, roomy }
}

function straight(from: End, to: End): Route {
  return ended(new Way(from).level(to.x), from, to)
}

function ended({ path, points }: Way, from: End, to: End, middle?: Point): Route {
  const half = points.length > 2 ? points[points.length >> 1]! : { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 }
  return { path, points, from, to, middle: middle ?? half }
}

function reversed(route: Route): Route {
  return { ...route, from: route.to, to: route.from }
}
