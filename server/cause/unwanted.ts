import { holds, sameAddress } from '../network/addresses.js'
import { ownsAddress } from '../network/own-address.js'
import type { EngineNetwork, HostState } from '../network/state.js'
import { ipVersionOf } from '../network/tables.js'
import { isInHostNamespace, type LivePlace } from '../place/place.js'
import type { Text } from '../wording/text.js'
import { code, codes } from '../wording/wording.js'
import type { Drop } from './drop.js'
import { subject } from './dropped.js'
import { type LeftoverRule, leftoverRule, removeTry } from './leftover-rule.js'
import type { Trail } from './trail.js'

/**
 * Why no rule of FORWARD took a packet, so that its policy ended it. Docker accepts what it has made a rule for; plain data, the
 * likeliest first, each with what shows it.
 */
export type Unwanted =
  /** The Engine runs and has networks, and none of the chains that it makes at its start is there. */
  | { kind: 'no-docker-chains'; networks: string[] }
  /** Translated to an address of one of the host's networks that no container has. */
  | { kind: 'nobody'; address: string; network: string; rule?: LeftoverRule }
  /** Neither the host nor one of its containers has the address. */
  | { kind: 'not-ours'; address: string; rule?: LeftoverRule }
  /** Straight for a container from outside, to a port that it does not publish, or not by the host's address. */
  | { kind: 'unpublished'; container: string; port: number; publishedAs?: string }

export function whyUnwanted(drop: Drop, trail: Trail): Unwanted | undefined {
  const { place } = drop
  if (!drop.policy || drop.hook !== 'forward' || drop.role !== 'request' || !place || !isInHostNamespace(place))
    return undefined
  const { engine } = place.host
  if (!engine) return undefined
  const chains = ipVersionOf(drop.family) === 6 ? undefined : noDockerChains(place)
  if (chains) return chains
  const { destination } = trail
  const network = networkHolding(place.host, destination)
  if (!network) {
    // What one of the host's own containers sends to others is passed on for it: that is what a host of containers does.
    const fromOutside = place.namespace.links.some(({ name, lan }) => name === drop.inLink && lan !== undefined)
    const isOurs = !fromOutside || ownedHere(place.host, destination)
    if (isOurs) return undefined
    const rule = sameAddress(trail.address, destination) ? undefined : leftoverRule(place, destination)
    return { kind: 'not-ours', address: destination, ...(rule ? { rule } : {}) }
  }
  const holder = engine.containers.find(({ endpoints }) =>
    endpoints.some(({ address, address6 }) => sameAddress(address, destination) || sameAddress(address6, destination)),
  )
  if (!holder) return nobody(trail, place, network)
  return madeByDocker(place, ipVersionOf(drop.family))
    ? unpublished(drop, trail, place.host, holder.name, network)
    : undefined
}

/** Of IPv4, since `ip6tables` is another switch of the Engine's. Docker makes its chains whenever it starts (bridge driver). */
export function noDockerChains({ host, namespace }: LivePlace): Unwanted | undefined {
  const networks = (host.engine?.networks ?? []).filter(({ driver }) => driver === 'bridge')
  if (networks.length === 0 || madeByDocker({ namespace }, 4)) return undefined
  if (namespace.faults.some((fault) => /^(?:rules|iptablesLegacy):/.test(fault))) return undefined
  return { kind: 'no-docker-chains', networks: networks.map(({ name }) => name) }
}

/** Whether there are chains of Docker's, by whichever iptables the host has; for IPv6 only with `ip6tables`, which is on by default since Docker 27. */
function madeByDocker({ namespace }: Pick<LivePlace, 'namespace'>, version: 4 | 6 | undefined): boolean {
  const chains = namespace.chains.map((one) => ({ family: one.family, chain: one.name }))
  return [...chains, ...namespace.rules].some(
    (one) => version !== undefined && ipVersionOf(one.family) === version && one.chain.startsWith('DOCKER'),
  )
}

/** The bridge network of a host that has an address in its subnet. */
export function networkHolding({ engine }: HostState, address: string): EngineNetwork | undefined {
  return engine?.networks.find(
    ({ driver, subnets }) => driver === 'bridge' && subnets.some(({ subnet }) => holds(subnet, address)),
  )
}

function ownedHere({ namespaces }: HostState, address: string): boolean {
  return namespaces.some((namespace) => ownsAddress(namespace, address))
}

function nobody({ destination, address }: Trail, place: LivePlace, network: EngineNetwork): Unwanted {
  const rule = sameAddress(address, destination) ? undefined : leftoverRule(place, destination)
  return { kind: 'nobody', address: destination, network: network.name, ...(rule ? { rule } : {}) }
}

function unpublished(
  { inLink }: Drop,
  { destinationPort: port, protocol, address, port: asked }: Trail,
  host: HostState,
  container: string,
  network: EngineNetwork,
): Unwanted | undefined {
  if (port === undefined || inLink === network.bridge) return undefined
  const mappings = host.engine?.containers.find(({ name }) => name === container)?.ports ?? []
  const fitting = mappings.find((one) => one.containerPort === port && one.protocol === protocol)
  // Asked for as it is published, and yet not let in: that is another matter.
  if (fitting && fitting.hostPort === asked && !holds(network.subnets[0]?.subnet ?? '', address)) return undefined
  return {
    ...{ kind: 'unpublished', container, port },
    ...(fitting ? { publishedAs: `${host.name}:${fitting.hostPort}` } : {}),
  }
}

/** The sentence's end, its evidence, and what to try before anything else. */
export function sayUnwanted(
  why: Unwanted,
  host: string,
  role: Drop['role'],
): { what: Text; shown: string[]; tries: Text[]; only: boolean } {
  const where = code(host)
  const packet = subject({ role })
  switch (why.kind) {
    case 'no-docker-chains': {
      const list = codes(['DOCKER', 'DOCKER-USER', 'DOCKER-ISOLATION-STAGE-1'])
      return {
        what: {
          en: `none of Docker's own chains (${list.en}) is left on ${where}, though its Engine runs and has networks: the rules were flushed or replaced, and an Engine makes them only when it starts`,
          zh: `${where} 上 Docker 自己的链（${list.zh}）一条都没有了，而它的引擎在运行、也有网络：规则被清空或替换过，而引擎只在启动时创建它们`,
        },
        shown: [`${host}: Engine runs, bridge networks ${why.networks.slice(0, 6).join(', ')}; no chain DOCKER*`],
        tries: [
          {
            en: `restart the Engine, which makes its rules again: ${code('systemctl restart docker')}; then start the containers that ended with it. Load firewalls before Docker, or with ${code('iptables-restore --noflush')}`,
            zh: `重启引擎，它会重新创建规则：${code('systemctl restart docker')}；然后启动随之停止的容器。防火墙规则应在 Docker 之前加载，或者用 ${code('iptables-restore --noflush')}`,
          },
        ],
        only: true,
      }
    }
    case 'nobody': {
      const [whom, network] = [code(why.address), code(why.network)]
      return {
        what: {
          en: `${packet.en} goes to ${whom} by now, an address of ${network} that no container has${why.rule ? ', since a rule of NAT leads it there' : ''}`,
          zh: `${packet.zh}现在要去 ${whom}，这是 ${network} 里的地址，但没有容器使用它${why.rule ? '：是一条 NAT 规则把它引到了那里' : ''}`,
        },
        shown: why.rule ? [`${host}: ${why.rule.text}`] : [],
        tries: why.rule
          ? [removeTry(why.rule)]
          : [
              {
                en: `look at the addresses that there are: ${code(`docker network inspect ${why.network}`)}`,
                zh: `查看实际有哪些地址：${code(`docker network inspect ${why.network}`)}`,
              },
            ],
        only: true,
      }
    }
    case 'not-ours': {
      const whom = code(why.address)
      if (why.rule) {
        return {
          what: {
            en: `a rule of NAT leads ${packet.en} to ${whom}, which neither ${where} nor a container on it has`,
            zh: `一条 NAT 规则把${packet.zh}引到了 ${whom}，而 ${where} 和它上面的容器都没有这个地址`,
          },
          shown: [`${host}: ${why.rule.text}`],
          tries: [removeTry(why.rule)],
          only: false,
        }
      }
      return {
        what: {
          en: `${packet.en} is for ${whom}, which neither ${where} nor a container on it has: it came to the wrong machine, or ${where} was made a router for it`,
          zh: `${packet.zh}是发给 ${whom} 的，而 ${where} 和它上面的容器都没有这个地址：它来错了机器，或者 ${where} 被当作了它的路由器`,
        },
        shown: [],
        tries: [
          {
            en: `see who was asked for the way: ${code('ip route')} and ${code('ip neigh')} at the sender`,
            zh: `看看发送方把它交给了谁：在发送方执行 ${code('ip route')} 和 ${code('ip neigh')}`,
          },
        ],
        only: true,
      }
    }
    case 'unpublished': {
      const who = code(why.container)
      return {
        what: why.publishedAs
          ? {
              en: `from outside Docker lets in what comes by a published port, and port ${why.port} of ${who} is published as ${code(why.publishedAs)}`,
              zh: `Docker 只放行经由已发布端口进来的外部流量，而 ${who} 的端口 ${why.port} 发布在 ${code(why.publishedAs)}`,
            }
          : {
              en: `from outside Docker lets in what comes by a published port, and ${who} does not publish port ${why.port}`,
              zh: `Docker 只放行经由已发布端口进来的外部流量，而 ${who} 没有发布端口 ${why.port}`,
            },
        shown: [],
        tries: why.publishedAs
          ? [{ en: `ask ${code(why.publishedAs)} instead`, zh: `改为访问 ${code(why.publishedAs)}` }]
          : [
              {
                en: `recreate ${who} with ${code(`-p HOSTPORT:${why.port}`)}, and ask the host for that port`,
                zh: `用 ${code(`-p HOSTPORT:${why.port}`)} 重新创建 ${who}，再访问主机的这个端口`,
              },
            ],
        only: false,
      }
    }
  }
}
