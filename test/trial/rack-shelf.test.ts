import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { LabRack } from '../../server/labrack/lab-rack.js'
import { RackShelf } from '../../server/trial/rack-shelf.js'

/** Counts what is opened and closed; the third can't be opened. */
function shelfOf(options: { ahead: number; most: number }) {
  const told: string[] = []
  let opened = 0
  const open = async () => {
    const name = `r${++opened}`
    if (name === 'r3') throw new Error('no memory')
    told.push(`+${name}`)
    return { name, close: async () => void told.push(`-${name}`) } as unknown as LabRack
  }
  const shelf = new RackShelf(open, { ...options, say: (line) => told.push(line) })
  return { shelf, told, opened: () => opened }
}

it('opens so many ahead and no more than are wanted, and closes all of them', async () => {
  const { shelf, told, opened } = shelfOf({ ahead: 2, most: 4 })
  await turnOfLoop()
  expect(told).toEqual(['+r1', '+r2'])
  shelf.putAway(await shelf.take())
  shelf.putAway(await shelf.take())
  await expect(shelf.take()).rejects.toThrow('no memory')
  shelf.putAway(await shelf.take())
  expect(opened()).toBe(4)
  shelf.want(1)
  await turnOfLoop()
  expect(opened()).toBe(5)
  await shelf.clear()
  expect(told.filter((line) => line.startsWith('-')).toSorted()).toEqual(['-r1', '-r2', '-r4', '-r5'])
})

it('opens less where less is wanted', async () => {
  const { shelf, opened } = shelfOf({ ahead: 1, most: 2 })
  shelf.want(-1)
  shelf.putAway(await shelf.take())
  await turnOfLoop()
  expect(opened()).toBe(1)
  await shelf.clear()
})
