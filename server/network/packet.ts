import ipaddr from 'ipaddr.js'
import type { Frame, IpPacket } from './observation.js'

/** Reads frames as they were on the wire. What a learner sends can be anything: what makes no sense is left out, and nothing throws. */

const ETHERNET_BYTES = 14
const ARP = 0x0806
const IPV4 = 0x0800
const IPV6 = 0x86dd
const vlanTypes = new Set([0x8100, 0x88a8])
/** RFC 7348; and what Linux and others used before it was written. */
const vxlanPorts = new Set([4789, 8472])
/** A frame in a tunnel in a tunnel is as deep as anybody goes; an ICMP message quotes a packet, but never an error's. */
const mostLayers = 4
/** RFC 8200, section 4: hop-by-hop, routing, fragment, authentication (counted in 4 bytes), destination. */
const extensionHeaders = new Set([0, 43, 44, 51, 60])
const mostExtensionHeaders = 8

/**
 * @param bytes from the Ethernet header on; may be cut off
 * @param length on the wire, if more than there is
 */
export function parseFrame(bytes: Uint8Array, length = bytes.length, layers = mostLayers): Frame {
  const frame: Frame = { length }
  const view = viewOf(bytes)
  if (view.byteLength < ETHERNET_BYTES) return frame
  frame.destination = macAt(bytes, 0)
  frame.source = macAt(bytes, 6)
  let at = 12
  let type = view.getUint16(at)
  for (let tags = 0; vlanTypes.has(type) && tags < 2 && view.byteLength >= at + 6; tags++) {
    frame.vlan ??= view.getUint16(at + 2) & 0x0fff
    at += 4
    type = view.getUint16(at)
  }
  const rest = bytes.subarray(at + 2)
  if (type === ARP) Object.assign(frame, arpIn(rest))
  if (type === IPV4 || type === IPV6) readIp(rest, frame, layers)
  return frame
}

/** Of a tunnel's frame, the one inside: it is what is on its way. */
export function innermost(frame: Frame): Frame {
  let inner = frame
  while (inner.vxlan) inner = inner.vxlan.inner
  return inner
}

function readIp(bytes: Uint8Array, frame: Frame, layers: number): void {
  const found = ipIn(bytes, layers)
  if (!found) return
  const { packet, payload } = found
  frame.ip = packet
  const { icmp } = packet
  if (packet.version === 6 && icmp) Object.assign(frame, discoveryIn(packet, payload))
  if (packet.protocol === 'udp' && layers > 1) {
    const vxlan = vxlanIn(payload, packet.destinationPort, layers - 1)
    if (vxlan) frame.vxlan = vxlan
  }
}

/** A packet, and what follows the IP header and its extensions. */
function ipIn(bytes: Uint8Array, layers: number): { packet: IpPacket; payload: Uint8Array } | undefined {
  const version = (bytes[0] ?? 0) >> 4
  if (version === 4) return ipv4In(bytes, layers)
  if (version === 6) return ipv6In(bytes, layers)
  return undefined
}

/** RFC 791, section 3.1. */
function ipv4In(bytes: Uint8Array, layers: number): ReturnType<typeof ipIn> {
  if (bytes.length < 20) return undefined
  const view = viewOf(bytes)
  const headerBytes = (bytes[0]! & 0x0f) * 4
  if (headerBytes < 20) return undefined
  const fragment = view.getUint16(6)
  const number = bytes[9]!
  const packet: IpPacket = {
    version: 4,
    source: ipv4At(bytes, 12),
    destination: ipv4At(bytes, 16),
    hops: bytes[8]!,
    length: view.getUint16(2),
    dontFragment: (fragment & 0x4000) !== 0,
    protocol: protocolOf(number, 1),
  }
  const payload = bytes.subarray(headerBytes)
  // Only the first fragment has the header of what it carries.
  if ((fragment & 0x1fff) === 0) readTransport(packet, payload, layers)
  return { packet, payload }
}

/** RFC 8200, section 3. Routers never fragment it. */
function ipv6In(bytes: Uint8Array, layers: number): ReturnType<typeof ipIn> {
  if (bytes.length < 40) return undefined
  const view = viewOf(bytes)
  let next = bytes[6]!
  let at = 40
  let first = true
  for (let count = 0; extensionHeaders.has(next) && count < mostExtensionHeaders; count++) {
    if (bytes.length < at + 8) break
    if (next === 44 && (view.getUint16(at + 2) & 0xfff8) !== 0) first = false
    const size = next === 44 ? 8 : next === 51 ? (bytes[at + 1]! + 2) * 4 : (bytes[at + 1]! + 1) * 8
    next = bytes[at]!
    at += size
  }
  const packet: IpPacket = {
    version: 6,
    source: ipv6At(bytes, 8),
    destination: ipv6At(bytes, 24),
    hops: bytes[7]!,
    length: view.getUint16(4) + 40,
    dontFragment: true,
    protocol: protocolOf(next, 58),
  }
  const payload = bytes.subarray(at)
  if (first) readTransport(packet, payload, layers)
  return { packet, payload }
}

function protocolOf(number: number, icmp: 1 | 58): IpPacket['protocol'] {
  if (number === icmp) return 'icmp'
  return number === 6 ? 'tcp' : number === 17 ? 'udp' : number === 50 ? 'esp' : 'other'
}

/** What of a header is there, is read: an ICMP message quotes as little as eight bytes (RFC 792). */
function readTransport(packet: IpPacket, bytes: Uint8Array, layers: number): void {
  const view = viewOf(bytes)
  if ((packet.protocol === 'tcp' || packet.protocol === 'udp') && bytes.length >= 4) {
    packet.sourcePort = view.getUint16(0)
    packet.destinationPort = view.getUint16(2)
  }
  if (packet.protocol === 'tcp' && bytes.length >= 8) {
    const whole = bytes.length >= 14
    packet.tcp = {
      flags: whole ? flagsOf(bytes[13]!) : '',
      sequence: view.getUint32(4),
      acknowledgement: whole ? view.getUint32(8) : 0,
    }
  }
  if (packet.protocol === 'icmp' && bytes.length >= 2) packet.icmp = icmpIn(packet.version, bytes, layers)
}

/** As tcpdump and ss write them, each by its first letter (RFC 9293, section 3.1). */
function flagsOf(byte: number): string {
  return ['F', 'S', 'R', 'P', 'A', 'U'].filter((_, bit) => byte & (1 << bit)).join('')
}

/** RFC 792 and RFC 1191; RFC 4443. */
function icmpIn(version: 4 | 6, bytes: Uint8Array, layers: number): NonNullable<IpPacket['icmp']> {
  const [type, code] = [bytes[0]!, bytes[1]!]
  const icmp: NonNullable<IpPacket['icmp']> = { type, code }
  if (!isIcmpError(version, type) || bytes.length < 8) return icmp
  const view = viewOf(bytes)
  if (version === 4 && type === 3 && code === 4) icmp.mtu = view.getUint16(6)
  if (version === 6 && type === 2) icmp.mtu = view.getUint32(4)
  const about = layers > 1 ? ipIn(bytes.subarray(8), 1)?.packet : undefined
  if (about) icmp.about = about
  return icmp
}

/** Whether such a message quotes a packet that could not be delivered. */
export function isIcmpError(version: 4 | 6, type: number): boolean {
  return version === 4 ? [3, 4, 5, 11, 12].includes(type) : type >= 1 && type <= 4
}

/** RFC 7348, section 5: flags with "the identifier is valid", identifier. On another port it must look like nothing else. */
function vxlanIn(udp: Uint8Array, port: number | undefined, layers: number): Frame['vxlan'] {
  if (udp.length < 16 + ETHERNET_BYTES) return undefined
  const header = viewOf(udp.subarray(8, 16))
  const flags = header.getUint32(0)
  if (vxlanPorts.has(port ?? 0) ? (flags & 0x08000000) === 0 : flags !== 0x08000000) return undefined
  const inside = udp.subarray(16)
  if (!vxlanPorts.has(port ?? 0)) {
    const type = viewOf(inside).getUint16(12)
    if (type !== ARP && type !== IPV4 && type !== IPV6) return undefined
  }
  const length = Math.max(inside.length, viewOf(udp).getUint16(4) - 16)
  return { id: header.getUint32(4) >>> 8, inner: parseFrame(inside, length, layers) }
}

/** RFC 826, for Ethernet and IPv4. */
function arpIn(bytes: Uint8Array): Pick<Frame, 'neighbour'> {
  if (bytes.length < 28) return {}
  const view = viewOf(bytes)
  const operation = view.getUint16(6)
  if (view.getUint16(0) !== 1 || view.getUint16(2) !== IPV4 || (operation !== 1 && operation !== 2)) return {}
  return {
    neighbour: {
      kind: operation === 1 ? 'question' : 'answer',
      // Whom an answer is about is its sender.
      target: ipv4At(bytes, operation === 1 ? 24 : 14),
      senderMac: macAt(bytes, 8),
      senderAddress: ipv4At(bytes, 14),
    },
  }
}

/** RFC 4861, sections 4.3 and 4.4. */
function discoveryIn(packet: IpPacket, icmp: Uint8Array): Pick<Frame, 'neighbour'> {
  const type = packet.icmp?.type
  if ((type !== 135 && type !== 136) || icmp.length < 24) return {}
  const neighbour: NonNullable<Frame['neighbour']> = {
    kind: type === 135 ? 'question' : 'answer',
    target: ipv6At(icmp, 8),
    senderMac: '',
    senderAddress: packet.source,
  }
  // Options: type, length in units of eight bytes. 1 has the asker's link-layer address, 2 the answerer's.
  for (let at = 24; at + 8 <= icmp.length && icmp[at + 1]! > 0; at += icmp[at + 1]! * 8) {
    if (icmp[at] === (type === 135 ? 1 : 2)) neighbour.senderMac = macAt(icmp, at + 2)
  }
  return { neighbour }
}

function macAt(bytes: Uint8Array, at: number): string {
  return Array.from(bytes.subarray(at, at + 6), (byte) => byte.toString(16).padStart(2, '0')).join(':')
}

function ipv4At(bytes: Uint8Array, at: number): string {
  return bytes.subarray(at, at + 4).join('.')
}

function ipv6At(bytes: Uint8Array, at: number): string {
  return ipaddr.fromByteArray([...bytes.subarray(at, at + 16)]).toString()
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
