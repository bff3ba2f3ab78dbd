import { describe, expect, it } from 'vitest'
import { causeOf } from '../../server/cause/causes.js'
import { wayOf } from '../../server/cause/way.js'
import { parseRoutes, parseRoutingRules, usualRoutingRules } from '../../server/network/parse-routes.js'
import {
  isUndecided,
  leadsNowhere,
  leadsOn,
  nextHop,
  outLink,
  routeFor,
  takesIn,
  writeRoute,
  writeRoutingRule,
} from '../../server/network/routing.js'
import type { NamespaceState, Route, RoutingRule } from '../../server/network/state.js'
import { type LivePlace, placeOf } from '../../server/place/place.js'
import { StateBuilder, standardRack } from '../check/state-builder.js'

function namespace(routes: Partial<Route>[], rules: Partial<RoutingRule>[] = []): NamespaceState {
  const made = new StateBuilder().namespace('here', { kind: 'unknown' })
  made.routes = routes.map((one) => ({ family: 4, destination: 'default', table: 'main', type: 'unicast', ...one }))
  const own = rules.map((rule, n) => ({
    family: 4 as const,
    priority: 1000 + n,
    action: 'lookup',
    further: [],
    ...rule,
  }))
  made.routingRules = [usualRoutingRules[0]!, ...own, ...usualRoutingRules.slice(1)]
  return made
}
const via = (here: NamespaceState, to: Parameters<typeof routeFor>[1]) => {
  const found = routeFor(here, to)
  return found && writeRoute(found)
}

describe('of several routes', () => {
  it.each([
    [
      'the longest prefix',
      [{ gateway: '10.0.0.1' }, { destination: '192.168.0.0/16', gateway: '10.0.0.2' }],
      '192.168.0.0/16 via 10.0.0.2',
    ],
    [
      'the lower metric',
      [
        { gateway: '10.0.0.1', metric: 100 },
        { gateway: '10.0.0.2', metric: 10 },
      ],
      'default via 10.0.0.2 metric 10',
    ],
    ['none means the metric 0', [{ gateway: '10.0.0.1', metric: 1 }, { gateway: '10.0.0.2' }], 'default via 10.0.0.2'],
    [
      'the local table first',
      [
        { destination: '192.168.1.9/32', gateway: '10.0.0.1' },
        { destination: '192.168.0.0/16', table: 'local', type: 'local', device: 'lo' },
      ],
      'local 192.168.0.0/16 dev lo',
    ],
    [
      'a blackhole that is longer',
      [{ gateway: '10.0.0.1' }, { destination: '192.168.1.0/24', type: 'blackhole' }],
      'blackhole 192.168.1.0/24',
    ],
    ['not one of another family', [{ family: 6 as const, gateway: 'fd00::1' }], undefined],
    ['not one of a table that no rule leads to', [{ gateway: '10.0.0.1', table: '100' }], undefined],
    [
      'the next table after a throw',
      [
        { gateway: '10.0.0.1', table: 'default' },
        { destination: '192.168.1.0/24', type: 'throw' },
      ],
      'default via 10.0.0.1 table default',
    ],
  ])('%s is taken', (_what, routes, expected) => {
    expect(via(namespace(routes), '192.168.1.9')).toBe(expected)
  })
})

it.each(['blackhole', 'unreachable', 'prohibit'])(
  'by a route of the type %s nothing leaves, though it names a link',
  (type) => {
    // So ip(8) shows such routes of IPv6, as measured.
    const here = namespace([{ family: 6, destination: 'fd00:1::/64', type, device: 'lo', metric: 1024 }])
    expect(outLink(here, 'fd00:1::20')).toBeUndefined()
    expect(nextHop(here, 'fd00:1::20')).toBeUndefined()
  },
)

describe('a routing rule', () => {
  const routes = [
    { gateway: '10.0.0.1', device: 'eth0' },
    { gateway: '10.0.0.9', table: '100' },
  ]
  const other = 'default via 10.0.0.9 table 100'
  const main = 'default via 10.0.0.1 dev eth0'
  it.each([
    ['to a network', { table: '100', destination: '192.168.1.0/24' }, other],
    ['to another network', { table: '100', destination: '192.168.2.0/24' }, main],
    ['not to a network', { table: '100', destination: '192.168.2.0/24', not: true as const }, other],
    ['for all', { table: '100' }, other],
    ['from an address, for a sender who has none yet', { table: '100', source: '10.0.0.5/32' }, main],
    ['for what comes in by a link', { table: '100', in: 'eth1' }, main],
    ['for what is sent from here', { table: '100', in: 'lo' }, other],
    ['that leaves defaults out', { table: '100', suppressedPrefix: 0 }, main],
    ['to a table in which there is nothing', { table: '7' }, main],
    ['for another protocol', { table: '100', protocol: 'udp' }, main],
    ['for a range of ports', { table: '100', protocol: 'tcp', destinationPort: '80:90' }, other],
    ['for another range of ports', { table: '100', destinationPort: '8000:9000' }, main],
  ])('%s', (_what, rule, expected) => {
    expect(via(namespace(routes, [rule]), { destination: '192.168.1.9', protocol: 'tcp', destinationPort: 80 })).toBe(
      expected,
    )
  })

  it('from an address is met by a connection that gets it from its first route, and by what is passed on', () => {
    const here = namespace(routes, [{ table: '100', source: '10.0.0.0/24' }])
    here.links.push(new StateBuilder().link({ name: 'eth0', kind: 'veth', address: '10.0.0.5' }))
    expect(via(here, { destination: '192.168.1.9', protocol: 'tcp' })).toBe(other)
    expect(via(here, { destination: '192.168.1.9', protocol: 'icmp' })).toBe(main)
    expect(via(here, { destination: '192.168.1.9', protocol: 'icmp', source: '10.0.0.7', in: 'eth3' })).toBe(other)
  })

  it.each(['blackhole', 'unreachable', 'prohibit'])('%s ends the search', (action) => {
    const found = routeFor(namespace(routes, [{ action, destination: '192.168.1.0/24' }]), '192.168.1.9')
    expect(found).toMatchObject({ type: action, destination: '192.168.1.0/24', by: { priority: 1000 } })
    expect(leadsOn(found)).toBe(false)
    expect(nextHop(namespace(routes, [{ action }]), '192.168.1.9')).toBeUndefined()
  })
})

describe('which way is not known', () => {
  const flow = { destination: '192.168.1.9', protocol: 'tcp' as const, destinationPort: 80 }
  const routes = [
    { gateway: '10.0.0.1', device: 'eth0' },
    { gateway: '10.0.0.9', device: 'eth1', table: '100' },
  ]
  const among = (here: NamespaceState, to: Parameters<typeof routeFor>[1] = flow) => {
    const found = routeFor(here, to)
    expect([isUndecided(found), leadsOn(found), leadsNowhere(found)]).toEqual([true, false, false])
    expect([outLink(here, to), nextHop(here, to)]).toEqual([undefined, undefined])
    return found?.among?.map(({ gateway }) => gateway)
  }
  const both = ['10.0.0.9', '10.0.0.1']

  it('of a route with several next hops', () => {
    // iproute2 6.1, `ip -json -details route show default`.
    const hops = [
      { gateway: '10.0.0.1', dev: 'x1', weight: 1, flags: [] },
      { gateway: '10.1.0.1', dev: 'y1', weight: 2, flags: [] },
    ]
    const said = [{ type: 'unicast', dst: 'default', protocol: 'boot', scope: 'global', flags: [], nexthops: hops }]
    const here = namespace(parseRoutes(said, 4))
    expect(among(here)).toEqual(['10.0.0.1', '10.1.0.1'])
    // One next hop is no choice, and a longer or cheaper route wins as ever.
    expect(via(namespace(parseRoutes([{ ...said[0], nexthops: hops.slice(0, 1) }], 4)), flow)).toBe(
      'default via 10.0.0.1 dev x1',
    )
    here.routes.push({ family: 4, destination: '192.168.1.0/24', device: 'eth9', table: 'main', type: 'unicast' })
    expect(via(here, flow)).toBe('192.168.1.0/24 dev eth9')
  })

  it.each<[string, Partial<RoutingRule>]>([
    ['a mark', { further: ['fwmark 0x1'] }],
    ['the lack of a mark', { further: ['fwmark 0x1'], not: true }],
    ['who sends it', { further: ['uid_start 5'] }],
    ['the port that it is sent from', { sourcePort: '4000:5000' }],
  ])('where a rule asks for %s', (_what, rule) => {
    expect(among(namespace(routes, [{ table: '100', ...rule }]))).toEqual(both)
  })

  it('where such a rule is for that network, and not where it is for another, or for another protocol', () => {
    const marked = { table: '100', further: ['fwmark 0x1'] }
    expect(among(namespace(routes, [{ ...marked, destination: '192.168.1.0/24' }]))).toEqual(both)
    for (const more of [{ destination: '192.168.2.0/24' }, { protocol: 'udp' }, { source: '10.9.9.9/32' }])
      expect(via(namespace(routes, [{ ...marked, ...more }]), flow)).toBe('default via 10.0.0.1 dev eth0')
    // No ping has a port.
    const ping = { destination: '192.168.1.9', protocol: 'icmp' as const }
    expect(via(namespace(routes, [{ table: '100', sourcePort: '80' }]), ping)).toBe('default via 10.0.0.1 dev eth0')
  })

  it('only where the rule leads elsewhere than the rest', () => {
    const marked = (table: string) => ({ table, further: ['fwmark 0x1'] })
    expect(via(namespace(routes, [marked('7')]), flow)).toBe('default via 10.0.0.1 dev eth0')
    expect(via(namespace(routes, [marked('main')]), flow)).toBe('default via 10.0.0.1 dev eth0')
    expect(via(namespace([...routes, { ...routes[0], table: '7' }], [marked('7')]), flow)).toBe(
      'default via 10.0.0.1 dev eth0',
    )
    expect(among(namespace(routes, [{ action: 'prohibit', further: ['fwmark 0x1'] }]))).toEqual([undefined, '10.0.0.1'])
    // Without any other way there is still that one.
    expect(among(namespace([routes[1]!], [marked('100')]))).toEqual(['10.0.0.9'])
  })

  it('behind a rule that leads past others', () => {
    const rules = parseRoutingRules(
      [
        { priority: 91, src: 'all', nop: null, protocol: 'unspec' },
        { priority: 100, src: 'all', goto: 32766, protocol: 'unspec' },
      ],
      4,
    )
    expect(rules.map(({ action }) => action)).toEqual(['other', 'goto'])
    expect(among(namespace(routes, rules))).toEqual([])
    expect(via(namespace(routes, [rules[0]!]), flow)).toBe('default via 10.0.0.1 dev eth0')
  })

  it('of what comes in by a link of a VRF, and of nothing else', () => {
    const [rule] = parseRoutingRules([{ priority: 94, src: 'all', l3mdev: null, protocol: 'unspec' }], 4)
    const here = namespace(routes, [rule!])
    const builder = new StateBuilder()
    const port = builder.link({ name: 'eth5', kind: 'veth' })
    here.links.push({ ...port, master: 'red' }, builder.link({ name: 'red', kind: 'vrf' }))
    expect(via(here, flow)).toBe('default via 10.0.0.1 dev eth0')
    expect(among(here, { ...flow, in: 'eth5', source: '10.5.5.5' })).toEqual([])
  })

  it('so that nobody is said to be kept out by a filter of reverse paths, or to have no route', () => {
    const here = namespace(routes, [{ table: '100', further: ['fwmark 0x1'] }])
    const link = new StateBuilder().link({ name: 'eth3', kind: 'veth' })
    expect(takesIn(here, { ...link, reversePath: 'strict' }, '192.168.1.9')).toBe(true)
    const rack = standardRack()
    const api = placeOf(rack.host('node1'), rack.find(rack.host('node1'), 'api')) as LivePlace
    const ways = api.namespace.routes.filter(({ destination }) => destination === 'default')
    for (const one of ways) one.oneOf = 2
    api.namespace.routes.push({ ...ways[0]!, gateway: '172.20.0.99' })
    const attempt = { state: rack.state, home: 'node1', from: api, address: '192.168.1.50', protocol: 'icmp' as const }
    expect(wayOf(attempt).end).toBe('unknown')
    expect(causeOf(attempt, 'silent').code).toBe('unknown')
  })
})

describe('a routing rule of IPv6', () => {
  const routes = [
    { family: 6 as const, gateway: 'fd00::1', device: 'eth0' },
    { family: 6 as const, gateway: 'fd00::9', table: '100' },
  ]
  // iproute2 6.1, `ip -6 -json -details rule show`.
  const said = [
    { priority: 0, src: 'all', table: 'local', protocol: 'kernel' },
    { priority: 999, src: 'all', dst: 'fd00:c::', dstlen: 64, action: 'prohibit', protocol: 'unspec' },
    { priority: 1000, src: 'all', dst: 'fd00:a::5', table: '100', protocol: 'unspec' },
    { priority: 32766, src: 'all', table: 'main', protocol: 'kernel' },
  ]
  const here = namespace(routes)
  here.routingRules = [...parseRoutingRules(undefined, 4), ...parseRoutingRules(said, 6)]

  it.each([
    ['fd00:a::5', 'default via fd00::9 table 100'],
    ['fd00:a::6', 'default via fd00::1 dev eth0'],
    ['fd00:c::1', 'prohibit fd00:c::/64'],
  ])('counts for %s', (address, expected) => {
    expect(via(here, address)).toBe(expected)
  })

  it('is not met by IPv4', () => {
    const both = namespace([{ gateway: '10.0.0.1' }], [{ family: 6, table: '100' }])
    expect(via(both, '192.168.1.9')).toBe('default via 10.0.0.1')
  })
})

it('reads what ip(8) says of rules, as measured', () => {
  // iproute2 6.1, `ip -json -details rule show`.
  const said = [
    { priority: 0, src: 'all', table: 'local', protocol: 'kernel' },
    { priority: 32760, src: 'all', l3mdev: null, sport: 22, protocol: 'unspec' },
    { priority: 32761, src: 'all', uid_start: 1, uid_end: 5, goto: 32766, protocol: 'unspec' },
    { priority: 32762, src: 'all', fwmark: '0x1', fwmask: '0xff', table: '7', suppress_prefixlen: 0 },
    {
      priority: 32763,
      not: null,
      src: '10.2.0.1',
      iif: 'lo',
      ipproto: 'tcp',
      dport_start: 80,
      dport_end: 90,
      action: 'prohibit',
    },
    { priority: 32764, src: '10.1.0.0', srclen: 16, action: 'blackhole' },
    { priority: 32765, src: 'all', dst: '10.0.0.0', dstlen: 8, table: '100', protocol: 'unspec' },
    { priority: 32766, src: 'all', table: 'main', protocol: 'kernel' },
    { priority: 32767, src: 'all', table: 'default', protocol: 'kernel' },
  ]
  expect(parseRoutingRules(said, 4).map(writeRoutingRule)).toEqual([
    '0: from all lookup local',
    '32760: from all sport 22 l3mdev other',
    '32761: from all uid_start 1 goto',
    '32762: from all fwmark 0x1 lookup 7',
    '32763: not from 10.2.0.1/32 iif lo ipproto tcp dport 80-90 prohibit',
    '32764: from 10.1.0.0/16 blackhole',
    '32765: from all to 10.0.0.0/8 lookup 100',
    '32766: from all lookup main',
    '32767: from all lookup default',
  ])
  expect([4, 6].flatMap((family) => parseRoutingRules(undefined, family as 4 | 6))).toEqual(usualRoutingRules)
  expect(parseRoutingRules([], 4)).toEqual([])
  expect(parseRoutes([{ type: 'blackhole', dst: '10.9.0.0/16' }], 4)).toMatchObject([
    { type: 'blackhole', table: 'main' },
  ])
})
