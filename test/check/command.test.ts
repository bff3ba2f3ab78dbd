import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runCheck } from '../../server/check/checks.js'
import type { CommandRun } from '../../server/place/script-run.js'
import { cases, contextOf, read, ScriptedProbe } from './cases.js'
import { standardRack } from './state-builder.js'

const labDirectory = mkdtempSync(join(tmpdir(), 'lab-'))
mkdirSync(join(labDirectory, 'checks'))
writeFileSync(join(labDirectory, 'checks/verify.sh'), 'stat /etc/panda\n')
writeFileSync(join(labDirectory, 'checks/long.sh'), '#'.repeat(70_000))
const ended = (run: Partial<CommandRun>) => () =>
  Promise.resolve({ exitCode: 0, signal: null, timedOut: false, stdout: '', stderr: '', ...run })

cases('command', [
  { gives: 'pass', spec: { on: 'node1', run: 'verify.sh' }, labDirectory, runCommand: ended({}) },
  {
    gives: 'command.failed',
    spec: { on: 'node1', run: 'verify.sh' },
    labDirectory,
    runCommand: ended({ exitCode: 1, stderr: 'first\n\u001b[31mno panda\u001b[0m `here`\n' }),
    says: 'no panda',
  },
  {
    gives: 'pass',
    spec: { on: 'node1', run: 'verify.sh', passes: 'done' },
    labDirectory,
    runCommand: ended({ exitCode: 3, stdout: 'looking\ndone\n' }),
  },
  {
    gives: 'command.failed',
    spec: { on: 'node1', run: 'verify.sh', passes: 'done' },
    labDirectory,
    runCommand: ended({ stdout: 'done, nearly' }),
    says: 'it did not print that',
  },
  {
    gives: 'command.failed',
    spec: { on: 'node1', run: 'verify.sh' },
    labDirectory,
    runCommand: ended({ exitCode: null, signal: 'SIGKILL' }),
    says: 'it said nothing about the reason',
  },
  {
    gives: 'error script.timeout',
    spec: { on: 'node1', run: 'verify.sh' },
    labDirectory,
    runCommand: ended({ exitCode: null, timedOut: true }),
  },
  { gives: 'error script.missing', spec: { on: 'node1', run: 'other.sh' }, labDirectory },
  { gives: 'error script.missing', spec: { on: 'node1', run: 'long.sh' }, labDirectory, says: '64 KiB' },
])

it('hands the text of the file to the host that it names', async () => {
  const rack = standardRack()
  const asked: string[] = []
  const probe = new ScriptedProbe(rack, {}, undefined, async (host, text) => {
    asked.push(`${host}: ${text}`)
    return { exitCode: 0, signal: null, timedOut: false, stdout: '', stderr: '' }
  })
  await runCheck(read({ command: { on: 'laptop', run: 'verify.sh' } }), contextOf(rack, { probe, labDirectory }))
  expect(asked).toEqual(['laptop: stat /etc/panda\n'])
})
