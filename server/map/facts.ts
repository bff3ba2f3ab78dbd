import { writeRoute } from '../network/routing.js'
import type { DnsSettings, Link, NamespaceState, Route, Rule } from '../network/state.js'
import { tableName } from '../network/tables.js'
import { text } from '../wording/phrase.js'
import type { Text } from '../wording/text.js'
import { bare } from '../wording/wording.js'
import type { MapFact } from './map.js'

/** Values of one fact; the last one says how many more there are. */
const mostValues = 40
/** Longer lines are cut. */
const longestValue = 300
/** Tables of the tracer, which come and go with each trace. */
export const tracerTable = 'vethlab-trace'

/** Nearly all lines: nothing in them has to be made safe. Maps have thousands, and are drawn at each capture. */
const usual = /^(?! )[ -_a-~]{1,300}(?<! )$/

/** Nothing where there is nothing to say. */
export function fact(name: Text, values: readonly string[]): MapFact[] {
  if (values.length === 0) return []
  const shown = values.length > mostValues ? values.slice(0, mostValues - 1) : values
  const lines = shown.map((value) => (usual.test(value) ? value : bare(value, longestValue)))
  return [{ name, values: values.length > shown.length ? [...lines, `… +${values.length - shown.length}`] : lines }]
}

/** Of one link: what `ip -d addr show` says of it, without what ages. */
export function linkFacts(link: Link): MapFact[] {
  return [
    ...fact(text('Addresses', '地址'), link.addresses.map(writeAddress)),
    ...fact(text('MAC address', 'MAC 地址'), link.mac === '' ? [] : [link.mac]),
    ...fact(text('MTU', 'MTU'), [`${link.mtu}`]),
    ...fact(text('State', '状态'), [writeState(link)]),
  ]
}

/** Of all links of a namespace, one line each. */
export function linksFact(links: readonly Link[]): MapFact[] {
  const lines = links
    .filter(({ kind }) => kind !== 'loopback')
    .map((link) => `${[link.name, link.kind, link.mac, `mtu ${link.mtu}`, writeState(link)].filter(Boolean).join(' ')}`)
  return fact(text('Interfaces', '接口'), lines)
}

export function addressesFact(links: readonly Link[]): MapFact[] {
  const lines = links
    .filter(({ kind }) => kind !== 'loopback')
    .flatMap((link) => link.addresses.map((address) => `${writeAddress(address)} dev ${link.name}`))
  return fact(text('Addresses', '地址'), lines)
}

export function writeAddress({ address, prefix }: Link['addresses'][number]): string {
  return `${address}/${prefix}`
}

function writeState({ up, carrier }: Link): string {
  return !up ? 'DOWN' : carrier ? 'UP' : 'UP, NO-CARRIER'
}

/** Without those that the kernel keeps for itself. */
export function routesFact(namespace: NamespaceState, device?: string): MapFact[] {
  const routes = namespace.routes.filter((route) => isWorthTelling(route) && (!device || route.device === device))
  return fact(text('Routes', '路由'), routes.map(writeRoute))
}

export function isWorthTelling({ table, destination }: Route): boolean {
  return table !== 'local' && !/^(?:fe80:|ff)/i.test(destination)
}

/** Who is behind which MAC address; how fresh that is changes by itself, so only what is fixed is said to be so. */
export function neighboursFact(namespace: NamespaceState, device?: string): MapFact[] {
  const lines = namespace.neighbours
    .filter(({ mac, address }) => mac !== undefined && !/^(?:fe80:|ff)/i.test(address))
    .filter((neighbour) => !device || neighbour.device === device)
    .map(
      ({ address, device: on, mac, state }) =>
        `${address} dev ${on} lladdr ${mac}${state === 'PERMANENT' ? ' PERMANENT' : ''}`,
    )
  return fact(text('Neighbours', '邻居'), lines)
}

/** Entries that somebody has put there; learnt ones come and go by themselves, and multicast ones say nothing. */
export function forwardingFact(namespace: NamespaceState, { device, master }: { device?: string; master?: string }) {
  const lines = namespace.forwarding
    .filter((entry) => (device === undefined || entry.device === device) && (!master || entry.master === master))
    .filter(({ state, mac }) => state === 'permanent' && !/^(?:33:33|01:00:5e)/i.test(mac))
    .map(({ mac, device: on, destination }) => `${mac} dev ${on}${destination ? ` dst ${destination}` : ''} permanent`)
  return fact(text('Forwarding entries', '转发表项'), lines)
}

export function socketsFact({ sockets }: NamespaceState): MapFact[] {
  const lines = sockets.map(
    ({ protocol, address, port }) => `${protocol} ${address.includes(':') ? `[${address}]` : address}:${port}`,
  )
  return fact(text('Listening sockets', '监听的套接字'), [...new Set(lines)])
}

export function dnsFacts({ nameservers, search, options, hosts, unread = {} }: DnsSettings): MapFact[] {
  return [
    ...fact(text('DNS', 'DNS 设置'), [
      ...nameservers.map((server) => `nameserver ${server}`),
      ...(search.length > 0 ? [`search ${search.join(' ')}`] : []),
      ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
    ]),
    ...fact(
      text('Names in /etc/hosts', '/etc/hosts 里的名字'),
      hosts.filter(({ address }) => !isUsual(address)).map(({ address, names }) => `${address} ${names.join(' ')}`),
    ),
    ...fact(text('Files that could not be read', '读取不到的文件'), [
      ...(unread.resolvConf === undefined ? [] : [`/etc/resolv.conf: ${unread.resolvConf}`]),
      ...(unread.hosts === undefined ? [] : [`/etc/hosts: ${unread.hosts}`]),
    ]),
  ]
}

const isUsual = (address: string) => /^(?:127\.0\.0\.1|::1|f[ef]0\d::\d)$/i.test(address)

/** Chains of one fact each would drown the rest. */
const mostChains = 30

/** A fact a chain, or where they are few a table: the policies, then the rules in order. */
export function rulesFacts({ rules, chains }: NamespaceState, by: 'chain' | 'table'): MapFact[] {
  const byChain = new Map<string, string[]>()
  const lines = (family: string, table: string, chain: string) => {
    const key = `${tableName({ family, table })}${by === 'chain' ? ` ${chain}` : ''}`
    const found = byChain.get(key) ?? []
    byChain.set(key, found)
    return found
  }
  for (const { family, table, name, policy } of chains) {
    if (!table.startsWith(tracerTable) && policy) lines(family, table, name).push(`-P ${name} ${policy}`)
  }
  for (const rule of rules) {
    if (!rule.table.startsWith(tracerTable)) lines(rule.family, rule.table, rule.chain).push(rule.text)
  }
  const told = [...byChain].filter(([, list]) => list.length > 1 || !list[0]?.endsWith(' ACCEPT'))
  const facts = told
    .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .slice(0, mostChains)
    .flatMap(([key, list]) => fact(text(`Rules of ${bare(key)}`, `${bare(key)} 的规则`), list))
  const left = told.length - mostChains
  return left > 0 ? [...facts, ...fact(text('Further chains', '其他链'), [`… +${left}`])] : facts
}

/** Rules by the links that they name, found once for all links of a namespace. */
export class RulesByLink {
  private readonly byLink = new Map<string, Rule[]>()

  constructor({ rules }: NamespaceState) {
    for (const rule of rules) {
      if (rule.table.startsWith(tracerTable)) continue
      for (const link of new Set([rule.in, rule.out].map((name) => name?.replace(/^!/, '')))) {
        if (link === undefined) continue
        const list = this.byLink.get(link)
        if (list) list.push(rule)
        else this.byLink.set(link, [rule])
      }
    }
  }

  of(link: string): Rule[] {
    return this.byLink.get(link) ?? []
  }

  fact(link: string): MapFact[] {
    return fact(text('Rules that name it', '提到它的规则'), this.of(link).map(writeRule))
  }
}

export function writeRule({ family, table, text: line }: Rule): string {
  return `${tableName({ family, table })}: ${line}`
}
