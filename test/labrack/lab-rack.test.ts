import { join } from 'node:path'
import { expect, it } from 'vitest'
import { loadLab } from '../../server/lab/read-lab.js'
import { LabRack } from '../../server/labrack/lab-rack.js'
import { fromPackage } from '../../server/package-root.js'
import type { Racks } from '../../server/racks/racks.js'
import { rackShape } from '../network/fixtures.js'

const lab = await loadLab(fromPackage(join('labs', 'default-bridge')))
const block = { index: 0, host: 'node1', fails: false, text: 'docker exec client true', line: 1 }

/** A rack whose commands print what stands there, one after another. */
function rackThatPrints(...texts: string[]) {
  let runs = 0
  const racks = {
    exec: async () => ({ failed: false, timedOut: false, exitCode: 0, stdout: texts[runs++] ?? '', stderr: '' }),
  } as unknown as Racks
  return { rack: LabRack.attach(racks, lab, { id: 'r1', ...rackShape() } as never), runs: () => runs }
}

it('asks again for an answer that an Engine has lost on its way, twice at most', async () => {
  const lost = rackThatPrints('', '4321\n', '5555\n')
  expect(await lost.rack.run({ ...block, answer: 'guest' })).toBeUndefined()
  expect(lost.rack.answers).toEqual({ guest: '4321' })
  expect(lost.runs()).toBe(2)
  const silent = rackThatPrints()
  await silent.rack.run({ ...block, answer: 'guest' })
  expect(silent.rack.answers).toEqual({ guest: '' })
  expect(silent.runs()).toBe(3)
})

it('runs once what prints no answer', async () => {
  const plain = rackThatPrints()
  await plain.rack.run(block)
  expect(plain.runs()).toBe(1)
})
