import { holds } from '../network/addresses.js'
import { isInHostNamespace } from '../place/place.js'
import { code } from '../wording/wording.js'
import { define } from './cause.js'
import { type Dropped, dropOf, plain, subject } from './dropped.js'
import { passTry } from './pass-command.js'
import type { Trail } from './trail.js'

interface Found extends Dropped {
  /** The container whose published port it is, asked for from a bridge of the same host. */
  published?: string
}

function find(trail: Trail): Found | undefined {
  const drop = dropOf(trail)
  if (!drop?.policy || drop.hook !== 'input') return undefined
  const published = publishedTo(trail)
  return { ...plain(drop, trail), ...(published === undefined ? {} : { published }) }
}

/**
 * From a bridge of its own host, a published port is no matter of NAT: the packet is for docker-proxy, a program of the host, and
 * so meets INPUT. From outside it is forwarded, and never does.
 */
export function publishedTo({ drop, source, destinationPort: port, protocol }: Trail): string | undefined {
  if (drop?.role !== 'request' || !drop.place || !isInHostNamespace(drop.place) || source === undefined)
    return undefined
  const { engine } = drop.place.host
  const fromBridge = engine?.networks.some(
    ({ driver, subnets }) => driver === 'bridge' && subnets.some(({ subnet }) => holds(subnet, source)),
  )
  if (!fromBridge) return undefined
  return engine?.containers.find(({ ports }) => ports.some((one) => one.hostPort === port && one.protocol === protocol))
    ?.name
}

/** Why INPUT decides about a port that NAT leads to a container, as a sentence's end. */
export function byProxy(published: string | undefined) {
  return published === undefined
    ? { en: '', zh: '' }
    : {
        en: `; from a container of this host the published port of ${code(published)} is answered by ${code('docker-proxy')} on the host itself, so ${code('INPUT')} decides, while from outside it is forwarded`,
        zh: `；从本机的容器访问 ${code(published)} 发布的端口时，由主机上的 ${code('docker-proxy')} 应答，因此由 ${code('INPUT')} 决定；从外部访问则走转发`,
      }
}

export const inputPolicy = define<Found>({
  code: 'input-policy',
  byState: find,
  bySight: find,
  say: (drop) => {
    const { chain, where, published, shown } = drop
    const what = subject(drop)
    const proxy = byProxy(published)
    return {
      what: {
        en: `no rule of chain ${code(chain)} on ${code(where)} accepts ${what.en}, and the chain's policy is ${code('DROP')}: what is for the host itself has to be let in by a rule${proxy.en}`,
        zh: `${code(where)} 的 ${code(chain)} 链中没有规则放行${what.zh}，而这条链的默认策略是 ${code('DROP')}：发给主机自身的数据包必须由规则放行${proxy.zh}`,
      },
      evidence: [shown],
      tries: [passTry(drop)],
    }
  },
  broken: '`iptables -P INPUT DROP` on the host whose own port is asked for',
  asked: '`laptop` to `node2:80`, tcp',
  example: {
    ...{ host: 'node2', where: 'node2', family: 'ip', table: 'filter', chain: 'INPUT' },
    ...{ rejects: false, role: 'request', seen: true, shown: 'node2: filter: -P INPUT DROP' },
    command: 'iptables -A INPUT -i eth0 -s 192.168.1.50 -p tcp --dport 80 -j ACCEPT',
  },
})
