import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest'
import { fromPackage } from '../../server/package-root.js'
import { StateDirectory } from '../../server/rack/state-directory.js'
import { addressText } from '../../server/store/postgres-database.js'
import { SqliteRecords } from '../../server/store/sqlite-records.js'
import { fixture } from '../store/fixture.js'
import { PostgresServer } from '../store/postgres-server.js'

let server: PostgresServer
beforeAll(async () => {
  server = await PostgresServer.start()
})
afterAll(() => server?.remove(), 60_000)

let root: string
let state: StateDirectory
let file: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'vethlab-r-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  chmodSync(root, 0o711)
  state = StateDirectory.at(join(root, 'state'))
  file = join(state.records, 'records.sqlite')
})

function withRecords(): void {
  copyFileSync(fixture, file)
  chownSync(file, state.webUser, state.webUser)
  chmodSync(file, 0o600)
}

async function records(
  args: string[],
  { env = {}, input = '' }: { env?: Record<string, string>; input?: string } = {},
) {
  const { exitCode, stdout, stderr } = await execa(
    process.execPath,
    [fromPackage('dist/main.js'), 'records', ...args],
    {
      env: { ...env, VETHLAB_STATE: state.root },
      input,
      reject: false,
      timeout: 30_000,
    },
  )
  return { code: exitCode, out: stdout, said: stderr }
}

const rows = (text: string) => text.trim().split('\n').slice(1)
const inDirectory = (name: string) => join(root, name)

it('exports, copies and deletes, with files as they must be', async () => {
  withRecords()
  const shown = await records(['export'])
  expect(shown).toMatchObject({ code: 0, said: '' })
  expect(JSON.parse(shown.out.split('\n')[0]!)).toMatchObject({ vethlab: 'records', version: 1 })
  const kept = inDirectory('kept.jsonl')
  expect(await records(['export', '--output', kept])).toMatchObject({ code: 0, out: '' })
  expect(rows(readFileSync(kept, 'utf8'))).toEqual(rows(shown.out))
  expect((await records(['export', '--output', kept])).said).toContain('Name a file that is not there')

  const copy = inDirectory('copy.sqlite')
  expect((await records(['backup', copy])).code).toBe(0)
  for (const path of [kept, copy]) {
    const { uid, mode } = statSync(path)
    expect([path, uid, mode & 0o777]).toEqual([path, 0, 0o600])
  }
  const copied = SqliteRecords.open(copy)
  expect((await copied.session('2'.repeat(32)))!.usedMs).toBe(125_000)
  await copied.close()
  // Root leaves nothing there that the web could not use.
  const owners = readdirSync(state.records).map((name) => statSync(join(state.records, name)).uid)
  expect(new Set(owners)).toEqual(new Set([state.webUser]))

  const asked = await records(['delete-learner', 'local'])
  expect(asked.code).not.toBe(0)
  expect(asked.said).toContain('Say --yes where that is meant')
  expect((await records(['delete-learner', 'nobody', '--yes'])).said).toContain('nobody: is no learner on record')
  expect((await records(['delete-learner', 'local', '--yes'])).out).toBe(
    'learner c7f3ba39cef6bd683a6b92d83accee28 is deleted: 2 sessions, 2 verdicts, 1 answers',
  )
  expect(rows((await records(['export'])).out)).toEqual(['{"end":0}'])

  const [, ...lines] = readFileSync(kept, 'utf8').trim().split('\n')
  const broken = inDirectory('broken.jsonl')
  writeFileSync(broken, `${readFileSync(kept, 'utf8').split('\n')[0]}\n${lines.with(4, 'rubbish').join('\n')}\n`)
  const refused = await records(['import', broken])
  expect(refused.code).not.toBe(0)
  expect(refused.said).toContain('line 6: is no JSON. Nothing was imported into ')
  expect((await records(['import', '-'], { input: readFileSync(kept, 'utf8') })).out).toMatch(/^\d+ rows are imported/)
  expect(rows((await records(['export'])).out)).toHaveLength(lines.length)
})

it('works on PostgreSQL, from SQLite and back, and prints what pg_dump takes', async () => {
  withRecords()
  const kept = inDirectory('kept.jsonl')
  await records(['export', '--output', kept])
  const address = await server.newDatabase()
  const database = addressText(address)
  const env = { VETHLAB_DATABASE: database }
  expect((await records(['import', kept], { env })).out).toMatch(/^\d+ rows are imported into postgres:/)
  const there = await records(['export'], { env })
  expect(rows(there.out)).toHaveLength(rows(readFileSync(kept, 'utf8')).length)

  const dump = inDirectory('a dump')
  const told = await records(['backup', dump], { env })
  expect(told.code).not.toBe(0)
  execFileSync('sh', ['-c', told.out])
  expect(execFileSync('pg_restore', ['--list', dump], { encoding: 'utf8' })).toContain('TABLE DATA public verdict')

  rmSync(file)
  const back = inDirectory('back.jsonl')
  writeFileSync(back, `${there.out}\n`)
  expect((await records(['import', back])).code).toBe(0)
  expect(rows((await records(['export'])).out)).toEqual(rows(there.out))
  expect(statSync(file).uid).toBe(state.webUser)

  expect((await records(['delete-learner', 'local', '--yes'], { env })).out).toContain('2 sessions, 2 verdicts')
  expect(rows((await records(['export'], { env })).out)).toEqual(['{"end":0}'])
})

it('says what is wrong in one line, and never a password', async () => {
  const secret = 'a-secret-password'
  const nowhere = `postgres://someone:${secret}@127.0.0.1:1/vethlab`
  const warned = await records(['export', '--database', nowhere])
  expect(warned.said).toContain('every user of this machine can read the password in --database')
  const quiet = await records(['export'], { env: { VETHLAB_DATABASE: nowhere } })
  expect(quiet.said.trim().split('\n')).toHaveLength(1)
  for (const { code, said, out } of [warned, quiet]) {
    expect(code).not.toBe(0)
    expect(said).toContain("postgres://someone@127.0.0.1:1/vethlab: can't be reached")
    expect(said + out).not.toContain(secret)
  }
  expect((await records(['export', '--database', 'mysql://x'])).said).toContain('is no address of a database')
  expect((await records(['backup', inDirectory('x')])).said).toContain('is not there')
})

it('follows no link that the web could have laid', async () => {
  const others = inDirectory('others')
  copyFileSync(fixture, others)
  chmodSync(others, 0o600)
  const before = readFileSync(others)
  symlinkSync(others, file)
  for (const args of [['export'], ['backup', inDirectory('copy')], ['delete-learner', 'local', '--yes']]) {
    const { code, out, said } = await records(args)
    expect([code, out]).toEqual([2, ''])
    expect(said).toContain('permission denied')
  }
  expect(readFileSync(others).equals(before)).toBe(true)
})
