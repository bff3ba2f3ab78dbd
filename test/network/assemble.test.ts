import { describe, expect, it } from 'vitest'
import { networkState } from '../../server/network/assemble.js'
import type { HostCapture } from '../../server/network/capture.js'
import type { HostState, Link } from '../../server/network/state.js'
import { fixture, rackShape } from './fixtures.js'

const names = ['node1', 'node2', 'laptop'] as const

function assembled(change: (captures: Record<(typeof names)[number], HostCapture>) => void = () => {}) {
  const captures = { node1: fixture('node1'), node2: fixture('node2'), laptop: fixture('laptop') }
  change(captures)
  return networkState(Object.values(captures), rackShape())
}

const state = assembled()
const host = (name: string, of = state): HostState => of.hosts.find((candidate) => candidate.name === name)!
const container = (name: string, of = host('node1')) =>
  of.engine!.containers.find((candidate) => candidate.name === name)!
const network = (name: string) => host('node1').engine!.networks.find((candidate) => candidate.name === name)!
const namespace = (id: string | undefined, of = host('node1')) => of.namespaces.find((one) => one.id === id)!
const link = (name: string, links: Link[]) => links.find((candidate) => candidate.name === name)!
const home = host('node1').namespaces[0]!

describe('a rack of two docker hosts and a plain one', () => {
  it('has its hosts in the order of the topology, the host’s own namespace first, and no faults', () => {
    expect(networkState([fixture('laptop'), fixture('node2'), fixture('node1')], rackShape())).toEqual(state)
    expect(state.hosts.map(({ name, kind }) => [name, kind])).toEqual([
      ['node1', 'docker'],
      ['node2', 'docker'],
      ['laptop', 'plain'],
    ])
    for (const { namespaces, disagreements, engineFault } of state.hosts) {
      expect(namespaces.map(({ owner }) => owner.kind).indexOf('host')).toBe(0)
      expect(namespaces.flatMap(({ faults }) => faults)).toEqual([])
      expect(disagreements).toEqual([])
      expect(engineFault).toBeUndefined()
    }
    expect(JSON.parse(JSON.stringify(state))).toEqual(state)
  })

  it('says whose each namespace is', () => {
    const owners = host('node1').namespaces.map(({ owner }) => owner)
    expect(owners).toContainEqual({ kind: 'container', containers: ['web', 'side'] })
    expect(owners).toContainEqual({ kind: 'container', containers: ['api'] })
    expect(owners).toContainEqual({ kind: 'engine', name: 'ingress_sbox' })
    expect(owners).toContainEqual({ kind: 'engine', name: `1-${network('ov').id.slice(0, 10)}` })
    expect(owners).toContainEqual({ kind: 'engine', name: `lb_${network('ov').id.slice(0, 9)}` })
    expect(owners.filter(({ kind }) => kind === 'unknown')).toEqual([])
    expect(container('hosty').namespace).toBe(home.id)
    expect(container('side').namespace).toBe(container('web').namespace)
    expect(container('side')).toMatchObject({ sharesWith: 'web', endpoints: [] })
    expect(container('asleep').namespace).toBeUndefined()
  })

  it('has what health checks say of containers that run', () => {
    const said = {
      Status: 'unhealthy',
      FailingStreak: 2,
      Log: [
        { ExitCode: 0, Output: '' },
        { ExitCode: 1, Output: 'no\n' },
      ],
    }
    const withHealth = (Health: unknown) =>
      assembled(({ node1 }) => {
        const { containers } = node1.engine as { containers: { Name: string; State: object }[] }
        for (const one of containers) Object.assign(one.State, { Health })
      })
    const healths = (of: typeof state) => ['web', 'asleep'].map((name) => container(name, host('node1', of)).health)
    expect(healths(state)).toEqual([undefined, undefined])
    expect(healths(withHealth(said))).toEqual([
      { status: 'unhealthy', failures: 2, last: { exitCode: 1, output: 'no' } },
      undefined,
    ])
    expect(healths(withHealth({ Status: 'starting', FailingStreak: 0, Log: [] }))[0]).toEqual({
      status: 'starting',
      failures: 0,
    })
    for (const none of [{ Status: 'none' }, null, 'unhealthy', { Status: 4 }]) {
      expect(healths(withHealth(none))[0]).toBeUndefined()
    }
  })

  it('ties both ends of every veth pair, and none to a LAN', () => {
    for (const { namespaces } of state.hosts) {
      for (const one of namespaces) {
        for (const end of one.links.filter(({ kind }) => kind === 'veth')) {
          expect(end.lan !== undefined, end.name).toBe(end.peer === undefined)
          if (!end.peer) continue
          const other = namespaces.find(({ id }) => id === end.peer!.namespace)!
          expect(link(end.peer.name, other.links).peer).toEqual({ namespace: one.id, name: end.name })
        }
      }
    }
  })

  it('knows LANs, and what a macvlan stands on', () => {
    expect(state.hosts.map(({ namespaces }) => link('eth0', namespaces[0]!.links).lan)).toEqual(['lan', 'lan', 'lan'])
    const { links } = namespace(container('mac').namespace)
    expect(link('eth0', links)).toMatchObject({
      ...{ kind: 'macvlan', macvlanMode: 'bridge', lan: 'lan', parent: { namespace: home.id, name: 'eth0' } },
    })
  })

  it('has an endpoint for every leg, with the link in the container and the one in the host', () => {
    const [my, six] = container('api').endpoints
    expect(my).toMatchObject({ network: 'my_net', prefix: 16, gateway: '172.18.0.1', aliases: expect.any(Array) })
    expect(my!.dnsNames).toEqual(expect.arrayContaining(['api', 'backend']))
    expect(six).toMatchObject({ network: 'six', address: '172.30.0.2', prefix: 24, address6: 'fd00:99::2' })
    for (const endpoint of [my!, six!]) {
      expect(link(endpoint.hostLink!, home.links)).toMatchObject({
        master: network(endpoint.network).bridge,
        peer: { namespace: container('api').namespace, name: endpoint.link },
      })
    }
    expect(container('ovbox').endpoints[0]).toMatchObject({ network: 'ov', link: 'eth0' })
    expect(container('ovbox').endpoints[0]!.hostLink).toBeUndefined()
  })

  it('knows networks, their bridges, gateways and VXLAN identifiers', () => {
    expect(network('bridge')).toMatchObject({ bridge: 'docker0', driver: 'bridge', scope: 'local' })
    expect(network('my_net').bridge).toBe(`br-${network('my_net').id.slice(0, 12)}`)
    expect(network('six')).toMatchObject({
      ipv6: true,
      subnets: [
        { subnet: '172.30.0.0/24', gateway: '172.30.0.1', reserved: {} },
        { subnet: 'fd00:99::/64', gateway: 'fd00:99::1', reserved: {} },
      ],
    })
    expect(network('phys')).toMatchObject({ driver: 'macvlan', options: { parent: 'eth0' } })
    expect(network('phys').bridge).toBeUndefined()
    expect(network('ov')).toMatchObject({ driver: 'overlay', attachable: true, scope: 'swarm' })
    const [id] = network('ov').vxlanIds
    const pinned = host('node1').namespaces.find(({ names }) => names.includes(`1-${network('ov').id.slice(0, 10)}`))!
    expect(link('vxlan0', pinned.links)).toMatchObject({ kind: 'vxlan', master: 'br0', vxlan: { id, port: 4789 } })
    const ends = pinned.forwarding.map(({ destination }) => destination)
    expect(ends).toContain('192.168.1.12')
  })

  it('reads rules from both tools', () => {
    expect(home.rules).toContainEqual({
      ...{ family: 'ip', table: 'filter', chain: 'DOCKER-USER', position: 1, protocol: 'tcp', target: 'DROP' },
      ...{ source: '192.168.1.50/32', destinationPort: '8080' },
      text: '-A DOCKER-USER -s 192.168.1.50/32 -p tcp -m tcp --dport 8080 -j DROP',
    })
    const dnat = home.rules.filter(({ target }) => target === 'DNAT')
    expect(dnat.map(({ protocol, destinationPort, to }) => [protocol, destinationPort, to])).toEqual(
      expect.arrayContaining([
        ['tcp', '8080', expect.stringMatching(/^172\.18\.0\.\d+:80$/)],
        ['udp', '5353', expect.stringMatching(/^172\.18\.0\.\d+:5353$/)],
        ['tcp', '8081', '172.30.0.2:80'],
      ]),
    )
    expect(home.rules).toContainEqual({
      ...{ family: 'inet', table: 'lab', chain: 'inbound', position: 1, protocol: 'tcp', target: 'DROP' },
      ...{ source: '10.0.0.0/8', destinationPort: '22' },
      text: '-A inbound -s 10.0.0.0/8 -p tcp --dport 22 -j DROP',
    })
    expect(home.chains).toContainEqual({
      ...{ family: 'ip', table: 'filter', name: 'FORWARD', hook: 'forward', policy: 'DROP' },
    })
    // As many as the kernel has, each once.
    const chain = home.rules.filter((rule) => rule.chain === 'DOCKER' && rule.table === 'nat')
    expect(chain.map(({ position }) => position)).toEqual(chain.map((_, index) => index + 1))
  })

  it('has routes of both families, neighbours, sockets and forwarding', () => {
    expect(home.routes).toContainEqual(
      expect.objectContaining({ family: 4, destination: 'default', gateway: '192.168.1.1', device: 'eth0' }),
    )
    expect(home.routes).toContainEqual(
      expect.objectContaining({ family: 6, destination: 'default', gateway: 'fd00:1::1', table: 'main' }),
    )
    expect(home.routes).toContainEqual(
      expect.objectContaining({ family: 4, destination: '192.168.1.11/32', type: 'local', table: 'local' }),
    )
    expect(home.neighbours.map(({ address }) => address)).toContain('192.168.1.12')
    expect(home.sockets).toContainEqual({ protocol: 'tcp', address: '127.0.0.1', port: 8081 })
    expect(home.sockets).toContainEqual({ protocol: 'udp', address: '0.0.0.0', port: 5353 })
    expect(home.sockets).toContainEqual({ protocol: 'tcp', address: '*', port: 2377 })
    expect(home.forwards.ip4).toBe(true)
    expect(host('laptop').namespaces[0]!.forwards).toEqual({ ip4: false, ip6: false })
  })

  it('knows the swarm: managers all of it, workers themselves', () => {
    const { swarm } = host('node1').engine!
    expect(swarm).toMatchObject({ state: 'active', manager: true, nodeAddress: '192.168.1.11' })
    expect(swarm.joinTokens?.worker).toMatch(/^SWMTKN-/)
    expect(swarm.nodes.map(({ hostname, role, leader, state: is }) => [hostname, role, leader, is])).toEqual([
      ['node1', 'manager', true, 'ready'],
      ['node2', 'worker', false, 'ready'],
    ])
    const [service] = swarm.services
    expect(service).toMatchObject({ name: 'svc', replicas: 2, running: 2, endpointMode: 'vip', networks: ['ov'] })
    expect(service!.ports).toEqual([{ protocol: 'tcp', targetPort: 80, publishedPort: 9000, mode: 'ingress' }])
    expect(service!.virtualAddresses.map(({ network: name }) => name).toSorted()).toEqual(['ingress', 'ov'])
    expect(service!.tasks.map(({ node }) => node).toSorted()).toEqual(['node1', 'node2'])
    expect(host('node2').engine!.swarm).toMatchObject({ state: 'active', manager: false, nodes: [], services: [] })
    expect(host('laptop').engine).toBeUndefined()
  })

  it('takes an Engine that did not mention a swarm as outside of any', () => {
    const changed = assembled(({ node1 }) => {
      const { version: _version, info: _info, swarm: _swarm, ...rest } = node1.engine as Record<string, unknown>
      node1.engine = { ...rest, version: { Version: '26.1.5' } } as HostCapture['engine']
    })
    const { swarm, version } = host('node1', changed).engine!
    expect(version).toBe('26.1.5')
    expect(swarm).toEqual({ state: 'inactive', manager: false, nodes: [], services: [] })
  })

  it('reads resolvers: a container’s own, and of one that sleeps what was asked for', () => {
    expect(host('laptop').dns).toMatchObject({ nameservers: ['192.168.1.1'], search: [] })
    expect(host('laptop').dns.hosts).toContainEqual({ address: '192.168.1.11', names: ['node1'] })
    expect(container('web').dns.nameservers).toEqual(['127.0.0.11'])
    expect(container('asleep')).toMatchObject({
      ...{ restartPolicy: 'always', capabilitiesAdded: ['NET_ADMIN'], dns: { nameservers: ['192.0.2.53'] } },
    })
  })
})

describe('disagreements', () => {
  /** The answer that a tool gave in a container's namespace, parsed, for changing. */
  const edited = (question: 'links', name: string, change: (links: Record<string, unknown>[]) => unknown) =>
    assembled(({ node1 }) => {
      const place = node1.namespaces.find(({ inode }) => inode === container(name).namespace)!
      const links = JSON.parse(place.answers[question].text)
      place.answers[question].text = JSON.stringify(change(links))
    })

  it('a container that is said to run, and has no process', () => {
    const changed = assembled(({ node1 }) => {
      for (const one of node1.namespaces) one.pids = one.pids.slice(0, 1).filter((pid) => pid === 1)
    })
    expect(host('node1', changed).disagreements).toContainEqual({
      ...{ about: 'container web', engine: expect.stringMatching(/^running, process \d+$/), kernel: 'no such process' },
    })
    const web = container('web', host('node1', changed))
    expect(web.namespace).toBeUndefined()
    // Whose the pinned namespace is can still be told.
    expect(host('node1', changed).namespaces.map(({ owner }) => owner)).toContainEqual({
      ...{ kind: 'container', containers: ['web'] },
    })
  })

  it('an address that was changed, and a link that is gone', () => {
    const is = container('web').endpoints[0]!.address
    const moved = edited('links', 'web', (links) =>
      links.map((one) => ({
        ...one,
        addr_info: [{ family: 'inet', local: '10.9.9.9', prefixlen: 8, scope: 'global' }],
      })),
    )
    expect(container('web', host('node1', moved)).endpoints[0]).toMatchObject({ address: '10.9.9.9', prefix: 8 })
    expect(host('node1', moved).disagreements).toEqual([
      { about: 'container web on my_net', engine: is, kernel: '10.9.9.9' },
    ])
    const gone = edited('links', 'web', (links) => links.filter(({ ifname }) => ifname === 'lo'))
    expect(host('node1', gone).disagreements).toEqual([
      { about: 'container web on my_net', engine: is, kernel: 'no such link' },
    ])
    expect(container('web', host('node1', gone)).endpoints[0]).not.toHaveProperty('address')
  })

  it('a bridge that is gone, and modes that are not kept', () => {
    const changed = assembled(({ node1 }) => {
      const links = JSON.parse(node1.namespaces[0]!.answers.links.text) as { ifname: string }[]
      node1.namespaces[0]!.answers.links.text = JSON.stringify(links.filter(({ ifname }) => ifname !== 'docker0'))
      const engine = node1.engine as { containers: { Name: string; HostConfig: { NetworkMode: string } }[] }
      for (const one of engine.containers) {
        if (one.Name === '/hosty') one.HostConfig.NetworkMode = 'none'
        if (one.Name === '/lonely') one.HostConfig.NetworkMode = 'host'
        if (one.Name === '/side') one.HostConfig.NetworkMode = `container:${container('api').id}`
      }
    })
    expect(host('node1', changed).disagreements).toEqual([
      { about: 'container hosty', engine: 'network mode none', kernel: "is in the host's namespace" },
      { about: 'container lonely', engine: 'network mode host', kernel: "is not in the host's namespace" },
      {
        about: 'container side',
        engine: `network mode container:${container('api').id}`,
        kernel: 'is in another namespace',
      },
      { about: 'network bridge', engine: 'bridge docker0', kernel: 'no such bridge' },
    ])
  })

  it('an Engine that cannot be used leaves the kernel’s facts', () => {
    const fault = { kind: 'unverified', detail: 'no' } as const
    const changed = host(
      'node1',
      assembled(({ node1 }) => Object.assign(node1, { engine: { fault } })),
    )
    expect(changed.engine).toBeUndefined()
    expect(changed.engineFault).toEqual(fault)
    expect(changed.namespaces[0]!.links).toEqual(home.links)
  })
})
