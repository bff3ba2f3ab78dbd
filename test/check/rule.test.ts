import { cases } from './cases.js'
import type { StateBuilder } from './state-builder.js'

const drop = (position: number) => (rack: StateBuilder) => {
  const { rules } = rack.host('node1').namespaces[0]!
  const text = '-A DOCKER-USER -s 192.168.1.50/32 -p tcp -m tcp --dport 80 -j DROP'
  const fields = { source: '192.168.1.50/32', protocol: 'tcp', destinationPort: '80', target: 'DROP', text }
  for (const rule of rules) if (rule.chain === 'DOCKER-USER' && rule.position >= position) rule.position++
  rules.push({ family: 'ip', table: 'filter', chain: 'DOCKER-USER', position, ...fields })
}
const spec = { chain: 'DOCKER-USER', target: 'DROP', source: '192.168.1.50', protocol: 'tcp', port: 80 }

cases('rule', [
  { gives: 'pass', spec, given: drop(1) },
  {
    gives: 'pass',
    spec: { table: 'nat', chain: 'POSTROUTING', source: 'my_net', out: '!my_net', target: 'masquerade' },
  },
  { gives: 'pass', spec: { host: 'node1', table: 'nat', target: 'DNAT', port: 8080, to: ':80' } },
  { gives: 'pass', spec: { target: 'DNAT', to: '172.20.0.2' } },
  { gives: 'pass', spec: { ...spec, expect: 'no' } },
  { gives: 'pass', spec: { of: 'web', target: 'DROP', expect: 'no' } },
  { gives: 'rule.missing', spec, says: '-A DOCKER-USER -j RETURN' },
  { gives: 'rule.missing', spec: { of: 'web', target: 'DROP' }, never: 'as if nothing' },
  { gives: 'rule.missing', spec: { table: 'nat', source: '!172.20.0.0/16' } },
  { gives: 'rule.present', spec: { ...spec, expect: 'no' }, given: drop(1) },
  { gives: 'rule.shadowed', spec, given: drop(2), says: '`-I`' },
  { gives: 'rule.no-such', spec: { of: 'old', target: 'DROP' } },
  { gives: 'error reference.no-host', spec: { host: 'node9', target: 'DROP' } },
  {
    gives: 'error state.incomplete',
    spec: { ...spec, expect: 'no' },
    given: (rack) => rack.host('node1').namespaces[0]!.faults.push('iptables: timed out'),
  },
])
