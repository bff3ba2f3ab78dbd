import { cases, unverified } from './cases.js'
import type { StateBuilder } from './state-builder.js'

const vlan = (rack: StateBuilder) => {
  const link = rack.link({ name: 'eth0.10', kind: 'vlan' })
  link.vlan = 10
  link.parent = { namespace: rack.host('laptop').namespaces[0]!.id, name: 'eth0' }
  link.up = false
  rack.host('laptop').namespaces[0]!.links.push(link)
}

cases('link', [
  { gives: 'pass', spec: { of: 'web', name: 'eth0', kind: 'veth', peer: 'node1', up: 'yes', mtu: 1500 } },
  { gives: 'pass', spec: { of: 'node1', kind: 'veth', peer: 'web', master: 'my_net' } },
  { gives: 'pass', spec: { of: 'laptop', name: 'eth0.10', vlan: 10, parent: 'eth0', up: 'no' }, given: vlan },
  { gives: 'pass', spec: { of: 'node1', name: 'br9', expect: 'no' } },
  { gives: 'link.missing', spec: { of: 'web', name: 'eth1' } },
  { gives: 'link.missing', spec: { of: 'laptop', kind: 'vxlan' } },
  { gives: 'link.present', spec: { of: 'web', name: 'eth0', expect: 'no' } },
  { gives: 'link.kind', spec: { of: 'web', name: 'eth0', kind: 'macvlan' } },
  { gives: 'link.master', spec: { of: 'node1', kind: 'veth', peer: 'web', master: 'bridge' } },
  { gives: 'link.down', spec: { of: 'laptop', name: 'eth0.10', up: 'yes' }, given: vlan, says: 'ip link set' },
  { gives: 'link.up', spec: { of: 'web', name: 'eth0', up: 'no' } },
  { gives: 'link.mtu', spec: { of: 'web', name: 'eth0', mtu: 1400 } },
  { gives: 'link.peer', spec: { of: 'web', name: 'eth0', peer: 'db' } },
  { gives: 'link.parent', spec: { of: 'laptop', name: 'eth0.10', parent: 'eth1' }, given: vlan },
  { gives: 'link.vlan', spec: { of: 'laptop', name: 'eth0.10', vlan: 20 }, given: vlan },
  { gives: 'link.no-such', spec: { of: 'old', name: 'eth0' } },
  { gives: 'link.no-such', spec: { of: 'node1', kind: 'veth', peer: 'nobody' } },
  { gives: 'error engine.unverified', spec: { of: 'web', name: 'eth0' }, given: unverified },
])
