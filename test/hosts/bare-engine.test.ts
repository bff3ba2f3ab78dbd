import { expect, it } from 'vitest'
import { measureBareEngine } from '../../server/bench/bare-engine.js'
import { Cgroups } from '../../server/rack/cgroup.js'
import { requireGolden } from '../../server/rack/golden/golden.js'
import { ownProcess } from '../../server/rack/record.js'
import { Store } from '../../server/rack/store.js'
import { sweep } from '../../server/rack/sweep.js'
import { footprint } from './footprint.js'
import { testState as state } from './state.js'

it('answers while others sweep the state directory, and leaves nothing', async () => {
  const store = await Store.open(state)
  const ground = { state, store, cgroups: await Cgroups.open(state.mark), owner: ownProcess() }
  await sweep(ground, { all: true })
  const before = footprint(state)
  let measuring = true
  const sweeping = (async () => {
    while (measuring) await sweep(ground)
  })()
  try {
    const { readyMs, pssMiB } = await measureBareEngine(ground, (await requireGolden(store)).name, 0)
    expect(readyMs).toBeGreaterThan(0)
    expect(pssMiB).toBeGreaterThan(20)
  } finally {
    measuring = false
    await sweeping
  }
  expect({ ...footprint(state), staleQuotaGroups: before.staleQuotaGroups }).toEqual(before)
})
