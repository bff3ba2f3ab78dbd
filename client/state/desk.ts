import { signal } from '@preact/signals'
import type { DeskView } from '../../server/protocol/classes.js'
import { request, socket } from './connection.js'

/** What the learner's class has for them; undefined for who is in none. */
export const desk = signal<DeskView | undefined>(undefined)

socket.on('desk', (view) => {
  desk.value = view
})
socket.on('connect', () => void follow())

async function follow(): Promise<void> {
  const answered = await request('desk.follow', {})
  if (answered.ok) desk.value = answered.value ?? undefined
}
