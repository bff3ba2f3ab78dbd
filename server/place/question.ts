import type { Protocol } from '../network/flow.js'

/** What is asked of a trace. */
export interface TraceQuestion {
  /** A reference, as in checks: `web`, `node2/app`, `laptop`. */
  from: string
  /** A reference, a name, an address, or the name of a LAN for its gateway. */
  to: string
  port?: number
  /** tcp when there is a port, else icmp. */
  protocol?: Protocol
  /** What is said to the program that takes the connection. */
  speaks?: { as: 'http' | 'tls'; path?: string }
  /** The host that a name without a host belongs to. */
  home: string
  /** `name`: as the sender itself resolves it, or not at all. By default a bare word is tried as a name first. */
  by?: 'name' | 'address'
}
