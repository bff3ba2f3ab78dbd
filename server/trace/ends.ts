import { canonicalAddress, isAddress } from '../network/addresses.js'
import type { NetworkState } from '../network/state.js'
import { isLive, type LivePlace, type Place } from '../place/place.js'
import type { TraceQuestion } from '../place/question.js'
import { isNameLike } from '../place/read-target.js'
import { absence, find } from '../place/reference.js'
import { addressesTowards, namedSo, ownersOf } from '../place/target.js'
import { Unanswerable } from '../place/unanswerable.js'
import type { Text } from '../wording/text.js'
import { code } from '../wording/wording.js'

/** Who sends, and whom the question means. */

/** @throws Unanswerable reference.*, engine.*, trace.no-from */
export function senderNamed({ from, home }: TraceQuestion, state: NetworkState): Place {
  const place = find(from, state, home)
  if (place) return place
  throw new Unanswerable('trace.no-from', absence(from, undefined, home).why)
}

export interface Target {
  place?: Place
  /** Where nobody has to be asked for the address. */
  addresses: string[]
  /** A bare word that the sender may know as a name. */
  name?: string
}

/** @throws Unanswerable reference.*, engine.*, trace.no-target */
export function targetOf({ to, home, by }: TraceQuestion, from: LivePlace, state: NetworkState): Target {
  if (isAddress(to)) {
    const [owner] = ownersOf(to, state, from)
    return { addresses: [canonicalAddress(to)!], ...(owner ? { place: owner } : {}) }
  }
  if (!isNameLike(to)) throw new Unanswerable('trace.no-target', notNameLike(to))
  const isBare = !to.includes('/')
  const lan = isBare ? state.lans.find(({ name }) => name === to) : undefined
  const place = placeNamed(to, home, from, state)
  if (lan && !place) return { addresses: [lan.gateway] }
  const addresses = isLive(place) ? addressesTowards(from, place) : place ? [] : serviceAddresses(to, state)
  const named = by === 'name' || (by === undefined && isBare)
  if (!named && !place && addresses.length === 0)
    throw new Unanswerable('trace.no-target', absence(to, undefined, home).why)
  return { addresses, ...(place ? { place } : {}), ...(named ? { name: to.split('/').at(-1)! } : {}) }
}

function notNameLike(to: string): Text {
  const [what, one, other, address] = [code(to), code('web'), code('node2/web'), code('10.0.0.5')]
  return {
    en: `${what} is neither a name nor an address: write ${one}, ${other} or ${address}, and a port apart from it`,
    zh: `${what} 既不是名字也不是地址：请写成 ${one}、${other} 或 ${address} 这样，端口另外填写`,
  }
}

/** By reference, else by any name that the Engine's DNS server knows it by. */
function placeNamed(to: string, home: string, from: LivePlace, state: NetworkState): Place | undefined {
  if (to.includes('/')) return find(to, state, home)
  const own = from.host.engine && from.container ? find(`${from.host.name}/${to}`, state, home) : undefined
  const atHome = orNothing(() => find(to, state, home))
  // A bare word belongs to the home host, unless there is nobody there of that name.
  return atHome ?? own ?? namedSo(to, state)[0]
}

/** A name may be one that no Engine has to do with. */
function orNothing(look: () => Place | undefined): Place | undefined {
  try {
    return look()
  } catch (error) {
    if (error instanceof Unanswerable) return undefined
    throw error
  }
}

/** Virtual addresses of a swarm's service. */
function serviceAddresses(name: string, state: NetworkState): string[] {
  const services = state.hosts.flatMap(({ engine }) => engine?.swarm.services ?? [])
  return services
    .filter((service) => service.name === name)
    .flatMap(({ virtualAddresses }) =>
      virtualAddresses.flatMap(({ address }) => canonicalAddress(address.split('/')[0]!) ?? []),
    )
}
