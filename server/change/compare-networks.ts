import { writeAddress } from '../map/facts.js'
import { bridgeId, hostId, overlayScope } from '../map/ids.js'
import { addressesOf } from '../map/rack.js'
import type { EngineNetwork, HostState, NamespaceState, Rule } from '../network/state.js'
import { count, listed, same, text } from '../wording/phrase.js'
import type { Text } from '../wording/text.js'
import { code } from '../wording/wording.js'
import { type ChangeList, type HostPair, split } from './change-list.js'

/** Docker networks that came or went, each with its bridge and rules in one sentence. */
export function compareNetworks(changes: ChangeList, pair: HostPair): void {
  const { before, after, told } = pair
  if (!before.engine || !after.engine) return
  const { added, removed, kept } = split(before.engine.networks, after.engine.networks, ({ id }) => id)
  for (const [side, networks, kind] of [
    [after, added, 'added'],
    [before, removed, 'removed'],
  ] as const) {
    for (const network of networks) {
      if (network.bridge) told.bridges.add(network.bridge)
      if (network.bridge) told.link(side.namespaces[0]?.id ?? '', network.bridge)
      for (const { subnet } of network.subnets) told.subnets.add(subnet)
      if (told.networks.has(network.name) || isToldElsewhere(changes, pair, network, kind)) continue
      const words = network.bridge ? bridgeWords(side, network, kind) : otherWords(side, network, kind)
      changes.add(kind, 'network', words, aboutNetwork(side, network))
    }
  }
  for (const [old, now] of kept) {
    if (old.name !== now.name || old.bridge === now.bridge || !old.bridge) continue
    const words = text(
      `Network ${code(now.name)} on ${code(after.name)} lost its bridge ${code(old.bridge)}`,
      `${code(after.name)} 的网络 ${code(now.name)} 失去了网桥 ${code(old.bridge)}`,
    )
    told.link(before.namespaces[0]?.id ?? '', old.bridge)
    changes.add('removed', 'network', words, [bridgeId(before.name, old.bridge), hostId(after.name)])
  }
}

/** A swarm's network is the same on all its hosts: it is told where it is first seen, and gone when the last host lost it. */
function isToldElsewhere(
  changes: ChangeList,
  pair: HostPair,
  network: EngineNetwork,
  kind: 'added' | 'removed',
): boolean {
  if (network.scope !== 'swarm') return false
  const others = (kind === 'added' ? changes.before : changes.after).state.hosts
  if (others.some((host) => host.engine?.networks.some(({ id }) => id === network.id))) return true
  const side = (kind === 'added' ? changes.after : changes.before).state.hosts
  const first = side.find((host) => host.engine?.networks.some(({ id }) => id === network.id))
  return first !== undefined && first.name !== pair.name
}

function aboutNetwork(host: HostState, network: EngineNetwork): string[] {
  if (network.bridge) return [bridgeId(host.name, network.bridge)]
  const hasBridge = host.namespaces.some(
    ({ owner }) => owner.kind === 'engine' && owner.name.endsWith(network.id.slice(0, 10)),
  )
  return hasBridge && network.driver === 'overlay'
    ? [bridgeId(host.name, 'br0', overlayScope(network.name)), hostId(host.name)]
    : [hostId(host.name)]
}

function bridgeWords(host: HostState, network: EngineNetwork, kind: 'added' | 'removed'): Text {
  const home = host.namespaces[0]
  const link = home?.links.find(({ name }) => name === network.bridge)
  const addresses = listed((link ? addressesOf(link) : []).map((one) => same(code(writeAddress(one)))))
  const subnets = listed(network.subnets.map(({ subnet }) => same(code(subnet))))
  const parts = [
    text(
      `bridge ${code(network.bridge ?? '')} with ${addresses.en || 'no address'}`,
      `网桥 ${code(network.bridge ?? '')}（${addresses.zh ? `地址 ${addresses.zh}` : '没有地址'}）`,
    ),
    ...(home ? ruleWords(home, network) : []),
  ]
  const list = listed(parts)
  const internal = network.internal ? text('internal network', '内部网络') : text('network', '网络')
  const [name, where] = [code(network.name), code(host.name)]
  if (kind === 'removed') {
    return text(
      `The ${internal.en} ${name} was removed from ${where}, and with it ${list.en}`,
      `${where} 上的${internal.zh} ${name} 已删除，${list.zh}也随之消失`,
    )
  }
  return text(
    `The ${internal.en} ${name} was added on ${where}: ${list.en}${addresses.en ? '' : ` (subnet ${subnets.en || '?'})`}`,
    `${where} 上新增${internal.zh} ${name}：${list.zh}`,
  )
}

function ruleWords(home: NamespaceState, network: EngineNetwork): Text[] {
  const own = home.rules.filter((rule) => rulesFor(rule, network))
  const masquerade = own.filter(({ target }) => target === 'MASQUERADE').length
  const isolation = own.filter(({ chain, target }) => /ISOLATION/.test(chain) || target === 'DROP').length
  const parts: Text[] = []
  if (masquerade === 1) parts.push(text('a MASQUERADE rule for it', '一条 MASQUERADE 规则'))
  else if (masquerade > 1)
    parts.push(text(`${count(masquerade, '', 'MASQUERADE rules')}`, `${masquerade} 条 MASQUERADE 规则`))
  if (isolation > 0) {
    parts.push(text(count(isolation, 'isolation rule', 'isolation rules'), `${isolation} 条隔离规则`))
  }
  return parts
}

/** Rules that name its bridge, and the one that hides its subnet. */
function rulesFor({ in: inward, out, source, target }: Rule, network: EngineNetwork): boolean {
  const names = [inward, out].map((name) => name?.replace(/^!/, ''))
  if (names.includes(network.bridge)) return true
  return target === 'MASQUERADE' && network.subnets.some(({ subnet }) => subnet === source)
}

function otherWords(host: HostState, network: EngineNetwork, kind: 'added' | 'removed'): Text {
  const { driver, name, options, vxlanIds } = network
  const subnets = listed(network.subnets.map(({ subnet }) => same(code(subnet))))
  const details = [
    subnets.en ? text(`subnet ${subnets.en}`, `子网 ${subnets.zh}`) : undefined,
    options.parent ? text(`on ${code(options.parent)}`, `基于 ${code(options.parent)}`) : undefined,
    vxlanIds.length > 0 ? text(`VNI ${vxlanIds.join(', ')}`, `VNI ${vxlanIds.join('、')}`) : undefined,
    kind === 'added' && driver === 'macvlan'
      ? text('no link and no rule until a container joins', '在容器接入之前，不会有新的接口或规则')
      : undefined,
  ].filter((one): one is Text => one !== undefined)
  const list = { en: details.map(({ en }) => en).join(', '), zh: details.map(({ zh }) => zh).join('，') }
  const where = code(host.name)
  if (kind === 'removed') {
    return text(
      `The ${code(driver)} network ${code(name)} was removed from ${where}`,
      `${where} 上的 ${code(driver)} 网络 ${code(name)} 已删除`,
    )
  }
  return text(
    `The ${code(driver)} network ${code(name)} was added on ${where}${list.en && `: ${list.en}`}`,
    `${where} 上新增 ${code(driver)} 网络 ${code(name)}${list.zh && `：${list.zh}`}`,
  )
}
