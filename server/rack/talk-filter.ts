import { assemble, jeq, jset, ldAtX, ldb, ldh, ldhAtX, ldw, ldx, ldxHeader, ret } from './bpf.js'

const dns = 53
/** 127.0.0.11, where the Engine answers for names; at another port, since it translates the questions. */
const embedded = 0x7f00000b
/** Of the 14th byte of TCP's header (RFC 9293, section 3.1): FIN, SYN, RST and PSH, which ends a piece of data. */
const notable = 0x0f

/**
 * Lets through what tells whom a program connects to and which names it looks up: ARP, ICMP, beginnings, ends and pieces of TCP
 * connections, and DNS by UDP.
 */
export function talkFilter(): Uint8Array {
  return assemble([
    [ldh, 12],
    [jeq, 0x0806, 'take'],
    [jeq, 0x86dd, 'ipv6'],
    [jeq, 0x0800, 'ipv4', 'leave'],
    'ipv6',
    [ldx, 40],
    [ldb, 20],
    [jeq, 58, 'take'],
    [jeq, 17, 'udp'],
    [jeq, 6, 'tcp', 'leave'],
    'ipv4',
    [ldxHeader, 14],
    [ldb, 23],
    [jeq, 1, 'take'],
    [jeq, 6, 'tcp'],
    [jeq, 17, undefined, 'leave'],
    [ldw, 26],
    [jeq, embedded, 'take'],
    [ldw, 30],
    [jeq, embedded, 'take'],
    'udp',
    [ldhAtX, 14],
    [jeq, dns, 'take'],
    [ldhAtX, 16],
    [jeq, dns, 'take', 'leave'],
    'tcp',
    [ldAtX, 24],
    // The flags are the last of these four bytes.
    [jset, notable, 'take', 'leave'],
    'leave',
    [ret, 0],
    'take',
    [ret, 0x40000],
  ])
}
