import { hostId } from '../map/ids.js'
import type { Change } from '../map/map.js'
import type { HostState, NetworkState } from '../network/state.js'
import { text } from '../wording/phrase.js'
import { code } from '../wording/wording.js'
import { ChangeList, type HostPair, Told } from './change-list.js'
import { compareContainers } from './compare-containers.js'
import { compareKernel } from './compare-kernel.js'
import { compareNames } from './compare-names.js'
import { compareNetworks } from './compare-networks.js'
import { comparePorts } from './compare-ports.js'
import { compareRules } from './compare-rules.js'
import { compareSockets } from './compare-sockets.js'
import { compareSwarm } from './compare-swarm.js'

const mostChanges = 12

/**
 * What is different between two states of a rack, in a few plain sentences, the most important first. What follows from
 * something else is told with it: a container that starts brings a namespace, links, addresses, routes, rules and sockets, and is
 * one sentence. Never told is what changes by itself or means nothing: ages, counters, ids, indexes, orders, states of neighbours,
 * learnt entries, link-local addresses, and the tracer's own rules.
 */
export function differences(before: NetworkState, after: NetworkState): Change[] {
  const changes = new ChangeList(before, after)
  const pairs: HostPair[] = after.hosts.flatMap((host) => {
    const old = before.hosts.find(({ name }) => name === host.name)
    return old ? [{ name: host.name, before: old, after: host, told: new Told() }] : []
  })
  compareHosts(changes)
  const same = pairs.filter((pair) => !isNew(changes, pair))
  for (const pair of same) compareEngine(changes, pair)
  // Causes first: each says what it brings along, so that the later ones leave it out.
  compareSwarm(changes, same)
  for (const pair of same) {
    compareNetworks(changes, pair)
    compareContainers(changes, pair)
    comparePorts(changes, pair)
    compareKernel(changes, pair)
    compareRules(changes, pair)
    compareSockets(changes, pair)
    compareNames(changes, pair)
  }
  return changes.first(mostChanges)
}

/** A capture that could not be made leaves a host out. */
function compareHosts(changes: ChangeList): void {
  const [old, now] = [changes.before, changes.after].map(({ state }) => new Set(state.hosts.map(({ name }) => name)))
  for (const name of now!) {
    if (!old!.has(name))
      changes.add('added', 'host', text(`Host ${code(name)} is there`, `主机 ${code(name)} 出现了`), [hostId(name)])
  }
  for (const name of old!) {
    if (!now!.has(name))
      changes.add('removed', 'host', text(`Host ${code(name)} is gone`, `主机 ${code(name)} 不见了`), [hostId(name)])
  }
}

/** Its namespace alone does not tell: the kernel gives a new one the number of one that has just ended (proc_alloc_inum). */
function isNew(changes: ChangeList, { name, before, after }: HostPair): boolean {
  const idOf = (host: HostState) => host.id ?? host.namespaces[0]?.id
  const [old, now] = [idOf(before), idOf(after)]
  if (old === undefined || now === undefined || old === now) return false
  const words = text(`Host ${code(name)} was restarted`, `主机 ${code(name)} 重新启动了`)
  changes.add('changed', 'host', words, [hostId(name)])
  return true
}

function compareEngine(changes: ChangeList, { name, before, after, told }: HostPair): void {
  const [old, now] = [before, after].map(({ engine, engineFault }) =>
    engine ? 'answers' : (engineFault?.kind ?? 'none'),
  )
  if (old === now) return
  told.engine = true
  const host = code(name)
  const [en, zh] =
    now === 'answers'
      ? [`The Docker Engine of ${host} answers again`, `${host} 的 Docker 引擎恢复应答`]
      : now === 'unverified'
        ? [
            `What answers on ${host} can't be verified to be its own Docker Engine`,
            `无法确认 ${host} 上应答的就是它原本的 Docker 引擎`,
          ]
        : [`The Docker Engine of ${host} does not answer any more`, `${host} 的 Docker 引擎不再应答`]
  changes.add('changed', 'engine', text(en, zh), [hostId(name)])
}
