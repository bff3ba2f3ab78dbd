import ipaddr from 'ipaddr.js'
import type { CauseCode } from '../cause/cause.js'
import { holds, isAddress } from '../network/addresses.js'
import type { NetworkState } from '../network/state.js'
import type { Text } from '../wording/text.js'
import type { TraceStory } from './story.js'

type Told = Pick<TraceStory, 'outcome' | 'summary' | 'cause'>

const note: Text = {
  en: 'this rack is offline: it has no way to the internet, so that nothing there can be reached',
  zh: '这套主机没有接入互联网，互联网上的一切都无法访问',
}
const instead: Text = {
  en: 'ask for something within the rack: a container, a host, or a LAN by its name for its gateway',
  zh: '改为访问这套主机内部的对象：容器、主机，或者用局域网的名字访问它的网关',
}

/** Found where the way out of the rack is missing: what they advise is for goals within. */
const atTheEdge: readonly CauseCode[] = ['no-route', 'unknown-name', 'default-nameservers', 'unknown']

/**
 * A story of a rack without internet, whose goal is out there: says so, and advises nothing that can't help. Any other story is left
 * as it is, also one that was stopped on its way by something that is wrong within the rack.
 */
export function withOffline<T extends Told>(told: T, to: string, state: NetworkState): T {
  const { outcome, cause, summary } = told
  if (outcome !== 'stopped' || !cause || !atTheEdge.includes(cause.code) || !isOutThere(to, state)) return told
  return {
    ...told,
    summary: { en: `${summary.en}; ${note.en}`, zh: `${summary.zh}；${note.zh}` },
    cause: { ...cause, tries: [instead] },
  }
}

/** A public address of nobody in the rack, or a name as they are registered publicly. */
function isOutThere(to: string, state: NetworkState): boolean {
  return isAddress(to) ? isPublicAddress(to, state) : isPublicName(to, state)
}

/** By IANA's registries of special-purpose addresses, as ipaddr.js has them. */
function isPublicAddress(address: string, { lans, hosts }: NetworkState): boolean {
  if (ipaddr.process(address).range() !== 'unicast') return false
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

/** `web.my_net` is a container's name with that of its network (Docker docs, "Networking overview"). */
function isPublicName(name: string, { hosts }: NetworkState): boolean {
  const labels = name.toLowerCase().replace(/\.$/, '').split('.')
  const last = labels.at(-1)!
  if (labels.length < 2 || name.includes('/') || !/^[a-z]{2,63}$/.test(last) || unregistered.has(last)) return false
  const networks = hosts.flatMap(({ engine }) => engine?.networks ?? [])
  return !networks.some((network) => network.name.toLowerCase() === last)
}
