import { signal } from '@preact/signals'
import type { Standing } from '../../server/protocol/protocol.js'
import { socket } from './connection.js'

/** How the server's records stand, as it said last. */
export const records = signal<Standing>('current')

socket.on('records', (standing) => {
  records.value = standing
})
