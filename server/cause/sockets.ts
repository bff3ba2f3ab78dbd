import { isLoopback, takes } from '../network/addresses.js'
import type { ListeningSocket } from '../network/state.js'
import type { LivePlace } from '../place/place.js'
import { writePacket } from './packet-text.js'
import type { Trail } from './trail.js'

/** What the causes by closed ports have in common: who listens where it arrives. */

/** Those that take what comes for the address. */
export function listening(
  { namespace }: LivePlace,
  protocol: string,
  port: number,
  address: string,
): ListeningSocket[] {
  return namespace.sockets.filter(
    (socket) => socket.protocol === protocol && socket.port === port && takes(socket.address, address),
  )
}

export interface Door {
  goal: LivePlace
  address: string
  port: number
  /** All sockets at the port, whatever their address. */
  at: ListeningSocket[]
  open: boolean
}

/** Undefined where the question is of ICMP, or what listens could not be read. */
export function doorOf({ goal, destination: address, destinationPort: port, protocol }: Trail): Door | undefined {
  if (!goal || port === undefined || protocol === 'icmp') return undefined
  if (goal.namespace.faults.some((fault) => fault.startsWith('sockets:'))) return undefined
  const at = goal.namespace.sockets.filter((socket) => socket.protocol === protocol && socket.port === port)
  return { goal, address, port, at, open: listening(goal, protocol, port, address).length > 0 }
}

/** The Engine's DNS server listens there in each container of a network of one's own, at a port of chance. */
export const embeddedServer = '127.0.0.11'

/** What others can ask for: what is open on the loopback alone nobody else reaches. The Engine's DNS server is no program of it. */
export function reachable({ namespace }: LivePlace, protocol: string, address: string): ListeningSocket[] {
  return namespace.sockets.filter(
    (socket) =>
      socket.protocol === protocol &&
      socket.address !== embeddedServer &&
      (isLoopback(address) || !isLoopback(socket.address)),
  )
}

/** The packet that said no. */
export function refusalLines({ seen }: Trail): string[] {
  const said = seen?.back[0] ?? seen?.errors[0]
  return said ? [writePacket(said.packet)] : []
}
