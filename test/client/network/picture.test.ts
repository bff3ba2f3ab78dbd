import { describe, expect, it } from 'vitest'
import { layOut } from '../../../client/network/map/lay-out.js'
import { captionBelow, type Layout, leastLetter, letters } from '../../../client/network/map/layout.js'
import { routeTies } from '../../../client/network/map/route-ties.js'
import { readable } from '../../../client/network/map/view-port.js'
import { drawMap } from '../../../server/map/draw-map.js'
import type { NetworkMap } from '../../../server/protocol/protocol.js'
import { labMoments, labsWithStates } from '../../map/lab-states.js'
import { changedMap } from './change-map.js'
import { behind, crossingPairs, measure, moved } from './measure-picture.js'

/** What a lab's page leaves for the map in a window of 1280x720, in CSS pixels. */
const pane = { width: 690, height: 270 }

/** The picture is in order; crossings are few against one that is laid out from nothing. */
function expectInOrder(map: NetworkMap, layout: Layout, where: string): void {
  expect(measure(map, layout), where).toEqual({ missing: [], overlaps: [], labels: [], columns: [], short: [] })
  const routes = routeTies(map, layout)
  expect(behind(map, layout, routes), where).toEqual([])
  const fresh = layOut(map)
  expect(crossingPairs(routes), `${where}: crossings`).toBeLessThanOrEqual(1.3 * crossingPairs(routeTies(map, fresh)))
  expect(readable(layout, pane).k * Math.min(...Object.values(letters)), where).toBeGreaterThanOrEqual(leastLetter)
}

describe.each(labsWithStates())('the map of lab %s', (id) => {
  const moments = labMoments(id).map(({ step, state }) => ({ step, map: drawMap(state) }))

  it('is in order at first and after each step', () => {
    let layout: Layout | undefined
    for (const { step, map } of moments) {
      layout = layOut(map, layout)
      expectInOrder(map, layout, `${id} ${step}`)
    }
  })

  it('leaves most of what did not change where it was', () => {
    let layout: Layout | undefined
    let [stayed, all] = [0, 0]
    for (const { map } of moments) {
      const next = layOut(map, layout)
      if (layout !== undefined) {
        const { both, elsewhere } = moved(map, layout, next)
        stayed += both - elsewhere.length
        all += both
      }
      layout = next
    }
    expect(stayed / all).toBeGreaterThanOrEqual(0.6)
  })

  it('says each sentence once, in both languages', () => {
    for (const { step, map } of moments) {
      for (const language of ['en', 'zh'] as const) {
        const said = [...map.elements, ...map.ties].map(({ sentence }) => sentence[language])
        expect(
          said.filter((one, at) => said.indexOf(one) !== at),
          `${id} ${step}`,
        ).toEqual([])
      }
    }
  })

  it('names a host for all that is in one', () => {
    for (const { map } of moments) {
      const hosts = map.elements.filter(({ kind }) => kind === 'host').map(({ label }) => `\`${label}\``)
      for (const { id, sentence, kind } of [...map.elements, ...map.ties]) {
        if (kind === 'lan' || kind === 'service') continue
        expect(
          hosts.some((host) => sentence.en.includes(host)),
          `${id}: ${sentence.en}`,
        ).toBe(true)
        expect(
          hosts.some((host) => sentence.zh.includes(host)),
          `${id}: ${sentence.zh}`,
        ).toBe(true)
      }
    }
  })
})

describe('200 changes by chance', () => {
  const begins = labsWithStates().flatMap((id) => {
    const last = labMoments(id).at(-1)
    return last === undefined ? [] : [drawMap(last.state)]
  })

  it('leave the picture in order, and most things where they were', () => {
    let [changes, stayed, all] = [0, 0, 0]
    for (let round = 0; changes < 200; round++) {
      let map = begins[round % begins.length]!
      let layout = layOut(map)
      for (let at = 0; at < 25 && changes < 200; at++, changes++) {
        map = changedMap(map, round * 1000 + at)
        const next = layOut(map, layout)
        expectInOrder(map, next, `change ${at} of round ${round}`)
        const { both, elsewhere } = moved(map, layout, next)
        stayed += both - elsewhere.length
        all += both
        layout = next
      }
    }
    expect(changes).toBe(200)
    expect(stayed / all).toBeGreaterThanOrEqual(0.6)
  }, 60_000)
})

it('gives long names a line of their own', () => {
  expect(captionBelow({ kind: 'container', label: 'web' })).toBe(false)
  expect(captionBelow({ kind: 'container', label: 'orders-database' })).toBe(true)
})
