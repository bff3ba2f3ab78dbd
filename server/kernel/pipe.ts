import { checked } from './call.js'
import { libc } from './libc.js'

/**
 * Pipes of the kernel (pipe(2)). What Node calls a pipe to a child is a pair of sockets, which belong to the network namespace that they
 * were made in: whoever is given one can ask it for the links of the machine.
 */

const pipe2 = libc.func('pipe2', 'int', ['void *', 'int'])
const O_CLOEXEC = 0o2000000

/** Both ends as descriptors, closed in programs that are started unless they are handed over. @throws SystemCallError */
export function makePipe(): { readEnd: number; writeEnd: number } {
  const ends = Buffer.alloc(8)
  checked(pipe2(ends, O_CLOEXEC), 'pipe2')
  return { readEnd: ends.readInt32LE(0), writeEnd: ends.readInt32LE(4) }
}
