import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { seedOf } from '../../server/lab/parameters/seed.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { type Result, ResultSchema } from '../../server/report/result.js'
import * as readers from '../report/readers.js'
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

it('grades with the numbers of the student by the kit of Gradescope, whoever else has handed the same in', async () => {
  const keyFile = put('class.key', `${key}\n`)
  const roster = put('class.csv', 'name,id,email\nAda Lovelace,ada,ada@example.org\nBob,bob,bob@example.org\n')
  const autograder = join(scratch, 'autograder')
  const source = join(autograder, 'source')
  const kit = ['--kit', 'gradescope', '--out', source, '--class-key', keyFile, '--roster', roster]
  const made = vethlab('grade', drawn, ...kit)
  expect(made.status, made.stderr).toBe(0)
  cpSync(drawn, join(source, 'drawn'), { recursive: true })
  mkdirSync(join(autograder, 'submission'))
  writeFileSync(join(autograder, 'submission/node1.sh'), await workOf(seedOf(key, 'ada', 'drawn')))
  mkdirSync(join(scratch, 'bin'))
  const program = `#!/bin/sh\nexec ${process.execPath} ${fromPackage('dist/main.js')} "$@"\n`
  writeFileSync(join(scratch, 'bin/vethlab'), program, { mode: 0o755 })
  const gradedFor = (email: string) => {
    const metadata = { id: 1, users: [{ email, id: 7, name: 'A name' }] }
    writeFileSync(join(autograder, 'submission_metadata.json'), JSON.stringify(metadata))
    rmSync(join(autograder, 'results'), { recursive: true, force: true })
    const run = spawnSync(join(source, 'run_autograder'), [], {
      encoding: 'utf8',
      cwd: autograder,
      env: {
        ...process.env,
        VETHLAB_STATE: state.root,
        AUTOGRADER: autograder,
        PATH: `${join(scratch, 'bin')}:${process.env.PATH}`,
      },
    })
    return { run, file: join(autograder, 'results/results.json') }
  }
  const ada = gradedFor('Ada@example.org')
  expect(ada.run.status, ada.run.stderr).toBe(0)
  expect(readers.gradescope(readFileSync(ada.file, 'utf8'))).toEqual({ score: 3, sum: 3, max: 3 })
  const bob = gradedFor('bob@example.org')
  expect(readers.gradescope(readFileSync(bob.file, 'utf8')).score).toBeLessThan(3)
  const eve = gradedFor('eve@example.org')
  expect(eve.run.status).toBe(1)
  expect(eve.run.stderr).toContain('has no student "eve@example.org"')
  expect(existsSync(eve.file)).toBe(false)
})
