import { describe, expect, it } from 'vitest'
import type { CauseCode } from '../../server/cause/cause.js'
import { causeForeseen } from '../../server/cause/causes.js'
import { isAny, isLoopback } from '../../server/network/addresses.js'
import { usualRoutingRules } from '../../server/network/parse-routes.js'
import type { Route, RoutingRule } from '../../server/network/state.js'
import { isLive } from '../../server/place/place.js'
import { find } from '../../server/place/reference.js'
import { ownersOf } from '../../server/place/target.js'
import { silent as silentEngine } from '../check/cases.js'
import { type StateBuilder, standardRack, swarmRack } from '../check/state-builder.js'
import { Journey } from '../trace/journey.js'
import { diagnosed, traced, whyOfCheck } from './three-views.js'

/** What three parts of the house once said differently about one network. */

const quiet = { outcome: 'no', cause: 'silent', detail: 'timed out' } as const

function rackWithLan(): StateBuilder {
  const rack = standardRack()
  rack.state.lans.push({ name: 'lan', subnet: '192.168.1.0/24', gateway: '192.168.1.1', mtu: 1500 })
  return rack
}

const inside = (rack: StateBuilder, name: string) => rack.namespaceOf(rack.host('node1'), name)
const own = (rack: StateBuilder) => rack.host('node1').namespaces[0]!
const vethOf = (rack: StateBuilder, container: string) =>
  rack.find(rack.host('node1'), container).endpoints[0]!.hostLink!

function route(fields: Partial<Route> & Pick<Route, 'destination'>): Route {
  return { family: 4, table: 'main', type: 'unicast', ...fields }
}
function lookup(priority: number, fields: Partial<RoutingRule>): RoutingRule {
  return { family: 4, priority, action: 'lookup', further: [], ...fields }
}

/** Nobody outside answers `web`. */
const outside = {
  'web ping 192.168.1.1': quiet,
  'web ping 192.168.1.12': quiet,
  'web ping 192.168.1.50': quiet,
}

/** Of `web`, which asks for the laptop, and whose packet goes no further than `seen` says. */
interface Row {
  what: string
  given(rack: StateBuilder): unknown
  code: CauseCode
  says: RegExp
  seen(rack: StateBuilder): Journey
}

const unsent = (rack: StateBuilder) => new Journey(rack, { source: '172.20.0.2', destination: '192.168.1.50' })
const toTheHost = (rack: StateBuilder) =>
  unsent(rack).by('node1/web', 'eth0', 'out').by('node1', vethOf(rack, 'web'), 'in')
const toTheLaptop = (rack: StateBuilder) =>
  toTheHost(rack).by('node1', 'eth0', 'out').lan('lan', 'laptop', 'out').by('laptop', 'eth0', 'in')

const rows: Row[] = [
  ...(['blackhole', 'unreachable', 'prohibit'] as const).map(
    (type): Row => ({
      what: `a ${type} route beside a default route`,
      given: (rack) => inside(rack, 'web').routes.push(route({ type, destination: '192.168.1.0/24' })),
      code: 'no-route',
      says: new RegExp(`a route of .*web. says that .*not to be reached: .${type} 192\\.168\\.1\\.0/24`),
      seen: unsent,
    }),
  ),
  {
    what: 'two default routes, of which the one with the lower metric leads to nobody',
    given: (rack) => {
      const { routes } = inside(rack, 'web')
      routes.find(({ destination }) => destination === 'default')!.metric = 100
      routes.push(route({ destination: 'default', gateway: '172.20.0.99', device: 'eth0', metric: 10 }))
    },
    code: 'wrong-gateway',
    says: /gateway `172\.20\.0\.99`, and nobody has that address; the gateway there is `172\.20\.0\.1`/,
    seen: (rack) => unsent(rack).asks('node1/web', 'eth0', '172.20.0.99'),
  },
  {
    what: 'a routing rule to another table, in which there is a blackhole',
    given: (rack) => {
      const web = inside(rack, 'web')
      web.routingRules.splice(1, 0, lookup(1000, { table: '100', destination: '192.168.1.0/24' }))
      web.routes.push(route({ type: 'blackhole', destination: 'default', table: '100' }))
    },
    code: 'no-route',
    says: /not to be reached: `blackhole default table 100`/,
    seen: unsent,
  },
  {
    what: 'a routing rule that prohibits',
    given: (rack) =>
      inside(rack, 'web').routingRules.splice(1, 0, {
        ...lookup(1000, { destination: '192.168.1.0/24' }),
        action: 'prohibit',
      }),
    code: 'no-route',
    says: /a routing rule of .*web. says that .*: `1000: from all to 192\.168\.1\.0\/24 prohibit`/,
    seen: unsent,
  },
  {
    what: '`-s NET ! -o eth0 -j MASQUERADE`, and it leaves by eth0',
    given: (rack) => {
      const rule = own(rack).rules.find(({ source }) => source === '172.20.0.0/16')!
      rule.out = '!eth0'
      rule.text = '-A POSTROUTING -s 172.20.0.0/16 ! -o eth0 -j MASQUERADE'
    },
    code: 'no-masquerade',
    says: /private address `172\.20\.0\.2`: no rule masquerades `172\.20\.0\.0\/16`/,
    seen: toTheLaptop,
  },
  {
    what: 'a rule with a wildcard and one with several ports before the one that drops',
    given: (rack) => {
      rack.rule(rack.host('node1'), {
        ...{ table: 'filter', chain: 'DOCKER-USER', in: 'br-+', out: 'eth+', target: 'DROP' },
        text: '-A DOCKER-USER -i br-+ -o eth+ -j DROP',
      })
      rack.rule(rack.host('node1'), {
        ...{ table: 'filter', chain: 'DOCKER-USER', protocol: 'tcp', target: 'ACCEPT' },
        text: '-A DOCKER-USER -p tcp -m multiport --dports 80,443 -j ACCEPT',
      })
    },
    code: 'docker-user-drop',
    says: /a rule in chain `DOCKER-USER` on `node1` drops/,
    seen: (rack) =>
      toTheHost(rack).meets('node1', {
        chain: 'DOCKER-USER',
        verdict: 'drop',
        rule: 'iifname "br-*" oifname "eth*" drop',
      }),
  },
]

describe('check, trace and diagnosis say the same', () => {
  it.each(rows)('$what', async ({ given, code, says, seen }) => {
    const rack = rackWithLan()
    given(rack)
    expect(await whyOfCheck(rack, { from: 'web', to: 'laptop' })).toMatch(says)
    const story = await traced(rack, { from: 'web', to: '192.168.1.50' }, [seen(rack).ends('silent')])
    expect(story.cause, JSON.stringify(story, null, 1)).toMatchObject({
      code,
      what: { en: expect.stringMatching(says) },
    })
    const found = await diagnosed(rack, 'web', outside)
    const causes = found.filter(({ cause }) => cause === code)
    expect(causes.map(({ text }) => text.en).join('\n'), JSON.stringify(found, null, 1)).toMatch(says)
    expect(found.flatMap(({ cause }) => cause ?? []).every((one) => one === code)).toBe(true)
  })
})

describe('an internal network and another of the same name', () => {
  it('are told apart by their ids', async () => {
    const rack = rackWithLan()
    const node1 = rack.host('node1')
    // Of scope swarm, so that the Engine allows it.
    rack.network(node1, { name: 'twice', subnet: '172.30.0.0/16' })
    rack.container(node1, 'free', { on: { twice: '172.30.0.2' } })
    rack.network(node1, { name: 'twice', subnet: '172.31.0.0/16', internal: true })
    const network = { 'free ping 192.168.1.50': quiet }
    expect(await whyOfCheck(rack, { from: 'free', to: 'laptop' }, network)).not.toContain('internal')
    const story = await traced(rack, { from: 'free', to: '192.168.1.50' }, [
      new Journey(rack, { source: '172.30.0.2', destination: '192.168.1.50' })
        .by('node1/free', 'eth0', 'out')
        .ends('silent'),
    ])
    expect(story.cause?.code).not.toBe('internal-network')
    const found = await diagnosed(rack, 'free', network)
    expect(found.map(({ cause }) => cause)).not.toContain('internal-network')
    // The other way round it is one.
    node1.engine!.networks.find(({ id }) => id === rack.find(node1, 'free').endpoints[0]!.networkId)!.internal = true
    expect(await whyOfCheck(rack, { from: 'free', to: 'laptop' }, network)).toContain(
      'is only on `twice`, which is internal',
    )
  })
})

describe('the same address on two segments', () => {
  /** node1 has a second bridge on which somebody has the address of `web`, and so has node2. */
  function twice(): StateBuilder {
    const rack = rackWithLan()
    rack.network(rack.host('node1'), { name: 'aside', subnet: '172.20.0.0/16' })
    rack.container(rack.host('node1'), 'double', { on: { aside: '172.20.0.2' }, listens: [9000] })
    rack.network(rack.host('node2'), { name: 'far', subnet: '172.20.0.0/16' })
    rack.container(rack.host('node2'), 'farther', { on: { far: '172.20.0.2' } })
    return rack
  }
  const place = (rack: StateBuilder, name: string) => {
    const found = find(name, rack.state, 'node1')
    if (!isLive(found)) throw new Error(name)
    return found
  }

  it('belongs to whoever is on the segment of the one who asks', () => {
    const rack = twice()
    const names = (from: string) => ownersOf('172.20.0.2', rack.state, place(rack, from)).map(({ label }) => label)
    expect(names('api')).toEqual(['node1/web'])
    rack.container(rack.host('node1'), 'beside', { on: { aside: '172.20.0.3' } })
    expect(names('beside')).toEqual(['node1/double'])
  })

  it('is no duplicate', async () => {
    const rack = twice()
    const attempt = { state: rack.state, home: 'node1', from: place(rack, 'api'), address: '172.20.0.2' }
    expect(causeForeseen({ ...attempt, protocol: 'icmp' })?.code).not.toBe('duplicate-address')
    expect((await diagnosed(rack, 'web')).map(({ cause }) => cause)).not.toContain('duplicate-address')
  })

  it('is asked about where it is meant', async () => {
    const why = await whyOfCheck(
      twice(),
      { from: 'api', to: '172.20.0.2', port: 81 },
      { 'api tcp 172.20.0.2:81': { outcome: 'no', cause: 'refused', detail: 'refused' } },
    )
    expect(why).toBe('nothing in `node1/web` listens on tcp port 81; it listens on `80`')
  })
})

describe('an address that is written differently', () => {
  it('is the same of IPv6, for owners, gateways and neighbours', async () => {
    const rack = rackWithLan()
    const web = inside(rack, 'web')
    web.links
      .find(({ name }) => name === 'eth0')!
      .addresses.push({
        ...{ family: 6, address: '2001:db8::1', prefix: 64, scope: 'global' },
      })
    const api = inside(rack, 'api')
    api.links
      .find(({ name }) => name === 'eth0')!
      .addresses.push({
        ...{ family: 6, address: '2001:db8::2', prefix: 64, scope: 'global' },
      })
    api.routes.push({ ...route({ destination: '2001:db8::/64', device: 'eth0' }), family: 6 })
    const from = find('api', rack.state, 'node1')
    if (!isLive(from)) throw new Error('api')
    expect(ownersOf('2001:DB8:0::1', rack.state, from).map(({ label }) => label)).toEqual(['node1/web'])
    const why = await whyOfCheck(
      rack,
      { from: 'api', to: '2001:DB8:0:0::1', port: 81 },
      { 'api tcp 2001:DB8:0:0::1:81': { outcome: 'no', cause: 'refused', detail: 'refused' } },
    )
    expect(why).toContain('nothing in `node1/web` listens on tcp port 81')
    const journey = new Journey(rack, { version: 6, source: '2001:db8::2', destination: '2001:db8::9' })
    const nobody = await traced(rack, { from: 'api', to: '2001:DB8:0::9' }, [
      journey.asks('node1/api', 'eth0', '2001:DB8:0:0::9').ends('unroutable'),
    ])
    expect(nobody.cause?.code).toBe('no-such-address')
  })

  it('is a loopback or all addresses of IPv4 as IPv6 sockets have them', async () => {
    expect(['::1', '0:0:0:0:0:0:0:1', '127.8.0.1', '::ffff:127.0.0.1', '::FFFF:7f00:1'].every(isLoopback)).toBe(true)
    expect(['::', '128.0.0.1', '::ffff:10.0.0.1', 'lo', ''].some(isLoopback)).toBe(false)
    expect(['*', '0.0.0.0', '::', '0::0', '::ffff:0.0.0.0', ''].every(isAny)).toBe(true)
    const rack = rackWithLan()
    inside(rack, 'api').sockets = [{ protocol: 'tcp', address: '::ffff:127.0.0.1', port: 8000 }]
    const refused = { outcome: 'no', cause: 'refused', detail: 'refused' } as const
    const says = /port 8000 is open only on `::ffff:127\.0\.0\.1`/
    const network = { 'web tcp 172.20.0.3:8000': refused }
    expect(await whyOfCheck(rack, { from: 'web', to: 'api', port: 8000 }, network)).toMatch(says)
    const journey = new Journey(rack, {
      protocol: 'tcp',
      source: '172.20.0.2',
      destination: '172.20.0.3',
      destinationPort: 8000,
    })
      .by('node1/web', 'eth0', 'out')
      .by('node1/api', 'eth0', 'in')
    const story = await traced(rack, { from: 'web', to: 'node1/api', port: 8000 }, [journey.ends('refused')])
    expect(story.cause).toMatchObject({ code: 'listening-on-loopback', what: { en: expect.stringMatching(says) } })
    expect((await diagnosed(rack, 'api')).map(({ cause }) => cause)).toContain('listening-on-loopback')
  })
})

it('a name that is known but not answered is said to be so by a trace and by a diagnosis', async () => {
  const says = /both are on the same network: the embedded DNS server/
  const story = await traced(rackWithLan(), { from: 'web', to: 'api', by: 'name' }, [])
  expect(story.cause).toMatchObject({ code: 'unknown-name', what: { en: expect.stringMatching(says) } })
  const found = await diagnosed(rackWithLan(), 'web', { 'web dns api': [] })
  expect(found.find(({ cause }) => cause === 'unknown-name')?.text.en).toMatch(says)
})

it('routing rules of a namespace that could not be read are the usual ones', () => {
  const rack = rackWithLan()
  silentEngine(rack)
  expect(own(rack).routingRules).toEqual(usualRoutingRules)
})

it('a name of a container whose node has left the swarm is gone with it, though it is on no network any more', async () => {
  const rack = swarmRack()
  rack.container(rack.host('node1'), 'm1', { on: { app_net: '10.10.0.7' } })
  rack.container(rack.host('node2'), 'm2', { on: {}, networkMode: 'app_net' })
  rack.host('node2').engine!.swarm.state = 'inactive'
  const story = await traced(rack, { from: 'm1', to: 'm2', port: 80 }, [])
  expect(story.cause).toMatchObject({ code: 'node-gone' })
})
