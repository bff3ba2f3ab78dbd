import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Arrows, arrows, pictureOf, rooms } from '../../arrows.js'
import { fromPackage } from '../../server/package-root.js'
import { circleIn, importsOf } from './imports.js'
import { expectPrinted } from './printed.js'

const imports = importsOf(['server', 'client'])
const roomOf = (file: string): string => {
  const room = rooms
    .filter((name) => file === name || file.startsWith(`${name}/`))
    .toSorted((a, b) => b.length - a.length)[0]
  if (room === undefined) throw new Error(`${file} is in no room: name its room in arrows.ts`)
  return room
}

const usesPackages = (file: string) => /^import (?!type)[^']*'[^.]/m.test(readFileSync(fromPackage(file), 'utf8'))

describe('the house', () => {
  it('has the arrows of arrows.ts, all of them and no others', () => {
    const drawn: Record<string, Set<string>> = Object.fromEntries(rooms.map((room) => [room, new Set<string>()]))
    for (const { from, to } of imports) {
      const [here, there] = [roomOf(from), roomOf(to)]
      if (here !== there) drawn[here]!.add(there)
    }
    const found = Object.fromEntries(Object.entries(drawn).map(([room, to]) => [room, [...to].toSorted()]))
    const allowed = Object.fromEntries(Object.entries(arrows as Arrows).map(([room, to]) => [room, [...to].toSorted()]))
    expect(found).toEqual(allowed)
  })

  it('has no circle, neither of rooms nor of files', () => {
    expect(circleIn(new Map(Object.entries(arrows as Arrows).map(([room, to]) => [room, new Set(to)])))).toBeUndefined()
    const files = new Map<string, Set<string>>()
    for (const { from, to } of imports) files.set(from, (files.get(from) ?? new Set()).add(to))
    expect(circleIn(files)).toBeUndefined()
  })

  it('lets the pages take types alone from the server, and files that import nothing', () => {
    const needing = new Set(imports.filter(({ typesOnly }) => !typesOnly).map(({ from }) => from))
    const taken = imports.filter(
      ({ from, to, typesOnly }) =>
        from.startsWith('client/') && to.startsWith('server/') && !typesOnly && (needing.has(to) || usesPackages(to)),
    )
    expect(taken).toEqual([])
  })

  it('is drawn in docs/architecture.md as it is', () => {
    expectPrinted('docs/architecture.md', 'arrows', pictureOf(arrows))
  })
})

describe('circleIn', () => {
  it('finds a way back, however long', () => {
    const to = (...names: string[]) => new Set(names)
    expect(
      circleIn(
        new Map([
          ['a', to('b')],
          ['b', to('c', 'd')],
          ['d', to('b')],
        ]),
      ),
    ).toEqual(['b', 'd', 'b'])
    expect(
      circleIn(
        new Map([
          ['a', to('b', 'c')],
          ['b', to('c')],
        ]),
      ),
    ).toBeUndefined()
  })
})
