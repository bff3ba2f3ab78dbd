import { sameAddress, sameNetwork } from '../network/addresses.js'
import type { HostState, Link, NamespaceState, NetworkState } from '../network/state.js'
import { type LivePlace, placesOf } from '../place/place.js'
import { join, listed, text } from '../wording/phrase.js'
import type { Text } from '../wording/text.js'
import { code } from '../wording/wording.js'
import type { Kind, Reading } from './typed.js'

/** Whose a value is that a learner typed, as the network is now: what is wrong with an answer is told by what it is. Pure. */

/** More owners than this make no sentence. */
const most = 3

/** @returns undefined where nothing in the rack is known to have it */
export function ownersText(kind: Kind, { value }: Reading, state: NetworkState, home: string): Text | undefined {
  const found = {
    address: () => ofAddress(value, state, home),
    network: () => ofNetwork(value, state, home),
    mac: () => onLinks(state, home, ({ mac, kind: of }) => of !== 'loopback' && mac.toLowerCase() === value, 'MAC'),
    link: () => ofLink(value, state, home),
    number: () => [],
    word: () => [],
  }[kind]()
  const different = found.filter((one, at) => found.findIndex(({ en }) => en === one.en) === at)
  return different.length === 0 || different.length > most ? undefined : listed(different)
}

/** All lengths with which an address is known in a rack; none where it isn't known at all. */
export function lengthsOf(address: string, { hosts, lans }: NetworkState): number[] {
  const ofLinks = hosts.flatMap(({ namespaces }) =>
    namespaces.flatMap(({ links }) =>
      links.flatMap(({ addresses }) => addresses.filter((own) => sameAddress(own.address, address))),
    ),
  )
  const subnets = [
    ...lans.flatMap(({ subnet, gateway }) => (sameAddress(gateway, address) ? [subnet] : [])),
    ...hosts.flatMap(({ engine }) =>
      (engine?.networks ?? []).flatMap((network) =>
        network.subnets.flatMap(({ subnet, gateway }) => (sameAddress(gateway, address) ? [subnet] : [])),
      ),
    ),
  ]
  return [...ofLinks.map(({ prefix }) => prefix), ...subnets.map((subnet) => Number(subnet.split('/')[1]))]
}

/**
 * What link has an index that was typed in place of a name.
 * @param meant where the link is that is asked for
 */
export function indexed(
  index: string,
  name: string,
  meant: LivePlace,
  state: NetworkState,
  home: string,
): Text | undefined {
  const link = meant.namespace.links.find((one) => one.name === name)
  if (!link) return undefined
  if (`${link.index}` === index)
    return text('the index of the link in question, not its name', '所问接口的编号，不是它的名字')
  const inner = link.peer && placeWith(placesOf(state), link.peer.namespace)
  const end = inner?.namespace.links.find((one) => one.name === link.peer?.name)
  if (inner && end && `${end.index}` === index) return theIndex(end, inner, home)
  const other = meant.namespace.links.find((one) => `${one.index}` === index)
  return other && theIndex(other, meant, home)
}

function theIndex(link: Link, place: LivePlace, home: string): Text {
  const where = called(place, home)
  return text(`the index of ${code(link.name)} ${inside(where)}`, `${insideZh(where)} ${code(link.name)} 的编号`)
}

function ofAddress(address: string, state: NetworkState, home: string): Text[] {
  const onLink = onLinks(
    state,
    home,
    ({ addresses, kind }) => kind !== 'loopback' && addresses.some((own) => sameAddress(own.address, address)),
    'address',
  )
  if (address.startsWith('127.') || address === '::1') {
    return [
      text(
        'a loopback address, which every network namespace has for itself',
        '回环地址，每个网络命名空间都有自己的一个',
      ),
    ]
  }
  const gateways = onEngines(state, ({ subnets }) => subnets.some(({ gateway }) => sameAddress(gateway, address)))
  const lans = state.lans.filter(({ gateway }) => sameAddress(gateway, address))
  return [
    ...onLink,
    ...gateways.map((name) => text(`the gateway of network ${code(name)}`, `网络 ${code(name)} 的网关`)),
    ...lans.map(({ name }) => text(`the gateway of the LAN ${code(name)}`, `局域网 ${code(name)} 的网关`)),
  ]
}

function ofNetwork(written: string, state: NetworkState, home: string): Text[] {
  if (!written.includes('/')) return ofAddress(written, state, home)
  const names = onEngines(state, ({ subnets }) => subnets.some(({ subnet }) => sameNetwork(subnet, written)))
  return [
    ...names.map((name) => text(`the subnet of network ${code(name)}`, `网络 ${code(name)} 的子网`)),
    ...state.lans
      .filter(({ subnet }) => sameNetwork(subnet, written))
      .map(({ name }) => text(`the subnet of the LAN ${code(name)}`, `局域网 ${code(name)} 的子网`)),
  ]
}

function ofLink(name: string, state: NetworkState, home: string): Text[] {
  const places = placesOf(state)
  return places.flatMap((place) =>
    place.namespace.links.flatMap((link) => {
      if (link.name.toLowerCase() !== name) return []
      const where = called(place, home)
      const other = link.peer && placeWith(places, link.peer.namespace)
      if (link.kind === 'veth' && other?.container && !place.container) {
        const end = code(link.peer!.name)
        const whose = called(other, home)
        return [text(`the other end of ${end} of ${whose.en}`, `${whose.zh}里 ${end} 的另一端`)]
      }
      const network = networkOf(place.host, place.namespace, link)
      if (network) return [text(`the bridge of network ${code(network)}`, `网络 ${code(network)} 的网桥`)]
      return [text(`a link ${inside(where)}`, `${insideZh(where)}的接口`)]
    }),
  )
}

function networkOf(
  { engine, namespaces }: HostState,
  namespace: NamespaceState,
  { name, kind }: Link,
): string | undefined {
  if (kind !== 'bridge' || namespaces[0]?.id !== namespace.id) return undefined
  return engine?.networks.find(({ bridge }) => bridge === name)?.name
}

function onLinks(state: NetworkState, home: string, has: (link: Link) => boolean, what: 'address' | 'MAC'): Text[] {
  const [en, zh] = what === 'MAC' ? ['the MAC address', 'MAC 地址'] : ['the address', '地址']
  return placesOf(state).flatMap((place) =>
    place.namespace.links.filter(has).map((link) => {
      const where = called(place, home)
      return text(`${en} of ${code(link.name)} ${inside(where)}`, `${insideZh(where)} ${code(link.name)} 的${zh}`)
    }),
  )
}

function onEngines(
  { hosts }: NetworkState,
  has: (network: NonNullable<HostState['engine']>['networks'][number]) => boolean,
): string[] {
  return [...new Set(hosts.flatMap(({ engine }) => (engine?.networks ?? []).filter(has).map(({ name }) => name)))]
}

function placeWith(places: readonly LivePlace[], namespace: string): LivePlace | undefined {
  return places.find(({ namespace: { id } }) => id === namespace)
}

/** As a learner knows it: a container of the first docker host by its name alone. */
function called({ host, container, namespace }: LivePlace, home: string): Text & { on: boolean } {
  if (namespace.owner.kind !== 'container' || !container) {
    const own = namespace.owner.kind === 'host'
    return own
      ? { en: code(host.name), zh: ` ${code(host.name)} `, on: true }
      : {
          en: `a namespace of the Engine's on ${code(host.name)}`,
          zh: ` ${code(host.name)} 上引擎自己的命名空间`,
          on: false,
        }
  }
  const name = host.name === home ? code(container.name) : code(`${host.name}/${container.name}`)
  return { en: name, zh: `容器 ${name} `, on: false }
}

function inside({ en, on }: Text & { on: boolean }): string {
  return `${on ? 'on' : 'in'} ${en}`
}

function insideZh({ zh, on }: Text & { on: boolean }): string {
  return `${zh}${on ? '上' : '里'}`
}

/** `X is A and B`. */
export function isText(typed: string, what: Text): Text {
  return join([text(code(typed), code(typed)), what], ' is ', ' 是')
}
