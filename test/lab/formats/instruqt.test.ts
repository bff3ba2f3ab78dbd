import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { drafted, said } from './package.js'

it('makes steps of challenges, with their scripts', async () => {
  const draft = await drafted({
    'track.yml': 'slug: a\ntitle: A track\nteaser: |\n  Of <b>it</b>.\ntimelimit: 3600\nlevel: intermediate\n',
    'config.yml':
      'version: "3"\nvirtualmachines:\n- name: rhel\n  image: rhel-9\n- name: server_2\nsecrets:\n- name: KEY\n',
    'track_scripts/setup-rhel': '#!/bin/bash\nagent variable set A 1\n',
    '02-second/assignment.md': '---\nslug: second\ntitle: Second\n---\nText\n',
    '01-first/assignment.md':
      '---\nslug: first\ntype: challenge\ntitle: First\ntabs:\n- type: terminal\n  hostname: rhel\n---\n## Part\n\n```bash,run\nip a\n```\n\n[button label="Go"](tab-1) [[ Instruqt-Var key="K" hostname="rhel" ]]\n> [!NOTE]\n> careful\n',
    '01-first/check-rhel*': '#!/bin/bash\ntest -e /x || fail-message "no x"\n',
    '01-first/solve-rhel*': '#!/bin/bash\nfalse\ntouch /x\n',
    '02-second/solve-rhel': '#!/bin/bash -eu\ntouch /y\n',
  })
  expect(draft).toMatchObject({
    title: 'A track',
    summary: 'Of **it**.',
    minutes: 60,
    level: 'intermediate',
    rack: { hosts: { rhel: 'docker', 'server-2': 'docker' } },
    steps: [
      { heading: 'First', verify: { host: 'rhel', passes: 'exit' }, solution: [{ host: 'rhel' }] },
      { heading: 'Second', markdown: 'Text', solution: [{ text: expect.not.stringContaining('set +e') }] },
    ],
  })
  expect(draft.steps[0]!.markdown).toBe('### Part\n\n```bash run\nip a\n```\n\nGo `K`\n> **Note**\n> careful')
  // Its first command fails, as it may there: the block goes on, though it is run by a shell that would stop.
  const { text } = draft.steps[0]!.solution[0]!
  const run = spawnSync('bash', ['-e', '-o', 'pipefail', '-c', text.replace('touch /x', 'echo went on')])
  expect([run.status, `${run.stdout}`]).toEqual([0, 'went on\n'])
  expect(draft.setup.rhel).toContain('agent variable set A 1')
  expect(said(draft)).toContainEqual(expect.stringContaining('1 secret'))
})
