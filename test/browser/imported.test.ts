import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Lab } from '../../server/lab/lab.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { made } from '../lab/formats/package.js'
import { LabPage } from './lab-page.js'
import { accessibilityProblems, Site } from './site.js'

/** Labs that were made elsewhere: imported as people type it, and worked through from the catalogue to the finish. */

const packages = {
  scenario: {
    'index.json': JSON.stringify({
      title: 'A shop on a network of its own',
      description: 'Two containers that find each other.',
      details: {
        intro: { text: 'intro.md', background: 'prepare.sh' },
        steps: [
          { title: 'The network', text: 'network.md', verify: 'network.sh' },
          { title: 'What was made', text: 'read.md' },
        ],
        finish: { text: 'finish.md' },
        assets: { host01: [{ file: 'greet.sh', target: '/usr/local/bin', chmod: '+x' }] },
      },
      backend: { imageid: 'ubuntu' },
    }),
    'intro.md': 'A shop, and somebody who asks it.',
    'prepare.sh': '#!/bin/bash\ndocker run -d --name shop nginx\n',
    'network.md':
      'Make it, and join the shop:\n\n```\ndocker network create market\ndocker network connect market shop\n```{{exec}}\n\nThen ask: `docker run --rm --network market busybox wget -qO- shop`{{exec}}',
    'network.sh': '#!/bin/bash\ndocker network inspect market | grep -q \'"shop"\'\n',
    'read.md': '`greet.sh`{{exec}}',
    'finish.md': 'Well done.',
    'assets/greet.sh': '#!/bin/sh\necho a-file-that-came-along\n',
  },
  routed: {
    'lab.conf':
      'LAB_NAME="Two segments and a router"\npc1[0]=A\nr1[0]=A\nr1[1]=B\nr1[sysctl]="net.ipv4.ip_forward=1"\npc2[0]=B\n',
    'pc1.startup': 'ip address add 10.0.1.2/24 dev eth0\nip route add default via 10.0.1.1\n',
    'r1.startup': 'ip address add 10.0.1.1/24 dev eth0\nip address add 10.0.2.1/24 dev eth1\n',
    'pc2.startup': 'ip address add 10.0.2.2/24 dev eth0\nip route add default via 10.0.2.1\n',
  },
  linked: {
    'linked.clab.yml': `name: linked
topology:
  defaults: {kind: linux, image: "alpine:3"}
  nodes:
    left: {exec: ["ip addr add 10.7.0.1/24 dev eth1"]}
    right: {exec: ["ip addr add 10.7.0.2/24 dev eth1"]}
  links:
    - endpoints: ["left:eth1", "right:eth1"]
`,
  },
}

let folder: string
let site: Site
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vethlab-imported-'))
  chmodSync(folder, 0o755)
  const from = Object.entries(packages).map(([name, files]) => made(files, name))
  execFileSync(process.execPath, [fromPackage('dist/main.js'), 'import', ...from, '--to', folder])
  site = await Site.open(['--labs', folder])
})
afterAll(async () => {
  await site?.[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

async function begin(id: keyof typeof packages): Promise<LabPage> {
  const lab = await loadLab(join(folder, id))
  return LabPage.fromCatalogue(await site.visit(), lab, site.racks)
}

/** All of its steps; those without a check are read. */
async function workThrough(learner: LabPage, { steps }: Lab): Promise<void> {
  for (const step of steps) {
    await learner.doStep(step)
    if (step.checks.length === 0) await learner.panel(step).getByRole('button', { name: 'I have read it' }).click()
    await learner.expectPassed(step)
  }
  await learner.expectFinished()
  expect(await accessibilityProblems(learner.page)).toEqual([])
  expect(site.complaints).toEqual([])
  await learner.page.context().close()
}

it('a scenario of Killercoda: its set-up, its blocks, its verification and its files', async () => {
  const learner = await begin('scenario')
  const [first] = learner.lab.steps
  const check = learner.panel(first!)
  await check.getByRole('button', { name: 'Check', exact: true }).click()
  await check.getByText('it ended with 1').waitFor()
  await workThrough(learner, learner.lab)
})

it('a lab of Kathará: its hosts, segments and addresses', async () => {
  const learner = await begin('routed')
  await learner.toHost('pc1')
  await learner.type('ping -c 2 -W 5 10.0.2.2')
  await learner.screen.getByText('2 received').waitFor()
  await workThrough(learner, learner.lab)
})

it('a topology of containerlab: its nodes and links', async () => {
  const learner = await begin('linked')
  await learner.toHost('left')
  await learner.type('ping -c 2 -W 5 10.7.0.2')
  await learner.screen.getByText('2 received').waitFor()
  await workThrough(learner, learner.lab)
})
