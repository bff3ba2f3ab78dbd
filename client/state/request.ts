import type { Socket } from 'socket.io-client'
import type { Answered, Events, Trouble } from '../../server/protocol/protocol.js'
import type { Asked, RequestName, Requests, Value } from '../../server/protocol/requests.js'

/** So long a request may take, in milliseconds: nothing but answers to it waits that long. */
const requestTimeoutMs = 20_000
/** Those that send packets and wait for them; the server ends them before that. */
const longRequestTimeoutMs = 40_000
const long: ReadonlySet<RequestName> = new Set([
  'trace.run',
  'trace.repeat',
  'trace.check',
  'diagnose.run',
  'author.look',
])

export type ServerSocket = Socket<Events, Requests>

const away: Trouble = {
  code: 'connection.away',
  what: { en: 'The server does not answer at the moment.', zh: '服务器暂时没有响应。' },
  cure: { en: 'Reconnecting automatically; then try again.', zh: '正在自动重试，恢复后请再操作一次。' },
}

/** Asks the server; expected failures are values, and so is a server that is away. */
export async function requestOver<K extends RequestName>(
  socket: ServerSocket,
  name: K,
  ask: Asked<K>,
): Promise<Answered<Value<K>>> {
  if (!socket.connected) return { ok: false, trouble: away }
  try {
    return await (
      socket.timeout(long.has(name) ? longRequestTimeoutMs : requestTimeoutMs) as unknown as {
        emitWithAck(...args: unknown[]): Promise<Answered<Value<K>>>
      }
    ).emitWithAck(name, ask)
  } catch {
    return { ok: false, trouble: away }
  }
}
