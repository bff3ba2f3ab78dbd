import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { Lab } from '../../server/lab/lab.js'
import type { LabRack } from '../../server/labrack/lab-rack.js'
import { RackShelf } from '../../server/trial/rack-shelf.js'

const [a, b] = ['a', 'b'].map((id) => ({ id }) as Lab) as [Lab, Lab]

/** Tells what is opened and closed; the third can't be opened. */
function shelfOf(labs: Lab[], ahead: number) {
  const told: string[] = []
  let opened = 0
  const open = async ({ id }: Lab) => {
    const name = `${id}${++opened}`
    if (name === 'a3') throw new Error('no memory')
    told.push(`+${name}`)
    return { name, close: async () => void told.push(`-${name}`) } as unknown as LabRack
  }
  const shelf = new RackShelf(labs, { open, ahead, say: (line) => told.push(line.en) })
  const closed = () => told.filter((line) => line.startsWith('-')).toSorted()
  return { shelf, told, closed, opened: () => opened }
}

it('opens so many ahead and no more than are wanted, and closes all of them', async () => {
  const { shelf, told, closed, opened } = shelfOf([a, a, a, a], 2)
  await turnOfLoop()
  expect(told).toEqual(['+a1', '+a2'])
  shelf.putAway(await shelf.take(a))
  shelf.putAway(await shelf.take(a))
  await expect(shelf.take(a)).rejects.toThrow('no memory')
  shelf.putAway(await shelf.take(a))
  expect(opened()).toBe(4)
  shelf.want(a)
  await turnOfLoop()
  expect(opened()).toBe(5)
  await shelf.clear()
  expect(closed()).toEqual(['-a1', '-a2', '-a4', '-a5'])
})

it('gives each a rack of its own lab, in whatever order they come', async () => {
  const { shelf, told, closed } = shelfOf([a, b, a, b], 1)
  const second = (await shelf.take(b)) as unknown as { name: string }
  expect(second.name).toBe('b2')
  expect(((await shelf.take(a)) as unknown as { name: string }).name).toBe('a1')
  await turnOfLoop()
  // One waits, and one is planned.
  shelf.spare(b)
  shelf.spare(a)
  await turnOfLoop()
  await shelf.clear()
  expect(told.filter((line) => line.startsWith('+'))).toHaveLength(2)
  expect(closed()).toEqual([])
})

it('opens less where less is wanted, and closes what waits for nobody', async () => {
  const { shelf, opened, closed } = shelfOf([b, a], 1)
  shelf.spare(a)
  shelf.spare(b)
  await turnOfLoop()
  expect(opened()).toBe(1)
  expect(closed()).toEqual(['-b1'])
  await shelf.clear()
})
