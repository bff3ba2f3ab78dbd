import { afterAll, beforeAll, expect, it } from 'vitest'
import { LocalRacks } from '../../server/rack/local-racks.js'
import { testState } from './state.js'
import { tutorialLists } from './tutorials/lists.js'
import { TutorialRun } from './tutorials/run.js'

/** What people bring: each list in a rack of its own. A line of which nothing else is written down works. */

let racks: LocalRacks
beforeAll(async () => {
  racks = await LocalRacks.start(testState)
})
afterAll(async () => {
  await racks?.closeAll()
})

it.concurrent.each(tutorialLists())('$name', { timeout: 900_000 }, async ({ lines, known }) => {
  const wrong = []
  const rack = await racks.open({
    hosts: { controlplane: 'docker', node01: 'docker' },
    lans: {
      lan: { subnet: '192.168.100.0/24', at: { controlplane: '.11', node01: '.12' } },
      // With a second one, a swarm has to be told which to use.
      ...(lines.some((line) => line.includes('eth1'))
        ? { back: { subnet: '192.168.101.0/24', at: { controlplane: '.11', node01: '.12' } } }
        : {}),
    },
    ssh: true,
  })
  try {
    const run = new TutorialRun(racks, rack.id)
    for (const line of lines) {
      const { typed, works, said } = await run.type(line, { known: known[line] !== undefined })
      const reason = known[line]?.split(':')[0]
      if (reason !== 'kernel' && works === (reason !== undefined)) wrong.push(`${line}\n  ${typed}\n  ${said}`)
    }
  } finally {
    await racks.close(rack.id)
  }
  expect(wrong).toEqual([])
})
