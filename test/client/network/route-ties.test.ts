import { describe, expect, it } from 'vitest'
import { layOut } from '../../../client/network/map/lay-out.js'
import { type Route, routeTies } from '../../../client/network/map/route-ties.js'
import { drawMap } from '../../../server/map/draw-map.js'
import { networkState } from '../../../server/network/assemble.js'
import { fixture, rackShape } from '../../network/fixtures.js'
import { sampleMap } from './sample-map.js'

/** Points on a path of moves, curves and straight lines. */
function points(route: Route): { x: number; y: number }[] {
  const found: { x: number; y: number }[] = []
  let at = { x: 0, y: 0 }
  for (const [, kind, rest] of route.path.matchAll(/([MHVCQ])([^MHVCQ]*)/g)) {
    const n = rest!.trim().split(/[ ,]+/).map(Number)
    const to =
      kind === 'H' ? { x: n[0]!, y: at.y } : kind === 'V' ? { x: at.x, y: n[0]! } : { x: n.at(-2)!, y: n.at(-1)! }
    if (kind === 'H' || kind === 'V')
      for (let t = 0; t <= 1; t += 0.05) found.push({ x: at.x + (to.x - at.x) * t, y: at.y + (to.y - at.y) * t })
    at = to
  }
  return found
}

describe('routeTies', () => {
  const map = drawMap(networkState([fixture('node1'), fixture('node2'), fixture('laptop')], rackShape()))

  it('finds a way for each tie', () => {
    const routes = routeTies(map, layOut(map))
    expect([...routes.keys()].toSorted()).toEqual(map.ties.map(({ id }) => id).toSorted())
    for (const { path } of routes.values()) expect(path).not.toMatch(/NaN|undefined|Infinity/)
  })

  it('leads past what is between', () => {
    const crowded = sampleMap(2, 20)
    const layout = layOut(crowded)
    const routes = routeTies(crowded, layout)
    for (const tie of crowded.ties.filter(({ kind }) => kind === 'veth')) {
      for (const other of crowded.elements) {
        if (other.kind === 'host' || other.id === tie.from || other.id === tie.to) continue
        const box = layout.boxes.get(other.id)!
        const hit = points(routes.get(tie.id)!).some(
          ({ x, y }) => x > box.x && x < box.x + box.width && y > box.y && y < box.y + box.height,
        )
        expect(hit, `${tie.id} through ${other.id}`).toBe(false)
      }
    }
  })

  it('has no two ties of a bridge end at the same place', () => {
    const map = sampleMap(1, 5)
    const ends = [...routeTies(map, layOut(map)).values()].map(({ from }) => `${from.x} ${from.y}`)
    expect(new Set(ends).size).toBe(ends.length)
  })
})
