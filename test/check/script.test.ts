import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { runCheck } from '../../server/check/checks.js'
import { cases, contextOf, read } from './cases.js'
import { swarmRack } from './state-builder.js'

// A file's owner is not who runs it: the folder has to be open to others, as a lab's is.
const labDirectory = mkdtempSync(join(tmpdir(), 'lab-'))
chmodSync(labDirectory, 0o755)
mkdirSync(join(labDirectory, 'checks/deep'), { recursive: true })
afterAll(() => rmSync(labDirectory, { recursive: true, force: true }))

function script(name: string, text: string, mode = 0o755): void {
  writeFileSync(join(labDirectory, 'checks', name), `#!/bin/sh\n${text}\n`)
  chmodSync(join(labDirectory, 'checks', name), mode)
}

const text = (en: string) => ({ en: `${en} there`, zh: `这里 ${en}` })
const say = (finding: object) => `cat >/dev/null; printf '%s' '${JSON.stringify(finding)}'`
const failed = { outcome: 'fail', reason: 'own.reason', expected: text('a'), observed: text('b'), why: text('c') }
script('passes', say({ outcome: 'pass', observed: text('fine') }))
script('deep/passes', say({ outcome: 'pass', observed: text('fine') }))
script('fails', say(failed))
script('errs', say({ outcome: 'error', reason: 'own.error', why: text('x') }))
script('reads-nothing', `exec <&-; printf '%s' '${JSON.stringify({ outcome: 'pass', observed: text('fine') })}'`)
script('sees', `grep -q '"name":"my_net"' && ${say({ outcome: 'pass', observed: text('seen') })}`)
script('no-json', 'echo hello')
script('other-json', say({ ...failed, extra: 1 }))
script('no-chinese', say({ outcome: 'pass', observed: { en: 'x' } }))
script('ends-badly', 'echo oops >&2; exit 3')
script('floods', 'exec 2>/dev/null; yes')
script('not-executable', 'true', 0o644)
script('forks', `(trap '' TERM; sleep 60) & ${say({ outcome: 'pass', observed: text('fine') })}`)
script('leaves-group', `setsid sleep 5 & ${say({ outcome: 'pass', observed: text('fine') })}`)
script(
  'environment',
  `[ "$(env | cut -d= -f1 | grep -vxE 'PATH|LANG|PWD|OLDPWD|_|SHLVL' | wc -l)" = 0 ] && ${say({ outcome: 'pass', observed: text('fine') })}`,
)
script(
  'identity',
  `[ "$(id -u)" = ${process.getuid?.() === 0 ? 65534 : '$(id -u)'} ] && [ "$PWD" -ef '${labDirectory}' ] && ${say({ outcome: 'pass', observed: text('fine') })}`,
)
symlinkSync('/bin/true', join(labDirectory, 'checks', 'leads-out'))

cases('script', [
  ...['passes', 'deep/passes', 'reads-nothing', 'sees', 'forks', 'leaves-group', 'environment', 'identity'].map(
    (run) => ({
      gives: 'pass',
      spec: { run },
      labDirectory,
    }),
  ),
  { gives: 'own.reason', spec: { run: 'fails' }, labDirectory },
  { gives: 'error own.error', spec: { run: 'errs' }, labDirectory },
  { gives: 'error script.output', spec: { run: 'no-json' }, labDirectory },
  { gives: 'error script.output', spec: { run: 'other-json' }, labDirectory },
  { gives: 'error script.output', spec: { run: 'no-chinese' }, labDirectory },
  { gives: 'error script.output', spec: { run: 'floods' }, labDirectory },
  { gives: 'error script.failed', spec: { run: 'ends-badly' }, labDirectory, says: 'oops' },
  { gives: 'error script.missing', spec: { run: 'not-executable' }, labDirectory },
  { gives: 'error script.missing', spec: { run: 'nobody' }, labDirectory },
  { gives: 'error script.missing', spec: { run: 'deep' }, labDirectory },
  { gives: 'error script.missing', spec: { run: 'leads-out' }, labDirectory },
])

it.each(['../passes', '/bin/true', 'a/../../b', '-x', 'a b', '$(id)', ''])('refuses the path %j', (run) => {
  expect(() => read({ script: { run } })).toThrow(/no path below/)
})

it('ends with its group when it takes too long, and gets no secrets', async () => {
  // PWD of the script is the lab's folder, which it may not write to.
  const kept = join(labDirectory, 'open')
  mkdirSync(kept)
  chmodSync(kept, 0o777)
  script('slow', `cat > open/state; sleep 60`)
  const finding = await runCheck(
    read({ script: { run: 'slow' } }),
    contextOf(swarmRack(), { labDirectory, signal: AbortSignal.timeout(1000) }),
  )
  expect(finding).toMatchObject({ outcome: 'error', reason: 'script.timeout' })
  const state = readFileSync(join(kept, 'state'), 'utf8')
  expect(state).toContain('"app_net"')
  expect(state).not.toContain('SWMTKN')
})
