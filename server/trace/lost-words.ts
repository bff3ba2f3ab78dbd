import type { Cause } from '../cause/cause.js'
import { oneWayTrackingCause } from '../cause/one-way-tracking.js'
import { writePacket } from '../cause/packet-text.js'
import { unknown } from '../cause/unknown.js'
import { sameAddress } from '../network/addresses.js'
import type { Conversation, Overheard } from '../network/conversation.js'
import { ownsAddress } from '../network/own-address.js'
import type { NetworkState } from '../network/state.js'
import { familiesFor } from '../network/tables.js'
import { type LivePlace, placeAt } from '../place/place.js'
import { code } from '../wording/wording.js'
import type { Hop } from './story.js'

/** A connection came about, but what was said over it did not come to any program: where that was lost. Pure. */
export function lostWords(
  conversation: Conversation,
  state: NetworkState,
  from: LivePlace,
): { hop: Hop; cause: Cause } {
  const last = conversation.overheard.findLast(({ passedOn, packet }) => passedOn && packet !== undefined)
  const place = last && placeAt(state, last.host, last.namespace)
  const [where, link] = [code(place?.label ?? last?.host ?? from.label), code(last?.link ?? '')]
  const line = last ? [`${place?.label ?? last.host} ${last.link} ${last.direction}: ${writePacket(last.packet!)}`] : []
  const text = last
    ? {
        en: `what is said to the program is last seen at ${link} of ${where}`,
        zh: `对程序说的话最后出现在 ${where} 的 ${link}`,
      }
    : { en: 'what is said to the program was seen nowhere', zh: '哪里都没有看到对程序说的话' }
  const hop: Hop = {
    ...{
      kind: 'link',
      state: conversation.faults.length > 0 ? 'unknown' : 'stop',
      place: place?.label ?? from.label,
      about: [],
    },
    text,
    evidence: line,
  }
  const cause =
    (last && place && conversation.faults.length === 0 ? oneWay(conversation, last, place) : undefined) ??
    unknown.tell({
      what: {
        en: `why is not known: the connection is made, but ${text.en}, and was not seen to come to a program`,
        zh: `原因不明：连接建立了，但${text.zh}，没有看到它到达任何程序`,
      },
      shown: [...line, ...conversation.faults.slice(0, 3)],
    })
  return { hop, cause }
}

/** A router that passed the first packet on, never saw its answer, and has a rule for what fits no connection. */
function oneWay({ overheard }: Conversation, { packet, direction }: Overheard, place: LivePlace): Cause | undefined {
  if (!packet || direction !== 'in' || ownsAddress(place.namespace, packet.destination)) return undefined
  const rule = place.namespace.rules.find(
    ({ target, text, family }) =>
      /^(DROP|REJECT)$/.test(target) &&
      familiesFor(packet.destination.includes(':') ? 6 : 4).includes(family) &&
      /\bctstate INVALID\b|ct state invalid\b/i.test(text),
  )
  const here = overheard.filter(
    (one) => one.host === place.host.name && one.namespace === place.namespace.id && one.packet !== undefined,
  )
  const { source, destination, sourcePort, destinationPort } = packet
  const first = here.find(
    ({ packet: other, direction: way }) =>
      way === 'out' &&
      other!.tcp?.flags === 'S' &&
      other!.sourcePort === sourcePort &&
      sameAddress(other!.destination, destination),
  )
  const answers = here.some(
    ({ packet: other }) => sameAddress(other!.source, destination) && other!.destinationPort === sourcePort,
  )
  if (!rule || !first || answers || destinationPort === undefined) return undefined
  return oneWayTrackingCause({
    ...{ host: place.label, source, destination, port: destinationPort },
    rule: { family: rule.family, table: rule.table, chain: rule.chain, position: rule.position, text: rule.text },
    shown: [`${place.label} out: ${writePacket(first.packet!)}`, `${place.label} in: ${writePacket(packet)}`],
  })
}
