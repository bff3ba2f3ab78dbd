import type { MapElement, NetworkMap } from '../../../server/protocol/protocol.js'
import { element, tie, withMore, without } from './sample-map.js'

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function chance(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A map after one change such as learners make: something comes, goes, is connected, cut off, or has more to tell. */
export function changedMap(map: NetworkMap, seed: number): NetworkMap {
  const next = chance(seed)
  const pick = <Item>(items: readonly Item[]): Item | undefined => items[Math.floor(next() * items.length)]
  const ofKind = (...kinds: MapElement['kind'][]) => map.elements.filter(({ kind }) => kinds.includes(kind))
  const dockers = ofKind('host').filter(({ id }) =>
    map.elements.some(({ kind, parent }) => kind === 'bridge' && parent === id),
  )
  const host = pick(dockers)
  if (host === undefined) return map
  const inHost = (kind: MapElement['kind']) => ofKind(kind).filter(({ parent }) => parent === host.id)
  const name = `n${seed}`
  const at = { parent: host.id }
  switch (Math.floor(next() * 8)) {
    case 0:
    case 1: {
      const one = element(`${host.label}/container:${name}`, 'container', { ...at, notes: ['172.18.0.9/16'] })
      const bridge = pick(inHost('bridge'))!
      return withMore(map, [one], [tie(bridge.id, one.id, 'veth', { fromLabel: 'veth1234567', toLabel: 'eth0' })])
    }
    case 2: {
      const one = element(`${host.label}/bridge:br-${name}`, 'bridge', {
        ...at,
        notes: ['br-0123456789ab', '172.19.0.0/16'],
      })
      const out = pick(inHost('interface'))
      return withMore(map, [one], out === undefined ? [] : [tie(one.id, out.id, 'routed', { fromLabel: 'NAT' })])
    }
    case 3: {
      const target = pick(inHost('container'))
      const one = element(`${host.label}/port:*:${seed}/tcp`, 'port', { ...at, notes: ['→ 80'] })
      const ties =
        target === undefined ? [] : [tie(one.id, target.id, 'publishes', { fromLabel: `${seed}`, toLabel: '80' })]
      return withMore(map, [one], ties)
    }
    case 4: {
      const [bridge, container] = [pick(inHost('bridge'))!, pick(inHost('container'))]
      const known = map.ties.some(({ from, to }) => from === bridge.id && to === container?.id)
      if (container === undefined || known || container.notes.length >= 8) return map
      const more = { ...container, notes: [...container.notes, '172.20.0.3/16'] }
      return withMore(
        { ...map, elements: map.elements.map((one) => (one === container ? more : one)) },
        [],
        [tie(bridge.id, container.id, 'veth', { fromLabel: 'veth7654321', toLabel: `eth${container.notes.length}` })],
      )
    }
    case 5: {
      const gone = pick([...ofKind('container', 'port', 'service'), ...ofKind('bridge').slice(1)])
      return gone === undefined ? map : without(map, gone.id)
    }
    case 6: {
      const cut = pick(map.ties)
      return cut === undefined ? map : { ...map, ties: map.ties.filter((one) => one !== cut) }
    }
    default: {
      const one = element(`service:${name}`, 'service', { notes: ['2/2', '*:8080->80/tcp'] })
      const task = pick(ofKind('container'))
      return withMore(map, [one], task === undefined ? [] : [tie(one.id, task.id, 'task')])
    }
  }
}
