import { copyFileSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import { describe, expect, it } from 'vitest'
import { VethlabError } from '../../server/error/vethlab-error.js'
import { openDatabase } from '../../server/store/sqlite-database.js'
import { sqliteMigrations } from '../../server/store/sqlite-migrations.js'
import { SqliteRecords } from '../../server/store/sqlite-records.js'
import { newDirectory } from './directory.js'
import { fixture } from './fixture.js'

const first = 'CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT NOT NULL) STRICT'
const second =
  'CREATE TABLE b (id INTEGER PRIMARY KEY) STRICT; ALTER TABLE a ADD COLUMN y TEXT; UPDATE a SET y = upper(x)'

const newFile = () => join(newDirectory(), 'records.db')

function versionOf(path: string): unknown {
  const database = new DatabaseSync(path)
  const row = database.prepare('PRAGMA user_version').get() as { user_version: number }
  database.close()
  return row.user_version
}

function refusal(open: () => unknown): VethlabError {
  try {
    open()
  } catch (error) {
    expect(error).toBeInstanceOf(VethlabError)
    expect((error as VethlabError).code).toBe('records.unusable')
    expect((error as VethlabError).message).not.toContain('\n')
    return error as VethlabError
  }
  throw new Error('was not refused')
}

/** A database of some pages, closed, so that all is in its file. */
async function filled(path: string): Promise<void> {
  const records = SqliteRecords.open(path)
  const learner = await records.localLearner()
  for (let n = 0; n < 50; n++) {
    await records.createSession({ id: `session-${n}`, learner, lab: 'user-bridge', labHash: 'a'.repeat(64) })
    await records.setAnswer(`session-${n}`, 'gateway', 'x'.repeat(1000))
  }
  await records.close()
}

describe('openDatabase', () => {
  it('keeps what is the owner’s alone', () => {
    const directory = join(newDirectory(), 'deep', 'records')
    const database = openDatabase(join(directory, 'records.db'), [first])
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    for (const name of ['records.db', 'records.db-wal', 'records.db-shm']) {
      expect([name, statSync(join(directory, name)).mode & 0o777]).toEqual([name, 0o600])
    }
    database.close()
  })

  it('writes ahead, and keeps to foreign keys', () => {
    const database = openDatabase(newFile(), [first])
    expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' })
    expect(database.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 1 })
    expect(database.prepare('PRAGMA foreign_keys').get()).toEqual({ foreign_keys: 1 })
    database.close()
  })

  it('brings an older version on, with what is in it', () => {
    const path = newFile()
    const old = openDatabase(path, [first])
    old.exec("INSERT INTO a (x) VALUES ('kept')")
    old.close()
    const database = openDatabase(path, [first, second])
    expect(database.prepare('SELECT x, y FROM a').all()).toEqual([{ x: 'kept', y: 'KEPT' }])
    database.close()
    expect(versionOf(path)).toBe(2)
    openDatabase(path, [first, second]).close()
  })

  it('takes a step back whole where it fails', () => {
    const path = newFile()
    openDatabase(path, [first]).close()
    expect(() =>
      openDatabase(path, [first, 'CREATE TABLE c (x TEXT) STRICT; INSERT INTO nowhere VALUES (1)']),
    ).toThrow()
    expect(versionOf(path)).toBe(1)
    const database = openDatabase(path, [first, second])
    expect(database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all()).toEqual([
      { name: 'a' },
      { name: 'b' },
    ])
    database.close()
  })

  it('refuses a newer version, and leaves it alone', () => {
    const path = newFile()
    openDatabase(path, [first, second]).close()
    const before = readFileSync(path)
    const error = refusal(() => openDatabase(path, [first]))
    expect(error.message).toBe(
      `${path}: is of version 2, and this vethlab knows 1. ` +
        'Use the newer vethlab that made it, or move the file away to begin anew.',
    )
    expect(readFileSync(path).equals(before)).toBe(true)
  })

  it('refuses the database of another program', () => {
    const path = newFile()
    const other = new DatabaseSync(path)
    other.exec('CREATE TABLE learner (x)')
    other.close()
    const before = readFileSync(path)
    expect(refusal(() => openDatabase(path, sqliteMigrations)).what).toBe('is the database of another program')
    expect(readFileSync(path).equals(before)).toBe(true)
  })

  it('says what is wrong where there can be no file', () => {
    const directory = newDirectory()
    writeFileSync(join(directory, 'file'), '')
    expect(refusal(() => SqliteRecords.open(join(directory, 'file', 'records.db'))).cure).not.toBe('')
    mkdirSync(join(directory, 'folder'))
    expect(refusal(() => SqliteRecords.open(join(directory, 'folder'))).cure).not.toBe('')
  })
})

describe('a damaged file', () => {
  const damages: [string, (path: string) => void][] = [
    ['that is no database at all', (path) => writeFileSync(path, 'not a database. '.repeat(1000))],
    [
      'with a page of rubbish in it',
      (path) => {
        const bytes = readFileSync(path)
        for (let at = 4096 * 2; at < bytes.length; at += 4096) bytes.fill(0xa5, at, at + 2000)
        writeFileSync(path, bytes)
      },
    ],
    ['that is cut short', (path) => truncateSync(path, 4096 * 5)],
    ['whose schema is lost', (path) => writeFileSync(path, readFileSync(path).fill(0xff, 100, 4096))],
  ]
  it.each(damages)('%s is refused, and left as it is', async (_, damage) => {
    const path = newFile()
    await filled(path)
    damage(path)
    const before = readFileSync(path)
    const error = refusal(() => SqliteRecords.open(path))
    expect(error.what).toMatch(/^is damaged \(.+\)$/)
    expect(error.cure).toMatch(/^Move it away/)
    expect(readFileSync(path).equals(before)).toBe(true)
    // And so at the next try.
    refusal(() => SqliteRecords.open(path))
    expect(readFileSync(path).equals(before)).toBe(true)
  })
})

describe('the records', () => {
  it('of before labs had a content hash are read and go on', async () => {
    const path = newFile()
    const old = openDatabase(path, sqliteMigrations.slice(0, 2))
    old.exec(`
      INSERT INTO learner (id, is_local, created_at) VALUES ('l', 1, '2026-01-01T00:00:00.000Z');
      INSERT INTO session (id, learner, lab, rack, created_at) VALUES ('s', 'l', 'user-bridge', 'r1', '2026-01-01T00:00:00.000Z');
      INSERT INTO verdict (session, step, check_index, family, outcome, evidence, is_asked, at, last_at)
      VALUES ('s', 'create', 0, 'network', 'pass', '1', 1, '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z')`)
    old.close()
    const records = SqliteRecords.open(path)
    expect(versionOf(path)).toBe(sqliteMigrations.length)
    expect(await records.session('s')).toMatchObject({ rack: 'r1', server: records.id })
    expect(await records.session('s')).not.toHaveProperty('labHash')
    const labHash = 'a'.repeat(64)
    const again = { index: 0, family: 'network', outcome: 'pass', evidence: 1 } as const
    await records.addVerdicts('s', { step: 'create', asked: false, labHash }, [again])
    expect((await records.verdicts('s')).map((verdict) => [verdict.labHash, verdict.repeats])).toEqual([
      [undefined, 0],
      [labHash, 0],
    ])
    await records.close()
  })

  it('of before there was PostgreSQL are read and go on, with all that is in them', async () => {
    const path = newFile()
    copyFileSync(fixture, path)
    expect(versionOf(path)).toBe(5)
    const records = SqliteRecords.open(path)
    expect(versionOf(path)).toBe(sqliteMigrations.length)
    expect(records.id).toBe('304ae594f5164c6d90761d383abf4246')
    const learner = await records.localLearner()
    expect(learner).toBe('c7f3ba39cef6bd683a6b92d83accee28')
    // Its rack is taken over as before.
    const [open, ...others] = await records.openSessions()
    expect(others).toEqual([])
    expect(open).toMatchObject({ rack: 'brave-otter', server: records.id, usedMs: 125_000, hints: { nat: { 0: 2 } } })
    expect(open!.previous).toBe('1'.repeat(32))
    expect(await records.progress(learner)).toMatchObject([{ states: { first: 'passed', cable: 'helped' } }])
    expect(await records.verdicts(open!.id)).toMatchObject([{ outcome: 'fail', repeats: 1 }])
    expect(await records.timeline(open!.id)).toHaveLength(1)
    await records.close()
  })
})
