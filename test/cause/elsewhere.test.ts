import { describe, expect, it } from 'vitest'
import type { Route } from '../../server/network/state.js'
import { type StateBuilder, standardRack } from '../check/state-builder.js'
import { Journey } from '../trace/journey.js'
import { traced } from './three-views.js'

/** Addresses that are asked for where they are not, and sources that belong to another machine. */

function route(fields: Partial<Route> & Pick<Route, 'destination'>): Route {
  return { family: 4, table: 'main', type: 'unicast', device: 'eth0', ...fields }
}

/** The laptop is on a LAN `far` behind a router, and its prefix holds the LAN of node1 as well. */
function beyondARouter(): StateBuilder {
  const rack = standardRack()
  rack.state.lans.push(
    { name: 'lan', subnet: '192.168.1.0/24', gateway: '192.168.1.1', mtu: 1500 },
    { name: 'far', subnet: '192.168.2.0/24', gateway: '192.168.2.1', mtu: 1500 },
  )
  const [router] = rack.plain('router', '192.168.1.254').namespaces
  router!.forwards = { ip4: true, ip6: false }
  const beyond = rack.link({ name: 'eth1', kind: 'veth', address: '192.168.2.254' })
  router!.links.push({ ...beyond, lan: 'far' })
  router!.routes.push(route({ destination: '192.168.2.0/24', device: 'eth1' }))
  rack.host('node1').namespaces[0]!.routes.push(route({ destination: '192.168.2.0/24', gateway: '192.168.1.254' }))
  const [laptop] = rack.host('laptop').namespaces
  const eth0 = laptop!.links.find(({ name }) => name === 'eth0')!
  eth0.lan = 'far'
  eth0.addresses = [{ family: 4, address: '192.168.2.50', prefix: 16, scope: 'global' }]
  laptop!.routes = [
    route({ destination: '192.168.0.0/16' }),
    route({ destination: 'default', gateway: '192.168.2.254' }),
  ]
  return rack
}

const toTheLaptop = (rack: StateBuilder, source = '192.168.1.11') =>
  new Journey(rack, { source, destination: '192.168.2.50' })
    .by('node1', 'eth0', 'out')
    .by('router', 'eth0', 'in')
    .by('router', 'eth1', 'out')
    .by('laptop', 'eth0', 'in')
    .becomes({ source: '192.168.2.50', destination: source })

describe('a prefix that is too wide', () => {
  it('has the answer asked for where its receiver is not, and the right one is that of the LAN', async () => {
    const rack = beyondARouter()
    const seen = toTheLaptop(rack).asks('laptop', 'eth0', '192.168.1.11').ends('silent')
    const { cause } = await traced(rack, { from: 'node1', to: '192.168.2.50' }, [seen])
    expect(cause?.code).toBe('not-on-link')
    expect(cause?.what.en).toMatch(
      /^answers can not come back: `laptop` takes `192\.168\.1\.11` for a neighbour on `eth0`, since its own address there is `192\.168\.2\.50\/16`.*`node1` does/,
    )
    const [prefix, way] = cause!.tries.map(({ en }) => en)
    expect(prefix).toContain('`ip address add 192.168.2.50/24 dev eth0 && ip address del 192.168.2.50/16 dev eth0`')
    expect(way).toContain('`ip route add 192.168.1.11 via 192.168.2.254 dev eth0`')
  })

  it('does the same to its own questions', async () => {
    const rack = beyondARouter()
    const seen = new Journey(rack, { source: '192.168.2.50', destination: '192.168.1.11' })
      .asks('laptop', 'eth0', '192.168.1.11')
      .ends('unroutable')
    const { cause } = await traced(rack, { from: 'laptop', to: '192.168.1.11' }, [seen])
    expect(cause?.code).toBe('not-on-link')
    expect(cause?.what.en).toMatch(/^`laptop` takes/)
  })

  it('is not blamed where somebody answers for the address, nor without a question', async () => {
    const rack = beyondARouter()
    for (const seen of [
      toTheLaptop(rack).asks('laptop', 'eth0', '192.168.1.11', '02:00:00:00:00:99').ends('silent'),
      toTheLaptop(rack).ends('silent'),
    ]) {
      const { cause } = await traced(rack, { from: 'node1', to: '192.168.2.50' }, [seen])
      expect(cause?.code).not.toBe('not-on-link')
    }
  })
})

describe('a source that a rule of NAT gives', () => {
  const translated = (rack: StateBuilder) => {
    rack.rule(rack.host('node1'), {
      ...{ table: 'nat', chain: 'POSTROUTING', target: 'SNAT', to: '192.168.1.254', source: '172.20.0.0/16' },
      text: '-A POSTROUTING -s 172.20.0.0/16 -j SNAT --to-source 192.168.1.254',
    })
    rack.host('laptop').namespaces[0]!.links[0]!.addresses[0]!.prefix = 24
    rack.host('laptop').namespaces[0]!.routes[0]!.destination = '192.168.2.0/24'
    return new Journey(rack, { source: '172.20.0.2', destination: '192.168.2.50' })
      .by('node1/web', 'eth0', 'out')
      .becomes({ source: '192.168.1.254' })
      .by('node1', 'eth0', 'out')
  }

  it('is told with whose it is, if that one was not on the way', async () => {
    const rack = beyondARouter()
    const journey = translated(rack).by('laptop', 'eth0', 'in')
    const { cause } = await traced(rack, { from: 'web', to: '192.168.2.50' }, [journey.ends('silent')])
    expect(cause?.code).toBe('no-route-back')
    expect(cause?.what.en).toMatch(
      /a rule of NAT on `node1` gives such packets the source `192\.168\.1\.254`, and `router` has/,
    )
    expect(cause?.tries[0]?.en).toContain('-j MASQUERADE`')
  })

  it('is no cause where whoever has it was on the way', async () => {
    const rack = beyondARouter()
    const journey = translated(rack).by('router', 'eth0', 'in').by('router', 'eth1', 'out').by('laptop', 'eth0', 'in')
    const { cause } = await traced(rack, { from: 'web', to: '192.168.2.50' }, [journey.ends('silent')])
    expect(cause?.code).not.toBe('no-route-back')
  })
})

it('shows of the questions on the wire those alone that were asked for the packet', async () => {
  const rack = standardRack()
  const seen = new Journey(rack, { source: '192.168.1.11', destination: '192.168.1.70' })
    .asks('node1/mac', 'eth0', '192.168.1.71')
    .asks('node1', 'eth0', '192.168.1.70')
    .ends('unroutable')
  const { cause } = await traced(rack, { from: 'node1', to: 'mac' }, [seen])
  expect(cause?.code).toBe('macvlan-host-to-child')
  expect(cause?.evidence.join('\n')).toContain('192.168.1.70?')
  expect(cause?.evidence.join('\n')).not.toContain('192.168.1.71')
})
