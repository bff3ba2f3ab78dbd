import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, extname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { JSDOM } from 'jsdom'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { fromPackage } from '../../server/package-root.js'
import { type FormName, fileOf, formNames, isGradebook, write } from '../../server/report/forms.js'
import { type Result, ResultSchema } from '../../server/report/result.js'
import * as read from '../report/readers.js'
import { besideTheEngine, type HandedIn, handIn, inPart, right, tricks, untold } from './handed-in.js'
import { left } from './left.js'
import { testState as state } from './state.js'

const exam = fromPackage('test/trial/exam')
const env = { ...process.env, VETHLAB_STATE: state.root }
const network = 'docker network create --subnet 172.20.0.0/16 my_net'
const web = 'docker run -d --name web --network my_net -p 8080:80 nginx'

let root: string
let work: string
let before: object

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'vethlab-class-'))
  work = join(root, 'work')
  await handIn(work, handedIn)
})
afterAll(() => rmSync(root, { recursive: true, force: true }))
beforeEach(() => {
  before = left(state)
})

function put(path: string, content: string | Buffer): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
}

const shop = fromPackage('test/trial/shop')
const handedIn: Record<string, HandedIn> = { ...right, ...inPart, ...tricks }
const count = Object.keys(handedIn).length
const unreadable = Object.values(handedIn).filter(({ points }) => points === undefined).length
const all = (out: string, ...args: string[]) => ['grade', shop, work, '--all', '--out', out, '--timeout', '15', ...args]
const run = (...args: string[]) =>
  spawnSync(process.execPath, [fromPackage('dist/main.js'), ...args], { encoding: 'utf8', env })

function resultsIn(out: string): Record<string, Result> {
  const files = readdirSync(join(out, 'results'))
  expect(files.filter((name) => !name.endsWith('.json'))).toEqual([])
  return Object.fromEntries(
    files.map((name) => {
      return [name.slice(0, -5), ResultSchema.parse(JSON.parse(readFileSync(join(out, 'results', name), 'utf8')))]
    }),
  )
}

/** What results say but for times, and of what has no rest the points alone. */
function timeless(results: Record<string, Result>): object {
  return Object.fromEntries(
    Object.entries(results).map(([key, { attempt, ...rest }]) => {
      const { state: outcome, points } = rest
      const kept = handedIn[key]!.isRestless ? { outcome, points } : rest
      return [key, { ...kept, hash: attempt.submissionHash }]
    }),
  )
}

/** What is said of each step that has not all of its points: `REASON WORDS` a check; and why a work can't be read. */
function saidIn({ steps, refused }: Result): Record<string, string> {
  const failed = steps
    .filter(({ points, of }) => points < of)
    .map(({ id, checks }): [string, string] => {
      const words = checks
        .filter(({ state: found }) => found !== 'passed')
        .map(({ reason, why }) => `${reason} ${why?.en}`)
      return [id, words.join('\n')]
    })
  return refused ? { refused: refused.en } : Object.fromEntries(failed)
}

/** Has the points, and says what it should. */
function expectGraded(name: string, result: Result, { points, says = {} }: HandedIn): void {
  const said = saidIn(result)
  expect(result.refused ? undefined : result.points, `${name}: ${JSON.stringify(said, null, 1)}`).toBe(points)
  expect(Object.keys(said).toSorted(), name).toEqual(Object.keys(says).toSorted())
  for (const [of, words] of Object.entries(says)) expect(said[of], `${name}: ${of}`).toMatch(words)
  // Whatever its author has called things.
  expect(read.json(JSON.stringify(result)), name).toEqual(result)
  expect(Object.values(said).join(), name).not.toMatch(/\p{Cc}(?<!\n)/u)
  for (const { why } of result.steps.flatMap(({ checks }) => checks.filter((one) => one.why))) {
    expect(why!.en.length, name).toBeGreaterThan(15)
    expect(why!.zh, name).toMatch(/\p{Script=Han}/u)
  }
}

/** Every form of what one has handed in, in both languages, by the strict reader of each. */
function expectForms(result: Result, name: string): void {
  const points = result.state === 'could-not-tell' ? undefined : result.points
  const passed = result.steps.flatMap(({ checks }) => checks.map(({ state: found }) => found === 'passed'))
  for (const language of ['en', 'zh'] as const) {
    const written = (form: FormName) => write(form, result, { language })
    ResultSchema.parse(read.json(written('json')))
    const { tests, failures } = read.junit(written('junit'))
    expect([tests > 0, failures > 0], name).toEqual([true, result.points + result.open < result.of])
    expect(read.gradescope(written('gradescope')).score, name).toBe(points)
    expect(read.classroom(Buffer.from(written('github-classroom')).toString('base64')).points, name).toBe(points)
    const share = read.prairielearn(written('prairielearn'))
    expect(share === undefined ? undefined : Math.round(share * 900) / 100, name).toBe(points)
    if (!result.refused) expect(read.check50(written('check50'))?.map((one) => one === true)).toEqual(passed)
    for (const form of ['text', 'markdown', 'html'] as const)
      expect(written(form), name).not.toMatch(/[\0-\x08\x0b-\x1f\x7f]/)
    // It takes its time, and is the same page but for its words.
    if (language === 'zh') continue
    const { document } = new JSDOM(written('html')).window
    expect([document.querySelectorAll('script, link, img').length, document.title !== ''], name).toEqual([0, true])
  }
}

/** Starts a run, and ends it by a signal once so many are graded. @returns how it ended */
async function endedAfter(count: number, signal: NodeJS.Signals, args: string[]): Promise<unknown[]> {
  const child = spawn(process.execPath, [fromPackage('dist/main.js'), ...args], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const exit = once(child, 'exit')
  let graded = 0
  for await (const line of createInterface(child.stderr)) {
    if (/^\d+ of \d+: /.test(line) && ++graded === count) child.kill(signal)
  }
  return exit
}

it('has for each trick honest work of the same shape, which has all points', () => {
  expect(Object.keys({ ...tricks, ...untold }).length).toBeGreaterThanOrEqual(30)
  for (const [name, { control }] of Object.entries({ ...tricks, ...untold }))
    expect({ ...right, ...besideTheEngine }[control!]?.points, name).toBe(9)
})

it('grades a class: the same twice, no trick gains a point, and the same where it was killed and interrupted on the way', {
  timeout: 2_400_000,
}, async () => {
  const whole = join(root, 'whole')
  const done = run(...all(whole, '--jobs', 'auto', '--format', 'html'))
  expect(done.status, done.stderr).toBe(0)
  expect(done.stderr).toMatch(/; about \d+ (s|min) left$/m)
  const first = resultsIn(whole)
  expect(Object.keys(first).toSorted()).toEqual(Object.keys(handedIn).toSorted())
  for (const [name, one] of Object.entries(handedIn)) expectGraded(name, first[name]!, one)
  for (const [name, result] of Object.entries(first)) expectForms(result, name)
  const summary = `${count} graded: ${Object.keys(right).length} passed, .*${unreadable} not readable`
  expect(done.stdout).toMatch(new RegExp(`^${summary}$`, 'm'))
  expect(readdirSync(join(whole, 'html'))).toHaveLength(count)
  const points = Object.fromEntries(Object.entries(handedIn).map(([key, own]) => [key, own.points ?? 0]))
  const [head, ...rows] = read.table(readFileSync(join(whole, 'grades.csv'), 'utf8'))
  const [student, gained] = [head!.indexOf('student'), head!.indexOf('points')]
  expect(Object.fromEntries(rows.map((row) => [row[student], Number(row[gained])]))).toEqual(points)
  expect(left(state)).toEqual(before)

  const cut = join(root, 'cut')
  expect(await endedAfter(5, 'SIGKILL', all(cut))).toEqual([null, 'SIGKILL'])
  const kept = Object.keys(resultsIn(cut))
  expect(kept.length).toBeGreaterThanOrEqual(5)
  expect(kept.length).toBeLessThan(count)
  expect(run(...all(cut)).stderr).toMatch(/^vethlab: --out .*: has grades already\. Go on with them by --resume/)
  expect(await endedAfter(5, 'SIGINT', all(cut, '--resume'))).toEqual([130, null])
  expect(left(state)).toEqual(before)
  const times = resultsIn(cut)
  expect(Object.keys(times).length).toBeGreaterThanOrEqual(kept.length + 5)
  const rest = run(...all(cut, '--resume', '--format', 'canvas'))
  expect(rest.status, rest.stderr).toBe(0)
  expect(rest.stderr).toMatch(new RegExp(`^${Object.keys(times).length} of ${count} are graded already$`, 'm'))
  const second = resultsIn(cut)
  expect(timeless(second)).toEqual(timeless(first))
  for (const [key, { attempt }] of Object.entries(times)) expect(second[key]!.attempt, key).toEqual(attempt)
  expect(left(state)).toEqual(before)

  // The forms of all, as files.
  const gradebook = read.canvas(readFileSync(join(cut, 'canvas.csv'), 'utf8'))
  expect(gradebook.rows.map(({ grade }) => Number(grade)).toSorted()).toEqual(Object.values(points).toSorted())
  for (const form of formNames.filter((name) => !['json', 'csv', 'html', 'canvas', 'moodle'].includes(name))) {
    const written = run(...all(whole, '--resume', '--format', form))
    expect([written.status, written.stderr], form).toEqual([
      0,
      expect.stringMatching(/^\d+ of \d+ are graded already$/m),
    ])
    if (isGradebook(form)) expect(read.nbgrader(readFileSync(join(whole, fileOf(form)), 'utf8'))).toHaveLength(count)
    else {
      const ending = extname(fileOf(form))
      for (const [name, result] of Object.entries(second)) {
        const text = readFileSync(join(whole, form, `${name}${ending}`), 'utf8')
        expect(text, `${form} of ${name}`).toBe(write(form, first[name] ?? result, { language: 'en' }))
      }
    }
  }

  // What was graded is graded anew only where the work has changed.
  put(join(work, 'does-nothing.sh'), `${network}\n`)
  const changed = run(...all(cut, '--resume'))
  expect(changed.stderr).toMatch(new RegExp(`^${count - 1} of ${count} are graded already$`, 'm'))
  expect(resultsIn(cut)['does-nothing']!.points).toBe(2)
})

it('tries three times what could not be told, and neither takes nor gives a point for it', {
  timeout: 400_000,
}, async () => {
  const folder = join(root, 'broken')
  const engines = { ...untold, ...besideTheEngine }
  await handIn(folder, { ...engines, ada: { work: `${network}\n`, points: 2 } })
  const files = Object.keys(engines).map((name) => `${name},${name}.sh,\n`)
  put(join(folder, 'students.csv'), `login,path,first name\nada,ada.sh,Ada\n${files.join('')}carol,,Carol\n`)
  const out = join(root, 'untold')
  const args = ['grade', shop, folder, '--all', '--out', out, '--format', 'moodle']
  const done = run(...args)
  expect(done.status, done.stderr).toBe(2)
  for (const name of Object.keys(untold))
    expect(done.stderr.match(new RegExp(`^${name}: could not tell, and is graded again later$`, 'gm'))).toHaveLength(2)
  expect(done.stderr).toContain('carol: nothing was handed in')
  const { ada, ...others } = resultsIn(out)
  expect(ada).toMatchObject({ student: { login: 'ada', firstName: 'Ada' }, state: 'failed', points: 2, open: 0 })
  for (const [name, one] of Object.entries(besideTheEngine)) expectGraded(name, others[name]!, one)
  const moodle = readFileSync(join(out, 'moodle.csv'), 'utf8')
  expect(moodle).toContain('ada,2,')
  for (const [name, { says }] of Object.entries(untold)) {
    expect(others[name], name).toMatchObject({ state: 'could-not-tell', points: 0 })
    // Where all of the host has ended, not even an answer can be told.
    expect([7, 9], name).toContain(others[name]!.open)
    expect(saidIn(others[name]!).network, name).toMatch(says!.network!)
    expect(moodle, name).not.toContain(name)
    expectForms(others[name]!, name)
  }
  // They are graded again by a run that goes on, and the others are not.
  for (const name of Object.keys(untold)) put(join(folder, `${name}.sh`), 'true\n')
  const again = run(...args, '--resume', '--lang', 'zh')
  const graded = 1 + Object.keys(besideTheEngine).length
  expect([again.status, again.stdout.split('\n').at(-2)]).toEqual([
    0,
    expect.stringMatching(/^共评 \d+ 份：通过 2 份，未通过 \d+ 份$/),
  ])
  expect(again.stderr).toMatch(new RegExp(`^共 ${graded + Object.keys(untold).length} 份，已评 ${graded} 份$`, 'm'))
  // Only names are in Latin letters.
  for (const line of again.stderr.trim().split('\n')) expect(line).toMatch(/^[^:,]*\p{Script=Han}[^:,]*$/u)
  expect(left(state)).toEqual(before)
})

it('grades everybody with their own numbers, and judges them again with those', { timeout: 200_000 }, () => {
  const own = join(root, 'own/exam')
  cpSync(exam, own, { recursive: true })
  const yaml = readFileSync(join(own, 'lab.yaml'), 'utf8').replace('172.20.0.0/16', "'{{net}}'")
  put(
    join(own, 'lab.yaml'),
    yaml.replace(/^steps:/m, 'parameters:\n  net: {subnet: {prefix: 24}, practice: 172.20.0.0/24}\nsteps:'),
  )
  put(join(root, 'class.key'), '0123456789abcdef'.repeat(4))
  put(join(root, 'class.yaml'), '- {id: ada}\n- {id: bob}\n')
  const key = ['--class-key', join(root, 'class.key')]
  const listed = run('numbers', own, '--json', '--roster', join(root, 'class.yaml'), ...key)
  const [ada] = JSON.parse(listed.stdout) as { values: { net: string } }[]
  // Bob has taken what Ada has made.
  const script = `docker network create --subnet ${ada!.values.net} my_net\n${web}\n`
  for (const name of ['ada', 'bob']) put(join(root, 'own/work', `${name}.sh`), script)
  const [out, evidence] = [join(root, 'own/out'), join(root, 'own/evidence')]
  const args = ['grade', own, join(root, 'own/work'), '--all', '--out', out, '--evidence', evidence]
  const done = run(...args, ...key)
  expect(done.status, done.stderr).toBe(0)
  const results = resultsIn(out)
  expect([results.ada!.points, results.bob!.points]).toEqual([5, 3])
  expect(results.ada!.assignment.seed).not.toBe(results.bob!.assignment.seed)
  for (const name of ['ada', 'bob']) {
    const again = run('evidence', 'regrade', join(evidence, name), '--lab', own)
    expect(again.stdout, again.stderr).toContain('no verdict has changed')
  }
  // With other numbers it is another task.
  expect(run(...args, ...key, '--resume').stderr).toMatch(/^2 of 2 are graded already$/m)
  expect(run(...args, '--resume').stderr).toMatch(/^2 to grade/m)
  expect(left(state)).toEqual(before)
})

it.each<[string, () => string[], RegExp]>([
  ['nowhere to write', () => ['grade', exam, work, '--all'], /^vethlab: --all: has nowhere to write the grades/],
  [
    'a folder of nothing',
    () => ['grade', exam, join(root, 'empty'), '--all', '--out', join(root, 'x')],
    /nobody has handed in/,
  ],
  ['one student', () => all(join(root, 'x'), '--student', 'a.yaml'), /^vethlab: --student: is for one submission/],
  ['no --all', () => ['grade', exam, work, '--resume'], /^vethlab: --resume: is for many submissions/],
  ['jobs that are none', () => all(join(root, 'x'), '--jobs', 'many'), /Give a whole number from 1 to 64/],
  [
    'a gradebook of nobody',
    () => all(join(root, 'x'), '--format', 'moodle'),
    /^vethlab: --format moodle: not everybody has/,
  ],
  ['a file for a folder', () => all('/dev/null/x'), /^vethlab: --out \/dev\/null\/x: can't be written/],
])('says in one line what is wrong, and leaves nothing: %s', (_, args, said) => {
  mkdirSync(join(root, 'empty'), { recursive: true })
  const { status, stdout, stderr } = run(...args())
  expect(stderr).toMatch(said)
  expect(stderr.trim().split('\n')).toHaveLength(1)
  expect([status, stdout]).toEqual([64, ''])
  expect(readdirSync(root)).not.toContain('x')
  expect(left(state)).toEqual(before)
})
