import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { loadLab } from '../../server/lab/read-lab.js'
import type { Reading } from '../../server/lab/reading.js'
import { replaceLab } from '../../server/lab/replace-lab.js'
import { watchLab } from '../../server/lab/watch-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { Preview } from '../../server/web/preview.js'
import { change, copyOfDesk, desk } from './desk.js'

it('reads a lab now and whenever a file has changed, also one that can not be used', { timeout: 60_000 }, async () => {
  const folder = copyOfDesk()
  const readings: Reading[] = []
  const errors: unknown[] = []
  const end = await watchLab(
    folder,
    { images: ['nginx'], bundled: fromPackage('labs') },
    {
      onReading: (reading) => readings.push(reading),
      onError: (error) => errors.push(error),
    },
  )
  onTestFinished(end)
  expect(readings.map(({ lab, problems }) => [lab?.id, problems.length])).toEqual([['desk', 0]])
  const next = async (make: () => void) => {
    const before = readings.length
    make()
    await vi.waitFor(() => expect(readings.length).toBeGreaterThan(before), { timeout: 20_000 })
    return readings.at(-1)!
  }
  const broken = await next(() => change(folder, 'lab.yaml', ['steps:', 'stops:']))
  expect(broken.lab).toBeUndefined()
  expect(broken.problems.map(({ what }) => what).join()).toContain('unknown key "stops"')
  expect((await next(() => change(folder, 'lab.yaml', ['stops:', 'steps:']))).lab?.id).toBe('desk')
  // As editors save: another file in its place.
  const saved = await next(() => {
    writeFileSync(join(folder, '.en.md.swp'), 'x')
    writeFileSync(join(folder, 'en.new'), '## Other {#nothing}\n')
    renameSync(join(folder, 'en.new'), join(folder, 'en.md'))
  })
  expect(saved.problems.map(({ what }) => what).join()).toContain('there is no step "nothing"')
  const gone = await next(() => rmSync(join(folder, 'lab.yaml')))
  expect(gone.problems.map(({ what }) => what)).toEqual(['is missing'])
  expect(errors).toEqual([])
})

it('a lab comes through JSON as it is, so that a process that can not read its files can have it', async () => {
  const names = readdirSync(fromPackage('labs'), { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && entry.name !== 'images',
  )
  for (const folder of [desk, ...names.map(({ name }) => fromPackage(join('labs', name)))]) {
    const lab = await loadLab(folder)
    expect(JSON.parse(JSON.stringify(lab))).toEqual(lab)
  }
})

it('the preview puts what can be used in the place of the lab, and tells what is wrong with the rest', async () => {
  const lab = await loadLab(desk)
  const put = vi.fn()
  const preview = new Preview({ put }, 'desk')
  const told: unknown[] = []
  const end = preview.follow((view) => told.push(view))
  expect(told).toEqual([])
  preview.read({ lab, problems: [] })
  expect(put).toHaveBeenCalledWith(lab)
  expect(told[0]).toMatchObject({
    lab: 'desk',
    reading: 1,
    broken: false,
    steps: [
      { id: 'read', checks: [{ family: 'choice' }, { family: 'choice' }, { family: 'number' }, { family: 'pattern' }] },
      {
        id: 'build',
        mistakes: [
          { name: 'left-alone', check: 1 },
          { name: 'shut-in', check: 0 },
        ],
      },
      {},
      {},
      { id: 'foresee', checks: [{ family: 'prediction' }] },
    ],
  })
  const problem = { file: 'desk/lab.yaml', line: 3, what: 'is wrong', cure: 'Mend it.' }
  preview.read({ problems: [problem] })
  expect(told[1]).toMatchObject({
    reading: 2,
    broken: true,
    begun: true,
    findings: [problem],
    steps: [{}, {}, {}, {}, {}],
  })
  expect(put).toHaveBeenCalledTimes(1)
  end()
  preview.read({ lab, problems: [] })
  expect(told).toHaveLength(2)
})

it('whoever holds a lab has the newer one when it was replaced', async () => {
  const folder = copyOfDesk()
  writeFileSync(join(folder, 'setup.sh'), 'true\n')
  const held = await loadLab(folder)
  rmSync(join(folder, 'setup.sh'))
  change(folder, 'en.md', ['Two files lie', 'Some files lie'])
  const next = await loadLab(folder)
  replaceLab(held, next)
  expect(held).toEqual(next)
  expect('setup' in held).toBe(false)
})
