import { holds, sameAddress } from '../network/addresses.js'
import { leadsOn } from '../network/routing.js'
import type { HostState } from '../network/state.js'
import { type LivePlace, placeOf } from '../place/place.js'
import { code } from '../wording/wording.js'
import { define } from './cause.js'
import { wayOn } from './no-route.js'
import { networkRestartOf, restartText } from './restart.js'
import type { Trail } from './trail.js'

interface Found extends SwitchedOff {
  /** It is the one that should send the packet on. */
  sends: boolean
}

/** A container that the Engine gave an address of IPv6, and whose link speaks none: its kernel has taken the address away. */
export interface SwitchedOff {
  who: string
  container: string
  network: string
  address: string
  link: string
  /** What lets the Engine set it up again. */
  restart: string[]
}

/** All of a host, whose namespace is this one where it is given. */
export function switchedOff(host: HostState, namespace?: string): SwitchedOff[] {
  return (host.engine?.containers ?? []).flatMap((container) => {
    const place = placeOf(host, container)
    if (namespace !== undefined && place.namespace?.id !== namespace) return []
    return container.endpoints.flatMap(({ network, link: name }) => {
      const link = place.namespace?.links.find((one) => one.name === name)
      const about = `container ${container.name} on ${network}`
      const taken = host.disagreements.find((one) => one.about === about && one.engine.includes(':'))
      if (!link?.ipv6Off || !taken) return []
      const restart = networkRestartOf(host, container.name)
      return [{ who: place.label, container: container.name, network, address: taken.engine, link: link.name, restart }]
    })
  })
}

/** Whom the packet is for; or the one that has to send it, and has no route because of that. */
function find(trail: Trail): Found | undefined {
  const { destination, state, stage, last } = trail
  if (!destination.includes(':') || stage === 'silent' || stage === 'no-return') return undefined
  const way = wayOn(trail)
  if (way === undefined) {
    const own = switchedOff(last.host, last.namespace.id).find(({ network }) => ledBy(network, last, destination))
    return own && { ...own, sends: true }
  }
  if (!leadsOn(way)) return undefined
  const its = state.hosts.flatMap((host) => switchedOff(host)).find(({ address }) => sameAddress(address, destination))
  return its && { ...its, sends: false }
}

/** The Engine gives a container a route to the subnets of its networks, and one to all others where they are not internal. */
function ledBy(name: string, { host }: LivePlace, destination: string): boolean {
  const network = host.engine?.networks.find((one) => one.name === name)
  if (!network) return false
  return !network.internal || network.subnets.some(({ subnet }) => holds(subnet, destination))
}

export const ipv6Off = define<Found>({
  code: 'ipv6-off',
  byState: find,
  bySight: find,
  say: ({ who, container, address, link, restart, sends }) => {
    const [whom, what] = [code(who), code(address)]
    const again = restartText(restart)
    const name = `net.ipv6.conf.${link}.disable_ipv6`
    const lacking = sends
      ? { en: 'has neither that address nor an IPv6 route', zh: '既没有这个地址，也没有 IPv6 路由' }
      : { en: 'has no such address', zh: '没有这个地址' }
    return {
      what: {
        en: `${what} is what the Engine gave to ${whom}, but there IPv6 is switched off on ${code(link)} (${code(`${name} = 1`)}), so that its kernel ${lacking.en}`,
        zh: `${what} 是引擎分配给 ${whom} 的地址，但那里的 ${code(link)} 关闭了 IPv6（${code(`${name} = 1`)}），内核里${lacking.zh}`,
      },
      evidence: [`${who}: ${name} = 1`, `docker inspect ${container}: ${address}; ip address: no such address`],
      tries: [
        {
          en: `let the Engine set it up again: ${again.en}; where ${code('--sysctl')} switched it off, recreate it without that`,
          zh: `让引擎重新设置：${again.zh}；如果是用 ${code('--sysctl')} 关闭的，就去掉这个选项重新创建`,
        },
      ],
    }
  },
  broken: '`sysctl -w net.ipv6.conf.eth0.disable_ipv6=1` in a container of a network with IPv6',
  example: {
    ...{ who: 'node1/web', container: 'web', network: 'app', address: 'fd00:30::20', link: 'eth0', sends: false },
    restart: ['docker restart web'],
  },
})
