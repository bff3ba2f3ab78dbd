import { describe, expect, it } from 'vitest'
import { packetFilter } from '../../server/rack/packet-filter.js'

const token = Buffer.from('fffffffe', 'hex')
const mark = { version: 4, protocol: 'tcp', token, sourcePort: 40_123 } as const

/** Runs a program as the kernel does (Documentation/networking/filter.rst). @returns bytes that are let through */
function run(program: Uint8Array, packet: Buffer): number {
  const code = Buffer.from(program.buffer, program.byteOffset, program.length)
  let a = 0
  let x = 0
  const load = (bytes: 1 | 2 | 4, at: number) => {
    if (at + bytes > packet.length) throw new RangeError('beyond the packet')
    return packet.readUIntBE(at, bytes)
  }
  try {
    for (let pc = 0; ; pc++) {
      const [operation, then, otherwise] = [code.readUInt16LE(8 * pc), code[8 * pc + 2]!, code[8 * pc + 3]!]
      const k = code.readUInt32LE(8 * pc + 4)
      if (operation === 0x28) a = load(2, k)
      else if (operation === 0x30) a = load(1, k)
      else if (operation === 0x40) a = load(4, x + k)
      else if (operation === 0x48) a = load(2, x + k)
      else if (operation === 0x01) x = k
      else if (operation === 0xb1) x = 4 * (load(1, k) & 0xf)
      else if (operation === 0x05) pc += k
      else if (operation === 0x15) pc += a === k ? then : otherwise
      else if (operation === 0x06) return k
      else throw new Error(`operation ${operation}`)
    }
  } catch (error) {
    // A load beyond the packet ends it with 0.
    if (error instanceof RangeError) return 0
    throw error
  }
}

function frame(type: number, ...parts: Buffer[]): Buffer {
  const ethernet = Buffer.alloc(14)
  ethernet.writeUInt16BE(type, 12)
  return Buffer.concat([ethernet, ...parts])
}
function ipv4(protocol: number, body: Buffer, words = 5): Buffer {
  const header = Buffer.alloc(4 * words)
  header[0] = 0x40 | words
  header[9] = protocol
  return frame(0x0800, header, body)
}
function ipv6(next: number, body: Buffer): Buffer {
  const header = Buffer.alloc(40)
  header[0] = 0x60
  header[6] = next
  return frame(0x86dd, header, body)
}
function tcp(sequence: number, acknowledged = 0): Buffer {
  const header = Buffer.alloc(20)
  header.writeUInt32BE(sequence, 4)
  header.writeUInt32BE(acknowledged, 8)
  return header
}
function udp(from: number, to: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(8)
  header.writeUInt16BE(from, 0)
  header.writeUInt16BE(to, 2)
  return Buffer.concat([header, payload])
}
const other = Buffer.from('00112233', 'hex')

describe('packetFilter', () => {
  const taken = (packet: Buffer) => run(packetFilter(mark), packet) > 0

  it.each([
    ['ARP', frame(0x0806, Buffer.alloc(28))],
    ['a VLAN tag', frame(0x8100, Buffer.alloc(40))],
    ['ICMP', ipv4(1, Buffer.alloc(8))],
    ['ICMPv6', ipv6(58, Buffer.alloc(8))],
    ['TCP that has the mark as its sequence number', ipv4(6, tcp(0xfffffffe))],
    ['TCP with IP options', ipv4(6, tcp(0xfffffffe), 8)],
    ['the segment behind the SYN', ipv4(6, tcp(0xffffffff))],
    ['its SYN-ACK', ipv4(6, tcp(77, 0xffffffff))],
    ['an acknowledgement of data, where numbers start again', ipv4(6, tcp(77, 0))],
    ['TCP over IPv6', ipv6(6, tcp(0xfffffffe))],
    ['an IPv6 extension header', ipv6(44, Buffer.alloc(8))],
    ['UDP from the port', ipv4(17, udp(40_123, 53, other))],
    ['UDP to the port', ipv4(17, udp(53, 40_123, other))],
    ['UDP with the token, whatever the ports have become', ipv4(17, udp(1, 2, token))],
    ['VXLAN', ipv4(17, udp(1, 4789, Buffer.from('0800000000100100', 'hex')))],
  ])('takes %s', (_, packet) => {
    expect(taken(packet)).toBe(true)
  })

  it.each([
    ['other TCP', ipv4(6, tcp(5, 6))],
    ['other TCP over IPv6', ipv6(6, tcp(5, 6))],
    ['other UDP', ipv4(17, udp(1, 2, other))],
    ['other protocols', ipv4(132, Buffer.alloc(20))],
    ['other Ethernet', frame(0x88cc, Buffer.alloc(46))],
    ['a packet that ends early', ipv4(6, Buffer.alloc(2))],
  ])('leaves %s', (_, packet) => {
    expect(taken(packet)).toBe(false)
  })

  it('jumps forward only, and ends in a return', () => {
    const program = packetFilter(mark)
    expect(program.length % 8).toBe(0)
    expect(Buffer.from(program).readUInt16LE(program.length - 8)).toBe(0x06)
  })
})
