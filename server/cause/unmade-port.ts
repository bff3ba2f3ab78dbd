import { isAny, sameAddress } from '../network/addresses.js'
import type { Container, EngineNetwork, HostState, PublishedPort } from '../network/state.js'
import { isInHostNamespace } from '../place/place.js'
import type { Text } from '../wording/text.js'
import { code, codes } from '../wording/wording.js'
import { define } from './cause.js'
import { doorOf } from './sockets.js'
import type { Trail } from './trail.js'

interface Found {
  container: string
  host: string
  port: number
  containerPort: number
  /** Why the Engine has not made the port that it was told. */
  why: 'internal' | 'not-running' | 'host-mode' | 'no-network' | 'unknown'
  networks: string[]
  /** A network of the host that is not internal. */
  front: string
  shown: string[]
}

function isWanted({ ports, wants }: Container, trail: Trail, port: number): PublishedPort | undefined {
  const same = (one: PublishedPort) => one.hostPort === port && one.protocol === trail.protocol
  if (ports.some(same)) return undefined
  return wants.find((one) => same(one) && (isAny(one.hostAddress) || sameAddress(one.hostAddress, trail.destination)))
}

function reasonOf(container: Container, host: HostState): Pick<Found, 'why' | 'networks'> {
  const networks = container.endpoints.flatMap(
    ({ networkId }): EngineNetwork | [] => host.engine?.networks.find(({ id }) => id === networkId) ?? [],
  )
  const names = networks.map(({ name }) => name)
  if (container.networkMode === 'host') return { why: 'host-mode', networks: ['host'] }
  if (container.namespace === undefined) return { why: 'not-running', networks: names }
  if (networks.length === 0 || networks.every(({ driver }) => driver === 'null'))
    return { why: 'no-network', networks: names }
  return { why: networks.every(({ internal }) => internal) ? 'internal' : 'unknown', networks: names }
}

export const unmadePort = define<Found>({
  code: 'unmade-port',
  byState: find,
  bySight: find,
  say: ({ container, host, port, containerPort, why, networks, front, shown }) => {
    const [who, where, list] = [code(container), code(host), codes(networks)]
    const because: Record<Found['why'], Text> = {
      internal: {
        en: `all of its networks are internal (${list.en}), and for such a network Docker makes neither a NAT rule nor a proxy`,
        zh: `它的网络都是内部网络（${list.zh}），Docker 不会为这种网络创建 NAT 规则，也不会启动代理`,
      },
      'not-running': {
        en: 'it is not running, and ports are published only while it does',
        zh: '它没有在运行，而端口只在运行期间发布',
      },
      'host-mode': {
        en: `with the network ${code('host')} Docker leaves ${code('-p')} aside: its programs listen on the host's own ports`,
        zh: `使用 ${code('host')} 网络时 Docker 会忽略 ${code('-p')}：程序直接监听主机自己的端口`,
      },
      'no-network': {
        en: 'it is on no network that a port could be led to',
        zh: '它没有接入任何能够转发端口的网络',
      },
      unknown: { en: 'the Engine has not made it', zh: '但引擎并没有建立这个端口' },
    }
    const connect = code(`docker network connect ${front} ${container}`)
    const tries: Record<Found['why'], Text> = {
      internal: {
        en: `connect it to a network that is not internal as well: ${connect}`,
        zh: `让它再接入一个非内部的网络：${connect}`,
      },
      'not-running': {
        en: `start it: ${code(`docker start ${container}`)}; ${code(`docker logs ${container}`)} says why it ended`,
        zh: `启动它：${code(`docker start ${container}`)}；${code(`docker logs ${container}`)} 能看到它为什么退出`,
      },
      'host-mode': {
        en: `ask for the port that its program listens on, such as ${code(`${host}:${containerPort}`)}`,
        zh: `访问它的程序所监听的端口，例如 ${code(`${host}:${containerPort}`)}`,
      },
      'no-network': {
        en: `connect it to a network: ${connect}`,
        zh: `让它接入一个网络：${connect}`,
      },
      unknown: {
        en: `look at what was asked for and what was made: ${code(`docker inspect ${container}`)}, ${code(`docker port ${container}`)}`,
        zh: `对照要求的和实际建立的端口：${code(`docker inspect ${container}`)}、${code(`docker port ${container}`)}`,
      },
    }
    return {
      what: {
        en: `${who} was told to publish port ${port} of ${where}, but that port was never made: ${because[why].en}`,
        zh: `${who} 要求发布 ${where} 的端口 ${port}，但这个端口并没有建立：${because[why].zh}`,
      },
      evidence: shown,
      tries: [tries[why]],
    }
  },
  broken: 'a container with `-p` whose networks are all internal',
  example: {
    ...{ container: 'web', host: 'node1', port: 8082, containerPort: 80, why: 'internal', networks: ['back'] },
    front: 'app',
    shown: ['docker inspect web: PortBindings 80/tcp -> 8082', 'docker port web: nothing'],
  },
})

function find(trail: Trail): Found | undefined {
  const door = doorOf(trail)
  if (!door || door.open || !isInHostNamespace(door.goal)) return undefined
  const { goal, port } = door
  for (const container of goal.host.engine?.containers ?? []) {
    const wanted = isWanted(container, trail, port)
    if (wanted) return foundOf(container, wanted, goal.host)
  }
  return undefined
}

function foundOf(container: Container, { hostPort, containerPort, protocol }: PublishedPort, host: HostState): Found {
  const front = host.engine?.networks.find(
    ({ driver, internal, name }) => driver === 'bridge' && !internal && name !== 'bridge',
  )
  const made = container.ports.map((one) => `${one.containerPort}/${one.protocol} -> ${one.hostPort}`)
  return {
    ...{ container: container.name, host: host.name, port: hostPort, containerPort },
    ...reasonOf(container, host),
    front: front?.name ?? 'bridge',
    shown: [
      `docker inspect ${container.name}: PortBindings ${containerPort}/${protocol} -> ${hostPort}`,
      `docker port ${container.name}: ${made.join(', ') || 'nothing'}`,
    ],
  }
}

/** All ports of a running container that were asked for and not made. A port that the Engine was to choose has no number yet. */
export function unmadeOf(container: Container, host: HostState): Found[] {
  const made = (wanted: PublishedPort) =>
    container.ports.some((one) => one.containerPort === wanted.containerPort && one.protocol === wanted.protocol)
  return container.wants
    .filter((wanted) => wanted.hostPort > 0 && !made(wanted))
    .map((wanted) => foundOf(container, wanted, host))
}
