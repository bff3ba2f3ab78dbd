import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fromPackage } from '../../server/package-root.js'
import { ResultSchema } from '../../server/report/result.js'
import { zip } from '../trial/archives.js'
import { left } from './left.js'
import { testState as state } from './state.js'

const exam = fromPackage('test/trial/exam')
const env = { ...process.env, VETHLAB_STATE: state.root }
const partly = `docker network create --subnet 172.20.0.0/16 my_net
docker run -d --name web --network my_net -p 8081:80 nginx
echo done by ada; echo a warning >&2`

let root: string
let bundle: string
let before: object

const run = (...args: string[]) =>
  spawnSync(process.execPath, [fromPackage('dist/main.js'), ...args], { encoding: 'utf8', env, cwd: root })

const file = (name: string) => readFileSync(join(bundle, name), 'utf8')

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'vethlab-evidence-'))
  writeFileSync(
    join(root, 'ada.zip'),
    zip([
      { name: 'network/node1.sh', text: partly.split('\n')[0]! },
      { name: 'web/node1.sh', text: partly.split('\n').slice(1).join('\n') },
    ]),
  )
  before = left(state)
  const graded = run('grade', exam, 'ada.zip', '--json', '--evidence', 'kept')
  expect(graded.status, graded.stderr).toBe(1)
  expect(graded.stderr).toMatch(/^evidence: kept\/ada$/m)
  bundle = join(root, 'kept/ada')
  expect(JSON.parse(graded.stdout)).toEqual(JSON.parse(file('result.json')))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

it('keeps what a grade was found by, all of it to be judged again to the same', () => {
  expect(readdirSync(bundle).toSorted()).toEqual([
    ...['checks.json', 'difference.json', 'manifest.json', 'result.json', 'signature.json', 'states'],
    ...['submission.zip', 'transcript.cast'],
  ])
  expect(readFileSync(join(bundle, 'submission.zip')).equals(readFileSync(join(root, 'ada.zip')))).toBe(true)
  const { steps } = JSON.parse(file('checks.json'))
  expect(
    steps.map(({ id, checks }: { id: string; checks: { repeats: boolean }[] }) => [
      id,
      checks.map(({ repeats }) => repeats),
    ]),
  ).toEqual([
    ['network', [true]],
    ['web', [true, true, true]],
  ])
  expect(
    steps[1].asked.some(
      ({ host, answer }: { host: string; answer: { outcome: string } }) => host === 'laptop' && answer.outcome === 'no',
    ),
  ).toBe(true)
  const changes = JSON.parse(file('difference.json'))
    .map(({ en }: { en: string }) => en)
    .join('\n')
  expect(changes).toMatch(/my_net/)
  expect(changes).toMatch(/web/)
  const text = file('transcript.cast')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => JSON.parse(line)[2])
    .join('')
  expect(text).toMatch(/root@node1:~# \.\/web\/node1\.sh[\s\S]*done by ada\r\na warning\r\n[\s\S]*exit code 0/)
  expect(left(state)).toEqual(before)
})

it('verifies it, here and elsewhere by the public key, and finds out what was tampered with', () => {
  const whole = run('evidence', 'verify', bundle)
  expect([whole.status, whole.stderr]).toEqual([0, ''])
  expect(whole.stdout).toMatch(/^whole: \d+ files of exam, graded \d{4}-.*, signed by SHA256:[A-Za-z0-9+/]{43}\n$/)
  const key = run('evidence', 'key')
  writeFileSync(join(root, 'key.pem'), key.stdout)
  expect(whole.stdout).toContain(key.stderr.trim())
  expect(run('evidence', 'verify', bundle, '--key', 'key.pem').stdout).toBe(whole.stdout)
  const forged = join(root, 'forged')
  cpSync(bundle, forged, { recursive: true })
  appendFileSync(join(forged, 'result.json'), ' ')
  const found = run('evidence', 'verify', forged)
  expect([found.status, found.stdout]).toEqual([1, 'result.json: is not what was signed\n'])
  expect(run('evidence', 'regrade', forged)).toMatchObject({ status: 2, stdout: '' })
  mkdirSync(join(root, 'empty'))
  expect(run('evidence', 'verify', 'empty')).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/has no manifest\.json/),
  })
  expect(run('evidence', 'verify', bundle, '--key', 'ada.zip')).toMatchObject({ status: 64, stdout: '' })
})

it('shows it as one page', () => {
  expect(run('evidence', 'show', bundle, '--lang', 'zh')).toMatchObject({ status: 0, stdout: 'evidence.html\n' })
  const page = readFileSync(join(root, 'evidence.html'), 'utf8')
  expect(page).toContain('签名时一致')
  expect(page).toContain('done by ada')
})

it('is judged again by a check that was mended since: what changed and why, and another attempt', () => {
  const mended = join(root, 'exam')
  cpSync(exam, mended, { recursive: true })
  const yaml = readFileSync(join(mended, 'lab.yaml'), 'utf8')
  writeFileSync(join(mended, 'lab.yaml'), yaml.replace('published: 8080', 'published: 8081'))
  const same = run('evidence', 'regrade', bundle, '--lab', exam)
  expect([same.status, same.stderr]).toEqual([0, ''])
  expect(same.stdout).toContain('2/5 points -> 2/5 points\nthe lab is the same as then\nno verdict has changed\n')
  const again = run('evidence', 'regrade', bundle, '--lab', mended, '--out', 'again.json')
  expect(again.stdout).toMatch(/^the lab has changed since$/m)
  expect(again.stdout).toMatch(/^web\.2 port: failed -> passed\n {2}then, expected: /m)
  expect(again.stdout).toMatch(/^with what was answered then: web\.3$/m)
  const [old, result] = ['kept/ada/result.json', 'again.json'].map((name) =>
    ResultSchema.parse(JSON.parse(readFileSync(join(root, name), 'utf8'))),
  )
  expect(result!.attempt.submittedAt).toBe(old!.attempt.submittedAt)
  expect(result!.steps[1]!.checks.map(({ state: found }) => found)).toEqual(['passed', 'passed', 'failed'])
})

it('keeps a bundle of each of a class, of those that can not be read too, and of every grading', () => {
  const work = join(root, 'class')
  cpSync(join(root, 'ada.zip'), join(work, 'ada.zip'), { recursive: true })
  writeFileSync(join(work, 'bob.zip'), zip([{ name: '../x' }]))
  const args = ['grade', exam, work, '--all', '--out', 'grades', '--evidence', 'all']
  const done = run(...args)
  expect(done.status, done.stderr).toBe(0)
  expect(readdirSync(join(root, 'all'))).toEqual(['ada', 'bob'])
  expect(readdirSync(join(root, 'all/bob'))).toEqual([
    'manifest.json',
    'result.json',
    'signature.json',
    'submission.zip',
  ])
  const whole = run('evidence', 'verify', 'all')
  expect([whole.status, whole.stdout]).toEqual([
    0,
    expect.stringMatching(/^ada: whole: [^\n]+\nbob: whole: [^\n]+\n2 bundles: 2 whole, 0 not as/),
  ])
  const again = run('evidence', 'regrade', 'all', '--lab', exam, '--out', 'again')
  expect([again.status, again.stdout]).toEqual([
    0,
    expect.stringMatching(/^ada +2\/5 +2\/5 +-\nbob +0\/5 +0\/5 +nothing was run/m),
  ])
  expect(readdirSync(join(root, 'again'))).toEqual(['ada.json'])
  expect(run('evidence', 'regrade', 'all/bob', '--lab', exam).stderr).toMatch(/has nothing that could be judged/)
  rmSync(join(root, 'grades/results/ada.json'))
  expect(run(...args, '--resume').status).toBe(0)
  expect(readdirSync(join(root, 'all'))).toEqual(['ada', 'ada.2', 'bob'])
  expect(left(state)).toEqual(before)
})
