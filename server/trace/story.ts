import type { Cause } from '../cause/cause.js'
import type { Text } from '../wording/text.js'

/** Where one packet went, and why it went no further. Plain data; every text in both languages, data within backticks. */
export interface TraceStory {
  /** As asked: references such as `web`, `node2/app`, `laptop`, an address or a name. */
  from: string
  to: string
  protocol: 'icmp' | 'tcp' | 'udp'
  port?: number
  /** `answered`: it got there and an answer came back. `stopped`: it did not. `error`: could not be looked into. */
  outcome: 'answered' | 'stopped' | 'error'
  /** One sentence that sums it up. */
  summary: Text
  hops: Hop[]
  /** With `stopped`, and with `error` as far as known. */
  cause?: Cause
  durationMs: number
}

export interface Hop {
  /** `name`: resolving; `route`, `neighbour`, `link`, `rule`, `tunnel`, `socket`, `answer`. */
  kind: 'name' | 'route' | 'neighbour' | 'link' | 'rule' | 'tunnel' | 'socket' | 'answer'
  /** `stop`: here it ended. */
  state: 'ok' | 'stop' | 'unknown'
  /** Where, such as `node1` or `node1/web`. */
  place: string
  text: Text
  /** The rule, route or packet that shows it, in its tool's words; one line each. */
  evidence: string[]
  /** Ids of elements and ties of the map that it went through. */
  about: string[]
}
