import { signal } from '@preact/signals'
import { io, type Socket } from 'socket.io-client'
import type { Answered, Events, Requests, Trouble } from '../server/web/protocol.js'

/** So long a request may take, in milliseconds: nothing but answers to it waits that long. */
const requestTimeoutMs = 20_000

type Asked<K extends keyof Requests> = Parameters<Requests[K]>[0]
type Value<K extends keyof Requests> =
  Parameters<Requests[K]> extends [unknown, (answered: Answered<infer T>) => void] ? T : never

/** `away`: the connection is lost, and being made again. */
export const connection = signal<'connecting' | 'online' | 'away'>('connecting')

/** When the next attempt to connect begins, while away; milliseconds of `Date.now()`. */
export const retryAt = signal<number | undefined>(undefined)

export const socket: Socket<Events, Requests> = io({
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
addEventListener('online', () => socket.connect())

const away: Trouble = {
  code: 'connection.away',
  what: { en: 'The server does not answer at the moment.', zh: '服务器暂时没有响应。' },
  cure: { en: 'It is tried again by itself; then do it once more.', zh: '正在自动重试，恢复后请再操作一次。' },
}

/** Asks the server; expected failures are values, and so is a server that is away. */
export async function request<K extends Exclude<keyof Requests, 'terminal.acknowledge'>>(
  name: K,
  ask: Asked<K>,
): Promise<Answered<Value<K>>> {
  if (!socket.connected) return { ok: false, trouble: away }
  try {
    return await (
      socket.timeout(requestTimeoutMs) as unknown as { emitWithAck(...args: unknown[]): Promise<Answered<Value<K>>> }
    ).emitWithAck(name, ask)
  } catch {
    return { ok: false, trouble: away }
  }
}
