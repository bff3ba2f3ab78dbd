import { type Case, destinationOf } from '../cause/case.js'
import type { Step } from '../cause/seen.js'
import { sameAddress } from '../network/addresses.js'
import { ownsAddress } from '../network/own-address.js'
import type { LivePlace } from '../place/place.js'
import type { Text } from '../wording/text.js'
import { code } from '../wording/wording.js'

/** Whose answer it was. Data alone: a place of the rack, or the gateway of a LAN; neither where only the address is known. */
export interface Answerer {
  place?: LivePlace
  lan?: string
  /** The answer's source where it was sent; as it came to the sender where that is not known. */
  address?: string
  /** The source of the frame that it was sent in. */
  mac?: string
  /** Where it was sent. */
  sent?: Step
  /** Where it came to the sender. */
  received?: Step
}

/**
 * Who answered is who has the address that the answer was sent from, at the link that sent it. Which link saw the answer first is
 * chance: watchers are many programs' sockets, and their order within a tenth of a millisecond means nothing.
 */
export function answererOf(one: Case): Answerer {
  const { seen, from, state } = one
  const { back, arrived } = seen
  const received = back.findLast(
    ({ sighting, place }) => sighting.direction === 'in' && place?.namespace.id === from.namespace.id,
  )
  const { address } = destinationOf(one)
  const came = received?.frame.source?.toLowerCase()
  const likely = ({ packet, frame, place }: Step) =>
    4 * Number(sameAddress(packet.source, address)) +
    2 * Number(came !== undefined && frame.source?.toLowerCase() === came) +
    Number(place!.namespace.id === arrived?.place?.namespace.id)
  const [sent] = back.filter(isSentByOwner).toSorted((a, b) => likely(b) - likely(a))
  const told = (step: Step | undefined) => ({
    ...(step ? { address: step.packet.source } : {}),
    ...(step?.frame.source ? { mac: step.frame.source.toLowerCase() } : {}),
    ...(sent ? { sent } : {}),
    ...(received ? { received } : {}),
  })
  if (sent) return { place: sent.place!, ...told(sent) }
  const onLan = back.find(({ sighting, packet }) =>
    state.lans.some(
      ({ name, gateway, gateway6 }) =>
        name === sighting.lan && (sameAddress(gateway, packet.source) || sameAddress(gateway6, packet.source)),
    ),
  )
  if (onLan) return { lan: onLan.sighting.lan!, ...told(onLan) }
  // The answer itself was seen on its way alone: whoever the packet came to has the address that it comes from.
  const heard = received ?? back.at(-1)
  const whose =
    arrived && sameAddress(arrived.packet.destination, heard?.packet.source ?? address) ? arrived : undefined
  if (whose?.place) return { place: whose.place, ...told(heard) }
  if (whose?.sighting.lan !== undefined) return { lan: whose.sighting.lan, ...told(heard) }
  return told(heard)
}

function isSentByOwner({ place, link, packet, frame, sighting, tunnel }: Step): boolean {
  if (!place || tunnel || link?.master !== undefined || !ownsAddress(place.namespace, packet.source)) return false
  if (link?.kind === 'loopback') return true
  if (sighting.direction !== 'out') return false
  return link === undefined || frame.source === undefined || frame.source.toLowerCase() === link.mac.toLowerCase()
}

/** Who it was, for a sentence; the sender itself as the question calls it. */
export function writeAnswerer({ place, lan, address }: Answerer, { from, address: asked }: Case): Text {
  if (place) {
    const label = code(place.namespace.id === from.namespace.id ? from.label : place.label)
    return { en: label, zh: label }
  }
  if (lan !== undefined) {
    return { en: `the gateway of LAN ${code(lan)}`, zh: `局域网 ${code(lan)} 的网关` }
  }
  const whose = code(address ?? asked)
  return { en: whose, zh: whose }
}
