import type { IpPacket, Sighting } from '../network/observation.js'
import type { Asked, Step } from './seen.js'

/** Packets in the manner of tcpdump(8), one line each. */

export function writePacket(packet: IpPacket): string {
  const end = (address: string, port: number | undefined) =>
    port === undefined ? address : address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
  const flags = packet.tcp ? ` [${packet.tcp.flags}]` : ''
  const type = packet.icmp ? ` type ${packet.icmp.type} code ${packet.icmp.code}` : ''
  const mtu = packet.icmp?.mtu ? ` mtu ${packet.icmp.mtu}` : ''
  const fragment = packet.dontFragment && packet.length > 576 ? ' DF' : ''
  return `${end(packet.source, packet.sourcePort)} > ${end(packet.destination, packet.destinationPort)} ${packet.protocol}${flags}${type}${mtu}, ${packet.length} bytes${fragment}, ttl ${packet.hops}`
}

export function writeStep({ sighting, packet, place, tunnel }: Step): string {
  const inside = tunnel ? `VXLAN ${tunnel.id} ${tunnel.from} > ${tunnel.to}: ` : ''
  return `${placeOf(sighting, place?.label)} ${sighting.link} ${sighting.direction}: ${inside}${writePacket(packet)}`
}

function placeOf({ lan, lanPort, host }: Sighting, label: string | undefined): string {
  if (lan !== undefined) return `LAN ${lan}${lanPort ? `, port of ${lanPort},` : ''}`
  return label ?? host ?? '?'
}

export function writeAsked({ target, place, link, macs }: Asked): string {
  const where = `${place ? `${place.label} ` : ''}${link}`
  return macs.length === 0
    ? `${where}: who has ${target}? no answer`
    : `${where}: who has ${target}? ${macs.join(', ')}`
}
