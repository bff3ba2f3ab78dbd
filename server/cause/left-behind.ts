import { isInHostNamespace, type Place } from '../place/place.js'
import type { Text } from '../wording/text.js'
import { code } from '../wording/wording.js'
import { define } from './cause.js'
import { restartOf, restartText } from './restart.js'
import { called } from './words.js'

interface Found {
  who: string
  /** What restarts it. */
  again: string[]
  /** The container whose network it was to share, as far as it is known by name. */
  mother: string
  /** `restarted`: it has another namespace by now; `stopped`: it has none; `removed`: there is no such container any more. */
  mothers: 'restarted' | 'stopped' | 'removed'
  shown: string[]
}

/**
 * A container with `--network container:OTHER` enters the namespace that the other has at that moment (namespaces(7)). The other
 * gets a new one whenever it starts, and whoever entered the old one stays there, with nothing but a loopback.
 */
export function leftBehind(...places: (Place | undefined)[]): Found | undefined {
  for (const place of places) {
    const { container, namespace, host } = place ?? {}
    if (!place || !container || !namespace || !host || isInHostNamespace(place)) continue
    const [, id] = /^container:(.+)$/.exec(container.networkMode) ?? []
    if (id === undefined) continue
    const mother = host.engine?.containers.find((one) => one.id === id || one.name === container.sharesWith)
    if (mother?.namespace === namespace.id) continue
    const mothers = !mother ? 'removed' : mother.namespace === undefined ? 'stopped' : 'restarted'
    const name = mother?.name ?? id.slice(0, 12)
    return {
      ...{ who: place.label, again: restartOf(host, called(place)), mother: name, mothers },
      shown: [
        `${place.label}: network mode container:${name}`,
        `${place.label}: namespace ${namespace.id}, ${name}: ${mother ? (mother.namespace ?? mother.state) : 'no such container'}`,
        `${place.label}: links ${namespace.links.map((link) => link.name).join(', ')}`,
      ],
    }
  }
  return undefined
}

export const leftBehindCause = define<Found>({
  code: 'left-behind',
  byState: ({ from, meant }) => leftBehind(from, meant),
  bySight: ({ from, meant }) => leftBehind(from, meant),
  byName: ({ from, meant }) => leftBehind(from, meant),
  say: ({ who: label, again, mother: other, mothers, shown }) => {
    const [who, mother] = [code(label), code(other)]
    const why: Record<Found['mothers'], Text> = {
      restarted: {
        en: `${mother} was restarted and got another, while ${who} stayed in the old one, which has no network any more`,
        zh: `${mother} 重新启动后换了新的命名空间，而 ${who} 还留在旧的里面，那里已经没有网络了`,
      },
      stopped: {
        en: `${mother} is no longer running, and its network ended with it`,
        zh: `${mother} 已经停止运行，它的网络也随之消失`,
      },
      removed: {
        en: `that container (${mother}) is no longer there, and its network ended with it`,
        zh: `那个容器（${mother}）已经不存在，它的网络也随之消失`,
      },
    }
    const restart = restartText(again)
    const tries: Record<Found['mothers'], Text> = {
      restarted: {
        en: `let it join the new one: ${restart.en}`,
        zh: `让它加入新的命名空间：${restart.zh}`,
      },
      stopped: {
        en: `start ${mother} first, then ${who} again: ${code(`docker start ${other}`)}, then ${restart.en}`,
        zh: `先启动 ${mother}，再重启 ${who}：${code(`docker start ${other}`)}，然后 ${restart.zh}`,
      },
      removed: {
        en: `recreate ${who}, with ${code('--network container:NAME')} of the container that took its place; a restart is refused`,
        zh: `用 ${code('--network container:NAME')} 指向替代它的容器，重新创建 ${who}；直接重启会被拒绝`,
      },
    }
    return {
      what: {
        en: `${who} was to share the network namespace of another container, but ${why[mothers].en}`,
        zh: `${who} 本应共用另一个容器的网络命名空间，但${why[mothers].zh}`,
      },
      evidence: shown,
      tries: [tries[mothers]],
    }
  },
  broken: 'a container with `--network container:OTHER`, and OTHER was restarted since',
  example: {
    ...{ who: 'tools', again: ['docker restart tools'], mother: 'web', mothers: 'restarted' },
    shown: ['tools: network mode container:web', 'tools: namespace 4026532705, web: 4026532811', 'tools: links lo'],
  },
})
