import { libc } from './libc.js'

const strerror = libc.func('strerror', 'str', ['int'])

/** Of socket(2), for all who make other sockets than Node does. */
export const socket = libc.func('socket', 'int', ['int', 'int', 'int'])

/** The C library's own words for a failed call. */
export class SystemCallError extends Error {
  override readonly name = 'SystemCallError'
  constructor(
    readonly call: string,
    readonly errno: number,
  ) {
    super(`${call}: ${strerror(errno)}`)
  }
}

/** What a call of the C library gave. @throws SystemCallError where it is negative: the call has failed */
export function checked(result: number | bigint, call: string): number {
  if (Number(result) < 0) throw new SystemCallError(call, libc.errno())
  return Number(result)
}
