import { isLoopback } from '../network/addresses.js'
import type { Container } from '../network/state.js'
import { isInHostNamespace, type LivePlace } from '../place/place.js'
import type { Text } from '../wording/text.js'
import { code, codes } from '../wording/wording.js'
import { define } from './cause.js'
import { type Door, doorOf, listening, reachable, refusalLines } from './sockets.js'
import type { Trail } from './trail.js'

interface Found {
  goal: string
  protocol: string
  port: number
  address: string
  /** Ports that are open for others; of a host, those that its containers have opened. */
  ports: number[]
  /** Nothing listens there at all. */
  nothing: boolean
  /** Addresses at which this one is open, none of them the one that was asked for. */
  elsewhere: string[]
  /**
   * `swapped`: the numbers of `-p` are the wrong way round; `mapped`: the host's port leads to this one, where nobody listens;
   * `as`: the container's port is another of the host's; `unproxied`: published, but no docker-proxy takes it for the host itself.
   */
  published?: {
    how: 'swapped' | 'mapped' | 'as' | 'unproxied'
    container: string
    hostPort: number
    containerPort: number
  }
  /** It is open for the other protocol of the two. */
  other?: 'tcp' | 'udp'
  seen: boolean
  shown: string[]
}

function find(trail: Trail): Found | undefined {
  const door = doorOf(trail)
  // What waits behind a rule is not known to be refused by a socket.
  if (!door || door.open || trail.stage !== 'refused') return undefined
  const { goal, address, port, at } = door
  const ports = [...new Set(reachable(goal, trail.protocol, address).map((socket) => socket.port))]
  const others = at.filter((socket) => !isLoopback(socket.address))
  const published = publishedHow(trail, door, ports)
  const told = ports.filter((one) => isOfContainers(goal, one))
  const other = trail.protocol === 'tcp' ? 'udp' : 'tcp'
  const isOther = listening(goal, other, port, address).length > 0
  return {
    ...{
      goal: goal.label,
      protocol: trail.protocol,
      port,
      address,
      ports: told,
      nothing: ports.length === 0,
      seen: trail.seen !== undefined,
    },
    elsewhere: others.map((socket) => socket.address),
    ...(published ? { published } : {}),
    ...(isOther ? { other } : {}),
    shown: refusalLines(trail),
  }
}

/**
 * What else a host has open has nothing to do with the question, and may be what a learner is yet to find. What a container
 * in the host's own namespace has opened can't be told from that, so where there is one all count.
 */
function isOfContainers(goal: LivePlace, port: number): boolean {
  if (!isInHostNamespace(goal)) return true
  const containers = goal.host.engine?.containers ?? []
  return containers.some(
    ({ namespace, ports }) => namespace === goal.namespace.id || ports.some(({ hostPort }) => hostPort === port),
  )
}

/** What publishing has to do with it. */
function publishedHow({ protocol, port: asked }: Trail, { goal, port }: Door, ports: number[]): Found['published'] {
  const all = (goal.host.engine?.containers ?? []).flatMap((container) =>
    container.ports.filter((one) => one.protocol === protocol).map((one) => ({ container, ...one })),
  )
  const listensOn = (container: Container, number: number) =>
    goal.host.namespaces
      .find(({ id }) => id === container.namespace)
      ?.sockets.some((socket) => socket.protocol === protocol && socket.port === number) === true
  const plain = (
    how: NonNullable<Found['published']>['how'],
    { container, hostPort, containerPort }: (typeof all)[0],
  ) => ({
    ...{ how, container: container.name, hostPort, containerPort },
  })
  if (!isInHostNamespace(goal)) {
    const mapping = all.find(
      ({ container, containerPort, hostPort }) =>
        container.namespace === goal.namespace.id && containerPort === port && hostPort === asked,
    )
    if (!mapping) return undefined
    return plain(ports.includes(mapping.hostPort) ? 'swapped' : 'mapped', mapping)
  }
  const same = all.find(({ hostPort }) => hostPort === port)
  if (same) return plain('unproxied', same)
  const other = all.find(({ containerPort }) => containerPort === port)
  if (!other) return undefined
  const { container, containerPort, hostPort } = other
  return plain(!listensOn(container, containerPort) && listensOn(container, hostPort) ? 'swapped' : 'as', other)
}

function triesOf({
  port,
  protocol,
  ports,
  published,
}: Pick<Found, 'port' | 'protocol' | 'ports' | 'published' | 'goal'>): Text[] {
  const list = codes(ports)
  const open: Text =
    ports.length > 0
      ? {
          en: `open there: ${list.en}. Ask for one of these, or start the program that should listen on ${port}`,
          zh: `那里开放的端口：${list.zh}。访问其中之一，或启动应当监听 ${port} 的程序`,
        }
      : {
          en: `start the program that should listen on ${port}; ${code(protocol === 'udp' ? 'ss -lnu' : 'ss -lnt')} shows what listens`,
          zh: `启动应当监听 ${port} 的程序；${code(protocol === 'udp' ? 'ss -lnu' : 'ss -lnt')} 可以看到正在监听的端口`,
        }
  if (!published) return [open]
  const { how, container, hostPort, containerPort } = published
  const who = code(container)
  const udp = protocol === 'udp' ? '/udp' : ''
  const right = (inside: number) => code(`-p ${hostPort}:${inside}${udp}`)
  switch (how) {
    case 'swapped':
      return [
        {
          en: `the two numbers of ${code('-p')} are swapped, the host's comes first: recreate ${who} with ${code(`-p ${containerPort}:${hostPort}${udp}`)}`,
          zh: `${code('-p')} 的两个端口写反了，主机端口在前：用 ${code(`-p ${containerPort}:${hostPort}${udp}`)} 重新创建 ${who}`,
        },
      ]
    case 'mapped':
      return ports.length > 0
        ? [
            {
              en: `publish the port that its program has: recreate ${who} with ${right(ports[0]!)}, or let its program listen on ${containerPort}`,
              zh: `发布程序实际监听的端口：用 ${right(ports[0]!)} 重新创建 ${who}，或者让程序监听 ${containerPort}`,
            },
          ]
        : [open]
    case 'as':
      return [
        {
          en: `${who} publishes its port ${containerPort} as ${code(hostPort)} of the host: use that one`,
          zh: `${who} 的端口 ${containerPort} 在主机上发布为 ${code(hostPort)}：请访问那个端口`,
        },
      ]
    case 'unproxied':
      return [
        {
          en: `${who} publishes ${hostPort}, but no ${code('docker-proxy')} listens, which the host itself and containers on the same bridge need: ask for ${code(`${container}:${containerPort}`)} on a network of its own`,
          zh: `${who} 发布了 ${hostPort}，但没有 ${code('docker-proxy')} 在监听，而主机自身和同一网桥上的容器需要它：请在它所在的网络上访问 ${code(`${container}:${containerPort}`)}`,
        },
        {
          en: `where ${code('userland-proxy')} is on, the Engine starts the proxy with the container: ${code(`docker restart ${container}`)}`,
          zh: `如果启用了 ${code('userland-proxy')}，引擎会随容器一起启动代理：${code(`docker restart ${container}`)}`,
        },
      ]
  }
}

export const portNotListening = define<Found>({
  code: 'port-not-listening',
  byState: find,
  bySight: find,
  say: ({ goal, protocol, port, address, ports, nothing, elsewhere, published, other, seen, shown }) => {
    const [whom, list, others] = [code(goal), codes(ports), codes(elsewhere)]
    const also = other ? { en: `; it is open for ${other}`, zh: `；它开放的是 ${other}` } : { en: '', zh: '' }
    return {
      what:
        elsewhere.length > 0
          ? {
              en: `${seen ? `the packet arrived in ${whom}, but` : `in ${whom}`} port ${port} is open at ${others.en} there, not at ${code(address)}`,
              zh: `${seen ? `数据包到了 ${whom}，但` : `${whom} `}那里的端口 ${port} 只在 ${others.zh} 上监听，而不是 ${code(address)}`,
            }
          : seen
            ? {
                en: `the packet arrived in ${whom}, but no program there listens on ${protocol} port ${port}, so the kernel refuses${also.en}`,
                zh: `数据包到了 ${whom}，但那里没有程序监听 ${protocol} 端口 ${port}，于是内核拒绝了它${also.zh}`,
              }
            : nothing
              ? {
                  en: `nothing in ${whom} listens on any ${protocol} port: being reached is one thing, having a program that answers another`,
                  zh: `${whom} 里没有程序监听任何 ${protocol} 端口：网络通是一回事，有程序应答是另一回事`,
                }
              : ports.length === 0
                ? {
                    en: `nothing in ${whom} listens on ${protocol} port ${port}`,
                    zh: `${whom} 里没有程序监听 ${protocol} 端口 ${port}`,
                  }
                : {
                    en: `nothing in ${whom} listens on ${protocol} port ${port}; it listens on ${list.en}`,
                    zh: `${whom} 里没有程序监听 ${protocol} 端口 ${port}；它监听的端口：${list.zh}`,
                  },
      evidence: [
        ports.length > 0 || nothing
          ? `${goal}: listening ${protocol} ports ${ports.slice(0, 8).join(', ') || 'none'}`
          : `${goal}: no listening ${protocol} port ${port}`,
        ...shown,
      ],
      tries: triesOf({ port, protocol, ports, goal, ...(published ? { published } : {}) }),
    }
  },
  broken: 'the program listens on another port',
  asked: '`api` to `cache:6379`, tcp',
  example: {
    ...{
      goal: 'node1/cache',
      protocol: 'tcp',
      port: 6379,
      address: '172.20.0.13',
      ports: [6380],
      nothing: false,
      elsewhere: [],
    },
    ...{ seen: true, shown: ['172.20.0.13:6379 > 172.20.0.12:… tcp [RA], 40 bytes, ttl 64'] },
  },
})
