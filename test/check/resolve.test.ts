import type { DnsSettings } from '../../server/network/state.js'
import { addIp6 } from '../cause/dual-stack.js'
import { cases, unasked, unverified } from './cases.js'
import { type StateBuilder, swarmRack } from './state-builder.js'

const web = { 'api dns web': ['172.20.0.2'] }

const six = (rack: StateBuilder) => addIp6(rack.state)

cases('resolve', [
  { gives: 'pass', spec: { from: 'api', name: 'web', type: 'A', to: 'web' }, network: web },
  {
    gives: 'pass',
    spec: { from: 'api', name: 'web', type: 'AAAA', to: 'web' },
    given: six,
    network: { 'api dns6 web': ['fd00::ac14:2'] },
    says: '`fd00::ac14:2`',
  },
  {
    gives: 'pass',
    spec: { from: 'api', name: 'web', to: 'fd00::ac14:2' },
    network: { 'api dns6 web': ['fd00:0::ac14:2'] },
  },
  {
    gives: 'resolve.elsewhere',
    spec: { from: 'api', name: 'web', type: 'AAAA', to: 'db' },
    given: six,
    network: { 'api dns6 web': ['fd00::ac14:2'] },
  },
  {
    gives: 'resolve.family',
    spec: { from: 'api', name: 'web', type: 'AAAA', to: 'web' },
    network: web,
    says: '`web` has no IPv6 address, only `172.20.0.2`',
  },
  { gives: 'resolve.family', spec: { from: 'api', name: 'web', type: 'AAAA' }, network: web, says: '--ipv6' },
  { gives: 'pass', spec: { from: 'api', name: 'web', type: 'AAAA', expect: 'no' }, network: web },
  {
    gives: 'resolve.family',
    spec: { from: 'laptop', name: 'node1', type: 'AAAA' },
    given: (rack) => rack.host('laptop').dns.hosts.push({ address: '192.168.1.11', names: ['node1'] }),
  },
  {
    gives: 'pass',
    spec: { from: 'laptop', name: 'node1', type: 'AAAA' },
    given: (rack) => rack.host('laptop').dns.hosts.push({ address: 'fd00::b', names: ['node1'] }),
  },
  { gives: 'pass', spec: { from: 'api', name: 'web', to: 'web' }, network: web },
  { gives: 'pass', spec: { from: 'api', name: 'web', to: '172.20.0.2' }, network: web },
  { gives: 'pass', spec: { from: 'api', name: 'web' }, network: web },
  { gives: 'pass', spec: { from: 'client', name: 'db', expect: 'no' } },
  { gives: 'pass', spec: { from: 'api', name: 'web', to: 'db', expect: 'no' }, network: web },
  {
    gives: 'pass',
    spec: { from: 'laptop', name: 'NODE1', to: 'node1' },
    given: (rack) => rack.host('laptop').dns.hosts.push({ address: '192.168.1.11', names: ['node1'] }),
  },
  {
    gives: 'pass',
    spec: { from: 'api', name: 'web', to: 'web' },
    given: (rack) => rack.find(rack.host('node1'), 'api').dns.search.push('lab.test'),
    network: { 'api dns web.lab.test': ['172.20.0.2'] },
  },
  { gives: 'pass', spec: { from: 'api', name: 'web', to: 'web', by: 'dns' }, network: web },
  {
    gives: 'resolve.unresolved',
    spec: { from: 'api', name: 'shop', to: 'web', by: 'dns' },
    given: (rack) => rack.find(rack.host('node1'), 'api').dns.hosts.push({ address: '172.20.0.2', names: ['shop'] }),
  },
  { gives: 'resolve.no-from', spec: { from: 'old', name: 'web', to: 'web' } },
  { gives: 'resolve.unresolved', spec: { from: 'api', name: 'nobody' } },
  { gives: 'resolve.unresolved', spec: { from: 'laptop', name: 'web', to: 'web' }, says: '127.0.0.11' },
  { gives: 'resolve.unresolved', spec: { from: 'lone', name: 'web', to: 'web' } },
  {
    gives: 'resolve.default-bridge',
    spec: { from: 'client', name: 'db', to: 'db' },
    says: '只有用户自定义网络才会解析容器名',
  },
  { gives: 'resolve.unresolved', spec: { from: 'client', name: 'nobody' } },
  { gives: 'resolve.no-common-network', spec: { from: 'api', name: 'db', to: 'db' }, says: '`my_net`' },
  { gives: 'resolve.elsewhere', spec: { from: 'api', name: 'web', to: 'db' }, network: web },
  { gives: 'resolve.resolved', spec: { from: 'api', name: 'web', expect: 'no' }, network: web },
  { gives: 'resolve.no-common-network', spec: { from: 'api', name: 'shop' }, rack: shopRack },
  {
    gives: 'error probe.failed',
    spec: { from: 'api', name: 'web', expect: 'no' },
    network: { 'api dns web': unasked },
  },
  ...['web', 'nobody'].map((name) => ({
    gives: 'error state.incomplete',
    spec: { from: 'api', name, expect: 'no' },
    says: '/etc/hosts',
    network: web,
    given: unread({ hosts: 'a process has a lease on it' }),
  })),
  { gives: 'pass', spec: { from: 'api', name: 'web', by: 'dns' }, network: web, given: unread({ hosts: 'no answer' }) },
  {
    gives: 'error state.incomplete',
    spec: { from: 'api', name: 'web', by: 'dns' },
    says: '/etc/resolv.conf',
    network: web,
    given: unread({ resolvConf: 'no answer' }),
  },
  { gives: 'error engine.unverified', spec: { from: 'api', name: 'web', expect: 'no' }, given: unverified },
])

/** With files of `api` that nobody could read. */
function unread(files: NonNullable<DnsSettings['unread']>) {
  return (rack: StateBuilder) => {
    rack.find(rack.host('node1'), 'api').dns.unread = files
  }
}

/** With a task of the service `shop` on the overlay. */
function shopRack() {
  const rack = swarmRack()
  rack.container(rack.host('node2'), 'shop.1.abc', {
    on: { app_net: '10.10.0.3' },
    labels: { 'com.docker.swarm.service.name': 'shop', 'com.docker.swarm.task.id': 'abc' },
  })
  return rack
}
