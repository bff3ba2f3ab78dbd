import ipaddr from 'ipaddr.js'
import { holds, isAddress, isLoopback, sameAddress, takes } from '../network/addresses.js'
import { leadsOn, outLink, routeFor, writeRoute } from '../network/routing.js'
import type { NetworkState } from '../network/state.js'
import { hostPlace, isInHostNamespace, type LivePlace } from '../place/place.js'
import { code, codes } from '../wording/wording.js'
import { define } from './cause.js'
import { writeStep } from './packet-text.js'
import type { Trail } from './trail.js'
import type { Unresolved } from './unresolved.js'

interface Found {
  /** The address or the name that is out there. */
  goal: string
  /** Where its packets come to an end: the gateway of a LAN; or a host that is on no LAN. Of a name: whom its asker asks. */
  end: { lan: string; gateway: string } | { host: string } | { asker: string; servers: string[] }
  shown: string[]
}

/** What the rack was made of says so; no packet could tell it from a gateway that has lost its own way. */
const planned = 'topology: internet: false'

/** A public address, whose packets come as far as the rack goes. What stops them before is another cause. */
function find({ state, last, destination, seen }: Trail): Found | undefined {
  if (!state.offline || !isPublicAddress(destination, state)) return undefined
  const route = routeFor(last.namespace, destination)
  if (!route && isInHostNamespace(last) && !last.namespace.links.some(({ lan }) => lan !== undefined)) {
    return { goal: destination, end: { host: last.host.name }, shown: [`${last.label}: on no LAN`, planned] }
  }
  const link = outLink(last.namespace, destination)
  const lan = state.lans.find(({ name }) => name === link?.lan)
  if (!leadsOn(route) || !lan || !isGatewayOf(lan, route.gateway)) return undefined
  const error = seen?.errors.find(({ packet }) => isGatewayOf(lan, packet.source))
  return {
    ...{ goal: destination, end: { lan: lan.name, gateway: route.gateway! } },
    shown: [`${last.label}: ${writeRoute(route)}`, ...(error ? [writeStep(error)] : []), planned],
  }
}

/** A public name, where whoever could know it is out there. A server within the rack may know any name, and is another matter. */
function findName({ from, name, state }: Unresolved): Found | undefined {
  if (!state.offline || !isPublicName(name, state)) return undefined
  const servers = from.dns.nameservers.filter((one) => one !== '127.0.0.11')
  // The Engine asks for its containers, and gives them public servers where their host asks itself.
  const isEmbedded = servers.length < from.dns.nameservers.length
  const beyond = isEmbedded ? (from.dns.forwardsTo ?? from.host.dns.nameservers) : []
  const instead = from.dns.usesDefaults ? from.host.dns.nameservers : []
  const host = hostPlace(from.host)
  const all = [
    ...servers.map((server) => [server, from] as const),
    ...[...beyond, ...instead].map((one) => [one, host] as const),
  ]
  if (!all.every(([server, asker]) => isOutThere(server, asker, state))) return undefined
  return {
    ...{ goal: name, end: { asker: from.label, servers: from.dns.nameservers } },
    shown: [
      `${from.label}: nameserver ${from.dns.nameservers.slice(0, 3).join(', ') || 'none'}`,
      ...(beyond.length > 0 ? [`${from.label}: 127.0.0.11 asks ${beyond.slice(0, 3).join(', ')}`] : []),
      planned,
    ],
  }
}

/** Whether a nameserver is none of the rack: the gateway of a LAN, which leads to none here, or an address where nobody listens. */
function isOutThere(server: string, asker: LivePlace | undefined, state: NetworkState): boolean {
  if (!isAddress(server)) return false
  if (isLoopback(server)) {
    const { sockets = [], faults = [] } = asker?.namespace ?? {}
    const isRead = !faults.some((fault) => fault.startsWith('sockets:'))
    return isRead && !sockets.some(({ address, port }) => port === 53 && takes(address, server))
  }
  return state.lans.some((lan) => isGatewayOf(lan, server)) || isPublicAddress(server, state)
}

function isGatewayOf({ gateway, gateway6 }: NetworkState['lans'][number], address: string | undefined): boolean {
  return sameAddress(gateway, address) || sameAddress(gateway6, address)
}

/** An address of nobody in the rack, and public by IANA's registries of special-purpose addresses, as ipaddr.js has them. */
function isPublicAddress(address: string, { lans, hosts }: NetworkState): boolean {
  if (!isAddress(address) || ipaddr.process(address).range() !== 'unicast') return false
  const subnets = [
    ...lans.flatMap(({ subnet, subnet6 }) => [subnet, ...(subnet6 ? [subnet6] : [])]),
    ...hosts.flatMap(({ engine }) =>
      (engine?.networks ?? []).flatMap((network) => network.subnets.map(({ subnet }) => subnet)),
    ),
    ...hosts.flatMap(({ namespaces }) =>
      namespaces.flatMap(({ links }) =>
        links.flatMap(({ addresses }) => addresses.map((one) => `${one.address}/${one.prefix}`)),
      ),
    ),
  ]
  return !subnets.some((subnet) => holds(subnet, address))
}

/** Last labels that nobody registers (RFC 2606, RFC 6761, RFC 6762 appendix G). */
const unregistered = new Set(
  'test example invalid localhost local internal intranet private corp home lan arpa'.split(' '),
)

/** A name as they are registered publicly; `web.my_net` is a container's with its network's (Docker docs, "Networking overview"). */
function isPublicName(name: string, { hosts }: NetworkState): boolean {
  const labels = name.toLowerCase().replace(/\.$/, '').split('.')
  const last = labels.at(-1)!
  if (labels.length < 2 || name.includes('/') || !/^[a-z]{2,63}$/.test(last) || unregistered.has(last)) return false
  const networks = hosts.flatMap(({ engine }) => engine?.networks ?? [])
  return !networks.some((network) => network.name.toLowerCase() === last)
}

export const offline = define<Found>({
  code: 'offline',
  byState: find,
  bySight: find,
  byName: findName,
  say: ({ goal, end, shown }) => {
    const what = code(goal)
    const where =
      'lan' in end
        ? {
            en: `its packets come as far as ${code(end.gateway)}, the gateway of LAN ${code(end.lan)}, and no further`,
            zh: `发往它的数据包最远到达局域网 ${code(end.lan)} 的网关 ${code(end.gateway)}`,
          }
        : 'host' in end
          ? {
              en: `${code(end.host)} is on no LAN, so that nothing leaves it at all`,
              zh: `${code(end.host)} 没有接入任何局域网，数据包根本出不去`,
            }
          : end.servers.length === 0
            ? {
                en: `${code(end.asker)} has no nameserver to ask`,
                zh: `${code(end.asker)} 也没有可以查询的 DNS 服务器`,
              }
            : {
                en: `none of those whom ${code(end.asker)} asks (${codes(end.servers).en}) can look it up there`,
                zh: `${code(end.asker)} 查询的 DNS 服务器（${codes(end.servers).zh}）都无法到那里去查`,
              }
    const kind =
      'asker' in end ? { en: 'a name of the internet', zh: '名字' } : { en: 'an address in the internet', zh: '地址' }
    return {
      what: {
        en: `${what} is ${kind.en}, and the hosts of this lab are offline: ${where.en}`,
        zh: `${what} 是互联网上的${kind.zh}，而这个实验的主机没有接入互联网：${where.zh}`,
      },
      evidence: shown,
      tries: [
        {
          en: 'ask for something within the lab: a container, a host, or the name of a LAN for its gateway',
          zh: '改为访问这个实验里的对象：容器、主机，或者用局域网的名字访问它的网关',
        },
      ],
    }
  },
  broken: 'a public address or name is asked for in a rack whose topology has no internet',
  hidden: {
    netdiag: 'it says that a nameserver refuses, and does not know what the rack was made of',
  },
  example: {
    goal: '8.8.8.8',
    end: { lan: 'lan', gateway: '192.168.1.1' },
    shown: ['node1: default via 192.168.1.1 dev eth0', planned],
  },
})
