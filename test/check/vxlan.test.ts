import { cases, unverified } from './cases.js'
import { type StateBuilder, swarmRack } from './state-builder.js'

const rack = swarmRack
const tunnelOf = (builder: StateBuilder, host: string) =>
  builder.host(host).namespaces.find(({ owner }) => owner.kind === 'engine')!

cases('vxlan', [
  { gives: 'pass', spec: { network: 'app_net' }, rack },
  { gives: 'pass', spec: { network: 'app_net', hosts: ['node1', 'node2'], id: 4097, peers: 'yes' }, rack },
  {
    gives: 'pass',
    spec: { network: 'app_net' },
    rack,
    given: (builder) => {
      const { engine } = builder.host('node2')
      engine!.networks = engine!.networks.filter(({ name }) => name !== 'app_net')
    },
  },
  {
    gives: 'vxlan.missing',
    spec: { network: 'app_net' },
    rack,
    given: (builder) => tunnelOf(builder, 'node2').links.pop(),
    says: '`node2`',
  },
  { gives: 'vxlan.id', spec: { network: 'app_net', id: 5000 }, rack },
  {
    gives: 'vxlan.peers',
    spec: { network: 'app_net', peers: 'yes' },
    rack,
    given: (builder) => tunnelOf(builder, 'node1').forwarding.pop(),
    says: '7946',
  },
  { gives: 'vxlan.no-network', spec: { network: 'my_net' }, rack },
  { gives: 'error engine.unverified', spec: { network: 'app_net' }, given: unverified },
  { gives: 'error reference.no-host', spec: { network: 'app_net', hosts: ['node9'] }, rack },
])
