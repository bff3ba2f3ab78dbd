import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Socket } from 'socket.io-client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fromPackage } from '../../server/package-root.js'
import type { ClassView, DeskView, LearnerDetail, MatrixView } from '../../server/protocol/classes.js'
import type { SessionView } from '../../server/protocol/protocol.js'
import { ResultSchema } from '../../server/report/result.js'
import { testState as state } from './state.js'
import { Page, Serve, until } from './web-house.js'

/** Work that is done live: graded from the command line, and handed in by a learner of a class. */

let scratch: string
let serve: Serve
let owner: Page
const pages: Page[] = []
const long = 400_000

/** Not in one go: pages of this process have to answer their server meanwhile. */
const run = (...args: string[]): Promise<{ status: unknown; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    const options = { encoding: 'utf8', cwd: scratch, env: { ...process.env, VETHLAB_STATE: state.root } } as const
    execFile(process.execPath, [fromPackage('dist/main.js'), ...args], options, (error, stdout, stderr) =>
      resolve({ status: error ? error.code : 0, stdout, stderr }),
    )
  })

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'vethlab-live-'))
  for (const name of readdirSync(state.root).includes('records') ? readdirSync(state.records) : [])
    if (name.includes('.sqlite')) rmSync(join(state.records, name))
  rmSync(state.evidence, { recursive: true, force: true })
  serve = await Serve.start(['--close-racks'])
  owner = await Page.open(serve)
  pages.push(owner)
})
afterAll(async () => {
  for (const page of pages) page.close()
  await serve?.end('SIGTERM')
  rmSync(scratch, { recursive: true, force: true })
  rmSync(state.evidence, { recursive: true, force: true })
})

async function typed(page: Page, session: SessionView, text: string): Promise<void> {
  const terminal = page.view!.terminals.find(({ host }) => host === 'node1')!.id
  await page.attach(session.id, terminal)
  await page.type(terminal, `${text}; echo do''ne\n`)
  await page.sees(terminal, /done/, 60_000)
  page.output.delete(terminal)
}

it(
  'grades a live session by its rack as it stands, and by what is on record once that is gone',
  async () => {
    const session = await owner.lab('default-bridge')
    // As the map of its page does.
    await owner.value('network.follow', { session: session.id })
    const nothing = await run('grade', '--session', session.id, '--json')
    expect(nothing.status, nothing.stderr).toBe(1)
    expect(nothing.stderr).toMatch(/^(checking step [a-z]+\n)+$/)
    expect(ResultSchema.parse(JSON.parse(nothing.stdout))).toMatchObject({ points: 0, attempt: { of: 'session' } })
    await typed(owner, session, 'docker run -d --name web nginx')
    await owner.value('step.check', { session: session.id, step: 'first' })
    await until(() => owner.view!.steps[0]!.state === 'passed', 150_000)
    const one = await run('grade', '--session', session.id, '--json', '--evidence', 'kept', '--assignment', 'lab-1')
    expect(one.status, one.stderr).toBe(1)
    const result = ResultSchema.parse(JSON.parse(one.stdout))
    expect(result).toMatchObject({
      assignment: { id: 'lab-1', lab: 'default-bridge' },
      notes: [],
    })
    expect(result.steps.map(({ id, state: found }) => [id, found]).slice(0, 2)).toEqual([
      ['first', 'passed'],
      ['cable', 'failed'],
    ])
    const [, bundle] = /^evidence: (kept\/\S+)$/m.exec(one.stderr)!
    expect(await run('evidence', 'verify', bundle!)).toMatchObject({ status: 0, stderr: '' })
    expect(readdirSync(join(scratch, bundle!)).toSorted()).toEqual([
      ...[
        'checks.json',
        'difference.json',
        'manifest.json',
        'result.json',
        'signature.json',
        'states',
        'timeline.json',
      ],
    ])
    expect(readFileSync(join(scratch, bundle!, 'timeline.json'), 'utf8')).toContain('docker run -d --name web nginx')
    expect((await run('evidence', 'show', bundle!)).status).toBe(0)
    expect(readFileSync(join(scratch, 'evidence.html'), 'utf8')).toContain('When it was handed in')
    expect((await run('evidence', 'regrade', bundle!)).stdout).toContain('no verdict has changed')

    // What was right in its own time counts, and the report says that it is not so any more.
    await typed(owner, session, 'docker rm -f web')
    const later = ResultSchema.parse(JSON.parse((await run('grade', '--session', session.id, '--json')).stdout))
    expect(later.steps[0]).toMatchObject({ state: 'passed', points: 1 })
    expect(later.notes[0]!.en).toMatch(/was found right at .+, and counts; it is not so any more/)
    expect(owner.view!.phase.name).toBe('open')

    await owner.value('session.leave', { session: session.id })
    const recorded = await run('grade', '--session', session.id, '--json')
    expect(recorded.stderr).toBe('its hosts do not run: what is on record of it is graded\n')
    expect(ResultSchema.parse(JSON.parse(recorded.stdout))).toMatchObject({ points: 1, state: 'failed' })
  },
  long,
)

it.each<[string, () => string[], RegExp, number]>([
  ['a session that is not there', () => ['--session', 'f'.repeat(32)], /--session f+: is on no record here/, 2],
  ['one and a submission', () => ['default-bridge', 'x.sh', '--session', 'a'], /--session: is for work done live/, 64],
  ['one and all', () => ['--session', 'a', '--all'], /--session: is for work done live/, 64],
])('refuses %s in one line', async (_, args, said, status) => {
  const refused = await run('grade', ...args())
  expect([refused.status, refused.stdout, refused.stderr.trim().split('\n').length]).toEqual([status, '', 1])
  expect(refused.stderr).toMatch(said)
})

/** A learner of the class, as their browser is. */
async function joined(code: string, name: string): Promise<Page> {
  const answer = await fetch(new URL('/join', serve.address), {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: serve.address.origin, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ code, name }),
  })
  const cookie = answer.headers.get('set-cookie')!.split(';')[0]!
  const page = await Page.open(serve, cookie)
  pages.push(page)
  return page
}

it(
  'takes what a learner hands in: as it is, with evidence, as often as the teacher lets them',
  async () => {
    const made = await owner.value<ClassView>('class.create', { title: 'Exam', labs: ['default-bridge'] })
    const { code } = await owner.value<ClassView>('class.code', { class: made.id, on: true })
    const ada = await joined(code!, 'Ada')
    const session = await ada.lab('default-bridge')
    expect(await ada.ask('work.submit', { session: session.id })).toMatchObject({
      ok: false,
      trouble: { code: 'work.not-assessed' },
    })
    const assessed = { attempts: 2, shows: 'steps' }
    await owner.value('class.assess', { class: made.id, lab: 'default-bridge', assessed })
    let desk = (await ada.value<DeskView | null>('desk.follow', {}))!
    ;(ada.socket as Socket).on('desk', (view: DeskView) => {
      desk = view
    })
    const handedIn = () => desk.handedIn['default-bridge']!
    const submitted = async (count: number) => {
      await ada.value('work.submit', { session: session.id })
      await until(() => handedIn().all.length === count && !['judging'].includes(handedIn().all.at(-1)!.state), 90_000)
      return handedIn().all.at(-1)!
    }
    const first = await submitted(1)
    expect(first).toMatchObject({ number: 1, state: 'judged', points: { points: 0 } })
    expect(first.steps![0]).toMatchObject({ id: 'first', state: 'failed', why: { en: expect.any(String) } })
    expect(Math.abs(Date.parse(first.at) - Date.now())).toBeLessThan(120_000)

    await typed(ada, session, 'docker run -d --name web nginx')
    // Nothing else is done meanwhile, and the terminals go on.
    await ada.value('work.submit', { session: session.id })
    expect(await ada.ask('work.submit', { session: session.id })).toMatchObject({ trouble: { code: 'session.busy' } })
    expect(await ada.ask('rack.reset', { session: session.id })).toMatchObject({ trouble: { code: 'session.busy' } })
    await until(() => handedIn().all.length === 2 && handedIn().all[1]!.state !== 'judging', 90_000)
    const last = handedIn().all[1]!
    expect(last).toMatchObject({ state: 'judged', points: { points: 1 } })
    expect(last.steps![0]).toMatchObject({ id: 'first', state: 'passed' })
    expect(handedIn().usedUp).toBe(2)
    expect(await ada.ask('work.submit', { session: session.id })).toMatchObject({
      trouble: { code: 'work.no-attempt-left' },
    })
    await until(() => ada.view!.busy === undefined)

    const matrix = await owner.value<MatrixView>('class.follow', { class: made.id })
    expect(matrix.seats[0]!.handedIn!['default-bridge']).toMatchObject({ counts: { points: 1 } })
    const detail = await owner.value<LearnerDetail>('seat.detail', {
      class: made.id,
      seat: matrix.seats[0]!.id,
      lab: 'default-bridge',
    })
    expect(detail.session).toBe(session.id)
    const { evidence } = detail.handedIn[0]!
    const folder = join(state.records, evidence)
    const { uid, mode } = statSync(folder)
    expect([uid, mode & 0o077]).toEqual([state.webUser, 0])
    const verified = await run('evidence', 'verify', folder)
    expect([verified.status, verified.stderr]).toEqual([0, ''])
    const key = await run('evidence', 'key', '--live')
    expect(verified.stdout).toContain(key.stderr.trim())
    expect((await run('evidence', 'key')).stderr).not.toBe(key.stderr)
    expect((await run('evidence', 'regrade', folder)).stdout).toContain('no verdict has changed')
    const files = await owner.value<{ text: string }>('class.export', {
      class: made.id,
      format: { results: 'default-bridge' },
    })
    const results = files.text
      .trim()
      .split('\n')
      .map((line) => ResultSchema.parse(JSON.parse(line)))
    expect(results.at(-1)).toMatchObject({ student: { firstName: 'Ada' }, points: 1 })

    // What is deleted of a learner is deleted with what they handed in.
    ada.close()
    const [learner] = readdirSync(state.evidence)
    const gone = await run('records', 'delete-learner', learner!, '--yes')
    expect([gone.status, existsSync(join(state.evidence, learner!))]).toEqual([0, false])
  },
  long,
)
