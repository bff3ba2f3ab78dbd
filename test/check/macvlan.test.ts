import { cases, unverified } from './cases.js'

cases('macvlan', [
  { gives: 'pass', spec: { container: 'mac', parent: 'eth0' } },
  { gives: 'macvlan.no-such', spec: { container: 'old' } },
  { gives: 'macvlan.kind', spec: { container: 'web' }, says: 'eth0 (veth)' },
  { gives: 'macvlan.kind', spec: { container: 'lone' }, never: 'veth pair' },
  { gives: 'macvlan.parent', spec: { container: 'mac', parent: 'data0' } },
  { gives: 'macvlan.mode', spec: { container: 'mac', mode: 'private' } },
  { gives: 'error engine.unverified', spec: { container: 'mac' }, given: unverified },
])
