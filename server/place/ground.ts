import type { Probe } from '../check/family.js'
import type { Observation, TracedPacket } from '../network/observation.js'

/** What a trace stands on: the state of a rack, questions to it, and packets that are watched on their way. */
export interface TraceGround extends Probe {
  /** Sends one packet from a host and watches all namespaces of the rack meanwhile. */
  observe(host: string, packet: TracedPacket, signal?: AbortSignal): Promise<Observation>
}
