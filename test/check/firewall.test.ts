import { cases, silent } from './cases.js'
import type { StateBuilder } from './state-builder.js'

const filter =
  (...texts: string[]) =>
  (rack: StateBuilder) => {
    const own = rack.host('node1').namespaces[0]!
    own.chains.push({ family: 'ip', table: 'filter', name: 'INPUT', hook: 'input', policy: 'ACCEPT' })
    for (const [n, text] of texts.entries()) {
      const value = (option: string) => new RegExp(`(! )?-${option} (\\S+)`).exec(text)
      const field = (option: string) => {
        const [, not, word] = value(option) ?? []
        return word === undefined ? undefined : `${not ? '!' : ''}${word}`
      }
      const [source, protocol, port] = [field('s'), field('p'), field('-dport')]
      own.rules.push({
        family: 'ip',
        table: 'filter',
        chain: field('A')!,
        position: n + 1,
        target: field('j')!,
        text,
        ...(source ? { source } : {}),
        ...(protocol ? { protocol } : {}),
        ...(port ? { destinationPort: port } : {}),
      })
    }
  }
/** As `iptables -I` inserts it. */
const first = (text: string) => (rack: StateBuilder) => {
  const own = rack.host('node1').namespaces[0]!
  for (const rule of own.rules) rule.position += 1
  filter(text)(rack)
}
const peer = { from: '192.168.1.12', protocol: 'udp', port: 4789 }
const stranger = { ...peer, from: 'laptop', expect: 'no' }
const negated = filter('-A INPUT -p udp ! -s 192.168.1.12/32 --dport 4789 -j DROP')
const ofItsOwn = filter(
  '-A INPUT -p udp --dport 4789 -j GUARD',
  '-A GUARD -s 192.168.1.12/32 -j ACCEPT',
  '-A GUARD -j DROP',
)

cases('firewall', [
  // However it is written.
  { gives: 'pass', spec: peer, given: negated },
  { gives: 'pass', spec: stranger, given: negated },
  { gives: 'pass', spec: peer, given: ofItsOwn },
  { gives: 'pass', spec: stranger, given: ofItsOwn },
  { gives: 'pass', spec: { from: 'laptop', to: 'web', port: 80 } },
  {
    gives: 'pass',
    spec: { from: '192.168.1.66', to: 'web', port: 80, expect: 'no' },
    given: filter('-A DOCKER-USER -s 192.168.1.66/32 -j DROP', '-A FORWARD -s 192.168.1.66/32 -j DROP'),
  },
  { gives: 'firewall.dropped', spec: peer, given: filter('-A INPUT -p udp --dport 4789 -j DROP'), says: '4789' },
  { gives: 'firewall.accepted', spec: stranger },
  // An exception above makes nothing of the rule below.
  {
    gives: 'firewall.accepted',
    spec: stranger,
    given: filter('-A INPUT -s 192.168.1.50/32 -j ACCEPT', '-A INPUT -p udp --dport 4789 -j DROP'),
  },
  // What one chain decides by itself, whatever others do.
  {
    gives: 'pass',
    spec: { from: '192.168.1.66', to: 'web', chain: 'DOCKER-USER', port: 80, expect: 'no' },
    given: first('-A DOCKER-USER -s 192.168.1.66/32 -j DROP'),
  },
  {
    gives: 'firewall.accepted',
    spec: { from: '192.168.1.66', to: 'web', chain: 'DOCKER-USER', port: 80, expect: 'no' },
    given: filter('-A FORWARD -s 192.168.1.66/32 -j DROP'),
  },
  // Narrowed to another port.
  { gives: 'firewall.accepted', spec: stranger, given: filter('-A INPUT -p udp --dport 53 -j DROP') },
  { gives: 'firewall.no-from', spec: { ...stranger, from: 'old' } },
  { gives: 'firewall.no-target', spec: { ...stranger, to: 'old' } },
  {
    gives: 'error firewall.unknown',
    spec: stranger,
    given: filter('-A INPUT -p udp -m statistic --mode random --probability 0.5 -j DROP'),
  },
  { gives: 'error engine.silent', spec: { ...stranger, from: 'client' }, given: silent },
])
