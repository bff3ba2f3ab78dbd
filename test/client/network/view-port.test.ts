import { expect, it } from 'vitest'
import { fitting, holds, misses, readable, showing, zoomed } from '../../../client/network/map/view-port.js'

const window = { width: 400, height: 300 }

it('fits a large network and a small one', () => {
  for (const content of [
    { width: 2000, height: 500 },
    { width: 300, height: 1800 },
    { width: 100, height: 50 },
  ]) {
    const view = fitting(content, window)
    expect(holds(view, content, window)).toBe(true)
    expect(view.k).toBeLessThanOrEqual(1.15)
  }
})

it('opens with letters that can be read: a large network in part, from its beginning, or where one was', () => {
  const large = { width: 2000, height: 200 }
  const first = readable(large, window)
  expect(first.k * 12).toBeGreaterThanOrEqual(11)
  expect(first.x).toBeGreaterThan(0)
  expect(first.y + (first.k * 200) / 2).toBeCloseTo(150)
  // A panel opens and closes: what was seen is still seen, and nothing is cut off at the end.
  expect(readable(large, { width: 300, height: 300 }, { ...first, x: -700 }).x).toBe(-700)
  const end = readable(large, window, { ...first, x: -9000 })
  expect(end.x + end.k * 2000).toBeCloseTo(400 - 8)
  const small = { width: 300, height: 200 }
  expect(holds(readable(small, window, { x: -500, y: -500, k: 3 }), small, window)).toBe(true)
})

it('knows when nothing is seen', () => {
  expect(misses({ x: -500, y: 0, k: 1 }, { width: 400, height: 300 }, window)).toBe(true)
  expect(misses({ x: -390, y: 0, k: 1 }, { width: 400, height: 300 }, window)).toBe(false)
})

it('zooms around a point, within bounds', () => {
  const view = { x: 10, y: 20, k: 1 }
  const at = { x: 110, y: 120 }
  const larger = zoomed(view, 2, at)
  expect((at.x - larger.x) / larger.k).toBe(100)
  expect((at.y - larger.y) / larger.k).toBe(100)
  expect(zoomed(view, 1000, at).k).toBe(3)
  expect(zoomed(view, 0, at).k).toBeGreaterThan(0.1)
})

it('moves no further than needed to show something', () => {
  const view = { x: 0, y: 0, k: 1 }
  const box = { x: 50, y: 50, width: 100, height: 40 }
  expect(showing(view, box, window)).toEqual(view)
  const right = showing(view, { ...box, x: 500 }, window)
  expect(right.x + 500 + 100).toBe(400 - 8)
  expect(right.y).toBe(0)
  expect(showing(view, { ...box, y: -70 }, window).y).toBe(78)
})
