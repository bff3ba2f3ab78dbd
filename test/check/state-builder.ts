import { usualRoutingRules } from '../../server/network/parse-routes.js'
import type {
  Container,
  EngineNetwork,
  EngineState,
  HostState,
  Link,
  NamespaceState,
  NetworkState,
  Route,
  SwarmState,
} from '../../server/network/state.js'

/** Makes the state of a rack as a capture of real hosts would: links with both ends, addresses, routes, DNAT rules. */
export class StateBuilder {
  readonly state: NetworkState = { takenAt: '2026-01-01T00:00:00.000Z', durationMs: 40, lans: [], hosts: [] }
  /** Names of namespaces by their inode, for a scripted probe. */
  readonly labels = new Map<string, string>()
  private inode = 4_026_532_000
  private serial = 0

  plain(name: string, address: string): HostState {
    const namespace = this.namespace(name, { kind: 'host' })
    this.leg(namespace, { name: 'eth0', address, prefix: 24, gateway: '192.168.1.1', lan: 'lan' })
    const host: HostState = {
      name,
      kind: 'plain',
      namespaces: [namespace],
      dns: { nameservers: ['192.168.1.1'], search: [], options: [], hosts: [] },
      disagreements: [],
    }
    this.state.hosts.push(host)
    return host
  }

  docker(name: string, address: string): HostState {
    const host = this.plain(name, address)
    const swarm: SwarmState = { state: 'inactive', manager: false, nodes: [], services: [] }
    const engine: EngineState = { version: '26.1.5', networks: [], containers: [], swarm }
    host.kind = 'docker'
    host.engine = engine
    const own = host.namespaces[0]!
    const chains: [string, string][] = [
      ['filter', 'DOCKER-USER'],
      ['filter', 'FORWARD'],
      ['nat', 'DOCKER'],
      ['nat', 'PREROUTING'],
      ['nat', 'POSTROUTING'],
    ]
    own.chains = chains.map(([table, chain]) => ({ family: 'ip', table, name: chain }))
    this.rule(host, { table: 'filter', chain: 'FORWARD', target: 'DOCKER-USER', text: '-A FORWARD -j DOCKER-USER' })
    this.rule(host, {
      table: 'filter',
      chain: 'DOCKER-USER',
      target: 'RETURN',
      text: '-A DOCKER-USER -j RETURN',
    })
    this.rule(host, {
      table: 'nat',
      chain: 'PREROUTING',
      target: 'DOCKER',
      text: '-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER',
    })
    this.network(host, { name: 'bridge', subnet: '172.17.0.0/16', bridge: 'docker0' })
    for (const driver of ['host', 'none']) {
      engine.networks.push({ ...emptyNetwork(this.id(), driver), driver: driver === 'none' ? 'null' : driver })
    }
    return host
  }

  network(
    host: HostState,
    {
      name,
      subnet,
      gateway = subnet.replace(/\d+\/\d+$/, '1'),
      bridge,
      ...more
    }: { name: string; subnet: string; gateway?: string; bridge?: string } & Partial<EngineNetwork>,
  ): EngineNetwork {
    const network: EngineNetwork = { ...emptyNetwork(this.id(), name), ...more }
    network.subnets = [{ subnet, gateway, reserved: {}, ...more.subnets?.[0] }]
    if (network.driver === 'bridge') {
      network.bridge = bridge ?? `br-${network.id.slice(0, 12)}`
      const own = host.namespaces[0]!
      own.links.push(this.link({ name: network.bridge, kind: 'bridge', address: gateway, prefix: 16 }))
      own.routes.push(route({ destination: subnet, device: network.bridge }))
      this.rule(host, {
        table: 'nat',
        chain: 'POSTROUTING',
        source: subnet,
        out: `!${network.bridge}`,
        target: 'MASQUERADE',
        text: `-A POSTROUTING -s ${subnet} ! -o ${network.bridge} -j MASQUERADE`,
      })
    }
    host.engine!.networks.push(network)
    return network
  }

  container(
    host: HostState,
    name: string,
    {
      image = 'busybox',
      on = { bridge: undefined },
      listens = [],
      publishes = [],
      ...more
    }: {
      image?: string
      /** Addresses by network; the next free one where undefined. */
      on?: Record<string, string | undefined>
      /** Ports of tcp, or `udp:53`, `127.0.0.1:6379`. */
      listens?: (number | string)[]
      publishes?: { hostPort: number; containerPort: number; protocol?: 'tcp' | 'udp'; hostAddress?: string }[]
    } & Partial<Container> = {},
  ): Container {
    const engine = host.engine!
    const namespace = this.namespace(name, { kind: 'container', containers: [name] })
    host.namespaces.push(namespace)
    const onDefault = Object.keys(on).every((network) => network === 'bridge')
    const container: Container = {
      id: this.id(),
      name,
      image,
      state: 'running',
      exitCode: 0,
      namespace: namespace.id,
      networkMode: Object.keys(on)[0] ?? 'none',
      privileged: false,
      capabilitiesAdded: [],
      restartPolicy: 'no',
      labels: {},
      endpoints: [],
      ports: [],
      wants: [],
      dns: {
        nameservers: [onDefault ? '192.168.1.1' : '127.0.0.11'],
        search: [],
        options: onDefault ? [] : ['ndots:0'],
        hosts: [{ address: '127.0.0.1', names: ['localhost'] }],
      },
      ...more,
    }
    for (const [called, asked] of Object.entries(on)) {
      const network = engine.networks.find((candidate) => candidate.name === called)!
      const { subnet, gateway } = network.subnets[0]!
      const taken = engine.containers.flatMap(({ endpoints }) => endpoints.map(({ address }) => address))
      const free = [2, 3, 4, 5, 6, 7]
        .map((n) => subnet.replace(/\d+\/\d+$/, `${n}`))
        .find((one) => !taken.includes(one))
      const address = asked ?? free!
      const link = `eth${container.endpoints.length}`
      const hostLink = `veth${(++this.serial).toString(16).padStart(7, '0')}`
      const first = container.endpoints.length === 0
      const isMacvlan = network.driver === 'macvlan'
      const inside = this.leg(namespace, { name: link, address, prefix: 16, ...(first && gateway ? { gateway } : {}) })
      if (isMacvlan) {
        inside.kind = 'macvlan'
        inside.macvlanMode = 'bridge'
        inside.parent = { namespace: host.namespaces[0]!.id, name: network.options.parent ?? 'eth0' }
      } else {
        inside.peer = { namespace: host.namespaces[0]!.id, name: hostLink }
        const outside = this.link({ name: hostLink, kind: 'veth' })
        outside.peer = { namespace: namespace.id, name: link }
        if (network.bridge) outside.master = network.bridge
        host.namespaces[0]!.links.push(outside)
      }
      container.endpoints.push({
        network: called,
        networkId: network.id,
        address,
        prefix: 16,
        mac: inside.mac,
        ...(gateway ? { gateway } : {}),
        aliases: [],
        dnsNames: called === 'bridge' ? [] : [name, container.id.slice(0, 12)],
        link,
        ...(isMacvlan ? {} : { hostLink }),
      })
    }
    for (const listen of listens) {
      const [where, port] = `${listen}`.includes(':') ? `${listen}`.split(':') : ['0.0.0.0', `${listen}`]
      const udp = where === 'udp'
      namespace.sockets.push({
        protocol: udp ? 'udp' : 'tcp',
        address: udp ? '0.0.0.0' : where!,
        port: Number(port),
      })
    }
    for (const { hostPort, containerPort, protocol = 'tcp', hostAddress = '0.0.0.0' } of publishes) {
      container.ports.push({ hostPort, containerPort, protocol, hostAddress })
      container.wants.push({ hostPort, containerPort, protocol, hostAddress })
      const to = `${container.endpoints[0]!.address}:${containerPort}`
      this.rule(host, {
        table: 'nat',
        chain: 'DOCKER',
        protocol,
        destinationPort: `${hostPort}`,
        target: 'DNAT',
        to,
        text: `-A DOCKER ! -i docker0 -p ${protocol} --dport ${hostPort} -j DNAT --to-destination ${to}`,
      })
    }
    engine.containers.push(container)
    return container
  }

  /** What has ended has no namespace, no addresses and no open ports. */
  stop(host: HostState, name: string): void {
    const container = this.find(host, name)
    host.namespaces = host.namespaces.filter(({ id }) => id !== container.namespace)
    container.state = 'exited'
    container.exitCode = 137
    container.namespace = undefined as never
    delete (container as { namespace?: string }).namespace
    for (const endpoint of container.endpoints) delete endpoint.address
  }

  /** At the end of its chain; in DOCKER-USER at the beginning, as `iptables -I` puts it before the RETURN. */
  rule(host: HostState, rule: Omit<NamespaceState['rules'][number], 'family' | 'position'>): void {
    const { rules } = host.namespaces[0]!
    const own = rules.filter(({ table, chain }) => table === rule.table && chain === rule.chain)
    const first = rule.chain === 'DOCKER-USER' ? own[0] : undefined
    if (first) for (const other of own) other.position++
    rules.splice(first ? rules.indexOf(first) : rules.length, 0, {
      family: 'ip',
      position: first ? 1 : own.length + 1,
      ...rule,
    })
  }

  host(name: string): HostState {
    return this.state.hosts.find((host) => host.name === name)!
  }

  find(host: HostState, name: string): Container {
    return host.engine!.containers.find((container) => container.name === name)!
  }

  namespaceOf(host: HostState, name: string): NamespaceState {
    const id = this.find(host, name).namespace
    return host.namespaces.find((namespace) => namespace.id === id)!
  }

  namespace(label: string, owner: NamespaceState['owner']): NamespaceState {
    const id = `${++this.inode}`
    this.labels.set(id, label)
    const lo = this.link({ name: 'lo', kind: 'loopback', address: '127.0.0.1', prefix: 8, scope: 'host' })
    lo.mtu = 65_536
    return {
      id,
      owner,
      names: [],
      links: [lo],
      routes: [],
      routingRules: structuredClone([...usualRoutingRules]),
      neighbours: [],
      forwarding: [],
      chains: [],
      rules: [],
      sockets: [],
      forwards: { ip4: owner.kind === 'host', ip6: false },
      bridgedMeetsRules: { ip4: true, ip6: true },
      faults: [],
    }
  }

  link({
    name,
    kind,
    address,
    prefix = 24,
    scope = 'global',
  }: {
    name: string
    kind: string
    address?: string
    prefix?: number
    scope?: string
  }): Link {
    const serial = ++this.serial
    return {
      index: serial,
      name,
      kind,
      mac: `02:42:ac:11:${(serial >> 8).toString(16).padStart(2, '0')}:${(serial & 255).toString(16).padStart(2, '0')}`,
      mtu: 1500,
      up: true,
      carrier: true,
      addresses: address === undefined ? [] : [{ family: 4, address, prefix, scope }],
    }
  }

  private leg(
    namespace: NamespaceState,
    leg: { name: string; address: string; prefix: number; gateway?: string; lan?: string },
  ): Link {
    const link = this.link({ ...leg, kind: 'veth' })
    if (leg.lan) link.lan = leg.lan
    namespace.links.push(link)
    if (leg.gateway) {
      namespace.routes.push({ ...route({ destination: 'default', device: leg.name }), gateway: leg.gateway })
    }
    const octets = leg.address.split('.').slice(0, leg.prefix / 8)
    const destination = `${[...octets, '0', '0', '0'].slice(0, 4).join('.')}/${leg.prefix}`
    namespace.routes.push(route({ destination, device: leg.name }))
    return link
  }

  private id(): string {
    return (++this.serial).toString(16).padStart(12, 'c0ffee').padEnd(64, '0')
  }
}

function route({ destination, device }: { destination: string; device: string }): Route {
  return { family: 4, destination, device, table: 'main', type: 'unicast' }
}

function emptyNetwork(id: string, name: string): EngineNetwork {
  return {
    id,
    name,
    driver: 'bridge',
    scope: 'local',
    internal: false,
    attachable: false,
    ingress: false,
    ipv6: false,
    subnets: [],
    options: {},
    labels: {},
    vxlanIds: [],
  }
}

/**
 * node1 with a network of its own and containers of every kind, node2, and a laptop:
 *
 * - `my_net` 172.20.0.0/16 has `web` (.2, alias `www`, nginx, published on 8080) and `api` (.3)
 * - `bridge` has `db` (172.17.0.2, redis) and `client` (172.17.0.3)
 * - `tools` shares with `web`, `mon` is on the host's network, `lone` on none, `old` has ended
 * - `mac` is a macvlan at 192.168.1.70 on eth0
 */
export function standardRack(): StateBuilder {
  const rack = new StateBuilder()
  const node1 = rack.docker('node1', '192.168.1.11')
  rack.docker('node2', '192.168.1.12')
  rack.plain('laptop', '192.168.1.50')
  rack.network(node1, {
    name: 'my_net',
    subnet: '172.20.0.0/16',
    options: { 'com.docker.network.driver.mtu': '1400' },
    labels: { course: 'net' },
  })
  rack.network(node1, { name: 'inner', subnet: '172.21.0.0/16', internal: true })
  rack.network(node1, { name: 'lan_net', subnet: '192.168.1.0/24', driver: 'macvlan', options: { parent: 'eth0' } })
  const web = rack.container(node1, 'web', {
    image: 'nginx',
    on: { my_net: '172.20.0.2' },
    listens: [80],
    publishes: [{ hostPort: 8080, containerPort: 80 }],
    restartPolicy: 'always',
  })
  web.endpoints[0]!.aliases.push('www')
  web.endpoints[0]!.dnsNames.push('www')
  rack.container(node1, 'api', { on: { my_net: '172.20.0.3' }, listens: [8000] })
  rack.container(node1, 'db', { image: 'redis', listens: [6379] })
  rack.container(node1, 'client')
  const tools = rack.container(node1, 'tools', { on: {}, networkMode: `container:${web.id}`, sharesWith: 'web' })
  node1.namespaces = node1.namespaces.filter(({ id }) => id !== tools.namespace)
  tools.namespace = web.namespace!
  tools.dns = web.dns
  const mon = rack.container(node1, 'mon', { on: {}, networkMode: 'host' })
  node1.namespaces = node1.namespaces.filter(({ id }) => id !== mon.namespace)
  mon.namespace = node1.namespaces[0]!.id
  rack.container(node1, 'lone', { on: {}, networkMode: 'none' })
  rack.container(node1, 'mac', { on: { lan_net: '192.168.1.70' }, listens: [80] })
  rack.container(node1, 'old')
  rack.stop(node1, 'old')
  node1.namespaces[0]!.sockets.push({ protocol: 'tcp', address: '0.0.0.0', port: 8080 })
  return rack
}

/** The standard rack with node1 and node2 in a swarm, an overlay `app_net` and a service `shop` on both. */
export function swarmRack(): StateBuilder {
  const rack = standardRack()
  const [node1, node2] = [rack.host('node1'), rack.host('node2')]
  const nodes = [
    { id: 'n1', hostname: 'node1', role: 'manager', address: '192.168.1.11', leader: true },
    { id: 'n2', hostname: 'node2', role: 'worker', address: '192.168.1.12', leader: false },
  ].map((node) => ({ ...node, state: 'ready', availability: 'active' }))
  const tasks = ['n1', 'n2'].map((node) => ({ state: 'running', desired: 'running', node }))
  node1.engine!.swarm = {
    state: 'active',
    manager: true,
    nodeId: 'n1',
    nodeAddress: '192.168.1.11',
    joinTokens: { worker: 'SWMTKN-1-worker', manager: 'SWMTKN-1-manager' },
    nodes,
    services: [
      {
        id: 's1',
        name: 'shop',
        image: 'nginx:latest@sha256:0123',
        replicas: 2,
        running: 2,
        endpointMode: 'vip',
        networks: ['app_net'],
        virtualAddresses: [{ network: 'app_net', address: '10.10.0.2/24' }],
        ports: [{ protocol: 'tcp', targetPort: 80, publishedPort: 8088, mode: 'ingress' }],
        tasks,
      },
    ],
  }
  node2.engine!.swarm = {
    state: 'active',
    manager: false,
    nodeId: 'n2',
    nodeAddress: '192.168.1.12',
    nodes: [],
    services: [],
  }
  for (const [host, other] of [
    [node1, '192.168.1.12'],
    [node2, '192.168.1.11'],
  ] as const) {
    rack.network(host, {
      name: 'app_net',
      subnet: '10.10.0.0/24',
      driver: 'overlay',
      scope: 'swarm',
      attachable: true,
      vxlanIds: [4097],
    })
    const hidden = rack.namespace(`1-app_net@${host.name}`, { kind: 'engine', name: '1-app_net' })
    const tunnel = rack.link({ name: 'vxlan0', kind: 'vxlan' })
    tunnel.vxlan = { id: 4097, port: 4789 }
    hidden.links.push(tunnel)
    hidden.forwarding.push({
      mac: '02:42:0a:0a:00:03',
      device: 'vxlan0',
      destination: other,
      state: 'permanent',
    })
    host.namespaces.push(hidden)
  }
  const ids = node1.engine!.networks.find(({ name }) => name === 'app_net')!.id
  node2.engine!.networks.find(({ name }) => name === 'app_net')!.id = ids
  return rack
}
