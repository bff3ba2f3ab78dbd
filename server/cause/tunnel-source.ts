import { sameAddress } from '../network/addresses.js'
import { ownsAddress } from '../network/own-address.js'
import { leadsOn, outLink, routeFor, sourceOn } from '../network/routing.js'
import type { ForwardingEntry, HostState, NetworkState } from '../network/state.js'
import { hostPlace, isLive, type LivePlace, placesOf } from '../place/place.js'
import { segmentOf } from '../place/segment.js'
import { code } from '../wording/wording.js'
import { type Cause, define } from './cause.js'
import { writeStep } from './packet-text.js'
import { commandIn } from './place-command.js'
import type { Step } from './seen.js'
import type { Trail } from './trail.js'
import { foundLines } from './words.js'

interface Found {
  /** The host that sends by the tunnel, and the one that takes nothing of it. */
  sender: string
  receiver: string
  /** The outer source, and the one that the receiver's forwarding entry has. */
  source: string
  expected: string
  answer: boolean
  /** The entry has an address that the sender does not have at all: what sets it right. */
  stale?: string
  seen: boolean
  command: string
  shown: string[]
}

function sayStale(
  receiver: string,
  sender: string,
  source: string,
  expected: string,
  stale: string,
): Pick<Cause, 'what' | 'tries'> {
  const [whom, who, from, other] = [code(receiver), code(sender), code(source), code(expected)]
  return {
    what: {
      en: `${whom} takes that container to be behind ${other}, which is no address of ${who}, where it is: it sends there by VXLAN, and drops what comes from ${from}, since its forwarding entry says so`,
      zh: `${whom} 的转发表项（FDB）认为那个容器在 ${other} 后面，而容器所在的 ${who} 并没有这个地址：发往它的 VXLAN 包都去了那里，来自 ${from} 的则被丢弃`,
    },
    tries: [
      {
        en: `mend the entry, on ${whom}: ${code(stale, 300)}; or make the container anew, so that the Engines tell each other where it is`,
        zh: `在 ${whom} 上改正这一项：${code(stale, 300)}；或者重新创建容器，让各引擎重新互相通告它的位置`,
      },
    ],
  }
}

/** What a host's overlays know of a MAC address behind another host (bridge(8), fdb). */
function entryFor(host: HostState, mac: string, state: NetworkState): ForwardingEntry | undefined {
  return placesOf(state)
    .filter((place) => place.host.name === host.name && place.namespace.owner.kind === 'engine')
    .flatMap(({ namespace }) => namespace.forwarding)
    .find((entry) => entry.destination !== undefined && entry.mac.toLowerCase() === mac.toLowerCase())
}

/** The route by which a host sends to the other end, with the source that the other end expects. */
function mend(sender: LivePlace | undefined, to: string, expected: string): string {
  const route = sender && routeFor(sender.namespace, to)
  if (!route || !leadsOn(route) || route.device === undefined) return `ip route add ${to} … src ${expected}`
  const via = route.gateway ? ` via ${route.gateway}` : ''
  return `ip route change ${route.destination}${via} dev ${route.device} src ${expected}`
}

function seenAt(steps: Step[], answer: boolean, { state, seen }: Trail): Found | undefined {
  const arrived = steps.findLast(({ tunnel, sighting, place }) => tunnel && place && sighting.direction === 'in')
  const mac = arrived?.frame.source
  if (!arrived?.tunnel || !arrived.place || mac === undefined) return undefined
  // It came out of the tunnel there.
  const { host } = arrived.place
  if (steps.some((step) => !step.tunnel && step.place?.host.name === host.name && step !== arrived)) return undefined
  const entry = entryFor(host, mac, state)
  const { from, to } = arrived.tunnel
  if (!entry?.destination || sameAddress(entry.destination, from)) return undefined
  const sender = placesOf(state).find(({ namespace }) =>
    namespace.links.some(({ addresses }) => addresses.some(({ address }) => sameAddress(address, from))),
  )
  return {
    ...{ sender: sender?.label ?? from, receiver: host.name, source: from, expected: entry.destination, answer },
    ...staleAt(host, sender?.host, entry, from, state),
    seen: seen !== undefined,
    command: mend(sender, to, entry.destination),
    shown: [
      writeStep(arrived),
      `${host.name}: fdb ${entry.mac} dev ${entry.device} dst ${entry.destination}`,
      ...routeLine(sender, to),
    ],
  }
}

function routeLine(place: LivePlace | undefined, to: string): string[] {
  const route = place && routeFor(place.namespace, to)
  return place && route ? foundLines(place.label, route) : []
}

/** By the state: the source that one host's route gives, against what the other has for the container's MAC address. */
function foreseenFrom(from: LivePlace, goal: LivePlace, destination: string, answer: boolean, state: NetworkState) {
  const link = outLink(from.namespace, destination)
  if (!link || !/^(overlay|vxlan) /.test(segmentOf(from.host, from.namespace, link))) return undefined
  const entry = entryFor(goal.host, link.mac, state)
  const sender = hostPlace(from.host)
  const to = goal.host.engine?.swarm.nodeAddress
  if (!entry?.destination || !sender || to === undefined) return undefined
  const route = routeFor(sender.namespace, to)
  const source = leadsOn(route) ? sourceOn(sender.namespace, route) : undefined
  if (source === undefined || sameAddress(source, entry.destination)) return undefined
  return {
    ...{ sender: sender.label, receiver: goal.host.name, source, expected: entry.destination, answer, seen: false },
    ...staleAt(goal.host, sender.host, entry, source, state),
    command: mend(sender, to, entry.destination),
    shown: [
      `${goal.host.name}: fdb ${entry.mac} dev ${entry.device} dst ${entry.destination}`,
      ...routeLine(sender, to),
    ],
  }
}

/** An entry that leads to who is not there is out of date, or was set by hand. */
function staleAt(
  receiver: HostState,
  sender: HostState | undefined,
  entry: ForwardingEntry,
  source: string,
  state: NetworkState,
) {
  const to = entry.destination
  if (to === undefined || !sender) return {}
  const own = sender.namespaces.some((namespace) => ownsAddress(namespace, to))
  const at = placesOf(state).find(
    ({ host, namespace }) => host.name === receiver.name && namespace.forwarding.includes(entry),
  )
  if (own || !at) return {}
  return { stale: commandIn(at, `bridge fdb replace ${entry.mac} dev ${entry.device} dst ${source} self permanent`) }
}

/** The packet went by the tunnel to a host where the one who is meant is not. */
function sentAstray({ seen, goal, meant, from, state }: Trail): Found | undefined {
  const there = goal ?? (isLive(meant) ? meant : undefined)
  const outer = seen?.out.findLast(({ tunnel }) => tunnel !== undefined)
  if (!outer?.tunnel || !there || there.host.name === from.host.name) return undefined
  const { to } = outer.tunnel
  const mac = outer.frame.destination
  const entry = mac === undefined ? undefined : entryFor(from.host, mac, state)
  if (entry?.destination === undefined || !sameAddress(entry.destination, to)) return undefined
  if (there.host.namespaces.some((namespace) => ownsAddress(namespace, to))) return undefined
  const right = there.host.engine?.swarm.nodeAddress
  if (right === undefined) return undefined
  const stale = staleAt(from.host, there.host, entry, right, state).stale
  return stale === undefined
    ? undefined
    : {
        ...{
          sender: there.host.name,
          receiver: from.host.name,
          source: right,
          expected: to,
          answer: false,
          seen: true,
        },
        ...{ command: '', stale },
        shown: [writeStep(outer), `${from.host.name}: fdb ${entry.mac} dev ${entry.device} dst ${to}`],
      }
}

export const tunnelSource = define<Found>({
  code: 'tunnel-source',
  byState: ({ from, goal, destination, source, state }) => {
    if (!goal || goal.host.name === from.host.name) return undefined
    const own = source ?? outLink(from.namespace, destination)?.addresses[0]?.address
    return (
      foreseenFrom(from, goal, destination, false, state) ??
      (own === undefined ? undefined : foreseenFrom(goal, from, own, true, state))
    )
  },
  bySight: (trail) => sentAstray(trail) ?? seenAt(trail.seen.out, false, trail) ?? seenAt(trail.seen.back, true, trail),
  say: ({ sender, receiver, source, expected, answer, stale, seen, command, shown }) => {
    const [who, whom, from, other] = [code(sender), code(receiver), code(source), code(expected)]
    if (stale !== undefined) return { ...sayStale(receiver, sender, source, expected, stale), evidence: shown }
    const what = answer ? { en: 'the answer', zh: '应答' } : { en: 'the packet', zh: '数据包' }
    return {
      what: {
        en: `${who} ${seen ? 'sent' : 'would send'} ${what.en} by VXLAN from ${from}, but ${whom} expects that container behind ${other}, the address that ${who} told the swarm, and drops what comes from elsewhere`,
        zh: `${who} ${seen ? '' : '会'}用 ${from} 作为 VXLAN 的外层源地址发出${what.zh}，而 ${whom} 认为那个容器在 ${other} 后面（这是 ${who} 告诉集群的地址），来自别处的一律丢弃`,
      },
      evidence: shown,
      tries: [
        {
          en: `let ${who} send from the address that it advertised: ${code(command, 200)}; or join the swarm with ${code('--advertise-addr')} of ${from}`,
          zh: `让 ${who} 从它公布的地址发送：${code(command, 200)}；或者用 ${code('--advertise-addr')} 指定 ${from} 重新加入集群`,
        },
      ],
    }
  },
  hidden: {
    netdiag: 'an Engine lists the containers of its own host alone, so that nobody across the tunnel is asked',
  },
  broken: 'a node advertises an address of its own that is not the one its kernel sends from',
  example: {
    ...{ sender: 'node1', receiver: 'node2', source: '192.168.1.11', expected: '192.168.1.111' },
    ...{ answer: false, seen: true },
    command: 'ip route change 192.168.1.0/24 dev eth0 src 192.168.1.111',
    shown: [
      'node2 eth0 in: VXLAN 4097 192.168.1.11 > 192.168.1.12: 10.10.0.10:… > 10.10.0.20:80 tcp [S], 60 bytes, ttl 64',
      'node2: fdb 02:42:0a:0a:00:0a dev vxlan0 dst 192.168.1.111',
      'node1: 192.168.1.0/24 dev eth0 src 192.168.1.11',
    ],
  },
})
