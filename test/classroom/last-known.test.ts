import { expect, it } from 'vitest'
import { LastKnown } from '../../server/classroom/last-known.js'
import { VethlabError } from '../../server/error/vethlab-error.js'

const away = () =>
  Promise.reject(new VethlabError('records.behind', "can't be reached", { place: 'the database', cure: 'Wait.' }))

it('keeps the last answer to each question while the database is away, and no longer', async () => {
  const known = new LastKnown()
  await expect(known.of('class', away)).rejects.toMatchObject({ code: 'records.behind' })
  expect(await known.of('class', async () => 1)).toBe(1)
  expect(await known.of('hints', async () => undefined)).toBe(undefined)
  expect([await known.of('class', away), await known.of('hints', away)]).toEqual([1, undefined])
  await expect(known.of('progress of Ada', away)).rejects.toMatchObject({ code: 'records.behind' })
  expect(await known.of('class', async () => 2)).toBe(2)
  expect(await known.of('class', away)).toBe(2)
})

it('passes on every other failure', async () => {
  const known = new LastKnown()
  await known.of('class', async () => 1)
  await expect(known.of('class', () => Promise.reject(new TypeError('a bug')))).rejects.toThrow('a bug')
})
