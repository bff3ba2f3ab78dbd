import { holds, sameAddress } from '../network/addresses.js'
import { isUnanswered } from '../network/neighbour.js'
import { type FoundRoute, isUndecided, nextHop, outLink, routeFor } from '../network/routing.js'
import type { NetworkState } from '../network/state.js'
import { endpointsOf, hostPlace, type LivePlace, ownLink, placesOf } from '../place/place.js'
import { code } from '../wording/wording.js'
import { flowAt } from './case.js'
import { define } from './cause.js'
import { type LeftoverRule, leftoverRule, removeTry } from './leftover-rule.js'
import { writeAsked } from './packet-text.js'
import { commandIn } from './place-command.js'
import { networkRestartOf, restartText } from './restart.js'
import type { SeenTrail, Trail } from './trail.js'
import { askingFor, foundLines } from './words.js'

interface Found {
  address: string
  where: string
  link?: string
  /** Whom the Engine gave it to, and what has become of it there, as a Disagreement tells. */
  lost?: { container: string; restart: string[]; kernel: string; shown: string }
  /** Who has it and does not use it, since somebody else had it when it was set (RFC 4862, 5.4.5). */
  aside?: { who: string; link: string; command: string; shown: string }
  /** It was asked for as another one, and this rule of the sender's host led there. */
  led?: { asked: string; rule: LeftoverRule }
  /** It is the gateway of a network, and its bridge does not have it: what gives it back, unless the network was made so. */
  bridge?: { host: string; network: string; name: string; command?: string }
  /** It is the gateway of one of several ways, of which routing rules choose by what is not known of a packet, such as a mark. */
  chosen: boolean
  seen: boolean
  shown: string[]
}

const inhibited = 'com.docker.network.bridge.inhibit_ipv4'

/** The network of a container whose gateway has that address. */
function gatewayOf(place: LivePlace, address: string): Found['bridge'] {
  const leg = endpointsOf(place).find(({ gateway }) => sameAddress(gateway, address))
  const network = place.host.engine?.networks.find(({ id, driver }) => id === leg?.networkId && driver === 'bridge')
  const own = hostPlace(place.host)?.namespace.links.find(({ name }) => name === network?.bridge)
  if (!network || !own) return undefined
  const prefix = network.subnets.find(({ subnet }) => holds(subnet, address))?.subnet.split('/')[1]
  const isMeant = network.options[inhibited] === 'true' || prefix === undefined
  return {
    ...{ host: place.host.name, network: network.name, name: own.name },
    ...(isMeant ? {} : { command: `ip address add ${address}/${prefix} dev ${own.name}` }),
  }
}

function ledBy({ last, address, destination }: Trail, hop: string): Found['led'] {
  if (!sameAddress(hop, destination) || sameAddress(address, destination)) return undefined
  const rule = leftoverRule(last, destination)
  return rule && { asked: address, rule }
}

/** Whom the last place asked for: where several ways lead on, the one of them whose gateway was asked for in vain. */
function hopSeen({ last, destination, seen }: SeenTrail): { address: string; way?: FoundRoute } | undefined {
  const route = routeFor(last.namespace, destination)
  if (!isUndecided(route)) {
    const address = nextHop(last.namespace, destination)
    return address === undefined ? undefined : { address }
  }
  const way = route?.among?.find(
    ({ gateway }) =>
      seen.questions.some(({ target, macs }) => sameAddress(target, gateway) && macs.length === 0) ||
      last.namespace.neighbours.some((one) => sameAddress(one.address, gateway) && isUnanswered(one)),
  )
  return way?.gateway === undefined ? undefined : { address: way.gateway, way }
}

/** The container that the Engine gave an address to, and that does not have it. */
function lostBy({ hosts }: NetworkState, address: string): Found['lost'] {
  for (const host of hosts) {
    const { name, disagreements } = host
    const one = disagreements.find(
      ({ engine, about }) => about.startsWith('container ') && sameAddress(engine, address),
    )
    const container = one && /^container (\S+) on /.exec(one.about)?.[1]
    if (one && container !== undefined) {
      return {
        container,
        restart: networkRestartOf(host, container),
        kernel: one.kernel,
        shown: `${name}: ${one.about}: Engine ${one.engine}, kernel ${one.kernel}`,
      }
    }
  }
  return undefined
}

function asideOf(state: NetworkState, address: string): Found['aside'] {
  for (const place of placesOf(state)) {
    for (const link of place.namespace.links) {
      const own = link.addresses.find((one) => one.failed && sameAddress(one.address, address))
      if (!own) continue
      const cidr = `${own.address}/${own.prefix}`
      const again = `ip -6 address del ${cidr} dev ${link.name} && ip -6 address add ${cidr} dev ${link.name}`
      return {
        ...{ who: place.label, link: link.name, command: commandIn(place, again) },
        shown: `${place.label}: ${cidr} dev ${link.name} dadfailed`,
      }
    }
  }
  return undefined
}

export const noSuchAddress = define<Found>({
  code: 'no-such-address',
  byState: (trail) => {
    const { way, last, destination, state } = trail
    if (way?.end !== 'nobody') return undefined
    const flow = flowAt(trail, last, { destination })
    const hop = nextHop(last.namespace, flow)
    if (hop === undefined || isKnown(state, hop)) return undefined
    const link = outLink(last.namespace, flow)
    const [lost, bridge] = [lostBy(state, hop), gatewayOf(last, hop)]
    // Docker's own rule is none that is left over.
    const led = lost ? undefined : ledBy(trail, hop)
    const aside = asideOf(state, hop)
    return {
      ...{ address: hop, where: last.label, chosen: false, seen: false, shown: [] },
      ...(led ? { led } : {}),
      ...(aside ? { aside } : {}),
      ...(bridge ? { bridge } : {}),
      ...(link ? { link: link.name } : {}),
      ...(lost ? { lost } : {}),
    }
  },
  bySight: (trail) => {
    const { last, destination, seen, state } = trail
    const to = hopSeen(trail)
    if (!to || isKnown(state, to.address)) return undefined
    const hop = to.address
    const asked = seen.questions.find(({ target }) => sameAddress(target, hop))
    const device = to.way ? to.way.device : outLink(last.namespace, destination)?.name
    // The kernel may have asked just before, and not again for this packet.
    const entry = last.namespace.neighbours.find((one) => sameAddress(one.address, hop) && isUnanswered(one))
    const [lost, bridge] = [lostBy(state, hop), gatewayOf(last, hop)]
    // Docker's own rule is none that is left over.
    const led = lost ? undefined : ledBy(trail, hop)
    const aside = asideOf(state, hop)
    // A bridge that has no port left does not even ask.
    const unanswered = asked ? seen.whole && asked.macs.length === 0 : entry !== undefined || lost !== undefined
    if (!unanswered) return undefined
    const line = asked ? [writeAsked(asked)] : entry ? [`${last.label}: ${hop} dev ${entry.device} ${entry.state}`] : []
    return {
      ...{ address: hop, where: last.label, chosen: to.way !== undefined },
      ...{ seen: asked !== undefined || entry !== undefined },
      shown: [...(to.way ? foundLines(last.label, to.way) : []), ...line],
      ...(led ? { led } : {}),
      ...(aside ? { aside } : {}),
      ...(bridge ? { bridge } : {}),
      ...(device === undefined ? {} : { link: device }),
      ...(lost ? { lost } : {}),
    }
  },
  say: ({ address, where, link, lost, led, bridge, aside, chosen, seen, shown }) => {
    const [whom, who] = [code(address), code(where)]
    const asking = askingFor(address)
    if (aside) return sayAside(address, where, aside, shown)
    const on = link === undefined ? { en: '', zh: '' } : { en: ` on ${code(link)}`, zh: ` 在 ${code(link)} 上` }
    const has = lost && code(lost.kernel)
    const again = restartText(lost?.restart ?? [])
    const since = lost
      ? {
          en: `; the Engine gave it to ${code(lost.container)}, but in its network namespace there is ${has!.replaceAll('`', '')}: somebody changed it by hand`,
          zh: `；引擎把它分给了 ${code(lost.container)}，但在它的网络命名空间里内核说的是 ${has}：有人手工改动过`,
        }
      : bridge
        ? {
            en: `; it is the gateway of ${code(bridge.network)}, and the bridge ${code(bridge.name)} on ${code(bridge.host)} does not have it${bridge.command === undefined ? `, since the network was made with ${code(`${inhibited}=true`)}` : ''}`,
            zh: `；它是 ${code(bridge.network)} 的网关，而 ${code(bridge.host)} 上的网桥 ${code(bridge.name)} 没有这个地址${bridge.command === undefined ? `，因为网络创建时用了 ${code(`${inhibited}=true`)}` : ''}`,
          }
        : led
          ? {
              en: `; ${code(led.asked)} was asked, and a rule of NAT leads it there`,
              zh: `；访问的是 ${code(led.asked)}，是一条 NAT 规则把它引到了那里`,
            }
          : chosen
            ? {
                en: `; that address is the gateway of a route to which a routing rule (${code('ip rule')}) of ${who} leads such packets`,
                zh: `；这个地址是一条路由的网关，${who} 的一条策略路由规则（${code('ip rule')}）把这样的数据包引到那条路由`,
              }
            : { en: '', zh: '' }
    return {
      what: seen
        ? {
            en: `nobody on that segment has ${whom}: ${who} asked for its MAC address${on.en} (${asking.en}), and got no answer${since.en}`,
            zh: `这个子网上没有人使用 ${whom}：${who}${on.zh}用${asking.zh}询问它的 MAC 地址，没有得到应答${since.zh}`,
          }
        : {
            en: `nobody on that segment has ${whom}: when ${who} asks for its MAC address${on.en} (${asking.en}), nobody answers${since.en}`,
            zh: `这个子网上没有人使用 ${whom}：${who}${on.zh}用${asking.zh}询问它的 MAC 地址，没有人应答${since.zh}`,
          },
      evidence: [...shown, ...(lost ? [lost.shown] : []), ...(led ? [`${where}: ${led.rule.text}`] : [])],
      tries: [
        ...(led ? [removeTry(led.rule)] : []),
        ...(lost
          ? [
              {
                en: `let the Engine set its network up anew: ${again.en}`,
                zh: `让引擎重新设置它的网络：${again.zh}`,
              },
            ]
          : []),
        ...(bridge?.command === undefined
          ? []
          : [
              {
                en: `give the bridge back what Docker gave it, on ${code(bridge.host)}: ${code(bridge.command, 200)}`,
                zh: `在 ${code(bridge.host)} 上把 Docker 原来给网桥的地址加回来：${code(bridge.command, 200)}`,
              },
            ]),
        ...(chosen
          ? [
              {
                en: `see what leads such packets there, on ${who}: ${code('ip rule')}; where packets are marked: ${code('iptables -t mangle -S')}`,
                zh: `在 ${who} 上看看是什么把这样的数据包引到那里：${code('ip rule')}；数据包在哪里被打上标记：${code('iptables -t mangle -S')}`,
              },
            ]
          : []),
        {
          en: `see who has which address with ${code('ip address')} or ${code('docker network inspect')}`,
          zh: `用 ${code('ip address')} 或 ${code('docker network inspect')} 看看谁用着哪个地址`,
        },
      ],
    }
  },
  hidden: { netdiag: 'it asks for addresses that somebody has, by the Engine' },
  broken: 'nobody on the segment has the address that is asked for',
  example: {
    ...{ address: '192.168.1.99', where: 'laptop', link: 'eth0', chosen: false, seen: true },
    shown: ['laptop eth0: who has 192.168.1.99? no answer'],
  },
})

function sayAside(
  address: string,
  where: string,
  { who, link, command, shown }: NonNullable<Found['aside']>,
  before: string[],
) {
  const [whom, asker, holder, at] = [code(address), code(where), code(who), code(link)]
  return {
    what: {
      en: `${holder} has ${whom} on ${at} and does not use it, so nobody answers when ${asker} asks for its MAC address: when it was set, somebody else on that segment had it (duplicate address detection), and the kernel does not try again by itself`,
      zh: `${holder} 的 ${at} 上有 ${whom}，但没有启用，所以 ${asker} 询问它的 MAC 地址时没有人应答：设置它的时候，同一子网里有别人在用（重复地址检测），而内核不会自己再试`,
    },
    evidence: [...before, shown],
    tries: [
      {
        en: `once nobody else has it, set it anew, on ${holder}: ${code(command, 300)}`,
        zh: `确认没有别人使用它之后，在 ${holder} 上重新设置：${code(command, 300)}`,
      },
    ],
  }
}

function isKnown(state: NetworkState, address: string): boolean {
  return (
    placesOf(state).some(({ namespace }) => ownLink(namespace, address) !== undefined) ||
    state.lans.some(({ gateway, gateway6 }) => sameAddress(gateway, address) || sameAddress(gateway6, address))
  )
}
