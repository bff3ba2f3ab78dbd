import { constants as system } from 'node:os'
import koffi from 'koffi'
import { SystemCallError } from './call.js'
import { libc } from './libc.js'

/** What Node's own sockets don't tell: what came beside the bytes of a message (recvmsg(2), cmsg(3)). */

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

const MSG_DONTWAIT = 0x40
const MSG_CMSG_CLOEXEC = 0x40000000
const SOL_SOCKET = 1
/** struct cmsghdr { u64 length; i32 level, type }; then its content, and what fills it up to eight bytes. */
const headerBytes = 16

export interface Message {
  /** Bytes in `data`; 0 is the end of a stream. */
  length: number
  /** Content of the control messages of sockets (SOL_SOCKET), by their type. */
  controls: Map<number, Buffer>
}

/**
 * Receives one message into `data`, or what there is of a stream. Never waits.
 * @param controlBytes room for what comes beside it
 * @throws SystemCallError
 */
export function receiveMessage(socket: number, data: Buffer, controlBytes: number): Message | 'nothing yet' {
  const control = Buffer.alloc(controlBytes)
  const message = {
    name: null,
    nameLength: 0,
    vectors: [{ base: data, length: data.length }],
    vectorCount: 1,
    control,
    controlLength: control.length,
    flags: 0,
  }
  const length = Number(recvmsg(socket, message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC))
  if (length < 0 && libc.errno() === system.errno.EAGAIN) return 'nothing yet'
  if (length < 0) throw new SystemCallError('recvmsg', libc.errno())
  const controls: Message['controls'] = new Map()
  const end = Math.min(message.controlLength, control.length)
  for (let at = 0; at + headerBytes <= end; ) {
    const size = Number(control.readBigUInt64LE(at))
    if (size < headerBytes) break
    if (control.readInt32LE(at + 8) === SOL_SOCKET)
      controls.set(control.readInt32LE(at + 12), control.subarray(at + headerBytes, Math.min(at + size, end)))
    at += (size + 7) & ~7
  }
  return { length, controls }
}
