import { describe, expect, it } from 'vitest'
import { differences } from '../../server/change/difference.js'
import { drawMap } from '../../server/map/draw-map.js'
import type { Change } from '../../server/map/map.js'
import type { HostState, Link, NetworkState } from '../../server/network/state.js'
import { type StateBuilder, standardRack } from '../check/state-builder.js'
import {
  capturedState,
  container,
  edited,
  home,
  host,
  namespaceOf,
  shuffled,
  standardState,
  swarmState,
} from '../map/states.js'

const lan = { name: 'lan', subnet: '192.168.1.0/24', gateway: '192.168.1.1', mtu: 1500 }

/** The sentences, with what must hold of all changes looked at on the way. */
function told(before: NetworkState, after: NetworkState): string[] {
  return looked(before, after).map(({ text }) => text.en)
}

function looked(before: NetworkState, after: NetworkState): Change[] {
  const changes = differences(before, after)
  const ids = new Set(
    [before, after].map(drawMap).flatMap(({ elements, ties }) => [...elements, ...ties].map(({ id }) => id)),
  )
  expect(changes.length).toBeLessThanOrEqual(12)
  for (const { text, about } of changes) {
    expect(about, text.en).not.toEqual([])
    for (const id of about) expect([...ids], text.en).toContain(id)
    expect(text.zh).toMatch(/[\u4e00-\u9fff]/)
    for (const words of [text.en, text.zh]) expect(words.split('`').length % 2, words).toBe(1)
  }
  return changes
}

/** What a rack's builder makes of it before and after. */
function built(change: (rack: StateBuilder, node1: HostState) => void): [NetworkState, NetworkState] {
  const rack = standardRack()
  rack.state.lans.push(lan)
  const before = structuredClone(rack.state)
  change(rack, rack.host('node1'))
  return [before, structuredClone(rack.state)]
}

function link(state: NetworkState, name: string, on = 'node1'): Link {
  return home(state, on).links.find((one) => one.name === name)!
}

it('tells that a host was restarted, though the kernel gave its namespace the number of the old one', () => {
  const before = edited(standardState(), (copy) => {
    host(copy, 'node1').id = 'a'
  })
  const after = edited(before, (copy) => {
    host(copy, 'node1').id = 'b'
    home(copy).routes = []
  })
  expect(differences(before, after).map(({ text }) => text.en)).toEqual(['Host `node1` was restarted'])
})

describe('what means nothing is not told', () => {
  const states: [string, () => NetworkState][] = [
    ['captured', capturedState],
    ['standard', standardState],
    ['swarm', swarmState],
  ]

  it.each(states)('nothing changed: %s', (_name, make) => {
    expect(differences(make(), make())).toEqual([])
  })

  it.each(states)('another order: %s', (_name, make) => {
    const state = make()
    for (const seed of [4, 5, 6]) expect(differences(state, shuffled(state, seed))).toEqual([])
  })

  /** All that changes by itself, or that says nothing to anybody, at once. */
  it.each(states)(
    'times, indexes, states of neighbours, learnt entries, ports of chance, link-local: %s',
    (_name, make) => {
      const before = make()
      const after = edited(before, (copy) => {
        copy.takenAt = '2031-01-01T00:00:00.000Z'
        copy.durationMs += 1000
        for (const { namespaces, engine } of copy.hosts) {
          for (const namespace of namespaces) {
            for (const [index, one] of namespace.links.entries()) {
              one.index = 5000 + index
              one.addresses.push({ family: 6, address: `fe80::${index}`, prefix: 64, scope: 'link' })
              // A bridge takes the lowest MAC address of its ports, and has a carrier while one of them has.
              if (one.kind === 'bridge') one.mac = `02:42:00:00:00:${(16 + index).toString(16)}`
            }
            for (const neighbour of namespace.neighbours)
              if (neighbour.state !== 'PERMANENT') neighbour.state = 'FAILED'
            namespace.neighbours.push(
              { address: '192.168.1.99', device: 'eth0', state: 'STALE', mac: '02:00:00:00:00:99' },
              { address: 'fe80::9', device: 'eth0', state: 'PERMANENT', mac: '02:00:00:00:00:98' },
            )
            namespace.forwarding.push({ mac: '02:00:00:00:00:97', device: 'eth0', state: 'reachable' })
            namespace.routes.push(
              { family: 6, destination: 'fe80::/64', device: 'eth0', table: 'main', type: 'unicast' },
              { family: 6, destination: 'ff00::/8', device: 'eth0', table: 'local', type: 'multicast' },
              { family: 4, destination: '10.1.1.1/32', device: 'eth0', table: 'local', type: 'local' },
            )
            namespace.sockets.push(
              { protocol: 'udp', address: '0.0.0.0', port: 45_000 },
              { protocol: 'tcp', address: '127.0.0.11', port: 40_001 },
            )
            namespace.chains.push({
              family: 'inet',
              table: 'vethlab-trace-1',
              name: 'watch',
              hook: 'input',
              policy: 'DROP',
            })
            namespace.rules.push({
              family: 'inet',
              table: 'vethlab-trace-1',
              chain: 'watch',
              position: 1,
              target: '',
              text: 'meta mark 1 trace',
            })
          }
          for (const one of engine?.containers ?? []) {
            for (const endpoint of one.endpoints) endpoint.aliases.push(one.id.slice(0, 12))
          }
        }
      })
      expect(told(before, after)).toEqual([])
    },
  )
})

describe('networks', () => {
  it('one sentence holds the bridge, its address and its rules', () => {
    const [before, after] = built((rack, node1) => {
      const { bridge } = rack.network(node1, { name: 'shop', subnet: '172.25.0.0/16' })
      for (const [chain, text] of [
        [
          'DOCKER-ISOLATION-STAGE-1',
          `-A DOCKER-ISOLATION-STAGE-1 -i ${bridge} ! -o ${bridge} -j DOCKER-ISOLATION-STAGE-2`,
        ],
        ['DOCKER-ISOLATION-STAGE-2', `-A DOCKER-ISOLATION-STAGE-2 -o ${bridge} -j DROP`],
      ] as const) {
        rack.rule(node1, { table: 'filter', chain, out: bridge!, target: text.split('-j ')[1]!, text })
      }
    })
    const bridge = host(after, 'node1').engine!.networks.find(({ name }) => name === 'shop')!.bridge!
    expect(looked(before, after)).toEqual([
      {
        kind: 'added',
        about: [`node1/bridge:${bridge}`],
        text: {
          en: `The network \`shop\` was added on \`node1\`: bridge \`${bridge}\` with \`172.25.0.1/16\`, a MASQUERADE rule for it, and two isolation rules`,
          zh: `\`node1\` 上新增网络 \`shop\`：网桥 \`${bridge}\`（地址 \`172.25.0.1/16\`）、一条 MASQUERADE 规则和 2 条隔离规则`,
        },
      },
    ])
    expect(told(after, before)).toEqual([
      `The network \`shop\` was removed from \`node1\`, and with it bridge \`${bridge}\` with \`172.25.0.1/16\`, a MASQUERADE rule for it, and two isolation rules`,
    ])
  })

  it('a macvlan network makes nothing in the kernel, and says so', () => {
    const [before, after] = built((rack, node1) => {
      rack.network(node1, { name: 'phys', subnet: '192.168.1.0/24', driver: 'macvlan', options: { parent: 'eth0' } })
    })
    expect(told(before, after)).toEqual([
      'The `macvlan` network `phys` was added on `node1`: subnet `192.168.1.0/24`, on `eth0`, no link and no rule until a container joins',
    ])
  })
})

describe('containers', () => {
  it('a start is one sentence, and each published port another', () => {
    const [before, after] = built((rack, node1) => {
      rack.container(node1, 'new', {
        image: 'nginx',
        on: { my_net: '172.20.0.9' },
        listens: [80],
        publishes: [{ hostPort: 9090, containerPort: 80 }],
      })
      node1.namespaces[0]!.sockets.push({ protocol: 'tcp', address: '0.0.0.0', port: 9090 })
    })
    const { hostLink } = container(after, 'new').endpoints[0]!
    expect(told(before, after)).toEqual([
      `Container \`new\` (\`nginx\`) started on \`node1\`: \`eth0\` with \`172.20.0.9/16\` on \`my_net\`, over \`${hostLink}\`; it listens on \`tcp 80\``,
      'Port `9090/tcp` of `node1` now leads to port 80 of `new`: a DNAT rule to `172.20.0.9:80`',
    ])
    expect(told(after, before)).toEqual([
      `Container \`new\` was removed from \`node1\`, and with it its namespace with \`172.20.0.9/16\`, and \`${hostLink}\``,
      'Port `9090/tcp` of `node1` no longer leads to `new`; its DNAT rule is gone',
    ])
  })

  it('a restart with another veth is a restart', () => {
    const before = standardState()
    const after = edited(before, (copy) => {
      const db = container(copy, 'db')
      const place = namespaceOf(copy, 'db')
      const old = db.endpoints[0]!.hostLink!
      place.id = '999'
      db.namespace = '999'
      db.endpoints[0]!.hostLink = 'vethnew'
      const outside = link(copy, old)
      outside.name = 'vethnew'
      outside.index = 4711
      outside.peer = { namespace: '999', name: 'eth0' }
      place.links.find(({ name }) => name === 'eth0')!.peer = { namespace: home(copy).id, name: 'vethnew' }
    })
    expect(told(before, after)).toEqual([
      'Container `db` on `node1` restarted, in a new namespace with the same addresses',
    ])
  })

  it('stops, pauses, new names, and what never ran', () => {
    const before = standardState()
    const stopped = built((rack, node1) => rack.stop(node1, 'lone'))
    expect(told(...stopped)[0]).toBe(
      'Container `lone` on `node1` stopped, exit code 137, and with it went its namespace',
    )
    const paused = edited(before, (copy) => {
      container(copy, 'db').state = 'paused'
    })
    expect(told(before, paused)).toEqual([
      'Container `db` on `node1` is paused: it keeps its network, but nothing in it runs',
    ])
    expect(told(paused, before)).toEqual(['Container `db` on `node1` runs again'])
    const renamed = edited(before, (copy) => {
      namespaceOf(copy, 'db').owner = { kind: 'container', containers: ['store'] }
      container(copy, 'db').name = 'store'
    })
    expect(told(before, renamed)).toEqual(['Container `db` on `node1` is called `store` now'])
    const created = edited(before, (copy) => {
      host(copy, 'node1').engine!.containers.push({ ...container(copy, 'old'), id: 'x', name: 'x', state: 'created' })
    })
    expect(told(before, created)).toEqual(['Container `x` (`busybox`) was made on `node1`, not started'])
  })

  it('connecting and disconnecting', () => {
    const [before, after] = built((rack, node1) => {
      // The builder knows no connect: what it makes for another container becomes the second leg of `db`.
      const other = rack.container(node1, 'other', { on: { my_net: '172.20.0.7' } })
      const place = rack.namespaceOf(node1, 'other')
      const target = rack.namespaceOf(node1, 'db')
      const leg = place.links.find(({ name }) => name === 'eth0')!
      leg.name = 'eth1'
      target.links.push(leg)
      const outside = node1.namespaces[0]!.links.find(({ name }) => name === other.endpoints[0]!.hostLink)!
      outside.peer = { namespace: target.id, name: 'eth1' }
      target.routes.push({ family: 4, destination: '172.20.0.0/16', device: 'eth1', table: 'main', type: 'unicast' })
      rack.find(node1, 'db').endpoints.push({ ...other.endpoints[0]!, link: 'eth1' })
      node1.namespaces = node1.namespaces.filter(({ id }) => id !== place.id)
      node1.engine!.containers = node1.engine!.containers.filter(({ name }) => name !== 'other')
    })
    const { hostLink } = container(after, 'db').endpoints[1]!
    expect(told(before, after)).toEqual([
      `Container \`db\` on \`node1\` was connected to \`my_net\`: \`eth1\` with \`172.20.0.7/16\`, over \`${hostLink}\``,
    ])
    expect(told(after, before)).toEqual([
      `Container \`db\` on \`node1\` was disconnected from \`my_net\`: \`eth1\`, \`172.20.0.7\`, and \`${hostLink}\` are gone`,
    ])
  })
})

describe('a default route that the Engine moves to another network', () => {
  const moved = () =>
    built((rack, node1) => {
      const web = rack.namespaceOf(node1, 'web')
      const other = rack.container(node1, 'other', { on: { inner: '172.21.0.7' } })
      const place = rack.namespaceOf(node1, 'other')
      const leg = place.links.find(({ name }) => name === 'eth0')!
      leg.name = 'eth1'
      web.links.push(leg)
      const outside = node1.namespaces[0]!.links.find(({ name }) => name === other.endpoints[0]!.hostLink)!
      outside.peer = { namespace: web.id, name: 'eth1' }
      web.routes.push({ family: 4, destination: '172.21.0.0/16', device: 'eth1', table: 'main', type: 'unicast' })
      const route = web.routes.find(({ destination }) => destination === 'default')!
      Object.assign(route, { gateway: '172.21.0.1', device: 'eth1' })
      rack.find(node1, 'web').endpoints.push({ ...other.endpoints[0]!, link: 'eth1' })
      node1.namespaces = node1.namespaces.filter(({ id }) => id !== place.id)
      node1.engine!.containers = node1.engine!.containers.filter(({ name }) => name !== 'other')
    })

  it('is told as replaced, by which and over which network, when one is connected and when one is disconnected', () => {
    const [before, after] = moved()
    expect(told(before, after)[1]).toBe(
      'The default route in `web` on `node1` was replaced: now it is `default via 172.21.0.1 dev eth1`, over network `inner`; before it was `default via 172.20.0.1 dev eth0`, over network `my_net`',
    )
    expect(told(before, after).join()).not.toMatch(/is gone|are gone/)
    const back = looked(after, before)
    expect(back.map(({ text }) => text.zh)[1]).toBe(
      '`node1` 的 `web` 里的默认路由换了：从 `default via 172.21.0.1 dev eth1`（经网络 `inner`）变为 `default via 172.20.0.1 dev eth0`（经网络 `my_net`）',
    )
    expect(back).toHaveLength(2)
  })
})

it('does not say that a container has no network where the Engine names one, and its interface is gone already', () => {
  const ending = (copy: NetworkState) => {
    const web = namespaceOf(copy, 'web')
    web.links = web.links.filter(({ kind }) => kind === 'loopback')
    web.routes = []
  }
  const after = edited(standardState(), ending)
  const before = edited(after, (copy) => {
    const node1 = host(copy, 'node1')
    node1.namespaces = node1.namespaces.filter(({ id }) => id !== container(copy, 'web').namespace)
    node1.engine!.containers = node1.engine!.containers.filter(({ name }) => name !== 'web')
  })
  const words = told(before, after).find((one) => one.startsWith('Container `web`'))
  expect(words).toContain('on `my_net`; its interface there was not to be seen when it was looked at')
  expect(words).not.toContain('loopback')
})

describe('the kernel by hand', () => {
  const by = (edit: (copy: NetworkState) => void): string[] => {
    const before = standardState()
    return told(before, edited(before, edit))
  }
  const rule = { family: 'ip', table: 'filter', chain: 'DOCKER-USER', position: 1 }

  it.each<[string, (copy: NetworkState) => void, string[]]>([
    [
      'a rule',
      (copy) => home(copy).rules.unshift({ ...rule, target: 'DROP', text: '-A DOCKER-USER -s 10.0.0.1/32 -j DROP' }),
      [
        'A rule was added to chain `filter DOCKER-USER` on `node1`, at place 1: `-A DOCKER-USER -s 10.0.0.1/32 -j DROP`',
      ],
    ],
    [
      'a policy, of a chain that was not there',
      (copy) => home(copy).chains.push({ family: 'ip', table: 'filter', name: 'INPUT', hook: 'input', policy: 'DROP' }),
      ['The policy of chain `filter INPUT` on `node1` is DROP now; it was ACCEPT'],
    ],
    [
      'a DNAT rule that somebody flushed',
      (copy) => {
        home(copy).rules = home(copy).rules.filter(({ target }) => target !== 'DNAT')
      },
      [
        'A rule was removed from chain `nat DOCKER` on `node1`: `-A DOCKER ! -i docker0 -p tcp --dport 8080 -j DNAT --to-destination 172.20.0.2:80`',
      ],
    ],
    [
      'forwarding',
      (copy) => {
        home(copy).forwards.ip4 = false
      },
      ['IPv4 forwarding is off now on `node1`'],
    ],
    [
      'an address with its route',
      (copy) => {
        link(copy, 'eth0').addresses.push({ family: 4, address: '10.3.0.1', prefix: 24, scope: 'global' })
        home(copy).routes.push({
          family: 4,
          destination: '10.3.0.0/24',
          device: 'eth0',
          table: 'main',
          type: 'unicast',
        })
      },
      ['`eth0` of `node1` now has `10.3.0.1/24`'],
    ],
    [
      'a default route in a container',
      (copy) => {
        namespaceOf(copy, 'web').routes.find(({ destination }) => destination === 'default')!.gateway = '172.20.0.99'
      },
      [
        'The route in `web` on `node1` is `default via 172.20.0.99 dev eth0` now; it was `default via 172.20.0.1 dev eth0`',
      ],
    ],
    [
      'MTU and MAC address',
      (copy) => {
        Object.assign(link(copy, 'eth0'), { mtu: 1400, mac: '02:00:00:00:00:01' })
      },
      [
        '`eth0` of `node1` has MTU 1400; it was 1500',
        /* and */ expect.stringMatching(/^`eth0` of `node1` has MAC address/),
      ],
    ],
    [
      'a bridge that is set down',
      (copy) => {
        Object.assign(link(copy, 'docker0'), { up: false, carrier: false })
        home(copy).routes = home(copy).routes.filter(({ device }) => device !== 'docker0')
      },
      ['`docker0` of `node1` was set down'],
    ],
    [
      'a pair by hand',
      (copy) => {
        const base = link(copy, 'docker0')
        const id = home(copy).id
        home(copy).links.push(
          { ...base, name: 'v0', kind: 'veth', addresses: [], peer: { namespace: id, name: 'v1' } },
          { ...base, name: 'v1', kind: 'veth', addresses: [], peer: { namespace: id, name: 'v0' } },
        )
      },
      ['`v0` and `v1`, a veth pair, were added on `node1`'],
    ],
    [
      'a program that listens',
      (copy) => {
        namespaceOf(copy, 'db').sockets.push(
          { protocol: 'tcp', address: '0.0.0.0', port: 9999 },
          { protocol: 'tcp', address: '::', port: 9999 },
          { protocol: 'tcp', address: '127.0.0.1', port: 5000 },
        )
      },
      ['`db` on `node1` now listens on `tcp 9999` and `tcp 127.0.0.1:5000`'],
    ],
    [
      'a fixed neighbour',
      (copy) =>
        home(copy).neighbours.push({
          address: '192.168.1.77',
          device: 'eth0',
          mac: '02:00:00:00:00:77',
          state: 'PERMANENT',
        }),
      ['A fixed neighbour was set on `node1`: `192.168.1.77 lladdr 02:00:00:00:00:77 dev eth0`'],
    ],
    [
      'names',
      (copy) => {
        host(copy, 'laptop').dns.nameservers = ['192.0.2.53']
        host(copy, 'laptop').dns.hosts.push({ address: '10.1.1.1', names: ['db'] })
      },
      [
        'The DNS settings of `laptop` are `nameserver 192.0.2.53` now; they were `nameserver 192.168.1.1`',
        '/etc/hosts of `laptop` now has `10.1.1.1 db`',
      ],
    ],
    [
      'a cable',
      (copy) => {
        link(copy, 'eth0', 'laptop').carrier = false
      },
      ['The cable of `laptop` to LAN `lan` was cut: `eth0` lost its carrier'],
    ],
    [
      'an Engine that is gone, whatever it said',
      (copy) => {
        const node1 = host(copy, 'node1')
        delete node1.engine
        node1.engineFault = { kind: 'silent', detail: '' }
      },
      ['The Docker Engine of `node1` does not answer any more'],
    ],
  ])('%s', (_what, edit, expected) => {
    expect(by(edit)).toEqual(expected)
  })

  it('many rules of a chain are one sentence, and many changes end in how many more', () => {
    const flood = (chains: number) => (copy: NetworkState) => {
      for (let n = 0; n < 5 * chains; n++) {
        const chain = `C${n % chains}`
        home(copy).rules.push({
          ...rule,
          chain,
          position: n,
          target: 'DROP',
          text: `-A ${chain} -s 10.0.0.${n}/32 -j DROP`,
        })
      }
    }
    expect(by(flood(1))).toEqual([
      'Chain `filter C0` on `node1` has five new rules, among them `-A C0 -s 10.0.0.0/32 -j DROP`',
    ])
    const many = by(flood(40))
    expect(many).toHaveLength(12)
    expect(many.at(-1)).toBe('29 more things changed')
  })

  it('thousands of links and rules are compared, and told in few words', () => {
    const before = standardState()
    const after = edited(before, (copy) => {
      const base = link(copy, 'docker0')
      for (let n = 0; n < 4000; n++) {
        home(copy).links.push({ ...base, name: `br${n}`, index: 10_000 + n })
        home(copy).rules.push({
          ...rule,
          position: n,
          in: `br${n}`,
          target: 'RETURN',
          text: `-A DOCKER-USER -i br${n} -j RETURN`,
        })
      }
    })
    expect(differences(before, after)).toHaveLength(12)
    expect(differences(after, before)).toHaveLength(12)
  })
})

describe('swarms', () => {
  const inactive = { state: 'inactive', manager: false, nodes: [], services: [] }

  it('begin, grow and end', () => {
    const both = swarmState()
    const none = edited(both, (copy) => {
      for (const { engine } of copy.hosts) if (engine) engine.swarm = structuredClone(inactive)
      for (const one of copy.hosts) {
        one.namespaces = one.namespaces.filter(({ owner }) => owner.kind !== 'engine')
        if (one.engine) one.engine.networks = one.engine.networks.filter(({ driver }) => driver !== 'overlay')
      }
    })
    const one = edited(none, (copy) => {
      const { swarm } = host(copy, 'node1').engine!
      Object.assign(swarm, { ...host(both, 'node1').engine!.swarm, services: [] })
      swarm.nodes = swarm.nodes.slice(0, 1)
    })
    expect(told(none, one)).toEqual(['`node1` is now a swarm of one node, and its manager'])
    const joined = edited(one, (copy) => {
      host(copy, 'node1').engine!.swarm.nodes = structuredClone(host(both, 'node1').engine!.swarm.nodes)
      host(copy, 'node2').engine!.swarm = structuredClone(host(both, 'node2').engine!.swarm)
    })
    expect(told(one, joined)).toEqual(['`node2` joined the swarm as a worker'])
    expect(told(joined, none)).toEqual(['`node1` left the swarm', '`node2` left the swarm'])
    expect(told(joined, both)).toEqual([
      'The `overlay` network `app_net` was added on `node1`: subnet `10.10.0.0/24`, VNI 4097',
      'Service `shop` (`nginx:latest@sha256:0123`) was added: 2 of 2 tasks run, virtual address `10.10.0.2/24` on `app_net`, published as `8088/tcp`',
      'Network `app_net` reaches `node1` now: `vxlan0` in a namespace of its own, VNI 4097',
      'Network `app_net` reaches `node2` now: `vxlan0` in a namespace of its own, VNI 4097',
    ])
  })

  it('lose a node, scale a service', () => {
    const before = swarmState()
    const after = edited(before, (copy) => {
      const { swarm } = host(copy, 'node1').engine!
      swarm.nodes[1]!.state = 'down'
      swarm.services[0]!.running = 1
    })
    expect(told(before, after)).toEqual([
      'Node `node2` of the swarm is `down` now; it was `ready`',
      'Service `shop` has 1/2 tasks running (2/2 before)',
    ])
  })
})

it('hostile names stay data in every sentence', () => {
  const nasty = '`x`\u001b[31m\n\u202e'
  const before = standardState()
  const after = edited(before, (copy) => {
    host(copy, 'node1').engine!.networks.push({
      ...host(copy, 'node1').engine!.networks[0]!,
      id: 'z',
      name: nasty,
      bridge: nasty,
    })
    home(copy).rules.push({ ...home(copy).rules[0]!, text: nasty, chain: nasty })
    host(copy, 'laptop').dns.search = [nasty]
    container(copy, 'db').state = 'paused'
    container(copy, 'db').name = nasty
  })
  for (const { text } of differences(before, after)) {
    for (const words of [text.en, text.zh]) {
      expect(words).not.toMatch(/[\p{Cc}\p{Cf}]/u)
      expect(words.split('`').length % 2).toBe(1)
    }
  }
})
