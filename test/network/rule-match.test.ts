import { describe, expect, it } from 'vitest'
import { endOf, judge, translationAt } from '../../server/network/filter.js'
import type { Flow } from '../../server/network/flow.js'
import { parseIptablesSave, parseRules } from '../../server/network/parse-rules.js'
import { matches } from '../../server/network/rule-match.js'
import type { NamespaceState } from '../../server/network/state.js'
import { StateBuilder } from '../check/state-builder.js'

/** From the laptop to a published port of a container, after its translation. */
const flow: Flow = {
  ...{ source: '192.168.1.50', destination: '172.20.0.2', protocol: 'tcp', sourcePort: 40_000, destinationPort: 80 },
  ...{ in: 'eth0', out: 'br-abc', state: 'new', original: { destination: '192.168.1.11', port: 8080 } },
}

function here(): NamespaceState {
  const rack = new StateBuilder()
  const namespace = rack.namespace('here', { kind: 'host' })
  namespace.links.push(rack.link({ name: 'eth0', kind: 'veth', address: '192.168.1.11' }))
  return namespace
}
function ruleOf(text: string, family: 'ip' | 'ip6' = 'ip') {
  return { ...parseIptablesSave(`*filter\n-A FORWARD ${text} -j DROP`, family)[0]!, position: 1 }
}

describe('a rule of iptables', () => {
  it.each([
    ['', true],
    ['-s 192.168.1.50/32', true],
    ['-s 192.168.1.0/24', true],
    ['! -s 192.168.1.0/24', false],
    ['! -s 10.0.0.0/8', true],
    ['-d 172.20.0.3/32', false],
    ['-i eth0', true],
    ['! -i eth0', false],
    ['-i eth+', true],
    ['! -i eth+', false],
    ['-o br-+', true],
    ['-o eth0', false],
    ['! -o eth0', true],
    ['-p tcp', true],
    ['-p udp', false],
    ['! -p udp', true],
    ['-p 6', true],
    ['-p tcp -m tcp --dport 80', true],
    ['-p tcp -m tcp --dport 81', false],
    ['-p tcp -m tcp ! --dport 81', true],
    ['-p tcp -m tcp --dport 70:90', true],
    ['-p tcp -m tcp --dport :79', false],
    ['-p tcp -m tcp --dport 81:', false],
    ['-p tcp -m tcp --sport 1024:65535', true],
    ['-p tcp -m multiport --dports 22,80,443', true],
    ['-p tcp -m multiport --dports 22,8000:9000', false],
    ['-p tcp -m multiport ! --dports 22,443', true],
    ['-p tcp -m multiport --ports 40000', true],
    ['-p tcp -m conntrack --ctorigdstport 8080', true],
    ['-p tcp -m conntrack --ctorigdstport 80', false],
    ['-m conntrack --ctorigdst 192.168.1.11', true],
    ['-m conntrack --ctstate RELATED,ESTABLISHED', false],
    ['-m conntrack --ctstate NEW', true],
    ['-m conntrack --ctstate DNAT', true],
    ['-m conntrack ! --ctstate DNAT', false],
    ['-m state --state NEW,ESTABLISHED', true],
    ['-m addrtype --dst-type LOCAL', false],
    ['-m addrtype ! --dst-type LOCAL', true],
    ['-p icmp -m icmp --icmp-type 8', false],
    ['-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN', true],
    ['-m comment --comment "a \\"b\\" -s 10.0.0.0/8"', true],
    // What is not known, or not understood.
    ['-m mark --mark 0x1', undefined],
    ['-m limit --limit 3/min', undefined],
    ['-m socket', undefined],
    ['-m addrtype --dst-type MULTICAST', undefined],
    // One condition that is not met settles it.
    ['-s 10.0.0.0/8 -m mark --mark 0x1', false],
  ])('%s: %s', (text, expected) => {
    expect(matches(ruleOf(text), flow, here())).toBe(expected)
  })

  it('cannot be told of a packet of which as much is not known', () => {
    const { source: _1, in: _2, destinationPort: _3, ...less } = flow
    for (const text of ['-s 10.0.0.0/8', '! -s 10.0.0.0/8', '-i eth0', '-p tcp --dport 80']) {
      expect(matches(ruleOf(text), less, here()), text).toBeUndefined()
    }
    expect(matches(ruleOf('-s 0.0.0.0/0'), less, here())).toBe(true)
    // A packet that comes from here has come in by no link.
    expect(matches(ruleOf('-i eth0'), { ...less, in: '' }, here())).toBe(false)
    expect(matches(ruleOf('! -i eth0'), { ...less, in: '' }, here())).toBe(true)
  })

  it('is for packets of its own family', () => {
    expect(matches(ruleOf('', 'ip6'), flow, here())).toBe(false)
    const six = { ...flow, source: '2001:DB8::1', destination: '2001:db8:0::2' }
    expect(matches(ruleOf('-s 2001:db8::1/128', 'ip6'), six, here())).toBe(true)
    expect(matches(ruleOf(''), six, here())).toBe(false)
  })
})

it('reads what nft has in JSON and iptables has no words for', () => {
  const match = (left: object, right: unknown, op = '==') => ({ match: { op, left, right } })
  const rules = [
    match({ payload: { protocol: 'tcp', field: 'dport' } }, { set: [22, 80] }),
    match({ payload: { protocol: 'tcp', field: 'dport' } }, { set: [22, { range: [8000, 9000] }] }),
    match({ ct: { key: 'state' } }, ['established', 'related'], 'in'),
    match({ meta: { key: 'iifname' } }, 'eth*'),
    match({ meta: { key: 'mark' } }, 1),
  ].map((statement) => ({
    rule: { family: 'ip', table: 'filter', chain: 'FORWARD', expr: [statement, { drop: null }] },
  }))
  const parsed = parseRules({ nftables: rules }, {}).rules
  expect(parsed.map((rule) => matches(rule, flow, here()))).toEqual([true, false, false, true, undefined])
})

describe('chains', () => {
  const chain = (name: string, hook?: string, policy?: string, table = 'filter') => ({
    ...{ family: 'ip', table, name },
    ...(hook ? { hook, policy: policy ?? 'ACCEPT' } : {}),
  })
  function rules(save: string, policy = 'ACCEPT'): NamespaceState {
    const namespace = here()
    namespace.chains = [
      chain('FORWARD', 'forward', policy),
      chain('DOCKER-USER'),
      chain('PREROUTING', 'prerouting', undefined, 'nat'),
      chain('DOCKER', undefined, undefined, 'nat'),
      chain('POSTROUTING', 'postrouting', undefined, 'nat'),
    ]
    namespace.rules = parseRules(undefined, { iptables: save }).rules
    return namespace
  }

  it.each([
    ['the first rule that fits decides', '-A FORWARD -j ACCEPT\n-A FORWARD -j DROP', 'ACCEPT', 'accept'],
    ['a jump comes back', '-A FORWARD -j DOCKER-USER\n-A FORWARD -j DROP\n-A DOCKER-USER -j RETURN', 'ACCEPT', 'drop'],
    [
      'a drop in a chain that is jumped to',
      '-A FORWARD -j DOCKER-USER\n-A DOCKER-USER -s 192.168.1.50 -j REJECT',
      'ACCEPT',
      'drop',
    ],
    ['a chain that nobody jumps to', '-A DOCKER-USER -j DROP', 'ACCEPT', 'accept'],
    ['the policy, where no rule fits', '-A FORWARD -i lo -j ACCEPT', 'DROP', 'drop'],
    [
      'what only counts or logs',
      '-A FORWARD -j LOG --log-prefix x\n-A FORWARD -j MARK --set-mark 1',
      'ACCEPT',
      'accept',
    ],
    [
      'one that cannot be told before',
      '-A FORWARD -m mark --mark 1 -j ACCEPT\n-A FORWARD -j DROP',
      'ACCEPT',
      undefined,
    ],
    [
      'one that cannot be told, and counts only',
      '-A FORWARD -m mark --mark 1 -j LOG\n-A FORWARD -j DROP',
      'ACCEPT',
      'drop',
    ],
    ['chains that lead to each other', '-A FORWARD -j DOCKER-USER\n-A DOCKER-USER -j DOCKER-USER', 'ACCEPT', undefined],
  ])('%s', (_what, save, policy, outcome) => {
    expect(judge(rules(`*filter\n${save}`, policy), 'forward', flow)?.outcome).toBe(outcome)
  })

  it('that could not be read let nothing pass for certain, and forbid what of them is known to', () => {
    const read = rules('*filter\n-A FORWARD -s 192.168.1.50 -j DROP')
    const unread = { ...read, faults: ['rules: the answers are larger than 2097152 bytes'] }
    const allowed = { ...flow, source: '192.168.1.51' }
    expect([judge(read, 'forward', flow), judge(unread, 'forward', flow)].map((one) => one?.outcome)).toEqual([
      'drop',
      'drop',
    ])
    expect(judge(read, 'forward', allowed)?.outcome).toBe('accept')
    expect(judge(unread, 'forward', allowed)).toBeUndefined()
    expect(translationAt(read, 'postrouting', { ...flow, in: '' })).toBeNull()
    expect(translationAt(unread, 'postrouting', { ...flow, in: '' })).toBeUndefined()
  })

  it("of iptables-legacy decide besides nft's, and which of both translates first is not told", () => {
    const save =
      '*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -s 192.168.1.50 -j DROP\n*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -j MASQUERADE'
    const legacy = parseRules(undefined, { iptablesLegacy: save })
    const own = rules('*filter\n-A FORWARD -j ACCEPT')
    const both = { ...own, chains: [...own.chains, ...legacy.chains], rules: [...own.rules, ...legacy.rules] }
    expect(judge(both, 'forward', flow)).toMatchObject({ outcome: 'drop', rule: { family: 'iptables-legacy' } })
    expect(judge(both, 'forward', { ...flow, source: 'fd00::1', destination: 'fd00::2' })?.outcome).toBe('accept')
    expect(translationAt(both, 'postrouting', flow)).toMatchObject({ target: 'MASQUERADE' })
    const twice = { ...both, rules: [...both.rules, ...rules('*nat\n-A POSTROUTING -j MASQUERADE').rules] }
    expect(translationAt(twice, 'postrouting', flow)).toBeUndefined()
    const unread = { ...own, faults: ['iptablesLegacy: the answers are larger than 2097152 bytes'] }
    expect(judge(unread, 'forward', flow)).toBeUndefined()
  })

  it('that translate', () => {
    const before: Flow = { ...flow, destination: '192.168.1.11', destinationPort: 8080, out: '' }
    delete before.original
    const nat = rules(
      `*nat
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A DOCKER -i docker0 -j RETURN
-A DOCKER ! -i br-abc -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.20.0.2:80
-A POSTROUTING -s 172.20.0.0/16 ! -o eth0 -j MASQUERADE`,
    )
    const rule = translationAt(nat, 'prerouting', before)
    expect(rule && endOf(rule)).toEqual({ address: '172.20.0.2', port: 80 })
    expect(translationAt(nat, 'prerouting', { ...before, destinationPort: 8081 })).toBeNull()
    expect(translationAt(nat, 'prerouting', { ...before, in: 'br-abc' })).toBeNull()
    const leaving = { source: '172.20.0.2', destination: '192.168.1.50', in: '', protocol: 'icmp' as const }
    expect(translationAt(nat, 'postrouting', { ...leaving, out: 'eth0' })).toBeNull()
    expect(translationAt(nat, 'postrouting', { ...leaving, out: 'eth1' })).toMatchObject({ target: 'MASQUERADE' })
    expect(translationAt(nat, 'postrouting', leaving)).toBeUndefined()
  })
})
