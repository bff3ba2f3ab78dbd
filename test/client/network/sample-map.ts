import type { MapElement, MapTie, NetworkMap } from '../../../server/protocol/protocol.js'

const said = (id: string) => ({ en: `${id} is there`, zh: `有 ${id}` })

export function element(id: string, kind: MapElement['kind'], over: Partial<MapElement> = {}): MapElement {
  return {
    id,
    kind,
    label: id.slice(id.indexOf(':') + 1),
    notes: [],
    state: 'up',
    sentence: said(id),
    facts: [{ name: { en: 'Addresses', zh: '地址' }, values: ['172.18.0.2/16'] }],
    commands: [],
    ...over,
  }
}

export function tie(from: string, to: string, kind: MapTie['kind'] = 'veth', over: Partial<MapTie> = {}): MapTie {
  return { id: `${from}~${to}`, kind, from, to, state: 'up', sentence: said(`${from}-${to}`), ...over }
}

/** A rack of `hosts` with `containers` in each, on a bridge each; as drawMap would draw it. */
export function sampleMap(hosts = 1, containers = 3): NetworkMap {
  const elements: MapElement[] = [element('lan:lan', 'lan', { notes: ['192.168.1.0/24'] })]
  const ties: MapTie[] = []
  for (let at = 1; at <= hosts; at++) {
    const host = `node${at}`
    const parent = `host:${host}`
    elements.push(
      element(parent, 'host', { notes: ['docker'] }),
      element(`${host}/interface:eth0`, 'interface', { parent, notes: [`192.168.1.1${at}/24`] }),
      element(`${host}/bridge:docker0`, 'bridge', { parent, notes: ['bridge', '172.17.0.1/16'] }),
      element(`${host}/bridge:br-1`, 'bridge', { parent, label: 'shop', notes: ['bridge', '172.18.0.1/16'] }),
      element(`${host}/port:8080`, 'port', { parent }),
    )
    ties.push(tie(`${host}/interface:eth0`, 'lan:lan', 'cable', { fromLabel: 'eth0' }))
    for (let n = 1; n <= containers; n++) {
      const id = `${host}/container:c${n}`
      elements.push(element(id, 'container', { parent, notes: [`172.18.0.${n + 1}`] }))
      ties.push(tie(`${host}/bridge:br-1`, id, 'veth', { fromLabel: `veth${n}`, toLabel: 'eth0' }))
    }
    if (containers > 0) ties.push(tie(`${host}/port:8080`, `${host}/container:c1`, 'publishes'))
  }
  return { takenAt: '2026-01-01T12:00:00.000Z', elements, ties }
}

export function without(map: NetworkMap, id: string): NetworkMap {
  return {
    ...map,
    elements: map.elements.filter((one) => one.id !== id),
    ties: map.ties.filter((one) => one.from !== id && one.to !== id),
  }
}

export function withMore(map: NetworkMap, more: MapElement[], ties: MapTie[] = []): NetworkMap {
  return { ...map, elements: [...map.elements, ...more], ties: [...map.ties, ...ties] }
}
