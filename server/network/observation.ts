import { z } from 'zod'

/** Forms of what is seen of one real packet on its way through a rack; raw, before anyone has judged it. */

/** So begin the names of nftables' tables that are there while a packet is watched: ours, and no part of what was made there. */
export const traceTablePrefix = 'vethlab-trace-'

/** The packet that is sent, from a network namespace of a host. */
export const TracedPacket = z.strictObject({
  /** Network namespace that sends, by inode; the host's own unless said. */
  namespace: z.string().regex(/^\d+$/).optional(),
  address: z.union([z.ipv4(), z.ipv6()]),
  protocol: z.enum(['icmp', 'tcp', 'udp']),
  /** tcp and udp. */
  port: z.int().min(1).max(65_535).optional(),
  /** icmp: bytes of the whole IP packet, sent with "don't fragment". */
  size: z.int().min(64).max(9216).optional(),
  /** How long an answer is waited for. */
  timeoutMs: z.int().min(100).max(5000).default(1000),
})
export type TracedPacket = z.input<typeof TracedPacket>

/** All that was seen of one traced packet, and of what answered it. */
export interface Observation {
  /** What became of it at the sender, as with a probe's answer. */
  outcome: 'answered' | 'refused' | 'silent' | 'unroutable' | 'too-long' | 'error'
  /** In the kernel's words, one line. */
  detail: string
  /** In the order of time, at most some hundreds. */
  sightings: Sighting[]
  /** What netfilter did with it, in the order of time (nft(8), "monitor trace"). */
  ruleHits: RuleHit[]
  /** Why something may not have been seen: a namespace that could not be watched, too many packets. */
  faults: string[]
  durationMs: number
}

/** A frame on one link at one moment: ours, an answer to it, an error about it, or an ARP or ND message. */
export interface Sighting {
  /** Since the packet was sent. */
  atMs: number
  /** The host whose namespace it was in; missing for a LAN's own bridge. */
  host?: string
  /** The LAN whose bridge it was on. */
  lan?: string
  /** On a LAN: the host at that port; missing for the bridge itself. */
  lanPort?: string
  /** Inode of the namespace. */
  namespace: string
  link: string
  linkIndex: number
  /** `out`: being sent through that link; `in`: received on it. */
  direction: 'in' | 'out'
  role: 'request' | 'reply' | 'error' | 'neighbour'
  frame: Frame
}

export interface Frame {
  /** Bytes on the wire, without the Ethernet header's preamble. */
  length: number
  source?: string
  destination?: string
  vlan?: number
  /** ARP, or ICMPv6 neighbour discovery (RFC 826, RFC 4861). */
  neighbour?: { kind: 'question' | 'answer'; target: string; senderMac: string; senderAddress: string }
  ip?: IpPacket
  /** VXLAN (RFC 7348): the identifier, and the frame inside, of which the rest of this tells the outside. */
  vxlan?: { id: number; inner: Frame }
}

export interface IpPacket {
  version: 4 | 6
  source: string
  destination: string
  hops: number
  length: number
  dontFragment: boolean
  protocol: 'icmp' | 'tcp' | 'udp' | 'esp' | 'other'
  sourcePort?: number
  destinationPort?: number
  tcp?: { flags: string; sequence: number; acknowledgement: number }
  icmp?: { type: number; code: number; mtu?: number; about?: IpPacket }
}

/** A packet of ours met a rule, or a chain's policy. */
export interface RuleHit {
  atMs: number
  host: string
  namespace: string
  family: string
  table: string
  chain: string
  /** `accept`, `drop`, `reject`, `continue`, `return`, `jump CHAIN`, `goto CHAIN`, `dnat`, ... as nft says it. */
  verdict: string
  /** Whether it was the policy of a base chain that decided. */
  policy: boolean
  /** The rule as nft writes it; missing for a policy. */
  rule?: string
  /** Of the rule, from 1, within its chain. */
  position?: number
  inLink?: string
  outLink?: string
  /** About the packet as it was then. */
  role: 'request' | 'reply'
}
