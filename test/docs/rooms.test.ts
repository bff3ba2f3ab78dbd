import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { packageRoot } from '../../server/package-root.js'
import { pages, rowsOf } from './pages.js'

const page = (path: string) => pages().find((candidate) => candidate.path === path)!
const roomsIn = (rows: string[][]) =>
  rows.flatMap(([first]) => [...first!.matchAll(/server\/([a-z]+)\//g)].map(([, room]) => room!))
const rooms = readdirSync(join(packageRoot, 'server'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .toSorted()

it('docs/architecture.md says of each room what it is, once', () => {
  expect(roomsIn(rowsOf(page('docs/architecture.md'), /^`server/)).toSorted()).toEqual(rooms)
})

it('CONTRIBUTING.md says for the rooms what to run', () => {
  const rows = rowsOf(page('CONTRIBUTING.md'), /^`(server|client)/)
  const without = new Set(['bench', 'error'])
  expect([...new Set(roomsIn(rows))].toSorted()).toEqual(rooms.filter((room) => !without.has(room)))
  for (const [, what] of rows) {
    for (const [, project, names] of what!.matchAll(/(hosts|browser): ((?:`[a-z-]+`(?:, )?)+)/g)) {
      for (const [, name] of names!.matchAll(/`([a-z-]+)`/g)) {
        const path = `test/${project}/${name}.test.ts`
        expect(existsSync(join(packageRoot, path)), path).toBe(true)
      }
    }
  }
})
