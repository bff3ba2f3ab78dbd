import { cases, unverified } from './cases.js'
import { type StateBuilder, swarmRack } from './state-builder.js'

const rack = swarmRack
const half = (builder: StateBuilder) => {
  const [shop] = builder.host('node1').engine!.swarm.services
  shop!.running = 1
  shop!.tasks[1]!.state = 'pending'
}

cases('service', [
  {
    gives: 'pass',
    spec: {
      name: 'shop',
      replicas: 2,
      running: 2,
      endpoint: 'vip',
      network: 'app_net',
      published: 8088,
      image: 'nginx',
      nodes: ['node1', 'node2'],
    },
    rack,
  },
  { gives: 'pass', spec: { name: 'cart', expect: 'no' }, rack },
  { gives: 'service.missing', spec: { name: 'cart' }, rack, says: '`shop`' },
  { gives: 'service.missing', spec: { name: 'shop' }, says: 'no host of this lab is a manager' },
  { gives: 'service.missing', spec: { name: 'web' }, rack, says: '`web` is a container' },
  { gives: 'service.missing', spec: { name: 'shop1' }, rack, never: 'only makes a container' },
  { gives: 'service.present', spec: { name: 'shop', expect: 'no' }, rack },
  { gives: 'service.replicas', spec: { name: 'shop', replicas: 3 }, rack },
  { gives: 'service.running', spec: { name: 'shop', running: 2 }, rack, given: half, says: '`pending`' },
  { gives: 'service.endpoint', spec: { name: 'shop', endpoint: 'dnsrr' }, rack },
  { gives: 'service.network', spec: { name: 'shop', network: 'my_net' }, rack },
  { gives: 'service.published', spec: { name: 'shop', published: 80 }, rack },
  { gives: 'service.image', spec: { name: 'shop', image: 'redis' }, rack },
  { gives: 'service.nodes', spec: { name: 'shop', nodes: ['node1', 'node2'] }, rack, given: half },
  { gives: 'error engine.unverified', spec: { name: 'shop', expect: 'no' }, given: unverified },
])
