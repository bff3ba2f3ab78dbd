import type { NetworkState } from '../network/state.js'
import { text } from '../wording/phrase.js'
import { cleanText } from '../wording/wording.js'
import { drawBridges } from './draw-bridges.js'
import { drawContainers } from './draw-containers.js'
import { drawHost, drawInterfaces } from './draw-hosts.js'
import { drawLans } from './draw-lans.js'
import { drawNamespaces } from './draw-namespaces.js'
import { drawPorts, portTies } from './draw-ports.js'
import { drawServices } from './draw-services.js'
import { drawTies } from './draw-ties.js'
import { drawVxlans } from './draw-vxlans.js'
import { fact } from './facts.js'
import { type MapElement, type MapTie, mostNotes, type NetworkMap } from './map.js'
import { Rack } from './rack.js'

/** More than anybody can look at; a rack's root may make far more. */
const mostElements = 400
const mostTies = 800
/** Facts of one element. */
const mostFacts = 60

/**
 * A picture of a rack's network, made of its state alone: equal states give equal maps, whatever the order in them.
 * At most 400 elements; each host's `Not shown` fact says how many of its own are left out.
 */
export function drawMap(state: NetworkState): NetworkMap {
  const rack = new Rack(state)
  const lans = unique(drawLans(rack))
  const services = unique(drawServices(rack))
  const hosts = state.hosts.map((host) => ({
    element: drawHost(rack, host),
    inside: unique([
      ...drawInterfaces(rack, host),
      ...drawBridges(rack, host),
      ...drawVxlans(rack, host),
      ...drawContainers(rack, host),
      ...drawNamespaces(rack, host),
      ...drawPorts(rack, host),
    ]),
  }))
  const free = Math.max(0, mostElements - lans.length - hosts.length - Math.min(services.length, 50))
  const shares = fairShares(
    hosts.map(({ inside }) => inside.length),
    free,
  )
  const elements = [
    ...lans,
    ...hosts.flatMap(({ element, inside }, index) => [
      withLeftOut(element, inside.length - shares[index]!),
      ...inside.slice(0, shares[index]!).map(({ draw }) => ({ ...draw(), parent: element.id })),
    ]),
    ...services.slice(0, 50),
  ].map(bounded)
  const ids = new Set(elements.map(({ id }) => id))
  const ties = unique([...drawTies(rack), ...portTies(rack)])
    .filter(({ from, to }) => ids.has(from) && ids.has(to))
    .slice(0, mostTies)
  return { takenAt: state.takenAt, elements, ties: ties.map(cleanTie) }
}

/** Two things whose names are cut to the same one would be one and the same to whoever draws them. */
function unique<Item extends { id: string }>(items: Item[]): Item[] {
  const seen = new Set<string>()
  return items.filter(({ id }) => !seen.has(id) && seen.add(id))
}

/** As much as each asks for, and where that is too much, no more than what the others leave. */
function fairShares(asked: number[], free: number): number[] {
  const given = asked.map(() => 0)
  let left = free
  for (const [turn, index] of asked
    .map((_, index) => index)
    .toSorted((a, b) => asked[a]! - asked[b]!)
    .entries()) {
    given[index] = Math.min(asked[index]!, Math.floor(left / (asked.length - turn)))
    left -= given[index]!
  }
  return given
}

function withLeftOut(element: MapElement, left: number): MapElement {
  if (left <= 0) return element
  const { en, zh } = element.sentence
  return {
    ...element,
    facts: [...fact(text('Not shown', '没有画出'), [`${left}`]), ...element.facts],
    sentence: text(`${en} Not shown: ${left} more.`, `${zh}另有 ${left} 个没有画出。`),
  }
}

function bounded(element: MapElement): MapElement {
  return {
    ...element,
    notes: element.notes.slice(0, mostNotes),
    facts: element.facts.slice(0, mostFacts),
    sentence: cleanText(element.sentence),
  }
}

function cleanTie(tie: MapTie): MapTie {
  return { ...tie, sentence: cleanText(tie.sentence) }
}
