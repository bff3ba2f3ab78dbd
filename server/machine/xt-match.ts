import os from 'node:os'
import { type Libc, loadLibc } from '../kernel/load-libc.js'

const AF_NETLINK = 16
const SOCK_RAW = 3
const SOCK_CLOEXEC = 0o2000000
const NETLINK_NETFILTER = 12
const MSG_DONTWAIT = 0x40

const NLMSG_ERROR = 2
const NLM_F_REQUEST = 1
const NLM_F_ACK = 4
/** NFNL_SUBSYS_NFT_COMPAT << 8 | NFNL_MSG_COMPAT_GET of linux/netfilter/nf_tables_compat.h */
const COMPAT_GET = 11 << 8
const NFTA_COMPAT_NAME = 1
const NFTA_COMPAT_REV = 2
const NFTA_COMPAT_TYPE = 3

/** A match of iptables, and the revision that iptables asks for. */
export interface XtMatch {
  name: string
  revision: number
}

/** The kernel's answer on a match: there, or the error number that it was refused with. */
export type XtAnswer = { kind: 'there' } | { kind: 'refused'; errno: number } | { kind: 'unasked'; why: string }

/**
 * Asks the kernel, as iptables-nft does, whether nf_tables can use a match of iptables; it loads modules that it needs.
 * Only a question: no rule is made.
 */
export async function askXtMatch(match: XtMatch): Promise<XtAnswer> {
  const libc = await loadLibc()
  if (libc === undefined) return { kind: 'unasked', why: 'koffi has no binary for this machine' }
  const socket = libc.func('int socket(int family, int type, int protocol)')
  const close = libc.func('int close(int socket)')
  const descriptor: number = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER)
  if (descriptor < 0) return { kind: 'refused', errno: libc.errno() }
  try {
    return ask(libc, descriptor, match)
  } finally {
    close(descriptor)
  }
}

function ask(libc: Libc, descriptor: number, match: XtMatch): XtAnswer {
  const send = libc.func('long send(int socket, void *message, unsigned long length, int flags)')
  const receive = libc.func('long recv(int socket, void *message, unsigned long length, int flags)')
  const request = compatRequest(match)
  if (Number(send(descriptor, request, request.length, 0)) < 0) return { kind: 'refused', errno: libc.errno() }
  // The kernel answers before send returns, so there is nothing to wait for.
  const answer = Buffer.alloc(4096)
  const length = Number(receive(descriptor, answer, answer.length, MSG_DONTWAIT))
  if (length < 20) return { kind: 'unasked', why: 'the kernel gave no answer' }
  return readUint16(answer, 4) === NLMSG_ERROR ? { kind: 'refused', errno: -readInt32(answer, 16) } : { kind: 'there' }
}

/** A netlink message: header and attributes' headers in the machine's byte order, attribute numbers in the network's. */
function compatRequest({ name, revision }: XtMatch): Buffer {
  // struct nfgenmsg: AF_INET, version 0, resource 0.
  const body = Buffer.concat([
    Buffer.from([2, 0, 0, 0]),
    attribute(NFTA_COMPAT_NAME, Buffer.from(`${name}\0`)),
    attribute(NFTA_COMPAT_REV, bigEndian(revision)),
    attribute(NFTA_COMPAT_TYPE, bigEndian(0)),
  ])
  const header = Buffer.alloc(16)
  writeUint32(header, header.length + body.length, 0)
  writeUint16(header, COMPAT_GET, 4)
  writeUint16(header, NLM_F_REQUEST | NLM_F_ACK, 6)
  return Buffer.concat([header, body])
}

function attribute(type: number, value: Buffer): Buffer {
  const padded = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4)
  writeUint16(padded, 4 + value.length, 0)
  writeUint16(padded, type, 2)
  value.copy(padded, 4)
  return padded
}

function bigEndian(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

const little = os.endianness() === 'LE'
const writeUint16 = (bytes: Buffer, value: number, at: number) =>
  little ? bytes.writeUInt16LE(value, at) : bytes.writeUInt16BE(value, at)
const writeUint32 = (bytes: Buffer, value: number, at: number) =>
  little ? bytes.writeUInt32LE(value, at) : bytes.writeUInt32BE(value, at)
const readUint16 = (bytes: Buffer, at: number) => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at))
const readInt32 = (bytes: Buffer, at: number) => (little ? bytes.readInt32LE(at) : bytes.readInt32BE(at))
