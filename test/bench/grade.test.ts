import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { gradedLab, reference } from '../../server/bench/grade.js'

it('hands in the commands of a lab as a learner would: scripts that bash reads, with answers that they print', async () => {
  const lab = await gradedLab()
  const { parts } = reference(lab)
  expect(parts.map(({ step }) => step)).toEqual(lab.steps.map(({ id }) => id))
  const scripts = parts.flatMap((part) => part.scripts)
  for (const [n, { file, host, text }] of scripts.entries()) {
    expect(spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' }).stderr, file).toBe('')
    expect(text, file).not.toContain('{{')
    if (scripts[n - 1]?.file.split('/')[0] === file.split('/')[0]) expect(scripts[n - 1]!.host).not.toBe(host)
  }
  const printed = scripts.flatMap(({ text }) => [...text.matchAll(/^printf 'answer ([a-z-]+): /gm)].map(([, id]) => id))
  expect(printed).toEqual(['dnat-to', 'seen-from-laptop', 'seen-from-loopback', 'squatter'])
})

it('goes on behind a command that fails, as a page does, and says what was asked in one line', async () => {
  const { parts } = reference(await gradedLab())
  const taken = parts.find(({ step }) => step === 'taken')!.scripts[0]!.text
  const stub = 'docker() { echo "docker $*" >&2; [ "$1" != run ]; }\nss() { echo \'x users:(("agent-123",pid=1))\'; }\n'
  const run = spawnSync('bash', [], { input: `${stub}${taken}`, encoding: 'utf8' })
  expect(run.stdout).toMatch(/^answer squatter: agent-123$/m)
  expect(run.stderr).toMatch(
    /docker run -d --name blog -p 8080:80 nginx[\s\S]*docker run --rm --name other[\s\S]*docker rm blog/,
  )
})
