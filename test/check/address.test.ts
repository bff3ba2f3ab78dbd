import { cases, unverified } from './cases.js'
import type { StateBuilder } from './state-builder.js'

const faulty = (rack: StateBuilder) => {
  rack.namespaceOf(rack.host('node1'), 'web').faults.push('links: timed out')
}

cases('address', [
  { gives: 'pass', spec: { of: 'web', address: '172.20.0.2' } },
  { gives: 'pass', spec: { of: 'web', link: 'eth0', in: '172.20.0.0/16' } },
  { gives: 'pass', spec: { of: 'web' } },
  { gives: 'pass', spec: { of: 'web', address: '172.20.0.9', expect: 'no' } },
  { gives: 'pass', spec: { of: 'lone', expect: 'no' } },
  { gives: 'address.missing', spec: { of: 'lone' } },
  { gives: 'address.missing', spec: { of: 'web', link: 'eth7', address: '172.20.0.2' }, says: '`eth7`' },
  { gives: 'address.other', spec: { of: 'web', address: '172.20.0.9' }, says: '172.20.0.2/16' },
  { gives: 'address.other', spec: { of: 'web', in: '10.0.0.0/8' } },
  { gives: 'address.present', spec: { of: 'web', address: '172.20.0.2', expect: 'no' } },
  { gives: 'address.no-such', spec: { of: 'old' } },
  { gives: 'error state.incomplete', spec: { of: 'web', address: '172.20.0.9', expect: 'no' }, given: faulty },
  { gives: 'error engine.unverified', spec: { of: 'web' }, given: unverified },
])
