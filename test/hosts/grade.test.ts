import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Lab } from '../../server/lab/lab.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { LocalRacks } from '../../server/rack/local-racks.js'
import { type Result, ResultSchema } from '../../server/report/result.js'
import { grade } from '../../server/trial/grade.js'
import { readSubmission } from '../../server/trial/submission.js'
import * as readers from '../report/readers.js'
import { left } from './left.js'
import { testState as state } from './state.js'

const exam = fromPackage('test/trial/exam')
const honest = `docker network create --subnet 172.20.0.0/16 my_net
docker run -d --name web --network my_net -p 8080:80 nginx`

let racks: LocalRacks
let lab: Lab
let scratch: string
let before: object

beforeAll(async () => {
  racks = await LocalRacks.start(state)
  lab = await loadLab(exam)
})
afterAll(() => racks.closeAll())
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'vethlab-grade-'))
  before = left(state)
  return () => rmSync(scratch, { recursive: true, force: true })
})

function script(text: string, name = 'submission.sh'): string {
  const path = join(scratch, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text.startsWith('#!') ? text : `#!/bin/bash\n${text}\n`)
  chmodSync(path, 0o755)
  return path
}

async function gradeOf(path: string, timeoutMs = 30_000): Promise<Result> {
  const report = await grade(racks, lab, await readSubmission(path, lab), {
    timeoutMs,
    signal: new AbortController().signal,
    say: () => {},
  })
  expect(left(state)).toEqual(before)
  return report
}

/** What a report says but for its times. */
function timeless({ attempt: { startedAt, durationMs, submittedAt }, ...rest }: Result): object {
  expect(Date.parse(startedAt)).toBeGreaterThan(0)
  expect(submittedAt).toBe(startedAt)
  expect(durationMs).toBeGreaterThan(0)
  return rest
}

describe('A submission', () => {
  it('gets all points when the network is right', async () => {
    const report = await gradeOf(script(honest))
    expect(report, JSON.stringify(report, null, 1)).toMatchObject({ state: 'passed', points: 5, of: 5 })
    expect(report.scripts).toEqual([{ file: 'submission.sh', host: 'node1', ended: 'exit', exitCode: 0 }])
  })

  it('gets the points of the steps that are right, and reasons for the rest, the same each time', async () => {
    const path = script(honest.replace('8080:80', '8081:80'))
    const first = await gradeOf(path)
    expect(first).toMatchObject({ state: 'failed', points: 2, of: 5 })
    const [, web] = first.steps
    expect(web!.checks.map(({ state, reason }) => [state, reason])).toEqual([
      ['passed', undefined],
      ['failed', 'port.published'],
      ['failed', 'reach.refused'],
    ])
    for (const { why } of web!.checks.slice(1)) expect(why?.zh).toMatch(/\p{Script=Han}/u)
    expect(timeless(await gradeOf(path))).toEqual(timeless(first))
  })

  it('can have a script a host, and a folder a step whose work the next one undoes', async () => {
    script(honest.split('\n')[0]!, 'mine/network/node1.sh')
    script(
      'docker network rm my_net; docker network create my_net; docker run -d --name web --network my_net -p 8080:80 nginx',
      'mine/web/10-node1.sh',
    )
    script('ping -c 1 192.168.1.11', 'mine/web/20-laptop.sh')
    const report = await gradeOf(join(scratch, 'mine'))
    expect(report).toMatchObject({ state: 'passed', points: 5 })
    expect(report.scripts.map(({ file, host, exitCode }) => [file, host, exitCode])).toEqual([
      ['network/node1.sh', 'node1', 0],
      ['web/10-node1.sh', 'node1', 0],
      ['web/20-laptop.sh', 'laptop', 0],
    ])
  })
})

describe('vethlab grade', () => {
  const command = (...args: string[]) =>
    spawnSync(process.execPath, [fromPackage('dist/main.js'), 'grade', ...args], {
      encoding: 'utf8',
      env: { ...process.env, VETHLAB_STATE: state.root },
    })

  it('prints a report on stdout, progress on stderr, writes JUnit, and exits with 0 or 1', () => {
    const file = join(scratch, 'junit.xml')
    const passed = command(exam, script(honest), '--json', '--junit', file)
    expect(passed.status, passed.stderr).toBe(0)
    expect(JSON.parse(passed.stdout)).toMatchObject({ assignment: { lab: 'exam' }, state: 'passed', points: 5 })
    expect(passed.stderr).toContain('running submission.sh in node1')
    const failed = command(exam, script('true'), '--lang', 'zh', '--junit', file)
    expect(failed.status).toBe(1)
    expect(failed.stdout).toContain('考试：未通过，0/5 分')
    expect(readFileSync(file, 'utf8')).toMatch(/<testsuite .*failures="1"/)
    expect(left(state)).toEqual(before)
  })

  it('writes forms into files and folders, with whose work it is, and says what scripts said', () => {
    const student = join(scratch, 'ada.yaml')
    writeFileSync(student, 'login: ada\nsisId: "0042"\n')
    const args = ['--student', student, '--submitted', '2026-03-01T23:59+01:00']
    const out = join(scratch, 'out')
    mkdirSync(out)
    const path = script('docker network create --subnet 172.20.0.0/16 my_net\r\nno-such-command\r\nexit 3')
    const done = command(exam, path, ...args, '--format', 'json', '--out', out)
    expect(done.status, done.stderr).toBe(1)
    expect(done.stdout).toContain('submission.sh (node1) ended with exit code 3')
    expect(done.stdout).toMatch(/^ {2}\| .*no-such-command: command not found$/m)
    const result = ResultSchema.parse(JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')))
    expect(result).toMatchObject({
      student: { login: 'ada', sisId: '0042' },
      attempt: { of: 'submission', submittedAt: '2026-03-01T22:59:00.000Z' },
      points: 2,
      steps: [{ id: 'network', state: 'passed' }, { checks: [{ id: 'web.1' }, { id: 'web.2' }, { id: 'web.3' }] }],
      scripts: [{ exitCode: 3, errors: expect.stringContaining('no-such-command') }],
    })
  })

  it('says in any form and language why a submission can not be read, and exits with 3', () => {
    script('true', 'mine/nod1.sh')
    const done = command(exam, join(scratch, 'mine'), '--lang', 'zh', '--format', 'gradescope')
    expect(done.status).toBe(3)
    expect(done.stderr).toMatch(/^vethlab: nod1\.sh：文件名不对应任何主机/)
    expect(readers.gradescope(done.stdout)).toEqual({ score: 0, sum: 0, max: 5 })
    expect(done.stdout).toContain('文件名不对应任何主机')
    expect(left(state)).toEqual(before)
  })

  it('writes kits whose scripts grade, for Gradescope and for PrairieLearn, with a lab beside them', () => {
    script(`exec ${process.execPath} ${fromPackage('dist/main.js')} "$@"`, 'bin/vethlab')
    const env = { ...process.env, VETHLAB_STATE: state.root, PATH: `${scratch}/bin:${process.env.PATH}` }
    const [autograder, graded] = [join(scratch, 'autograder'), join(scratch, 'grade')]
    const made = command(exam, '--kit', 'gradescope', '--out', join(autograder, 'source'))
    expect(
      made.stdout
        .trim()
        .split('\n')
        .map((file) => basename(file)),
    ).toEqual(['setup.sh', 'run_autograder'])
    expect(command(exam, '--kit', 'gradescope', '--out', join(autograder, 'source'))).toMatchObject({ status: 64 })
    cpSync(exam, join(autograder, 'source/exam'), { recursive: true })
    mkdirSync(join(autograder, 'submission'))
    writeFileSync(join(autograder, 'submission/node1.sh'), honest.split('\n')[0]!, { mode: 0o644 })
    const run = spawnSync(join(autograder, 'source/run_autograder'), [], {
      encoding: 'utf8',
      cwd: autograder,
      env: { ...env, AUTOGRADER: autograder },
    })
    expect(run.status, run.stderr).toBe(0)
    const results = readFileSync(join(autograder, 'results/results.json'), 'utf8')
    expect(readers.gradescope(results)).toEqual({ score: 2, sum: 2, max: 5 })

    command(exam, '--kit', 'prairielearn', '--out', graded)
    cpSync(exam, join(graded, 'tests/exam'), { recursive: true })
    mkdirSync(join(graded, 'student'))
    const empty = spawnSync('bash', [join(graded, 'tests/run.sh')], {
      encoding: 'utf8',
      env: { ...env, GRADE: graded },
    })
    expect(empty.status, empty.stderr).toBe(0)
    expect(readers.prairielearn(readFileSync(join(graded, 'results/results.json'), 'utf8'))).toBe(0)
    expect(left(state)).toEqual(before)
  })

  it.each<[string, () => string[], RegExp, number?]>([
    ['a lab that is not there', () => ['exan', script('true')], /^vethlab: exan: there is no such lab/],
    ['a submission that is not there', () => [exam, join(scratch, 'none')], /none: there is no such file/],
    ['no submission', () => [exam], /^vethlab: grade: a lab and a submission are wanted/, 64],
    ['an unknown form', () => [exam, script('true'), '--format', 'x'], /^error: option '--format <form>'/, 64],
    [
      'a time that is none',
      () => [exam, script('true'), '--submitted', 'today'],
      /^vethlab: --submitted: "today" is no time/,
      64,
    ],
    [
      'a gradebook of nobody, before anything is graded',
      () => [exam, script('true'), '--format', 'moodle'],
      /^vethlab: --format moodle: not everybody has a login/,
      64,
    ],
    ['an unknown language', () => [exam, script('true'), '--lang', 'fr'], /^vethlab: --lang: "fr" is no language/, 64],
  ])('says in one line what is wrong and leaves nothing: %s', (_, args, said, wanted = 2) => {
    const { status, stdout, stderr } = command(...args())
    expect(stderr).toMatch(said)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect([status, stdout]).toEqual([wanted, ''])
    expect(left(state)).toEqual(before)
  })

  it('leaves nothing when a signal ends it, and after SIGKILL nothing from the next command on', {
    timeout: 120_000,
  }, async () => {
    const start = async () => {
      const child = spawn(process.execPath, [fromPackage('dist/main.js'), 'grade', exam, script('sleep infinity')], {
        env: { ...process.env, VETHLAB_STATE: state.root },
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      for await (const line of child.stderr) if (String(line).includes('running')) break
      child.stderr.resume()
      return child
    }
    const interrupted = await start()
    interrupted.kill('SIGINT')
    expect(await once(interrupted, 'exit')).toEqual([130, null])
    expect(left(state)).toEqual(before)
    const killed = await start()
    killed.kill('SIGKILL')
    await once(killed, 'exit')
    expect(command(exam, script(honest)).status).toBe(0)
    expect(left(state)).toEqual(before)
  })
})
