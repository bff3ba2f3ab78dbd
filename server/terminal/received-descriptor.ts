import { closeSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { constants } from 'node:os'
import koffi from 'koffi'
import { libc } from '../kernel/libc.js'
import { checkSocketPath } from '../rpc/socket-file.js'

const MSG_DONTWAIT = 0x40
const MSG_CMSG_CLOEXEC = 0x40000000
const SOL_SOCKET = 1
const SCM_RIGHTS = 1
/** Of `struct cmsghdr`: u64 length, i32 level, i32 type; then come the descriptors. */
const HEADER_BYTES = 16
/** Room for a few, so that whoever sends more is noticed. */
const CONTROL_BYTES = 64

/** The sender writes at once after it has connected, so it is looked again soon; Node can't tell without reading. */
const RETRY_MS = 1

koffi.struct('iovec', { base: 'void *', length: 'size_t' })
koffi.struct('msghdr', {
  name: 'void *',
  nameLength: 'uint32',
  vectors: 'iovec *',
  vectorCount: 'size_t',
  control: 'void *',
  controlLength: 'size_t',
  flags: 'int',
})
const recvmsg = libc.func('long recvmsg(int fd, _Inout_ msghdr *message, int flags)')

/**
 * Waits for one open file that another process hands over through a unix socket (unix(7), SCM_RIGHTS), as OCI runtimes do
 * with a terminal's master ("console socket").
 * @param path where the socket is made; it goes away with the first connection, or with `signal`
 * @throws VethlabError argument.invalid for a path that is too long
 * @returns its descriptor, closed on exec; undefined where nothing came, after `timeoutMs` or an abort
 */
export function receiveDescriptor(path: string, timeoutMs: number, signal: AbortSignal): Promise<number | undefined> {
  checkSocketPath(path)
  return new Promise((resolve, reject) => {
    let sender: Socket | undefined
    let looking: NodeJS.Timeout | undefined
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      if (sender) return void socket.destroy()
      sender = socket
      socket.on('error', () => {})
      look()
    })
    const end = (descriptor?: number) => {
      clearTimeout(timer)
      clearTimeout(looking)
      signal.removeEventListener('abort', onAbort)
      sender?.destroy()
      // Removes the file as well.
      server.close()
      resolve(descriptor)
    }
    const look = () => {
      const got = receive(descriptorOf(sender!))
      if (got === 'nothing yet') looking = setTimeout(look, RETRY_MS)
      else end(got)
    }
    const onAbort = () => end()
    const timer = setTimeout(end, timeoutMs)
    signal.addEventListener('abort', onAbort)
    server.once('error', (error) => {
      end()
      reject(error)
    })
    server.listen(path)
    if (signal.aborted) end()
  })
}

function receive(socket: number): number | undefined | 'nothing yet' {
  const data = Buffer.alloc(256)
  const control = Buffer.alloc(CONTROL_BYTES)
  const message = {
    name: null,
    nameLength: 0,
    vectors: [{ base: data, length: data.length }],
    vectorCount: 1,
    control,
    controlLength: control.length,
    flags: 0,
  }
  const read = Number(recvmsg(socket, message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC))
  if (read < 0) return libc.errno() === constants.errno.EAGAIN ? 'nothing yet' : undefined
  const length = Math.min(Number(control.readBigUInt64LE(0)), control.length)
  if (length <= HEADER_BYTES || control.readInt32LE(8) !== SOL_SOCKET || control.readInt32LE(12) !== SCM_RIGHTS)
    return undefined
  const descriptors: number[] = []
  for (let at = HEADER_BYTES; at + 4 <= length; at += 4) descriptors.push(control.readInt32LE(at))
  for (const more of descriptors.slice(1)) closeSync(more)
  return descriptors[0]
}

/** Node has no public name for a socket's descriptor. */
function descriptorOf(socket: Socket): number {
  return (socket as unknown as { _handle: { fd: number } | null })._handle?.fd ?? -1
}
