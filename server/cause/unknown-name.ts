import { endpointsOf, isInHostNamespace, isLive } from '../place/place.js'
import { commonNetworks } from '../place/target.js'
import { code, codes } from '../wording/wording.js'
import { define } from './cause.js'
import type { Unresolved } from './unresolved.js'
import { networkNames, networksOf } from './words.js'

interface Found {
  from: string
  name: string
  /** `host`: it asks the resolvers of its host; `none`: it is on no network; `shared`: who is meant is on the same one. */
  asks: 'host' | 'none' | 'shared' | 'servers'
  networks: string[]
  servers: string[]
  /** Whom 127.0.0.11 asks for what is no container's name. */
  beyond: string[]
  shown: string[]
}

/** Any other name that led nowhere. */
function findName({ from, name, meant }: Unresolved): Found {
  const servers = from.dns.nameservers.slice(0, 3)
  const lines = servers.map((server) => `nameserver ${server}`)
  const isHost = !from.container || isInHostNamespace(from)
  return {
    ...{ from: from.label, name, networks: networkNames(from), servers },
    beyond: servers.includes('127.0.0.11') ? (from.dns.forwardsTo ?? []).slice(0, 3) : [],
    asks: isHost
      ? 'host'
      : endpointsOf(from).length === 0
        ? 'none'
        : isLive(meant) && commonNetworks(from, meant).length > 0
          ? 'shared'
          : 'servers',
    shown: [
      `${from.label}: ${lines.join(', ') || 'no nameserver'}`,
      ...(from.dns.forwardsTo
        ? [`${from.label}: 127.0.0.11 asks ${from.dns.forwardsTo.join(', ') || 'nobody else'}`]
        : []),
      ...networksOf(from),
    ],
  }
}

export const unknownName = define<Found>({
  code: 'unknown-name',
  byName: findName,
  say: ({ from, name, asks, networks, servers, beyond, shown }) => {
    const [who, what, list, asked] = [code(from), code(name), codes(networks), codes(servers)]
    const others = codes(beyond)
    const further =
      beyond.length > 0
        ? {
            en: `, and ${others.en}, which ${asked.en} asks for all other names, did not answer or does not know it`,
            zh: `，而 ${asked.zh} 会把其他名字转给 ${others.zh}，后者没有应答或者不知道它`,
          }
        : {
            en: `, and the nameservers of ${who} (${asked.en}) know nothing else of it`,
            zh: `，${who} 的 DNS 服务器（${asked.zh}）也查不到它`,
          }
    return {
      what:
        asks === 'host'
          ? {
              en: `${who} asks the resolvers of its host; the Engine's DNS server 127.0.0.11 answers only inside containers on user-defined networks`,
              zh: `${who} 用的是主机的解析器；Docker 的内嵌 DNS（127.0.0.11）只在接入自定义网络的容器里应答`,
            }
          : asks === 'none'
            ? {
                en: `${who} is on no network, so there is no DNS server that it could ask for ${what}`,
                zh: `${who} 没有接入任何网络，因此没有可以查询 ${what} 的 DNS 服务器`,
              }
            : asks === 'shared'
              ? {
                  en: `though both are on the same network: the embedded DNS server is not asked (${asked.en}), or does not answer`,
                  zh: `双方明明在同一个网络上：要么没有查询内嵌 DNS（查询的是 ${asked.zh}），要么它没有应答`,
                }
              : {
                  en: `no running container on ${list.en} is called ${what}, neither by name nor by alias${further.en}`,
                  zh: `${list.zh} 上没有名字或别名为 ${what} 的运行中容器${further.zh}`,
                },
      evidence: shown,
      tries: [
        {
          en: `look at the names that there are with ${code('docker ps')}, and at the networks of both with ${code('docker inspect')}`,
          zh: `用 ${code('docker ps')} 看看现有的名字，再用 ${code('docker inspect')} 查看双方所在的网络`,
        },
      ],
    }
  },
  broken: 'a name that nobody on the networks of the sender has',
  example: {
    ...{ from: 'api', name: 'shop', asks: 'servers', networks: ['app'], servers: ['127.0.0.11'], beyond: [] },
    shown: ['api: nameserver 127.0.0.11', 'api: networks app'],
  },
  hidden: { sight: 'a name that does not resolve sends no packet: a trace tells it by the name' },
})
