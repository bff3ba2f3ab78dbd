import { describe, expect, it } from 'vitest'
import { drawMap } from '../../server/map/draw-map.js'
import type { NetworkMap } from '../../server/map/map.js'
import type { NetworkState } from '../../server/network/state.js'
import {
  capturedState,
  container,
  edited,
  element,
  factOf,
  home,
  host,
  namespaceOf,
  shuffled,
  standardState,
  swarmState,
  tie,
} from './states.js'

const states: [string, () => NetworkState][] = [
  ['captured', capturedState],
  ['standard', standardState],
  ['swarm', swarmState],
]

function expectWhole({ elements, ties }: NetworkMap): void {
  const ids = elements.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  expect(new Set(ties.map(({ id }) => id)).size).toBe(ties.length)
  for (const [index, { id, parent, sentence }] of elements.entries()) {
    if (parent !== undefined) expect(ids.slice(0, index), id).toContain(parent)
    for (const words of [sentence.en, sentence.zh]) expect(words, id).toMatch(/^\S.*[.。]$/)
  }
  for (const { id, from, to } of ties) {
    expect(ids, id).toContain(from)
    expect(ids, id).toContain(to)
    expect(from).not.toBe(to)
  }
}

describe.each(states)('the map of the %s state', (_name, make) => {
  it('is whole: ends of ties exist, parents come first, ids are unique, sentences end', () => {
    expectWhole(drawMap(make()))
  })

  it('is the same, whatever the order in which tools and Engine tell', () => {
    const state = make()
    const map = drawMap(state)
    for (const seed of [1, 2, 3]) {
      const other = drawMap(shuffled(state, seed))
      expect(other.elements.map(({ id, label, notes, state: up }) => ({ id, label, notes, up }))).toEqual(
        map.elements.map(({ id, label, notes, state: up }) => ({ id, label, notes, up })),
      )
      expect(other.ties).toEqual(map.ties)
    }
  })

  it('has each tie within a sentence of both languages, with names as code', () => {
    for (const { sentence } of drawMap(make()).ties) {
      for (const words of [sentence.en, sentence.zh]) expect(words).toMatch(/`.+`/)
      expect(sentence.zh).toMatch(/[\u4e00-\u9fff]/)
    }
  })
})

/** What an Engine names anew whenever it makes something, as the fixtures have it. */
function namesOf(state: NetworkState) {
  const bridgeOf = (name: string) => host(state, 'node1').engine!.networks.find((one) => one.name === name)!.bridge!
  const leg = (name: string, network: string) => {
    const found = container(state, name)
    return { ...found.endpoints.find((one) => one.network === network)!, namespace: found.namespace }
  }
  const task = (name: 'node1' | 'node2') =>
    host(state, name).engine!.containers.find((one) => one.name.startsWith('svc.'))!
  const pin = (id: string | undefined) => host(state, 'node1').namespaces.find((one) => one.id === id)!.names[0]!
  const web = leg('web', 'my_net')
  return {
    myNet: bridgeOf('my_net'),
    six: bridgeOf('six'),
    web: { hostLink: web.hostLink, namespace: pin(web.namespace) },
    api: leg('api', 'my_net'),
    balancer: balancerOf(state),
    tasks: {
      node1: task('node1').name,
      node2: task('node2').name,
      mac2: task('node2').endpoints.find(({ network }) => network === 'ov')!.mac!,
    },
  }
}

const balancerOf = (state: NetworkState) =>
  host(state, 'node1')
    .namespaces.flatMap(({ names }) => names)
    .find((name) => name.startsWith('lb_'))!

const made = namesOf(capturedState())

describe('what real hosts had', () => {
  const state = capturedState()
  const map = drawMap(state)

  it('is all there, in the order of reading', () => {
    expect(map.elements.map(({ id }) => id)).toEqual([
      'lan:lan',
      'host:node1',
      'node1/interface:eth0',
      ...[made.myNet, made.six].toSorted().map((bridge) => `node1/bridge:${bridge}`),
      'node1/bridge:docker0',
      'node1/bridge:docker_gwbridge',
      'node1/bridge:overlay:ingress:br0',
      'node1/bridge:overlay:ov:br0',
      'node1/vxlan:overlay:ingress:vxlan0',
      'node1/vxlan:overlay:ov:vxlan0',
      'node1/container:api',
      'node1/container:asleep',
      'node1/container:hosty',
      'node1/container:lonely',
      'node1/container:mac',
      'node1/container:ovbox',
      'node1/container:side',
      `node1/container:${made.tasks.node1}`,
      'node1/container:web',
      'node1/namespace:ingress_sbox',
      `node1/namespace:${made.balancer}`,
      'node1/port:*:5353/udp',
      'node1/port:*:8080/tcp',
      'node1/port:127.0.0.1:8081/tcp',
      'node1/port:*:9000/tcp',
      'host:node2',
      'node2/interface:eth0',
      'node2/bridge:docker0',
      'node2/bridge:docker_gwbridge',
      'node2/bridge:overlay:ingress:br0',
      'node2/bridge:overlay:ov:br0',
      'node2/vxlan:overlay:ingress:vxlan0',
      'node2/vxlan:overlay:ov:vxlan0',
      `node2/container:${made.tasks.node2}`,
      'node2/namespace:ingress_sbox',
      `node2/namespace:${made.balancer}`,
      'node2/port:*:9000/tcp',
      'host:laptop',
      'laptop/interface:eth0',
      'service:svc',
    ])
  })

  it('calls bridges after their networks, and tells what is on them', () => {
    expect(element(map, `node1/bridge:${made.myNet}`)).toMatchObject({
      label: 'my_net',
      notes: [made.myNet, '172.18.0.0/16'],
      state: 'up',
      sentence: {
        en: `Bridge \`${made.myNet}\` of \`node1\` is Docker network \`my_net\`; it has \`172.18.0.1/16\` of subnet \`172.18.0.0/16\`; on it are \`web\` (\`eth0\`, over \`${made.web.hostLink}\`) and \`api\` (\`eth1\`, over \`${made.api.hostLink}\`).`,
      },
    })
    expect(element(map, 'node1/bridge:docker0')).toMatchObject({ label: 'docker0', state: 'up' })
    expect(element(map, 'node1/bridge:overlay:ov:br0')).toMatchObject({
      label: 'ov',
      notes: ['overlay', '10.0.1.0/24'],
    })
  })

  it('ties containers to bridges, parents, hosts, each other and services', () => {
    expect(tie(map, 'veth:node1/container:web:eth0')).toMatchObject({
      kind: 'veth',
      from: `node1/bridge:${made.myNet}`,
      to: 'node1/container:web',
      fromLabel: made.web.hostLink,
      toLabel: 'eth0',
      state: 'up',
    })
    expect(tie(map, 'child:node1/container:mac:eth0')).toMatchObject({
      to: 'node1/interface:eth0',
      toLabel: 'macvlan bridge',
    })
    expect(tie(map, 'shares:node1/container:hosty')).toMatchObject({ to: 'host:node1' })
    expect(tie(map, 'shares:node1/container:side')).toMatchObject({ to: 'node1/container:web' })
    expect(tie(map, 'cable:laptop/interface:eth0')).toMatchObject({ to: 'lan:lan', state: 'up' })
    expect(map.ties.filter(({ kind }) => kind === 'task').map(({ to }) => to)).toEqual([
      `node1/container:${made.tasks.node1}`,
      `node2/container:${made.tasks.node2}`,
    ])
    const lonely = map.ties.filter(({ from, to }) => [from, to].includes('node1/container:lonely'))
    expect(lonely).toEqual([])
  })

  it('has tunnels between the hosts that a network is on, and says what their ends know', () => {
    const id = 'tunnel:node1/vxlan:overlay:ov:vxlan0~node2/vxlan:overlay:ov:vxlan0'
    expect(tie(map, id)).toMatchObject({ kind: 'tunnel', state: 'up' })
    expect(map.ties.filter(({ kind }) => kind === 'tunnel')).toHaveLength(2)
    expect(factOf(map, 'node1/vxlan:overlay:ov:vxlan0', 'Forwarding entries')).toContain(
      `${made.tasks.mac2} dev vxlan0 dst 192.168.1.12 permanent`,
    )
  })

  it('has published ports with the rule that makes them so, and sees where it is missing', () => {
    expect(element(map, 'node1/port:*:8080/tcp')).toMatchObject({ state: 'up', label: '8080/tcp' })
    expect(factOf(map, 'node1/port:*:8080/tcp', 'DNAT rules')).toEqual([
      `nat: -A DOCKER ! -i ${made.myNet} -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.18.0.2:80`,
    ])
    expect(element(map, 'node1/port:127.0.0.1:8081/tcp').notes).toContain('127.0.0.1')
    const flushed = edited(state, (copy) => {
      home(copy).rules = home(copy).rules.filter(({ target }) => target !== 'DNAT')
    })
    const proxied = drawMap(flushed)
    expect(element(proxied, 'node1/port:*:8080/tcp')).toMatchObject({ state: 'up' })
    expect(element(proxied, 'node1/port:*:8080/tcp').sentence.en).toContain("only Docker's proxy listens")
    const deaf = drawMap(edited(flushed, (copy) => home(copy).sockets.splice(0)))
    expect(element(deaf, 'node1/port:*:8080/tcp')).toMatchObject({ state: 'down' })
    expect(tie(deaf, 'publishes:node1/port:*:8080/tcp~node1/container:web')).toMatchObject({ state: 'down' })
  })

  it('tells rules by chain for hosts, and for bridges those that name them', () => {
    expect(factOf(map, 'host:node1', 'Rules of filter DOCKER-USER')).toEqual([
      '-A DOCKER-USER -s 192.168.1.50/32 -p tcp -m tcp --dport 8080 -j DROP',
      '-A DOCKER-USER -j RETURN',
    ])
    expect(factOf(map, 'host:node1', 'Rules of filter FORWARD')[0]).toBe('-P FORWARD DROP')
    const named = factOf(map, `node1/bridge:${made.myNet}`, 'Rules that name it')
    expect(named.length).toBeGreaterThan(5)
    expect(named.every((line) => line.includes(made.myNet))).toBe(true)
  })

  it('has commands that can be typed', () => {
    const texts = map.elements.flatMap(({ commands }) => commands.map(({ text }) => text))
    expect(texts).toContain('ip addr show docker0')
    expect(texts).toContain('docker network inspect my_net')
    expect(texts).toContain("docker inspect -f '{{json .NetworkSettings.Networks}}' web")
    expect(texts).toContain("ss -lnt 'sport = :8080'")
  })
})

describe('what is broken is drawn as broken', () => {
  it('a cut cable', () => {
    const cut = drawMap(
      edited(capturedState(), (copy) => {
        home(copy, 'node2').links.find(({ name }) => name === 'eth0')!.carrier = false
      }),
    )
    expect(tie(cut, 'cable:node2/interface:eth0')).toMatchObject({ state: 'down' })
    expect(element(cut, 'node2/interface:eth0').state).toBe('down')
    expect(element(cut, 'lan:lan').sentence.en).toContain('`node2` (`192.168.1.12`), cut off')
    const tunnel = cut.ties.filter(({ kind }) => kind === 'tunnel')
    expect(tunnel.map(({ state }) => state)).toEqual(['down', 'down'])
  })

  it('containers that do not run', () => {
    const map = drawMap(standardState())
    expect(element(map, 'node1/container:old')).toMatchObject({ state: 'down', notes: ['exited (137)'] })
    expect(element(map, 'node1/container:web')).toMatchObject({ state: 'up', notes: ['172.20.0.2/16'] })
  })

  it('what a health check says of a container', () => {
    const drawn = (status: string) =>
      drawMap(
        edited(standardState(), (copy) => {
          container(copy, 'web').health = { status, failures: 3 }
        }),
      )
    const [sick, well] = [drawn('unhealthy'), drawn('healthy')]
    expect(element(sick, 'node1/container:web').notes[0]).toBe('unhealthy')
    expect(element(sick, 'node1/container:web').sentence.en).toContain('runs on `node1`, and its health check fails')
    expect(factOf(sick, 'node1/container:web', 'Container')).toContain('health unhealthy')
    expect(element(well, 'node1/container:web').notes).toEqual(['172.20.0.2/16'])
    expect(factOf(well, 'node1/container:web', 'Container')).toContain('health healthy')
  })

  it('an Engine that does not answer, or is another: the kernel is drawn all the same', () => {
    for (const kind of ['silent', 'unverified'] as const) {
      const map = drawMap(
        edited(capturedState(), (copy) => {
          const node1 = host(copy, 'node1')
          delete node1.engine
          node1.engineFault = { kind, detail: 'no' }
          // As a capture without the Engine's word has it.
          for (const namespace of node1.namespaces) {
            if (namespace.owner.kind === 'container') namespace.owner = { kind: 'engine', name: namespace.names[0]! }
          }
        }),
      )
      expectWhole(map)
      const ids = map.elements.map(({ id }) => id)
      expect(ids).toContain(`node1/bridge:${made.myNet}`)
      expect(ids).toContain(`node1/namespace:${made.web.namespace}`)
      expect(ids).toContain('node1/port:*:8080/tcp')
      expect(tie(map, `veth:node1/namespace:${made.web.namespace}:eth0`)).toMatchObject({
        from: `node1/bridge:${made.myNet}`,
      })
      expect(element(map, 'host:node1').facts[0]!.name.en).toMatch(/^Docker Engine, /)
    }
  })

  it('what somebody built by hand: a namespace, a bridge, a pair, a vlan', () => {
    const state = edited(standardState(), (copy) => {
      const node1 = host(copy, 'node1')
      const own = home(copy)
      const base = structuredClone(own.links.find(({ name }) => name === 'docker0')!)
      const link = (name: string, kind: string, more: object = {}) => ({ ...base, name, kind, addresses: [], ...more })
      own.links.push(
        link('br9', 'bridge'),
        link('v0', 'veth', { master: 'br9', peer: { namespace: '77', name: 'v1' } }),
        link('eth0.10', 'vlan', { vlan: 10, parent: { namespace: own.id, name: 'eth0' } }),
      )
      node1.namespaces.push({
        ...structuredClone(namespaceOf(copy, 'lone')),
        id: '77',
        owner: { kind: 'unknown' },
        links: [link('v1', 'veth', { peer: { namespace: own.id, name: 'v0' } })],
      })
    })
    const map = drawMap(state)
    expectWhole(map)
    expect(element(map, 'node1/bridge:br9').sentence.en).toContain('belongs to no Docker network')
    expect(tie(map, 'veth:node1/namespace:@v0:v1')).toMatchObject({
      from: 'node1/bridge:br9',
      to: 'node1/namespace:@v0',
    })
    expect(tie(map, 'child:node1/interface:eth0.10:eth0.10')).toMatchObject({ to: 'node1/interface:eth0' })
  })
})

describe('what changes by itself', () => {
  it('does not show: states of neighbours, learnt entries, times', () => {
    const before = capturedState()
    const after = edited(before, (copy) => {
      copy.takenAt = '2030-01-01T00:00:00.000Z'
      copy.durationMs = 1
      for (const namespace of copy.hosts.flatMap(({ namespaces }) => namespaces)) {
        for (const neighbour of namespace.neighbours) {
          if (neighbour.state !== 'PERMANENT') neighbour.state = 'DELAY'
        }
        namespace.forwarding.push({ mac: '02:00:00:00:00:99', device: 'eth0', state: 'reachable' })
        for (const [index, link] of namespace.links.entries()) link.index = 1000 + index
      }
    })
    const [old, now] = [drawMap(before), drawMap(after)]
    expect(now.elements).toEqual(old.elements)
    expect(now.ties).toEqual(old.ties)
  })
})

describe('names by somebody who means harm', () => {
  const nasty = '`x`\u001b[31m\n\u202e; rm -rf / #$(reboot)'
  const long = 'n'.repeat(5000)

  it.each([nasty, long])('stay data', (name) => {
    const map = drawMap(
      edited(swarmState(), (copy) => {
        const node1 = host(copy, 'node1')
        container(copy, 'web').name = name
        for (const { owner } of node1.namespaces) {
          if (owner.kind === 'container' && owner.containers[0] === 'web') owner.containers = [name]
        }
        node1.engine!.networks.find((one) => one.name === 'my_net')!.name = name
        node1.engine!.swarm.services[0]!.name = name
        home(copy).links.push({ ...home(copy).links.find((one) => one.name === 'docker0')!, name })
        home(copy).rules.push({ ...home(copy).rules[0]!, text: name })
        node1.disagreements.push({ about: name, engine: name, kernel: name })
        copy.lans[0]!.name = name
      }),
    )
    expectWhole(map)
    const texts = [
      ...map.elements.flatMap(({ id, label, notes, sentence, facts, commands }) => [
        id,
        label,
        ...notes,
        sentence.en,
        sentence.zh,
        ...facts.flatMap(({ name: of, values }) => [of.en, of.zh, ...values]),
        ...commands.map(({ text }) => text),
      ]),
      ...map.ties.flatMap(({ id, sentence }) => [id, sentence.en, sentence.zh]),
    ]
    for (const text of texts) {
      expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u)
      expect(text.length).toBeLessThanOrEqual(900)
    }
    // Backticks come in pairs: no data opens or closes code.
    for (const { sentence } of map.elements) expect(sentence.en.split('`').length % 2).toBe(1)
    for (const { commands } of map.elements) for (const { text } of commands) expect(text).not.toMatch(/[;`$]/)
  })

  it('and thousands of things are bounded, and say so', () => {
    const map = drawMap(
      edited(standardState(), (copy) => {
        const own = home(copy)
        const [link, rule] = [own.links.find((one) => one.name === 'docker0')!, own.rules[0]!]
        for (let n = 0; n < 4000; n++) {
          own.links.push({ ...link, name: `br${n}`, index: 10_000 + n })
          own.rules.push({ ...rule, position: n, in: `br${n}`, text: `-A DOCKER-USER -i br${n} -j RETURN` })
          own.neighbours.push({
            address: `10.0.${n >> 8}.${n & 255}`,
            device: 'eth0',
            mac: '02:00:00:00:00:01',
            state: 'STALE',
          })
        }
      }),
    )
    expectWhole(map)
    expect(map.elements.length).toBeLessThanOrEqual(400)
    expect(Number(factOf(map, 'host:node1', 'Not shown')[0])).toBeGreaterThan(3000)
    expect(map.elements.map(({ id }) => id)).toContain('laptop/interface:eth0')
    for (const { facts } of map.elements) for (const { values } of facts) expect(values.length).toBeLessThanOrEqual(40)
    expect(factOf(map, 'host:node1', 'Neighbours').at(-1)).toMatch(/^… \+\d+$/)
  })
})

describe('the way out', () => {
  const routed = 'routed:node1/bridge:docker0~node1/interface:eth0'

  it('is joined to a bridge as the kernel joins them: by routing, and by a rule that translates', () => {
    const state = standardState()
    expect(tie(drawMap(state), routed)).toMatchObject({ kind: 'routed', state: 'up', fromLabel: 'NAT' })
    expect(tie(drawMap(state), routed).sentence.en).toMatch(
      /^`node1` routes between bridge `docker0` and `eth0`, and gives .*MASQUERADE/,
    )
    const plain = edited(state, (copy) => {
      home(copy).rules = home(copy).rules.filter(({ target }) => target !== 'MASQUERADE')
    })
    expect(tie(drawMap(plain), routed)).not.toHaveProperty('fromLabel')
    expect(tie(drawMap(plain), routed).sentence.en).toContain('without changing addresses')
  })

  it('is cut where the host does not forward, and none where there is no default route or the network is internal', () => {
    const state = standardState()
    const off = edited(state, (copy) => {
      home(copy).forwards.ip4 = false
    })
    expect(tie(drawMap(off), routed)).toMatchObject({ state: 'down' })
    expect(tie(drawMap(off), routed).sentence.en).toContain('does not forward')
    const ids = (changed: NetworkState) => drawMap(changed).ties.map(({ id }) => id)
    const noRoute = edited(state, (copy) => {
      home(copy).routes = home(copy).routes.filter(({ destination }) => destination !== 'default')
    })
    expect(ids(noRoute)).not.toContain(routed)
    const internal = edited(state, (copy) => {
      for (const network of host(copy, 'node1').engine!.networks) network.internal = network.bridge === 'docker0'
    })
    expect(ids(internal)).not.toContain(routed)
  })
})

it('shows the address of every network that a container is in', () => {
  const state = edited(standardState(), (copy) => {
    const { links } = namespaceOf(copy, 'web')
    const leg = links.find(({ name }) => name === 'eth0')!
    for (const n of [1, 2, 3, 4]) {
      links.push({
        ...structuredClone(leg),
        name: `eth${n}`,
        addresses: [{ family: 4, address: `172.3${n}.0.2`, prefix: 16, scope: 'global' }],
      })
    }
  })
  const notes = element(drawMap(state), 'node1/container:web').notes
  expect(notes).toHaveLength(5)
  expect(notes.slice(1)).toEqual([1, 2, 3, 4].map((n) => `172.3${n}.0.2/16`))
})

it('tells two ports of one number apart by their addresses', () => {
  const state = edited(standardState(), (copy) => {
    const { ports } = container(copy, 'web')
    const [port] = ports
    ports.push({ ...port!, hostAddress: '127.0.0.1' }, { ...port!, hostAddress: '192.168.1.11' })
  })
  const sentences = drawMap(state)
    .ties.filter(({ kind }) => kind === 'publishes')
    .map(({ sentence }) => sentence.en)
  expect(new Set(sentences).size).toBe(sentences.length)
  expect(sentences.some((one) => one.includes('127.0.0.1'))).toBe(true)
})
