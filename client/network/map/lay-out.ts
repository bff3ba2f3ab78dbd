import type { MapElement, MapTie, NetworkMap } from '../../../server/protocol/protocol.js'
import {
  type Box,
  boxWidth,
  columnOf,
  columnX,
  heightsOf,
  hostGap,
  hostHead,
  hostPad,
  type Layout,
  lanStep,
  middleOf,
  overlaps,
  rowGap,
} from './layout.js'
import { ordered } from './order.js'
import { behindBoxes, crossings } from './picture.js'
import { routeTies } from './route-ties.js'

/** More containers than that make a second column. */
const mostRows = 7
/** Of a host that has bridges, so that the first containers find room without anything having to move. */
const usualRows = 2
const rowHeight = 41 + rowGap
/** Between the hosts and what stands above them: there ties to services turn. */
const headGap = { alone: 10, services: 26 }
/** Of more ties than that crossings are not counted at each change: it would take longer than to draw them. */
const mostCounted = 200
/** How much larger than need be a drawing may have become, for what stands to stay where it is. */
const largerBy = { width: 1, height: 120 }
/** And how many more crossings there may be. */
const moreCrossings = 1.3

type Heights = ReadonlyMap<string, number>

/**
 * Where everything stands: LANs as bars at the left, hosts below each other, in each host what leads to LANs at the left, bridges in
 * the middle, containers at the right. What stood somewhere before stays there, and what is new goes beside what it is tied to, as
 * long as that gives no worse a picture than one that is laid out from nothing. Where it would, all is laid out anew: in the order
 * in which it stood, if that is as good. Pure.
 */
export function layOut(map: NetworkMap, before?: Layout): Layout {
  const heights = heightsOf(map)
  const fresh = layOutAnew(map, heights)
  if (before === undefined || !map.elements.some(({ id }) => before.boxes.has(id))) return fresh
  const more = layOutMore(map, before, heights)
  if (more !== undefined && isAsGood(map, more, fresh)) return more
  const again = layOutAnew(map, heights, before)
  return isAsGood(map, again, fresh) ? again : fresh
}

function isAsGood(map: NetworkMap, layout: Layout, fresh: Layout): boolean {
  if (layout.width > fresh.width + largerBy.width || layout.height > fresh.height + largerBy.height) return false
  const routes = routeTies(map, layout)
  if (behindBoxes(map, layout, routes).length > 0) return false
  if (map.ties.length > mostCounted) return true
  return crossings(routes) <= moreCrossings * crossings(routeTies(map, fresh))
}

/** @param before for the order of what stood then */
function layOutAnew(map: NetworkMap, heights: Heights, before?: Layout): Layout {
  const boxes = new Map<string, Box>()
  const heightOf = (element: MapElement) => heights.get(element.id)!
  const lans = map.elements.filter(({ kind }) => kind === 'lan')
  let y = 0
  for (const [index, lan] of lans.entries()) {
    boxes.set(lan.id, { x: index * lanStep, y, width: boxWidth, height: heightOf(lan) })
    y += heightOf(lan) + 10
  }
  const services = freeStanding(map)
  y = Math.max(y - 10 + headGap.alone, ...services.map((service) => heightOf(service) + headGap.services))
  for (const [index, service] of services.entries()) {
    const height = heightOf(service)
    boxes.set(service.id, {
      x: serviceX(lans.length, index),
      y: y - headGap.services - height,
      width: boxWidth,
      height,
    })
  }
  const x = lans.length * lanStep + 30
  for (const host of map.elements.filter(({ kind }) => kind === 'host')) {
    const inside = map.elements.filter(({ parent }) => parent === host.id)
    const inOrder = inOrderOf(inside, map.ties, heights, before)
    const [was, top] = [before?.boxes.get(host.id), y + hostHead]
    const stood = (id: string, column: number) => {
      const box = before?.boxes.get(id)
      return was && box && box.x - was.x === columnX(0, column) ? box.y - was.y + y : undefined
    }
    for (const [id, box] of layOutHost(inOrder, map.ties, heights, { x, top, stood })) boxes.set(id, box)
    const [width, height] = inside.some(({ kind }) => kind === 'bridge')
      ? [columnX(0, 2) + boxWidth + hostPad, hostHead + usualRows * rowHeight + hostPad - rowGap]
      : [0, hostHead + hostPad]
    const frame = frameOf(inside, boxes, { x, y, width, height })
    boxes.set(host.id, frame)
    y += frame.height + hostGap
  }
  return measured(boxes, new Map())
}

/** Beside the names of the LANs. */
function serviceX(lans: number, index: number): number {
  return Math.max(0, lans - 1) * lanStep + (lans > 0 ? boxWidth + 20 : 0) + index * (boxWidth + 20)
}

/** From top to bottom: as they stood before, and what is new behind what is tied to the same; else so that few ties cross. */
function inOrderOf(
  inside: readonly MapElement[],
  ties: readonly MapTie[],
  heights: Heights,
  before: Layout | undefined,
): MapElement[] {
  const found = ordered(inside, ties, heights)
  if (before === undefined) return found
  const stood = ({ id }: MapElement) => {
    const box = before.boxes.get(id)
    return box && box.x * 1e4 + box.y
  }
  const last = new Map<number, number>()
  const keys = new Map<string, number>()
  for (const element of found) {
    const column = columnOf(element)
    const key = stood(element) ?? (last.get(column) ?? -1) + 0.001
    last.set(column, key)
    keys.set(element.id, key)
  }
  return found.toSorted((a, b) => keys.get(a.id)! - keys.get(b.id)!)
}

function layOutHost(
  inOrder: readonly MapElement[],
  ties: readonly MapTie[],
  heights: Heights,
  { x, top, stood }: { x: number; top: number; stood(id: string, column: number): number | undefined },
): Map<string, Box> {
  const boxes = new Map<string, Box>()
  const right = inOrder.filter((element) => columnOf(element) === 2)
  const perColumn = Math.ceil(right.length / Math.ceil(right.length / mostRows))
  let y = top
  for (const [index, { id }] of right.entries()) {
    if (index % perColumn === 0) y = top
    const column = 2 + Math.floor(index / perColumn)
    y = Math.max(y, stood(id, column) ?? y)
    boxes.set(id, { x: columnX(x, column), y, width: boxWidth, height: heights.get(id)! })
    y += heights.get(id)! + rowGap
  }
  for (const column of [1, 0]) {
    let wanted = top
    const wants = inOrder
      .filter((element) => columnOf(element) === column)
      .map(({ id }) => {
        const height = heights.get(id)!
        const before = stood(id, column)
        wanted = before === undefined ? (meanOfTied(id, ties, boxes) ?? wanted) : before + height / 2
        return { id, height, wanted }
      })
      .toSorted((a, b) => a.wanted - b.wanted)
    const bottom = Math.max(top, ...[...boxes.values()].map((box) => box.y + box.height))
    let rest = wants.reduce((sum, { height }) => sum + height + rowGap, -rowGap)
    let free = top
    for (const { id, height, wanted } of wants) {
      // As wanted, but so that what comes after it fits too.
      const place = Math.max(free, Math.min(wanted - height / 2, bottom - rest))
      boxes.set(id, { x: columnX(x, column), y: place, width: boxWidth, height })
      free = place + height + rowGap
      rest -= height + rowGap
    }
  }
  return boxes
}

/** What is new is put between what stands; undefined where it does not fit in there. */
function layOutMore(map: NetworkMap, before: Layout, heights: Heights): Layout | undefined {
  const boxes = new Map<string, Box>()
  const gone = new Map([...before.gone, ...before.boxes])
  const fresh: MapElement[] = []
  const hosts = map.elements.filter(isFrame)
  for (const element of map.elements) {
    const box = before.boxes.get(element.id)
    gone.delete(element.id)
    if (box === undefined) fresh.push(element)
    else boxes.set(element.id, isFrame(element) ? box : { ...box, height: heights.get(element.id)! })
  }
  // Of another LAN or host all others have to make room.
  if (fresh.some(({ kind }) => kind === 'lan' || kind === 'host')) return undefined
  for (const element of fresh) {
    const height = heights.get(element.id)!
    const remembered = before.gone.get(element.id)
    const again = remembered && { ...remembered, height }
    const host = hosts.find(({ id }) => id === element.parent)
    const room = host && roomOf(host, hosts, boxes)
    const fits = again && again.y + height <= (room?.bottom ?? 0) && isFree(again, element, boxes, map.elements)
    const place = fits
      ? again
      : room
        ? placeInHost(element, height, room, boxes, map)
        : placeOutside(height, boxes, map, hosts)
    if (place === undefined) return undefined
    boxes.set(element.id, place)
  }
  for (const host of hosts) {
    const inside = map.elements.filter(({ parent }) => parent === host.id)
    const { bottom } = roomOf(host, hosts, boxes)
    if (inside.some(({ id }) => boxes.get(id)!.y + boxes.get(id)!.height > bottom)) return undefined
    boxes.set(host.id, frameOf(inside, boxes, boxes.get(host.id)!))
  }
  const layout = measured(boxes, gone)
  return isTight(map, layout) ? undefined : layout
}

/** Whether boxes that have grown leave too little between them. */
function isTight({ elements }: NetworkMap, { boxes }: Layout): boolean {
  const columns = new Map<string, Box[]>()
  for (const element of elements) {
    if (isFrame(element)) continue
    const box = boxes.get(element.id)!
    const column = `${element.parent} ${element.kind === 'lan' ? '' : box.x}`
    columns.set(column, [...(columns.get(column) ?? []), box])
  }
  return [...columns.values()].some((column) => {
    const down = column.toSorted((a, b) => a.y - b.y)
    return down.some((box, at) => at > 0 && down[at - 1]!.y + down[at - 1]!.height + 6 > box.y)
  })
}

/** Left edge, and from where to where things of a host may stand without another host having to move. */
function roomOf(host: MapElement, hosts: readonly MapElement[], boxes: ReadonlyMap<string, Box>) {
  const { x, y, height } = boxes.get(host.id)!
  const next = Math.min(...hosts.map(({ id }) => boxes.get(id)!.y).filter((other) => other > y))
  const inHost = y + height - hostPad
  const most = y + hostHead + mostRows * rowHeight
  return { x, top: y + hostHead, bottom: Number.isFinite(next) ? inHost : Math.max(inHost, most) }
}

/** The free place nearest to what it is tied to, in its own column; containers may begin another one. */
function placeInHost(
  element: MapElement,
  height: number,
  room: { x: number; top: number; bottom: number },
  boxes: ReadonlyMap<string, Box>,
  map: NetworkMap,
): Box | undefined {
  // Ends of veths that are about to move into a container stand there for a moment: not in the way of others.
  const isLoose =
    element.kind === 'interface' && map.ties.every(({ from, to }) => from !== element.id && to !== element.id)
  const first = isLoose ? room.bottom - height / 2 : room.top + height / 2
  const wanted = (meanOfTied(element.id, map.ties, boxes) ?? first) - height / 2
  const inHost = new Set(map.elements.filter(({ parent }) => parent === element.parent).map(({ id }) => id))
  const standing = [...boxes].filter(([id]) => inHost.has(id))
  for (let column = columnOf(element); ; column++) {
    const x = columnX(room.x, column)
    const inColumn = standing.map(([, box]) => box).filter((box) => box.x === x)
    const places = [
      wanted,
      room.top,
      ...inColumn.flatMap((box) => [box.y + box.height + rowGap, box.y - rowGap - height]),
    ]
      .map((y) => ({ x, y: Math.max(room.top, Math.min(y, room.bottom - height)), width: boxWidth, height }))
      .filter((box) => box.y >= room.top && inColumn.every((other) => !overlaps(box, other, rowGap - 1)))
      .toSorted((a, b) => Math.abs(a.y - wanted) - Math.abs(b.y - wanted))
    if (places[0] !== undefined) return places[0]
    if (columnOf(element) < 2 || inColumn.length === 0) return undefined
  }
}

/** Beside the other services, above the hosts. */
function placeOutside(
  height: number,
  boxes: ReadonlyMap<string, Box>,
  map: NetworkMap,
  hosts: readonly MapElement[],
): Box | undefined {
  const lans = map.elements.filter(({ kind }) => kind === 'lan').length
  const tops = hosts.flatMap(({ id }) => boxes.get(id)?.y ?? [])
  const y = Math.min(...tops) - headGap.services - height
  if (tops.length === 0 || y < 0) return undefined
  const frames = new Set(hosts.map(({ id }) => id))
  const others = [...boxes].filter(([id]) => !frames.has(id)).map(([, box]) => box)
  for (let index = 0; ; index++) {
    const box = { x: serviceX(lans, index), y, width: boxWidth, height }
    if (others.every((other) => !overlaps(box, other, 10))) return box
  }
}

function isFree(
  box: Box,
  element: MapElement,
  boxes: ReadonlyMap<string, Box>,
  elements: readonly MapElement[],
): boolean {
  const neighbours = elements.filter(({ id, parent }) => id !== element.id && parent === element.parent)
  return neighbours.every((other) => {
    const standing = boxes.get(other.id)
    return standing === undefined || isFrame(other) || !overlaps(box, standing, rowGap - 1)
  })
}

function meanOfTied(id: string, ties: readonly MapTie[], boxes: ReadonlyMap<string, Box>): number | undefined {
  const middles = ties.flatMap((tie) => {
    const other = tie.from === id ? tie.to : tie.to === id ? tie.from : undefined
    const box = other === undefined ? undefined : boxes.get(other)
    // Of LANs and frames, every height is as good.
    return box === undefined || other!.startsWith('lan:') || other!.startsWith('host:') ? [] : [middleOf(box)]
  })
  return middles.length === 0 ? undefined : middles.reduce((sum, y) => sum + y, 0) / middles.length
}

/** The frame of a host: never smaller than it was. */
function frameOf(inside: readonly MapElement[], boxes: ReadonlyMap<string, Box>, least: Box): Box {
  let width = Math.max(least.width, 2 * hostPad + boxWidth)
  let { height } = least
  for (const { id } of inside) {
    const box = boxes.get(id)!
    width = Math.max(width, box.x + box.width + hostPad - least.x)
    height = Math.max(height, box.y + box.height + hostPad - least.y)
  }
  return { x: least.x, y: least.y, width, height }
}

function isFrame({ kind }: MapElement): boolean {
  return kind === 'host'
}

function freeStanding(map: NetworkMap): MapElement[] {
  const hosts = new Set(map.elements.filter(isFrame).map(({ id }) => id))
  return map.elements.filter(
    ({ kind, parent }) => kind !== 'lan' && kind !== 'host' && (parent === undefined || !hosts.has(parent)),
  )
}

function measured(boxes: ReadonlyMap<string, Box>, gone: ReadonlyMap<string, Box>): Layout {
  let width = 0
  let height = 0
  for (const box of boxes.values()) {
    width = Math.max(width, box.x + box.width)
    height = Math.max(height, box.y + box.height)
  }
  return { boxes, gone, width, height }
}
