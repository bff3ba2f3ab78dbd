import type { MapElement, MapTie, NetworkMap } from '../../../server/protocol/protocol.js'
import {
  type Box,
  boxWidth,
  columnOf,
  columnX,
  heightOf,
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

/** More containers than that make a second column. */
const mostRows = 7
/** Of a host that has bridges, so that the first containers find room, and nothing need be drawn smaller for them. */
const usualRows = { alone: 4, together: 3 }
const rowHeight = 55 + rowGap
/** Above the hosts, for services, also while there are none. */
const leastHead = 84

/**
 * Where everything stands: LANs as bars at the left, hosts below each other, in each host what leads to LANs at the left, bridges in
 * the middle, containers at the right. What stood somewhere before stays there; what is new goes beside what it is tied to, where
 * nothing stands; frames of hosts grow. Without `before`, or where a LAN or host is new, all is laid out anew. Pure.
 */
export function layOut(map: NetworkMap, before?: Layout): Layout {
  const fixed = map.elements.filter(({ kind }) => kind === 'lan' || kind === 'host')
  return before === undefined || fixed.some(({ id }) => !before.boxes.has(id) && !before.gone.has(id))
    ? layOutAnew(map)
    : layOutMore(map, before)
}

function layOutAnew(map: NetworkMap): Layout {
  const boxes = new Map<string, Box>()
  const lans = map.elements.filter(({ kind }) => kind === 'lan')
  let y = 0
  for (const [index, lan] of lans.entries()) {
    boxes.set(lan.id, { x: index * lanStep, y, width: boxWidth, height: heightOf(lan) })
    y += heightOf(lan) + 10
  }
  const servicesX = Math.max(0, lans.length * lanStep + boxWidth)
  for (const [index, service] of freeStanding(map).entries()) {
    boxes.set(service.id, {
      x: servicesX + index * (boxWidth + 20),
      y: 0,
      width: boxWidth,
      height: heightOf(service),
    })
  }
  const x = lans.length * lanStep + 36
  y = Math.max(y + 14, leastHead)
  const hosts = map.elements.filter(({ kind }) => kind === 'host')
  for (const host of hosts) {
    const inside = map.elements.filter(({ parent }) => parent === host.id)
    const top = y + hostHead
    for (const [id, box] of layOutHost(inside, map.ties, x, top)) boxes.set(id, box)
    const rows = hosts.length === 1 ? usualRows.alone : usualRows.together
    const [width, height] = inside.some(({ kind }) => kind === 'bridge')
      ? [columnX(0, 2) + boxWidth + hostPad, hostHead + rows * rowHeight + hostPad - rowGap]
      : [0, hostHead + hostPad]
    const frame = frameOf(inside, boxes, { x, y, width, height })
    boxes.set(host.id, frame)
    y += frame.height + hostGap
  }
  return measured(boxes, new Map())
}

function layOutHost(inside: readonly MapElement[], ties: readonly MapTie[], x: number, top: number): Map<string, Box> {
  const boxes = new Map<string, Box>()
  const inOrder = ordered(inside, ties)
  const right = inOrder.filter((element) => columnOf(element) === 2)
  const perColumn = Math.ceil(right.length / Math.ceil(right.length / mostRows))
  let y = top
  for (const [index, element] of right.entries()) {
    if (index % perColumn === 0) y = top
    const column = 2 + Math.floor(index / perColumn)
    boxes.set(element.id, { x: columnX(x, column), y, width: boxWidth, height: heightOf(element) })
    y += heightOf(element) + rowGap
  }
  for (const column of [1, 0]) {
    let wanted = top
    const wants = inOrder
      .filter((element) => columnOf(element) === column)
      .map((element) => {
        wanted = meanOfTied(element.id, ties, boxes) ?? wanted
        return { element, wanted }
      })
      .toSorted((a, b) => a.wanted - b.wanted)
    const bottom = Math.max(top, ...[...boxes.values()].map((box) => box.y + box.height))
    let rest = wants.reduce((sum, { element }) => sum + heightOf(element) + rowGap, -rowGap)
    let free = top
    for (const { element, wanted } of wants) {
      const height = heightOf(element)
      // As wanted, but so that what comes after it fits too.
      const place = Math.max(free, Math.min(wanted - height / 2, bottom - rest))
      boxes.set(element.id, { x: columnX(x, column), y: place, width: boxWidth, height })
      free = place + height + rowGap
      rest -= height + rowGap
    }
  }
  return boxes
}

function layOutMore(map: NetworkMap, before: Layout): Layout {
  const boxes = new Map<string, Box>()
  const gone = new Map([...before.gone, ...before.boxes])
  const fresh: MapElement[] = []
  for (const element of map.elements) {
    const box = before.boxes.get(element.id) ?? (isFrame(element) ? before.gone.get(element.id) : undefined)
    gone.delete(element.id)
    if (box === undefined) fresh.push(element)
    else boxes.set(element.id, isFrame(element) ? box : { ...box, height: Math.min(box.height, heightOf(element)) })
  }
  const hosts = map.elements.filter(({ kind }) => kind === 'host')
  for (const element of map.elements) growDown(element, boxes, hosts)
  for (const element of fresh) {
    const height = heightOf(element)
    const remembered = before.gone.get(element.id)
    const again = remembered && { ...remembered, height }
    const host = hosts.find(({ id }) => id === element.parent)
    const room = host && roomOf(host, hosts, boxes)
    const fits = again && isFree(again, element, boxes, map.elements) && again.y + height <= (room?.bottom ?? Infinity)
    boxes.set(
      element.id,
      fits ? again : room ? placeInHost(element, room, boxes, map) : placeOutside(height, boxes, map, hosts),
    )
  }
  for (const host of hosts) {
    const inside = map.elements.filter(({ parent }) => parent === host.id)
    boxes.set(host.id, frameOf(inside, boxes, boxes.get(host.id)!))
  }
  return measured(boxes, gone)
}

/** Left edge, and from where to where things of a host may stand without another host having to move. */
function roomOf(host: MapElement, hosts: readonly MapElement[], boxes: ReadonlyMap<string, Box>) {
  const { x, y, height } = boxes.get(host.id)!
  const next = Math.min(...hosts.map(({ id }) => boxes.get(id)!.y).filter((other) => other > y))
  const inHost = y + height - hostPad
  const most = y + hostHead + mostRows * rowHeight
  return { x, top: y + hostHead, bottom: Number.isFinite(next) ? inHost : Math.max(inHost, most) }
}

/** The free place nearest to what it is tied to: in its own column, else in one further to the right, which there always is. */
function placeInHost(
  element: MapElement,
  room: { x: number; top: number; bottom: number },
  boxes: ReadonlyMap<string, Box>,
  map: NetworkMap,
): Box {
  const height = heightOf(element)
  // Ends of veths that are about to move into a container stand there for a moment: not in the way of others.
  const isLoose =
    element.kind === 'interface' && map.ties.every(({ from, to }) => from !== element.id && to !== element.id)
  const first = isLoose ? room.bottom - height / 2 : room.top + height / 2
  const wanted = (meanOfTied(element.id, map.ties, boxes) ?? first) - height / 2
  const standing = [...boxes].filter(([id]) =>
    map.elements.some((one) => one.id === id && one.parent === element.parent),
  )
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
    // A column of its own, and still no room: it is taller than the host.
    if (inColumn.length === 0) return { x, y: room.top, width: boxWidth, height }
  }
}

/** Beside the other services, above the hosts. */
function placeOutside(
  height: number,
  boxes: ReadonlyMap<string, Box>,
  map: NetworkMap,
  hosts: readonly MapElement[],
): Box {
  const lans = map.elements.filter(({ kind }) => kind === 'lan').length
  const frames = hosts.map(({ id }) => boxes.get(id)).filter((box) => box !== undefined)
  const others = [...boxes.values()].filter((box) => !frames.includes(box))
  for (let x = lans * lanStep + boxWidth; ; x += boxWidth + 20) {
    const box = { x, y: 0, width: boxWidth, height }
    if (others.every((other) => !overlaps(box, other, 10))) return box
  }
}

/** More notes than before: where there is room below it, it takes that. */
function growDown(element: MapElement, boxes: Map<string, Box>, hosts: readonly MapElement[]): void {
  const box = boxes.get(element.id)
  if (box === undefined || isFrame(element) || heightOf(element) <= box.height) return
  const grown = { ...box, height: heightOf(element) }
  const host = hosts.find(({ id }) => id === element.parent)
  if (host !== undefined && grown.y + grown.height > roomOf(host, hosts, boxes).bottom) return
  const frames = new Set(hosts.map(({ id }) => id))
  const free = [...boxes].every(([id, other]) => id === element.id || frames.has(id) || !overlaps(grown, other, 3))
  if (free) boxes.set(element.id, grown)
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
    return standing === undefined || isFrame(other) || !overlaps(box, standing, 3)
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
  const hosts = new Set(map.elements.filter(({ kind }) => kind === 'host').map(({ id }) => id))
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
