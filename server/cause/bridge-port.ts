import { isLoopback } from '../network/addresses.js'
import { ownsAddress } from '../network/own-address.js'
import { outLink } from '../network/routing.js'
import type { Link } from '../network/state.js'
import { endpointsOf, hostPlace, type LivePlace } from '../place/place.js'
import { hostEnd } from '../place/segment.js'
import { code } from '../wording/wording.js'
import { define } from './cause.js'
import type { Trail } from './trail.js'

interface Found {
  host: string
  port: string
  bridge: string
  /** Whose link the other end is. */
  whose: string
  /**
   * `isolated`: this port and another one do not hear each other; `none`: the link is no port of the bridge any more; `no-hairpin`: what
   * came in by it would have to leave by it; `gone`: the bridge itself is not there.
   */
  state: string
  other?: string
  spanning: boolean
  shown: string[]
}

interface Port {
  place: LivePlace
  link: Link
  bridge: string
}

/** The port of a bridge of its host that a place's packets for an address go through. */
function portTo(place: LivePlace | undefined, address: string | undefined): Port | undefined {
  if (!place || address === undefined) return undefined
  const out = outLink(place.namespace, address)
  const end = out && hostEnd({ place, link: out })
  if (!end?.link.port || end.link.master === undefined) return undefined
  const bridge = end.link.master
  // With its bridge all ports are disabled.
  if (end.place.namespace.links.some(({ name, up }) => name === bridge && !up)) return undefined
  return { place, link: end.link, bridge }
}

/** A network of a place's whose bridge the kernel does not have. */
function withoutBridge(place: LivePlace | undefined): Found | undefined {
  for (const { network } of place ? endpointsOf(place) : []) {
    const { host, label } = place!
    const one = host.disagreements.find(
      ({ about, kernel }) => about === `network ${network}` && kernel === 'no such bridge',
    )
    if (!one) continue
    const bridge = one.engine.replace(/^bridge /, '')
    return {
      ...{ host: host.name, port: '', bridge, whose: label, state: 'gone', other: network, spanning: false },
      shown: [`${host.name}: network ${network}: Engine ${one.engine}, kernel ${one.kernel}`],
    }
  }
  return undefined
}

/** A container's link whose other end has left the bridge of its network. */
function detached(place: LivePlace | undefined): Found | undefined {
  for (const { link: name, networkId } of place ? endpointsOf(place) : []) {
    const { host, namespace, label } = place!
    const bridge = host.engine?.networks.find(({ id, driver }) => id === networkId && driver === 'bridge')?.bridge
    const link = namespace.links.find((one) => one.name === name)
    const end = link && hostEnd({ place: place!, link })
    if (bridge === undefined || !end || end.link.master === bridge) continue
    const master = end.link.master === undefined ? 'no master' : `master ${end.link.master}`
    return {
      ...{ host: host.name, port: end.link.name, bridge, whose: label, state: 'none', spanning: false },
      shown: [`${host.name}: ${end.link.name} ${master}`, `${host.name}: network bridge ${bridge}`],
    }
  }
  return undefined
}

function find(trail: Trail): Found | undefined {
  const gone = withoutBridge(trail.from) ?? withoutBridge(trail.goal) ?? detached(trail.from) ?? detached(trail.goal)
  // What a rule ended has come that far.
  return gone ?? (trail.stage === 'dropped' ? undefined : closed(trail))
}

/** Who asks is led back to itself, by a rule of its host. */
function turnedBack({ from, goal, address, destination }: Trail): Found | undefined {
  const isItself = goal?.namespace.id === from.namespace.id && ownsAddress(from.namespace, destination)
  if (!isItself || isLoopback(address) || ownsAddress(from.namespace, address)) return undefined
  const port = portTo(from, address)
  if (!port || port.link.port?.hairpin) return undefined
  const { host } = port.place
  return { ...found(port, 'no-hairpin'), shown: [`${host.name}: ${port.link.name} master ${port.bridge} hairpin off`] }
}

function closed(trail: Trail): Found | undefined {
  const { from, goal, destination, source } = trail
  const [near, far] = [portTo(from, destination), portTo(goal, source)]
  for (const one of [near, far]) {
    const { state = '' } = one?.link.port ?? {}
    if (one && state !== '' && state !== 'forwarding') return found(one, state)
  }
  const back = turnedBack(trail)
  if (back) return back
  const apart = near?.link.port?.isolated && far?.link.port?.isolated && near.bridge === far.bridge
  return apart && near.place.host === far.place.host ? found(far, 'isolated', near) : undefined
}

function found({ place, link, bridge }: Port, state: string, other?: Port): Found {
  const { host } = place
  const spanning = hostPlace(host)!.namespace.links.some(({ name, spanningTree }) => name === bridge && spanningTree)
  return {
    ...{ host: host.name, port: link.name, bridge, whose: place.label, state, spanning },
    ...(other ? { other: other.link.name } : {}),
    shown: [link, ...(other ? [other.link] : [])].map(
      ({ name, port }) =>
        `${host.name}: ${name} master ${bridge} state ${port!.state}${port!.isolated ? ' isolated on' : ''}`,
    ),
  }
}

export const bridgePort = define<Found>({
  code: 'bridge-port',
  byState: find,
  bySight: find,
  say: ({ host, port, bridge, whose, state, other, spanning, shown }) => {
    const [on, of, at] = [code(port), code(bridge), code(host)]
    if (state === 'gone') {
      const network = code(other ?? '')
      return {
        what: {
          en: `the bridge ${of} of the network ${network} is gone from ${at}: somebody deleted it, and ${code(whose)} has nothing left that it is plugged into`,
          zh: `${at} 上网络 ${network} 的网桥 ${of} 不见了：有人删掉了它，${code(whose)} 已经没有可接的网桥`,
        },
        evidence: shown,
        tries: [
          {
            en: `let the Engine make it anew, on ${at}: ${code('systemctl restart docker')}; then start the containers that ended with it`,
            zh: `在 ${at} 上让引擎重新创建它：${code('systemctl restart docker')}；然后启动随之停止的容器`,
          },
        ],
      }
    }
    const command =
      state === 'none'
        ? `ip link set dev ${port} master ${bridge}`
        : state === 'isolated'
          ? `bridge link set dev ${port} isolated off`
          : state === 'no-hairpin'
            ? `bridge link set dev ${port} hairpin on`
            : spanning
              ? `ip link set dev ${bridge} type bridge stp_state 0`
              : `bridge link set dev ${port} state 3`
    return {
      what:
        state === 'none'
          ? {
              en: `${on} on ${at}, which leads to ${code(whose)}, is no port of the bridge ${of} of its network any more, so the two hear nothing of each other`,
              zh: `${at} 上通向 ${code(whose)} 的 ${on} 已经不是它所在网络的网桥 ${of} 的端口，两边互相收不到任何帧`,
            }
          : state === 'no-hairpin'
            ? {
                en: `a rule on ${at} leads what ${code(whose)} sends back to ${code(whose)} itself, and the bridge ${of} sends no frame out by the port that it came in by, ${on}, while its hairpin mode is off`,
                zh: `${at} 上的规则把 ${code(whose)} 发出的包引回给它自己，而网桥 ${of} 不会把帧从它进来的端口 ${on} 再发出去，因为该端口的 hairpin 模式是关闭的`,
              }
            : state === 'isolated'
              ? {
                  en: `the bridge ${of} of ${at} passes nothing between its ports ${code(other ?? '')} and ${on}: both are isolated, and ${on} leads to ${code(whose)}`,
                  zh: `${at} 的网桥 ${of} 不在端口 ${code(other ?? '')} 与 ${on} 之间转发：两个端口都被设为隔离（isolated），其中 ${on} 通向 ${code(whose)}`,
                }
              : {
                  en: `the port ${on} of the bridge ${of} on ${at}, which leads to ${code(whose)}, passes nothing: its state is ${code(state)}${spanning ? ', which spanning tree decides there' : ''}`,
                  zh: `${at} 上网桥 ${of} 的端口 ${on}（通向 ${code(whose)}）不转发任何帧：它的状态是 ${code(state)}${spanning ? '，由那里的生成树协议决定' : ''}`,
                },
      evidence: shown,
      tries: [
        state === 'none'
          ? { en: `plug it in again: ${code(command)} on ${at}`, zh: `重新接上：在 ${at} 上运行 ${code(command)}` }
          : { en: `let it forward: ${code(command)} on ${at}`, zh: `让它转发：在 ${at} 上运行 ${code(command)}` },
      ],
    }
  },
  broken: '`bridge link set dev VETH state 0` for the port that leads to a container',
  example: {
    ...{ host: 'node1', port: 'veth…', bridge: 'br-…', whose: 'node1/web', state: 'disabled', spanning: false },
    shown: ['node1: veth… master br-… state disabled'],
  },
})
