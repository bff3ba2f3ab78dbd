import { expect, it } from 'vitest'
import { OpeningStages } from '../../../server/session/life/opening.js'

it('goes from stage to stage', () => {
  let changes = 0
  const stages = new OpeningStages({ setup: false, replay: true }, () => {
    changes++
  })
  const states = () => stages.view.map(({ name, state }) => `${name} ${state}`)
  expect(states()).toEqual(['hosts running', 'network waiting', 'engines waiting', 'replay waiting'])
  for (const stage of ['hosts', 'network', 'engines'] as const) stages.onProgress({ stage, elapsedMs: 1 })
  stages.done('setup')
  stages.done('hosts')
  expect(states()).toEqual(['hosts done', 'network done', 'engines done', 'replay running'])
  expect(stages.view[0]!.tookMs).toBeGreaterThanOrEqual(0)
  expect(changes).toBe(3)
})
