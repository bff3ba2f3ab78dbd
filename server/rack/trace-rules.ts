import { after } from './packet-filter.js'
import type { PacketMark } from './packet-mark.js'

/**
 * A table of nftables that has netfilter tell what it does with one marked packet (nft(8), "meta nftrace"), as the bytes
 * of a netlink transaction. It belongs to the socket that sends it ("flags owner", Linux 5.12) and is gone with that,
 * whatever ends its process; and it takes no start of `nft` in every namespace, each of which would read all rules first.
 */

export interface TraceRules {
  /** What is sent, once in each namespace. The last message asks for an acknowledgement. */
  transaction: Uint8Array
  /** By handle in that table: what a rule knows its packet as. */
  roles: Map<bigint, 'request' | 'reply'>
}

export function traceRules(table: string, mark: PacketMark): TraceRules {
  const rules = rulesFor(mark)
  // Handles count up within a table (nf_tables_alloc_handle()): the two chains have 1 and 2.
  const roles: TraceRules['roles'] = new Map()
  const chains = [
    { name: 'prerouting', hook: 0 },
    { name: 'output', hook: 3 },
  ]
  const messages = [
    message(NEWTABLE, [text(1, table), number32(2, TABLE_OWNER)]),
    ...chains.map(({ name, hook }) =>
      // Before raw (-300), connection tracking and all that puts fragments together (-400).
      message(NEWCHAIN, [
        text(1, table),
        text(3, name),
        nested(4, [number32(1, hook), number32(2, -450)]),
        text(7, 'filter'),
      ]),
    ),
  ]
  for (const { name } of chains) {
    for (const { role, expressions } of rules) {
      roles.set(BigInt(messages.length), role)
      messages.push(message(NEWRULE, [text(1, table), text(2, name), nested(4, expressions)]))
    }
  }
  const last = messages.at(-1)!
  last.writeUInt16LE(last.readUInt16LE(6) | NLM_F_ACK, 6)
  const transaction = Buffer.concat([batchEnd(NFNL_MSG_BATCH_BEGIN), ...messages, batchEnd(NFNL_MSG_BATCH_END)])
  return { transaction, roles }
}

interface TraceRule {
  role: 'request' | 'reply'
  expressions: Buffer[]
}

/** The packet and its answer as they are, quoted in an ICMP error, and within VXLAN. Offsets are from the transport header. */
function rulesFor(mark: PacketMark): TraceRule[] {
  const ip = mark.version === 4 ? 20 : 40
  const icmp = mark.version === 4 ? 1 : 58
  const protocol = { icmp, tcp: 6, udp: 17 }[mark.protocol]
  // UDP, VXLAN, Ethernet; then the next header's number within IP.
  const inner = 8 + 8 + 14
  const carries = (number: number) => [...is(8, [0x08]), ...is(inner + (mark.version === 4 ? 9 : 6), [number])]
  return [
    ...itself(mark, 0).map(({ role, expressions }) => rule(role, protocol, expressions)),
    rule('reply', icmp, quoted(mark, 8 + ip)),
    ...itself(mark, inner + ip).map(({ role, expressions }) => rule(role, 17, [...carries(protocol), ...expressions])),
    rule('reply', 17, [...carries(icmp), ...quoted(mark, inner + ip + 8 + ip)]),
  ]
}

function itself({ version, protocol, token, sourcePort }: PacketMark, at: number): TraceRule[] {
  const port = [sourcePort >> 8, sourcePort & 0xff]
  const sequence = token.readUInt32BE(0)
  if (protocol === 'tcp') {
    return [
      { role: 'request', expressions: is(at + 4, [...token.subarray(0, 4)]) },
      // SYN or RST: what comes later in a connection takes the same way.
      { role: 'reply', expressions: [...is(at + 8, bytes32(after(sequence, 1))), ...hasBits(at + 13, 0x06)] },
    ]
  }
  if (protocol === 'udp') {
    return [
      { role: 'request', expressions: is(at + 8, [...token]) },
      // A server may repeat what it was sent, so this rule comes later and counts.
      { role: 'reply', expressions: is(at + 2, port) },
    ]
  }
  const [request, reply] = version === 4 ? [8, 0] : [128, 129]
  return [
    { role: 'request', expressions: [...is(at, [request]), ...is(at + 8, [...token])] },
    { role: 'reply', expressions: [...is(at, [reply]), ...is(at + 8, [...token])] },
  ]
}

function quoted({ protocol, token }: PacketMark, at: number): Buffer[] {
  return protocol === 'tcp' ? is(at + 4, [...token.subarray(0, 4)]) : is(at + 8, [...token])
}

function rule(role: TraceRule['role'], protocol: number, tests: Buffer[]): TraceRule {
  return {
    role,
    expressions: [
      expression('meta', [number32(1, REGISTER), number32(2, META_L4PROTO)]),
      equals([protocol]),
      ...tests,
      expression('immediate', [number32(1, REGISTER), nested(2, [attribute(1, Buffer.from([1]))])]),
      expression('meta', [number32(2, META_NFTRACE), number32(3, REGISTER)]),
    ],
  }
}

/** Whether these bytes are there. */
function is(offset: number, bytes: number[]): Buffer[] {
  return [load(offset, bytes.length), equals(bytes)]
}

/** Whether one of these bits of a byte is set. */
function hasBits(offset: number, mask: number): Buffer[] {
  const data = (type: number, byte: number) => nested(type, [attribute(1, Buffer.from([byte]))])
  return [
    load(offset, 1),
    expression('bitwise', [number32(1, REGISTER), number32(2, REGISTER), number32(3, 1), data(4, mask), data(5, 0)]),
    compare(CMP_NEQ, [0]),
  ]
}

const load = (offset: number, length: number) =>
  expression('payload', [
    number32(1, REGISTER),
    number32(2, PAYLOAD_TRANSPORT_HEADER),
    number32(3, offset),
    number32(4, length),
  ])
const equals = (bytes: number[]) => compare(CMP_EQ, bytes)
const compare = (operation: number, bytes: number[]) =>
  expression('cmp', [number32(1, REGISTER), number32(2, operation), nested(3, [attribute(1, Buffer.from(bytes))])])

// linux/netlink.h, linux/netfilter/nfnetlink.h, linux/netfilter/nf_tables.h
const NLM_F_REQUEST = 1
const NLM_F_ACK = 4
const NLM_F_CREATE = 0x400
const NFNL_MSG_BATCH_BEGIN = 16
const NFNL_MSG_BATCH_END = 17
const NFNL_SUBSYS_NFTABLES = 10
const NFPROTO_INET = 1
const NEWTABLE = 0
const NEWCHAIN = 3
const NEWRULE = 6
const TABLE_OWNER = 2
const REGISTER = 1
const META_NFTRACE = 12
const META_L4PROTO = 16
const PAYLOAD_TRANSPORT_HEADER = 2
const CMP_EQ = 0
const CMP_NEQ = 1
const NLA_F_NESTED = 0x8000

/** struct nlmsghdr { u32 len; u16 type, flags; u32 seq, pid }, then struct nfgenmsg { u8 family, version; be16 res_id }. */
function netlinkMessage(type: number, flags: number, family: number, resource: number, body: Buffer): Buffer {
  const header = Buffer.alloc(20)
  header.writeUInt32LE(20 + body.length, 0)
  header.writeUInt16LE(type, 4)
  header.writeUInt16LE(flags, 6)
  header.writeUInt8(family, 16)
  header.writeUInt16BE(resource, 18)
  return Buffer.concat([header, body])
}

function message(type: number, attributes: Buffer[]): Buffer {
  const number = (NFNL_SUBSYS_NFTABLES << 8) | type
  return netlinkMessage(number, NLM_F_REQUEST | NLM_F_CREATE, NFPROTO_INET, 0, Buffer.concat(attributes))
}

const batchEnd = (type: number) => netlinkMessage(type, NLM_F_REQUEST, 0, NFNL_SUBSYS_NFTABLES, Buffer.alloc(0))

/** struct nlattr { u16 len, type }, filled up to a multiple of four. */
function attribute(type: number, value: Uint8Array): Buffer {
  const padded = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4)
  padded.writeUInt16LE(4 + value.length, 0)
  padded.writeUInt16LE(type, 2)
  padded.set(value, 4)
  return padded
}

const nested = (type: number, attributes: Buffer[]) => attribute(type | NLA_F_NESTED, Buffer.concat(attributes))
const text = (type: number, value: string) => attribute(type, Buffer.from(`${value}\0`))
/** Numbers within nftables' attributes are in network order. */
const number32 = (type: number, value: number) => attribute(type, Buffer.from(bytes32(value)))
const expression = (name: string, attributes: Buffer[]) => nested(1, [text(1, name), nested(2, attributes)])

function bytes32(value: number): number[] {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value >>> 0)
  return [...bytes]
}
