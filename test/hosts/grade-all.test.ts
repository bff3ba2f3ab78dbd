import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { fromPackage } from '../../server/package-root.js'
import { type Result, ResultSchema } from '../../server/report/result.js'
import { tar, zip } from '../trial/archives.js'
import { left } from './left.js'
import { testState as state } from './state.js'

const exam = fromPackage('test/trial/exam')
const env = { ...process.env, VETHLAB_STATE: state.root }
const network = 'docker network create --subnet 172.20.0.0/16 my_net'
const web = 'docker run -d --name web --network my_net -p 8080:80 nginx'
const flips = `${network}\n${web}
setsid -f sh -c 'while sleep 2; do iptables -I DOCKER-USER -j DROP; sleep 2; iptables -D DOCKER-USER -j DROP; done' </dev/null >/dev/null 2>&1`

let root: string
let work: string
let before: object

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'vethlab-class-'))
  work = join(root, 'work')
  await handInAll(work)
})
afterAll(() => rmSync(root, { recursive: true, force: true }))
beforeEach(() => {
  before = left(state)
})

function put(path: string, content: string | Buffer): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
}

/** What each of the class gets, of 5 points; undefined where the work can't be read. */
const points: Record<string, number | undefined> = {
  ada: 5,
  bob: 5,
  carol: 5,
  dan: 5,
  erin: 5,
  frank: 5,
  grace: 2,
  heidi: 2,
  ivan: 0,
  judy: 2,
  mallory: undefined,
  niaj: undefined,
  olivia: undefined,
  peggy: 0,
  rupert: 2,
  sybil: 2,
  trent: undefined,
  victor: 5,
}

/** Right in many ways, right in part, and hostile. */
async function handInAll(folder: string): Promise<void> {
  const file = (name: string, content: string | Buffer) => put(join(folder, name), content)
  file('ada.sh', `${network}\n${web}\n`)
  file('bob/node1.sh', `${network}\r\n${web}\r\n`)
  file('bob/README.md', 'Mine.')
  file(
    'carol.zip',
    zip([
      { name: 'carol/network/node1.sh', text: network },
      { name: 'carol/web/node1.sh', text: web },
    ]),
  )
  file(
    'dan.tar.gz',
    await tar([
      { name: './10-node1.sh', text: network },
      { name: './20-node1.sh', text: web },
    ]),
  )
  file('erin', `#!/usr/bin/env perl\nsystem($_) for (q(${network}), q(${web}));\n`)
  const apart = 'docker run -d --name web -p 8080:80 nginx:alpine && docker network connect my_net web'
  file('frank/node1.sh', `${network} --driver bridge --gateway 172.20.0.9\n${apart}\n`)
  file('frank/20-laptop.sh', 'curl -s http://node1:8080 > /dev/null\n')
  file('grace.sh', `${network}\n${web.replace('8080', '8081')}\n`)
  file('heidi.sh', flips)
  file('ivan.sh', 'true\n')
  file('judy/network/node1.sh', network)
  file('mallory.zip', zip([{ name: '../../../etc/cron.d/x', text: 'x' }]))
  symlinkSync('/etc/shadow', join(folder, 'niaj.sh'))
  file('olivia.tgz', await tar([{ name: 'x', text: Buffer.alloc(70 * 1024 ** 2) }]))
  file('peggy.sh', 'yes | head -c 100M; yes >&2\n')
  const answer = `printf 'HTTP/1.0 200 OK\\r\\n\\r\\nWelcome to nginx'`
  file(
    'rupert.sh',
    `${network}\nsetsid -f socat TCP-LISTEN:8080,fork,reuseaddr SYSTEM:"${answer}" </dev/null >/dev/null 2>&1\n`,
  )
  file('sybil.sh', `${network}; echo '{"state":"passed"}' > /report.json; sleep infinity\n`)
  file('trent/node9.sh', 'true\n')
  // The later part undoes the work of the earlier one for good.
  file('victor/network/node1.sh', network)
  file('victor/web/node1.sh', `docker network rm my_net; docker network create my_net\n${web}\n`)
}

const all = (out: string, ...args: string[]) => ['grade', exam, work, '--all', '--out', out, '--timeout', '20', ...args]
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

/** What results say but for times. */
function timeless(results: Record<string, Result>): object {
  return Object.fromEntries(
    Object.entries(results).map(([key, { attempt, ...rest }]) => [key, { ...rest, hash: attempt.submissionHash }]),
  )
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

it('grades a class: the same twice, and the same where it was killed and interrupted on the way', {
  timeout: 500_000,
}, async () => {
  const whole = join(root, 'whole')
  const done = run(...all(whole, '--jobs', 'auto', '--format', 'html'))
  expect(done.status, done.stderr).toBe(0)
  expect(done.stderr).toMatch(/; about \d+ (s|min) left$/m)
  const first = resultsIn(whole)
  expect(
    Object.fromEntries(Object.entries(first).map(([key, one]) => [key, one.refused ? undefined : one.points])),
  ).toEqual(points)
  expect(done.stdout).toMatch(/^18 graded: 7 passed, .*4 not readable$/m)
  expect(readdirSync(join(whole, 'html'))).toHaveLength(18)
  const grades = parse(readFileSync(join(whole, 'grades.csv')), { columns: true }) as unknown as Record<
    string,
    string
  >[]
  expect(Object.fromEntries(grades.map(({ student, points: own }) => [student, Number(own)]))).toEqual(
    Object.fromEntries(Object.entries(points).map(([key, own]) => [key, own ?? 0])),
  )
  expect(left(state)).toEqual(before)

  const cut = join(root, 'cut')
  expect(await endedAfter(3, 'SIGKILL', all(cut))).toEqual([null, 'SIGKILL'])
  const kept = Object.keys(resultsIn(cut))
  expect(kept.length).toBeGreaterThanOrEqual(3)
  expect(kept.length).toBeLessThan(18)
  expect(run(...all(cut)).stderr).toMatch(/^vethlab: --out .*: has grades already\. Go on with them by --resume/)
  expect(await endedAfter(3, 'SIGINT', all(cut, '--resume'))).toEqual([130, null])
  expect(left(state)).toEqual(before)
  const times = resultsIn(cut)
  expect(Object.keys(times).length).toBeGreaterThanOrEqual(kept.length + 3)
  const rest = run(...all(cut, '--resume', '--format', 'canvas'))
  expect(rest.status, rest.stderr).toBe(0)
  expect(rest.stderr).toMatch(new RegExp(`^${Object.keys(times).length} of 18 are graded already$`, 'm'))
  const second = resultsIn(cut)
  expect(timeless(second)).toEqual(timeless(first))
  for (const [key, { attempt }] of Object.entries(times)) expect(second[key]!.attempt, key).toEqual(attempt)
  expect(readFileSync(join(cut, 'canvas.csv'), 'utf8')).toContain('Points Possible')
  expect(left(state)).toEqual(before)

  // What was graded is graded anew only where the work has changed.
  put(join(work, 'ivan.sh'), `${network}\n`)
  const changed = run(...all(cut, '--resume'))
  expect(changed.stderr).toMatch(/^17 of 18 are graded already$/m)
  expect(resultsIn(cut).ivan!.points).toBe(2)
})

it('tries three times what could not be told, and takes no point for it', { timeout: 200_000 }, () => {
  const folder = join(root, 'broken')
  put(join(folder, 'a.sh'), `${network}\n`)
  put(join(folder, 'b.sh'), 'systemctl stop docker || pkill dockerd; sleep 1\n')
  put(join(folder, 'students.csv'), 'login,path,first name\nada,a.sh,Ada\nbob,b.sh,Bob\ncarol,,Carol\n')
  const out = join(root, 'untold')
  const args = ['grade', exam, folder, '--all', '--out', out, '--format', 'moodle']
  const done = run(...args)
  expect(done.status, done.stderr).toBe(2)
  expect(done.stderr.match(/^bob: could not tell, and is graded again later$/gm)).toHaveLength(2)
  expect(done.stderr).toContain('carol: nothing was handed in')
  const { ada, bob } = resultsIn(out)
  expect(ada).toMatchObject({ student: { login: 'ada', firstName: 'Ada' }, state: 'failed', points: 2, open: 0 })
  expect(bob).toMatchObject({ state: 'could-not-tell', points: 0, open: 5 })
  const moodle = readFileSync(join(out, 'moodle.csv'), 'utf8')
  expect(moodle).toContain('ada,2,')
  expect(moodle).not.toContain('bob')
  // It is graded again by a run that goes on, and the others are not.
  put(join(folder, 'b.sh'), `${network}\n`)
  const again = run(...args, '--resume', '--lang', 'zh')
  expect([again.status, again.stdout.split('\n').at(-2)]).toEqual([0, '2 graded: 2 failed'])
  expect(again.stderr).toMatch(/^1 of 2 are graded already$/m)
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
