import type { Cause } from '../cause/cause.js'
import type { Conversation } from '../network/conversation.js'
import type { Speech } from '../network/speech.js'
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
  /** The cause is known, and kept back until it is asked for: finding it is the task. Set by a session, never by a trace. */
  withheld?: true
  durationMs: number
  /** Of the last packet that was sent to the target itself; missing where none was sent. */
  reached?: Reached
  /** Where a program was to be spoken to, and the connection came about. */
  spoken?: Spoken
}

/** What a program said that was spoken to, and whom it asked itself for that. */
export interface Spoken {
  as: 'http' | 'tls'
  /** As of a Conversation. */
  how: Conversation['outcome']
  /** What the answer is written in; missing where nothing came back. */
  kind?: Speech['kind']
  /** Its first line. */
  line?: string
  status?: number
  /** The Server header. */
  server?: string
  /** When the answer began, in milliseconds. */
  afterMs?: number
  /** Whose programs the request came to, one after the other: `node1/proxy`, `node1/app`. */
  through: string[]
  /** Whom the last of them tried to connect to for it, and what came of that. */
  dialled?: { address: string; port?: number; how: 'answered' | 'refused' | 'silent' }
}

/** Whom a packet came to, as it was seen. */
export interface Reached {
  /** That it was sent to: of a name, the one that was resolved. */
  address: string
  /** What the sender got: as of an Observation. */
  how: 'answered' | 'refused' | 'silent' | 'unroutable' | 'too-long' | 'error'
  /** That its first frame was sent to. */
  mac?: string
  /** Who answered or refused; of what was not answered, where it arrived: `node1`, `node1/web`. */
  place?: string
  /** Its task, where it is one of a swarm's service: `web.1`. */
  task?: string
  /** The LAN whose gateway it was. */
  lan?: string
  /** The address that the answer was sent from, before any translation. */
  answeredFrom?: string
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
