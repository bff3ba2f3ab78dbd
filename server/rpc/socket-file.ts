import { type BigIntStats, lstatSync, unlinkSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { VethlabError } from '../errors.js'

/** Bytes of `sockaddr_un.sun_path` without its closing NUL. */
const MAX_PATH_BYTES = 107

export function checkSocketPath(path: string): void {
  const bytes = Buffer.byteLength(path)
  if (bytes === 0 || bytes > MAX_PATH_BYTES || path.includes('\0')) {
    throw new VethlabError('argument.invalid', `a socket path has 1 to ${MAX_PATH_BYTES} bytes, this one ${bytes}`, {
      place: path,
      cure: 'Choose a shorter directory.',
    })
  }
}

/** Connects, or rejects with the system's error; the socket has no listeners but the caller's. */
export function connectSocket(path: string, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    const timer = setTimeout(() => {
      socket.destroy()
      reject(new Error(`no answer within ${timeoutMs} ms`))
    }, timeoutMs)
    socket.once('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.removeAllListeners('error')
      resolve(socket)
    })
  })
}

/** Removes the socket file of a dead server; throws when the server lives, or when it is another kind of file. */
export async function removeStaleSocket(path: string): Promise<void> {
  const found = statOf(path)
  if (found === undefined) return
  if (!found.isSocket()) {
    throw new VethlabError('argument.invalid', 'this file is not a socket', {
      place: path,
      cure: 'Move it away, or choose another path.',
    })
  }
  const answer = await connectSocket(path, 2_000).then(
    (socket) => socket.destroy(),
    (error: NodeJS.ErrnoException) => error.code,
  )
  if (answer !== 'ECONNREFUSED' && answer !== 'ENOENT') {
    throw new VethlabError('rackd.running', 'another server answers on this socket', {
      place: path,
      cure: 'Stop that server, or choose another path.',
    })
  }
  // Only the file that was tried: a server may have taken the path over since.
  const now = statOf(path)
  if (now !== undefined && now.ino === found.ino && now.ctimeNs === found.ctimeNs) unlinkSync(path)
}

function statOf(path: string): BigIntStats | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false })
}
