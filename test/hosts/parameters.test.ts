import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { seedOf } from '../../server/lab/parameters/seed.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { type Result, ResultSchema } from '../../server/report/result.js'
import { left } from './left.js'
import { testState as state } from './state.js'

/** A lab whose LAN, addresses, ports, names and fault are drawn. */
const drawn = fromPackage('test/trial/drawn')
const key = 'a-class-key-of-thirty-two-letters'

let scratch: string
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'vethlab-parameters-'))
  const before = left(state)
  return () => {
    rmSync(scratch, { recursive: true, force: true })
    expect(left(state)).toEqual(before)
  }
})

const put = (name: string, text: string) => {
  writeFileSync(join(scratch, name), text)
  return join(scratch, name)
}

const vethlab = (...args: string[]) =>
  spawnSync(process.execPath, [fromPackage('dist/main.js'), ...args], {
    encoding: 'utf8',
    env: { ...process.env, VETHLAB_STATE: state.root },
  })

/** What somebody hands in who has the numbers of a seed. */
async function workOf(seed: string): Promise<string> {
  const { drawn: own } = await loadLab(drawn, seed)
  const { door, shop, shop_subnet, shop_gateway, fault } = own!.values as Record<string, string> & {
    fault: { cure: string }
  }
  return `#!/bin/bash
${fault.cure}
echo answer port: ${door}
docker network create --subnet ${shop_subnet} --gateway ${shop_gateway} ${shop}
`
}

it('vethlab test proves pages, solutions and mistakes with the numbers of several seeds', () => {
  const { status, stdout, stderr } = vethlab('test', drawn, '--seeds', '3', '--jobs', '2', '--json')
  expect(status, stderr).toBe(0)
  const { labs } = JSON.parse(stdout) as { labs: { lab: string; seed: string; trials: { name: string }[] }[] }
  expect(labs.map(({ lab }) => lab)).toEqual(['drawn', 'drawn', 'drawn'])
  expect(new Set(labs.map(({ seed }) => seed)).size).toBe(3)
  for (const { trials } of labs) {
    expect(trials.map(({ name }) => name).toSorted()).toEqual([
      'checks can fail',
      'mistake any-subnet',
      'mistake other-door',
      'page en, zh',
    ])
  }
  expect(stderr).toMatch(/^ok drawn with seed proof-1, page en, zh \(/m)
})

it('vethlab test finds what is wrong with the numbers of one seed alone', () => {
  const folder = join(scratch, 'drawn')
  cpSync(drawn, folder, { recursive: true })
  const yaml = readFileSync(join(folder, 'lab.yaml'), 'utf8')
  writeFileSync(
    join(folder, 'lab.yaml'),
    yaml.replace('cure: iptables -D INPUT -s {{laptop_address}}', 'cure: iptables -C INPUT -s {{laptop_address}}'),
  )
  const { status, stdout } = vethlab('test', folder, '--seeds', '2', '--jobs', '2', '--json')
  expect(status).toBe(1)
  const { labs } = JSON.parse(stdout) as {
    labs: { passed: boolean; trials: { passed: boolean; problems: string[] }[] }[]
  }
  expect(labs.map(({ passed }) => passed).toSorted()).toEqual([false, true])
  const problems = labs.flatMap(({ trials }) => trials.flatMap((trial) => trial.problems))
  expect(problems).toEqual([
    expect.stringMatching(/check 1 of step "door" does not pass: reach fails with reach.silent/),
  ])
})

it('grades with the numbers of the student, names their seed, and takes no one else’s work', async () => {
  const [ada, bob] = ['ada', 'bob'].map((who) => seedOf(key, who, 'drawn'))
  const keyFile = put('class.key', `${key}\n`)
  const student = put('ada.yaml', 'id: ada\n')
  const grade = (work: string, ...args: string[]): { status: number | null; result: Result } => {
    const { status, stdout, stderr } = vethlab('grade', drawn, put('submission.sh', work), '--json', ...args)
    return { status, result: ResultSchema.parse(JSON.parse(stdout || `"${stderr}"`)) }
  }
  const own = grade(await workOf(ada!), '--class-key', keyFile, '--student', student)
  expect(own, JSON.stringify(own.result, null, 1)).toMatchObject({
    status: 0,
    result: { state: 'passed', points: 3, student: { id: 'ada' }, assignment: { seed: ada } },
  })
  const copied = grade(await workOf(bob!), '--seed', ada!)
  expect(copied).toMatchObject({ status: 1, result: { state: 'failed', assignment: { seed: ada } } })
  expect(copied.result.steps[1]!.checks[0]).toMatchObject({ state: 'failed' })
  const practice = grade(await workOf(ada!))
  expect(practice).toMatchObject({ status: 1, result: { state: 'failed', assignment: { seed: 'practice' } } })
  const roster = put('class.yaml', '- {id: ada}\n- {id: bob}\n')
  const who = vethlab('grade', drawn, put('submission.sh', await workOf(bob!)), '--who', roster, '--class-key', keyFile)
  expect(who.status, who.stderr).toBe(0)
  expect(who.stdout).toMatch(/The submission has the numbers of bob\.$/m)
})
