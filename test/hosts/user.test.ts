import { chmodSync, chownSync, copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { hashOf } from '../../server/learner/secret.js'
import { fromPackage } from '../../server/package-root.js'
import { StateDirectory } from '../../server/rack/state-directory.js'
import { SqliteRecords } from '../../server/store/sqlite-records.js'
import { fixture } from '../store/fixture.js'

/** `vethlab user`, on the records of an earlier version. */

let state: StateDirectory
let file: string
beforeEach(() => {
  const root = mkdtempSync(join(tmpdir(), 'vethlab-u-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  chmodSync(root, 0o711)
  state = StateDirectory.at(join(root, 'state'))
  file = join(state.records, 'records.sqlite')
  copyFileSync(fixture, file)
  chownSync(file, state.webUser, state.webUser)
  chmodSync(file, 0o600)
})

async function user(...args: string[]) {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [fromPackage('dist/main.js'), 'user', ...args], {
    env: { VETHLAB_STATE: state.root },
    reject: false,
    timeout: 30_000,
  })
  return { exitCode, stdout, stderr }
}

async function withRecords<T>(work: (records: SqliteRecords) => Promise<T>): Promise<T> {
  const records = SqliteRecords.open(file)
  try {
    return await work(records)
  } finally {
    await records.close()
    chownSync(file, state.webUser, state.webUser)
  }
}

it('adds staff by a link that lets them set a password, gives them roles, and takes them away', async () => {
  const added = await user(
    'add',
    'grace@example.org',
    '--name',
    'Grace',
    '--teacher',
    '--address',
    'https://labs.example.org/x/',
  )
  expect(added.stderr).toMatch(/^Grace sets a password with this link within 7 days, once:$/)
  const [, secret = ''] = /^https:\/\/labs\.example\.org\/x\/welcome\/([\w-]{43})$/.exec(added.stdout) ?? []
  expect(await withRecords(({ people }) => people.invited(hashOf(secret)))).toMatchObject({
    name: 'Grace',
    mayFound: true,
  })
  expect((await user('list')).stdout).toBe('grace@example.org: Grace, may found classes, has no password yet')

  const again = await user('link', 'GRACE@example.org')
  const [, newer = ''] = /\/welcome\/([\w-]{43})$/.exec(again.stdout) ?? []
  expect(await withRecords(({ people }) => people.invited(hashOf(secret)))).toBeUndefined()
  expect(await withRecords(({ people }) => people.acceptInvitation(hashOf(newer), 'kept'))).toBeDefined()

  const { id } = await withRecords(({ people }) => people.createClass({ title: 'Networks', labs: [] }))
  expect((await user('role', 'grace@example.org', id, 'assistant')).stdout).toBe('Grace is assistant in Networks')
  expect(await withRecords(({ people }) => people.members(id))).toMatchObject([{ name: 'Grace', role: 'assistant' }])
  expect((await user('remove', 'grace@example.org')).exitCode).toBe(0)
  expect((await user('list')).stdout).toBe('')
  expect(await withRecords(({ people }) => people.members(id))).toEqual([])
  // It is the web's file still.
  expect(statSync(file).uid).toBe(state.webUser)
})

it('says in one line what can not be', async () => {
  await user('add', 'grace')
  for (const [args, says] of [
    [['add', 'grace'], 'grace: is there already'],
    [['add', 'a b'], 'a b: is no login'],
    [['link', 'nobody'], 'nobody: is nobody of the staff'],
    [['role', 'grace', 'f'.repeat(32), 'viewer'], 'is no class'],
    [['role', 'grace', 'f'.repeat(32), 'king'], 'king: is no role'],
  ] as const) {
    const { exitCode, stderr, stdout } = await user(...args)
    expect([args, exitCode === 0, stdout, stderr.includes('\n')]).toEqual([args, false, '', false])
    expect(stderr).toContain(says)
  }
})
