import { isAny, isLoopback, sameAddress } from '../network/addresses.js'
import { isInHostNamespace } from '../place/place.js'
import { code } from '../wording/wording.js'
import { define } from './cause.js'
import { doorOf } from './sockets.js'
import type { Trail } from './trail.js'
import { writeSocket } from './words.js'

interface Found {
  container: string
  containerPort: number
  protocol: string
  hostAddress: string
  port: number
  address: string
  host: string
  shown: string[]
}

function find(trail: Trail): Found | undefined {
  const door = doorOf(trail)
  if (!door || door.open || !isInHostNamespace(door.goal)) return undefined
  const { goal, address, port, at } = door
  for (const container of goal.host.engine?.containers ?? []) {
    const mapping = container.ports.find(
      ({ hostPort, hostAddress, protocol }) =>
        hostPort === port && protocol === trail.protocol && !isAny(hostAddress) && !sameAddress(hostAddress, address),
    )
    if (!mapping) continue
    const { hostAddress, containerPort, protocol } = mapping
    return {
      ...{ container: container.name, containerPort, protocol, hostAddress, port, address, host: goal.host.name },
      shown: at.slice(0, 3).map(writeSocket),
    }
  }
  return undefined
}

function writeEnd(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

export const publishedElsewhere = define<Found>({
  code: 'published-elsewhere',
  byState: find,
  bySight: find,
  say: ({ container, containerPort, protocol, hostAddress, port, address, host, shown }) => ({
    what: {
      en: `${code(container)} publishes port ${port} only on ${code(hostAddress)}, and ${code(address)} is another address of ${code(host)}${isLoopback(hostAddress) ? ': from outside of the host, its loopback is out of reach' : ''}`,
      zh: `${code(container)} 只在 ${code(hostAddress)} 上发布了端口 ${port}，而 ${code(address)} 是 ${code(host)} 的另一个地址${isLoopback(hostAddress) ? '：从主机外面访问不到它的回环地址' : ''}`,
    },
    evidence: [`docker port ${container}: ${containerPort}/${protocol} -> ${hostAddress}:${port}`, ...shown],
    tries: [
      ...(isLoopback(hostAddress)
        ? []
        : [
            {
              en: `ask for ${code(writeEnd(hostAddress, port))}, where it is published`,
              zh: `访问发布它的地址 ${code(writeEnd(hostAddress, port))}`,
            },
          ]),
      {
        en: `publish it there as well, by recreating it with ${code(`-p ${writeEnd(address, port)}:${containerPort}${protocol === 'tcp' ? '' : `/${protocol}`}`)}`,
        zh: `用 ${code(`-p ${writeEnd(address, port)}:${containerPort}${protocol === 'tcp' ? '' : `/${protocol}`}`)} 重新创建容器，在那个地址上也发布`,
      },
    ],
  }),
  broken: 'published with `-p 127.0.0.1:8081:80`, asked for from the laptop',
  asked: '`laptop` to `node1:8081`, tcp',
  example: {
    ...{ container: 'bound', containerPort: 80, protocol: 'tcp', hostAddress: '127.0.0.1', port: 8081 },
    ...{ address: '192.168.1.11', host: 'node1', shown: ['tcp LISTEN 127.0.0.1:8081'] },
  },
})
