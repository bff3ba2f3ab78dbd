import { isAny, isLoopback, sameAddress } from '../network/addresses.js'
import { ownsAddress } from '../network/own-address.js'
import { routeFor } from '../network/routing.js'
import type { Container, HostState, NetworkState, Rule } from '../network/state.js'
import { iptablesOf, isOfIptables, tableName } from '../network/tables.js'
import { addressesOf, endpointsOf, isInHostNamespace, isLive, type LivePlace, placeOf } from '../place/place.js'
import { commonNetworks, publisherAt } from '../place/target.js'
import type { Text } from '../wording/text.js'
import { code, codes } from '../wording/wording.js'
import { define } from './cause.js'
import { commandIn } from './place-command.js'
import { restartOf, restartText } from './restart.js'
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
  /** The container that has published it, and has no IPv6. */
  ipv4Only?: string
  /**
   * `swapped`: the numbers of `-p` are the wrong way round; `mapped`: the host's port leads to this one, where nobody listens;
   * `as`: the container's port is another of the host's; `unproxied`: published, but no docker-proxy takes it for the host itself.
   */
  published?: {
    how: 'swapped' | 'mapped' | 'as' | 'unproxied'
    container: string
    hostPort: number
    containerPort: number
    /** What restarts it. */
    restart: string[]
  }
  /** It is open for the other protocol of the two. */
  other?: 'tcp' | 'udp'
  /** Who has what was asked for, where one asked somebody else for it. */
  instead?: Instead
  /** A container asked itself by its loopback. */
  itself: boolean
  /** A rule of NAT that led the packet here, though another was asked, and what keeps this packet out of it. */
  redirect?: { asked: string; text: string; host: string; command: string }
  seen: boolean
  shown: string[]
}

/**
 * `beside`: a container on a network of the sender's, which is asked at that port; `unpublished`: one of the host that was asked, whose
 * port is not published; `elsewhere`: another host publishes the port; `protocol`: it is published for the other protocol.
 */
interface Instead {
  how: 'beside' | 'unpublished' | 'elsewhere' | 'protocol'
  /** As it is called, or asked for. */
  who: string
  port: number
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
  const itself = isLoopback(address) && trail.from.container !== undefined && !isInHostNamespace(goal)
  const redirect = redirectOf(trail, door)
  const instead = published || redirect || others.length > 0 ? undefined : insteadOf(trail, door, itself)
  const served =
    address.includes(':') && trail.protocol !== 'icmp'
      ? publisherAt(goal, { address: '0.0.0.0', port, protocol: trail.protocol })
      : undefined
  const ipv4Only = served?.container.endpoints.every(({ address6 }) => address6 === undefined)
    ? served.container.name
    : undefined
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
    ...(ipv4Only === undefined ? {} : { ipv4Only }),
    itself,
    ...(instead ? { instead } : {}),
    ...(redirect ? { redirect } : {}),
    ...(published ? { published } : {}),
    ...(isOther ? { other } : {}),
    shown: refusalLines(trail),
  }
}

/** Somebody else was asked, and a rule of the host's makes it a matter of its own, as for a proxy that nobody is to notice. */
function redirectOf({ from, address, port, protocol, state }: Trail, { goal, port: led }: Door): Found['redirect'] {
  if (port === undefined || isLoopback(address)) return undefined
  if (ownsAddress(goal.namespace, address) && led === port) return undefined
  if (state.lans.some(({ gateway }) => sameAddress(gateway, address))) return undefined
  // Its own packets meet another chain, as in a container that is to send all through a proxy beside it.
  const isOwn = from.namespace.id === goal.namespace.id
  if (!isOwn && !isInHostNamespace(goal)) return undefined
  const chain = isOwn ? 'OUTPUT' : 'PREROUTING'
  const rule = goal.namespace.rules.find(
    (one) =>
      one.target === 'REDIRECT' &&
      (one.chain === chain || isAtHook(goal, one, chain.toLowerCase())) &&
      (one.destinationPort === undefined || one.destinationPort === `${port}`),
  )
  if (!rule) return undefined
  const source =
    routeFor(from.namespace, address)?.source ??
    addressesOf(from.namespace).find((own) => own.includes(':') === address.includes(':'))
  const packet = [...(source === undefined ? [] : ['-s', source]), '-d', address, '-p', protocol, '--dport', `${port}`]
  return {
    asked: address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`,
    text: `${isInHostNamespace(goal) ? goal.host.name : goal.label}: ${tableName(rule)}: ${rule.text}`,
    host: goal.host.name,
    command: commandIn(
      goal,
      isOfIptables(rule) ? leaveOut(rule, goal, packet) : leaveOutByNft(rule, address, protocol, port, source),
    ),
  }
}

function isAtHook({ namespace }: LivePlace, { family, table, chain }: Rule, hook: string): boolean {
  return namespace.chains.some(
    (one) => one.family === family && one.table === table && one.name === chain && one.hook === hook,
  )
}

function leaveOut({ family, chain, position }: Rule, { namespace }: LivePlace, packet: readonly string[]): string {
  return [iptablesOf(family, namespace), `-t nat -I ${chain} ${position}`, ...packet, '-j RETURN'].join(' ')
}

/** At the beginning of its chain (nft(8)); what is accepted there still meets the chains of others. */
function leaveOutByNft(
  { family, table, chain }: Rule,
  address: string,
  protocol: string,
  port: number,
  source: string | undefined,
): string {
  const ip = address.includes(':') ? 'ip6' : 'ip'
  return [
    `nft insert rule ${family} ${table} ${chain}`,
    ...(source === undefined ? [] : [`${ip} saddr ${source}`]),
    `${ip} daddr ${address} ${protocol} dport ${port} accept`,
  ].join(' ')
}

/** Who else has what was asked for: only where there is one that it can be. */
function insteadOf({ from, protocol, state }: Trail, { goal, port }: Door, itself: boolean): Instead | undefined {
  const one = (found: Instead[]) => (found.length === 1 ? found[0] : undefined)
  if (itself) return one(beside(from, protocol, port))
  if (!isInHostNamespace(goal) || goal.container) return undefined
  const containers = goal.host.engine?.containers ?? []
  const otherwise = containers.find(({ ports }) =>
    ports.some((mapping) => mapping.hostPort === port && mapping.protocol !== protocol),
  )
  if (otherwise) return { how: 'protocol', who: otherwise.name, port }
  return one(publishedOnOthers(state, goal.host, protocol, port)) ?? one(unpublishedOn(goal.host, protocol, port))
}

/** Containers on a network of the sender's whose program has the port, or that have published it as that one of their host. */
function beside(from: LivePlace, protocol: string, port: number): Instead[] {
  return (from.host.engine?.containers ?? []).flatMap((container): Instead[] => {
    const place = placeOf(from.host, container)
    if (!isLive(place) || place.namespace.id === from.namespace.id || isInHostNamespace(place)) return []
    if (commonNetworks(from, place).every((network) => network === 'bridge')) return []
    const has = (number: number) => hasOpen(place, protocol, number)
    const inside = has(port) ? port : container.ports.find(({ hostPort }) => hostPort === port)?.containerPort
    return inside !== undefined && has(inside) ? [{ how: 'beside', who: container.name, port: inside }] : []
  })
}

function publishedOnOthers({ hosts }: NetworkState, asked: HostState, protocol: string, port: number): Instead[] {
  return hosts.flatMap((host): Instead[] => {
    const isThere = (host.engine?.containers ?? []).some(({ ports }) =>
      ports.some((one) => one.hostPort === port && one.protocol === protocol && !isLoopback(one.hostAddress)),
    )
    return isThere && host !== asked ? [{ how: 'elsewhere', who: host.name, port }] : []
  })
}

function unpublishedOn(host: HostState, protocol: string, port: number): Instead[] {
  return (host.engine?.containers ?? []).flatMap((container): Instead[] => {
    const place = placeOf(host, container)
    const isIts = isLive(place) && !isInHostNamespace(place) && endpointsOf(place).length > 0
    return isIts && hasOpen(place, protocol, port) ? [{ how: 'unpublished', who: container.name, port }] : []
  })
}

function hasOpen({ namespace }: LivePlace, protocol: string, port: number): boolean {
  return namespace.sockets.some(
    (socket) => socket.protocol === protocol && socket.port === port && !isLoopback(socket.address),
  )
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
    ...{ how, container: container.name, hostPort, containerPort, restart: restartOf(goal.host, container.name) },
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
  instead,
  elsewhere,
  ipv4Only,
  address,
}: Pick<
  Found,
  'port' | 'protocol' | 'ports' | 'published' | 'goal' | 'instead' | 'elsewhere' | 'ipv4Only' | 'address'
>): Text[] {
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
  if (elsewhere.length > 0) return [elsewhereTry(elsewhere, address, port, ipv4Only)]
  if (instead) return [insteadTry(instead, port, protocol)]
  if (!published) return [open]
  const { how, container, hostPort, containerPort } = published
  const again = restartText(published.restart)
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
          en: `where ${code('userland-proxy')} is on, the Engine starts the proxy with the container: ${again.en}`,
          zh: `如果启用了 ${code('userland-proxy')}，引擎会随容器一起启动代理：${again.zh}`,
        },
      ]
  }
}

function redirectTries({ host, command }: NonNullable<Found['redirect']>, port: number): Text[] {
  const [where, what] = [code(host), code(command, 300)]
  return [
    {
      en: `if this is not meant to be led there, leave it out of that rule, on ${where}: ${what}`,
      zh: `如果不该把它引到那里，就在 ${where} 上让它不受这条规则影响：${what}`,
    },
    {
      en: `else start the program that should take it at port ${port}`,
      zh: `否则启动应当在端口 ${port} 上接收它的程序`,
    },
  ]
}

/** It listens, and not there: by another address it is reached as it is. */
function elsewhereTry(elsewhere: readonly string[], address: string, port: number, published?: string): Text {
  const isOf6 = address.includes(':')
  if (published !== undefined && isOf6) {
    return {
      en: `ask by IPv4: ${code(published)} is on no network with IPv6, so that only docker-proxy could serve the port by IPv6, and none runs for it; or put it on such a network`,
      zh: `改用 IPv4 访问：${code(published)} 不在任何启用 IPv6 的网络上，IPv6 只能由 docker-proxy 提供，而它没有为这个端口运行；或者把它接入启用 IPv6 的网络`,
    }
  }
  const any = code(isOf6 ? '::' : '0.0.0.0')
  const other = elsewhere.find((one) => !isAny(one))
  if (other === undefined) {
    const family = isOf6 ? 'IPv4' : 'IPv6'
    const loopback = isLoopback(address) ? `${isOf6 ? '127.0.0.1' : '[::1]'}:${port}` : undefined
    return {
      en: `ask by ${family}${loopback === undefined ? '' : `, ${code(loopback)}`}, or let the program listen on ${any} as well`,
      zh: `改用 ${family} 访问${loopback === undefined ? '' : `（${code(loopback)}）`}，或者让程序同时监听 ${any}`,
    }
  }
  const there = code(other.includes(':') ? `[${other}]:${port}` : `${other}:${port}`)
  return {
    en: `ask for ${there}, or let the program listen on ${any}, or on ${code(address)} as well`,
    zh: `访问 ${there}，或者让程序监听 ${any}，或同时监听 ${code(address)}`,
  }
}

function insteadTry({ how, who, port: inside }: Instead, port: number, protocol: string): Text {
  const whom = code(who)
  switch (how) {
    case 'beside': {
      const there = code(`${who}:${inside}`)
      return {
        en: `${whom} is a container of its own, with a program at port ${inside}: ask for ${there}, by its name`,
        zh: `${whom} 是另一个容器，它的端口 ${inside} 上有程序：请按名字访问 ${there}`,
      }
    }
    case 'elsewhere': {
      const there = code(`${who}:${port}`)
      return {
        en: `that port is published on ${whom}, which is another host: ask for ${there}`,
        zh: `发布这个端口的是另一台主机 ${whom}：请访问 ${there}`,
      }
    }
    case 'protocol': {
      const right = code(`-p ${port}:PORT${protocol === 'udp' ? '/udp' : ''}`)
      return {
        en: `${whom} publishes port ${port} for ${protocol === 'tcp' ? 'udp' : 'tcp'} alone: make it anew with ${right} as well`,
        zh: `${whom} 只为 ${protocol === 'tcp' ? 'udp' : 'tcp'} 发布了端口 ${port}：重新创建它，并加上 ${right}`,
      }
    }
    case 'unpublished': {
      const right = code(`-p ${port}:${inside}${protocol === 'udp' ? '/udp' : ''}`)
      return {
        en: `${whom} has a program at port ${inside}, but does not publish it: make it anew with ${right}, if others may ask for it`,
        zh: `${whom} 的端口 ${inside} 上有程序，但没有发布：如果允许别人访问，就用 ${right} 重新创建它`,
      }
    }
  }
}

export const portNotListening = define<Found>({
  code: 'port-not-listening',
  byState: find,
  bySight: find,
  say: ({
    goal,
    protocol,
    port,
    address,
    ports,
    nothing,
    elsewhere,
    ipv4Only,
    published,
    other,
    instead,
    itself,
    redirect,
    seen,
    shown,
  }) => {
    const [whom, list, others] = [code(goal), codes(ports), codes(elsewhere)]
    const own = redirect
      ? {
          en: `; ${code(redirect.asked)} was asked, and a rule of NAT leads such packets to ${whom} itself`,
          zh: `；访问的是 ${code(redirect.asked)}，但一条 NAT 规则把这样的数据包引到了 ${whom} 自己`,
        }
      : itself
        ? {
            en: `; ${code(address)} is the loopback of ${whom} itself, not that of its host or of another container`,
            zh: `；${code(address)} 是 ${whom} 自己的回环地址，不是主机的，也不是别的容器的`,
          }
        : { en: '', zh: '' }
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
                en: `the packet arrived in ${whom}, but no program there listens on ${protocol} port ${port}, so the kernel refuses${also.en}${own.en}`,
                zh: `数据包到了 ${whom}，但那里没有程序监听 ${protocol} 端口 ${port}，于是内核拒绝了它${also.zh}${own.zh}`,
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
        ...(redirect ? [redirect.text] : []),
        ports.length > 0 || nothing
          ? `${goal}: listening ${protocol} ports ${ports.slice(0, 8).join(', ') || 'none'}`
          : `${goal}: no listening ${protocol} port ${port}`,
        ...shown,
      ],
      tries: redirect
        ? redirectTries(redirect, port)
        : triesOf({
            ...{ port, protocol, ports, goal, elsewhere, address },
            ...(ipv4Only === undefined ? {} : { ipv4Only }),
            ...(published ? { published } : {}),
            ...(instead ? { instead } : {}),
          }),
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
      itself: false,
    },
    ...{ seen: true, shown: ['172.20.0.13:6379 > 172.20.0.12:… tcp [RA], 40 bytes, ttl 64'] },
  },
})
