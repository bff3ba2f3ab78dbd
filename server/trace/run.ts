import type { Case } from '../cause/case.js'
import type { Cause } from '../cause/cause.js'
import { readObservation } from '../cause/seen.js'
import type { TracedPacket } from '../network/observation.js'
import type { NetworkState } from '../network/state.js'
import type { Asking, Ground } from '../place/ground.js'
import type { LivePlace } from '../place/place.js'
import type { TraceQuestion } from '../place/question.js'
import type { Text } from '../wording/text.js'
import { code } from '../wording/wording.js'
import type { Hop, TraceStory } from './story.js'

/** What the parts of a trace have in common: what it works with, a packet that is sent, and how it is told that it was stopped. */

/** An answer on a rack takes some milliseconds; what takes longer than this is none. */
export const answerMs = 1000

/** What became of one question, before it is made a story. */
export type Told = Pick<TraceStory, 'outcome' | 'summary' | 'hops' | 'cause' | 'reached' | 'spoken'>

/** All that a trace works with. */
export interface Run {
  ground: Ground
  state: NetworkState
  question: TraceQuestion
  protocol: 'icmp' | 'tcp' | 'udp'
  signal: AbortSignal
}

/** Sends one packet, and reads where it was seen. */
export async function send(
  run: Run,
  from: LivePlace,
  meant: Case['meant'],
  address: string,
  packet: Omit<TracedPacket, 'namespace' | 'address'>,
): Promise<Case> {
  const seen = await run.ground.observe(
    from.host.name,
    { namespace: from.namespace.id, address, ...packet },
    run.signal,
  )
  run.signal.throwIfAborted()
  return {
    state: run.state,
    home: run.question.home,
    from,
    ...(meant ? { meant } : {}),
    address,
    protocol: packet.protocol,
    ...(packet.port === undefined ? {} : { port: packet.port }),
    seen: readObservation(seen, run.state, { namespace: from.namespace.id }),
  }
}

export function stopped({ from, to, port }: TraceQuestion, hops: Hop[], cause: Cause): Told {
  const [who, whom] = [code(from), code(shown(to, port))]
  const last = hops.findLast(({ state }) => state !== 'ok') ?? hops.at(-1)
  const summary: Text = last
    ? {
        en: `${who} gets no answer from ${whom}: the way ends at ${code(last.place)}`,
        zh: `${who} 得不到 ${whom} 的应答：路断在 ${code(last.place)}`,
      }
    : { en: `${who} gets no answer from ${whom}`, zh: `${who} 得不到 ${whom} 的应答` }
  return { outcome: 'stopped', summary, hops, cause }
}

/** An address with its port. */
export function shown(address: string, port: number | undefined): string {
  if (port === undefined) return address
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

export function contextOf({ ground, state, question, signal }: Run): Asking {
  return { state, probe: ground, home: question.home, signal }
}
