import { assemble, ja, jeq, ldAtX, ldb, ldh, ldhAtX, ldx, ldxHeader, ret } from './bpf.js'
import type { PacketMark } from './packet-mark.js'

/**
 * A classic BPF program (the kernel's Documentation/networking/filter.rst) that lets through what may have to do with a
 * marked packet, so that a flood of anything else costs no copies: ARP, ICMP, TCP with its sequence number, UDP with its
 * token or its port, whatever looks like VXLAN, and what is too rare or too odd to be looked at here.
 *
 * @returns an array of struct sock_filter
 */
export function packetFilter({ token, sourcePort }: PacketMark): Uint8Array {
  const sequence = token.readUInt32BE(0)
  return assemble([
    [ldh, 12],
    [jeq, 0x0806, 'take'],
    [jeq, 0x8100, 'take'],
    [jeq, 0x88a8, 'take'],
    [jeq, 0x86dd, 'ipv6'],
    [jeq, 0x0800, 'ipv4', 'leave'],
    'ipv6',
    [ldx, 40],
    [ldb, 20],
    // Extension headers, see packet.ts.
    [jeq, 0, 'take'],
    [jeq, 43, 'take'],
    [jeq, 44, 'take'],
    [jeq, 60, 'take'],
    [ja, 'transport'],
    'ipv4',
    [ldxHeader, 14],
    [ldb, 23],
    'transport',
    [jeq, 1, 'take'],
    [jeq, 58, 'take'],
    [jeq, 17, 'udp'],
    [jeq, 6, 'tcp', 'leave'],
    // From here on x is the length of the IP header.
    'udp',
    [ldhAtX, 14],
    [jeq, sourcePort, 'take'],
    [ldhAtX, 16],
    [jeq, sourcePort, 'take'],
    [ldAtX, 22],
    [jeq, 0x08000000, 'take'],
    [jeq, sequence, 'take', 'leave'],
    'tcp',
    [ldAtX, 18],
    [jeq, sequence, 'take'],
    [jeq, after(sequence, 1), 'take'],
    [ldAtX, 22],
    [jeq, after(sequence, 1), 'take'],
    [jeq, after(sequence, 2), 'take', 'leave'],
    'leave',
    [ret, 0],
    'take',
    [ret, 0x40000],
  ])
}

/** Sequence numbers start again after the last (RFC 9293, section 3.4). */
export function after(sequence: number, count: number): number {
  return (sequence + count) >>> 0
}
