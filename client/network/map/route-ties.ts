import type { MapElement, MapTie, NetworkMap } from '../../../server/protocol/protocol.js'
import { type Box, boxWidth, hostHead, hostPad, type Layout, lanBar, middleOf } from './layout.js'

export interface End {
  x: number
  y: number
  /** Where the tie leaves the box: its name stands on that side. */
  side: 'left' | 'right'
}

/** The way of a tie in the drawing. */
export interface Route {
  /** As of an SVG path. */
  path: string
  from: End
  to: End
  middle: { x: number; y: number }
}

interface Placed {
  tie: MapTie
  from: Box
  to: Box
  fromElement: MapElement
  toElement: MapElement
  sides: { from: 'left' | 'right'; to: 'left' | 'right' }
}

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
  const heights = spread(placed)
  const obstacles = map.elements.flatMap((element) => {
    const box = layout.boxes.get(element.id)
    return box === undefined || element.kind === 'host' || element.kind === 'lan' ? [] : [box]
  })
  const lanes = new Map<string, number>()
  return new Map(
    placed.map((one) => [
      one.tie.id,
      one.fromElement.kind === 'service' || one.toElement.kind === 'service'
        ? aboutService(one, heights, lanes)
        : routeOf(one, heights, obstacles),
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

/** Heights at which ties end, by tie and end: those of one side of a box are spread over it, in the order of where they go. */
function spread(placed: readonly Placed[]): Map<string, number> {
  const sides = new Map<string, { key: string; box: Box; towards: number }[]>()
  for (const { tie, from, to, fromElement, toElement, sides: side } of placed) {
    for (const [end, box, other, element] of [
      ['from', from, to, fromElement],
      ['to', to, from, toElement],
    ] as const) {
      if (element.kind === 'lan' || element.kind === 'host') continue
      const place = `${element.id} ${side[end]}`
      const ends = sides.get(place) ?? []
      ends.push({ key: `${tie.id} ${end}`, box, towards: middleOf(other) })
      sides.set(place, ends)
    }
  }
  const heights = new Map<string, number>()
  for (const ends of sides.values()) {
    for (const [index, { key, box }] of ends.toSorted((a, b) => a.towards - b.towards).entries()) {
      heights.set(key, box.y + (box.height * (index + 1)) / (ends.length + 1))
    }
  }
  return heights
}

function routeOf(placed: Placed, heights: ReadonlyMap<string, number>, obstacles: readonly Box[]): Route {
  const { tie, from, to, fromElement, toElement, sides } = placed
  const a = endOf(from, sides.from, heights.get(`${tie.id} from`))
  const b = endOf(to, sides.to, heights.get(`${tie.id} to`))
  // A cable runs level to the bar of its LAN; who shares the network of its host hangs on the host's frame.
  if (toElement.kind === 'lan') return level(a, { ...b, x: to.x + lanBar, y: a.y })
  if (fromElement.kind === 'lan') return level({ ...a, x: from.x + lanBar, y: b.y }, b)
  if (toElement.kind === 'host') return level(a, { ...b, x: to.x + to.width, y: a.y })
  if (fromElement.kind === 'host') return level({ ...a, x: from.x + from.width, y: b.y }, b)
  if (a.side === b.side) {
    const out = Math.min(hostPad + 30, 22 + Math.abs(a.y - b.y) / 16)
    const far = a.side === 'left' ? Math.min(a.x, b.x) - out : Math.max(a.x, b.x) + out
    return curve(a, b, far, far)
  }
  const [left, right] = a.side === 'right' ? [a, b] : [b, a]
  const between = obstacles.filter((box) => box.x > left.x && box.x + box.width < right.x)
  const path = between.length === 0 ? undefined : past(left, right, between)
  if (path !== undefined) return { path: path.path, from: a, to: b, middle: path.middle }
  const half = (left.x + right.x) / 2
  return curve(a, b, half, half)
}

/** Services stand above the hosts: to them it goes up between two columns, each tie in a lane of its own. */
function aboutService(
  { tie, from, to, fromElement }: Placed,
  heights: ReadonlyMap<string, number>,
  lanes: Map<string, number>,
): Route {
  const up = fromElement.kind === 'service'
  const [service, other] = up ? [from, to] : [to, from]
  const start = endOf(other, 'right', heights.get(`${tie.id} ${up ? 'to' : 'from'}`))
  const gutter = `${start.x}`
  const taken = lanes.get(gutter) ?? 0
  lanes.set(gutter, taken + 1)
  const lane = start.x + 18 + ((taken * 6) % 48)
  const bend = 8
  const rise = `M${start.x} ${start.y}H${lane - bend}Q${lane} ${start.y} ${lane} ${start.y - bend}`
  const right = service.x + service.width
  let end: End
  let path: string
  if (lane > right + bend) {
    end = endOf(service, 'right', heights.get(`${tie.id} ${up ? 'from' : 'to'}`))
    path = `${rise}V${end.y + bend}Q${lane} ${end.y} ${lane - bend} ${end.y}H${end.x}`
  } else {
    const bottom = service.y + service.height
    const x = Math.max(service.x + 12, Math.min(right - 12, lane))
    end = { x, y: bottom, side: 'right' }
    path = `${rise}V${bottom + 24}C${lane} ${bottom + 8} ${x} ${bottom + 16} ${x} ${bottom}`
  }
  const middle = { x: lane, y: (start.y + end.y) / 2 }
  return { path, from: up ? end : start, to: up ? start : end, middle }
}

function endOf(box: Box, side: 'left' | 'right', y = box.y + Math.min(box.height, hostHead) / 2): End {
  return { x: side === 'left' ? box.x : box.x + box.width, y, side }
}

function level(a: End, b: End): Route {
  return { path: `M${a.x} ${a.y}H${b.x}`, from: a, to: b, middle: { x: (a.x + b.x) / 2, y: a.y } }
}

function curve(a: End, b: End, ax: number, bx: number): Route {
  const middle = { x: (a.x + 3 * ax + 3 * bx + b.x) / 8, y: (a.y + b.y) / 2 }
  return { path: `M${a.x} ${a.y}C${ax} ${a.y} ${bx} ${b.y} ${b.x} ${b.y}`, from: a, to: b, middle }
}

/** Between the boxes of the columns that lie on the way, in the lane that is nearest to its right end. */
function past(left: End, right: End, between: readonly Box[]) {
  const begin = Math.min(...between.map((box) => box.x)) - 8
  const end = Math.max(...between.map((box) => box.x)) + boxWidth + 8
  const free = (y: number) => between.every((box) => y < box.y - 3 || y > box.y + box.height + 3)
  // Lines to further columns keep a little apart from those to nearer ones.
  const apart = Math.round((end - begin) / boxWidth) % 3
  let lane = right.y
  for (let off = 0; off < 4000; off += 2) {
    const found = [right.y - off - apart, right.y + off + apart].find(free)
    if (found === undefined) continue
    lane = found
    break
  }
  const first = (left.x + begin) / 2
  const last = (end + right.x) / 2
  return {
    path: `M${left.x} ${left.y}C${first} ${left.y} ${first} ${lane} ${begin} ${lane}H${end}C${last} ${lane} ${last} ${right.y} ${right.x} ${right.y}`,
    middle: { x: (begin + end) / 2, y: lane },
  }
}
