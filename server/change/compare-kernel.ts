import { writeAddress } from '../map/facts.js'
import { cableId, hostId, interfaceId, lanId } from '../map/ids.js'
import type { Place } from '../map/places.js'
import { addressesOf, linksOf, type Rack } from '../map/rack.js'
import type { Link, NamespaceState } from '../network/state.js'
import { listed, same, text } from '../wording/phrase.js'
import type { Text } from '../wording/text.js'
import { bare, code } from '../wording/wording.js'
import { at, type ChangeList, type HostPair, of, split } from './change-list.js'
import { compareRoutes } from './compare-routes.js'

/** What nothing above explains: namespaces, links, addresses, routes, forwarding. */
export function compareKernel(changes: ChangeList, pair: HostPair): void {
  const { before, after } = changes
  const olds = before.on(pair.before)
  const nows = after.on(pair.after)
  const { added, removed, kept } = split(olds, nows, ({ namespace }) => namespace.id)
  for (const place of removed) tellPlace(changes, pair, before, place, 'removed')
  for (const place of added) tellPlace(changes, pair, after, place, 'added')
  tellMoved(changes, pair, kept)
  for (const [old, now] of kept) compareLinks(changes, pair, old, now)
  for (const [old, now] of kept) compareForwards(changes, old, now)
  for (const [old, now] of kept) compareRoutes(changes, pair, old, now)
}

/** A namespace with all in it; its ends in other namespaces come and go with it. */
function tellPlace(
  changes: ChangeList,
  { told, name }: HostPair,
  rack: Rack,
  place: Place,
  kind: 'added' | 'removed',
): void {
  const known = told.namespaces.has(place.namespace.id) || told.engine || told.swarm
  told.namespaces.add(place.namespace.id)
  for (const link of linksOf(place)) {
    const peer = rack.places.peerOf({ place, link })
    if (peer) told.link(peer.place.namespace.id, peer.link.name)
  }
  if (known || place.kind === 'container' || place.kind === 'host') return
  if (place.kind === 'overlay') tellOverlay(changes, rack, place, kind)
  if (place.namespace.owner.kind === 'engine') return
  const [label, host] = [code(place.label), code(name)]
  const links = listed(linksOf(place).map((link) => same(code(link.name))))
  const words =
    kind === 'added'
      ? text(
          `A network namespace that is no container's, ${label}, was made on ${host}${links.en && ` with ${links.en}`}`,
          `${host} 上新增了不属于任何容器的网络命名空间 ${label}${links.zh && `，里面有 ${links.zh}`}`,
        )
      : text(`The network namespace ${label} on ${host} is gone`, `${host} 上的网络命名空间 ${label} 已消失`)
  const legs = linksOf(place).flatMap((link) => rack.places.shows(name, place.namespace.id, link.name))
  changes.add(kind, 'namespace', words, [place.element, ...legs])
}

function tellOverlay(changes: ChangeList, rack: Rack, place: Place, kind: 'added' | 'removed'): void {
  const vxlans = linksOf(place).filter((link) => link.kind === 'vxlan')
  const numbers = vxlans.flatMap(({ vxlan }) => vxlan?.id ?? []).join(', ')
  const names = listed(
    linksOf(place)
      .filter((link) => link.kind === 'bridge' || link.kind === 'vxlan')
      .map((link) => same(code(link.name))),
  )
  const [label, host] = [code(place.label), code(place.host.name)]
  const words =
    kind === 'added'
      ? text(
          `Network ${label} reaches ${host} now: ${names.en} in a namespace of its own${numbers && `, VNI ${numbers}`}`,
          `网络 ${label} 延伸到了 ${host}：单独的命名空间里有 ${names.zh}${numbers && `，VNI ${numbers}`}`,
        )
      : text(
          `Network ${label} reaches ${host} no longer: ${names.en || 'its namespace'} went with its last container there`,
          `网络 ${label} 不再延伸到 ${host}：那里的最后一个容器离开后，${names.zh || '它的命名空间'} 也随之消失`,
        )
  const about = linksOf(place).flatMap((link) => rack.places.shows(place.host.name, place.namespace.id, link.name))
  changes.add(kind, 'overlay', words, about)
}

type PlacePair = [Place, Place]

/** A link that left one namespace for another takes its MAC address along. */
function tellMoved(changes: ChangeList, { told, name }: HostPair, pairs: PlacePair[]): void {
  const gone = pairs.flatMap(([old, now]) =>
    linksOf(old)
      .filter((link) => !now.links.has(link.name) && link.mac !== '' && !told.knows(old.namespace.id, link))
      .map((link) => ({ place: old, link })),
  )
  if (gone.length === 0) return
  const come = pairs.flatMap(([old, now]) =>
    linksOf(now)
      .filter((link) => !old.links.has(link.name) && !told.knows(now.namespace.id, link))
      .map((link) => ({ place: now, link })),
  )
  for (const { place, link } of gone) {
    const there = come.find(
      (end) =>
        end.link.mac === link.mac && end.link.kind === link.kind && end.place.namespace.id !== place.namespace.id,
    )
    if (!there) continue
    told.link(place.namespace.id, link.name)
    told.link(there.place.namespace.id, there.link.name)
    const [from, to] = [at(place), at(there.place)]
    const words = text(
      `${code(link.name)} is no longer ${from.en} but ${to.en}${there.link.name === link.name ? '' : `, as ${code(there.link.name)}`}`,
      `${code(link.name)} 从 ${from.zh}移到了 ${to.zh}${there.link.name === link.name ? '' : `，名字变为 ${code(there.link.name)}`}`,
    )
    changes.add('changed', 'link', words, [
      ...changes.after.places.shows(name, there.place.namespace.id, there.link.name),
      ...changes.before.places.shows(name, place.namespace.id, link.name),
    ])
  }
}

function compareLinks(changes: ChangeList, pair: HostPair, old: Place, now: Place): void {
  const { told } = pair
  if (told.namespaces.has(now.namespace.id)) return
  const { added, removed, kept } = split(linksOf(old), linksOf(now), ({ name }) => name)
  for (const link of removed) {
    // Kept under another name, which an index that stays shows.
    const other = added.find(({ index, kind }) => index === link.index && kind === link.kind)
    if (other && !told.knows(old.namespace.id, link)) {
      told.link(now.namespace.id, link.name)
      told.link(now.namespace.id, other.name)
      const where = at(now)
      const words = text(
        `${code(link.name)} ${where.en} is called ${code(other.name)} now`,
        `${where.zh}的 ${code(link.name)} 改名为 ${code(other.name)}`,
      )
      changes.add('changed', 'link', words, aboutLink(changes.after, now, other))
      compareLink(changes, pair, [old, link], [now, other])
    } else tellLink(changes, pair, changes.before, old, link, 'removed')
  }
  for (const link of added) tellLink(changes, pair, changes.after, now, link, 'added')
  for (const [was, is] of kept) {
    if (!told.knows(now.namespace.id, is)) compareLink(changes, pair, [old, was], [now, is])
  }
}

/** A pair is one thing: its other end is told with it. */
function tellLink(
  changes: ChangeList,
  { told }: HostPair,
  rack: Rack,
  place: Place,
  link: Link,
  kind: 'added' | 'removed',
): void {
  const peer = rack.places.peerOf({ place, link })
  // The Engine's own namespaces are told with what it makes them for.
  const isEngines =
    [place, peer?.place].some((one) => one?.namespace.owner.kind === 'engine') ||
    (place.kind === 'container' && told.engine)
  if (told.knows(place.namespace.id, link) || isEngines) return
  told.link(place.namespace.id, link.name)
  if (peer) told.link(peer.place.namespace.id, peer.link.name)
  if (told.engine && link.kind === 'veth') return
  const has = listed(addressesOf(link).map((one) => same(code(writeAddress(one)))))
  const where = at(place)
  const other = peer
    ? peer.place === place
      ? text(` and ${code(peer.link.name)}, a veth pair,`, ` 和 ${code(peer.link.name)}（一对 veth）`)
      : text(
          ` and ${code(peer.link.name)} ${at(peer.place).en}, a veth pair,`,
          ` 和 ${at(peer.place).zh}的 ${code(peer.link.name)}（一对 veth）`,
        )
    : text(` (${bare(link.kind)})`, `（${bare(link.kind)}）`)
  const are = peer ? text('were', '') : text('was', '')
  const what = link.kind === 'bridge' ? text('Bridge ', '网桥 ') : text('', '接口 ')
  const name = code(link.name)
  const label = link.kind === 'bridge' ? text('', '') : other
  const words =
    kind === 'added'
      ? text(
          `${what.en}${name}${label.en} ${are.en} added ${where.en}${has.en && `, with ${has.en}`}${masterWords(link).en}`,
          `${where.zh}新增${what.zh}${name}${label.zh}${has.zh && `，地址 ${has.zh}`}${masterWords(link).zh}`,
        )
      : text(
          `${what.en}${name}${label.en} ${are.en} removed ${where.en.replace(/^on/, 'from').replace(/^in/, 'from')}`,
          `${where.zh}的${what.zh}${name}${label.zh} 已删除`,
        )
  changes.add(kind, 'link', words, aboutLink(rack, place, link))
}

function masterWords({ master }: Link): Text {
  return master === undefined ? text('', '') : text(`, as a port of ${code(master)}`, `，是 ${code(master)} 的端口`)
}

function aboutLink(rack: Rack, place: Place, link: Link): (string | undefined)[] {
  const shown = rack.places.shows(place.host.name, place.namespace.id, link.name)
  return shown.length > 0 ? shown : [place.element ?? hostId(place.host.name)]
}

function compareLink(changes: ChangeList, pair: HostPair, [old, was]: [Place, Link], [now, is]: [Place, Link]): void {
  const about = aboutLink(changes.after, now, is)
  const whose = of(now)
  const name = code(is.name)
  const add = (en: string, zh: string) =>
    changes.add('changed', 'link', text(`${name} ${whose.en} ${en}`, `${whose.zh} ${name} ${zh}`), about)
  if (is.lan !== undefined && is.parent === undefined && was.lan === is.lan && tellCable(changes, now, was, is)) {
    // What a cut cable takes along is no further news.
  } else if (was.up !== is.up && !isEnginesDoing(pair, is)) {
    add(is.up ? 'was set up' : 'was set down', is.up ? '已开启' : '已关闭')
  } else if (was.carrier !== is.carrier && hasCarrierOfItsOwn(is) && !otherEndTells(changes, pair, now, is)) {
    add(is.carrier ? 'has a carrier again' : 'lost its carrier', is.carrier ? '恢复了载波' : '失去了载波')
  }
  if (was.mtu !== is.mtu && !isFollowing(was, is) && !parentTells(changes, pair, now, was, is))
    add(`has MTU ${is.mtu}; it was ${was.mtu}`, `的 MTU 从 ${was.mtu} 变为 ${is.mtu}`)
  if (was.mac !== is.mac && is.kind !== 'bridge' && was.mac !== '' && is.mac !== '') {
    add(
      `has MAC address ${code(is.mac)}; it was ${code(was.mac)}`,
      `的 MAC 地址从 ${code(was.mac)} 变为 ${code(is.mac)}`,
    )
  }
  const masterGone = was.master !== undefined && !now.links.has(was.master)
  const masterCame = is.master !== undefined && !old.links.has(is.master) && pair.told.bridges.has(is.master)
  if (was.master !== is.master && !masterGone && !masterCame) {
    if (is.master === undefined)
      add(`is no longer a port of ${code(was.master!)}`, `不再是 ${code(was.master!)} 的端口`)
    else add(`is a port of ${code(is.master)} now`, `现在是 ${code(is.master)} 的端口`)
  }
  compareAddresses(changes, now, was, is, about)
}

/** A bridge has one as long as a port has, and its MTU is that of its smallest port unless somebody set it. */
const hasCarrierOfItsOwn = ({ kind, up }: Link) => kind !== 'bridge' && up
const isFollowing = (was: Link, is: Link) => is.kind === 'bridge' && was.carrier !== is.carrier

/** Taking one end of a pair down takes the carrier from the other. */
function otherEndTells(changes: ChangeList, pair: HostPair, place: Place, link: Link): boolean {
  const peer = changes.after.places.peerOf({ place, link })
  const parent = changes.after.places.parentOf({ place, link })
  return [peer, parent].some((end) => {
    if (!end) return false
    const former = changes.before.places.find(pair.name, end.place.namespace.id)?.links.get(end.link.name)
    return former === undefined || former.up !== end.link.up || (end === parent && former.carrier !== end.link.carrier)
  })
}

/** It sets its bridges up when it starts, and the swarm's once the first container is on it. */
function isEnginesDoing({ told, after }: HostPair, { up, kind, name }: Link): boolean {
  return up && kind === 'bridge' && (name === 'docker_gwbridge' || (told.engine && after.engine !== undefined))
}

/** A child follows its parent's MTU. */
function parentTells(changes: ChangeList, pair: HostPair, place: Place, was: Link, is: Link): boolean {
  const parent = changes.after.places.parentOf({ place, link: is })
  if (!parent) return false
  const former = changes.before.places.find(pair.name, parent.place.namespace.id)?.links.get(parent.link.name)
  return former?.mtu === was.mtu && parent.link.mtu === is.mtu
}

function tellCable(changes: ChangeList, place: Place, was: Link, is: Link): boolean {
  if (was.carrier === is.carrier || !was.up || !is.up) return false
  const host = place.host.name
  const [name, lan] = [code(is.name), code(is.lan!)]
  const id = interfaceId(host, is.name)
  const words = is.carrier
    ? text(
        `The cable of ${code(host)} to LAN ${lan} was mended: ${name} has a carrier again`,
        `${code(host)} 到局域网 ${lan} 的网线接好了：${name} 恢复了载波`,
      )
    : text(
        `The cable of ${code(host)} to LAN ${lan} was cut: ${name} lost its carrier`,
        `${code(host)} 到局域网 ${lan} 的网线断了：${name} 失去了载波`,
      )
  changes.add('changed', 'cable', words, [cableId(id), id, lanId(is.lan!)])
  return true
}

function compareAddresses(changes: ChangeList, place: Place, was: Link, is: Link, about: (string | undefined)[]): void {
  const { added, removed } = split(addressesOf(was).map(writeAddress), addressesOf(is).map(writeAddress), (one) => one)
  // The kernel takes IPv6 addresses away from what is set down, and does not give them back.
  const lost = was.up && !is.up ? removed.filter((one) => !one.includes(':')) : removed
  const whose = of(place)
  const name = code(is.name)
  const now = listed(added.map((one) => same(code(one))))
  const gone = listed(lost.map((one) => same(code(one))))
  const change = (kind: 'added' | 'removed' | 'changed', en: string, zh: string) =>
    changes.add(kind, 'address', text(`${name} ${whose.en} ${en}`, `${whose.zh} ${name} ${zh}`), about)
  if (now.en && gone.en) change('changed', `has ${now.en}, no longer ${gone.en}`, `的地址从 ${gone.zh} 变为 ${now.zh}`)
  else if (now.en) change('added', `now has ${now.en}`, `有了地址 ${now.zh}`)
  else if (gone.en) change('removed', `no longer has ${gone.en}`, `不再有地址 ${gone.zh}`)
}

function compareForwards(changes: ChangeList, old: Place, now: Place): void {
  const read = ({ faults }: NamespaceState) => !faults.some((fault) => fault.startsWith('sysctls'))
  if (!read(old.namespace) || !read(now.namespace) || now.namespace.owner.kind === 'engine') return
  for (const [key, name] of [
    ['ip4', 'IPv4'],
    ['ip6', 'IPv6'],
  ] as const) {
    const is = now.namespace.forwards[key]
    const was = old.namespace.forwards[key]
    if (was === undefined || is === undefined || was === is) continue
    const where = at(now)
    const words = is
      ? text(`${name} forwarding is on now ${where.en}`, `${where.zh}开启了 ${name} 转发`)
      : text(`${name} forwarding is off now ${where.en}`, `${where.zh}关闭了 ${name} 转发`)
    changes.add('changed', 'forwarding', words, [now.element])
  }
}
