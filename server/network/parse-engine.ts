import type { EngineCapture, HostCapture } from './capture.js'
import { parseDns } from './parse-dns.js'
import type {
  Container,
  DnsSettings,
  Endpoint,
  EngineNetwork,
  EngineState,
  Health,
  PublishedPort,
  SwarmNode,
  SwarmService,
  SwarmState,
} from './state.js'
import { defined, numberOf, recordOf, recordsOf, textMapOf, textOf, textsOf } from './untrusted.js'

/** A container with what ties it to a namespace; all of it the Engine's word. */
export interface ParsedContainer extends Container {
  /** Name under which its namespace is pinned. */
  sandbox?: string
}

export interface ParsedEngine extends Omit<EngineState, 'containers'> {
  containers: ParsedContainer[]
}

type Fields = Record<string, unknown>
type EngineAnswers = Exclude<EngineCapture, { fault: unknown }>

/** Answers of the Engine API, v1.44; nothing is compared with the kernel yet. */
export function parseEngine(answers: EngineAnswers, files: HostCapture['files']): ParsedEngine {
  const networks = recordsOf(answers.networks)
    .flatMap(parseNetwork)
    .toSorted((a, b) => byName(a, b) || a.id.localeCompare(b.id))
  const containers = recordsOf(answers.containers)
    .flatMap((container) => parseContainer(container, files))
    .toSorted(byName)
  const names = new Map(containers.map(({ id, name }) => [id, name]))
  for (const container of containers) {
    const [, other] = /^container:(.+)$/.exec(container.networkMode) ?? []
    if (other !== undefined) container.sharesWith = names.get(other) ?? other
  }
  const version = textOf(recordOf(answers.version).Version) || textOf(recordOf(answers.info).ServerVersion)
  const { unasked } = answers
  return { version, networks, containers, ...defined({ unasked }), swarm: parseSwarm(answers, networks) }
}

function restartsOf({ RestartCount, State }: Record<string, unknown>): Pick<Container, 'restarts'> {
  const count = numberOf(RestartCount) ?? 0
  return count > 0 ? { restarts: { count, startedAt: textOf(recordOf(State).StartedAt) } } : {}
}

/** A container without a health check has the status `none`, or nothing at all; one that has ended keeps what was said last. */
function healthOf({ Health, Status }: Fields): { health?: Health } {
  const { Status: said, FailingStreak, Log } = recordOf(Health)
  const status = textOf(said)
  if (status === '' || status === 'none' || Status !== 'running') return {}
  const last = recordsOf(Log).at(-1)
  return {
    health: {
      status,
      failures: numberOf(FailingStreak) ?? 0,
      ...(last ? { last: { exitCode: numberOf(last.ExitCode) ?? 0, output: textOf(last.Output).trim() } } : {}),
    },
  }
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name.localeCompare(b.name)
}

function parseNetwork(network: Fields): EngineNetwork[] {
  const id = textOf(network.Id)
  if (id === '') return []
  const options = textMapOf(network.Options)
  return [
    {
      id,
      name: textOf(network.Name),
      driver: textOf(network.Driver),
      scope: textOf(network.Scope),
      internal: network.Internal === true,
      attachable: network.Attachable === true,
      ingress: network.Ingress === true,
      ipv6: network.EnableIPv6 === true,
      subnets: recordsOf(recordOf(network.IPAM).Config).flatMap(parseSubnet),
      options,
      labels: textMapOf(network.Labels),
      vxlanIds: (options['com.docker.network.driver.overlay.vxlanid_list'] ?? '')
        .split(',')
        .filter((part) => /^\d+$/.test(part))
        .map(Number),
    },
  ]
}

function parseSubnet(config: Fields): EngineNetwork['subnets'] {
  const subnet = textOf(config.Subnet)
  if (subnet === '') return []
  const reserved = textMapOf(config.AuxiliaryAddresses)
  return [{ subnet, reserved, ...defined({ gateway: textOf(config.Gateway), range: textOf(config.IPRange) }) }]
}

function parseContainer(container: Fields, files: HostCapture['files']): ParsedContainer[] {
  const id = textOf(container.Id)
  if (id === '') return []
  const state = recordOf(container.State)
  const host = recordOf(container.HostConfig)
  const config = recordOf(container.Config)
  const settings = recordOf(container.NetworkSettings)
  const first = numberOf(state.Pid)
  return [
    {
      id,
      name: textOf(container.Name).replace(/^\//, ''),
      image: textOf(config.Image),
      ...namesOfImage(config),
      state: textOf(state.Status),
      exitCode: numberOf(state.ExitCode) ?? 0,
      networkMode: textOf(host.NetworkMode).replace(/^default$/, 'bridge'),
      privileged: host.Privileged === true,
      capabilitiesAdded: textsOf(host.CapAdd),
      restartPolicy: textOf(recordOf(host.RestartPolicy).Name) || 'no',
      ...restartsOf(container),
      ...healthOf(state),
      labels: textMapOf(config.Labels),
      endpoints: Object.entries(recordOf(settings.Networks))
        .slice(0, 200)
        .map(([name, endpoint]) => parseEndpoint(textOf(name), recordOf(endpoint)))
        .toSorted((a, b) => a.network.localeCompare(b.network)),
      ports: parsePorts(recordOf(settings.Ports)),
      wants: parsePorts(recordOf(host.PortBindings)),
      dns: Object.hasOwn(files, id) ? parseDns(files[id]!) : dnsAsAsked(host),
      ...defined({
        process: first !== undefined && first > 0 ? first : undefined,
        sandbox: /^\/(?:var\/)?run\/docker\/netns\/([^/]+)$/.exec(textOf(settings.SandboxKey))?.[1],
      }),
    },
  ]
}

/** Written into the Engine's answer by whoever captured it. */
function namesOfImage({ ImageNames }: Fields): { imageNames?: string[] } {
  return ImageNames === undefined ? {} : { imageNames: textsOf(ImageNames) }
}

function parseEndpoint(network: string, endpoint: Fields): Endpoint {
  return {
    network,
    networkId: textOf(endpoint.NetworkID),
    aliases: textsOf(endpoint.Aliases),
    dnsNames: textsOf(endpoint.DNSNames),
    ...defined({
      address: textOf(endpoint.IPAddress),
      prefix: numberOf(endpoint.IPPrefixLen) || undefined,
      address6: textOf(endpoint.GlobalIPv6Address),
      mac: textOf(endpoint.MacAddress),
      gateway: textOf(endpoint.Gateway),
    }),
  }
}

/** `{"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}]}` */
function parsePorts(ports: Fields): PublishedPort[] {
  return Object.entries(ports)
    .slice(0, 2000)
    .flatMap(([key, bindings]) => {
      const [, containerPort, protocol] = /^(\d+)\/(tcp|udp|sctp)$/.exec(key) ?? []
      if (containerPort === undefined) return []
      return recordsOf(bindings).map((binding) => ({
        protocol: protocol as PublishedPort['protocol'],
        containerPort: Number(containerPort),
        hostAddress: textOf(binding.HostIp),
        hostPort: Number(textOf(binding.HostPort)) || 0,
      }))
    })
}

/** Of a container without a process: what its files will say. */
function dnsAsAsked(host: Fields): DnsSettings {
  return {
    nameservers: textsOf(host.Dns),
    search: textsOf(host.DnsSearch),
    options: textsOf(host.DnsOptions),
    hosts: textsOf(host.ExtraHosts).flatMap((entry) => {
      const [, name, address] = /^([^:]+):(.+)$/.exec(entry) ?? []
      return name && address ? [{ address, names: [name] }] : []
    }),
  }
}

function parseSwarm(answers: EngineAnswers, networks: EngineNetwork[]): SwarmState {
  const own = recordOf(recordOf(answers.info).Swarm)
  const { swarm, nodes, services, tasks } = answers.swarm ?? { swarm: {}, nodes: [], services: [], tasks: [] }
  const tokens = recordOf(recordOf(swarm).JoinTokens)
  const worker = textOf(tokens.Worker)
  const parsedNodes = recordsOf(nodes)
    .flatMap(parseNode)
    .toSorted((a, b) => a.hostname.localeCompare(b.hostname))
  const namesOf = {
    network: new Map(networks.map(({ id, name }) => [id, name])),
    node: new Map(parsedNodes.map(({ id, hostname }) => [id, hostname])),
  }
  return {
    state: textOf(own.LocalNodeState) || 'inactive',
    manager: own.ControlAvailable === true,
    nodes: parsedNodes,
    services: recordsOf(services)
      .flatMap((service) => parseService(service, recordsOf(tasks), namesOf))
      .toSorted(byName),
    ...defined({
      nodeId: textOf(own.NodeID),
      nodeAddress: textOf(own.NodeAddr),
      joinTokens: worker === '' ? undefined : { worker, manager: textOf(tokens.Manager) },
    }),
  }
}

function parseNode(node: Fields): SwarmNode[] {
  const id = textOf(node.ID)
  if (id === '') return []
  const spec = recordOf(node.Spec)
  const status = recordOf(node.Status)
  return [
    {
      id,
      hostname: textOf(recordOf(node.Description).Hostname),
      role: textOf(spec.Role),
      state: textOf(status.State),
      availability: textOf(spec.Availability),
      leader: recordOf(node.ManagerStatus).Leader === true,
      ...defined({ address: textOf(status.Addr) }),
    },
  ]
}

type Names = { network: Map<string, string>; node: Map<string, string> }

function parseService(service: Fields, allTasks: Fields[], names: Names): SwarmService[] {
  const id = textOf(service.ID)
  if (id === '') return []
  const spec = recordOf(service.Spec)
  const template = recordOf(spec.TaskTemplate)
  const endpoint = recordOf(service.Endpoint)
  const networkName = (value: unknown) => names.network.get(textOf(value)) ?? textOf(value)
  const tasks = allTasks
    .filter((task) => task.ServiceID === service.ID)
    .toSorted((a, b) => (numberOf(a.Slot) ?? 0) - (numberOf(b.Slot) ?? 0))
    .map((task) => parseTask(task, names))
  return [
    {
      id,
      name: textOf(spec.Name),
      // The Engine adds the digest that it resolved.
      image: textOf(recordOf(template.ContainerSpec).Image).replace(/@sha256:.*$/, ''),
      ...namesOfImage(recordOf(template.ContainerSpec)),
      running: tasks.filter(({ state, desired }) => state === 'running' && desired === 'running').length,
      endpointMode: textOf(recordOf(endpoint.Spec).Mode) || textOf(recordOf(spec.EndpointSpec).Mode) || 'vip',
      networks: recordsOf(template.Networks).map(({ Target }) => networkName(Target)),
      virtualAddresses: recordsOf(endpoint.VirtualIPs).map(({ NetworkID, Addr }) => ({
        network: networkName(NetworkID),
        address: textOf(Addr).replace(/\/\d+$/, ''),
      })),
      ports: recordsOf(endpoint.Ports).map((port) => ({
        protocol: textOf(port.Protocol),
        targetPort: numberOf(port.TargetPort) ?? 0,
        publishedPort: numberOf(port.PublishedPort) ?? 0,
        mode: textOf(port.PublishMode),
      })),
      tasks,
      ...defined({ replicas: numberOf(recordOf(recordOf(spec.Mode).Replicated).Replicas) }),
    },
  ]
}

function parseTask(task: Fields, names: Names): SwarmService['tasks'][number] {
  const status = recordOf(task.Status)
  const container = textOf(recordOf(status.ContainerStatus).ContainerID)
  const node = textOf(task.NodeID)
  return {
    state: textOf(status.State),
    desired: textOf(task.DesiredState),
    node: names.node.get(node) ?? node,
    ...defined({ container }),
  }
}
