import { expect, it } from 'vitest'
import { runCheck } from '../../server/check/checks.js'
import type { Finding } from '../../server/check/verdict.js'
import { addIp6 } from '../cause/dual-stack.js'
import {
  cases,
  contextOf,
  onNone,
  read,
  refused,
  type Script,
  ScriptedProbe,
  unasked,
  unroutable,
  unverified,
  yes,
} from './cases.js'
import { type StateBuilder, standardRack, swarmRack } from './state-builder.js'

const page = (status: number, body = ''): Script[string] => ({ outcome: 'yes', http: { status, body } })
const wall = { from: 'client', to: 'web', port: 80, expect: 'no' }
const served = { from: 'api', to: 'web', port: 80 }
const alsoHost = { 'api tcp 172.20.0.2:80': yes, 'node1 tcp 172.20.0.2:80': yes }
const itself = { 'web tcp 172.20.0.2:80': yes }

function block(rack: StateBuilder): void {
  const rules = rack.host('node1').namespaces[0]!.rules
  rules.push({
    family: 'ip',
    table: 'filter',
    chain: 'DOCKER-USER',
    position: 0,
    source: '192.168.1.50/32',
    target: 'DROP',
    text: '-A DOCKER-USER -s 192.168.1.50/32 -j DROP',
  })
}

it('asks for what only the one that is meant can answer: its own id, and a word that nobody knew before', async () => {
  const rack = standardRack()
  const { id } = rack.find(rack.host('node1'), 'web')
  const echo = new ScriptedProbe(rack)
  const paths: string[] = []
  echo.ask = async (_host, question) => {
    const path = question.kind === 'http' ? (question.path ?? '/') : ''
    paths.push(path)
    const body = `{"from": "${id.slice(0, 12)}", "for": "${path.split('=')[1]}"}`
    return { outcome: 'yes', detail: '', durationMs: 1, http: { status: 200, body } }
  }
  const check = read({
    reach: {
      from: 'api',
      to: 'web',
      with: 'http',
      path: '/?n={{nonce}}',
      body: '"from": "{{web}}", "for": "{{nonce}}"',
    },
  })
  for (let n = 0; n < 2; n++) {
    expect(await runCheck(check, contextOf(rack, { state: rack.state, probe: echo }))).toMatchObject({
      outcome: 'pass',
    })
  }
  expect(new Set(paths).size).toBe(2)
  echo.ask = async () => ({
    outcome: 'yes',
    detail: '',
    durationMs: 1,
    http: { status: 200, body: `{"from": "${id.slice(0, 12)}", "for": "fixed"}` },
  })
  const finding = await runCheck(check, contextOf(rack, { state: rack.state, probe: echo }))
  expect(finding).toMatchObject({ reason: 'reach.body' })
  // The words as they were asked for: a learner knows of no placeholders.
  expect(JSON.stringify(finding)).not.toContain('{{')
})

const six = (rack: StateBuilder) => addIp6(rack.state)

/** A rule of IPv6 alone, in the way of whoever asks. */
function blockSix(rack: StateBuilder): void {
  six(rack)
  const own = rack.host('node1').namespaces[0]!
  own.rules.unshift({
    family: 'ip6',
    table: 'filter',
    chain: 'DOCKER-USER',
    position: 0,
    source: 'fd00::c0a8:132/128',
    target: 'DROP',
    text: '-A DOCKER-USER -s fd00::c0a8:132/128 -j DROP',
  })
}

/** The laptop has the address of node1 as well. */
function hasAddressOfNode1(rack: StateBuilder): void {
  const [namespace] = rack.host('laptop').namespaces
  namespace!.links[0]!.addresses.push({ family: 4, address: '192.168.1.11', prefix: 32, scope: 'global' })
}

/** What the laptop sends to that port of anybody goes elsewhere. */
function ledAway(port: string, target: string, to?: string): (rack: StateBuilder) => void {
  return (rack) => {
    const [namespace] = rack.host('laptop').namespaces
    namespace!.chains.push({ family: 'ip', table: 'nat', name: 'OUTPUT' })
    namespace!.rules.push({
      family: 'ip',
      table: 'nat',
      chain: 'OUTPUT',
      position: 1,
      protocol: 'tcp',
      destinationPort: port,
      target,
      ...(to === undefined ? {} : { to }),
      text: `-A OUTPUT -p tcp -m tcp --dport ${port} -j ${target}${to === undefined ? '' : ` --to-destination ${to}`}`,
    })
  }
}

/** The laptop has a namespace with an address of node1, or another one, to which it has a route of its own. */
function impostor(rack: StateBuilder, address = '192.168.1.11'): void {
  const laptop = rack.host('laptop')
  const own = laptop.namespaces[0]!
  const inside = structuredClone(own)
  Object.assign(inside, { id: '4026539999', owner: { kind: 'other' }, rules: [], chains: [], sockets: [], routes: [] })
  const [link] = structuredClone(own.links.filter(({ kind }) => kind !== 'loopback'))
  const pair = (name: string, of: string, index: number, peer: { namespace: string; name: string }) => ({
    ...structuredClone(link!),
    ...{
      name,
      index,
      kind: 'veth',
      peer,
      addresses: of === '' ? [] : [{ family: 4 as const, address: of, prefix: 32, scope: 'global' }],
    },
  })
  const outside = pair('i0', '', 71, { namespace: inside.id, name: 'i1' })
  inside.links = [pair('i1', address, 72, { namespace: own.id, name: 'i0' })]
  for (const one of [outside, ...inside.links]) delete (one as { lan?: string }).lan
  own.links.push(outside)
  laptop.namespaces.push(inside)
  if (address === '192.168.1.11')
    own.routes.push({ ...own.routes[0]!, destination: `${address}/32`, device: 'i0', type: 'unicast' })
  for (const route of own.routes.slice(-1)) delete (route as { gateway?: string }).gateway
}

const both = { 'api tcp 172.20.0.2:80': yes, 'api tcp [fd00::ac14:2]:80': yes, 'api tcp fd00::ac14:2:80': yes }

cases('reach', [
  {
    gives: 'pass',
    spec: { from: 'api', to: 'web', port: 80, family: 'ipv6' },
    given: six,
    network: both,
    says: '`[fd00::ac14:2]:80`',
    never: '172.20.0.2',
  },
  {
    gives: 'pass',
    spec: { from: 'api', to: 'web', port: 80, family: 'both' },
    given: six,
    network: both,
    says: '`172.20.0.2:80`; `api` reaches `web` at `[fd00::ac14:2]:80`',
  },
  {
    gives: 'reach.silent',
    spec: { from: 'api', to: 'web', port: 80, family: 'both' },
    given: six,
    network: { 'api tcp 172.20.0.2:80': yes },
    says: '`[fd00::ac14:2]:80` does not answer',
  },
  {
    gives: 'reach.silent',
    spec: { from: 'api', to: 'web', port: 80, family: 'both' },
    given: six,
    network: { 'api tcp fd00::ac14:2:80': yes },
    says: '`172.20.0.2:80` does not answer',
  },
  {
    gives: 'pass',
    spec: { from: 'api', to: 'web', port: 80, by: 'name', family: 'ipv6' },
    given: six,
    network: { ...both, 'api dns6 web': ['fd00::ac14:2'] },
  },
  {
    gives: 'reach.family',
    spec: { from: 'api', to: 'web', port: 80, by: 'name', family: 'ipv6' },
    network: { 'api dns web': ['172.20.0.2'] },
    says: '`web` has no IPv6 address, only `172.20.0.2`',
  },
  {
    gives: 'reach.family',
    spec: { from: 'api', to: 'web', port: 80, family: 'ipv6' },
    says: '没有 IPv6 地址',
  },
  {
    gives: 'reach.family',
    spec: { from: 'api', to: 'web', port: 80, family: 'both' },
    network: { 'api tcp 172.20.0.2:80': yes },
  },
  {
    gives: 'pass',
    spec: { from: 'laptop', to: 'node1', network: 'lan', family: 'ipv6' },
    given: six,
    network: { 'laptop ping fd00::c0a8:10b': yes },
  },
  {
    gives: 'pass',
    spec: { from: 'client', to: 'web', port: 80, family: 'ipv6', expect: 'no', control: { from: 'api' } },
    given: six,
    network: both,
  },
  {
    gives: 'reach.reached',
    spec: { from: 'client', to: 'web', port: 80, family: 'both', expect: 'no', control: { from: 'api' } },
    given: six,
    network: { ...both, 'client tcp fd00::ac14:2:80': yes },
  },
  {
    gives: 'pass',
    spec: { from: 'client', to: 'web', port: 80, family: 'ipv4', expect: 'no', control: { from: 'api' } },
    given: six,
    network: { ...both, 'client tcp fd00::ac14:2:80': yes },
  },
  {
    gives: 'reach.silent',
    spec: { from: 'laptop', to: 'node1', port: 8080, family: 'ipv6' },
    given: (rack) => {
      six(rack)
      block(rack)
    },
    never: 'DOCKER-USER',
  },
  {
    gives: 'reach.silent',
    spec: { from: 'laptop', to: 'node1', port: 8080, family: 'ipv6' },
    given: blockSix,
    says: 'DOCKER-USER',
  },
  { gives: 'pass', spec: { from: 'api', to: 'web' }, network: { 'api ping 172.20.0.2': yes } },
  { gives: 'pass', spec: { from: 'api', to: 'web', port: 80 }, network: { 'api tcp 172.20.0.2:80': yes } },
  {
    gives: 'pass',
    spec: { from: 'laptop', to: 'node1', port: 8080 },
    network: { 'laptop tcp 192.168.1.11:8080': yes },
  },
  { gives: 'pass', spec: { from: 'laptop', to: 'mac', port: 80 }, network: { 'laptop tcp 192.168.1.70:80': yes } },
  { gives: 'pass', spec: { from: 'web', to: '127.0.0.1', port: 80 }, network: { 'web tcp 127.0.0.1:80': yes } },
  { gives: 'pass', spec: { from: 'api', to: 'tools', port: 80 }, network: { 'api tcp 172.20.0.2:80': yes } },
  {
    gives: 'pass',
    spec: { from: 'laptop', to: 'node1', network: 'lan' },
    network: { 'laptop ping 192.168.1.11': yes },
  },
  { gives: 'pass', spec: { from: 'web', to: 'node1', network: 'my_net' }, network: { 'web ping 172.20.0.1': yes } },
  {
    gives: 'pass',
    spec: { from: 'laptop', to: 'node1', port: 5353, with: 'udp' },
    network: { 'laptop udp 192.168.1.11:5353': yes },
  },
  {
    gives: 'pass',
    spec: { from: 'api', to: 'web', by: 'name', with: 'http', status: 200, body: 'nginx', path: '/x' },
    network: { 'api dns web': ['172.20.0.2'], 'api http 172.20.0.2:80': page(200, '<h1>Welcome to nginx</h1>') },
  },
  {
    gives: 'pass',
    spec: { from: 'api', to: 'www', by: 'name', port: 80 },
    network: { 'api dns www': ['172.20.0.2'], 'api tcp 172.20.0.2:80': yes },
  },
  // No, with a proof.
  { gives: 'pass', spec: wall, network: itself },
  { gives: 'pass', spec: wall, network: { 'web tcp 127.0.0.1:80': yes } },
  { gives: 'pass', spec: { ...wall, port: undefined }, network: { 'web ping 172.20.0.2': yes } },
  { gives: 'pass', spec: { ...wall, control: { from: 'api' } }, network: { 'api tcp 172.20.0.2:80': yes } },
  { gives: 'pass', spec: { ...wall, to: '172.20.0.2' }, network: itself },
  { gives: 'pass', spec: { ...wall, to: 'www', by: 'name' }, network: itself },
  { gives: 'pass', spec: { ...wall, by: 'name' }, network: itself },
  {
    gives: 'pass',
    spec: { ...wall, to: '203.0.113.9', control: { from: 'laptop' } },
    network: { 'laptop tcp 203.0.113.9:80': yes },
  },
  { gives: 'pass', spec: { from: 'api', to: 'web', direct: 'yes' }, network: { 'api ping 172.20.0.2': yes } },
  // A packet that got through some other way is not what was asked for.
  {
    gives: 'reach.no-common-network',
    spec: { from: 'client', to: 'web', direct: 'yes' },
    network: { 'client ping 172.20.0.2': yes },
  },
  // What stands in the target's own namespace is nobody else.
  { gives: 'reach.together', spec: { ...wall, from: 'tools' }, network: itself },
  {
    gives: 'reach.itself',
    spec: { from: 'laptop', to: 'node1', port: 8080 },
    given: hasAddressOfNode1,
    network: { 'laptop tcp 192.168.1.11:8080': yes },
  },
  // So is whoever asks for the address itself.
  {
    gives: 'reach.itself',
    spec: { from: 'laptop', to: '192.168.1.11', port: 8080 },
    given: hasAddressOfNode1,
    network: { 'laptop tcp 192.168.1.11:8080': yes },
    says: 'address of `node1`',
  },
  {
    gives: 'reach.elsewhere',
    spec: { from: 'laptop', to: '192.168.1.11', port: 8080 },
    given: ledAway('8080', 'REDIRECT'),
    network: { 'laptop tcp 192.168.1.11:8080': yes },
    says: 'REDIRECT',
  },
  // A host reaches its own address, and a port that it publishes there.
  {
    gives: 'pass',
    spec: { from: 'node1', to: '192.168.1.11', port: 8080 },
    network: { 'node1 tcp 192.168.1.11:8080': yes },
  },
  // Who asks has seen to it that somebody else answers.
  {
    gives: 'reach.elsewhere',
    spec: { from: 'laptop', to: 'node1', port: 8080 },
    given: ledAway('8080', 'REDIRECT'),
    network: { 'laptop tcp 192.168.1.11:8080': yes },
    says: 'REDIRECT',
  },
  {
    gives: 'reach.elsewhere',
    spec: { from: 'laptop', to: 'node1', port: 8080 },
    given: ledAway('8080', 'DNAT', '192.168.1.12:8080'),
    network: { 'laptop tcp 192.168.1.11:8080': yes },
    says: '192.168.1.12:8080',
  },
  {
    gives: 'pass',
    spec: { from: 'laptop', to: 'node1', port: 8080 },
    given: ledAway('8080', 'DNAT', ':8081'),
    network: { 'laptop tcp 192.168.1.11:8080': yes },
  },
  {
    gives: 'pass',
    spec: { from: 'laptop', to: 'node1', port: 8080 },
    given: ledAway('8081', 'REDIRECT'),
    network: { 'laptop tcp 192.168.1.11:8080': yes },
  },
  {
    gives: 'reach.elsewhere',
    spec: { from: 'laptop', to: 'node1', port: 8080 },
    given: (rack) => impostor(rack),
    network: { 'laptop tcp 192.168.1.11:8080': yes },
    says: 'another network namespace of `laptop`',
  },
  {
    gives: 'pass',
    spec: { from: 'laptop', to: 'node1', port: 8080 },
    given: (rack) => impostor(rack, '192.168.1.66'),
    network: { 'laptop tcp 192.168.1.11:8080': yes },
  },
  {
    gives: 'reach.body',
    spec: { from: 'api', to: 'web', with: 'http', body: 'from {{web}}' },
    network: { 'api http 172.20.0.2:80': page(200, 'from 0123456789ab') },
  },
  // Fails.
  { gives: 'reach.no-from', spec: { from: 'old', to: 'web' } },
  { gives: 'reach.no-from', spec: { ...wall, from: 'nobody' }, network: itself },
  { gives: 'reach.no-target', spec: { from: 'api', to: 'old' } },
  { gives: 'reach.no-target', spec: { ...wall, to: 'nobody' } },
  { gives: 'reach.no-target', spec: { ...wall, to: 'old', by: 'name' } },
  { gives: 'reach.default-bridge', spec: { from: 'client', to: 'db', port: 6379, by: 'name' }, says: 'user-defined' },
  { gives: 'reach.no-common-network', spec: { from: 'client', to: 'web', port: 80 }, says: '`my_net`' },
  { gives: 'reach.no-common-network', spec: { from: 'client', to: 'web', by: 'name' } },
  { gives: 'reach.no-common-network', spec: { from: 'api', to: 'web', network: 'bridge' } },
  { gives: 'reach.no-common-network', spec: { from: 'api', to: 'lone' } },
  { gives: 'reach.unresolved', spec: { from: 'api', to: 'shop', by: 'name', port: 80 } },
  { gives: 'reach.unresolved', spec: { from: 'laptop', to: 'web', by: 'name' }, says: '127.0.0.11' },
  {
    gives: 'reach.elsewhere',
    spec: { from: 'api', to: 'web', by: 'name' },
    network: { 'api dns web': ['172.20.0.66'], 'api ping 172.20.0.66': yes },
  },
  {
    gives: 'reach.refused',
    spec: { from: 'api', to: 'web', port: 443 },
    network: { 'api tcp 172.20.0.2:443': refused },
    says: 'nothing in `web` listens on tcp port 443; it listens on `80`',
  },
  // What a host has open besides may be what a later step asks for.
  {
    gives: 'reach.refused',
    spec: { from: 'laptop', to: 'node2', port: 80 },
    given: (rack) =>
      rack.host('node2').namespaces[0]!.sockets.push({ protocol: 'tcp', address: '0.0.0.0', port: 9090 }),
    network: { 'laptop tcp 192.168.1.12:80': refused },
    says: 'nothing in `node2` listens on tcp port 80',
    never: '9090',
  },
  {
    gives: 'reach.refused',
    spec: { from: 'api', to: 'web', port: 9000 },
    given: (rack) =>
      rack.namespaceOf(rack.host('node1'), 'web').sockets.push({ protocol: 'tcp', address: '127.0.0.1', port: 9000 }),
    network: { 'api tcp 172.20.0.2:9000': refused },
    says: 'loopback',
  },
  {
    gives: 'reach.refused',
    spec: { from: 'api', to: '10.1.1.1', port: 1 },
    network: { 'api tcp 10.1.1.1:1': refused },
  },
  { gives: 'reach.refused', spec: { from: 'api', to: 'web', port: 80 }, network: { 'api tcp 172.20.0.2:80': refused } },
  { gives: 'reach.silent', spec: { from: 'laptop', to: 'node1', port: 8080 }, given: block, says: 'DOCKER-USER' },
  { gives: 'reach.silent', spec: { from: 'api', to: 'web' } },
  { gives: 'reach.silent', spec: { from: 'laptop', to: 'web' }, given: noWayBack, says: 'no route back' },
  {
    gives: 'reach.silent',
    spec: { from: 'shut', to: 'laptop' },
    given: (rack) => rack.container(rack.host('node1'), 'shut', { on: { inner: undefined } }),
    says: 'internal',
  },
  {
    gives: 'reach.unroutable',
    spec: { from: 'lone', to: 'laptop' },
    network: { 'lone ping 192.168.1.50': unroutable },
    says: '`lone` is on the network `none`',
  },
  {
    gives: 'reach.unroutable',
    spec: { from: 'laptop', to: '192.168.1.99' },
    network: { 'laptop ping 192.168.1.99': unroutable },
    says: 'ARP',
  },
  {
    gives: 'reach.status',
    spec: { from: 'api', to: 'web', with: 'http', status: 200 },
    network: { 'api http 172.20.0.2:80': page(404) },
    says: 'status 404',
  },
  {
    gives: 'reach.status',
    spec: { from: 'api', to: 'web', with: 'http', port: 6379 },
    network: { 'api http 172.20.0.2:6379': { outcome: 'no', detail: 'the answer is not HTTP: -ERR' } },
  },
  {
    gives: 'reach.body',
    spec: { from: 'api', to: 'web', with: 'http', body: 'nginx' },
    network: { 'api http 172.20.0.2:80': page(200, '<h1>`evil`\u001b[2J\u202e</h1>') },
  },
  // Nothing is said that is not so.
  {
    gives: 'reach.reached',
    spec: { from: 'laptop', to: 'node1', port: 8080, expect: 'no' },
    network: { 'laptop tcp 192.168.1.11:8080': yes, 'node1 tcp 192.168.1.11:8080': yes },
    says: 'listens on all addresses of `node1`',
    never: '隔离可言',
  },
  {
    gives: 'reach.status',
    spec: { from: 'api', to: 'web', with: 'http', status: 200 },
    network: { 'api http 172.20.0.2:80': page(502) },
    says: 'as by `vethlab trace RACK web SERVER:PORT`',
    never: 'the network is all right',
  },
  {
    gives: 'reach.body',
    spec: { from: 'laptop', to: 'node1', port: 8080, with: 'http', body: 'nginx' },
    network: { 'laptop http 192.168.1.11:8080': page(504, 'Gateway Time-out') },
    says: 'trace the way from `node1/web` to that server',
    never: 'another program',
  },
  { gives: 'reach.no-common-network', spec: { from: 'api', to: 'lone' }, given: onNone, says: 'disconnect none' },
  { gives: 'reach.reached', spec: wall, network: { ...itself, 'client tcp 172.20.0.2:80': yes } },
  {
    gives: 'reach.reached',
    spec: { ...wall, from: 'api', by: 'name' },
    network: { 'api dns web': ['172.20.0.2'], 'api tcp 172.20.0.2:80': yes },
  },
  {
    gives: 'reach.reached',
    spec: { from: 'db', to: 'both', port: 80, expect: 'no' },
    given: onBoth,
    network: secondLeg(),
  },
  { gives: 'reach.control', spec: wall },
  { gives: 'reach.control', spec: { ...wall, control: { from: 'api' } }, network: itself },
  { gives: 'reach.control', spec: { ...wall, control: { from: 'old' } }, network: itself },
  { gives: 'reach.control', spec: { ...wall, to: 'shop', by: 'name' } },
  { gives: 'reach.control', spec: { ...wall, to: 'shop', by: 'name', control: { from: 'api' } } },
  { gives: 'reach.control', spec: { ...wall, to: '172.20.0.2' } },
  // What a cure opened, or stopped besides.
  {
    gives: 'pass',
    spec: { ...served, only: ['node1'], still: ['node1', { from: 'laptop', to: 'node1', port: 8080 }] },
    given: wallOff,
    network: { ...alsoHost, 'laptop tcp 192.168.1.11:8080': yes },
  },
  { gives: 'pass', spec: { ...served, only: ['node1', 'bridge', 'inner', 'lan'] }, network: alsoHost },
  {
    gives: 'reach.others',
    spec: { ...served, only: [] },
    given: wallOff,
    network: alsoHost,
    says: '`node1` reaches it as well, at `172.20.0.2:80`',
  },
  {
    gives: 'reach.others',
    spec: { ...served, only: ['node1'] },
    given: wallOff,
    network: { ...alsoHost, 'client tcp 172.20.0.2:80': yes },
    says: '`node1/client` reaches it as well',
  },
  // Nobody stands there to ask, but the rules would let him through.
  { gives: 'reach.others', spec: { ...served, only: ['node1', 'bridge', 'lan'] }, network: alsoHost, says: '`inner`' },
  {
    gives: 'reach.others',
    spec: { ...served, only: ['node1', 'bridge', 'inner'] },
    given: (rack) => {
      rack.state.lans.push({ name: 'lan', subnet: '192.168.1.0/24', gateway: '192.168.1.1', mtu: 1500 })
    },
    network: alsoHost,
    says: '`lan`',
  },
  {
    gives: 'reach.still',
    spec: { ...served, still: ['client'] },
    network: { 'api tcp 172.20.0.2:80': yes },
    says: 'this has to work as well, and does not',
  },
  {
    gives: 'reach.still',
    spec: { ...wall, still: [{ from: 'api', to: 'db' }] },
    network: itself,
  },
  {
    gives: 'error probe.failed',
    spec: { ...served, only: ['node1'] },
    network: { ...alsoHost, 'client tcp 172.20.0.2:80': unasked },
  },
  // Errors, never a pass.
  { gives: 'error reach.no-control', spec: { ...wall, to: '203.0.113.9' } },
  { gives: 'error probe.failed', spec: wall, network: { ...itself, 'client tcp 172.20.0.2:80': unasked } },
  { gives: 'error probe.failed', spec: wall, network: { 'web tcp 172.20.0.2:80': unasked } },
  { gives: 'error probe.failed', spec: { ...wall, by: 'name' }, network: { ...itself, 'client dns web': unasked } },
  { gives: 'error engine.unverified', spec: wall, given: unverified },
])

/** What is forwarded is dropped. */
function wallOff(rack: StateBuilder): void {
  const [own] = rack.host('node1').namespaces
  const rule = { family: 'ip', table: 'filter', chain: 'FORWARD', position: -1 }
  own!.rules.push({ ...rule, target: 'DROP', text: '-A FORWARD -j DROP' })
}

/** A container whose address on the other network is the one that answers. */
function onBoth(rack: StateBuilder): void {
  rack.container(rack.host('node1'), 'both', { on: { my_net: '172.20.0.7', bridge: '172.17.0.7' } })
}
function secondLeg(): Script {
  return { 'db tcp 172.20.0.7:80': yes }
}

function noWayBack(rack: StateBuilder): void {
  const web = rack.namespaceOf(rack.host('node1'), 'web')
  web.routes = web.routes.filter(({ destination }) => destination !== 'default')
}

it('asks a service by its name, and takes any of its tasks for an answer', async () => {
  const rack = swarmRack()
  rack.container(rack.host('node2'), 'shop.1.abc', {
    on: { app_net: '10.10.0.3' },
    labels: { 'com.docker.swarm.service.name': 'shop', 'com.docker.swarm.task.id': 'abc' },
  })
  const ask = (network: Script): Promise<Finding> =>
    runCheck(
      read({ reach: { from: 'api', to: 'shop', by: 'name', port: 80 } }),
      contextOf(rack, { probe: new ScriptedProbe(rack, network) }),
    )
  // The virtual address, which no task has.
  expect(await ask({ 'api dns shop': ['10.10.0.2'], 'api tcp 10.10.0.2:80': yes })).toMatchObject({ outcome: 'pass' })
})

it('asks for the names that the C library would ask for, and gives up a server that is silent twice', async () => {
  const rack = standardRack()
  const api = rack.find(rack.host('node1'), 'api')
  api.dns = {
    nameservers: ['not-an-address', '127.0.0.11'],
    search: ['a.test', '-bad; domain', 'b.test'],
    options: ['ndots:2'],
    hosts: [],
  }
  const probe = new ScriptedProbe(rack)
  await runCheck(read({ resolve: { from: 'api', name: 'web.x' } }), contextOf(rack, { probe }))
  expect(probe.asked).toEqual(['api dns web.x.a.test', 'api dns web.x.b.test', 'api dns web.x'])
  const silent = new ScriptedProbe(rack, { 'api dns web.x.a.test': { outcome: 'no', cause: 'silent' } })
  await runCheck(read({ resolve: { from: 'api', name: 'web.x' } }), contextOf(rack, { probe: silent }))
  expect(silent.asked).toEqual(['api dns web.x.a.test', 'api dns web.x.a.test'])
})

it('waits for a silence in the measure of the control, and in full where the control failed', async () => {
  const waited = async (control: Script[string]): Promise<number | undefined> => {
    const rack = standardRack()
    const probe = new ScriptedProbe(rack, { 'web tcp 172.20.0.2:80': control })
    let timeoutMs: number | undefined
    const ask = probe.ask.bind(probe)
    probe.ask = (host, question) => {
      const from = rack.labels.get(question.namespace ?? '')
      if (from === 'client') timeoutMs = question.timeoutMs
      return ask(host, question)
    }
    await runCheck(read({ reach: wall }), contextOf(rack, { probe }))
    return timeoutMs
  }
  expect(await waited({ outcome: 'yes', durationMs: 1 })).toBe(200)
  expect(await waited({ outcome: 'yes', durationMs: 40 })).toBe(400)
  expect(await waited({ outcome: 'yes', durationMs: 900 })).toBe(2000)
  expect(await waited(refused)).toBe(2000)
})
