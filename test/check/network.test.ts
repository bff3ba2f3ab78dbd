import { cases, silent, unverified } from './cases.js'
import type { StateBuilder } from './state-builder.js'

const bridgeGone = (rack: StateBuilder) => {
  const own = rack.host('node1').namespaces[0]!
  const bridge = rack.host('node1').engine!.networks.find(({ name }) => name === 'my_net')!.bridge
  own.links = own.links.filter(({ name }) => name !== bridge)
}

const reserves = (rack: StateBuilder) => {
  const [subnet] = rack.host('node1').engine!.networks.find(({ name }) => name === 'lan_net')!.subnets
  Object.assign(subnet!, { range: '192.168.1.192/27', reserved: { printer: '192.168.1.192' } })
}

cases('network', [
  // Reserved by name, outside of the range, and the gateway.
  {
    gives: 'pass',
    spec: { name: 'lan_net', reserved: ['192.168.1.192', '192.168.1.50', '192.168.1.1'] },
    given: reserves,
  },
  { gives: 'network.reserved', spec: { name: 'lan_net', reserved: ['192.168.1.223'] }, given: reserves },
  { gives: 'network.reserved', spec: { name: 'lan_net', reserved: ['192.168.1.192'] }, says: '--aux-address' },
  { gives: 'pass', spec: { name: 'my_net' } },
  {
    gives: 'pass',
    spec: {
      name: 'my_net',
      driver: 'bridge',
      subnet: '172.20.0.0/16',
      gateway: '172.20.0.1',
      internal: 'no',
      ipv6: false,
      options: { 'com.docker.network.driver.mtu': 1400 },
      labels: { course: 'net' },
      containers: ['web', 'node1/api'],
      without: ['db', 'nobody'],
    },
  },
  { gives: 'pass', spec: { name: 'inner', internal: 'yes' } },
  { gives: 'pass', spec: { name: 'no_net', expect: 'no' } },
  { gives: 'network.missing', spec: { name: 'no_net' }, says: '`my_net`' },
  { gives: 'network.missing', spec: { name: 'my_net', host: 'node2' } },
  { gives: 'network.exists', spec: { name: 'my_net', expect: 'no' } },
  { gives: 'network.driver', spec: { name: 'my_net', driver: 'macvlan' } },
  { gives: 'network.subnet', spec: { name: 'my_net', subnet: '172.30.0.0/16' }, says: '172.20.0.0/16' },
  { gives: 'network.gateway', spec: { name: 'my_net', gateway: '172.20.0.254' } },
  { gives: 'network.range', spec: { name: 'my_net', range: '172.20.5.0/24' } },
  { gives: 'network.internal', spec: { name: 'my_net', internal: true } },
  { gives: 'network.attachable', spec: { name: 'my_net', attachable: 'yes' } },
  { gives: 'network.ipv6', spec: { name: 'my_net', ipv6: 'yes' } },
  { gives: 'network.option', spec: { name: 'my_net', options: { 'com.docker.network.driver.mtu': 9000 } } },
  { gives: 'network.option', spec: { name: 'my_net', options: { toString: 'x' } } },
  { gives: 'network.label', spec: { name: 'my_net', labels: { team: 'a' } } },
  { gives: 'network.member', spec: { name: 'my_net', containers: ['db'] }, says: '`bridge`' },
  { gives: 'network.member', spec: { name: 'my_net', containers: ['nobody'] } },
  // Deleted inside the container: the Engine still lists it.
  {
    gives: 'network.member',
    spec: { name: 'my_net', containers: ['web'] },
    given: (rack) => delete rack.find(rack.host('node1'), 'web').endpoints[0]!.link,
  },
  { gives: 'network.not-member', spec: { name: 'my_net', without: ['web'] } },
  { gives: 'network.kernel', spec: { name: 'my_net' }, given: bridgeGone },
  {
    gives: 'error state.incomplete',
    spec: { name: 'my_net' },
    given: (rack) => {
      bridgeGone(rack)
      rack.host('node1').namespaces[0]!.faults.push('links: ip gave no answer')
    },
  },
  {
    gives: 'network.kernel',
    spec: { name: 'my_net' },
    given: (rack) =>
      rack.host('node1').disagreements.push({ about: 'network my_net', engine: 'x', kernel: 'no such bridge' }),
    says: 'no such bridge',
  },
  // Nothing is said that is not so.
  {
    gives: 'network.subnet',
    spec: { name: 'my_net', subnet: '10.9.0.0/24' },
    says: 'where `--subnet` says nothing else',
  },
  {
    gives: 'network.subnet',
    spec: { name: 'own', subnet: '10.20.0.0/24' },
    given: (rack) => rack.network(rack.host('node1'), { name: 'own', subnet: '10.20.0.0/16' }),
    never: 'the Engine picks',
  },
  { gives: 'network.gateway', spec: { name: 'lan_net', gateway: '192.168.1.9' }, never: 'the bridge' },
  { gives: 'network.exists', spec: { name: 'my_net', expect: 'no' }, never: 'waits' },
  {
    gives: 'network.missing',
    spec: { name: 'shop' },
    given: (rack) => rack.network(rack.host('node2'), { name: 'shop', subnet: '172.29.0.0/16' }),
    says: '`node2` has one',
  },
  {
    gives: 'network.missing',
    spec: { name: 'shop' },
    given: (rack) => rack.network(rack.host('node1'), { name: 'Shop', subnet: '172.29.0.0/16' }),
    says: 'the nearest is `Shop`',
  },
  { gives: 'network.member', spec: { name: 'my_net', containers: ['mon'] }, says: 'run it again' },
  { gives: 'network.kernel', spec: { name: 'my_net' }, given: bridgeGone, never: 'someone' },
  { gives: 'error engine.unverified', spec: { name: 'my_net' }, given: unverified, says: 'could not verify' },
  { gives: 'error engine.silent', spec: { name: 'my_net', expect: 'no' }, given: silent },
  { gives: 'error reference.no-host', spec: { name: 'my_net', host: 'node9' } },
  { gives: 'error engine.none', spec: { name: 'my_net', host: 'laptop' } },
])
