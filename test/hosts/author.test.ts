import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Lab } from '../../server/lab/lab.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { LabRack } from '../../server/labrack/lab-rack.js'
import { LocalRacks } from '../../server/rack/local-racks.js'
import { grade } from '../../server/trial/grade.js'
import { runTrials } from '../../server/trial/run-trials.js'
import { readSubmission } from '../../server/trial/submission.js'
import { checksCanFail, type TrialReport, trialsOf } from '../../server/trial/test-lab.js'
import { desk } from '../lab/desk.js'
import { testState as state } from './state.js'

let racks: LocalRacks
let lab: Lab
let scratch: string
beforeAll(async () => {
  racks = await LocalRacks.start(state)
  lab = await loadLab(desk)
  scratch = mkdtempSync(join(tmpdir(), 'vethlab-author-'))
})
afterAll(async () => {
  await racks?.closeAll()
  if (scratch) rmSync(scratch, { recursive: true, force: true })
})

it('the lab that has everything is proved: its page, its page without what may be left out, and each mistake', async () => {
  const reports: TrialReport[] = []
  const queue = trialsOf(lab).map((trial) => ({ lab, trial, onReport: (report: TrialReport) => reports.push(report) }))
  await runTrials(racks, queue, 2, new AbortController().signal)
  expect(reports.flatMap(({ name, problems }) => problems.map((problem) => `${name}: ${problem}`))).toEqual([])
  expect(reports.map(({ name }) => name)).toContain('page without optional steps')
  expect(reports.map(({ name }) => name)).toContain('mistake flips')
  expect(checksCanFail(lab, reports).problems).toEqual([])
}, 300_000)

it('files are on their hosts from the beginning, and again after a reset', async () => {
  const rack = await LabRack.open(racks, lab)
  try {
    const seen = async () => {
      const look = 'stat -c "%n %a %U:%G %s" /root/desk/*; cat /root/desk/notes.txt'
      return (await racks.exec(rack.info.id, 'node1', ['sh', '-c', look])).stdout.split('\n')
    }
    const there = [
      '/root/desk/notes.txt 644 root:root 27',
      '/root/desk/secret 640 nobody:nogroup 18',
      'What the lab has put here.',
      '',
    ]
    expect(await seen()).toEqual(there)
    expect((await racks.exec(rack.info.id, 'laptop', ['hello'])).stdout).toBe('hello from the lab\n')
    await racks.exec(rack.info.id, 'node1', ['rm', '-r', '/root/desk'])
    await rack.reset('node1')
    expect(await seen()).toEqual(there)
  } finally {
    await rack.close()
  }
})

it('grades each check by its points, answers that a script prints, and nothing for what may be left out', async () => {
  const script = join(scratch, 'submission.sh')
  writeFileSync(
    script,
    `#!/bin/bash
docker network create shop
docker network create --internal vault
echo answer size: $(stat -c %s /root/desk/secret)
`,
  )
  chmodSync(script, 0o755)
  const result = await grade(racks, lab, await readSubmission(script, lab), {
    timeoutMs: 30_000,
    signal: new AbortController().signal,
    say: () => {},
  })
  expect(result).toMatchObject({
    state: 'failed',
    points: 2.5,
    of: 6,
    steps: [
      {
        id: 'read',
        points: 0,
        of: 1,
        checks: [
          {
            id: expect.any(String),
            state: 'failed',
            reason: 'choice.none',
            title: { zh: '谁可以读取文件 `secret`？' },
          },
          { state: 'failed' },
          { state: 'passed' },
          { state: 'failed', reason: 'pattern.none' },
        ],
      },
      {
        id: 'build',
        points: 0.5,
        of: 2,
        checks: [
          { points: 0.5, of: 0.5 },
          { points: 0, of: 1.5 },
        ],
      },
      { id: 'spare', state: 'failed', points: 0, of: 0, optional: true },
      { id: 'close', state: 'passed', points: 2, of: 2 },
      { id: 'foresee', state: 'failed', checks: [{ reason: 'prediction.none', title: { en: 'Who reaches whom?' } }] },
    ],
  })
})

it('grades a prediction that came in a file: as it is measured it passes, and what differs is told', async () => {
  const folder = join(scratch, 'foresees')
  mkdirSync(folder)
  const said = async (reaches: string) => {
    writeFileSync(join(folder, 'answers.yaml'), `reaches: |\n${reaches.replace(/^/gm, '  ')}\n`)
    const { steps } = await grade(racks, lab, await readSubmission(folder, lab), {
      timeoutMs: 30_000,
      signal: new AbortController().signal,
      say: () => {},
    })
    return steps.find(({ id }) => id === 'foresee')
  }
  writeFileSync(
    join(folder, 'node1.sh'),
    'docker network create shop\ndocker run -d --name web --network shop nginx\nuntil curl -s $(docker inspect -f "{{.NetworkSettings.Networks.shop.IPAddress}}" web); do sleep 0.2; done\n',
  )
  expect(await said('laptop: no no yes\nnode1: yes yes -')).toMatchObject({ state: 'passed', points: 1 })
  expect(await said('laptop: no yes yes\nnode1: yes yes -')).toMatchObject({
    state: 'failed',
    checks: [
      {
        reason: 'prediction.differs',
        observed: { en: '4 of 5 cells are as predicted' },
        why: { en: expect.stringMatching(/`laptop` → `web` \(ping\) was measured not to answer, since /) },
      },
    ],
  })
  expect(await said('laptop: no')).toMatchObject({ checks: [{ reason: 'prediction.unknown' }] })
}, 180_000)
