import type { NetworkMap, TraceStory } from '../../../server/protocol/protocol.js'

/**
 * Ids of the ties that a packet went along from one element to the next, as far as it came: what a story tells of are mostly the
 * elements at their ends. Pure.
 */
export function passedTies({ hops }: TraceStory, { elements, ties }: NetworkMap): string[] {
  const end = hops.findLastIndex(({ state }) => state === 'stop')
  // A host has what the packet goes through in it, and by a published port it goes as by the rule of one.
  const steps = new Set(elements.filter(({ kind }) => kind !== 'host' && kind !== 'port').map(({ id }) => id))
  const way = hops
    .slice(0, end < 0 ? undefined : end + 1)
    .flatMap(({ about }) => about)
    .filter((id) => steps.has(id))
  return ties
    .filter(({ from, to }) =>
      way.some((id, at) => at > 0 && ((way[at - 1] === from && id === to) || (way[at - 1] === to && id === from))),
    )
    .map(({ id }) => id)
}
