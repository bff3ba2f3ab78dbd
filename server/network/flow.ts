export type Protocol = 'icmp' | 'tcp' | 'udp'

/** A packet as far as it is known at one moment, to be judged by routes and by rules. */
export interface Flow {
  destination: string
  /** Missing where a sender has not chosen one yet, or nobody knows it. */
  source?: string
  protocol?: Protocol | 'sctp'
  sourcePort?: number
  destinationPort?: number
  /** Links that it came in by and leaves by; empty: it is of this machine, or for it. */
  in?: string
  out?: string
  /** What the sender wrote, where a rule has changed the destination since (conntrack's original direction). */
  original?: { destination: string; port?: number }
  /** Whether it begins a connection, or answers within one. */
  state?: 'new' | 'established'
}
