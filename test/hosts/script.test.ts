import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCheck } from '../../server/check/checks.js'
import { RackdClient } from '../../server/node/rackd-client.js'
import type { Probe } from '../../server/place/ground.js'
import { LocalRacks } from '../../server/rack/local-racks.js'
import type { Racks } from '../../server/racks/racks.js'
import { cases, contextOf, read, ScriptedProbe } from '../check/cases.js'
import { swarmRack } from '../check/state-builder.js'
import { RackdProcess } from './rackd-process.js'
import { testState } from './state.js'

// A file's owner is not who runs it: the folder has to be open to others, as a lab's is.
const labDirectory = mkdtempSync(join(tmpdir(), 'lab-'))
writeFileSync(join(labDirectory, 'lab.yaml'), '')
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
script('hoards', 'exec tail /dev/zero')
script('forks-without-end', 'f() { f & f; }; f; sleep 60')
// Not with a signal to itself alone: the first process of a namespace ignores what it does not handle.
script('survives', `(trap "" TERM; sleep 987654) & exec sleep 60`)
script('leaks', `if grep -q SWMTKN; then echo yes; else ${say({ outcome: 'pass', observed: text('clean') })}; fi`)
script('not-executable', 'true', 0o644)
script('forks', `(trap '' TERM; sleep 60) & ${say({ outcome: 'pass', observed: text('fine') })}`)
script('leaves-group', `setsid sleep 5 & ${say({ outcome: 'pass', observed: text('fine') })}`)
script(
  'environment',
  `[ "$(env | cut -d= -f1 | grep -vxE 'PATH|LANG|PWD|OLDPWD|_|SHLVL' | wc -l)" = 0 ] && ${say({ outcome: 'pass', observed: text('fine') })}`,
)
script(
  'identity',
  `[ "$(id -u)" = ${testState.scriptUser} ] && [ "$PWD" -ef '${labDirectory}' ] && ${say({ outcome: 'pass', observed: text('fine') })}`,
)
symlinkSync('/bin/true', join(labDirectory, 'checks', 'leads-out'))

/** What a script can find out and do outside of its lab; each prints one line that says no. */
const probes: Record<string, string> = {
  network: 'ls /sys/class/net 2>/dev/null; tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d " "',
  users: 'id -u; id -g; id -G',
  processes: 'ls /proc | grep -c "^[0-9]"; cat /proc/1/comm | tr -d "\n" | wc -c',
  files: `cat ${testState.records}/* ${testState.root}/token /etc/shadow /etc/passwd 2>&1 | grep -vc 'No such file'; ls / | tr "\n" " "`,
  signals: `kill -0 ${process.pid} 2>&1 | grep -c 'No such process'`,
  writing:
    'for d in / /usr /etc "$PWD" /dev /proc/sys/kernel; do touch "$d/x" 2>/dev/null && echo "$d"; done; touch /tmp/x && echo tmp',
  mounting:
    'mount -t tmpfs tmpfs /tmp 2>/dev/null && echo mounted; grep -E "^(CapEff|CapBnd|NoNewPrivs)" /proc/self/status',
}
for (const [name, text] of Object.entries(probes)) script(`probe-${name}`, `exec </dev/null; ${text}`)
const found: Record<string, RegExp> = {
  network: /^lo\n$/,
  users: new RegExp(`^(${testState.scriptUser}\n){3}$`),
  processes: /^[1-6]\n\d+\n$/,
  files: /^0\n(?!.*\b(?:root|home|var|run|sys)\b)/,
  signals: /^1\n$/,
  writing: /^tmp\n$/,
  mounting: /^CapEff:\s+0+\nCapBnd:\s+0+\nNoNewPrivs:\s+1\n$/,
}

let local: LocalRacks
let rackd: RackdProcess
let web: RackdClient
const ways: Record<string, { racks: Racks; rack: string }> = {}
beforeAll(async () => {
  local = await LocalRacks.start(testState)
  rackd = await RackdProcess.start(testState, '--pool-docker', '0', '--pool-plain', '0')
  web = new RackdClient(testState.webRackdSocket)
  for (const [name, racks] of Object.entries({ 'its own process': local, 'the web': web })) {
    ways[name] = { racks, rack: (await racks.open({ hosts: { a: 'plain' } })).id }
  }
})
afterAll(async () => {
  await local?.closeAll()
  for (const { racks, rack } of Object.values(ways)) if (racks !== local) await racks.close(rack)
  await web?.disconnect()
  if (rackd?.child.exitCode === null) await rackd.end('SIGTERM')
})

const runScript: Probe['runScript'] = (...asked) => {
  const { racks, rack } = ways['its own process']!
  return racks.runScript(rack, ...asked)
}

/** Control groups of scripts, and processes of their user. */
function left(): string[] {
  const groups = readdirSync('/sys/fs/cgroup', { withFileTypes: true })
    .flatMap(({ name }) => [`/sys/fs/cgroup/${name}/${testState.mark}`, `/sys/fs/cgroup/${testState.mark}`])
    .filter((path) => existsSync(path))
    .flatMap((path) => readdirSync(path))
    .filter((name) => name.startsWith('script-'))
  const processes = readdirSync('/proc').filter((pid) => {
    try {
      return new RegExp(`^Uid:\\s+${testState.scriptUser}\\b`, 'm').test(readFileSync(`/proc/${pid}/status`, 'utf8'))
    } catch {
      return false
    }
  })
  return [...new Set([...groups, ...processes])]
}

describe.each(['its own process', 'the web'])('a script that is run by way of %s', (way) => {
  it.each(Object.keys(probes))('has nothing of the machine: %s', async (name) => {
    const { racks, rack } = ways[way]!
    const run = await racks.runScript(rack, labDirectory, `probe-${name}`, { stdin: '' })
    expect(run.stdout, JSON.stringify(run)).toMatch(found[name]!)
  })

  it('is not run where others cannot read the lab', async () => {
    const { racks, rack } = ways[way]!
    const closed = mkdtempSync(join(tmpdir(), 'lab-'))
    mkdirSync(join(closed, 'lab/checks'), { recursive: true })
    writeFileSync(join(closed, 'lab/lab.yaml'), '')
    const refused = expect.objectContaining({ code: 'argument.invalid' })
    await expect(racks.runScript(rack, join(closed, 'lab'), 'x', { stdin: '' })).rejects.toEqual(refused)
    await expect(racks.runScript(rack, '/etc', 'x', { stdin: '' })).rejects.toEqual(refused)
    rmSync(closed, { recursive: true })
  })

  it.each([
    ['hoards', 'memory'],
    ['floods', 'output'],
    ['survives', 'timeout'],
  ])('%s and is ended for its %s', async (file, ended) => {
    const { racks, rack } = ways[way]!
    expect(await racks.runScript(rack, labDirectory, file, { stdin: '' })).toMatchObject({ ended })
    await expect.poll(left, { timeout: 10_000 }).toEqual([])
  })

  it('forks without end within its bounds', async () => {
    const { racks, rack } = ways[way]!
    const run = await racks.runScript(rack, labDirectory, 'forks-without-end', { stdin: '' })
    expect(run.ended !== 'exit' || run.exitCode !== 0, JSON.stringify(run)).toBe(true)
    await expect.poll(left, { timeout: 10_000 }).toEqual([])
  })
})

it('leaves nothing running when rackd is killed, and no group after the next start', async () => {
  const { rack } = ways['the web']!
  const run = web.runScript(rack, labDirectory, 'survives', { stdin: '' }).catch(() => undefined)
  await expect.poll(() => left().filter((one) => /^\d+$/.test(one)).length, { timeout: 10_000 }).toBeGreaterThan(0)
  await rackd.end('SIGKILL')
  await run
  await expect.poll(() => left().filter((one) => /^\d+$/.test(one)), { timeout: 10_000 }).toEqual([])
  rackd = await RackdProcess.start(testState, '--pool-docker', '0', '--pool-plain', '0')
  expect(left()).toEqual([])
})

cases('script', [
  ...['passes', 'deep/passes', 'reads-nothing', 'sees', 'forks', 'leaves-group', 'environment', 'identity'].map(
    (run) => ({
      gives: 'pass',
      spec: { run },
      labDirectory,
      runScript,
    }),
  ),
  { gives: 'own.reason', spec: { run: 'fails' }, labDirectory, runScript },
  { gives: 'error own.error', spec: { run: 'errs' }, labDirectory, runScript },
  { gives: 'error script.output', spec: { run: 'no-json' }, labDirectory, runScript },
  { gives: 'error script.output', spec: { run: 'other-json' }, labDirectory, runScript },
  { gives: 'error script.output', spec: { run: 'no-chinese' }, labDirectory, runScript },
  { gives: 'error script.memory', spec: { run: 'hoards' }, labDirectory, runScript },
  { gives: 'error script.output', spec: { run: 'floods' }, labDirectory, runScript },
  { gives: 'error script.failed', spec: { run: 'ends-badly' }, labDirectory, runScript, says: 'oops' },
  { gives: 'error script.missing', spec: { run: 'not-executable' }, labDirectory, runScript },
  { gives: 'error script.missing', spec: { run: 'nobody' }, labDirectory, runScript },
  { gives: 'error script.missing', spec: { run: 'deep' }, labDirectory, runScript },
  { gives: 'error script.missing', spec: { run: 'leads-out' }, labDirectory, runScript },
])

it.each(['../passes', '/bin/true', 'a/../../b', '-x', 'a b', '$(id)', ''])('refuses the path %j', (run) => {
  expect(() => read({ script: { run } })).toThrow(/no path below/)
})

it('ends when the check does, and is given no secrets', async () => {
  const look = (run: string, signal?: AbortSignal) => {
    const rack = swarmRack()
    const probe = new ScriptedProbe(rack, {}, runScript)
    return runCheck(read({ script: { run } }), contextOf(rack, { probe, labDirectory, ...(signal ? { signal } : {}) }))
  }
  expect(await look('survives', AbortSignal.timeout(1500))).toMatchObject({
    outcome: 'error',
    reason: 'script.timeout',
  })
  await expect.poll(left, { timeout: 10_000 }).toEqual([])
  expect(await look('leaks')).toMatchObject({ outcome: 'pass' })
})
