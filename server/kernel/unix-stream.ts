import { closeSync } from 'node:fs'
import { checked, socket } from './call.js'
import { libc } from './libc.js'
import { receiveMessage } from './message.js'

/**
 * A unix stream socket of which each piece that is received says what process wrote it (unix(7), SO_PASSCRED). Node's own sockets
 * don't tell. No call waits.
 */

const connect = libc.func('connect', 'int', ['int', 'void *', 'uint'])
const setsockopt = libc.func('setsockopt', 'int', ['int', 'int', 'int', 'void *', 'uint'])
const send = libc.func('send', 'long', ['int', 'void *', 'size_t', 'int'])

const AF_UNIX = 1
const SOCK_STREAM_CLOEXEC_NONBLOCK = 0o2004001
const SOL_SOCKET = 1
const SO_PASSCRED = 16
const SCM_CREDENTIALS = 2
const MSG_NOSIGNAL = 0x4000
const EAGAIN = 11
const controlBytes = 64

/**
 * Connects to the socket at a path.
 * @returns the descriptor
 * @throws SystemCallError also where it would have to wait until somebody accepts
 */
export function connectStream(path: string): number {
  const fd = checked(socket(AF_UNIX, SOCK_STREAM_CLOEXEC_NONBLOCK, 0), 'socket')
  try {
    // Before the first byte can come: what came earlier would say of nobody.
    checked(setsockopt(fd, SOL_SOCKET, SO_PASSCRED, Buffer.of(1, 0, 0, 0), 4), 'setsockopt')
    // struct sockaddr_un { u16 family; char path[108] }
    const address = Buffer.alloc(110)
    address.writeUInt16LE(AF_UNIX, 0)
    address.write(path, 2, 107)
    checked(connect(fd, address, address.length), 'connect')
    return fd
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

/** @returns how many bytes were taken; 0 while there is no room. @throws SystemCallError */
export function sendSome(fd: number, bytes: Buffer): number {
  const sent = Number(send(fd, bytes, bytes.length, MSG_NOSIGNAL))
  if (sent < 0 && libc.errno() === EAGAIN) return 0
  return checked(sent, 'send')
}

/**
 * Receives what there is of one writer.
 * @returns its bytes, and the process that wrote them, 0 where the kernel does not say; no bytes at the end
 * @throws SystemCallError
 */
export function receiveFrom(fd: number, room: Buffer): { bytes: Buffer; writer: number } | 'nothing yet' {
  const message = receiveMessage(fd, room, controlBytes)
  if (message === 'nothing yet') return message
  // struct ucred { pid_t pid; uid_t uid; gid_t gid }
  const credentials = message.controls.get(SCM_CREDENTIALS)
  return { bytes: Buffer.from(room.subarray(0, message.length)), writer: credentials?.readInt32LE(0) ?? 0 }
}
