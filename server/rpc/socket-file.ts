import { type BigIntStats, chmodSync, chownSync, lstatSync, unlinkSync } from 'node:fs'
import { connect, type Server, type Socket } from 'node:net'
import { VethlabError } from '../error/vethlab-error.js'

/** Bytes of `sockaddr_un.sun_path` without its closing NUL. */
const MAX_PATH_BYTES = 107

/** Who may connect, besides root. */
export interface SocketAccess {
  /** Permissions of the socket file, 0600 by default. */
  mode?: number
  /** The group that the file belongs to, by default this process's own. */
  group?: number
}

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
export function connectSocket(
  path: string,
  timeoutMs: number,
  options: { allowHalfOpen?: boolean } = {},
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path, ...options })
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

/**
 * Lets a server listen on a unix socket; a socket file that a dead server left behind is replaced.
 * @throws VethlabError rackd.running, rackd.unreachable, argument.invalid
 */
export async function bindSocket(server: Server, path: string, { mode = 0o600, group }: SocketAccess): Promise<void> {
  checkSocketPath(path)
  await removeStaleSocket(path)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE'
      const cure = taken ? 'Stop the other server.' : 'See that the directory exists and may be written to.'
      const code = taken ? 'rackd.running' : 'rackd.unreachable'
      reject(new VethlabError(code, `cannot listen: ${error.message}`, { place: path, cure, cause: error }))
    })
    // The file is made within this call, so nobody ever finds it more open than it shall be.
    const umask = process.umask(0o177)
    try {
      server.listen(path, () => resolve())
    } finally {
      process.umask(umask)
    }
    if (!server.listening) return
    if (group !== undefined) chownSync(path, -1, group)
    chmodSync(path, mode)
  })
  server.removeAllListeners('error')
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
