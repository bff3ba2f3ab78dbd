import { describe, expect, it } from 'vitest'
import { hasAddress } from '../../server/network/own-address.js'
import { parseDns } from '../../server/network/parse-dns.js'
import { parseLinkSwitches, parseLinks } from '../../server/network/parse-links.js'
import { parseForwarding, parseNeighbours, parseRoutes } from '../../server/network/parse-routes.js'
import { parseRules } from '../../server/network/parse-rules.js'
import {
  parseBridgedRules,
  parseEncryption,
  parseForwards,
  parseSockets,
  parseVirtualServers,
} from '../../server/network/parse-sockets.js'
import { tieLinks } from '../../server/network/tie-links.js'

describe('links', () => {
  it('of every kind that labs have', () => {
    const [vlan, vxlan, ipvlan, down] = parseLinks([
      {
        ...{ ifindex: 4, link: 'eth0', ifname: 'eth0.7', flags: ['UP', 'LOWER_UP'], mtu: 1500, address: '02:00' },
        linkinfo: { info_kind: 'vlan', info_data: { protocol: '802.1Q', id: 7, flags: ['REORDER_HDR'] } },
      },
      {
        ...{ ifindex: 5, ifname: 'vx', flags: [], mtu: 1450, address: '02:01' },
        linkinfo: { info_kind: 'vxlan', info_data: { id: 42, local: '10.0.0.1', link: 'eth0', port: 4789 } },
      },
      {
        ...{ ifindex: 6, link_index: 2, link_netnsid: 0, ifname: 'eth0', flags: [] },
        linkinfo: { info_kind: 'ipvlan', info_data: { mode: 'l3', flags: ['bridge'] } },
      },
      { ifindex: 7, ifname: 'dev', flags: ['UP', 'NO-CARRIER'], link_type: 'ether' },
    ])
    expect(vlan).toMatchObject({ kind: 'vlan', vlan: 7, otherName: 'eth0', up: true, carrier: true })
    expect(vxlan).toMatchObject({ vxlan: { id: 42, port: 4789, local: '10.0.0.1', device: 'eth0' }, up: false })
    expect(ipvlan).toMatchObject({ kind: 'ipvlan', ipvlanMode: 'l3', otherIndex: 2, otherNamespaceId: 0 })
    expect(down).toMatchObject({ kind: 'device', up: true, carrier: false })
  })

  it('with addresses of IPv6 that another had already, as measured', () => {
    const [link] = parseLinks([
      {
        ...{ ifindex: 3, ifname: 'vb', flags: ['UP'] },
        addr_info: [
          { family: 'inet6', local: 'fd00:a::2', prefixlen: 64, scope: 'global', dadfailed: true, tentative: true },
          { family: 'inet6', local: 'fd00:a::3', prefixlen: 64, scope: 'global' },
        ],
      },
    ])
    expect(link!.addresses.map(({ address, failed }) => [address, failed])).toEqual([
      ['fd00:a::2', true],
      ['fd00:a::3', undefined],
    ])
    expect(['fd00:a::2', 'fd00:a::3'].map((address) => hasAddress(link!, address))).toEqual([false, true])
  })

  it('as ports of bridges, with their queueing disciplines', () => {
    const [port, down, bridge] = parseLinks([
      {
        ...{ ifindex: 4, ifname: 'veth1', flags: ['UP'], qdisc: 'blackhole', master: 'br0' },
        linkinfo: {
          info_kind: 'veth',
          info_slave_kind: 'bridge',
          info_slave_data: { state: 'forwarding', isolated: true, learning: false },
        },
      },
      {
        ...{ ifindex: 5, ifname: 'veth2', flags: [], qdisc: 'noop', master: 'br0' },
        linkinfo: {
          info_kind: 'veth',
          info_slave_kind: 'bridge',
          info_slave_data: { state: 'disabled', learning: true },
        },
      },
      { ifindex: 6, ifname: 'br0', flags: [], linkinfo: { info_kind: 'bridge', info_data: { stp_state: 1 } } },
    ])
    expect(port).toMatchObject({
      loses: { share: 1, by: 'blackhole' },
      port: { state: 'forwarding', isolated: true },
    })
    expect(down).toMatchObject({ port: { state: 'disabled' } })
    expect(down).not.toHaveProperty('loses')
    expect(bridge).toMatchObject({ spanningTree: true })
  })

  it.each([
    // Of iproute2 6.1, as measured; those of netem as its man page and its source have them.
    [
      { kind: 'pfifo', options: { limit: 0 } },
      { share: 1, by: 'pfifo limit 0p' },
    ],
    [{ kind: 'pfifo', options: { limit: 1 } }, undefined],
    [
      { kind: 'bfifo', options: { limit: 20 } },
      { share: 1, by: 'bfifo limit 20b' },
    ],
    [{ kind: 'bfifo', options: { limit: 2000 } }, undefined],
    [
      { kind: 'tbf', options: { rate: 125_000, burst: 32, lat: 400_000 } },
      { share: 1, by: 'tbf burst 32b' },
    ],
    [{ kind: 'tbf', options: { rate: 125_000, burst: 4096, lat: 400_000 } }, undefined],
    [
      { kind: 'netem', options: { limit: 1000, 'loss-random': { loss: 1, correlation: 0 }, ecn: false, gap: 0 } },
      { share: 1, by: 'netem loss 100%' },
    ],
    [
      { kind: 'netem', options: { limit: 1000, 'loss-random': { loss: 0.3, correlation: 0 }, ecn: false, gap: 0 } },
      { share: 0.3, by: 'netem loss 30%' },
    ],
    [{ kind: 'netem', options: { 'loss-random': { loss: 0.3, correlation: 0.25 } } }, undefined],
    [
      {
        kind: 'netem',
        options: { 'loss-random': { loss: 1, correlation: 0 }, duplicate: { duplicate: 1, correlation: 0 } },
      },
      undefined,
    ],
    [{ kind: 'netem', options: { 'loss-random': { loss: 1, correlation: 0 }, ecn: true } }, undefined],
    [{ kind: 'netem', options: { 'loss-state': { p13: 1 } } }, undefined],
    [{ kind: 'netem', options: { delay: { delay: 0.1, jitter: 0 } } }, undefined],
    [{ kind: 'netem', options: 'none' }, undefined],
  ])('that drop packets by the queueing discipline %j', (discipline, loses) => {
    const links = [{ ifindex: 4, ifname: 'veth1', flags: [], qdisc: discipline.kind }]
    const root = { handle: '8001:', dev: 'veth1', root: true, refcnt: 2, ...discipline }
    expect(parseLinks(links, undefined, [root])[0]!.loses).toEqual(loses)
    expect(parseLinks(links, undefined, [{ ...root, root: undefined, parent: '1:1' }])[0]!.loses).toBeUndefined()
    expect(parseLinks(links, undefined, [{ ...root, dev: 'veth2' }])[0]!.loses).toBeUndefined()
  })

  it('with what their settings and those of all come to', () => {
    const own = (family: string, name: string, more = {}) => ({
      ...{ family, interface: name, forwarding: true, rp_filter: 'off', proxy_neigh: false },
      ...more,
    })
    const links = ['a', 'b', 'c'].map((ifname, index) => ({ ifindex: index + 1, ifname, flags: [] }))
    const [a, b, c] = parseLinks(links, [
      own('inet', 'all', { rp_filter: 'strict' }),
      own('inet', 'a', { rp_filter: 'loose' }),
      own('inet', 'b', { proxy_neigh: true, forwarding: false }),
      // Of IPv6 it decides nothing.
      own('inet6', 'a', { forwarding: false }),
    ])
    // The larger number of the two counts, and loose is 2.
    expect(a).toMatchObject({ reversePath: 'loose', forwards4: true })
    expect(b).toMatchObject({ reversePath: 'strict', proxyArp: true, forwards4: false })
    expect(c).not.toHaveProperty('forwards4')
    expect(c).not.toHaveProperty('reversePath')
  })

  const veth = (index: number, name: string, other: number, id?: number) =>
    parseLinks([
      {
        ...{ ifindex: index, ifname: name, link_index: other, linkinfo: { info_kind: 'veth' } },
        ...(id === undefined ? {} : { link_netnsid: id }),
      },
    ])[0]!

  it('pairs in one namespace, and across', () => {
    const home = { id: '1', links: [veth(2, 'a', 3), veth(3, 'b', 2), veth(5, 'vethx', 4, 0)] }
    const inside = { id: '2', links: [veth(4, 'eth0', 5, 0)] }
    tieLinks([home, inside])
    expect(home.links.map(({ peer }) => peer)).toEqual([
      { namespace: '1', name: 'b' },
      { namespace: '1', name: 'a' },
      { namespace: '2', name: 'eth0' },
    ])
    expect(inside.links[0]!.peer).toEqual({ namespace: '1', name: 'vethx' })
  })

  it('of two namespaces with the same indexes the number of a further link decides', () => {
    // Both containers count from 2; only the second pair of each tells them apart.
    const home = { id: '1', links: [veth(5, 'x', 2, 0), veth(6, 'y', 2, 1), veth(7, 'z', 9, 1)] }
    const first = { id: '2', links: [veth(2, 'eth0', 5, 0)] }
    const second = { id: '3', links: [veth(2, 'eth0', 6, 0), veth(9, 'eth1', 7, 0)] }
    tieLinks([home, first, second])
    expect(home.links.map(({ peer }) => peer?.namespace)).toEqual(['2', '3', '3'])
  })

  it('what fits more than one is tied to none', () => {
    const home = { id: '1', links: [veth(5, 'x', 2, 0)] }
    const twins = ['2', '3'].map((id) => ({ id, links: [veth(2, 'eth0', 5, 0)] }))
    tieLinks([home, ...twins])
    expect(home.links[0]!.peer).toBeUndefined()
    expect(twins.map(({ links }) => links[0]!.peer)).toEqual([undefined, undefined])
  })
})

describe('rules', () => {
  const rule = (expr: unknown[], more = {}) => ({ rule: { family: 'ip', table: 't', chain: 'c', expr, ...more } })
  const match = (left: unknown, right: unknown, op = '==') => ({ match: { op, left, right } })
  const payload = (protocol: string, field: string) => ({ payload: { protocol, field } })
  const read = (...expr: unknown[]) => parseRules({ nftables: [rule(expr)] }, {}).rules[0]!

  it('nft’s own expressions in iptables’ words', () => {
    const source = match(payload('ip', 'saddr'), { prefix: { addr: '10.0.0.0', len: 8 } }, '!=')
    const port = match(payload('tcp', 'dport'), { range: [80, 90] })
    expect(read(source, port, { counter: {} }, { drop: null })).toMatchObject({
      ...{ source: '!10.0.0.0/8', protocol: 'tcp', destinationPort: '80:90', target: 'DROP', position: 1 },
      text: '-A c ! -s 10.0.0.0/8 -p tcp --dport 80:90 -j DROP',
    })
    expect(read(match({ meta: { key: 'oifname' } }, 'eth0'), { masquerade: null })).toMatchObject({
      ...{ out: 'eth0', target: 'MASQUERADE' },
    })
    expect(read(match({ meta: { key: 'l4proto' } }, 'udp'), { dnat: { addr: '10.0.0.2', port: 53 } })).toMatchObject({
      ...{ protocol: 'udp', target: 'DNAT', to: '10.0.0.2:53' },
    })
    expect(read({ redirect: { port: 80 } })).toMatchObject({ target: 'REDIRECT', to: ':80' })
    expect(read({ jump: { target: 'other' } }).target).toBe('other')
    expect(read({ reject: { type: 'tcp reset' } }).target).toBe('REJECT')
  })

  it('what has no field stays in the text, so that nobody takes the rule for an unconditional one', () => {
    const sets = read(match(payload('tcp', 'dport'), { set: [80, 443] }), { accept: null })
    expect(sets.destinationPort).toBeUndefined()
    expect(sets.text).toMatch(/^-A c \{"match":.*443.* -j ACCEPT$/)
    expect(read({ limit: { rate: 1 } }, { accept: null }).text).toContain('limit')
  })

  it('iptables speaks for tables that nft can’t spell out, and for no other', () => {
    const saved = [
      '# Generated',
      '*t',
      ':c ACCEPT [0:0]',
      '-A c ! -i br0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.18.0.2:80',
      '-A c -m comment --comment "-j ACCEPT -s 1.2.3.4 \\" x" -j RETURN',
      '-A c -p tcp -m tcp --dport 9000 -j REDIRECT --to-ports 80',
      '-A c -g away',
      'COMMIT',
      '*other',
      '-A c -j ACCEPT',
      'COMMIT',
    ].join('\n')
    const xt = rule([{ xt: { type: 'target', name: 'DNAT' } }])
    const own = rule([{ accept: null }], { table: 'plain' })
    const { rules } = parseRules({ nftables: [xt, own] }, { iptables: saved })
    expect(rules.map(({ table, chain, position, target }) => `${table} ${chain} ${position} ${target}`)).toEqual([
      'plain c 1 ACCEPT',
      't c 1 DNAT',
      't c 2 RETURN',
      't c 3 REDIRECT',
      't c 4 away',
    ])
    expect(rules[1]).toMatchObject({ in: '!br0', protocol: 'tcp', destinationPort: '8080', to: '172.18.0.2:80' })
    expect(rules[2]!.source).toBeUndefined()
    expect(rules[3]).toMatchObject({ to: ':80' })
    // Without an answer of iptables, what nft says is kept.
    expect(parseRules({ nftables: [xt] }, {}).rules[0]).toMatchObject({ target: 'DNAT', table: 't' })
    // Without one of nft, what iptables says.
    expect(parseRules(undefined, { iptables: saved }).rules).toHaveLength(5)
  })

  it('what iptables-legacy keeps is a family of its own, with its policies', () => {
    const saved = [
      '# Generated by iptables-save v1.8.9',
      '*filter',
      ':INPUT ACCEPT [0:0]',
      ':FORWARD DROP [3:180]',
      ':guard - [0:0]',
      '-A FORWARD -i eth0 -j guard',
      '-A guard -p tcp -m tcp --dport 80 -j DROP',
      'COMMIT',
    ].join('\n')
    const own = rule([{ accept: null }], { table: 'filter' })
    const { chains, rules } = parseRules({ nftables: [own] }, { iptablesLegacy: saved })
    expect(chains).toEqual([
      { family: 'iptables-legacy', table: 'filter', name: 'INPUT', hook: 'input', policy: 'ACCEPT' },
      { family: 'iptables-legacy', table: 'filter', name: 'FORWARD', hook: 'forward', policy: 'DROP' },
      { family: 'iptables-legacy', table: 'filter', name: 'guard' },
    ])
    expect(rules.map(({ family, chain, position, target }) => `${family} ${chain} ${position} ${target}`)).toEqual([
      'ip c 1 ACCEPT',
      'iptables-legacy FORWARD 1 guard',
      'iptables-legacy guard 1 DROP',
    ])
  })
})

it('routes: whole addresses get their length, several next hops become several routes', () => {
  const routes = parseRoutes(
    [
      { dst: '10.0.0.5', type: 'unreachable' },
      { dst: 'default', via: { family: 'inet6', host: 'fe80::1' }, dev: 'eth0', metric: 9 },
      { dst: '10.1.0.0/16', nexthops: [{ gateway: '10.0.0.1', dev: 'a' }, { dev: 'b' }] },
    ],
    4,
  )
  expect(routes).toEqual([
    { family: 4, destination: '10.0.0.5/32', table: 'main', type: 'unreachable' },
    {
      family: 4,
      destination: 'default',
      table: 'main',
      type: 'unicast',
      gateway: 'fe80::1',
      device: 'eth0',
      metric: 9,
    },
    {
      family: 4,
      destination: '10.1.0.0/16',
      table: 'main',
      type: 'unicast',
      gateway: '10.0.0.1',
      device: 'a',
      oneOf: 2,
    },
    { family: 4, destination: '10.1.0.0/16', table: 'main', type: 'unicast', device: 'b', oneOf: 2 },
  ])
})

it('neighbours and forwarding entries', () => {
  expect(parseNeighbours([{ dst: '10.0.0.2', dev: 'eth0', state: ['FAILED'] }])).toEqual([
    { address: '10.0.0.2', device: 'eth0', state: 'FAILED' },
  ])
  expect(parseForwarding([{ mac: '02:01', ifname: 'vxlan0', dst: '192.0.2.1', master: 'br0', state: '' }])).toEqual([
    { mac: '02:01', device: 'vxlan0', state: '', master: 'br0', destination: '192.0.2.1' },
  ])
})

it('sockets: addresses of all kinds', () => {
  const answer = [
    'tcp 127.0.0.1 80',
    'tcp 0:0:0:0:0:0:0:0 80',
    'udp * 4789',
    'udp fe80:0:0:0:0:0:0:1 546',
    'tcp 0:0:0:0:0:ffff:7f00:1 81',
    'nonsense',
    '',
  ].join('\n')
  expect(parseSockets(answer)).toEqual([
    { protocol: 'tcp', address: '127.0.0.1', port: 80 },
    { protocol: 'tcp', address: '::', port: 80 },
    { protocol: 'udp', address: '*', port: 4789 },
    { protocol: 'udp', address: 'fe80::1', port: 546 },
    { protocol: 'tcp', address: '127.0.0.1', port: 81 },
  ])
  expect(parseForwards('ipv4/ip_forward 1\nipv6/conf/all/forwarding 0\n')).toEqual({ ip4: true, ip6: false })
})

it('resolv.conf and hosts', () => {
  const resolvConf = '# c\nnameserver 127.0.0.11\nsearch a b\nsearch c ; x\noptions ndots:0 edns0\nnameserver\n'
  const hosts = '127.0.0.1\tlocalhost # me\n\n172.18.0.2 web \u001b[31mred\nlonely\n'
  expect(parseDns({ resolvConf, hosts })).toEqual({
    nameservers: ['127.0.0.11'],
    search: ['c'],
    options: ['ndots:0', 'edns0'],
    hosts: [
      { address: '127.0.0.1', names: ['localhost'] },
      { address: '172.18.0.2', names: ['web', '[31mred'] },
    ],
  })
})

it('a socket whose queue is full, by the kernel’s own measure', () => {
  expect(parseSockets('tcp 0.0.0.0 80 1 1\ntcp 0.0.0.0 81 2 1\nudp 0.0.0.0 53\n')).toEqual([
    { protocol: 'tcp', address: '0.0.0.0', port: 80 },
    { protocol: 'tcp', address: '0.0.0.0', port: 81, full: { waiting: 2, most: 1 } },
    { protocol: 'udp', address: '0.0.0.0', port: 53 },
  ])
})

it('whether bridged frames meet rules, where the kernel tells', () => {
  expect(parseBridgedRules('ipv4/ip_forward 1\n')).toBeUndefined()
  expect(parseBridgedRules('bridge/bridge-nf-call-iptables 1\nbridge/bridge-nf-call-ip6tables 0\n')).toEqual({
    ip4: true,
    ip6: false,
  })
})

it('virtual servers of IPVS are counted, and a kernel without it is told from one that did not say', () => {
  expect(parseVirtualServers('ipv4/ip_forward 1\nipvs 2\n')).toBe(2)
  expect(parseVirtualServers('ipvs none\n')).toBe('none')
  expect(parseVirtualServers('ipvs ?\n')).toBeUndefined()
  expect(parseVirtualServers('')).toBeUndefined()
})

it('policies and associations of IPsec are read where all were told', () => {
  const said = 'policy out 192.168.1.11 192.168.1.12\nassociation 192.168.1.12 192.168.1.11\nencryption told\n'
  expect(parseEncryption(said)).toEqual({
    policies: [{ direction: 'out', source: '192.168.1.11', destination: '192.168.1.12' }],
    associations: [{ source: '192.168.1.12', destination: '192.168.1.11' }],
  })
  expect(parseEncryption('policy out 192.168.1.11 192.168.1.12\n')).toBeUndefined()
})

it('a link is told to speak no IPv6 by its own setting, and to answer no ARP by its own or by that of all', () => {
  const of = parseLinkSwitches(
    'ipv6/conf/all/disable_ipv6 1\nipv6/conf/eth0/disable_ipv6 1\nipv4/conf/eth1/arp_ignore 8\n',
  )
  expect([of('eth0'), of('eth1'), of('eth2')]).toEqual([{ ipv6Off: true }, { arpOff: true }, {}])
  expect(parseLinkSwitches('ipv4/conf/all/arp_ignore 8\n')('eth0')).toEqual({ arpOff: true })
  expect(parseLinkSwitches('ipv4/conf/all/arp_ignore 1\n')('eth0')).toEqual({})
})
