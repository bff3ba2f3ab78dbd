import { isLoopback, sameAddress } from '../network/addresses.js'
import { endOf, filtersBridged, judge, translationAt } from '../network/filter.js'
import type { Flow } from '../network/flow.js'
import { ownsAddress } from '../network/own-address.js'
import {
  type FoundRoute,
  isUndecided,
  leadsOn,
  routeFor,
  sourceOn,
  takesIn,
  unforwardedBy,
} from '../network/routing.js'
import type { Link, NamespaceState } from '../network/state.js'
import { isInHostNamespace, type LivePlace } from '../place/place.js'
import { holdersOn, hostEnd, type Leg } from '../place/segment.js'
import type { Attempt } from './attempt.js'
import type { Foreseen } from './drop.js'

/** The way that a packet would take, by the routes, rules and addresses of the state alone. Nothing is sent. */

/** A namespace that the packet comes by. */
export interface Stop {
  place: LivePlace
  /** Links that it comes in by and leaves by; empty where it begins or ends. */
  in: string
  out: string
  route?: FoundRoute
}

export interface Way {
  stops: Stop[]
  /** As it is at the end: rules may have changed its ends. */
  flow: Flow
  /**
   * `arrived`: somebody there has the address. `no-route`, `not-forwarded` and `dropped`: it ends at the last stop. `nobody`:
   * nobody on the segment has the next hop. `filtered`: the last stop does not take it in from there (rp_filter). `beyond`: it goes
   * to a LAN's gateway, of which no more is known. `loopback-kept-in`: its source is of 127.0.0.0/8, and the link lets that out only
   * where it is told to. `no-hairpin`: it would have to leave a bridge by the port that it came in by. `unknown`.
   */
  end:
    | 'arrived'
    | 'no-route'
    | 'not-forwarded'
    | 'dropped'
    | 'nobody'
    | 'filtered'
    | 'beyond'
    | 'loopback-kept-in'
    | 'no-hairpin'
    | 'unknown'
  drop?: Foreseen
}

/** No rack has so many machines in a row; a loop of routes has. */
const mostStops = 12

/** @param attempt `answers`: the ends of the packet that it is the answer to */
export function wayOf(attempt: Attempt & { answers?: { source: string; port?: number } }): Way {
  const { state, from, address, protocol, port, answers } = attempt
  const walker = new Walker(
    {
      destination: address,
      protocol,
      in: '',
      state: answers ? 'established' : 'new',
      ...(answers ? { source: answers.source } : {}),
      ...(answers?.port === undefined ? {} : { sourcePort: answers.port }),
      ...(port === undefined || answers ? {} : { destinationPort: port }),
    },
    from,
    state,
  )
  return walker.walk()
}

class Walker {
  private readonly stops: Stop[] = []

  constructor(
    private flow: Flow,
    private place: LivePlace,
    private readonly state: Attempt['state'],
  ) {}

  walk(): Way {
    while (this.stops.length < mostStops) {
      const way = this.next()
      if (way) return way
    }
    return this.end('unknown')
  }

  /** One stop further; the whole way where that is the last. */
  private next(): Way | undefined {
    const begins = this.stops.length === 0
    const { place } = this
    const { namespace } = place
    const early = begins ? undefined : this.dropEarly()
    if (early) return early
    this.translate(begins ? 'output' : 'prerouting')
    if (!begins && this.isFiltered()) {
      this.stops.push({ place, in: this.flow.in ?? '', out: '' })
      return this.end('filtered')
    }
    const arrives = ownsAddress(namespace, this.flow.destination) || isLoopback(this.flow.destination)
    if (arrives) {
      this.stops.push({ place, in: this.flow.in ?? '', out: '' })
      return (begins ? undefined : this.dropAt('input')) ?? this.end('arrived')
    }
    const route = routeFor(namespace, this.flow)
    const stop: Stop = { place, in: this.flow.in ?? '', out: route?.device ?? '', ...(route ? { route } : {}) }
    this.stops.push(stop)
    if (!begins && unforwardedBy(namespace, stop.in, this.flow.destination) !== undefined)
      return this.end('not-forwarded')
    if (isUndecided(route)) return this.end('unknown')
    if (!leadsOn(route)) return this.end('no-route')
    if (begins && isKeptIn(namespace, this.flow, stop.out)) return this.end('loopback-kept-in')
    if (begins) this.flow.source ??= sourceOn(namespace, route)
    this.flow.out = stop.out
    const dropped = this.dropAt(begins ? 'output' : 'forward')
    if (dropped) return dropped
    this.masquerade(route)
    return this.overSegment(route)
  }

  /** To the next hop, on the segment of the link that the route leads to. */
  private overSegment(route: FoundRoute): Way | undefined {
    const { place, flow } = this
    const link = place.namespace.links.find(({ name }) => name === route.device)
    if (!link) return this.end('unknown')
    const hop = route.gateway ?? flow.destination
    const there = holdersOn({ place, link }, hop, this.state).filter(
      (leg) => leg.place.namespace.id !== place.namespace.id,
    )
    const [next] = there
    if (!next) {
      const lan = this.state.lans.find(({ name }) => name === link.lan)
      const isGateway = sameAddress(lan?.gateway, hop) || sameAddress(lan?.gateway6, hop)
      if (isGateway && (sameAddress(flow.destination, hop) || route.gateway !== undefined)) return this.end('beyond')
      // Of a LAN that the state does not tell of nothing is known.
      return this.end(link.lan !== undefined && !lan ? 'unknown' : 'nobody')
    }
    const before = this.stops.at(-2)?.place.namespace.id
    if (before === next.place.namespace.id && turnsBack(link, flow.in, next)) return this.end('no-hairpin')
    const bridged = this.throughBridge({ place, link }, next)
    if (bridged) return bridged
    this.place = next.place
    flow.in = next.link.name
    delete flow.out
    return undefined
  }

  /** Between two ports of one bridge of a host, frames meet its rules as if they were forwarded, where br_netfilter lets them. */
  private throughBridge(from: Leg, to: Leg): Way | undefined {
    const [enters, leaves] = [hostEnd(from), hostEnd(to)]
    const into = enters?.link.master
    if (!enters || into === undefined || leaves?.place.host !== enters.place.host || into !== leaves.link.master)
      return undefined
    const own = enters.place
    if (!filtersBridged(own.namespace, this.flow.destination)) return undefined
    const before = this.place
    const { out: sent, in: came = '' } = this.flow
    this.place = own
    this.flow.in = into
    this.flow.out = into
    this.stops.push({ place: own, in: into, out: into })
    const dropped = this.dropAt('forward')
    if (dropped) return dropped
    this.stops.pop()
    this.place = before
    this.flow.in = came
    if (sent !== undefined) this.flow.out = sent
    return undefined
  }

  private isFiltered(): boolean {
    const { flow, place } = this
    const link = place.namespace.links.find(({ name }) => name === flow.in)
    return link !== undefined && flow.source !== undefined && !takesIn(place.namespace, link, flow.source)
  }

  /** By tables of raw and mangle, before anybody knows where it goes (iptables(8)). */
  private dropEarly(): Way | undefined {
    const dropped = this.dropAt('prerouting')
    if (dropped) this.stops.push({ place: this.place, in: this.flow.in ?? '', out: '' })
    return dropped
  }

  private dropAt(hook: 'prerouting' | 'input' | 'forward' | 'output'): Way | undefined {
    const { place, flow } = this
    const links = { in: flow.in ?? '', out: hook === 'input' || hook === 'prerouting' ? '' : (flow.out ?? '') }
    const judgement = judge(place.namespace, hook, { ...flow, ...links })
    if (judgement?.outcome !== 'drop') return undefined
    return { ...this.end('dropped'), drop: { place, hook, judgement, ...links } }
  }

  /** Connection tracking does it for the answers. */
  private translate(hook: 'prerouting' | 'output'): void {
    const { flow, place } = this
    if (flow.state !== 'new' || flow.original) return
    const rule = translationAt(place.namespace, hook, { ...flow, ...(hook === 'output' ? { out: '' } : {}) })
    if (rule?.target !== 'DNAT') return
    const { address, port } = endOf(rule)
    if (address === undefined) return
    flow.original = {
      destination: flow.destination,
      ...(flow.destinationPort === undefined ? {} : { port: flow.destinationPort }),
    }
    flow.destination = address
    if (port !== undefined) flow.destinationPort = port
  }

  private masquerade(route: FoundRoute): void {
    const { flow, place } = this
    if (flow.state !== 'new' || !isInHostNamespace(place)) return
    const rule = translationAt(place.namespace, 'postrouting', { ...flow, in: '' })
    if (rule?.target === 'SNAT') flow.source = endOf(rule).address ?? flow.source
    if (rule?.target !== 'MASQUERADE') return
    const { source: _preferred, ...plain } = route
    flow.source = sourceOn(place.namespace, plain) ?? flow.source
  }

  private end(end: Way['end']): Way {
    return { stops: this.stops, flow: this.flow, end }
  }
}

/** What asked a loopback address, and is led elsewhere, still has a source of there (`__mkroute_output` in net/ipv4/route.c). */
function isKeptIn({ links }: NamespaceState, { original, destination }: Flow, out: string): boolean {
  const asked = original?.destination
  if (asked === undefined || asked.includes(':') || !isLoopback(asked) || isLoopback(destination)) return false
  return links.some(({ name, routesLoopback }) => name === out && !routesLoopback)
}

/** Out by the bridge that it came in by, to the port that it came from: who asked is whom it is led to. */
function turnsBack(link: Link, into: string | undefined, next: Leg): boolean {
  if (link.kind !== 'bridge' || into !== link.name) return false
  const port = hostEnd(next)?.link
  return port?.port !== undefined && port.master === link.name && !port.port.hairpin
}
