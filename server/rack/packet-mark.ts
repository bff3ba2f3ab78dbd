import { randomBytes, randomInt } from 'node:crypto'

/** By what one packet is known wherever it turns up, whatever became of its addresses and ports. */
export interface PacketMark {
  version: 4 | 6
  protocol: 'icmp' | 'tcp' | 'udp'
  /**
   * icmp, udp: the first 8 bytes of the payload. tcp: the first 4 are the initial sequence number, which no translation
   * of addresses touches.
   */
  token: Buffer
  /** tcp, udp: a port that nobody else is likely to use, for answers that do not repeat the token. icmp: its identifier. */
  sourcePort: number
}

export function newMark(version: 4 | 6, protocol: PacketMark['protocol']): PacketMark {
  return { version, protocol, token: randomBytes(8), sourcePort: randomInt(40_000, 60_000) }
}
