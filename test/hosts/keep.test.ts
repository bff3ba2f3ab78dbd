import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { RackdClient } from '../../server/node/rackd-client.js'
import { stopRackd } from '../../server/node/start-rackd.js'
import { fromPackage } from '../../server/package-root.js'
import { writeLab } from '../lab/guide.js'
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

const lab = `
title: {en: A route, zh: 一条路由}
summary: {en: A route., zh: 一条路由。}
topic: bridge
order: 1
level: beginner
minutes: 5
rack:
  hosts: {laptop: plain}
  lans: {lan: {subnet: 192.168.1.0/24, at: {laptop: .50}}}
steps:
  - id: route
    checks:
      - route: {of: laptop, to: 10.20.0.0/16, via: 192.168.1.1}
        within: 1
        hint: {en: Add it., zh: 添加它。}
`

/** A lab that wants a route to 10.20.0.0/16, with what the page of each language adds: two trials. */
function labThatAdds(route: { en: string; zh: string }): string {
  const page = (text: string) => `${text}\n\n## ${text} {#route}\n\n${text}\n\n`
  const block = (to: string) => `\`\`\`bash run\nip route add ${to} via 192.168.1.1\n\`\`\`\n`
  const pages = { 'en.md': page('A route.') + block(route.en), 'zh.md': page('一条路由。') + block(route.zh) }
  folder = writeLab({ 'lab.yaml': lab, ...pages })
  return folder
}

it("of two failed trials the first one's rack stays, is entered, outlives a sweep, and is closed", async () => {
  const wrong: Record<string, string> = { en: '10.30.0.0/16', zh: '10.40.0.0/16' }
  const { status, stderr } = vethlab('test', labThatAdds({ en: wrong.en!, zh: wrong.zh! }), '--keep')
  expect(status).toBe(1)
  const [, rack] = /^ {2}VETHLAB_STATE=\S+ vethlab rack shell (r[0-9a-f]{8}) laptop$/m.exec(stderr) ?? []
  // Both are tried side by side: either may have failed first.
  const [, page = ''] = new RegExp(`^kept rack ${rack} of internal, page (en|zh), as it was`, 'm').exec(stderr) ?? []
  expect(stderr).toContain(`vethlab rack close ${rack}`)

  expect(vethlab('sweep').status).toBe(0)
  expect((await racks.list()).map(({ id, label }) => [id, label])).toEqual([[rack, 'internal']])
  const routes = ['ip', 'route', 'show', wrong[page]!]
  expect(await racks.exec(rack!, 'laptop', routes)).toMatchObject({
    stdout: expect.stringContaining('via 192.168.1.1'),
  })
  // Also by the next rackd, which finds it on disk alone.
  await racks.disconnect()
  expect(await stopRackd(state)).toBe(true)
  rackd = await RackdProcess.start(state, '--pool-docker', '0', '--pool-plain', '0')
  expect(await racks.exec(rack!, 'laptop', routes)).toMatchObject({
    stdout: expect.stringContaining('via 192.168.1.1'),
  })
  expect(vethlab('rack', 'close', rack!)).toMatchObject({ status: 0, stderr: '' })
  expect(await racks.list()).toEqual([])
})

it('a rackd that runs already takes it; racks of trials that pass are closed', async () => {
  rackd = await RackdProcess.start(state, '--pool-docker', '0', '--pool-plain', '0')
  const other = await racks.open({ hosts: { laptop: 'plain' } })
  const { stderr } = vethlab('test', labThatAdds({ en: '10.20.0.0/16', zh: '10.30.0.0/16' }), '--keep')
  expect(stderr).toMatch(/^ok internal, page en /m)
  const [, rack] = /^kept rack (r[0-9a-f]{8}) of internal, page zh,/m.exec(stderr) ?? []
  expect((await racks.list()).map(({ id }) => id)).toEqual([other.id, rack])
  expect(vethlab('rack', 'exec', rack!, 'laptop', 'true')).toMatchObject({ status: 0 })
})
