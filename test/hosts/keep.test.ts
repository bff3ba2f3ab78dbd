import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { RackdClient } from '../../server/node/rackd-client.js'
import { stopRackd } from '../../server/node/start-rackd.js'
import { fromPackage } from '../../server/package-root.js'
import { guideFiles, writeLab } from '../lab/guide.js'
import { RackdProcess } from './rackd-process.js'
import { testState as state } from './state.js'

const racks = new RackdClient(state.rackdSocket)
let folder: string | undefined
let rackd: RackdProcess | undefined
afterEach(async () => {
  for (const { id } of await racks.list().catch(() => [])) await racks.close(id)
  await racks.disconnect()
  await rackd?.end('SIGTERM')
  await stopRackd(state)
  if (folder) rmSync(dirname(folder), { recursive: true })
  folder = rackd = undefined
})

const vethlab = (...args: string[]) =>
  spawnSync(process.execPath, [fromPackage('dist/main.js'), ...args], {
    encoding: 'utf8',
    env: { ...process.env, VETHLAB_STATE: state.root },
  })

/** The guide's lab with its pages alone; those named make a network that is not what their step asks for. */
function labBrokenIn(...pages: string[]): string {
  const files = Object.fromEntries(Object.entries(guideFiles()).filter(([name]) => !name.includes('/')))
  for (const page of pages) {
    // The pages differ then in either case: each is a trial of its own.
    files[page] = files[page]!.replace('create --internal vault', `create --label page=${page} vault`)
  }
  folder = writeLab(files)
  return folder
}

it("of two failed trials the first one's rack stays, is entered, outlives a sweep, and is closed", async () => {
  const { status, stderr } = vethlab('test', labBrokenIn('en.md', 'zh.md'), '--keep')
  expect(status).toBe(1)
  const [, rack] = /^ {2}VETHLAB_STATE=\S+ vethlab rack shell (r[0-9a-f]{8}) node1$/m.exec(stderr) ?? []
  expect(stderr).toContain(`kept rack ${rack} of internal, page en, as it was`)
  expect(stderr).toContain(`vethlab rack close ${rack}`)

  expect(vethlab('sweep').status).toBe(0)
  expect((await racks.list()).map(({ id, label }) => [id, label])).toEqual([[rack, 'internal']])
  const label = ['docker', 'network', 'inspect', '--format', '{{.Labels.page}}', 'vault']
  expect(await racks.exec(rack!, 'node1', label)).toMatchObject({ stdout: 'en.md\n' })
  // Also by the next rackd, which finds it on disk alone.
  await racks.disconnect()
  expect(await stopRackd(state)).toBe(true)
  rackd = await RackdProcess.start(state, '--pool-docker', '0', '--pool-plain', '0')
  expect(await racks.exec(rack!, 'node1', label)).toMatchObject({ stdout: 'en.md\n' })
  expect(vethlab('rack', 'close', rack!)).toMatchObject({ status: 0, stderr: '' })
  expect(await racks.list()).toEqual([])
})

it('a rackd that runs already takes it; racks of trials that pass are closed', async () => {
  rackd = await RackdProcess.start(state, '--pool-docker', '0', '--pool-plain', '0')
  const other = await racks.open({ hosts: { laptop: 'plain' } })
  const { stderr } = vethlab('test', labBrokenIn('zh.md'), '--keep')
  expect(stderr).toMatch(/^ok internal, page en /m)
  const [, rack] = /^kept rack (r[0-9a-f]{8}) of internal, page zh,/m.exec(stderr) ?? []
  expect((await racks.list()).map(({ id }) => id)).toEqual([other.id, rack])
  expect(vethlab('rack', 'exec', rack!, 'node1', 'true')).toMatchObject({ status: 0 })
})
