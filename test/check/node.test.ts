import { cases, unverified } from './cases.js'
import { type StateBuilder, swarmRack } from './state-builder.js'

const rack = swarmRack
const down = (builder: StateBuilder) => {
  builder.host('node1').engine!.swarm.nodes[1]!.state = 'down'
}
const twice = (builder: StateBuilder) => {
  const { nodes } = builder.host('node1').engine!.swarm
  nodes.unshift({ ...nodes[1]!, id: 'n0', state: 'down' })
}

cases('node', [
  { gives: 'pass', spec: { name: 'node2', role: 'worker', availability: 'active' }, rack },
  { gives: 'pass', spec: { name: 'node2' }, rack, given: twice },
  { gives: 'pass', spec: { name: 'laptop', expect: 'no' }, rack },
  { gives: 'node.missing', spec: { name: 'laptop' }, rack },
  { gives: 'node.missing', spec: { name: 'node1' }, says: 'docker swarm init' },
  { gives: 'node.present', spec: { name: 'node2', expect: 'no' }, rack },
  { gives: 'node.role', spec: { name: 'node2', role: 'manager' }, rack },
  { gives: 'node.state', spec: { name: 'node2' }, rack, given: down },
  // A host that is down is what the check is about.
  {
    gives: 'pass',
    spec: { name: 'node2', state: 'down' },
    rack,
    given: (builder) => {
      down(builder)
      delete builder.host('node2').engine
    },
  },
  { gives: 'node.availability', spec: { name: 'node2', availability: 'drain' }, rack },
  { gives: 'error engine.unverified', spec: { name: 'node2', expect: 'no' }, given: unverified },
])
