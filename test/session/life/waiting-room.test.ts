import { beforeEach, expect, it } from 'vitest'
import { WaitingRoom } from '../../../server/session/life/waiting-room.js'

let room: number
let ends: number[]
let waiting: WaitingRoom
let entered: string[]
beforeEach(() => {
  room = 0
  ends = [300, 100]
  entered = []
  waiting = new WaitingRoom({ room: () => room, ends: () => ends })
})

function wait(name: string, signal = new AbortController().signal) {
  const tell = (place: object | undefined) => {
    if (place) person.places.push(place)
    else room--
    // As when a view changes.
    waiting.look()
  }
  const person = { name, isHere: true, places: [] as object[] }
  const done = waiting.wait({ isThere: () => person.isHere, tell }, signal).then(() => {
    entered.push(name)
  })
  done.catch(() => {})
  return { person, done }
}

it('lets others past who waits for their own kind alone, and tells those where they are among it', async () => {
  let own = 0
  const quota = { of: 'class', room: () => own, ends: () => [700] }
  const enter = (name: string, isOwn: boolean) => {
    const places: object[] = []
    const tell = (place: object | undefined) => {
      if (place) places.push(place)
      else {
        room--
        if (isOwn) own--
      }
      waiting.look()
    }
    const done = waiting
      .wait({ isThere: () => true, tell, ...(isOwn ? { quota } : {}) }, new AbortController().signal)
      .then(() => entered.push(name))
    return { places, done }
  }
  const [a, b, other] = [enter('a', true), enter('b', true), enter('other', false)]
  expect([a, b, other].map(({ places }) => places.at(-1))).toEqual([
    { position: 1, freeAt: 700 },
    { position: 2 },
    { position: 3 },
  ])
  room = 2
  waiting.look()
  await other.done
  expect(entered).toEqual(['other'])
  own = 1
  waiting.look()
  await a.done
  expect(entered).toEqual(['other', 'a'])
  expect(b.places.at(-1)).toEqual({ position: 1, freeAt: 700 })
})

it('lets in who came first, and tells the others where they are and when there may be room', async () => {
  const [a, b, c] = [wait('a'), wait('b'), wait('c')]
  expect([a, b, c].map(({ person }) => person.places)).toEqual([
    [{ position: 1, freeAt: 100 }],
    [{ position: 2, freeAt: 300 }],
    [{ position: 3 }],
  ])
  waiting.look()
  expect(a.person.places).toHaveLength(1)
  room = 1
  ends = [300]
  waiting.look()
  await a.done
  expect(entered).toEqual(['a'])
  expect(b.person.places.at(-1)).toEqual({ position: 1, freeAt: 300 })
  room = 2
  waiting.look()
  await Promise.all([b.done, c.done])
  expect(waiting.count).toBe(0)
})

it('passes over who has gone, and keeps their place', async () => {
  const [a, b] = [wait('a'), wait('b')]
  a.person.isHere = false
  room = 1
  waiting.look()
  await b.done
  a.person.isHere = true
  room = 1
  waiting.look()
  await a.done
  expect(entered).toEqual(['b', 'a'])
})

it('forgets who goes away, and moves up', async () => {
  const end = new AbortController()
  const [a, b] = [wait('a', end.signal), wait('b')]
  end.abort(new Error('left'))
  await expect(a.done).rejects.toThrow('left')
  expect(b.person.places.at(-1)).toEqual({ position: 1, freeAt: 100 })
  await expect(wait('c', end.signal).done).rejects.toThrow('left')
  expect(waiting.count).toBe(1)
})
