import { expect, it } from 'vitest'
import { runCheck } from '../../server/check/checks.js'
import { readValue } from '../../server/check/values.js'
import { networkState } from '../../server/network/assemble.js'
import { fixture, rackShape } from '../network/fixtures.js'
import { contextOf, read } from './cases.js'
import { standardRack } from './state-builder.js'

/** Checks on a state that real hosts had: see capture-fixtures.ts for what was built there. */
const state = networkState([fixture('node1'), fixture('node2'), fixture('laptop')], rackShape())
const look = (check: unknown) => runCheck(read(check), contextOf(standardRack(), { state }))

it.each([
  [{ network: { name: 'my_net', driver: 'bridge', containers: ['web', 'api'], without: ['mac'] } }, 'pass'],
  [{ network: { name: 'six', ipv6: 'yes', subnet: 'fd00:99::/64' } }, 'pass'],
  [{ network: { name: 'six', subnet: '172.30.0.0/24' } }, 'pass'],
  [{ network: { name: 'phys', driver: 'macvlan', range: '192.168.1.128/28', options: { parent: 'eth0' } } }, 'pass'],
  [{ network: { name: 'ov', driver: 'overlay', attachable: 'yes' } }, 'pass'],
  [{ network: { name: 'none', driver: 'none' } }, 'pass'],
  [{ network: { name: 'my_net', internal: 'yes' } }, 'network.internal'],
  [{ container: { name: 'hosty', mode: 'host' } }, 'pass'],
  [{ container: { name: 'lonely', mode: 'none' } }, 'pass'],
  [{ container: { name: 'side', mode: 'container', sharesWith: 'web' } }, 'pass'],
  [{ container: { name: 'api', networks: ['six', 'my_net'], only: 'yes', aliases: { my_net: ['backend'] } } }, 'pass'],
  [{ container: { name: 'asleep', state: 'created', restart: 'always' } }, 'pass'],
  [{ container: { name: 'asleep' } }, 'container.state'],
  [{ interfaces: { of: 'lonely', only: ['lo'] } }, 'pass'],
  [{ interfaces: { of: 'api', only: ['eth0', 'eth1'] } }, 'pass'],
  [{ address: { of: 'api', in: 'fd00:99::/64' } }, 'pass'],
  [{ address: { of: 'laptop', link: 'eth0', address: '192.168.1.50' } }, 'pass'],
  [{ route: { of: 'lonely', to: 'default', expect: 'no' } }, 'pass'],
  [{ route: { of: 'laptop', to: 'default', via: '192.168.1.1' } }, 'pass'],
  [{ link: { of: 'node1', kind: 'veth', peer: 'web', master: 'my_net' } }, 'pass'],
  [{ link: { of: 'web', name: 'eth0', peer: 'node1' } }, 'pass'],
  [{ rule: { chain: 'DOCKER-USER', source: '192.168.1.50', protocol: 'tcp', port: 8080, target: 'DROP' } }, 'pass'],
  [{ rule: { table: 'nat', chain: 'POSTROUTING', source: 'my_net', out: '!my_net', target: 'MASQUERADE' } }, 'pass'],
  [{ rule: { chain: 'DOCKER-USER', target: 'REJECT' } }, 'rule.missing'],
  [{ port: { container: 'web', port: 80, published: 8080 } }, 'pass'],
  [{ port: { container: 'web', port: 5353, protocol: 'udp', published: 5353 } }, 'pass'],
  [{ port: { container: 'api', port: 80, address: '127.0.0.1' } }, 'pass'],
  [{ port: { container: 'api', port: 80, address: '0.0.0.0' } }, 'port.address'],
  [{ swarm: { host: 'node2', role: 'worker', nodes: 2 } }, 'pass'],
  [{ node: { name: 'node2', role: 'worker', availability: 'active' } }, 'pass'],
  [
    {
      service: {
        name: 'svc',
        replicas: 2,
        running: 2,
        endpoint: 'vip',
        network: 'ov',
        published: 9000,
        image: 'nginx',
        nodes: ['node1', 'node2'],
      },
    },
    'pass',
  ],
  [{ vxlan: { network: 'ov', peers: 'yes' } }, 'pass'],
  [{ vxlan: { network: 'my_net' } }, 'vxlan.no-network'],
  [{ macvlan: { container: 'mac', parent: 'eth0' } }, 'pass'],
  [{ container: { name: 'svc', image: 'nginx' } }, 'pass'],
])('%j: %s', async (check, wanted) => {
  const finding = await look(check)
  expect(finding.outcome === 'pass' ? 'pass' : finding.reason, JSON.stringify(finding)).toBe(wanted)
})

it('has live values to fill in', () => {
  const value = (spec: Parameters<typeof readValue>[0]) => readValue(spec, state, 'node1')
  expect(value({ container: 'web', fact: 'address' })).toMatch(/^172\.\d+\.0\.\d+$/)
  expect(value({ container: 'web', fact: 'mac' })).toMatch(/^02:42:/)
  expect(value({ container: 'web', fact: 'hostLink' })).toMatch(/^veth/)
  expect(value({ container: 'api', fact: 'address6', network: 'six' })).toMatch(/^fd00:99::/)
  expect(value({ container: 'api', fact: 'address' })).toBeUndefined()
  expect(value({ network: 'my_net', fact: 'bridge' })).toMatch(/^br-/)
  expect(value({ network: 'ov', fact: 'vxlanId' })).toMatch(/^\d+$/)
  expect(value({ swarm: 'node1', fact: 'workerToken' })).toMatch(/^SWMTKN/)
  expect(value({ swarm: 'node2', fact: 'workerToken' })).toBeUndefined()
  expect(value({ swarm: 'node2', fact: 'nodeAddress' })).toBe('192.168.1.12')
  expect(value({ link: 'eth0', of: 'laptop', fact: 'mtu' })).toBe('1500')
})
