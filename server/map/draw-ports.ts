import { isAddress, isAny, sameAddress } from '../network/addresses.js'
import type { Container, HostState, NetworkState, PublishedPort, Rule } from '../network/state.js'
import { sentence, text } from '../wording/phrase.js'
import type { Text } from '../wording/text.js'
import { bare, code } from '../wording/wording.js'
import { command } from './commands.js'
import { swarmPorts } from './draw-services.js'
import { fact, writeRule } from './facts.js'
import { containerId, portId, publishesId, serviceId } from './ids.js'
import type { MapElement, MapTie } from './map.js'
import { addressesOf, type Drawable, labelOf, order, Rack, shortName } from './rack.js'

/** A port of a host that leads to a container or service; what the Engine says, and what the kernel does. */
export interface HostPort {
  id: string
  host: HostState
  address: string
  port: number
  protocol: string
  /** Id of the element that it leads to. */
  target?: string
  /** What learners call that. */
  targetName: string
  targetPort: number
  /** Where from the map knows it: `kernel` where only a rule says so. */
  by: 'engine' | 'service' | 'kernel'
  /** The rules that make it true. */
  rules: Rule[]
  /** Whether something on the host listens on it, which is Docker's proxy. */
  listens: boolean
}

export function drawPorts(rack: Rack, host: HostState): Drawable[] {
  return hostPorts(rack, host).map((port) => ({ id: port.id, draw: () => drawPort(port) }))
}

export function portTies(rack: Rack): MapTie[] {
  return rack.state.hosts.flatMap((host) =>
    hostPorts(rack, host).flatMap((port) => {
      if (!port.target) return []
      const number = `${port.port}/${port.protocol}`
      // The same number on two addresses is two ports.
      const [own, target] = [code(isAny(port.address) ? number : `${port.address} ${number}`), code(port.targetName)]
      return [
        {
          id: publishesId(port.id, port.target),
          kind: 'publishes' as const,
          from: port.id,
          to: port.target,
          state: isOpen(port) ? ('up' as const) : ('down' as const),
          fromLabel: `${port.port}`,
          toLabel: `${port.targetPort}`,
          sentence: text(
            `Port ${own} of ${code(host.name)} leads to port ${port.targetPort} of ${target}.`,
            `${code(host.name)} 的端口 ${own} 通向 ${target} 的端口 ${port.targetPort}。`,
          ),
        },
      ]
    }),
  )
}

/**
 * Ids of what shows that a port of a host is published: its elements and their ties.
 * @param address that was asked for; undefined for any
 */
export function publishedShown(
  state: NetworkState,
  asked: { host: string; port: number; protocol: string; address?: string },
): string[] {
  const host = state.hosts.find(({ name }) => name === asked.host)
  if (host === undefined) return []
  return hostPorts(new Rack(state), host)
    .filter(
      ({ port, protocol, address }) =>
        port === asked.port &&
        protocol === asked.protocol &&
        (isAny(address) || asked.address === undefined || sameAddress(address, asked.address)),
    )
    .flatMap(({ id, target }) => [id, ...(target === undefined ? [] : [publishesId(id, target)])])
}

const isOpen = ({ rules, listens }: HostPort) => rules.length > 0 || listens

/** Found once for each host of a rack, since elements, ties and differences all ask. */
const found = new WeakMap<Rack, Map<HostState, HostPort[]>>()

export function hostPorts(rack: Rack, host: HostState): HostPort[] {
  const ofRack = found.get(rack) ?? new Map<HostState, HostPort[]>()
  found.set(rack, ofRack)
  const ports = ofRack.get(host) ?? findPorts(rack, host)
  ofRack.set(host, ports)
  return ports
}

function findPorts(rack: Rack, host: HostState): HostPort[] {
  const ports = [...containerPorts(rack, host), ...servicePorts(rack, host), ...kernelPorts(rack, host)]
  const seen = new Set<string>()
  return ports
    .filter(({ id }) => !seen.has(id) && seen.add(id))
    .toSorted((a, b) => a.port - b.port || order(a.id, b.id))
}

function containerPorts(rack: Rack, host: HostState): HostPort[] {
  return (host.engine?.containers ?? [])
    .toSorted((a, b) => order(a.name, b.name))
    .flatMap((container) =>
      container.ports
        .filter(({ hostPort }) => hostPort > 0)
        .toSorted((a, b) => order(a.hostAddress, b.hostAddress))
        .map((port) => containerPort(rack, host, container, port)),
    )
}

function containerPort(rack: Rack, host: HostState, container: Container, port: PublishedPort): HostPort {
  const { hostAddress, hostPort, protocol, containerPort: inside } = port
  const addresses = addressesIn(container)
  return {
    id: portId(host.name, hostAddress, hostPort, protocol),
    host,
    address: hostAddress,
    port: hostPort,
    protocol,
    target: containerId(host.name, container.name),
    targetName: shortName(container),
    targetPort: inside,
    by: 'engine',
    ...inKernel(rack, host, port, (to) =>
      addresses.some((own) => own === to || (own?.includes(':') && sameAddress(own, to))),
    ),
  }
}

const addressesIn = ({ endpoints }: Container) => endpoints.flatMap((one) => [one.address, one.address6])

function inKernel(
  rack: Rack,
  host: HostState,
  { hostPort, protocol, hostAddress }: Pick<PublishedPort, 'hostPort' | 'hostAddress'> & { protocol: string },
  isTarget: (address: string) => boolean,
): Pick<HostPort, 'rules' | 'listens'> {
  const home = host.namespaces[0]
  if (!home) return { rules: [], listens: false }
  return {
    rules: rack.translationsOf(home, protocol, hostPort).filter(({ to, destination }) => {
      const address = addressOf(to)
      const isOwn =
        destination === undefined || isAny(hostAddress) || sameAddress(destination.split('/')[0], hostAddress)
      return isOwn && address !== undefined && isTarget(address)
    }),
    listens: home.sockets.some((socket) => socket.port === hostPort && socket.protocol === protocol),
  }
}

/** Of `172.20.0.2:80`, `[fd00::2]:80` or an address alone. */
function addressOf(to: string | undefined): string | undefined {
  const [, ip4] = /^(\d+\.\d+\.\d+\.\d+)(?::[\d-]+)?$/.exec(to ?? '') ?? []
  if (ip4 !== undefined) return ip4
  const address = to?.match(/^\[(.*)\]/)?.[1] ?? to
  return address && isAddress(address) ? address : undefined
}

function servicePorts(rack: Rack, host: HostState): HostPort[] {
  return swarmPorts(rack, host).map(({ service, protocol, publishedPort, targetPort }) => ({
    id: portId(host.name, '', publishedPort, protocol),
    host,
    address: '',
    port: publishedPort,
    protocol,
    target: serviceId(service.name),
    targetName: service.name,
    targetPort,
    by: 'service' as const,
    ...inKernel(rack, host, { hostPort: publishedPort, protocol, hostAddress: '' }, () => true),
  }))
}

/** Where the Engine says nothing, its rules still do: those of the chain that it keeps for published ports. */
function kernelPorts(rack: Rack, host: HostState): HostPort[] {
  const home = host.namespaces[0]
  if (host.engine || !home) return []
  return home.rules
    .filter(({ target, chain, table }) => target === 'DNAT' && table === 'nat' && chain === 'DOCKER')
    .flatMap((rule): HostPort[] => {
      const [port, address] = [Number(rule.destinationPort), addressOf(rule.to)]
      if (!Number.isInteger(port) || address === undefined) return []
      const own = rule.destination?.split('/')[0] ?? ''
      const place = rack
        .on(host)
        .find(({ kind, namespace }) => kind !== 'host' && namespace.links.some((link) => holds(link, address)))
      return [
        {
          id: portId(host.name, own, port, rule.protocol ?? 'tcp'),
          host,
          address: own,
          port,
          protocol: rule.protocol ?? 'tcp',
          ...(place?.element ? { target: place.element } : {}),
          targetName: place?.label ?? address,
          targetPort: Number(/:(\d+)$/.exec(rule.to ?? '')?.[1] ?? port),
          by: 'kernel',
          rules: [rule],
          listens: false,
        },
      ]
    })
}

function holds(link: Parameters<typeof addressesOf>[0], address: string): boolean {
  return addressesOf(link).some((one) => sameAddress(one.address, address))
}

function drawPort(port: HostPort): MapElement {
  const { host, protocol, targetPort, targetName, address } = port
  return {
    id: port.id,
    kind: 'port',
    label: `${port.port}/${bare(protocol, 8)}`,
    notes: [...(isAny(address) ? [] : [labelOf(address)]), `→ ${targetPort}`],
    state: isOpen(port) ? 'up' : 'down',
    sentence: sentence([portWords(port), wayWords(port)]),
    facts: [
      ...fact(text('Published', '发布'), [
        `${address || '0.0.0.0'}:${port.port} -> ${targetName}:${targetPort}/${protocol}`,
      ]),
      ...fact(text('DNAT rules', 'DNAT 规则'), port.rules.map(writeRule)),
      ...fact(
        text('Listening sockets', '监听的套接字'),
        (host.namespaces[0]?.sockets ?? [])
          .filter((socket) => socket.port === port.port && socket.protocol === protocol)
          .map((socket) => `${socket.protocol} ${socket.address}:${socket.port}`),
      ),
    ],
    commands: [
      ...(port.by === 'engine' ? command(host.name, ['docker', 'port', targetName]) : []),
      ...(port.by === 'service' ? command(host.name, ['docker', 'service', 'inspect', '--pretty', targetName]) : []),
      ...command(host.name, ['iptables', '-t', 'nat', '-S', port.by === 'service' ? 'DOCKER-INGRESS' : 'DOCKER']),
      ...command(host.name, ['ss', protocol === 'udp' ? '-lnu' : '-lnt', `sport = :${port.port}`]),
    ],
  }
}

function portWords({ host, port, protocol, address, targetName, targetPort, by }: HostPort): Text {
  const [own, where, target] = [code(`${port}/${protocol}`), code(host.name), code(targetName)]
  const at = isAny(address)
    ? text('on all its addresses', '所有地址')
    : text(`only on ${code(address)}`, `仅 ${code(address)}`)
  if (by === 'kernel') {
    return text(
      `Port ${own} of ${where}, ${at.en}, is sent on to ${target}`,
      `${where} 的端口 ${own}（${at.zh}）转给 ${target}`,
    )
  }
  const what = by === 'service' ? text('service ', '服务 ') : text('', '容器 ')
  return text(
    `Port ${own} of ${where}, ${at.en}, is published for port ${targetPort} of ${what.en}${target}`,
    `${where} 的端口 ${own}（${at.zh}）发布给${what.zh}${target} 的端口 ${targetPort}`,
  )
}

function wayWords({ rules, listens, by }: HostPort): Text {
  const [rule] = rules
  if (rule) {
    return text(`a DNAT rule sends it to ${code(rule.to ?? '')}`, `由一条 DNAT 规则转到 ${code(rule.to ?? '')}`)
  }
  if (listens) {
    return text(
      by === 'service'
        ? 'the Engine listens on it, but no DNAT rule is there'
        : "no DNAT rule is there, only Docker's proxy listens on it",
      by === 'service' ? '引擎在监听它，但没有 DNAT 规则' : '没有 DNAT 规则，只有 Docker 的代理在监听',
    )
  }
  return text('the kernel has neither a rule nor a socket for it', '内核里既没有对应的规则，也没有套接字')
}
