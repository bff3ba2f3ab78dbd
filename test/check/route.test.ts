import { cases, unverified } from './cases.js'
import type { StateBuilder } from './state-builder.js'

const routes =
  (...more: [destination: string, device: string][]) =>
  (rack: StateBuilder) => {
    const own = rack.host('node1').namespaces[0]!
    for (const [destination, device] of more)
      own.routes.push({ family: 4, destination, device, table: 'main', type: 'unicast' })
  }
const range = { of: 'node1', to: '192.168.1.192/27', device: 'shim' }

cases('route', [
  { gives: 'pass', spec: { of: 'web', to: 'default', via: '172.20.0.1', device: 'eth0' } },
  { gives: 'pass', spec: { of: 'node1', to: '172.20.0.0/16', device: 'my_net' } },
  { gives: 'pass', spec: { of: 'lone', to: 'default', expect: 'no' } },
  { gives: 'pass', spec: { of: 'web', to: 'default', via: '172.20.0.254', expect: 'no' } },
  { gives: 'route.missing', spec: { of: 'laptop', to: '172.20.0.0/16', via: '192.168.1.11' } },
  // Two halves are as good as the whole, and one of them is not; nor is a whole with a hole in it.
  { gives: 'pass', spec: range, given: routes(['192.168.1.192/28', 'shim'], ['192.168.1.208/28', 'shim']) },
  { gives: 'pass', spec: range, given: routes(['192.168.1.192/27', 'shim']) },
  { gives: 'route.missing', spec: range, given: routes(['192.168.1.192/28', 'shim']) },
  {
    gives: 'route.missing',
    spec: range,
    given: routes(['192.168.1.192/28', 'shim'], ['192.168.1.208/28', 'eth0']),
  },
  { gives: 'route.missing', spec: { of: 'lone', to: 'default' } },
  {
    gives: 'route.missing',
    spec: { of: 'lone', to: 'default' },
    given: (rack) => {
      const [way] = rack.namespaceOf(rack.host('node1'), 'web').routes
      rack
        .namespaceOf(rack.host('node1'), 'lone')
        .routes.push({ ...way!, destination: '10.0.0.0/8', gateway: '10.9.0.1' })
    },
    never: 'reaches nothing',
  },
  {
    gives: 'route.via',
    spec: { of: 'web', to: 'default', via: '172.20.0.254' },
    says: '172.20.0.1',
    never: 'knows the way',
  },
  { gives: 'route.device', spec: { of: 'node1', to: '172.20.0.0/16', device: 'docker0' }, never: 'leads there' },
  { gives: 'route.present', spec: { of: 'web', to: 'default', expect: 'no' } },
  { gives: 'route.no-such', spec: { of: 'old', to: 'default' } },
  { gives: 'error engine.unverified', spec: { of: 'web', to: 'default' }, given: unverified },
  {
    gives: 'error state.incomplete',
    spec: { of: 'laptop', to: '10.0.0.0/8', expect: 'no' },
    given: (rack) => rack.host('laptop').namespaces[0]!.faults.push('routes: timed out'),
  },
])
