import { isLoopback } from '../network/addresses.js'
import { isInHostNamespace } from '../place/place.js'
import { code, codes } from '../wording/wording.js'
import { define } from './cause.js'
import { doorOf, reachable, refusalLines } from './sockets.js'
import type { Trail } from './trail.js'

interface Found {
  goal: string
  protocol: string
  port: number
  address: string
  /** Ports that are open for others. */
  ports: number[]
  /** Addresses at which this one is open, none of them the one that was asked for. */
  elsewhere: string[]
  /** Who publishes the container's port, as another of the host's. */
  published?: { container: string; hostPort: number }
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
  const publishing = isInHostNamespace(goal)
    ? (goal.host.engine?.containers ?? []).flatMap(({ name, ports: own }) =>
        own
          .filter(({ containerPort }) => containerPort === port)
          .map(({ hostPort }) => ({ container: name, hostPort })),
      )[0]
    : undefined
  return {
    ...{ goal: goal.label, protocol: trail.protocol, port, address, ports, seen: trail.seen !== undefined },
    elsewhere: others.map((socket) => socket.address),
    ...(publishing ? { published: publishing } : {}),
    shown: refusalLines(trail),
  }
}

export const portNotListening = define<Found>({
  code: 'port-not-listening',
  byState: find,
  bySight: find,
  say: ({ goal, protocol, port, address, ports, elsewhere, published, seen, shown }) => {
    const [whom, list, others] = [code(goal), codes(ports), codes(elsewhere)]
    return {
      what:
        elsewhere.length > 0
          ? {
              en: `${seen ? `the packet arrived in ${whom}, but` : `in ${whom}`} port ${port} is open at ${others.en} there, not at ${code(address)}`,
              zh: `${seen ? `数据包到了 ${whom}，但` : `${whom} `}那里的端口 ${port} 只在 ${others.zh} 上监听，而不是 ${code(address)}`,
            }
          : seen
            ? {
                en: `the packet arrived in ${whom}, but no program there listens on ${protocol} port ${port}, so the kernel refuses: the network is all right`,
                zh: `数据包到了 ${whom}，但那里没有程序监听 ${protocol} 端口 ${port}，于是内核拒绝了它：网络本身没有问题`,
              }
            : ports.length === 0
              ? {
                  en: `nothing in ${whom} listens on any ${protocol} port: being reached is one thing, having a program that answers another`,
                  zh: `${whom} 里没有程序监听任何 ${protocol} 端口：网络通是一回事，有程序应答是另一回事`,
                }
              : {
                  en: `nothing in ${whom} listens on ${protocol} port ${port}; it listens on ${list.en}`,
                  zh: `${whom} 里没有程序监听 ${protocol} 端口 ${port}；它监听的端口：${list.zh}`,
                },
      evidence: [`${goal}: listening ${protocol} ports ${ports.slice(0, 8).join(', ') || 'none'}`, ...shown],
      tries: [
        published
          ? {
              en: `${code(published.container)} publishes its port ${port} as ${code(published.hostPort)} of the host: ask for that one`,
              zh: `${code(published.container)} 的端口 ${port} 在主机上发布为 ${code(published.hostPort)}：请访问那个端口`,
            }
          : ports.length > 0
            ? {
                en: `open there: ${list.en}. Ask for one of these, or start the program that should listen on ${port}`,
                zh: `那里开放的端口：${list.zh}。访问其中之一，或启动应当监听 ${port} 的程序`,
              }
            : {
                en: `start the program that should listen on ${port}; ${code('ss -lnt')} shows what listens`,
                zh: `启动应当监听 ${port} 的程序；${code('ss -lnt')} 可以看到正在监听的端口`,
              },
      ],
    }
  },
  broken: 'the program listens on another port',
  asked: '`api` to `cache:6379`, tcp',
  example: {
    ...{ goal: 'node1/cache', protocol: 'tcp', port: 6379, address: '172.20.0.13', ports: [6380], elsewhere: [] },
    ...{ seen: true, shown: ['172.20.0.13:6379 > 172.20.0.12:… tcp [RA], 40 bytes, ttl 64'] },
  },
})
