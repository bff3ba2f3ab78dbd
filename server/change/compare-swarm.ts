import { tasksOf } from '../map/draw-services.js'
import { containerId, hostId, portId, serviceId } from '../map/ids.js'
import type { Rack } from '../map/rack.js'
import type { HostState, SwarmNode, SwarmService } from '../network/state.js'
import { listed, same, text } from '../wording/phrase.js'
import type { Text } from '../wording/text.js'
import { code } from '../wording/wording.js'
import { type ChangeList, type HostPair, split } from './change-list.js'

/** Sockets of a swarm: its managers' (2377), its gossip (7946) and VXLAN (4789). Docker docs, "Open protocols and ports". */
const swarmSockets = ['tcp 2377', 'tcp 7946', 'udp 7946', 'udp 4789']
const swarmNetworks = ['ingress', 'docker_gwbridge']

export function compareSwarm(changes: ChangeList, pairs: HostPair[]): void {
  const joined = new Set<string>()
  for (const pair of pairs) if (compareMembership(changes, pair)) joined.add(pair.name)
  // Whose Engine came back has a list again, which is no news.
  if (!pairs.some(({ told }) => told.engine)) compareNodes(changes, joined)
  for (const { told } of pairs) if (told.engine) for (const socket of swarmSockets) told.ports.add(socket)
  compareServices(changes, pairs)
}

function compareMembership(changes: ChangeList, { name, before, after, told }: HostPair): boolean {
  const [old, now] = [before.engine?.swarm, after.engine?.swarm]
  if (!old || !now) return false
  const wasIn = old.state !== 'inactive'
  const isIn = now.state !== 'inactive'
  const host = code(name)
  const about = [hostId(name)]
  if (wasIn !== isIn) {
    told.swarm = true
    for (const network of swarmNetworks) told.networks.add(network)
    for (const socket of swarmSockets) told.ports.add(socket)
    told.bridges.add('docker_gwbridge')
    if (!isIn) {
      changes.add('removed', 'swarm', text(`${host} left the swarm`, `${host} 离开了集群`), about)
    } else if (now.manager && now.nodes.length <= 1) {
      const words = text(`${host} is now a swarm of one node, and its manager`, `${host} 建立了集群，是其中的管理节点`)
      changes.add('added', 'swarm', words, about)
    } else {
      const role = now.manager ? text('manager', '管理') : text('worker', '工作')
      changes.add(
        'added',
        'swarm',
        text(`${host} joined the swarm as a ${role.en}`, `${host} 作为${role.zh}节点加入了集群`),
        about,
      )
    }
    return true
  }
  if (old.state !== now.state) {
    const words = text(
      `${host}'s part in the swarm is ${code(now.state)} now; it was ${code(old.state)}`,
      `${host} 在集群中的状态从 ${code(old.state)} 变为 ${code(now.state)}`,
    )
    changes.add('changed', 'swarm', words, about)
  } else if (isIn && old.manager !== now.manager) {
    const words = now.manager
      ? text(`${host} is a manager of the swarm now`, `${host} 成为集群的管理节点`)
      : text(`${host} is a worker of the swarm now, no manager`, `${host} 现在是集群的工作节点，不再是管理节点`)
    changes.add('changed', 'swarm', words, about)
  }
  return false
}

/** As the managers of the rack list them; who has just joined or left is told already. */
function compareNodes(changes: ChangeList, joined: ReadonlySet<string>): void {
  const { added, removed, kept } = split(nodesOf(changes.before), nodesOf(changes.after), ({ id }) => id)
  const about = ({ hostname }: SwarmNode) =>
    changes.after.state.hosts.some(({ name }) => name === hostname) ? [hostId(hostname)] : []
  for (const node of added) {
    if (joined.has(node.hostname)) continue
    const words = text(`The swarm has a node ${code(node.hostname)}`, `集群里多了节点 ${code(node.hostname)}`)
    changes.add('added', 'swarm', words, about(node))
  }
  // Whose manager left the swarm has no list any more.
  const hasList = nodesOf(changes.after).length > 0
  for (const node of hasList ? removed : []) {
    const words = text(`The swarm lost its node ${code(node.hostname)}`, `集群里少了节点 ${code(node.hostname)}`)
    changes.add('removed', 'swarm', words, about(node))
  }
  for (const [old, now] of kept) {
    for (const [key, en, zh] of [
      ['state', 'is', '状态'],
      ['availability', 'is', '可用性'],
      ['role', 'is', '角色'],
    ] as const) {
      if (
        old[key] === now[key] ||
        (key === 'role' && changes.after.state.hosts.some(({ name }) => name === now.hostname))
      )
        continue
      const words = text(
        `Node ${code(now.hostname)} of the swarm ${en} ${code(now[key])} now; it was ${code(old[key])}`,
        `集群节点 ${code(now.hostname)} 的${zh}从 ${code(old[key])} 变为 ${code(now[key])}`,
      )
      changes.add('changed', 'swarm', words, about(now))
    }
  }
}

/** Each node once; where managers differ, the first that has it ready is right. */
function nodesOf({ state }: Rack): SwarmNode[] {
  const nodes = new Map<string, SwarmNode>()
  for (const node of state.hosts.flatMap(({ engine }) => engine?.swarm.nodes ?? [])) {
    if (nodes.get(node.id)?.state !== 'ready') nodes.set(node.id, node)
  }
  return [...nodes.values()]
}

function compareServices(changes: ChangeList, pairs: HostPair[]): void {
  // Without a manager's word on both sides, nothing is known of services.
  const tells = ({ state }: Rack) => state.hosts.some(({ engine }) => engine?.swarm.manager)
  const lost = tells(changes.before) && !tells(changes.after) && pairs.some(({ told }) => told.engine)
  if (lost || pairs.some(({ told, before }) => told.engine && !before.engine)) return
  const { added, removed, kept } = split(tasksOf(changes.before), tasksOf(changes.after), ({ service }) => service.id)
  const tell = (places: { host: HostState; container: { id: string } }[]) => {
    for (const { host, container } of places)
      pairs.find(({ name }) => name === host.name)?.told.containers.add(container.id)
  }
  for (const { service, places } of added) {
    tell(places)
    changes.add('added', 'service', addedWords(service), aboutService(changes.after, service, places))
  }
  for (const { service, places } of removed) {
    tell(places)
    const words = text(`Service ${code(service.name)} was removed`, `服务 ${code(service.name)} 已删除`)
    changes.add('removed', 'service', words, aboutService(changes.before, service, places))
  }
  for (const [old, now] of kept) {
    const parts = serviceParts(old.service, now.service)
    if (parts.length === 0) continue
    const about = aboutService(changes.after, now.service, now.places)
    if (old.service.running !== now.service.running) tell([...old.places, ...now.places])
    const list = listed(parts)
    const words = text(`Service ${code(now.service.name)} ${list.en}`, `服务 ${code(now.service.name)} ${list.zh}`)
    changes.add('changed', 'service', words, about)
  }
}

function aboutService(
  rack: Rack,
  { name, ports }: SwarmService,
  places: { host: HostState; container: { name: string } }[],
) {
  return [
    serviceId(name),
    ...places.map(({ host, container }) => containerId(host.name, container.name)),
    ...rack.state.hosts.flatMap((host) =>
      host.engine?.swarm.state === 'active'
        ? ports
            .filter(({ mode, publishedPort }) => mode !== 'host' && publishedPort > 0)
            .map(({ publishedPort, protocol }) => portId(host.name, '', publishedPort, protocol))
        : [],
    ),
  ]
}

function addedWords(service: SwarmService): Text {
  const { name, image, running, replicas, virtualAddresses, ports } = service
  const wanted = replicas ?? running
  const has = listed(
    virtualAddresses.map(({ address, network }) =>
      text(`${code(address)} on ${code(network)}`, `${code(network)} 上的 ${code(address)}`),
    ),
  )
  const as = listed(ports.map(({ publishedPort, protocol }) => same(code(`${publishedPort}/${protocol}`))))
  return text(
    `Service ${code(name)} (${code(image)}) was added: ${running} of ${wanted} tasks run${has.en ? `, virtual address ${has.en}` : ''}${as.en ? `, published as ${as.en}` : ''}`,
    `新增服务 ${code(name)}（${code(image)}）：${wanted} 个任务中有 ${running} 个在运行${has.zh ? `，虚拟地址是 ${has.zh}` : ''}${as.zh ? `，发布为 ${as.zh}` : ''}`,
  )
}

function serviceParts(old: SwarmService, now: SwarmService): Text[] {
  const parts: Text[] = []
  if (old.running !== now.running || old.replicas !== now.replicas) {
    const [was, is] = [old, now].map(({ running, replicas }) =>
      replicas === undefined ? `${running}` : `${running}/${replicas}`,
    )
    parts.push(
      old.replicas === now.replicas
        ? text(`has ${is} tasks running (${was} before)`, `运行中的任务数从 ${was} 变为 ${is}`)
        : text(
            `is to have ${now.replicas ?? 'one task a node'} tasks, and ${now.running} run`,
            `的目标任务数变为 ${now.replicas ?? '每节点一个'}，目前运行 ${now.running} 个`,
          ),
    )
  }
  if (old.image !== now.image) parts.push(text(`has image ${code(now.image)}`, `的镜像变为 ${code(now.image)}`))
  const write = ({ ports }: SwarmService) =>
    ports.map((port) => `${port.publishedPort}->${port.targetPort}/${port.protocol}`)
  if (write(old).toSorted().join() !== write(now).toSorted().join()) {
    const list = listed(write(now).map((port) => same(code(port))))
    parts.push(
      list.en ? text(`publishes ${list.en}`, `发布的端口变为 ${list.zh}`) : text('publishes no port', '不再发布端口'),
    )
  }
  if (old.networks.toSorted().join() !== now.networks.toSorted().join()) {
    const list = listed(now.networks.map((network) => same(code(network))))
    parts.push(
      list.en ? text(`is on ${list.en}`, `所在网络变为 ${list.zh}`) : text('is on no network', '不在任何网络上'),
    )
  }
  return parts
}
