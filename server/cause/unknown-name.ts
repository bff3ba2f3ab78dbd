import { sameAddress } from '../network/addresses.js'
import { endOf } from '../network/filter.js'
import { endpointsOf, isInHostNamespace, isLive, type LivePlace } from '../place/place.js'
import { commonNetworks } from '../place/target.js'
import { code, codes } from '../wording/wording.js'
import { define } from './cause.js'
import { networkRestartOf, restartText } from './restart.js'
import { embeddedServer } from './sockets.js'
import type { Unresolved } from './unresolved.js'
import { called, networkNames, networksOf } from './words.js'

interface Found {
  from: string
  name: string
  /**
   * `host`: it asks the resolvers of its host; `none`: it is on no network; `shared`: who is meant is on the same one; `flushed`: the
   * rules that lead to the embedded server are gone; `desktop`: a name that Docker Desktop makes.
   */
  asks: 'host' | 'none' | 'shared' | 'servers' | 'flushed' | 'desktop'
  /** Of a container, the address that its host has on its network. */
  gateway?: string
  /** As the Engine calls the one who asks. */
  asker: string
  /** What lets the Engine make its rules anew. */
  restart: string[]
  networks: string[]
  /** Names of the containers that run on these. */
  there: string[]
  servers: string[]
  /** Whom 127.0.0.11 asks for what is no container's name. */
  beyond: string[]
  shown: string[]
}

/** The names by which Docker Desktop has its containers find its host. */
const desktopNames = /^(host|gateway)\.docker\.internal\.?$/i

/** The embedded server has a port of chance: rules of the container's own lead there what is for 127.0.0.11:53 (libnetwork, resolver_unix). */
function isFlushed({ dns, namespace }: LivePlace): boolean {
  const server = (address: string | undefined) => sameAddress(address, embeddedServer)
  return (
    dns.nameservers.some(server) &&
    namespace.sockets.some(({ address }) => server(address)) &&
    namespace.faults.length === 0 &&
    !namespace.rules.some((rule) => rule.target === 'DNAT' && server(endOf(rule).address))
  )
}

const mostNames = 8

/**
 * Of those on its networks where names are answered; Docker answers none on its default bridge. Nothing where a network reaches
 * over several hosts: one Engine does not know all who are on it.
 */
function namesBeside(from: LivePlace): string[] {
  const own = endpointsOf(from).map(({ networkId }) => networkId)
  const networks = (from.host.engine?.networks ?? []).filter(({ id }) => own.includes(id))
  if (networks.some(({ driver }) => driver === 'overlay')) return []
  const named = networks.filter(({ name }) => name !== 'bridge')
  return (from.host.engine?.containers ?? [])
    .filter(
      ({ id, state, endpoints }) =>
        id !== from.container?.id &&
        state === 'running' &&
        endpoints.some(({ networkId }) => named.some((network) => network.id === networkId)),
    )
    .map((container) => container.name)
    .toSorted()
}

/** Any other name that led nowhere. */
function findName({ from, name, meant }: Unresolved): Found {
  const servers = from.dns.nameservers.slice(0, 3)
  const lines = servers.map((server) => `nameserver ${server}`)
  const gateway = endpointsOf(from).find((endpoint) => endpoint.gateway)?.gateway
  const isHost = !from.container || isInHostNamespace(from)
  return {
    ...{ from: from.label, name, networks: networkNames(from), servers, asker: called(from) },
    restart: networkRestartOf(from.host, called(from)),
    there: namesBeside(from).slice(0, mostNames),
    ...(gateway === undefined ? {} : { gateway }),
    beyond: servers.includes('127.0.0.11') ? (from.dns.forwardsTo ?? []).slice(0, 3) : [],
    asks: isHost
      ? 'host'
      : endpointsOf(from).length === 0
        ? 'none'
        : isFlushed(from)
          ? 'flushed'
          : desktopNames.test(name)
            ? 'desktop'
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
  say: ({ from, name, asks, networks, there, servers, beyond, gateway, asker, restart, shown }) => {
    const [who, what, list, asked] = [code(from), code(name), codes(networks), codes(servers)]
    const others = codes(beyond)
    const again = restartText(restart)
    const further =
      beyond.length > 0
        ? {
            en: `, and ${others.en}, which ${asked.en} asks for all other names${beyond.length > 1 ? ' (the next one only where the one before gives no answer)' : ''}, gave it no address either`,
            zh: `，而 ${asked.zh} 会把其他名字转给 ${others.zh}${beyond.length > 1 ? '（前一个不应答时才问下一个）' : ''}，也没有从那里得到地址`,
          }
        : {
            en: `, and the nameservers of ${who} (${asked.en}) gave no address for it`,
            zh: `，${who} 的 DNS 服务器（${asked.zh}）也没有给出它的地址`,
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
            : asks === 'flushed'
              ? {
                  en: `the rules of ${who} itself that lead what is for ${asked.en} to the Engine's DNS server are gone (table ${code('nat')}): somebody has flushed them`,
                  zh: `${who} 自己的 ${code('nat')} 表里，把发往 ${asked.zh} 的查询引到引擎 DNS 的规则没有了：有人清空了它们`,
                }
              : asks === 'desktop'
                ? {
                    en: `${what} is a name that Docker Desktop makes; an Engine on Linux knows it only in containers that were made with ${code(`--add-host ${name}:host-gateway`)}`,
                    zh: `${what} 是 Docker Desktop 才有的名字；Linux 上的引擎只在用 ${code(`--add-host ${name}:host-gateway`)} 创建的容器里提供它`,
                  }
                : asks === 'shared'
                  ? {
                      en: servers.includes(embeddedServer)
                        ? `though both are on the same network: the embedded DNS server (${asked.en}) gives no address for it`
                        : `though both are on the same network: ${who} does not ask the embedded DNS server ${code(embeddedServer)}, since its ${code('/etc/resolv.conf')} names ${servers.length > 0 ? asked.en : 'no server'}`,
                      zh: servers.includes(embeddedServer)
                        ? `双方明明在同一个网络上：内嵌 DNS（${asked.zh}）没有给出它的地址`
                        : `双方明明在同一个网络上：${who} 没有查询内嵌 DNS ${code(embeddedServer)}，因为它的 ${code('/etc/resolv.conf')} 里${servers.length > 0 ? `写的是 ${asked.zh}` : '没有任何服务器'}`,
                    }
                  : {
                      en: `no running container on ${list.en} is called ${what}, neither by name nor by alias${further.en}`,
                      zh: `${list.zh} 上没有名字或别名为 ${what} 的运行中容器${further.zh}`,
                    },
      evidence: shown,
      tries: [
        ...(asks === 'shared' && !servers.includes(embeddedServer)
          ? [
              {
                en: `let it ask the embedded DNS server again: ${code(`docker exec ${asker} sh -c 'echo nameserver ${embeddedServer} > /etc/resolv.conf'`)}`,
                zh: `让它重新查询内嵌 DNS：${code(`docker exec ${asker} sh -c 'echo nameserver ${embeddedServer} > /etc/resolv.conf'`)}`,
              },
            ]
          : []),
        ...(asks === 'flushed'
          ? [
              {
                en: `let the Engine make them anew: ${again.en}`,
                zh: `让引擎重新创建它们：${again.zh}`,
              },
            ]
          : asks === 'desktop'
            ? [
                {
                  en: `make ${who} anew with ${code(`--add-host ${name}:host-gateway`)} (${code('extra_hosts')})${gateway === undefined ? '' : `, or ask for the host by its address there, ${code(gateway)}`}`,
                  zh: `用 ${code(`--add-host ${name}:host-gateway`)}（${code('extra_hosts')}）重新创建 ${who}${gateway === undefined ? '' : `，或者用主机在那里的地址 ${code(gateway)} 访问它`}`,
                },
              ]
            : []),
        ...(asks === 'servers' && there.length > 0
          ? [
              {
                en: `the containers there are ${codes(there).en}: ask for one of them, or make the one that is meant anew with ${code(`--network-alias ${name}`)}`,
                zh: `那里的容器有 ${codes(there).zh}：访问其中之一，或者用 ${code(`--network-alias ${name}`)} 重新创建要访问的那个容器`,
              },
            ]
          : []),
        {
          en: `look at the names that there are with ${code('docker ps')}, and at the networks of both with ${code('docker inspect')}`,
          zh: `用 ${code('docker ps')} 看看现有的名字，再用 ${code('docker inspect')} 查看双方所在的网络`,
        },
      ],
    }
  },
  broken: 'a name that nobody on the networks of the sender has',
  example: {
    ...{
      from: 'api',
      name: 'shop',
      asks: 'servers',
      networks: ['app'],
      there: ['api-1', 'shop-1'],
      servers: ['127.0.0.11'],
      beyond: [],
      asker: 'api',
      restart: ['docker restart api'],
    },
    shown: ['api: nameserver 127.0.0.11', 'api: networks app'],
  },
  hidden: { sight: 'a name that does not resolve sends no packet: a trace tells it by the name' },
})
