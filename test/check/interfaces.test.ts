import { cases, unverified } from './cases.js'

cases('interfaces', [
  { gives: 'pass', spec: { of: 'web', has: ['eth0'] } },
  { gives: 'pass', spec: { of: 'lone', only: ['lo'] } },
  { gives: 'pass', spec: { of: 'laptop', only: ['eth0'] } },
  {
    gives: 'pass',
    spec: { of: 'lone', only: [] },
    given: (rack) => {
      const tunnel = rack.link({ name: 'tunl0', kind: 'ipip' })
      tunnel.up = false
      rack.namespaceOf(rack.host('node1'), 'lone').links.push(tunnel)
    },
  },
  { gives: 'interfaces.missing', spec: { of: 'lone', has: ['eth0'] } },
  { gives: 'interfaces.extra', spec: { of: 'web', only: ['lo'] }, says: '`eth0`' },
  { gives: 'interfaces.no-such', spec: { of: 'old', has: ['eth0'] } },
  {
    gives: 'interfaces.no-such',
    spec: { of: 'web', has: ['eth0'] },
    given: (rack) => delete rack.find(rack.host('node1'), 'web').namespace,
    says: 'has just ended',
  },
  { gives: 'interfaces.no-such', spec: { of: 'nobody', has: ['eth0'] } },
  { gives: 'error engine.unverified', spec: { of: 'web', has: ['eth0'] }, given: unverified },
])
