import { signal } from '@preact/signals'
import { io } from 'socket.io-client'
import type { Answered } from '../../server/protocol/protocol.js'
import type { Asked, RequestName, Value } from '../../server/protocol/requests.js'
import { base } from './address.js'
import { requestOver, type ServerSocket } from './request.js'

/** `away`: the connection is lost, and being made again. */
export const connection = signal<'connecting' | 'online' | 'away'>('connecting')

/** When the next attempt to connect begins, while away; milliseconds of `Date.now()`. */
export const retryAt = signal<number | undefined>(undefined)

export const socket: ServerSocket = io({
  path: `${base}/socket.io/`,
  // A page that has a session connects.
  autoConnect: false,
  transports: ['websocket'],
  reconnectionDelay: 300,
  reconnectionDelayMax: 3000,
  randomizationFactor: 0.3,
})
socket.on('connect', () => {
  connection.value = 'online'
  retryAt.value = undefined
})
socket.on('disconnect', (reason) => {
  connection.value = 'away'
  // Sent away by the server: socket.io would not come back by itself.
  if (reason === 'io server disconnect') setTimeout(() => socket.connect(), 1000)
})
socket.on('connect_error', () => {
  if (connection.value === 'online') connection.value = 'away'
})
// A laptop that wakes up, a network that is back.
addEventListener('online', () => socket.active && socket.connect())

/** Asks the server; expected failures are values, and so is a server that is away. */
export function request<K extends RequestName>(name: K, ask: Asked<K>): Promise<Answered<Value<K>>> {
  return requestOver(socket, name, ask)
}
