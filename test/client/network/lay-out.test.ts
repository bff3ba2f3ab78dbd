import { describe, expect, it } from 'vitest'
import { layOut } from '../../../client/network/map/lay-out.js'
import { type Layout, overlaps } from '../../../client/network/map/layout.js'
import type { NetworkMap } from '../../../server/protocol/protocol.js'
import { moved } from './measure-picture.js'
import { element, sampleMap, tie, withMore, without } from './sample-map.js'

/** Everything has a place, in its host's frame and in nobody else's. */
function expectTidy(map: NetworkMap, layout: Layout): void {
  expect([...layout.boxes.keys()].toSorted()).toEqual(map.elements.map(({ id }) => id).toSorted())
  for (const [at, one] of map.elements.entries()) {
    const box = layout.boxes.get(one.id)!
    expect(box.x + box.width).toBeLessThanOrEqual(layout.width)
    expect(box.y + box.height).toBeLessThanOrEqual(layout.height)
    if (one.parent !== undefined) {
      const frame = layout.boxes.get(one.parent)!
      expect(box.x >= frame.x && box.y >= frame.y, `${one.id} in its host`).toBe(true)
      expect(box.x + box.width <= frame.x + frame.width, `${one.id} in its host`).toBe(true)
      expect(box.y + box.height <= frame.y + frame.height, `${one.id} in its host`).toBe(true)
    }
    for (const other of map.elements.slice(at + 1)) {
      if (other.parent === one.id || one.parent === other.id) continue
      expect(overlaps(box, layout.boxes.get(other.id)!), `${one.id} over ${other.id}`).toBe(false)
    }
  }
}

/** All that is in both stands where it stood, as seen from the corner of its host. */
function expectSteady(map: NetworkMap, before: Layout, after: Layout): void {
  const inHosts = map.elements.filter(({ parent }) => parent !== undefined)
  expect(moved({ ...map, elements: inHosts }, before, after)).toEqual({ both: expect.any(Number), elsewhere: [] })
}

const container = (host: string, name: string) =>
  element(`${host}/container:${name}`, 'container', { parent: `host:${host}`, notes: ['172.18.0.9'] })

describe('layOut', () => {
  it.each([
    [1, 0],
    [1, 3],
    [2, 20],
    [3, 8],
    [8, 2],
  ])('%i hosts with %i containers each: nothing on top of anything', (hosts, containers) => {
    const map = sampleMap(hosts, containers)
    expectTidy(map, layOut(map))
  })

  it('leaves everything where it is as one container comes and goes', () => {
    const map = without(sampleMap(1, 3), 'node1/port:8080')
    const first = layOut(map)
    const more = withMore(map, [container('node1', 'new')], [tie('node1/bridge:br-1', 'node1/container:new')])
    const second = layOut(more, first)
    expectTidy(more, second)
    expectSteady(more, first, second)
    const third = layOut(map, second)
    expectTidy(map, third)
    expectSteady(map, second, third)
    // And comes back to its place.
    expect(layOut(more, third).boxes.get('node1/container:new')).toEqual(second.boxes.get('node1/container:new'))
  })

  it('closes no gap, and fills it with what is new', () => {
    const map = sampleMap(1, 3)
    const first = layOut(map)
    const less = without(map, 'node1/container:c2')
    const second = layOut(less, first)
    expectSteady(less, first, second)
    const other = withMore(less, [container('node1', 'other')], [tie('node1/bridge:br-1', 'node1/container:other')])
    expect(layOut(other, second).boxes.get('node1/container:other')).toMatchObject({
      x: first.boxes.get('node1/container:c2')!.x,
      y: first.boxes.get('node1/container:c2')!.y,
    })
  })

  it('grows a host that is full, and moves the next one as a whole, until another column is better', () => {
    let map = sampleMap(2, 2)
    let layout = layOut(map)
    for (let n = 0; n < 18; n++) {
      map = withMore(map, [container('node1', `n${n}`)], [tie('node1/bridge:br-1', `node1/container:n${n}`)])
      const next = layOut(map, layout)
      expectTidy(map, next)
      const inNext = { ...map, elements: map.elements.filter(({ parent }) => parent === 'host:node2') }
      expectSteady(inNext, layout, next)
      if (map.elements.filter(({ kind, parent }) => kind === 'container' && parent === 'host:node1').length <= 7) {
        const containers = map.elements.filter(({ kind }) => kind === 'container')
        expect(moved({ ...map, elements: containers }, layout, next).elsewhere.length).toBeLessThanOrEqual(1)
      }
      layout = next
    }
    expect(layout.boxes.get('host:node1')!.width).toBeGreaterThan(layout.boxes.get('host:node2')!.width)
  })

  it('finds places for bridges, ports, tunnels and services that come later', () => {
    let map = sampleMap(2, 3)
    let layout = layOut(map)
    const add = (next: NetworkMap) => {
      const now = layOut(next, layout)
      expectTidy(next, now)
      const { both, elsewhere } = moved(next, layout, now)
      expect(elsewhere.length / both).toBeLessThanOrEqual(0.5)
      map = next
      layout = now
    }
    for (let n = 0; n < 6; n++) {
      const parent = 'host:node1'
      add(
        withMore(map, [
          element(`node1/bridge:b${n}`, 'bridge', { parent, notes: ['a', 'b'] }),
          element(`node1/port:${n}`, 'port', { parent }),
          element(`node1/vxlan:v${n}`, 'vxlan', { parent, notes: ['vni 4096'] }),
          element(`service:s${n}`, 'service', { notes: ['2 replicas', '10.0.0.2'] }),
        ]),
      )
    }
  })

  it('gives more notes more room where there is some, and moves nothing', () => {
    const map = sampleMap(1, 1)
    const first = layOut(map)
    const longer = {
      ...map,
      elements: map.elements.map((one) => (one.kind === 'container' ? { ...one, notes: ['a', 'b', 'c'] } : one)),
    }
    const second = layOut(longer, first)
    expectTidy(longer, second)
    expectSteady(longer, first, second)
    expect(second.boxes.get('node1/container:c1')!.height).toBeGreaterThan(
      first.boxes.get('node1/container:c1')!.height,
    )
  })

  it('starts again with other hosts', () => {
    const layout = layOut(sampleMap(2, 3), layOut(sampleMap(1, 3)))
    expect(layout).toEqual(layOut(sampleMap(2, 3)))
  })

  it('stands things that belong together beside each other', () => {
    const map = sampleMap(1, 4)
    const { boxes } = layOut(map)
    const bridge = boxes.get('node1/bridge:br-1')!
    const containers = [1, 2, 3, 4].map((n) => boxes.get(`node1/container:c${n}`)!)
    expect(bridge.y).toBeGreaterThan(Math.min(...containers.map(({ y }) => y)))
    expect(bridge.y).toBeLessThan(Math.max(...containers.map(({ y }) => y)))
    expect(containers.every(({ x }) => x > bridge.x + bridge.width)).toBe(true)
  })
})
