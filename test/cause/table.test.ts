import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type CauseCode, type CauseKind, causeCodes, views } from '../../server/cause/cause.js'
import { causeForeseen, causeKinds, causeOf, causeOfName } from '../../server/cause/causes.js'
import { claimsOf } from '../../server/cause/duplicate-address.js'
import { commandIn } from '../../server/cause/place-command.js'
import type { Failure } from '../../server/cause/unknown.js'
import type { Observation } from '../../server/network/observation.js'
import { isLive, type LivePlace, placesOf } from '../../server/place/place.js'
import type { TraceQuestion } from '../../server/place/question.js'
import { find } from '../../server/place/reference.js'
import { addressesTowards } from '../../server/place/target.js'
import { filesDirectory } from '../../server/rack/golden/inputs.js'
import { expectReadable, type Script } from '../check/cases.js'
import { type StateBuilder, standardRack, swarmRack } from '../check/state-builder.js'
import { Journey } from '../trace/journey.js'
import { addIp6, seenWithIp6, six } from './dual-stack.js'
import { diagnosed, traced, whyOfCheck } from './three-views.js'

/** Each cause, and whether it is visible by the state, by sight, in a check's why, in a diagnosis, and in netdiag. */

interface Row {
  rack?: () => StateBuilder
  /** What is broken; in each rack anew. */
  given?(rack: StateBuilder): unknown
  /** What else the same is with IPv6, where it is by another protocol. */
  given6?(rack: StateBuilder): unknown
  /** Who asks whom: an address or a reference. */
  from: string
  to: string
  port?: number
  /** Asked by name. */
  name?: true
  failure?: Failure
  /** What a trace sees; without it nothing is sent. */
  seen?(rack: StateBuilder): Observation[]
  /** Of whom a diagnosis is made, with what answers, and where not the same is broken, what. */
  diagnose?: { container: string; network?: Script; given?(rack: StateBuilder): unknown }
}

const quiet = { outcome: 'no', cause: 'silent', detail: 'timed out' } as const
const node1 = (rack: StateBuilder) => rack.host('node1')
const own = (rack: StateBuilder) => node1(rack).namespaces[0]!
const inside = (rack: StateBuilder, name: string) => rack.namespaceOf(node1(rack), name)
const networkNamed = (rack: StateBuilder, name: string) =>
  node1(rack).engine!.networks.find((one) => one.name === name)!
const vethOf = (rack: StateBuilder, container: string) => rack.find(node1(rack), container).endpoints[0]!.hostLink!
const linkOf = (rack: StateBuilder, container: string) =>
  inside(rack, container).links.find(({ name }) => name === 'eth0')!

const tcp = (port: number) => ({ protocol: 'tcp', sourcePort: 40_000, destinationPort: port }) as const
const journey = (rack: StateBuilder, source: string, destination: string, more = {}) =>
  new Journey(rack, { source, destination, ...more })
/** From a container of my_net as far as its host. */
const toHost = (rack: StateBuilder, who: string, ends: [string, string], more = {}) =>
  journey(rack, ...ends, more)
    .by(`node1/${who}`, 'eth0', 'out')
    .by('node1', vethOf(rack, who), 'in')
/** Between two containers of my_net. */
const across = (rack: StateBuilder, who: string, whom: string, ends: [string, string], more = {}) =>
  toHost(rack, who, ends, more).by('node1', vethOf(rack, whom), 'out').by(`node1/${whom}`, 'eth0', 'in')
const laptopToNode1 = (rack: StateBuilder, port: number) =>
  journey(rack, '192.168.1.50', '192.168.1.11', tcp(port))
    .by('laptop', 'eth0', 'out')
    .lan('lan', 'laptop', 'in')
    .lan('lan', 'node1', 'out')
    .by('node1', 'eth0', 'in')

/** Two containers on an overlay, whose ends are where an Engine puts them. */
function overlaid(): StateBuilder {
  const rack = swarmRack()
  for (const [name, address] of [
    ['node1', '10.10.0.7'],
    ['node2', '10.10.0.8'],
  ] as const) {
    const host = rack.host(name)
    const hidden = host.namespaces.find(({ owner }) => owner.kind === 'engine')!
    hidden.links.push(rack.link({ name: 'br0', kind: 'bridge' }))
    hidden.links.find(({ kind }) => kind === 'vxlan')!.master = 'br0'
    const container = rack.container(host, `app-${name}`, { on: { app_net: address } })
    const at = host.namespaces[0]!.links.findIndex((link) => link.name === container.endpoints[0]!.hostLink)
    const [outer] = host.namespaces[0]!.links.splice(at, 1)
    hidden.links.push({ ...outer!, master: 'br0' })
    rack.namespaceOf(host, container.name).links.at(-1)!.peer!.namespace = hidden.id
  }
  return rack
}

const dropInput = (rack: StateBuilder) =>
  rack.rule(node1(rack), {
    ...{ table: 'filter', chain: 'INPUT', source: '172.20.0.0/16', target: 'DROP' },
    text: '-A INPUT -s 172.20.0.0/16 -j DROP',
  })

const table: Record<CauseCode, Row> = {
  'name-on-default-bridge': {
    ...{ from: 'client', to: 'db', name: true },
    diagnose: { container: 'client' },
  },
  'no-common-network': {
    ...{ from: 'client', to: 'web', port: 80 },
    seen: (rack) => [
      journey(rack, '172.17.0.3', '172.20.0.2', tcp(80)).by('node1/client', 'eth0', 'out').ends('silent'),
    ],
  },
  'internal-network': {
    given: (rack) => {
      const { endpoints } = rack.container(node1(rack), 'shut', { on: { inner: undefined } })
      delete endpoints[0]!.gateway
      const namespace = inside(rack, 'shut')
      namespace.routes = namespace.routes.filter(({ destination }) => destination !== 'default')
    },
    ...{ from: 'shut', to: 'laptop', failure: 'unroutable' },
    seen: (rack) => [journey(rack, '172.21.0.2', '192.168.1.50').ends('unroutable')],
    diagnose: { container: 'shut' },
  },
  'isolated-bridges': {
    given: (rack) => {
      const bridge = networkNamed(rack, 'my_net').bridge!
      rack.rule(node1(rack), {
        ...{ table: 'filter', chain: 'FORWARD', in: bridge, out: 'docker0', target: 'DROP' },
        text: `-A FORWARD -i ${bridge} -o docker0 -j DROP`,
      })
    },
    ...{ from: 'api', to: 'db', port: 6379 },
    seen: (rack) => [
      toHost(rack, 'api', ['172.20.0.3', '172.17.0.2'], tcp(6379))
        .meets('node1', {
          ...{ chain: 'FORWARD', verdict: 'drop', rule: 'drop', outLink: 'docker0' },
          inLink: networkNamed(rack, 'my_net').bridge!,
        })
        .ends('silent'),
    ],
  },
  'docker-user-drop': {
    given: (rack) =>
      rack.rule(node1(rack), {
        ...{ table: 'filter', chain: 'DOCKER-USER', source: '192.168.1.0/24', destinationPort: '80', target: 'DROP' },
        ...{ protocol: 'tcp', text: '-A DOCKER-USER -s 192.168.1.0/24 -p tcp -m tcp --dport 80 -j DROP' },
      }),
    ...{ from: 'laptop', to: 'node1', port: 8080 },
    seen: (rack) => [
      laptopToNode1(rack, 8080)
        .meets('node1', { chain: 'DOCKER-USER', verdict: 'drop', rule: 'ip saddr 192.168.1.0/24 tcp dport 80 drop' })
        .ends('silent'),
    ],
    diagnose: {
      container: 'web',
      network: { 'laptop tcp 192.168.1.11:8080': quiet, 'node2 tcp 192.168.1.11:8080': quiet },
    },
  },
  'input-policy': {
    given: (rack) =>
      own(rack).chains.push({ family: 'ip', table: 'filter', name: 'INPUT', hook: 'input', policy: 'DROP' }),
    ...{ from: 'laptop', to: 'node1', port: 22 },
    seen: (rack) => [
      laptopToNode1(rack, 22).meets('node1', { chain: 'INPUT', verdict: 'drop', policy: true }).ends('silent'),
    ],
    diagnose: { container: 'web', network: { 'web ping 172.20.0.1': quiet } },
  },
  'port-not-listening': {
    ...{ from: 'api', to: 'web', port: 81, failure: 'refused' },
    seen: (rack) => [across(rack, 'api', 'web', ['172.20.0.3', '172.20.0.2'], tcp(81)).ends('refused')],
    diagnose: {
      container: 'web',
      given: (rack) => {
        inside(rack, 'web').sockets = [{ protocol: 'tcp', address: '0.0.0.0', port: 8000 }]
      },
    },
  },
  'listening-on-loopback': {
    given: (rack) => {
      inside(rack, 'api').sockets = [{ protocol: 'tcp', address: '127.0.0.1', port: 8000 }]
    },
    ...{ from: 'web', to: 'api', port: 8000, failure: 'refused' },
    seen: (rack) => [across(rack, 'web', 'api', ['172.20.0.2', '172.20.0.3'], tcp(8000)).ends('refused')],
    diagnose: { container: 'api' },
  },
  'published-elsewhere': {
    given: (rack) => {
      rack.find(node1(rack), 'web').ports[0]!.hostAddress = '127.0.0.1'
      own(rack).rules.find(({ target }) => target === 'DNAT')!.destination = '127.0.0.1/32'
      own(rack).sockets = [{ protocol: 'tcp', address: '127.0.0.1', port: 8080 }]
    },
    ...{ from: 'laptop', to: 'node1', port: 8080, failure: 'refused' },
    seen: (rack) => [laptopToNode1(rack, 8080).ends('refused')],
    diagnose: { container: 'web' },
  },
  'wrong-gateway': {
    given: (rack) => {
      inside(rack, 'web').routes.find(({ destination }) => destination === 'default')!.gateway = '172.20.0.77'
    },
    ...{ from: 'web', to: 'laptop' },
    seen: (rack) => [
      journey(rack, '172.20.0.2', '192.168.1.50').asks('node1/web', 'eth0', '172.20.0.77').ends('unroutable'),
    ],
    diagnose: { container: 'web' },
  },
  'forwarding-off': {
    given: (rack) => {
      own(rack).forwards.ip4 = false
    },
    ...{ from: 'web', to: 'laptop' },
    seen: (rack) => [toHost(rack, 'web', ['172.20.0.2', '192.168.1.50']).ends('silent')],
    diagnose: { container: 'web' },
  },
  'no-masquerade': {
    given: (rack) => {
      own(rack).rules = own(rack).rules.filter(({ source }) => source !== '172.20.0.0/16')
    },
    ...{ from: 'web', to: 'laptop' },
    seen: (rack) => [
      toHost(rack, 'web', ['172.20.0.2', '192.168.1.50'])
        .by('node1', 'eth0', 'out')
        .by('laptop', 'eth0', 'in')
        .ends('silent'),
    ],
    diagnose: { container: 'web' },
  },
  'duplicate-address': {
    given: (rack) => {
      rack.container(node1(rack), 'third', { on: { my_net: '172.20.0.4' } })
      linkOf(rack, 'api').addresses.push({ family: 4, address: '172.20.0.2', prefix: 16, scope: 'global' })
    },
    ...{ from: 'third', to: 'web' },
    seen: (rack) => [across(rack, 'third', 'web', ['172.20.0.4', '172.20.0.2']).ends('silent')],
    diagnose: { container: 'web' },
  },
  'mtu-too-large': {
    given: (rack) => {
      linkOf(rack, 'web').mtu = 1300
    },
    ...{ from: 'api', to: 'web' },
    seen: (rack) => {
      const cut = () => toHost(rack, 'api', ['172.20.0.3', '172.20.0.2'], { length: 1500 }).ends('silent')
      const small = across(rack, 'api', 'web', ['172.20.0.3', '172.20.0.2'])
        .becomes({ source: '172.20.0.2', destination: '172.20.0.3' })
        .by('node1/web', 'eth0', 'out', { role: 'reply' })
        .by('node1/api', 'eth0', 'in', { role: 'reply' })
      return [small.ends('answered'), cut(), cut()]
    },
    diagnose: {
      container: 'api',
      network: { 'api ping 192.168.1.50 size 1472': quiet },
      given: (rack) => {
        rack.host('laptop').namespaces[0]!.links.find(({ lan }) => lan !== undefined)!.mtu = 1300
      },
    },
  },
  'vxlan-blocked': {
    rack: overlaid,
    given: (rack) =>
      rack.rule(node1(rack), {
        ...{ table: 'filter', chain: 'OUTPUT', protocol: 'udp', destinationPort: '4789', target: 'DROP' },
        text: '-A OUTPUT -p udp -m udp --dport 4789 -j DROP',
      }),
    ...{ from: 'app-node1', to: 'node2/app-node2' },
    seen: (rack) => {
      const hidden = node1(rack).namespaces.find(({ owner }) => owner.kind === 'engine')!
      const tunnel = hidden.links.find(({ kind }) => kind === 'vxlan')!
      const seen = journey(rack, '10.10.0.7', '10.10.0.8').by('node1/app-node1', 'eth0', 'out').ends('silent')
      const [first] = seen.sightings
      seen.sightings.push({ ...first!, atMs: 9, namespace: hidden.id, link: tunnel.name, linkIndex: tunnel.index })
      return [seen]
    },
    diagnose: { container: 'app-node1', network: { 'app-node1 ping 10.10.0.8': quiet } },
  },
  'node-gone': {
    rack: overlaid,
    given: (rack) => {
      rack.host('node2').engine!.swarm.state = 'inactive'
    },
    ...{ from: 'app-node1', to: 'node2/app-node2' },
    seen: (rack) => [journey(rack, '10.10.0.7', '10.10.0.8').by('node1/app-node1', 'eth0', 'out').ends('silent')],
    diagnose: { container: 'app-node1', network: { 'app-node1 ping 10.10.0.8': quiet } },
  },
  'link-cut': {
    given: (rack) => {
      rack.host('node2').namespaces[0]!.links.find(({ lan }) => lan !== undefined)!.carrier = false
    },
    ...{ from: 'laptop', to: 'node2', failure: 'unroutable' },
    seen: (rack) => [
      journey(rack, '192.168.1.50', '192.168.1.12').asks('laptop', 'eth0', '192.168.1.12').ends('unroutable'),
    ],
    diagnose: {
      container: 'web',
      given: (rack) => {
        linkOf(rack, 'web').up = false
      },
    },
  },
  'macvlan-host-to-child': {
    given: (rack) => {
      linkOf(rack, 'mac').lan = 'lan'
    },
    ...{ from: 'node1', to: 'mac', port: 80, failure: 'unroutable' },
    seen: (rack) => [
      journey(rack, '192.168.1.11', '192.168.1.70', tcp(80)).asks('node1', 'eth0', '192.168.1.70').ends('unroutable'),
    ],
    diagnose: { container: 'mac' },
  },
  'none-network': {
    ...{ from: 'lone', to: 'laptop', failure: 'unroutable' },
    seen: (rack) => [journey(rack, '0.0.0.0', '192.168.1.50').ends('unroutable')],
    diagnose: { container: 'lone' },
  },
  'icc-off': {
    given: (rack) => {
      networkNamed(rack, 'my_net').options['com.docker.network.bridge.enable_icc'] = 'false'
    },
    ...{ from: 'web', to: 'api' },
    seen: (rack) => [journey(rack, '172.20.0.2', '172.20.0.3').by('node1/web', 'eth0', 'out').ends('silent')],
    diagnose: { container: 'web', network: { 'web ping 172.20.0.3': quiet } },
  },
  'rule-drop': {
    given: dropInput,
    ...{ from: 'web', to: '172.20.0.1' },
    seen: (rack) => [
      toHost(rack, 'web', ['172.20.0.2', '172.20.0.1'])
        .meets('node1', { chain: 'INPUT', verdict: 'drop', rule: 'ip saddr 172.20.0.0/16 drop' })
        .ends('silent'),
    ],
    diagnose: { container: 'web', network: { 'web ping 172.20.0.1': quiet } },
  },
  'no-route': {
    given: (rack) =>
      inside(rack, 'web').routes.push({
        ...{ family: 4, table: 'main', type: 'blackhole', destination: '192.168.1.0/24' },
      }),
    ...{ from: 'web', to: 'laptop', failure: 'unroutable' },
    seen: (rack) => [journey(rack, '172.20.0.2', '192.168.1.50').ends('unroutable')],
    diagnose: { container: 'web' },
  },
  'unknown-name': {
    ...{ from: 'api', to: 'shop', name: true },
    diagnose: { container: 'web', network: { 'web dns api': [] } },
  },
  'not-running': {
    given: (rack) => {
      // It ends whenever it is started, and the packet comes when it has just ended.
      rack.find(node1(rack), 'api').restarts = { count: 4, startedAt: '2025-12-31T23:59:59.000Z' }
    },
    ...{ from: 'web', to: 'api' },
    seen: (rack) => [
      toHost(rack, 'web', ['172.20.0.2', '172.20.0.3']).by('node1', vethOf(rack, 'api'), 'out').ends('silent'),
    ],
    diagnose: { container: 'old' },
  },
  'no-such-address': {
    ...{ from: 'laptop', to: '192.168.1.99', failure: 'unroutable' },
    seen: (rack) => [
      journey(rack, '192.168.1.50', '192.168.1.99').asks('laptop', 'eth0', '192.168.1.99').ends('unroutable'),
    ],
    diagnose: {
      container: 'web',
      network: { 'web ping 172.20.0.1': quiet },
      given: (rack) => {
        own(rack).links.find(({ name }) => name === networkNamed(rack, 'my_net').bridge)!.addresses = []
      },
    },
  },
  'no-route-back': {
    given: (rack) => {
      inside(rack, 'api').routes = []
    },
    ...{ from: 'web', to: 'api' },
    seen: (rack) => [across(rack, 'web', 'api', ['172.20.0.2', '172.20.0.3']).ends('silent')],
    diagnose: { container: 'web', network: { 'web ping 172.20.0.3': quiet } },
  },
  'not-on-link': {
    given: (rack) => {
      rack.host('laptop').namespaces[0]!.routes.push({
        ...{ family: 4, destination: '172.20.0.0/16', device: 'eth0', table: 'main', type: 'unicast' },
      })
    },
    ...{ from: 'laptop', to: 'node1/web', failure: 'unroutable' },
    seen: (rack) => [
      journey(rack, '192.168.1.50', '172.20.0.2').asks('laptop', 'eth0', '172.20.0.2').ends('unroutable'),
    ],
  },
  'left-behind': {
    given: (rack) => {
      const web = rack.find(node1(rack), 'web')
      const child = rack.container(node1(rack), 'child', {
        ...{ on: {}, networkMode: `container:${web.id}`, sharesWith: 'web' },
      })
      expect(child.namespace).not.toBe(web.namespace)
    },
    ...{ from: 'child', to: 'laptop', failure: 'unroutable' },
    seen: (rack) => [journey(rack, '0.0.0.0', '192.168.1.50').ends('unroutable')],
    diagnose: { container: 'child' },
  },
  'hidden-by-subnet': {
    given: (rack) => {
      rack.network(node1(rack), { name: 'stack', subnet: '172.28.0.0/16' })
      rack
        .host('laptop')
        .namespaces[0]!.links.find(({ kind }) => kind === 'loopback')!
        .addresses.push({ family: 4, address: '172.28.5.20', prefix: 32, scope: 'global' })
    },
    ...{ from: 'web', to: '172.28.5.20' },
    seen: (rack) => [toHost(rack, 'web', ['172.20.0.2', '172.28.5.20']).ends('silent')],
    diagnose: {
      container: 'web',
      network: { 'web ping 192.168.1.50': quiet, 'node1 ping 192.168.1.50': quiet },
      given: (rack) => {
        rack.network(node1(rack), { name: 'clash', subnet: '192.168.1.48/28', gateway: '192.168.1.49' })
      },
    },
  },
  'same-mac': {
    given: (rack) => {
      rack.container(node1(rack), 'third', { on: { my_net: '172.20.0.4' } })
      linkOf(rack, 'third').mac = linkOf(rack, 'web').mac
    },
    ...{ from: 'api', to: 'web' },
    seen: (rack) => [
      toHost(rack, 'api', ['172.20.0.3', '172.20.0.2'])
        .by('node1', vethOf(rack, 'third'), 'out')
        .by('node1/third', 'eth0', 'in', { to: linkOf(rack, 'web').mac })
        .ends('silent'),
    ],
    diagnose: { container: 'web', network: { 'web ping 172.20.0.3': quiet } },
  },
  'wrong-neighbour': {
    given: (rack) =>
      inside(rack, 'web').neighbours.push({
        ...{ address: '172.20.0.3', device: 'eth0', mac: '02:00:00:00:00:99', state: 'PERMANENT' },
      }),
    ...{ from: 'web', to: 'api' },
    seen: (rack) => [toHost(rack, 'web', ['172.20.0.2', '172.20.0.3']).ends('silent')],
    diagnose: { container: 'web', network: { 'web ping 172.20.0.3': quiet } },
  },
  'tunnel-source': {
    rack: overlaid,
    given: (rack) => {
      const [one, two] = [rack.host('node1'), rack.host('node2')]
      one.engine!.swarm.nodeAddress = '192.168.1.111'
      two.engine!.swarm.nodeAddress = '192.168.1.12'
      one.namespaces[0]!.links.find(({ lan }) => lan !== undefined)!.addresses.push({
        family: 4,
        address: '192.168.1.111',
        prefix: 24,
        scope: 'global',
      })
      const hidden = two.namespaces.find(({ owner }) => owner.kind === 'engine')!
      hidden.forwarding.push({
        ...{ mac: linkOf(rack, 'app-node1').mac, device: 'vxlan0', destination: '192.168.1.111', state: 'permanent' },
      })
    },
    ...{ from: 'app-node1', to: 'node2/app-node2' },
    seen: (rack) => {
      const seen = journey(rack, '10.10.0.7', '10.10.0.8').by('node1/app-node1', 'eth0', 'out').ends('silent')
      const two = rack.host('node2').namespaces[0]!
      const link = two.links.find(({ lan }) => lan !== undefined)!
      const outer = { version: 4, hops: 64, length: 134, dontFragment: false, protocol: 'udp' } as const
      const inner = { ...seen.sightings[0]!.frame, source: linkOf(rack, 'app-node1').mac }
      seen.sightings.push({
        ...{ atMs: 9, host: 'node2', namespace: two.id, link: link.name, linkIndex: link.index },
        ...{ direction: 'in', role: 'request' },
        frame: {
          ...{ length: 148, destination: link.mac, vxlan: { id: 4097, inner } },
          ip: { ...outer, source: '192.168.1.11', destination: '192.168.1.12', destinationPort: 4789 },
        },
      })
      return [seen]
    },
    diagnose: { container: 'app-node1', network: { 'app-node1 ping 10.10.0.8': quiet } },
  },
  'untranslated-answer': {
    given: (rack) =>
      rack.rule(node1(rack), {
        ...{ table: 'raw', chain: 'PREROUTING', protocol: 'tcp', sourcePort: '80', target: 'CT' },
        text: '-A PREROUTING -p tcp -m tcp --sport 80 -j CT --notrack',
      }),
    ...{ from: 'laptop', to: 'node1', port: 8080 },
    seen: (rack) => [
      laptopToNode1(rack, 8080)
        .becomes({ destination: '172.20.0.2', destinationPort: 80 })
        .by('node1', vethOf(rack, 'web'), 'out')
        .by('node1/web', 'eth0', 'in')
        .becomes({ source: '172.20.0.2', sourcePort: 80, destination: '192.168.1.50', destinationPort: 40_000 })
        .by('laptop', 'eth0', 'in', { role: 'reply' })
        .ends('silent'),
    ],
  },
  'unmade-port': {
    given: (rack) => {
      const shut = rack.container(node1(rack), 'shut', { on: { inner: undefined }, listens: [80] })
      shut.wants.push({ protocol: 'tcp', containerPort: 80, hostAddress: '', hostPort: 8082 })
    },
    ...{ from: 'laptop', to: 'node1', port: 8082, failure: 'refused' },
    seen: (rack) => [laptopToNode1(rack, 8082).ends('refused')],
    diagnose: { container: 'shut' },
  },
  'default-nameservers': {
    given: (rack) => {
      const client = rack.find(node1(rack), 'client')
      client.dns = { ...client.dns, nameservers: ['8.8.8.8', '8.8.4.4'], usesDefaults: true }
    },
    ...{ from: 'client', to: 'intranet.example', name: true },
    diagnose: { container: 'client', network: { 'client dns vethlab.invalid': quiet } },
  },
  'shared-name': { from: 'api', to: 'web' },
  'reverse-path': {
    // What is for api goes by docker0 from here, and comes by the bridge of my_net.
    given: (rack) => {
      const bridge = own(rack).links.find(({ name }) => name === 'docker0')!
      const [link] = own(rack).links.filter(({ lan }) => lan !== undefined)
      link!.reversePath = 'strict'
      own(rack).routes.push({
        ...{ family: 4, destination: '192.168.1.50/32', device: bridge.name, table: 'main', type: 'unicast' },
      })
    },
    ...{ from: 'laptop', to: 'node1', port: 80 },
    seen: (rack) => [laptopToNode1(rack, 80).ends('silent')],
    diagnose: {
      container: 'web',
      network: { 'web ping 172.20.0.3': quiet },
      given: (rack) => {
        linkOf(rack, 'api').reversePath = 'strict'
        inside(rack, 'api').links.push(rack.link({ name: 'eth1', kind: 'veth', address: '172.20.0.77' }))
        inside(rack, 'api').routes.unshift({
          ...{ family: 4, destination: '172.20.0.2/32', device: 'eth1', table: 'main', type: 'unicast' },
        })
      },
    },
  },
  'full-queue': {
    given: (rack) => {
      for (const socket of inside(rack, 'web').sockets) socket.full = { waiting: 2, most: 1 }
    },
    ...{ from: 'api', to: 'web', port: 80 },
    seen: (rack) => [across(rack, 'api', 'web', ['172.20.0.3', '172.20.0.2'], tcp(80)).ends('silent')],
    diagnose: { container: 'web', network: { 'laptop tcp 192.168.1.11:8080': quiet } },
  },
  'bridge-port': {
    given: (rack) => {
      own(rack).links.find(({ name }) => name === vethOf(rack, 'web'))!.port = { state: 'disabled' }
    },
    ...{ from: 'api', to: 'web' },
    seen: (rack) => [toHost(rack, 'api', ['172.20.0.3', '172.20.0.2']).ends('silent')],
    diagnose: { container: 'web', network: { 'web ping 172.20.0.3': quiet } },
  },
  discipline: {
    given: (rack) => {
      own(rack).links.find(({ name }) => name === vethOf(rack, 'web'))!.loses = { share: 1, by: 'blackhole' }
    },
    ...{ from: 'api', to: 'web' },
    seen: (rack) => [toHost(rack, 'api', ['172.20.0.3', '172.20.0.2']).ends('silent')],
    diagnose: { container: 'web', network: { 'web ping 172.20.0.3': quiet } },
  },
  'no-task': {
    rack: overlaid,
    given: (rack) => {
      const [shop] = rack.host('node1').engine!.swarm.services
      Object.assign(shop!, { replicas: 0, running: 0, tasks: [] })
    },
    ...{ from: 'app-node1', to: '10.10.0.2', port: 80, failure: 'refused' },
    seen: (rack) => [
      journey(rack, '10.10.0.7', '10.10.0.2', tcp(80)).by('node1/app-node1', 'eth0', 'out').ends('silent'),
    ],
  },
  'no-ipvs': {
    rack: overlaid,
    given: (rack) => {
      own(rack).virtualServers = 'none'
    },
    ...{ from: 'app-node1', to: '10.10.0.2', port: 80 },
    seen: (rack) => [
      journey(rack, '10.10.0.7', '10.10.0.2', tcp(80)).asks('node1/app-node1', 'eth0', '10.10.0.2').ends('unroutable'),
    ],
  },
  'no-esp': {
    rack: overlaid,
    given: (rack) => {
      networkNamed(rack, 'app_net').options.encrypted = ''
      const policy = { direction: 'out', source: '192.168.1.11', destination: '192.168.1.12' } as const
      own(rack).encryption = { policies: [policy], associations: [] }
    },
    ...{ from: 'app-node1', to: 'node2/app-node2', port: 80 },
    seen: (rack) => [
      journey(rack, '10.10.0.7', '10.10.0.8', tcp(80)).by('node1/app-node1', 'eth0', 'out').ends('silent'),
    ],
    diagnose: { container: 'app-node1', network: { 'app-node1 ping 10.10.0.8': quiet } },
  },
  'gossip-blocked': {
    rack: overlaid,
    given: (rack) => {
      for (const protocol of ['tcp', 'udp'])
        rack.rule(node1(rack), {
          ...{ table: 'filter', chain: 'INPUT', protocol, destinationPort: '7946', target: 'DROP' },
          text: `-A INPUT -p ${protocol} -m ${protocol} --dport 7946 -j DROP`,
        })
    },
    ...{ from: 'app-node1', to: 'app-node2', name: true },
    diagnose: { container: 'app-node1', network: { 'app-node1 dns app-node2': { outcome: 'no', records: [] } } },
  },
  'ttl-exceeded': {
    ...{ from: 'laptop', to: 'node1' },
    seen: (rack) => [
      journey(rack, '192.168.1.50', '192.168.1.11')
        .by('laptop', 'eth0', 'out')
        .becomes({
          ...{ source: '192.168.1.11', destination: '192.168.1.50', protocol: 'icmp', icmp: { type: 11, code: 0 } },
        })
        .by('laptop', 'eth0', 'in', { role: 'error' })
        .ends('silent'),
    ],
  },
  'proxy-arp': {
    rack: swarmRack,
    given: (rack) => {
      const link = rack.host('node2').namespaces[0]!.links.find(({ lan }) => lan !== undefined)!
      link.proxyArp = true
      rack.host('laptop').namespaces[0]!.neighbours.push({
        ...{ address: '192.168.1.11', device: 'eth0', mac: link.mac, state: 'REACHABLE' },
      })
    },
    ...{ from: 'laptop', to: 'node1', port: 8080 },
    seen: (rack) => {
      const link = rack.host('node2').namespaces[0]!.links.find(({ lan }) => lan !== undefined)!
      return [
        journey(rack, '192.168.1.50', '192.168.1.11', tcp(8080))
          .asks('laptop', 'eth0', '192.168.1.11', link.mac)
          .by('laptop', 'eth0', 'out', { to: link.mac })
          .by('node2', link.name, 'in')
          .ends('silent'),
      ]
    },
  },
  astray: {
    given: (rack) => {
      own(rack).routes = own(rack).routes.filter(({ destination }) => destination !== '172.20.0.0/16')
    },
    ...{ from: 'laptop', to: 'node1', port: 8080 },
    seen: (rack) => [
      laptopToNode1(rack, 8080)
        .becomes({ destination: '172.20.0.2', destinationPort: 80 })
        .by('node1', 'eth0', 'out')
        .ends('silent'),
    ],
    diagnose: { container: 'web', network: { 'laptop tcp 192.168.1.11:8080': quiet } },
  },
  offline: {
    given: (rack) => {
      rack.state.offline = true
    },
    ...{ from: 'laptop', to: '8.8.8.8' },
    seen: (rack) => [
      journey(rack, '192.168.1.50', '8.8.8.8')
        .by('laptop', 'eth0', 'out')
        .lan('lan', 'laptop', 'in')
        .becomes({ source: '192.168.1.1', destination: '192.168.1.50', icmp: { type: 3, code: 1 } })
        .by('laptop', 'eth0', 'in', { role: 'error' })
        .ends('silent'),
    ],
    diagnose: {
      container: 'web',
      network: {
        'web dns vethlab.invalid': { ...quiet, cause: 'refused' },
        'node1 dns vethlab.invalid': { ...quiet, cause: 'refused' },
      },
    },
  },
  'kept-address': { from: 'api', to: 'web', port: 80 },
  'connection-limit': {
    given: (rack) =>
      rack.rule(node1(rack), {
        ...{ table: 'filter', chain: 'INPUT', protocol: 'tcp', destinationPort: '80', target: 'DROP' },
        text: '-A INPUT -p tcp -m tcp --dport 80 -m connlimit --connlimit-above 2 --connlimit-mask 32 --connlimit-saddr -j DROP',
      }),
    ...{ from: 'web', to: '172.20.0.1', port: 80 },
    seen: (rack) => [
      toHost(rack, 'web', ['172.20.0.2', '172.20.0.1'], tcp(80))
        .meets('node1', { chain: 'INPUT', verdict: 'drop', rule: 'tcp dport 80 ct count over 2 drop' })
        .ends('silent'),
    ],
  },
  'ipv6-off': {
    given: (rack) => {
      const { links } = inside(rack, 'web')
      links.find(({ name }) => name === 'eth0')!.ipv6Off = true
      inside(rack, 'api').routes.push({
        ...{ family: 6, destination: 'fd00:20::/64', device: 'eth0', table: 'main', type: 'unicast' },
      })
      node1(rack).disagreements.push({
        ...{ about: 'container web on my_net', engine: 'fd00:20::2', kernel: 'no such address' },
      })
    },
    ...{ from: 'api', to: 'fd00:20::2', port: 80, failure: 'unroutable' },
    seen: (rack) => [journey(rack, '172.20.0.3', 'fd00:20::2', tcp(80)).ends('unroutable')],
    diagnose: { container: 'web' },
  },
  'one-way-tracking': { from: 'api', to: 'web', port: 80 },
  'no-reply': { from: 'api', to: 'web', port: 80 },
  'wrong-protocol': { from: 'api', to: 'web', port: 80 },
  'hosts-entry': {
    ...{ from: 'api', to: 'web' },
    diagnose: {
      container: 'web',
      network: { 'web dns api': ['172.20.0.9'] },
      given: (rack) => rack.find(node1(rack), 'web').dns.hosts.push({ address: '172.20.0.9', names: ['api'] }),
    },
  },
  paused: {
    given: (rack) => {
      rack.find(node1(rack), 'web').state = 'paused'
    },
    ...{ from: 'api', to: 'web', port: 80 },
    seen: (rack) => [
      across(rack, 'api', 'web', ['172.20.0.3', '172.20.0.2'], tcp(80))
        .becomes({ source: '172.20.0.2', sourcePort: 80, destination: '172.20.0.3', destinationPort: 40_000 })
        .by('node1/api', 'eth0', 'in', { role: 'reply' })
        .ends('answered'),
    ],
    diagnose: { container: 'web', network: { 'laptop tcp 192.168.1.11:8080': quiet } },
  },
  'neighbour-blocked': {
    given: (rack) => {
      own(rack).rules.push({
        ...{ family: 'arp', table: 'filter', chain: 'INPUT', position: 1, target: 'DROP', text: '-A INPUT -j DROP' },
      })
    },
    given6: (rack) => {
      own(rack).rules.push({
        ...{ family: 'ip6', table: 'filter', chain: 'INPUT', position: 1, protocol: 'ipv6-icmp', target: 'DROP' },
        text: '-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 135 -j DROP',
      })
    },
    ...{ from: 'laptop', to: 'node1' },
    seen: (rack) => [
      journey(rack, '192.168.1.50', '192.168.1.11').asks('laptop', 'eth0', '192.168.1.11').ends('silent'),
    ],
    diagnose: {
      container: 'web',
      network: { 'web ping 172.20.0.3': quiet },
      given: (rack) => {
        const namespace = inside(rack, 'api')
        namespace.rules.push({
          ...{ family: 'arp', table: 'filter', chain: 'INPUT', position: 1, target: 'DROP', text: '-A INPUT -j DROP' },
        })
      },
    },
  },
  'loopback-kept-in': {
    given: (rack) => {
      node1(rack).namespaces[0]!.sockets = []
      node1(rack).namespaces[0]!.chains.push({
        family: 'ip',
        table: 'nat',
        name: 'OUTPUT',
        hook: 'output',
        policy: 'ACCEPT',
      })
      rack.rule(node1(rack), {
        ...{
          table: 'nat',
          chain: 'OUTPUT',
          protocol: 'tcp',
          destinationPort: '8080',
          target: 'DNAT',
          to: '172.20.0.2:80',
        },
        text: '-A OUTPUT -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.20.0.2:80',
      })
    },
    ...{ from: 'node1', to: '127.0.0.1', port: 8080 },
    seen: (rack) => [journey(rack, '127.0.0.1', '127.0.0.1', tcp(8080)).ends('silent')],
  },
  'ping-ignored': {
    given: (rack) => {
      inside(rack, 'api').ignoresPings = [4, 6]
    },
    ...{ from: 'web', to: 'api' },
    seen: (rack) => [across(rack, 'web', 'api', ['172.20.0.2', '172.20.0.3']).ends('silent')],
    diagnose: { container: 'web', network: { 'web ping 172.20.0.3': quiet } },
  },
  unknown: {
    ...{ from: 'web', to: 'api' },
    seen: (rack) => [across(rack, 'web', 'api', ['172.20.0.2', '172.20.0.3']).ends('silent')],
  },
}

function rackOf({ rack: make = standardRack, given }: Row): StateBuilder {
  const rack = make()
  rack.state.lans.push({ name: 'lan', subnet: '192.168.1.0/24', gateway: '192.168.1.1', mtu: 1500 })
  given?.(rack)
  return rack
}

function ends(row: Row, rack: StateBuilder) {
  const from = find(row.from, rack.state, 'node1') as LivePlace
  const meant = /^[0-9.]+$/.test(row.to) ? undefined : find(row.to, rack.state, 'node1')
  const [address = row.to] = isLive(meant) ? addressesTowards(from, meant) : []
  return { state: rack.state, home: 'node1', from, ...(meant ? { meant } : {}), address }
}

function attemptOf(row: Row, rack: StateBuilder) {
  const port = row.port === undefined ? {} : { port: row.port }
  return { ...ends(row, rack), protocol: row.port === undefined ? ('icmp' as const) : ('tcp' as const), ...port }
}

function byState(row: Row) {
  const rack = rackOf(row)
  if (row.name) return causeOfName({ ...ends(row, rack), name: row.to })
  return causeForeseen(attemptOf(row, rack), row.failure)
}

/** A check that fails as the row says. */
async function inCheck(row: Row): Promise<string> {
  const rack = rackOf(row)
  const { address } = ends(row, rack)
  const at = row.port === undefined ? `ping ${address}` : `tcp ${address}:${row.port}`
  const answer = { outcome: 'no', cause: row.failure ?? 'silent', detail: '' } as const
  const spec = { from: row.from, to: row.to, ...(row.port === undefined ? {} : { port: row.port }) }
  return whyOfCheck(rack, row.name ? { ...spec, by: 'name' } : spec, { [`${row.from} ${at}`]: answer })
}

const netdiagParts = join(filesDirectory, 'usr', 'local', 'lib', 'netdiag')
const netdiag = readdirSync(netdiagParts)
  .map((part) => readFileSync(join(netdiagParts, part), 'utf8'))
  .join('\n')

/** Whether it is visible there: by what is done to a rack, not by what is said of it. */
const visible: Record<(typeof views)[number], (kind: CauseKind, row: Row) => Promise<boolean>> = {
  state: async ({ code }, row) => byState(row)?.code === code,
  sight: async ({ code }, row) => {
    if (!row.seen) return false
    const question: Omit<TraceQuestion, 'home'> = {
      from: row.from,
      to: attemptOf(row, rackOf(row)).address,
      ...(row.port === undefined ? {} : { port: row.port }),
    }
    const rack = rackOf(row)
    const story = await traced(rack, question, row.seen(rack))
    return story.cause?.code === code
  },
  check: async (_kind, row) => {
    const why = await inCheck(row).catch((error: Error) => error.message)
    const rack = rackOf(row)
    const cause = row.name ? byState(row)! : causeOf(attemptOf(row, rack), row.failure ?? 'silent')
    return why === cause.what.en && cause.code === _kind.code
  },
  diagnose: async ({ code }, row) => {
    if (!row.diagnose) return false
    const { container, network, given = row.given } = row.diagnose
    const rack = rackOf({ ...row, ...(given ? { given } : {}) })
    const found = await diagnosed(rack, container, network)
    return found.some(({ cause }) => cause === code)
  },
  // Where its source names the cause of a finding; that it finds it, incidents show on real hosts.
  netdiag: async ({ code }) => new RegExp(`(?:-c|reason|echo|cause=)\\s*${code}(?![\\w-])`).test(netdiag),
}

/** The same fault with both families, asked for by the address of IPv6. */
const withIp6 = {
  state: async (row: Row) => {
    const rack = rackOf(row)
    const attempt = attemptOf(row, rack)
    addIp6(rack.state)
    row.given6?.(rack)
    return causeForeseen({ ...attempt, address: six(attempt.address) }, row.failure)
  },
  sight: async (row: Row) => {
    const rack = rackOf(row)
    const { address } = attemptOf(row, rack)
    const seen = row.seen!(rack).map(seenWithIp6)
    addIp6(rack.state)
    row.given6?.(rack)
    const port = row.port === undefined ? {} : { port: row.port }
    return (await traced(rack, { from: row.from, to: six(address), ...port }, seen)).cause
  },
}

describe.each(causeKinds.filter(({ code }) => !table[code].name))('$code, with IPv6', (kind) => {
  const row = table[kind.code]
  it.each(['state', 'sight'] as const)('is visible by %s as with IPv4, or it is written down why not', async (view) => {
    if (kind.hidden[view] !== undefined) return
    const found = await withIp6[view](row)
    if (kind.onlyIp4 !== undefined) return expect(found?.code).not.toBe(kind.code)
    expect(found?.code).toBe(kind.code)
    // What a tunnel is made of is of IPv4, whatever goes through it.
    if (kind.code === 'vxlan-blocked') return
    const said = [found!.what, ...found!.tries].map(({ en, zh }) => `${en}\n${zh}`).join('\n')
    expect(said).not.toMatch(/\biptables |net\.ipv4|\bARP\b|0\.0\.0\.0|\bip route (add|del|replace)/)
  })
})

describe.each(causeKinds)('$code', (kind) => {
  const row = table[kind.code]
  it.each(views)('is visible by %s, or it is written down why not', async (view) => {
    const reason = kind.hidden[view]
    expect(await visible[view](kind, row)).toBe(reason === undefined)
    if (reason !== undefined) expect(reason.length).toBeGreaterThan(20)
  })

  it('is found by what its file says', () => {
    const { byState: state, bySight: sight, byName: name, hidden } = kind
    // What a trace and a large packet tell has finders of its own.
    if (['unknown', 'mtu-too-large', 'shared-name', 'hosts-entry'].includes(kind.code)) return
    expect(Boolean(state ?? name)).toBe(hidden.state === undefined)
    expect(Boolean(sight)).toBe(hidden.sight === undefined)
  })

  it('is said in both languages, with evidence and what to try', () => {
    const { what, evidence, tries } = kind.example
    expectReadable(what)
    for (const one of tries) expectReadable(one)
    expect(evidence).not.toEqual([])
    expect(tries).not.toEqual([])
  })
})

it('has a row and a file for each cause', () => {
  expect(causeKinds.map(({ code }) => code)).toEqual([...causeCodes])
  expect(Object.keys(table).toSorted()).toEqual([...causeCodes].toSorted())
})

it('does not take an address of IPv6 for claimed by two where the second one found it taken', () => {
  const row = table['duplicate-address']
  const rack = rackOf(row)
  const { address } = attemptOf(row, rack)
  addIp6(rack.state)
  const claims = () => claimsOf(six(address), rack.state).map(({ place }) => place.label)
  expect(claims()).toHaveLength(2)
  const second = rack.state.hosts
    .flatMap(({ namespaces }) => namespaces.flatMap(({ links }) => links.flatMap(({ addresses }) => addresses)))
    .findLast((own) => own.address === six(address))!
  second.failed = true
  expect(claims()).toEqual([])
})

it('tells IPv6 that is switched off in the one that sends, and not where its network is without', () => {
  const row = table['ipv6-off']
  const rack = rackOf(row)
  networkNamed(rack, 'my_net').internal = false
  const ask = (to: string) =>
    causeForeseen({
      ...{ state: rack.state, home: 'node1', from: find('web', rack.state, 'node1') as LivePlace, address: to },
      protocol: 'icmp',
    })
  const cause = ask('fd00:1::50')
  expect(cause?.code).toBe('ipv6-off')
  expect(cause?.what.en).toContain('has neither that address nor an IPv6 route')
  node1(rack).disagreements = []
  expect(ask('fd00:1::50')?.code).toBe('no-route')
})

it('does not take a rule of IP for the cause where frames on a bridge meet none', () => {
  const row = table['icc-off']
  const rack = rackOf(row)
  rack.rule(node1(rack), {
    ...{ table: 'filter', chain: 'DOCKER-USER', source: '172.20.0.2', target: 'DROP' },
    text: '-A DOCKER-USER -s 172.20.0.2 -j DROP',
  })
  expect(causeForeseen(attemptOf(row, rack))?.code).toBe('docker-user-drop')
  own(rack).bridgedMeetsRules = { ip4: false, ip6: true }
  expect(causeForeseen(attemptOf(row, rack))).toBeUndefined()
})

it('enters a namespace of the Engine by its file', () => {
  const rack = swarmRack()
  const place = placesOf(rack.state).find(({ namespace }) => namespace.owner.kind === 'engine')!
  expect(commandIn(place, 'ip link')).toBe('nsenter --net=/run/docker/netns/1-app_net ip link')
})

it('lets the Engine make the end of an overlay anew whose link is down', () => {
  const rack = overlaid()
  const { id } = networkNamed(rack, 'app_net')
  const hidden = rack.state.hosts.map(({ namespaces }) => namespaces.find(({ owner }) => owner.kind === 'engine')!)
  for (const namespace of hidden.slice(0, 2)) namespace.owner = { kind: 'engine', name: `1-${id.slice(0, 10)}` }
  hidden[1]!.links.find(({ kind }) => kind === 'vxlan')!.up = false
  const [from, meant] = ['app-node1', 'node2/app-node2'].map((one) => find(one, rack.state, 'node1') as LivePlace)
  const cause = causeForeseen({
    ...{ state: rack.state, home: 'node1', from: from!, meant: meant!, address: '10.10.0.8', protocol: 'icmp' },
  })
  expect(cause).toMatchObject({ code: 'link-cut' })
  expect(cause!.tries[0]!.en).toContain('`docker stop app-node2`, then `docker start app-node2`')
})
