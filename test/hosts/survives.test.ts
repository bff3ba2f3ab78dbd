import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Lab } from '../../server/lab/lab.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { LabRack } from '../../server/labrack/lab-rack.js'
import { fromPackage } from '../../server/package-root.js'
import { LocalRacks } from '../../server/rack/local-racks.js'
import { runTrials } from '../../server/trial/run-trials.js'
import { checksCanFail, type TrialReport, trialsOf } from '../../server/trial/test-lab.js'
import { testState as state } from './state.js'

let racks: LocalRacks
let lab: Lab
beforeAll(async () => {
  racks = await LocalRacks.start(state)
  lab = await loadLab(fromPackage('test/lab/keeper'))
})
afterAll(() => racks?.closeAll())

it('a container without --restart fails, one with it passes, and so does one that Docker leaves alone', async () => {
  const reports: TrialReport[] = []
  const queue = trialsOf(lab).map((trial) => ({ lab, trial, onReport: (report: TrialReport) => reports.push(report) }))
  await runTrials(racks, queue, 1, new AbortController().signal)
  expect(reports.flatMap(({ name, problems }) => problems.map((problem) => `${name}: ${problem}`))).toEqual([])
  expect(reports.map(({ name }) => name)).toEqual(['page en, zh', 'alternative live', 'mistake not-kept'])
  expect(checksCanFail(lab, reports).problems).toEqual([])
}, 300_000)

it('the Engine is restarted from outside, whatever `systemctl` of the host does, and is another process then', async () => {
  const rack = await LabRack.open(racks, lab)
  const { id } = rack.info
  try {
    const run = async (text: string) => (await racks.exec(id, 'node1', ['sh', '-c', text])).stdout.trim()
    await run('printf "#!/bin/sh\\nexit 0\\n" > /usr/local/sbin/systemctl')
    const before = await run('pgrep -o -x dockerd')
    await run('docker run -d --name short alpine sleep infinity')
    await racks.restartEngine(id, 'node1')
    expect(await run('pgrep -o -x dockerd')).not.toBe(before)
    expect(await run('docker ps -a --format "{{.Names}} {{.State}}"')).toBe('short exited')
    expect(await run('docker info --format "{{.ServerVersion}}"')).toMatch(/^\d/)
    // One that was stopped on purpose is not started behind the learner's back.
    await expect(racks.restartEngine(id, 'laptop')).rejects.toMatchObject({ code: 'host.no-engine' })
    await run('touch /run/docker.stopped; pkill -x dockerd; while pgrep -x dockerd; do sleep 0.1; done')
    await expect(racks.restartEngine(id, 'node1')).rejects.toMatchObject({ code: 'host.unreachable' })
  } finally {
    await rack.close()
  }
}, 120_000)
