import { isWorthTelling } from '../map/facts.js'
import type { Place } from '../map/places.js'
import { holds } from '../network/addresses.js'
import { writeRoute } from '../network/routing.js'
import type { Link, Route } from '../network/state.js'
import { listed, same, text } from '../wording/phrase.js'
import type { Text } from '../wording/text.js'
import { code } from '../wording/wording.js'
import { at, type ChangeList, type HostPair, split } from './change-list.js'

/** Routes that nothing explains: the kernel makes those of addresses itself, and drops what leads over a link that went. */
export function compareRoutes(changes: ChangeList, { told }: HostPair, old: Place, now: Place): void {
  if (told.namespaces.has(now.namespace.id) || now.namespace.owner.kind === 'engine') return
  const told4 = (route: Route) => isExplained(route, told, old, now)
  const { added, removed } = split(
    old.namespace.routes.filter(isWorthTelling),
    now.namespace.routes.filter(isWorthTelling),
    writeRoute,
  )
  const rest = tellDefaults(changes, [old, now], { added, removed })
  tell(
    changes,
    old,
    now,
    rest.added.filter((route) => !told4(route)),
    rest.removed.filter((route) => !told4(route)),
  )
}

/**
 * A container has one default route, and the Engine moves it as networks come and go: that one goes is told with the one that takes
 * its place, though links that came or went explain them. @returns what is not told by it
 */
function tellDefaults(
  changes: ChangeList,
  [old, now]: [Place, Place],
  { added, removed }: { added: Route[]; removed: Route[] },
): { added: Route[]; removed: Route[] } {
  const done = new Set<Route>()
  for (const route of added.filter(({ destination }) => destination === 'default')) {
    const former = removed.find(
      (one) =>
        one.destination === 'default' && one.family === route.family && one.table === route.table && !done.has(one),
    )
    if (!former || former.device === route.device) continue
    done.add(route).add(former)
    const where = at(now)
    const [is, was] = [routeOn(now, route), routeOn(old, former)]
    const words = text(
      `The default route ${where.en} was replaced: now it is ${is.en}; before it was ${was.en}`,
      `${where.zh}的默认路由换了：从 ${was.zh} 变为 ${is.zh}`,
    )
    changes.add('changed', 'route', words, aboutRoute(changes, now, route))
  }
  const others = (routes: Route[]) => routes.filter((route) => !done.has(route))
  return { added: others(added), removed: others(removed) }
}

/** A route, and over which network of the Engine's, or which LAN, it leads. */
function routeOn({ container, links }: Place, route: Route): Text {
  const link = route.device === undefined ? undefined : links.get(route.device)
  const network = container?.endpoints.find((one) => one.link !== undefined && one.link === route.device)?.network
  const words = code(writeRoute(route), 120)
  if (network !== undefined) {
    return text(`${words}, over network ${code(network)}`, `${words}（经网络 ${code(network)}）`)
  }
  const lan = link?.lan
  return lan === undefined ? same(words) : text(`${words}, over LAN ${code(lan)}`, `${words}（经局域网 ${code(lan)}）`)
}

function tell(changes: ChangeList, old: Place, now: Place, added: Route[], removed: Route[]): void {
  const where = at(now)
  // A default route that leads elsewhere is one thing, not two.
  for (const route of added.toSorted(
    (a, b) => Number(b.destination === 'default') - Number(a.destination === 'default'),
  )) {
    const former = removed.find(
      ({ destination, family, table }) =>
        destination === route.destination && family === route.family && table === route.table,
    )
    const about = aboutRoute(changes, now, route)
    if (!former) continue
    removed.splice(removed.indexOf(former), 1)
    added.splice(added.indexOf(route), 1)
    const words = text(
      `The route ${where.en} is ${code(writeRoute(route), 120)} now; it was ${code(writeRoute(former), 120)}`,
      `${where.zh}的路由从 ${code(writeRoute(former), 120)} 变为 ${code(writeRoute(route), 120)}`,
    )
    changes.add('changed', 'route', words, about)
  }
  for (const [routes, kind, place] of [
    [added, 'added', now],
    [removed, 'removed', old],
  ] as const) {
    if (routes.length === 0) continue
    const list = listed(
      routes.map((route) => same(code(writeRoute(route), 120))),
      3,
    )
    const many = routes.length > 1
    const words =
      kind === 'added'
        ? text(
            `The ${many ? 'routes' : 'route'} ${list.en} ${many ? 'were' : 'was'} added ${where.en}`,
            `${where.zh}新增路由 ${list.zh}`,
          )
        : text(
            `The ${many ? 'routes' : 'route'} ${list.en} ${many ? 'are' : 'is'} gone ${where.en}`,
            `${where.zh}的路由 ${list.zh} 没有了`,
          )
    changes.add(
      kind,
      'route',
      words,
      routes.flatMap((route) => aboutRoute(changes, place, route)),
    )
  }
}

function aboutRoute(changes: ChangeList, place: Place, { device }: Route): (string | undefined)[] {
  const rack = changes.after.places.find(place.host.name, place.namespace.id) === place ? changes.after : changes.before
  const shown = device === undefined ? [] : rack.places.shows(place.host.name, place.namespace.id, device)
  return [place.element, ...shown]
}

function isExplained(route: Route, told: HostPair['told'], old: Place, now: Place): boolean {
  const { device, destination } = route
  if (device === undefined) return false
  if (place(told, now, device) || told.bridges.has(device)) return true
  const [was, is] = [old.links.get(device), now.links.get(device)]
  if (!was || !is) return true
  // A link that is down has no IPv6 routes, and loses all that somebody set; the carrier alone takes IPv6's.
  if (was.up !== is.up) return true
  if (was.carrier !== is.carrier && route.family === 6) return true
  return [was, is].some((link) => makes(link, destination)) && was !== is && changed(was, is, destination)
}

const place = (told: HostPair['told'], { namespace }: Place, device: string) =>
  told.links.has(`${namespace.id} ${device}`)

/** The route to its own subnet comes with an address. */
function makes(link: Link, destination: string): boolean {
  return link.addresses.some(({ address, prefix }) => {
    const [, length] = destination.split('/')
    return Number(length) === prefix && holds(destination, address)
  })
}

function changed(was: Link, is: Link, destination: string): boolean {
  const inside = (link: Link) =>
    link.addresses
      .filter(({ address }) => holds(destination, address))
      .map(({ address, prefix }) => `${address}/${prefix}`)
      .toSorted()
      .join()
  return inside(was) !== inside(is)
}
