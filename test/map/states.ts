import type { NetworkMap } from '../../server/map/map.js'
import { networkState } from '../../server/network/assemble.js'
import type { NetworkState } from '../../server/network/state.js'
import { standardRack, swarmRack } from '../check/state-builder.js'
import { fixture, rackShape } from '../network/fixtures.js'

const lan = { name: 'lan', subnet: '192.168.1.0/24', gateway: '192.168.1.1', mtu: 1500 }

/** What real hosts had: see capture-fixtures.ts. */
export function capturedState(): NetworkState {
  return networkState([fixture('node1'), fixture('node2'), fixture('laptop')], rackShape())
}

export function standardState(): NetworkState {
  const { state } = standardRack()
  state.lans.push(structuredClone(lan))
  return state
}

export function swarmState(): NetworkState {
  const { state } = swarmRack()
  state.lans.push(structuredClone(lan))
  return state
}

/** A changed copy. */
export function edited(state: NetworkState, edit: (copy: NetworkState) => void): NetworkState {
  const copy = structuredClone(state)
  edit(copy)
  return copy
}

export function host(state: NetworkState, name: string) {
  return state.hosts.find((one) => one.name === name)!
}

export function home(state: NetworkState, name = 'node1') {
  return host(state, name).namespaces[0]!
}

export function container(state: NetworkState, name: string, on = 'node1') {
  return host(state, on).engine!.containers.find((one) => one.name === name)!
}

export function namespaceOf(state: NetworkState, name: string, on = 'node1') {
  return host(state, on).namespaces.find(({ id }) => id === container(state, name, on).namespace)!
}

export function element(map: NetworkMap, id: string) {
  const found = map.elements.find((one) => one.id === id)
  if (!found) throw new Error(`no ${id} among ${map.elements.map((one) => one.id).join(' ')}`)
  return found
}

export function tie(map: NetworkMap, id: string) {
  const found = map.ties.find((one) => one.id === id)
  if (!found) throw new Error(`no ${id} among ${map.ties.map((one) => one.id).join(' ')}`)
  return found
}

export function factOf(map: NetworkMap, id: string, name: string): string[] {
  return element(map, id).facts.find((fact) => fact.name.en === name)?.values ?? []
}

/** Every list that holds things, in another order; what comes first because it is first (a host's own namespace) stays so. */
export function shuffled(state: NetworkState, seed: number): NetworkState {
  let random = seed
  const next = () => {
    random = (random * 1_103_515_245 + 12_345) % 2_147_483_648
    return random / 2_147_483_648
  }
  const mix = <Item>(items: Item[]) => {
    for (let index = items.length - 1; index > 0; index--) {
      const other = Math.floor(next() * (index + 1))
      ;[items[index], items[other]] = [items[other]!, items[index]!]
    }
  }
  return edited(state, (copy) => {
    for (const { namespaces, engine, disagreements } of copy.hosts) {
      const [own, ...others] = namespaces
      mix(others)
      namespaces.splice(0, namespaces.length, own!, ...others)
      mix(disagreements)
      for (const namespace of namespaces) {
        for (const list of ['links', 'routes', 'neighbours', 'forwarding', 'chains', 'sockets'] as const) {
          mix(namespace[list] as unknown[])
        }
      }
      if (!engine) continue
      for (const list of [engine.networks, engine.containers, engine.swarm.nodes, engine.swarm.services]) {
        mix(list as unknown[])
      }
      for (const one of engine.containers) {
        mix(one.ports)
        mix(one.endpoints)
      }
      for (const service of engine.swarm.services) mix(service.tasks)
    }
  })
}
