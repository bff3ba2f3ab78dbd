import type { Container, HostState, SwarmService } from '../network/state.js'
import { listed, same, sentence, text } from '../wording/phrase.js'
import { bare, code } from '../wording/wording.js'
import { command } from './commands.js'
import { fact } from './facts.js'
import { serviceId } from './ids.js'
import type { MapElement } from './map.js'
import { labelOf, order, type Rack } from './rack.js'

export interface ServiceTasks {
  service: SwarmService
  /** The manager that tells of it. */
  manager: HostState
  /** Its tasks' containers on the hosts of this rack. */
  places: { host: HostState; container: Container }[]
}

/** Every service of the rack's swarms once, as the first manager has it. */
export function tasksOf(rack: Rack): ServiceTasks[] {
  const services = new Map<string, ServiceTasks>()
  for (const manager of rack.state.hosts) {
    for (const service of manager.engine?.swarm.services ?? []) {
      if (!services.has(service.name)) services.set(service.name, { service, manager, places: placesOf(rack, service) })
    }
  }
  return [...services.values()].toSorted((a, b) => order(a.service.name, b.service.name))
}

function placesOf(rack: Rack, service: SwarmService): ServiceTasks['places'] {
  const ids = new Set(service.tasks.flatMap(({ container }) => container ?? []))
  return rack.state.hosts.flatMap((host) =>
    (host.engine?.containers ?? [])
      .filter(({ id, labels }) => ids.has(id) || labels['com.docker.swarm.service.name'] === service.name)
      .map((container) => ({ host, container })),
  )
}

/** Ports that the routing mesh takes in on a host: all nodes of the swarm take them in. */
export function swarmPorts(rack: Rack, host: HostState): (SwarmService['ports'][number] & { service: SwarmService })[] {
  const swarm = host.engine?.swarm
  if (swarm?.state !== 'active') return []
  const managers = rack.state.hosts.filter(
    (one) => one === host || one.engine?.swarm.nodes.some(({ id }) => id === swarm.nodeId),
  )
  const names = new Set<string>()
  return managers
    .flatMap(({ engine }) => engine?.swarm.services ?? [])
    .filter(({ name }) => !names.has(name) && names.add(name))
    .flatMap((service) =>
      service.ports
        .filter(({ mode, publishedPort }) => mode !== 'host' && publishedPort > 0)
        .map((port) => ({ ...port, service })),
    )
}

export function drawServices(rack: Rack): MapElement[] {
  return tasksOf(rack).map(drawService)
}

function drawService({ service, manager, places }: ServiceTasks): MapElement {
  const { name, image, running, replicas, ports, networks, virtualAddresses, endpointMode } = service
  const wanted = replicas === undefined ? `${running}` : `${running}/${replicas}`
  const nodes = [...new Set(service.tasks.filter(({ state }) => state === 'running').map(({ node }) => node))].toSorted(
    order,
  )
  const shown = ports.map(({ publishedPort, targetPort, protocol }) => `*:${publishedPort}->${targetPort}/${protocol}`)
  const has = listed(
    virtualAddresses.map(({ address, network }) =>
      text(`${code(address)} on ${code(network)}`, `${code(network)} 上的 ${code(address)}`),
    ),
  )
  const of = listed(ports.map(({ publishedPort, protocol }) => same(code(`${publishedPort}/${protocol}`))))
  const on = listed(nodes.map((node) => same(code(node))))
  return {
    id: serviceId(name),
    kind: 'service',
    label: labelOf(name),
    notes: [replicas === undefined ? `global ${wanted}` : wanted, ...shown.map((one) => bare(one, 45))].slice(0, 3),
    state: running > 0 || replicas === 0 ? 'up' : 'down',
    sentence: sentence([
      replicas === undefined
        ? text(
            `Service ${code(name)} (${code(image)}) runs on every node: ${running} ${running === 1 ? 'task runs' : 'tasks run'}`,
            `服务 ${code(name)}（${code(image)}）在每个节点上运行：${running} 个任务在运行`,
          )
        : text(
            `Service ${code(name)} (${code(image)}): ${running} of ${replicas} ${replicas === 1 ? 'task runs' : 'tasks run'}`,
            `服务 ${code(name)}（${code(image)}）：${replicas} 个任务中有 ${running} 个在运行`,
          ),
      on.en ? text(`on ${on.en}`, `位于 ${on.zh}`) : undefined,
      has.en ? text(`its virtual address is ${has.en}`, `虚拟地址是 ${has.zh}`) : undefined,
      of.en ? text(`it is published as ${of.en} on every node`, `在每个节点上发布为 ${of.zh}`) : undefined,
    ]),
    facts: [
      ...fact(text('Service', '服务'), [
        `image ${image}`,
        replicas === undefined ? 'mode global' : `replicas ${running}/${replicas}`,
        `endpoint mode ${endpointMode}`,
      ]),
      ...fact(text('Networks', '所在网络'), networks),
      ...fact(
        text('Virtual addresses', '虚拟地址'),
        virtualAddresses.map(({ network, address }) => `${address} on ${network}`),
      ),
      ...fact(
        text('Published ports', '发布的端口'),
        ports.map(
          ({ publishedPort, targetPort, protocol, mode }) => `*:${publishedPort}->${targetPort}/${protocol} ${mode}`,
        ),
      ),
      ...fact(
        text('Tasks', '任务'),
        service.tasks
          .filter(({ desired }) => desired === 'running' || desired === 'ready')
          .map(({ state, node, container }) => {
            const at = places.find((place) => place.container.id === container)
            return `${state} on ${node}${at ? ` ${at.container.name}` : ''}`
          }),
      ),
    ],
    commands: [
      ...command(manager.name, ['docker', 'service', 'ps', name]),
      ...command(manager.name, ['docker', 'service', 'inspect', '--pretty', name]),
    ],
  }
}
