import { containerId, hostId } from '../map/ids.js'
import type { Place } from '../map/places.js'
import { sameAddress } from '../network/addresses.js'
import type { DnsSettings, ForwardingEntry, Neighbour } from '../network/state.js'
import { bracketed, listed, same, text } from '../wording/phrase.js'
import type { Text } from '../wording/text.js'
import { code } from '../wording/wording.js'
import { at, type ChangeList, type HostPair, split } from './change-list.js'

/** What names and addresses lead to by somebody's will: DNS settings, fixed neighbours, fixed forwarding entries. */
export function compareNames(changes: ChangeList, pair: HostPair): void {
  compareDns(changes, pair)
  for (const now of changes.after.on(pair.after)) {
    const old = changes.before.places.find(pair.name, now.namespace.id)
    if (!old || pair.told.namespaces.has(now.namespace.id)) continue
    // The routing mesh's own network reaches every node that has joined, and that is told.
    if (now.kind === 'overlay' && !now.network?.ingress) compareTunnelEnds(changes, old, now)
    else if (now.kind === 'overlay') continue
    else if (now.namespace.owner.kind !== 'engine') {
      compareNeighbours(changes, pair, old, now)
      compareForwarding(changes, pair, old, now)
    }
  }
}

function compareDns(changes: ChangeList, pair: HostPair): void {
  const { before, after, name } = pair
  tellDns(changes, before.dns, after.dns, text(code(name), code(name)), hostId(name))
  for (const now of after.engine?.containers ?? []) {
    const old = before.engine?.containers.find(({ id }) => id === now.id)
    // Its files are the Engine's to write while it starts, stops, or changes networks.
    if (!old || old.namespace !== now.namespace || now.namespace === undefined) continue
    if (now.networkMode === 'host' || now.sharesWith !== undefined) continue
    const networks = [old, now].map(({ endpoints }) =>
      endpoints.map(({ network, address }) => `${network} ${address}`).join(),
    )
    if (networks[0] !== networks[1]) continue
    const who = text(`${code(now.name)} on ${code(name)}`, `${code(name)} 的容器 ${code(now.name)}`)
    tellDns(changes, old.dns, now.dns, who, containerId(name, now.name))
  }
}

function tellDns(
  changes: ChangeList,
  old: DnsSettings,
  now: DnsSettings,
  who: { en: string; zh: string },
  about: string,
): void {
  const resolver = ({ nameservers, search, options }: DnsSettings) =>
    [
      ...nameservers.map((server) => `nameserver ${server}`),
      ...(search.length > 0 ? [`search ${search.join(' ')}`] : []),
      ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
    ].join('; ')
  const isRead = (file: 'resolvConf' | 'hosts') => [old, now].every(({ unread }) => unread?.[file] === undefined)
  if (isRead('resolvConf') && resolver(old) !== resolver(now)) {
    const is = code(resolver(now) || 'nothing', 160)
    const words = text(
      `The DNS settings of ${who.en} are ${is} now; they were ${code(resolver(old) || 'nothing', 160)}`,
      `${who.zh} 的 DNS 设置从 ${code(resolver(old) || 'nothing', 160)} 变为 ${is}`,
    )
    changes.add('changed', 'dns', words, [about])
  }
  if (!isRead('hosts')) return
  const names = ({ hosts }: DnsSettings) => hosts.map(({ address, names: all }) => `${address} ${all.join(' ')}`)
  const { added, removed } = split(names(old), names(now), (line) => line)
  for (const [lines, kind] of [
    [added, 'added'],
    [removed, 'removed'],
  ] as const) {
    if (lines.length === 0) continue
    const list = listed(
      lines.map((line) => same(code(line))),
      4,
    )
    const words =
      kind === 'added'
        ? text(`/etc/hosts of ${who.en} now has ${list.en}`, `${who.zh} 的 /etc/hosts 新增 ${list.zh}`)
        : text(`/etc/hosts of ${who.en} no longer has ${list.en}`, `${who.zh} 的 /etc/hosts 不再有 ${list.zh}`)
    changes.add(kind, 'dns', words, [about])
  }
}

/** Only those that somebody fixed; the others come and go with traffic. */
function compareNeighbours(changes: ChangeList, { told }: HostPair, old: Place, now: Place): void {
  const fixed = ({ namespace }: Place) =>
    namespace.neighbours.filter(({ state, address }) => state === 'PERMANENT' && !/^(?:fe80:|ff)/i.test(address))
  const write = ({ address, mac, device }: Neighbour) => `${address} lladdr ${mac ?? ''} dev ${device}`
  const { added, removed } = split(fixed(old), fixed(now), write)
  const isNews = ({ device }: Neighbour) =>
    !told.links.has(`${now.namespace.id} ${device}`) && old.links.has(device) && now.links.has(device)
  tellEntries(changes, now, added.filter(isNews), write, (where, list) =>
    text(`A fixed neighbour was set ${where.en}: ${list.en}`, `${where.zh}设置了固定的邻居：${list.zh}`),
  )
  tellEntries(
    changes,
    now,
    removed.filter(isNews),
    write,
    (where, list) =>
      text(`A fixed neighbour is gone ${where.en}: ${list.en}`, `${where.zh}的固定邻居没有了：${list.zh}`),
    'removed',
  )
}

/** One sentence for all of them, the first four by name. */
function tellEntries<Entry extends { device: string }>(
  changes: ChangeList,
  now: Place,
  entries: readonly Entry[],
  write: (entry: Entry) => string,
  words: (where: Text, list: Text) => Text,
  kind: 'added' | 'removed' = 'added',
): void {
  if (entries.length === 0) return
  const list = listed(
    entries.map((entry) => same(code(write(entry)))),
    4,
  )
  changes.add(kind, 'neighbour', words(at(now), list), [now.element, ...aboutDevices(changes, now, entries)])
}

function aboutDevices(
  changes: ChangeList,
  { host, namespace }: Place,
  entries: readonly { device: string }[],
): string[] {
  return entries.flatMap(({ device }) => changes.after.places.shows(host.name, namespace.id, device))
}

/** Of a VXLAN by hand. The kernel's own entries for its links are none that somebody set. */
function compareForwarding(changes: ChangeList, { told }: HostPair, old: Place, now: Place): void {
  const fixed = ({ namespace }: Place) =>
    namespace.forwarding.filter(({ destination, state }) => destination !== undefined && state === 'permanent')
  const write = ({ mac, device, destination }: ForwardingEntry) => `${mac} dev ${device} dst ${destination ?? ''}`
  const { added, removed } = split(fixed(old), fixed(now), write)
  const isNews = ({ device }: ForwardingEntry) => !told.links.has(`${now.namespace.id} ${device}`)
  tellEntries(changes, now, added.filter(isNews), write, (where, list) =>
    text(`Forwarding entries were added ${where.en}: ${list.en}`, `${where.zh}新增转发表项：${list.zh}`),
  )
  tellEntries(
    changes,
    now,
    removed.filter(isNews),
    write,
    (where, list) =>
      text(`Forwarding entries are gone ${where.en}: ${list.en}`, `${where.zh}的转发表项没有了：${list.zh}`),
    'removed',
  )
}

/** Of an overlay only which hosts it leads to: the entries for single containers come with these. */
function compareTunnelEnds(changes: ChangeList, old: Place, now: Place): void {
  const ends = ({ namespace }: Place) => [
    ...new Set(namespace.forwarding.flatMap(({ destination }) => destination ?? [])),
  ]
  const { added, removed } = split(ends(old), ends(now), (end) => end)
  const vxlans = [...now.links.values()].filter(({ kind }) => kind === 'vxlan')
  const about = aboutDevices(
    changes,
    now,
    vxlans.map(({ name }) => ({ device: name })),
  )
  const [label, host] = [code(now.label), code(now.host.name)]
  const named = (address: string) => {
    const other = changes.after.state.hosts.find((one) =>
      one.namespaces[0]?.links.some(({ addresses }) => addresses.some((own) => sameAddress(own.address, address))),
    )
    const where = bracketed(other && code(address))
    return other ? text(`${code(other.name)}${where.en}`, `${code(other.name)}${where.zh}`) : same(code(address))
  }
  if (added.length > 0) {
    const list = listed(added.map(named))
    const words = text(
      `The tunnel of ${label} on ${host} leads to ${list.en} now`,
      `${host} 上 ${label} 的隧道现在通往 ${list.zh}`,
    )
    changes.add('added', 'overlay', words, about)
  }
  if (removed.length > 0) {
    const list = listed(removed.map(named))
    const words = text(
      `The tunnel of ${label} on ${host} no longer leads to ${list.en}`,
      `${host} 上 ${label} 的隧道不再通往 ${list.zh}`,
    )
    changes.add('removed', 'overlay', words, about)
  }
}
