import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { VethlabError } from '../../server/error/vethlab-error.js'
import { parseYaml } from '../../server/lab/yaml-file.js'
import { fromPackage } from '../../server/package-root.js'
import { defaultRackLimits, resolveTopology } from '../../server/racks/topology.js'

function refusal(topology: unknown): VethlabError {
  try {
    resolveTopology(topology)
  } catch (error) {
    if (error instanceof VethlabError) return error
    throw error
  }
  throw new Error('it was accepted')
}

const lan = (at: object, more: object = {}) => ({ lan: { subnet: '192.168.1.0/24', at, ...more } })

describe('resolveTopology', () => {
  it('takes the file that the README opens: who tries a tutorial in it can log in from host to host', () => {
    const { hosts, ssh } = resolveTopology(parseYaml(readFileSync(fromPackage('docs/two-hosts.yaml'), 'utf8')).value)
    expect(hosts.map(({ name }) => name)).toEqual(['node1', 'node2', 'laptop'])
    expect(ssh).toBe(true)
  })

  it('fills in every default', () => {
    const plan = resolveTopology({
      hosts: { node1: 'docker', laptop: 'plain' },
      lans: lan({ node1: '.11', laptop: { address: '192.168.1.50', interface: 'wlan0' } }),
    })
    expect(plan.internet).toBe(false)
    expect(plan.lans).toEqual([{ name: 'lan', subnet: '192.168.1.0', prefix: 24, gateway: '192.168.1.1', mtu: 1500 }])
    expect(plan.hosts.map((host) => host.interfaces)).toEqual([
      [{ lan: 'lan', name: 'eth0', address: '192.168.1.11', prefix: 24 }],
      [{ lan: 'lan', name: 'wlan0', address: '192.168.1.50', prefix: 24 }],
    ])
    expect(plan.hosts[0]!.limits.memoryBytes).toBe(1024 ** 3)
  })

  it('names interfaces in order, and gives addresses that are free', () => {
    const plan = resolveTopology({
      hosts: { a: 'plain', b: 'plain' },
      lans: { one: { subnet: '10.1.0.0/16', at: { a: {}, b: {} } }, two: { subnet: '10.2.0.0/24', at: { a: '.7' } } },
    })
    expect(plan.hosts[0]!.interfaces.map((leg) => [leg.name, leg.address])).toEqual([
      ['eth0', '10.1.0.11'],
      ['eth1', '10.2.0.7'],
    ])
    expect(plan.hosts[1]!.interfaces[0]!.address).toBe('10.1.0.12')
  })

  it('puts IPv6 beside IPv4', () => {
    const plan = resolveTopology({ hosts: { a: 'plain' }, lans: lan({ a: '.17' }, { subnet6: 'fd00:1::/64' }) })
    expect(plan.lans[0]).toMatchObject({ subnet6: 'fd00:1::', prefix6: 64, gateway6: 'fd00:1::1' })
    expect(plan.hosts[0]!.interfaces[0]).toMatchObject({ address6: 'fd00:1::11', prefix6: 64 })
  })

  it("shares one host's weight among the hosts of a rack", () => {
    const plan = resolveTopology({ hosts: { a: 'docker', b: 'docker', c: { kind: 'plain', cpu: 512 } } })
    expect(plan.hosts.map((host) => host.limits.cpuShares)).toEqual([410, 410, 205])
  })

  it.each([
    [{ hosts: { a: 'docker' }, lan: {} }, 'topology.unknown-key', 'lan', 'Did you mean "lans"?'],
    [
      { hosts: { a: { kind: 'docker', memry: '1g' } } },
      'topology.unknown-key',
      'hosts.a.memry',
      'Did you mean "memory"?',
    ],
    [
      { hosts: { a: 'plain' }, lans: lan({ a: '.2' }, { gatway: '.1' }) },
      'topology.unknown-key',
      'lans.lan.gatway',
      '"gateway"',
    ],
    [
      { hosts: { a: 'plain' }, lans: lan({ a: { adress: '.2' } }) },
      'topology.unknown-key',
      'lans.lan.at.a.adress',
      '"address"',
    ],
    [{ hosts: { a: 'plain' }, lans: lan({ b: '.2' }) }, 'topology.invalid', 'lans.lan.at.b', 'Hosts are: a.'],
    [{ hosts: { a: 'dcker' } }, 'topology.invalid', 'hosts.a', 'docker'],
    [{ hosts: { 'A b': 'docker' } }, 'topology.invalid', 'hosts.A b', ''],
    [{ hosts: {} }, 'topology.invalid', 'hosts', 'Name at least one'],
    [null, 'topology.invalid', 'topology', ''],
    [{ hosts: { a: 'plain' }, lans: lan({ a: '.300' }) }, 'topology.invalid', 'lans.lan.at.a', 'no IPv4 address'],
    [
      { hosts: { a: 'plain' }, lans: lan({ a: '10.0.0.1' }) },
      'topology.invalid',
      'lans.lan.at.a',
      'outside 192.168.1.0/24',
    ],
    [{ hosts: { a: 'plain' }, lans: lan({ a: '.255' }) }, 'topology.invalid', 'lans.lan.at.a', 'broadcast'],
    [
      { hosts: { a: 'plain' }, lans: lan({}, { subnet: '192.168.1.1/24' }) },
      'topology.invalid',
      'lans.lan.subnet',
      '192.168.1.0/24',
    ],
    [{ hosts: { a: 'plain' }, lans: lan({}, { subnet: 'x' }) }, 'topology.invalid', 'lans.lan.subnet', ''],
    [
      { hosts: { a: 'plain' }, lans: lan({}, { subnet: '172.17.9.0/24' }) },
      'topology.overlap',
      'lans.lan.subnet',
      'docker0',
    ],
    [
      { hosts: { a: 'plain' }, lans: { x: { subnet: '10.0.0.0/8' }, y: { subnet: '10.2.0.0/16' } } },
      'topology.overlap',
      'lans.y.subnet',
      'of LAN x',
    ],
    [
      { hosts: { a: 'plain', b: 'plain' }, lans: lan({ a: '.9', b: '.9' }) },
      'topology.duplicate-address',
      'lans.lan.at.b',
      'is already the address of a',
    ],
    [{ hosts: { a: 'plain' }, lans: lan({ a: '.1' }) }, 'topology.duplicate-address', 'lans.lan.at.a', 'the gateway'],
    [
      { hosts: Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`h${n}`, 'plain'])) },
      'topology.too-many-hosts',
      'hosts',
      'at most 8',
    ],
    [{ hosts: { a: { kind: 'docker', memory: '9g' } } }, 'topology.too-many-hosts', 'hosts', '8192m'],
    [{ hosts: { a: { kind: 'docker', memory: '0g' } } }, 'topology.invalid', 'hosts.a.memory', 'size'],
    [
      { hosts: { a: 'docker' }, lans: lan({ a: { interface: 'docker0' } }) },
      'topology.invalid',
      'lans.lan.at.a.interface',
      'taken',
    ],
    [
      { hosts: { a: 'docker' }, lans: lan({ a: { interface: '../x' } }) },
      'topology.invalid',
      'lans.lan.at.a.interface',
      '',
    ],
    [
      { hosts: { a: 'docker' }, lans: lan({ a: { address6: '::5' } }) },
      'topology.invalid',
      'lans.lan.at.a.address6',
      'subnet6',
    ],
  ])('refuses %j with its place and a cure', (topology, code, place, says) => {
    const error = refusal(topology)
    expect({ code: error.code, place: error.place }).toEqual({ code, place })
    expect(error.message).toContain(says)
    expect(error.cure.length).toBeGreaterThan(5)
    expect(error.message).not.toMatch(/[\u0000-\u001f]/)
  })

  it('takes limits from the operator', () => {
    const limits = { ...defaultRackLimits, hosts: 1 }
    expect(() => resolveTopology({ hosts: { a: 'plain', b: 'plain' } }, limits)).toThrow(/at most 1 are allowed/)
  })
})
