import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { SecurityLog } from '../../server/error/security-log.js'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vethlab-log-'))
  path = join(folder, 'security.log')
  return () => rmSync(folder, { recursive: true })
})

const lines = (file = path) =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

it('is a line of JSON an event, root’s alone', () => {
  const log = new SecurityLog(path)
  log.note('login.refused', { from: '192.0.2.7', by: 'token', origin: undefined })
  expect(lines()).toEqual([
    { at: expect.stringMatching(/^\d{4}-.*Z$/), event: 'login.refused', times: 1, from: '192.0.2.7', by: 'token' },
  ])
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

it('counts what comes again', () => {
  const log = new SecurityLog(path)
  for (let n = 0; n < 1000; n++) log.note('origin.foreign', { origin: 'https://evil.example' })
  log.note('login.refused', { from: '192.0.2.7' })
  expect(lines()).toHaveLength(2)
  log.close()
  expect(lines().map(({ event, times }) => [event, times])).toEqual([
    ['origin.foreign', 1],
    ['login.refused', 1],
    ['origin.foreign', 999],
  ])
})

it('begins to count anew when the time is over', async () => {
  const log = new SecurityLog(path, { gatherMs: 20 })
  log.note('login.refused', { from: 'a' })
  log.note('login.refused', { from: 'a' })
  await expect.poll(() => lines().map(({ times }) => times)).toEqual([1, 1])
  log.note('login.refused', { from: 'a' })
  expect(lines()).toHaveLength(3)
  log.close()
})

it('stays small, whoever makes up names without end', () => {
  const log = new SecurityLog(path)
  for (let n = 0; n < 5000; n++) log.note('origin.foreign', { origin: `https://${n}.example/\n"${'x'.repeat(5000)}` })
  log.close()
  expect(lines().length).toBeLessThan(110)
  expect(lines().at(-1)).toMatchObject({ event: 'others', times: 4899 })
  const small = new SecurityLog(path, { mostBytes: 1000, gatherMs: 0 })
  for (let n = 0; n < 50; n++) small.note('login.refused', { from: `${n}` })
  expect(statSync(path).size).toBeLessThan(1300)
  expect(lines(`${path}.1`).length).toBeGreaterThan(0)
  small.close()
})

it('stops nobody where it can’t be written', () => {
  new SecurityLog(join(folder, 'missing/security.log')).note('login.refused', {})
})
