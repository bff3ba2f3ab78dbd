import { copyFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Archive, copyOf, exportLines, importLines, inPostgres, inSqliteFile } from '../../server/store/archive.js'
import { PostgresRecords } from '../../server/store/postgres-records.js'
import { deleteLearner } from '../../server/store/reads.js'
import type { Records } from '../../server/store/records.js'
import { SqliteRecords } from '../../server/store/sqlite-records.js'
import { newDirectory } from './directory.js'
import { fixture } from './fixture.js'
import { PostgresServer } from './postgres-server.js'

let server: PostgresServer
beforeAll(async () => {
  server = await PostgresServer.start()
}, 60_000)
afterAll(() => server?.remove(), 60_000)

interface Place {
  within<T>(use: (archive: Archive) => Promise<T>): Promise<T>
  open(): Promise<Records>
}

const places: Record<string, () => Promise<Place>> = {
  async SQLite() {
    const path = join(newDirectory(), 'records.sqlite')
    return { within: (use) => inSqliteFile(path, use), open: async () => SqliteRecords.open(path) }
  },
  async PostgreSQL() {
    const address = await server.newDatabase()
    const path = join(newDirectory(), 'outbox.sqlite')
    return { within: (use) => inPostgres(address, use), open: () => PostgresRecords.open(path, address) }
  },
}

async function exported(place: Pick<Place, 'within'>): Promise<string> {
  return place.within(async (archive) => {
    let text = ''
    for await (const line of exportLines(archive)) text += line
    return text
  })
}

function imported(place: Place, text: string): Promise<number> {
  return place.within((archive) => importLines(archive, Readable.from(text)))
}

/** An export of a file of before there was PostgreSQL. */
async function older(): Promise<string> {
  const path = join(newDirectory(), 'records.sqlite')
  copyFileSync(fixture, path)
  return exported({ within: (use) => inSqliteFile(path, use) })
}

/** Without the header, which has a time. */
const rowsOf = (text: string) => text.split('\n').slice(1).toSorted()

describe.each(Object.entries(places))('records in %s', (_, make) => {
  it('come from an export and go into one, and are worked with', async () => {
    const text = await older()
    const place = await make()
    expect(await imported(place, text)).toBe(text.trim().split('\n').length - 2)
    const again = await exported(place)
    // One that had a rack there has none here.
    const lost = text
      .replace('"rack":"brave-otter"', '"rack":null')
      .replace('"ended_at":null,"end_reason":null', '"ended_at":"T","end_reason":"lost"')
    expect(
      rowsOf(again.replace(/"ended_at":"[^"]+","end_reason":"lost"/, '"ended_at":"T","end_reason":"lost"')),
    ).toEqual(rowsOf(lost))
    const records = await place.open()
    const learner = await records.localLearner()
    const session = (await records.latestSession(learner, 'default-bridge'))!
    expect(session).toMatchObject({
      id: '2'.repeat(32),
      previous: '1'.repeat(32),
      usedMs: 125_000,
      endReason: 'lost',
      steps: { first: { state: 'passed' }, cable: { state: 'helped' } },
      hints: { nat: { 0: 2 } },
      answers: { 'seen-as': "192.168.1.11 网关 🙂 '; DROP TABLE session --" },
    })
    expect(await records.verdicts(session.id)).toMatchObject([{ reason: 'reach.timeout', repeats: 1, asked: true }])
    expect((await records.timelineState(session.id, 1))!.length).toBeGreaterThan(5)
    await records.setStep(session.id, 'nat', 'passed')
    await records.close()
  })

  it('come from an export of before sessions had a seed', async () => {
    const text = await older()
    const before = text.replaceAll(',"seed":null', '')
    expect(before).not.toBe(text)
    const [one, other] = [await make(), await make()]
    expect(await imported(one, before)).toBe(await imported(other, text))
    expect(rowsOf(await exported(one)).map((line) => line.replace(/"ended_at":"[^"]+"/, ''))).toEqual(
      rowsOf(await exported(other)).map((line) => line.replace(/"ended_at":"[^"]+"/, '')),
    )
  })

  it('keep classes with their dates and hints, and come from an export of before classes had any', async () => {
    const [one, other] = [await make(), await make()]
    const records = await one.open()
    const { people } = records
    const { id } = await people.createClass({ title: 'Networks', labs: ['mtu'] })
    await people.changeClass(id, { code: 'ABCD1234' })
    const joined = await people.join({ code: 'ABCD1234', name: 'Ada', phrase: 'p', most: 9 })
    if ('refused' in joined) throw new Error(joined.refused)
    await people.raiseHand({ seat: joined.seat.id, lab: 'mtu' })
    await people.addSubmission({ learner: joined.seat.learner, lab: 'mtu', session: 's' })
    await records.close()
    const text = await exported(one)
    const before = text
      .replace(',"capacity":null,"expected":null,"dates":"{}","stuck_rule":null,"is_queue_paused":0', '')
      .replace(',"extensions":"{}"', '')
      .replace(',"offer":null', '')
      .replace(/(?<="accepted_at":"[^"]+","result":null),"evidence":null/, '')
    expect(before.length).toBeLessThan(text.length - 100)
    await imported(other, before)
    expect(rowsOf(await exported(other))).toEqual(rowsOf(text))

    const again = await other.open()
    await again.people.changeClass(id, { dates: { mtu: { after: 'dns' } }, capacity: 3 })
    const hint = { seat: joined.seat.id, lab: 'mtu', step: 'find', check: 0, hint: 1, by: 'Grace' }
    await again.people.addGivenHints([hint])
    await again.close()
    const third = await make()
    await imported(third, await exported(other))
    const last = await third.open()
    expect(await last.people.givenHints(id)).toMatchObject([hint])
    expect(await last.people.classOf(id)).toMatchObject({ dates: { mtu: { after: 'dns' } }, capacity: 3 })
    await last.close()
  })

  it('are left as they were by an export that is wrong anywhere, with the number of its line', async () => {
    const good = (await older()).trim().split('\n')
    const place = await make()
    const before = await exported(place)
    const at = good.findIndex((line) => line.includes('"table":"step"'))
    const wrongs: [string, string[]][] = [
      ['line 1: is no JSON', ['rubbish', ...good.slice(1)]],
      ['line 1: is of version 9', [good[0]!.replace('"version":1', '"version":9'), ...good.slice(1)]],
      [
        'line 1: vethlab: "others" is none of the values',
        [good[0]!.replace('"records"', '"others"'), ...good.slice(1)],
      ],
      [`line ${good.length - 1}: is the last one, and no end stands there`, good.slice(0, -1)],
      [`line ${good.length - 1}: says that`, good.toSpliced(5, 1)],
      [`line ${good.length + 1}: stands behind the end`, [...good, good[2]!]],
      [`line ${at + 1}: is no JSON`, good.with(at, good[at]!.slice(0, -3))],
      [`line ${at + 1}: state: "perhaps"`, good.with(at, good[at]!.replace(/"(passed|helped|skipped)"/, '"perhaps"'))],
      [`line ${at + 1}: more: unknown key "more"`, good.with(at, good[at]!.replace('"is_told"', '"more":1,"is_told"'))],
      [`line ${at + 1}: table: "nowhere"`, good.with(at, good[at]!.replace('"step"', '"nowhere"'))],
      [`line ${at + 1}: is not on record`, good.with(at, good[at]!.replace(/"session":"\d+"/, '"session":"none"'))],
      [`line ${at + 2}: is there already`, good.toSpliced(at, 0, good[at]!)],
      [
        `line ${at + 1}: session: has 1000`,
        good.with(at, good[at]!.replace(/"session":"\d+"/, `"session":"${'x'.repeat(1000)}"`)),
      ],
    ]
    for (const [message, lines] of wrongs) {
      await expect(imported(place, `${lines.join('\n')}\n`), message).rejects.toThrow(message)
      expect(rowsOf(await exported(place))).toEqual(rowsOf(before))
    }
    await imported(place, good.join('\n'))
    await expect(imported(place, good.join('\n'))).rejects.toThrow('are not empty: 2 sessions are there')
  })

  it('lose a learner whole, and nobody else', async () => {
    const place = await make()
    await imported(place, await older())
    const others = JSON.stringify({
      table: 'learner',
      row: { id: 'other', name: 'Ada', is_local: 0, created_at: '2026-01-01T00:00:00.000Z' },
    })
    const next = await make()
    const lines = (await exported(place)).trim().split('\n')
    const end = JSON.stringify({ end: lines.length - 1 })
    await imported(next, [...lines.toSpliced(1, 0, others).slice(0, -1), end].join('\n'))
    expect(await next.within((archive) => archive.ask(deleteLearner('nobody')))).toBeUndefined()
    const local = JSON.parse(lines[1]!).row.id as string
    expect(await next.within((archive) => archive.ask(deleteLearner(local)))).toEqual({
      sessions: 2,
      verdicts: 2,
      answers: 1,
    })
    expect((await exported(next)).split('\n').slice(1)).toEqual([others, '{"end":1}', ''])
  })
})

it('a SQLite file is copied whole while it is written', async () => {
  const directory = newDirectory()
  const path = join(directory, 'records.sqlite')
  copyFileSync(fixture, path)
  const records = SqliteRecords.open(path)
  await records.setAnswer('2'.repeat(32), 'late', 'x')
  await copyOf(path, join(directory, 'copy'))
  await records.close()
  const copy = SqliteRecords.open(join(directory, 'copy'))
  expect((await copy.session('2'.repeat(32)))!.answers.late).toBe('x')
  expect(copy.id).toBe(records.id)
  await copy.close()
  expect(statSync(join(directory, 'copy')).size).toBeGreaterThan(10_000)
  await expect(copyOf(path, join(directory, 'copy'))).rejects.toThrow()
})
