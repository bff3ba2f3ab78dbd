import { cases, unverified } from './cases.js'
import { swarmRack } from './state-builder.js'

const rack = swarmRack

cases('swarm', [
  { gives: 'pass', spec: {}, rack },
  { gives: 'pass', spec: { host: 'node2', role: 'worker', nodes: 2 }, rack },
  { gives: 'pass', spec: { state: 'inactive' } },
  { gives: 'swarm.inactive', spec: { host: 'node1' } },
  { gives: 'swarm.active', spec: { state: 'inactive' }, rack },
  { gives: 'swarm.role', spec: { host: 'node2', role: 'manager' }, rack, never: 'joined as' },
  { gives: 'swarm.inactive', spec: { host: 'node1' }, never: 'has done neither' },
  { gives: 'swarm.nodes', spec: { nodes: 3 }, rack, says: '2377' },
  { gives: 'swarm.nodes', spec: { nodes: 1 }, rack },
  { gives: 'error engine.unverified', spec: { state: 'inactive' }, given: unverified },
])
