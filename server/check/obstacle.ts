import { holds, isAddress, isCidr, sameAddress } from '../network/addresses.js'
import type { HostState, NamespaceState, Rule } from '../network/state.js'
import { endpointsOf, isInHostNamespace, type LivePlace, ownNamespace } from '../place/reference.js'
import { commonNetworks, isNeighbour, ownAddresses } from '../place/target.js'
import type { Text } from '../wording/text.js'
import { bare, code, codes } from '../wording/wording.js'

/** What was tried without success. */
export interface Attempt {
  from: LivePlace
  /** Whose the address is, where that is known. */
  to?: LivePlace
  address: string
  protocol: 'icmp' | 'tcp' | 'udp'
  port?: number
  cause: 'refused' | 'silent' | 'unroutable'
}

/** What the state has to say about a failure, or that only the failure itself is known. */
export function explain(attempt: Attempt): { noCommonNetwork: boolean; why: Text } {
  const { from, to, cause, address } = attempt
  const apart = to !== undefined && areApart(from, to, address)
  if (apart) return { noCommonNetwork: true, why: whyApart(from, to) }
  const why =
    cause === 'refused' ? whyRefused(attempt) : cause === 'silent' ? whySilent(attempt) : whyUnroutable(attempt)
  return { noCommonNetwork: false, why }
}

/** Two containers with no network in common, neither of Docker's nor by a leg on the same LAN. */
function areApart(from: LivePlace, to: LivePlace, address: string): boolean {
  const areContainers = [from, to].every((place) => place.container && !isInHostNamespace(place))
  return (
    areContainers &&
    from.namespace.id !== to.namespace.id &&
    commonNetworks(from, to).length === 0 &&
    !isNeighbour(from, address)
  )
}

function whyApart(from: LivePlace, to: LivePlace): Text {
  const [here, there] = [from, to].map((place) => codes([...new Set(endpointsOf(place).map(({ network }) => network))]))
  return {
    en: `${code(from.label)} is on ${here!.en} and ${code(to.label)} on ${there!.en}; Docker keeps its networks apart, so they meet only on one that both are on`,
    zh: `${code(from.label)} 在 ${here!.zh} 上，${code(to.label)} 在 ${there!.zh} 上；Docker 的网络彼此隔离，只有接入同一个网络才能互通`,
  }
}

function whyRefused({ from, to, address, protocol, port }: Attempt): Text {
  const whom = code(to?.label ?? address)
  const what = `${protocol} ${port ?? ''}`.trim()
  if (!to || port === undefined) {
    return {
      en: `a packet came back that says no: ${whom} is reached, but nothing there wants ${what}`,
      zh: `对方回了拒绝：已经到达 ${whom}，但那里没有程序接受 ${what}`,
    }
  }
  const rejecting = blocking(from, to, address, protocol, port).find(({ rule }) => rule.target === 'REJECT')
  if (rejecting) return whyBlocked(rejecting.host, rejecting.rule)
  const sockets = to.namespace.sockets.filter((socket) => socket.protocol === protocol)
  const here = sockets.filter((socket) => socket.port === port)
  if (here.length === 0) {
    const others = codes([...new Set(sockets.map((socket) => socket.port))])
    if (sockets.length === 0) {
      return {
        en: `nothing in ${whom} listens on any ${protocol} port: being reached is one thing, having a program that answers another`,
        zh: `${whom} 里没有程序监听任何 ${protocol} 端口：网络通是一回事，有程序应答是另一回事`,
      }
    }
    return {
      en: `nothing in ${whom} listens on ${protocol} port ${port}; it listens on ${others.en}`,
      zh: `${whom} 里没有程序监听 ${protocol} 端口 ${port}；它监听的端口：${others.zh}`,
    }
  }
  if (here.every((socket) => isLoopback(socket.address))) {
    return {
      en: `in ${whom}, port ${port} is open on ${code(here[0]!.address)} alone, and each network namespace has a loopback of its own that no other one reaches`,
      zh: `${whom} 里的端口 ${port} 只监听 ${code(here[0]!.address)}，而每个网络命名空间的回环接口都是独立的，别处访问不到`,
    }
  }
  const heard = codes([...new Set(here.map((socket) => socket.address))])
  return {
    en: `${whom} listens on port ${port} at ${heard.en}, yet ${code(address)} refused: the packet reached someone else, or a rule rejected it`,
    zh: `${whom} 在 ${heard.zh} 上监听端口 ${port}，但 ${code(address)} 拒绝了连接：数据包到了别处，或者被规则拒绝`,
  }
}

function isLoopback(address: string): boolean {
  return address === '::1' || holds('127.0.0.0/8', address)
}

function whySilent({ from, to, address, protocol, port }: Attempt): Text {
  const blocked = to && blocking(from, to, address, protocol, port)[0]
  if (blocked) return whyBlocked(blocked.host, blocked.rule)
  const inside = internalNetworks(from)
  if (inside.length > 0 && !isNeighbour(from, address)) return whyInternal(from, inside, address)
  const whom = to ? `${code(to.label)} (${bare(address)})` : code(address)
  if (!hasRoute(from.namespace, address)) return whyNoRoute(from, address)
  if (to && !canAnswer(to, from)) {
    return {
      en: `the packets may arrive, but ${code(to.label)} has no route back to ${code(from.label)}, and an answer needs one as well`,
      zh: `数据包也许到了，但 ${code(to.label)} 没有返回 ${code(from.label)} 的路由，而回包同样需要路由`,
    }
  }
  if (to) {
    return {
      en: `no answer came from ${whom}, though it runs: somewhere on the way out or back the packets are dropped`,
      zh: `${whom} 在运行，却没有任何应答：数据包在去程或回程的某处被丢弃了`,
    }
  }
  return {
    en: `no answer came from ${whom}: the packets are dropped on the way out or back, or nobody has that address`,
    zh: `${whom} 没有任何应答：数据包在去程或回程被丢弃，或者根本没有人用这个地址`,
  }
}

function whyUnroutable({ from, address }: Attempt): Text {
  if (!hasRoute(from.namespace, address)) return whyNoRoute(from, address)
  const inside = internalNetworks(from)
  if (inside.length > 0 && !isNeighbour(from, address)) return whyInternal(from, inside, address)
  if (isNeighbour(from, address)) {
    return {
      en: `${code(address)} is in a subnet of ${code(from.label)}, but nobody on that link answered when it asked for the MAC address (ARP)`,
      zh: `${code(address)} 与 ${code(from.label)} 在同一子网，但 ARP 询问 MAC 地址时，链路上没有人应答`,
    }
  }
  return {
    en: `${code(from.label)} sends to its gateway, and from there no way leads to ${code(address)}`,
    zh: `${code(from.label)} 把数据包交给了网关，而从那里没有路通往 ${code(address)}`,
  }
}

function whyNoRoute(from: LivePlace, address: string): Text {
  const all = from.namespace.routes.filter(({ table }) => table !== 'local')
  if (all.length === 0) {
    return {
      en: `${code(from.label)} has no routes at all, so it reaches nobody but itself`,
      zh: `${code(from.label)} 没有任何路由，除了自己谁也访问不到`,
    }
  }
  const routes = codes(all.map(({ destination }) => destination))
  return {
    en: `${code(from.label)} has no route to ${code(address)}: its routes lead to ${routes.en}`,
    zh: `${code(from.label)} 没有到 ${code(address)} 的路由：它的路由通往 ${routes.zh}`,
  }
}

function whyInternal(from: LivePlace, networks: string[], address: string): Text {
  const list = codes(networks)
  return {
    en: `${code(from.label)} is on ${list.en} alone, which is internal: nothing leaves it, so ${code(address)} is out of reach`,
    zh: `${code(from.label)} 只接在内部网络 ${list.zh} 上，数据包出不去，因此到不了 ${code(address)}`,
  }
}

function whyBlocked(host: HostState, rule: Rule): Text {
  const verb = rule.target === 'DROP' ? ['drops', '丢弃'] : ['rejects', '拒绝']
  return {
    en: `rule ${rule.position} of chain ${code(rule.chain)} on ${code(host.name)} ${verb[0]} such packets: ${code(rule.text, 160)}`,
    zh: `${code(host.name)} 上链 ${code(rule.chain)} 的第 ${rule.position} 条规则会${verb[1]}这类数据包：${code(rule.text, 160)}`,
  }
}

/** Names of its networks when all of them are internal. */
function internalNetworks(place: LivePlace): string[] {
  const names = [...new Set(endpointsOf(place).map(({ network }) => network))]
  const internal = names.filter((name) => place.host.engine?.networks.some((one) => one.name === name && one.internal))
  return internal.length === names.length ? internal : []
}

function hasRoute(namespace: NamespaceState, address: string): boolean {
  return namespace.routes.some(
    ({ destination, type, table, family }) =>
      (type === 'unicast' || table === 'local') &&
      family === (address.includes(':') ? 6 : 4) &&
      (destination === 'default' || holdsOrIs(destination, address)),
  )
}

function canAnswer(to: LivePlace, from: LivePlace): boolean {
  const addresses = ownAddresses(from)
  return addresses.length === 0 || addresses.some((address) => hasRoute(to.namespace, address))
}

function holdsOrIs(network: string, address: string): boolean {
  return isCidr(network) ? holds(network, address) : sameAddress(network, address)
}

/** Rules by hand that evidently stop such packets: what a learner adds to DOCKER-USER, FORWARD, INPUT or OUTPUT. */
function blocking(from: LivePlace, to: LivePlace, address: string, protocol: string, port: number | undefined) {
  const chains = new Set(['DOCKER-USER', 'FORWARD', 'INPUT', 'OUTPUT'])
  const places: [HostState, NamespaceState][] = [
    [from.host, ownNamespace(from.host)],
    [to.host, ownNamespace(to.host)],
    [from.host, from.namespace],
    [to.host, to.namespace],
  ]
  const sources = ownAddresses(from)
  const meets = (field: string | undefined, addresses: string[]) => {
    if (field === undefined) return true
    const [negated, net] = field.startsWith('!') ? [true, field.slice(1).trim()] : [false, field]
    if (!isAddress(net) && !isCidr(net)) return false
    return addresses.some((one) => holdsOrIs(net, one) !== negated)
  }
  return places
    .filter(([, namespace], n) => places.findIndex(([, other]) => other.id === namespace.id) === n)
    .flatMap(([host, { rules }]) => rules.map((rule) => ({ host, rule })))
    .filter(
      ({ rule }) =>
        (rule.target === 'DROP' || rule.target === 'REJECT') &&
        chains.has(rule.chain) &&
        (rule.protocol === undefined || rule.protocol === protocol) &&
        (rule.destinationPort === undefined || rule.destinationPort === `${port}`) &&
        meets(rule.source, sources) &&
        meets(rule.destination, [address, ...ownAddresses(to)]) &&
        // A rule for strays (`! -s`, invalid state, another link) is not meant for this.
        !/ctstate|mark|addrtype/.test(rule.text),
    )
}
