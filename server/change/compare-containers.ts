import { writeAddress } from '../map/facts.js'
import { bridgeId, containerId, sharesId, vethId } from '../map/ids.js'
import { bridgeOf, type End, type Place } from '../map/places.js'
import { addressesOf, linksOf, type Rack, shortName } from '../map/rack.js'
import type { Container, Endpoint, HostState } from '../network/state.js'
import { join, listed, same, text } from '../wording/phrase.js'
import type { Text } from '../wording/text.js'
import { code } from '../wording/wording.js'
import { type ChangeList, type HostPair, split } from './change-list.js'

/** Containers that came, went, started, stopped, or changed networks; each with all that it brought or took along. */
export function compareContainers(changes: ChangeList, pair: HostPair): void {
  const { before, after } = pair
  if (!before.engine || !after.engine) return
  const { added, removed, kept } = split(before.engine.containers, after.engine.containers, ({ id }) => id)
  for (const container of added) {
    const old = removed.find(({ name }) => name === container.name)
    if (old) tellGone(changes.before, pair, old)
    tellComing(changes, pair, container, old ? 'replaced' : 'added')
  }
  // One that is not listed may be one of those that nobody asked about.
  for (const container of after.engine.unasked ? [] : removed) {
    if (!added.some(({ name }) => name === container.name)) tellRemoved(changes, pair, container)
  }
  for (const [old, now] of kept) compareContainer(changes, pair, old, now)
}

function compareContainer(changes: ChangeList, pair: HostPair, old: Container, now: Container): void {
  const id = containerId(pair.name, now.name)
  const host = code(pair.name)
  if (old.name !== now.name) {
    const words = text(
      `Container ${code(old.name)} on ${host} is called ${code(now.name)} now`,
      `${host} 上的容器 ${code(old.name)} 改名为 ${code(now.name)}`,
    )
    changes.add('changed', 'container', words, [id, containerId(pair.name, old.name)])
  }
  const [was, is] = [old.namespace !== undefined, now.namespace !== undefined]
  if (!was && is) tellComing(changes, pair, now, 'started')
  else if (was && !is) tellStopped(changes, pair, old, now)
  else if (was && old.namespace !== now.namespace) tellRestarted(changes, pair, old, now)
  else {
    if (old.state !== now.state) tellState(changes, pair, old, now)
    compareEndpoints(changes, pair, old, now)
  }
}

type Coming = 'added' | 'started' | 'replaced'

function tellComing(changes: ChangeList, pair: HostPair, container: Container, how: Coming): void {
  const place = changes.after.places.find(pair.name, container.namespace)
  tellNamespace(changes.after, pair, container)
  if (pair.told.containers.has(container.id)) return
  const about = [containerId(pair.name, container.name), ...aboutLegs(changes.after, container, place)]
  const kind = how === 'added' ? 'added' : 'changed'
  changes.add(kind, 'container', comingWords(changes.after, pair.after, container, place, how), about)
}

function comingWords(rack: Rack, host: HostState, container: Container, place: Place | undefined, how: Coming): Text {
  const [name, image, where] = [code(shortName(container)), code(container.image), code(host.name)]
  if (!place) {
    if (container.state === 'created') {
      return text(
        `Container ${name} (${image}) was made on ${where}, not started`,
        `${where} 上创建了容器 ${name}（${image}），尚未启动`,
      )
    }
    return text(
      `Container ${name} (${image}) ran on ${where} and has ended with exit code ${container.exitCode}`,
      `${where} 上的容器 ${name}（${image}）运行过，已结束，退出码 ${container.exitCode}`,
    )
  }
  const details = [placeWords(rack, container, place), socketWords(place, container)].filter((one) => one.en !== '')
  const [en, zh] = [details.map((one) => one.en).join('; '), details.map((one) => one.zh).join('；')]
  const anew = how === 'replaced'
  return text(
    `Container ${name} (${image}) ${anew ? 'was replaced by a new one' : 'started'} on ${where}${en && `: ${en}`}`,
    `容器 ${name}（${image}）${anew ? `在 ${where} 上换成了新的` : `在 ${where} 上启动`}${zh && `：${zh}`}`,
  )
}

function placeWords(rack: Rack, container: Container, place: Place): Text {
  if (place.kind === 'host') return text("in its host's own network namespace", '使用主机自己的网络命名空间')
  if (place.container?.id !== container.id) {
    return text(`in the network namespace of ${code(place.label)}`, `共用 ${code(place.label)} 的网络命名空间`)
  }
  const legs = legsOf(place)
  if (legs.length === 0) return noLegWords(container)
  const words = legs.slice(0, 4).map((end) => legWords(rack, container, end))
  return join(words, '; ', '；')
}

/** A container that is just starting or ending has its network by the Engine's word, and not yet or no longer by the kernel's. */
function noLegWords({ endpoints }: Container): Text {
  const networks = endpoints.map(({ network }) => network).filter((network) => network !== 'none' && network !== 'host')
  if (networks.length === 0) return text('it has no network but its loopback', '没有网络，只有回环接口')
  const list = listed(networks.map((network) => same(code(network))))
  return text(
    `on ${list.en}; its interface there was not to be seen when it was looked at`,
    `网络 ${list.zh}；查看时还没有或已经没有接口`,
  )
}

function legsOf(place: Place): End[] {
  return linksOf(place)
    .filter(({ up, addresses }) => up || addresses.length > 0)
    .map((link) => ({ place, link }))
}

/** ``eth0` with `172.20.0.2/16` on `my_net`, over `veth1f2e` ``. */
function legWords(rack: Rack, container: Container | undefined, end: End): Text {
  const { link } = end
  const addresses = listed(addressesOf(link).map((one) => same(code(writeAddress(one)))))
  const endpoint = container?.endpoints.find((one) => one.link === link.name)
  const peer = rack.places.peerOf(end)
  const parent = rack.places.parentOf(end)
  const bridge = peer && bridgeOf(peer)
  const on = container && (endpoint?.network ?? bridge?.name)
  const over = peer?.link.name ?? parent?.link.name
  return text(
    `${code(link.name)} with ${addresses.en || 'no address'}${on === undefined ? '' : ` on ${code(on)}`}${over === undefined ? '' : `, ${peer ? 'over' : `a ${link.kind} on`} ${code(over)}`}`,
    `${code(link.name)} ${addresses.zh ? `地址 ${addresses.zh}` : '没有地址'}${on === undefined ? '' : `，网络 ${code(on)}`}${over === undefined ? '' : peer ? `，经由 ${code(over)}` : `，${code(over)} 上的 ${link.kind}`}`,
  )
}

/** Ports on which the programs in it listen already. */
function socketWords(place: Place, container: Container): Text {
  if (place.kind === 'host' || place.container?.id !== container.id) return text('', '')
  const ports = [
    ...new Set(place.namespace.sockets.filter(isServing).map(({ protocol, port }) => `${protocol} ${port}`)),
  ]
  const list = listed(ports.toSorted().map((port) => same(code(port))))
  return list.en ? text(`it listens on ${list.en}`, `监听 ${list.zh}`) : text('', '')
}

/** Neither the embedded DNS server nor a client that waits for an answer: their ports are chosen by chance (ip_local_port_range). */
export function isServing({ protocol, address, port }: { protocol: string; address: string; port: number }): boolean {
  return address !== '127.0.0.11' && !(protocol === 'udp' && port >= 32_768)
}

function aboutLegs(rack: Rack, container: Container, place: Place | undefined): string[] {
  if (!place?.element) return []
  const own = containerId(place.host.name, container.name)
  if (place.element !== own) return [sharesId(own)]
  return legsOf(place).flatMap(({ link }) => rack.places.shows(place.host.name, place.namespace.id, link.name))
}

/** All in a namespace of its own, and what it has outside: ends of pairs, and Docker's rules for its addresses. */
function tellNamespace(rack: Rack, { name, told }: HostPair, container: Container): void {
  const place = rack.places.find(name, container.namespace)
  for (const endpoint of container.endpoints) tellEndpoint(told, endpoint)
  if (!place || place.kind === 'host' || place.container?.id !== container.id) return
  told.namespaces.add(place.namespace.id)
  for (const link of linksOf(place)) {
    const peer = rack.places.peerOf({ place, link })
    if (peer) told.link(peer.place.namespace.id, peer.link.name)
    for (const { address } of link.addresses) told.addresses.add(address)
  }
}

function tellEndpoint(told: HostPair['told'], { address, address6 }: Endpoint): void {
  if (address !== undefined) told.addresses.add(address)
  if (address6 !== undefined) told.addresses.add(address6)
}

const tellGone = tellNamespace

function tellRemoved(changes: ChangeList, pair: HostPair, container: Container): void {
  tellGone(changes.before, pair, container)
  if (pair.told.containers.has(container.id)) return
  const place = changes.before.places.find(pair.name, container.namespace)
  const [name, host] = [code(shortName(container)), code(pair.name)]
  const lost = place ? lostWords(changes.before, container, place) : text('', '')
  const words = text(
    `Container ${name} was removed from ${host}${lost.en && `, and with it ${lost.en}`}`,
    `${host} 上的容器 ${name} 已删除${lost.zh && `，${lost.zh}也随之消失`}`,
  )
  changes.add('removed', 'container', words, [
    containerId(pair.name, container.name),
    ...aboutLegs(changes.before, container, place),
  ])
}

function tellStopped(changes: ChangeList, pair: HostPair, old: Container, now: Container): void {
  tellGone(changes.before, pair, old)
  if (pair.told.containers.has(now.id)) return
  const place = changes.before.places.find(pair.name, old.namespace)
  const [name, host] = [code(shortName(now)), code(pair.name)]
  const lost = place ? lostWords(changes.before, old, place) : text('', '')
  const words =
    now.state === 'restarting'
      ? text(
          `Container ${name} on ${host} ended with exit code ${now.exitCode} and waits to be started again`,
          `${host} 上的容器 ${name} 已结束，退出码 ${now.exitCode}，等待重新启动`,
        )
      : text(
          `Container ${name} on ${host} stopped, exit code ${now.exitCode}${lost.en && `, and with it went ${lost.en}`}`,
          `${host} 上的容器 ${name} 已停止，退出码 ${now.exitCode}${lost.zh && `，${lost.zh}也随之消失`}`,
        )
  changes.add('changed', 'container', words, [
    containerId(pair.name, now.name),
    ...aboutLegs(changes.before, old, place),
  ])
}

/** ``its namespace with `172.20.0.2/16`, and `veth1f2e` ``. */
function lostWords(rack: Rack, container: Container, place: Place): Text {
  if (place.kind === 'host' || place.container?.id !== container.id) return text('', '')
  const legs = legsOf(place)
  const addresses = legs.flatMap(({ link }) => addressesOf(link).map((one) => same(code(writeAddress(one)))))
  const pairs = legs.flatMap((end) => rack.places.peerOf(end)?.link.name ?? []).map((name) => same(code(name)))
  const has = listed(addresses, 3)
  const over = listed(pairs, 3)
  return text(
    `its namespace${has.en && ` with ${has.en}`}${over.en && `, and ${over.en}`}`,
    `它的网络命名空间${has.zh && `（${has.zh}）`}${over.zh && `以及 ${over.zh} `}`,
  )
}

function tellRestarted(changes: ChangeList, pair: HostPair, old: Container, now: Container): void {
  tellGone(changes.before, pair, old)
  tellNamespace(changes.after, pair, now)
  if (pair.told.containers.has(now.id)) return
  const [was, is] = [
    changes.before.places.find(pair.name, old.namespace),
    changes.after.places.find(pair.name, now.namespace),
  ]
  const write = (place: Place | undefined) =>
    (place && place.kind !== 'host' ? legsOf(place) : [])
      .flatMap(({ link }) => addressesOf(link).map(writeAddress))
      .toSorted()
  const [name, host] = [code(shortName(now)), code(pair.name)]
  const [former, present] = [write(was), write(is)]
  const how =
    former.join() === present.join()
      ? text(
          `in a new namespace${present.length > 0 ? ' with the same addresses' : ''}`,
          `网络命名空间是新的${present.length > 0 ? '，地址不变' : ''}`,
        )
      : text(
          `in a new namespace: it has ${listed(present.map((one) => same(code(one)))).en || 'no address'} and had ${listed(former.map((one) => same(code(one)))).en || 'none'}`,
          `网络命名空间是新的：地址从 ${listed(former.map((one) => same(code(one)))).zh || '无'} 变为 ${listed(present.map((one) => same(code(one)))).zh || '无'}`,
        )
  const words = text(
    `Container ${name} on ${host} restarted, ${how.en}`,
    `${host} 上的容器 ${name} 重新启动了，${how.zh}`,
  )
  changes.add('changed', 'container', words, [containerId(pair.name, now.name), ...aboutLegs(changes.after, now, is)])
}

function tellState(changes: ChangeList, pair: HostPair, old: Container, now: Container): void {
  const [name, host] = [code(shortName(now)), code(pair.name)]
  const words =
    now.state === 'paused'
      ? text(
          `Container ${name} on ${host} is paused: it keeps its network, but nothing in it runs`,
          `${host} 上的容器 ${name} 已暂停：网络还在，但里面的程序不再运行`,
        )
      : old.state === 'paused'
        ? text(`Container ${name} on ${host} runs again`, `${host} 上的容器 ${name} 恢复运行`)
        : now.state === 'exited'
          ? text(
              `Container ${name} on ${host} has ended with exit code ${now.exitCode}`,
              `${host} 上的容器 ${name} 已结束，退出码 ${now.exitCode}`,
            )
          : undefined
  if (words) changes.add('changed', 'container', words, [containerId(pair.name, now.name)])
}

/** Networks that a container was connected to or disconnected from while it was what it is. */
function compareEndpoints(changes: ChangeList, pair: HostPair, old: Container, now: Container): void {
  const isReal = ({ network }: Endpoint) => network !== 'none' && network !== 'host'
  // One that was never started knows its networks by name alone.
  const { added, removed } = split(old.endpoints.filter(isReal), now.endpoints.filter(isReal), ({ network }) => network)
  const [name, host] = [code(shortName(now)), code(pair.name)]
  for (const endpoint of removed) {
    tellLeg(changes.before, pair, old, endpoint)
    const has = endpoint.address
      ? [endpoint.link, endpoint.address, endpoint.hostLink].filter((one) => one !== undefined)
      : []
    const list = listed(has.map((one) => same(code(one))))
    const words = text(
      `Container ${name} on ${host} was disconnected from ${code(endpoint.network)}${list.en && `: ${list.en} are gone`}`,
      `${host} 上的容器 ${name} 已断开网络 ${code(endpoint.network)}${list.zh && `：${list.zh} 随之消失`}`,
    )
    changes.add('removed', 'membership', words, aboutEndpoint(changes.before, pair.before, old, endpoint))
  }
  for (const endpoint of added) {
    tellLeg(changes.after, pair, now, endpoint)
    const end = endOf(changes.after, pair.name, now, endpoint)
    const leg = end ? legWords(changes.after, undefined, end) : text('', '')
    const words = text(
      `Container ${name} on ${host} was connected to ${code(endpoint.network)}${leg.en && `: ${leg.en}`}`,
      `${host} 上的容器 ${name} 已接入网络 ${code(endpoint.network)}${leg.zh && `：${leg.zh}`}`,
    )
    changes.add('added', 'membership', words, aboutEndpoint(changes.after, pair.after, now, endpoint))
  }
}

function endOf(rack: Rack, host: string, container: Container, endpoint: Endpoint): End | undefined {
  const place = rack.places.find(host, container.namespace)
  const link = endpoint.link === undefined ? undefined : place?.links.get(endpoint.link)
  return place && link ? { place, link } : undefined
}

function tellLeg(rack: Rack, { name, told }: HostPair, container: Container, endpoint: Endpoint): void {
  tellEndpoint(told, endpoint)
  const end = endOf(rack, name, container, endpoint)
  if (!end) return
  told.link(end.place.namespace.id, end.link.name)
  const peer = rack.places.peerOf(end)
  if (peer) told.link(peer.place.namespace.id, peer.link.name)
}

function aboutEndpoint(rack: Rack, host: HostState, container: Container, endpoint: Endpoint): (string | undefined)[] {
  const id = containerId(host.name, container.name)
  const end = endOf(rack, host.name, container, endpoint)
  const network = host.engine?.networks.find(({ name }) => name === endpoint.network)
  return [
    id,
    end ? vethId(id, end.link.name) : undefined,
    network?.bridge ? bridgeId(host.name, network.bridge) : undefined,
  ].filter((one) => one === undefined || !one.startsWith('veth:') || rack.places.peerOf(end!) !== undefined)
}
