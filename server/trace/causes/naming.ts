import type { NetworkState } from '../../network/state.js'
import { whyUnresolved } from '../../place/name-resolution.js'
import { absence, isLive, type LivePlace, type Place } from '../../place/reference.js'
import { code } from '../../wording/wording.js'
import type { Cause } from '../story.js'
import { isOnNone, noneCause } from './docker-networks.js'
import { goneCause, nodesGone } from './swarm.js'

/** A name that led nowhere. */
export interface Unresolved {
  state: NetworkState
  home: string
  from: LivePlace
  name: string
  /** Whom it means, where there is somebody of that name. */
  meant?: Place
}

/** Why a name did not resolve where the sender stands. */
export function nameCause({ state, home, from, name, meant }: Unresolved): Cause {
  if (isOnNone(from)) return noneCause(from)
  const gone = nodesGone(state, home).filter(
    ({ services, hostname }) => services.includes(name) || meant?.host.name === hostname,
  )
  if (gone.length > 0) return goneCause(gone)
  if (meant?.container && !isLive(meant)) return notRunning(meant, home)
  if (meant && isLive(meant) && isOnNone(meant)) return noneCause(meant)
  const { cause, why } = whyUnresolved(from, name, meant)
  const servers = from.dns.nameservers.slice(0, 3).map((server) => `nameserver ${server}`)
  const networks = networksOf(from)
  const theirs = meant?.container ? networksOf(meant) : []
  if (cause === 'default-bridge') {
    return {
      code: 'name-on-default-bridge',
      what: why,
      evidence: [...networks, ...theirs, `${from.label}: ${servers.join(', ') || 'no nameserver'}`],
      tries: [
        {
          en: `put both on a network of your own: ${code('docker network create my_net')}, then ${code(`docker network connect my_net ${called(from)}`)} and the same for the other`,
          zh: `让两者接入一个自定义网络：先 ${code('docker network create my_net')}，再 ${code(`docker network connect my_net ${called(from)}`)}，另一个容器也一样`,
        },
      ],
    }
  }
  if (cause === 'no-common-network') {
    return {
      code: 'no-common-network',
      what: why,
      evidence: [...networks, ...theirs],
      tries: [connectTry(from, meant!)],
    }
  }
  return {
    code: 'unknown-name',
    what: why,
    evidence: [`${from.label}: ${servers.join(', ') || 'no nameserver'}`, ...networks],
    tries: [
      {
        en: `look at the names that there are with ${code('docker ps')}, and at the networks of both with ${code('docker inspect')}`,
        zh: `用 ${code('docker ps')} 看看现有的名字，再用 ${code('docker inspect')} 查看双方所在的网络`,
      },
    ],
  }
}

export function notRunning(place: Place, home: string): Cause {
  const { observed, why } = absence(place.label, place, home)
  return {
    code: 'not-running',
    what: why,
    evidence: [observed.en.replaceAll('`', '')],
    tries: [
      {
        en: `start it with ${code(`docker start ${called(place)}`)}; ${code(`docker logs ${called(place)}`)} says why it ended`,
        zh: `用 ${code(`docker start ${called(place)}`)} 启动它；${code(`docker logs ${called(place)}`)} 能看到它为什么退出`,
      },
    ],
  }
}

export function connectTry(from: Place, to: Place): Cause['tries'][number] {
  const network = to.container?.endpoints.find(({ network }) => !['bridge', 'host', 'none'].includes(network))?.network
  const command = code(`docker network connect ${network ?? 'NETWORK'} ${called(from)}`)
  return {
    en: `let both be on one network: ${command}`,
    zh: `让双方接入同一个网络：${command}`,
  }
}

export function called({ container, label }: Place): string {
  return container?.name ?? label
}

export function networksOf(place: Place): string[] {
  const names = [...new Set((place.container?.endpoints ?? []).map(({ network }) => network))]
  return place.container ? [`${place.label}: networks ${names.join(', ') || 'none'}`] : []
}
