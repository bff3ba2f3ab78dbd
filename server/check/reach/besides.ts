import pMap from 'p-map'
import { ipFamilyOf, lastHosts } from '../../network/addresses.js'
import { judge } from '../../network/filter.js'
import type { Flow } from '../../network/flow.js'
import { routeFor } from '../../network/routing.js'
import type { HostState, NetworkState } from '../../network/state.js'
import { endpointsOf, isInHostNamespace, isLive, type LivePlace, ownNamespace, placesOf } from '../../place/place.js'
import { find } from '../../place/reference.js'
import { holdersOf } from '../../place/segment.js'
import { addressOn, ownAddresses } from '../../place/target.js'
import type { Text } from '../../wording/text.js'
import { code } from '../../wording/wording.js'
import type { CheckContext } from '../family.js'
import { fail } from '../finding.js'
import type { Finding } from '../verdict.js'
import { addressesOfTarget, mostAddresses, patience, type Target, tryAt } from './attempt.js'
import { kindOf, oneFamily, portOf, type Spec, shown, wanted } from './spec.js'

/** What a cure opened or stopped besides what it was for: `only` and `still`. */

/** So many places are asked at the same time. */
const asksAtOnce = 8
/** Nobody has taken so many of the last addresses of a network. */
const mostTaken = 64

type Reach = (spec: Spec, context: CheckContext) => Promise<Finding>

/** Whoever must go on reaching and does not; undefined where all do. */
export async function stopped(spec: Spec, context: CheckContext, reach: Reach): Promise<Finding | undefined> {
  for (const one of spec.still ?? []) {
    const other = alsoAsked(spec, one)
    const finding = await reach(other, context)
    if (finding.outcome === 'pass') continue
    if (finding.outcome === 'error') return finding
    return fail('reach.still', {
      expected: wanted(other),
      observed: finding.observed,
      why: {
        en: `what the step asks for works, but this has to work as well, and does not: ${finding.why.en}`,
        zh: `这一步要求的已经做到，但另一处也必须能通，现在却不通：${finding.why.zh}`,
      },
    })
  }
  return undefined
}

function alsoAsked(spec: Spec, one: NonNullable<Spec['still']>[number]): Spec {
  const { still: _still, only: _only, control: _control, ...same } = spec
  const other = typeof one === 'string' ? { from: one } : one
  // Another target is another question, of which only what is said counts.
  return 'to' in other && other.to !== undefined
    ? { ...other, to: other.to, by: 'address', expect: true }
    : { ...same, direct: undefined, from: other.from, expect: true }
}

/**
 * Somebody who reaches the target and is not named; undefined where there is nobody.
 * @param answeredInMs how long the one who may took
 */
export async function opened(
  spec: Spec,
  from: LivePlace,
  target: Target,
  context: CheckContext,
  answeredInMs: number,
): Promise<Finding | undefined> {
  if (spec.only === undefined) return undefined
  const [meant] = target.places
  const others = strangers(spec.only, [from, ...target.places], context)
  const patienceMs = patience(answeredInMs)
  const ask = async (place: LivePlace) => {
    for (const address of addressesOfTarget(spec, place, target, true).slice(0, mostAddresses)) {
      if ((await tryAt(place, address, spec, context, patienceMs)).ok) return { place, address }
    }
    return undefined
  }
  const hit = (await pMap(others, ask, { concurrency: asksAtOnce })).find((one) => one !== undefined)
  if (hit) return reachedBy(spec, code(hit.place.label), hit.address)
  const way = meant && byRules(spec, meant, spec.only, context.state)
  return way && throughRules(spec, way)
}

/** Hosts and containers, each network namespace once, that are neither named nor asked already. */
function strangers(only: readonly string[], known: readonly LivePlace[], { state, home }: CheckContext): LivePlace[] {
  const named = only.flatMap((one) => {
    const place = hasHost(one, state) || isContainer(one, state, home) ? find(one, state, home) : undefined
    return isLive(place) ? [place] : []
  })
  const ids = new Set([...known, ...named].map(({ namespace }) => namespace.id))
  const networks = new Set(only)
  return placesOf(state).filter(
    (place) =>
      !ids.has(place.namespace.id) &&
      (place.namespace.owner.kind === 'host' || place.namespace.owner.kind === 'container') &&
      !endpointsOf(place).some(({ network }) => networks.has(network)),
  )
}

function hasHost(name: string, { hosts }: NetworkState): boolean {
  return hosts.some((host) => host.name === name)
}

function isContainer(reference: string, state: NetworkState, home: string): boolean {
  const [host, name] = reference.includes('/') ? reference.split('/') : [home, reference]
  const engine = state.hosts.find((one) => one.name === host)?.engine
  return engine?.containers.some((container) => container.name === name) === true
}

/** A network or LAN from which nobody asks now, and whoever comes to be on it would be let through. */
interface Way {
  kind: 'network' | 'lan'
  name: string
  source: string
  host: HostState
}

/** By the rules of the target's host, as far as it can be said of them whether they match. */
function byRules(spec: Spec, target: LivePlace, only: readonly string[], state: NetworkState): Way | undefined {
  const { host } = target
  if (isInHostNamespace(target)) return undefined
  const namespace = ownNamespace(host)
  const own = new Set(endpointsOf(target).map(({ network }) => network))
  const family = oneFamily(spec)
  const addresses = ownAddresses(target).filter((one) => family === undefined || ipFamilyOf(one) === family)
  const destination = spec.network === undefined ? addresses[0] : addressOn(target, spec.network, family)
  const out = destination === undefined ? undefined : routeFor(namespace, destination)?.device
  if (destination === undefined || out === undefined || !namespace.links.some(({ name }) => name === out)) {
    return undefined
  }
  const kind = kindOf(spec)
  const at = portOf(spec)
  const networks = (host.engine?.networks ?? []).flatMap(({ name, bridge, subnets }) =>
    bridge === undefined || own.has(name) ? [] : [{ kind: 'network' as const, name, in: bridge, subnets }],
  )
  const lans = state.lans.flatMap(({ name, subnet }) => {
    const link = namespace.links.find(({ lan }) => lan === name)
    return link ? [{ kind: 'lan' as const, name, in: link.name, subnets: [{ subnet }] }] : []
  })
  for (const way of [...networks, ...lans]) {
    if (only.includes(way.name)) continue
    for (const { subnet } of way.subnets) {
      const source = lastHosts(subnet, mostTaken).find((one) => holdersOf(one, state).length === 0)
      if (source === undefined || source.includes(':') !== destination.includes(':')) continue
      const flow: Flow = {
        source,
        destination,
        protocol: kind === 'http' ? 'tcp' : kind,
        state: 'new',
        in: way.in,
        out,
        ...(at === undefined ? {} : { destinationPort: at }),
      }
      const judged = (['prerouting', 'forward'] as const).map((hook) => judge(namespace, hook, flow))
      if (judged.every((one) => one?.outcome === 'accept')) return { kind: way.kind, name: way.name, source, host }
    }
  }
  return undefined
}

function nobodyElse(spec: Spec): Text {
  const [who, whom] = [code(spec.from), code(spec.to)]
  return {
    en: `nobody reaches ${whom} but ${who} and those who may`,
    zh: `除了 ${who} 和允许的那些，没有谁能访问 ${whom}`,
  }
}

function reachedBy(spec: Spec, who: string, address: string): Finding {
  const [whom, way] = [code(spec.to), code(shown(address, spec))]
  return fail('reach.others', {
    expected: nobodyElse(spec),
    observed: { en: `${who} reaches it as well, at ${way}`, zh: `${who} 也能访问它，通过 ${way}` },
    why: {
      en: `${whom} is reached as it should be, but ${who} has a way to it too: something opens more than is needed`,
      zh: `${whom} 该通的已经通了，但 ${who} 也有路可以到它那里：打开的口子比需要的大`,
    },
  })
}

function throughRules(spec: Spec, { kind, name, source, host }: Way): Finding {
  const [whom, on, where, one] = [code(spec.to), code(name), code(host.name), code(source)]
  const from: Text =
    kind === 'lan' ? { en: `the LAN ${on}`, zh: `局域网 ${on}` } : { en: `the network ${on}`, zh: `网络 ${on}` }
  return fail('reach.others', {
    expected: nobodyElse(spec),
    observed: {
      en: `the rules of ${where} let ${from.en} through to it, such as ${one}`,
      zh: `${where} 的规则会放行来自${from.zh} 的访问，例如 ${one}`,
    },
    why: {
      en: `${whom} is reached as it should be, but whoever is on ${from.en} would get to it as well: the rules open more than is needed`,
      zh: `${whom} 该通的已经通了，但${from.zh} 上的任何人也都能到它那里：规则打开的口子比需要的大`,
    },
  })
}
