import { batch, signal } from '@preact/signals'
import type { ClassView, MatrixView } from '../../server/protocol/classes.js'
import type { Trouble } from '../../server/protocol/protocol.js'
import type { Asked, RequestName, Value } from '../../server/protocol/requests.js'
import { request, socket } from '../state/connection.js'

/** All classes that one may see, as last heard. */
export const classes = signal<ClassView[] | undefined>(undefined)
/** The class that is looked at. */
export const matrix = signal<MatrixView | undefined>(undefined)
/** The last request that did not work, until the next one. */
export const trouble = signal<Trouble | undefined>(undefined)

let wanted: { class?: string } | undefined

socket.on('connect', () => void refresh())
socket.on('class.seats', (id, seats) => {
  const shown = matrix.peek()
  if (shown?.class.id !== id) return
  if (seats === null) void refresh()
  else {
    const rows = new Map(seats.map((seat) => [seat.id, seat]))
    matrix.value = { ...shown, seats: shown.seats.map((seat) => rows.get(seat.id) ?? seat) }
  }
})

// The list of looks changes with it.
socket.on('look.ended', () => void refresh())

/** Asks the server; what does not work is told on the page. */
export async function ask<K extends RequestName>(name: K, what: Asked<K>): Promise<Value<K> | undefined> {
  const answered = await request(name, what)
  trouble.value = answered.ok ? undefined : answered.trouble
  return answered.ok ? answered.value : undefined
}

async function refresh(): Promise<void> {
  const asked = wanted
  if (asked === undefined || !socket.connected) return
  if (asked.class === undefined) {
    const found = await ask('class.list', {})
    if (wanted === asked && found !== undefined) classes.value = found
  } else {
    const found = await ask('class.follow', { class: asked.class })
    if (wanted !== asked) return
    if (found !== undefined) matrix.value = found
    // Whoever may not see the class any more does not go on looking at it.
    else if (trouble.peek()?.code === 'request.forbidden') matrix.value = undefined
  }
}

/** Shows all classes, or one of them as it changes. @returns what leaves it */
export function look(id?: string): () => void {
  const mine = id === undefined ? {} : { class: id }
  batch(() => {
    wanted = mine
    trouble.value = undefined
    if (matrix.peek()?.class.id !== id) matrix.value = undefined
  })
  if (socket.connected) void refresh()
  else socket.connect()
  return () => {
    if (wanted !== mine) return
    wanted = undefined
    socket.disconnect()
  }
}

/** A class is another one now. */
export function changed(view: ClassView | undefined): void {
  const shown = matrix.peek()
  if (view !== undefined && shown?.class.id === view.id) matrix.value = { ...shown, class: view }
}
