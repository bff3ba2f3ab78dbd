import { sameAddress } from './addresses.js'
import type { CaptureQuestion, HostCapture, NamespaceCapture } from './capture.js'
import { parseDns } from './parse-dns.js'
import { parseEngine } from './parse-engine.js'
import { type ParsedLink, parseLinkSwitches, parseLinks } from './parse-links.js'
import { parseForwarding, parseNeighbours, parseRoutes, parseRoutingRules } from './parse-routes.js'
import { parseRules } from './parse-rules.js'
import {
  parseBridgedRules,
  parseEncryption,
  parseForwards,
  parseIgnoredPings,
  parseSockets,
  parseVirtualServers,
} from './parse-sockets.js'
import type { HostState, LanState, NamespaceOwner, NamespaceState, NetworkState } from './state.js'
import { type TieableNamespace, tieEngine } from './tie-engine.js'
import { tieLinks } from './tie-links.js'
import { defined, textOf } from './untrusted.js'

/** What is known of a rack without looking: `RackInfo` has it. */
export interface RackShape {
  lans: LanState[]
  hosts: RackHostShape[]
  internet: boolean
}

export interface RackHostShape {
  name: string
  kind: 'docker' | 'plain'
  /** What is told of it alone: a reset makes another host of the same name. */
  id?: string
  interfaces: { lan: string; name: string; address: string }[]
}

/** Makes one picture of what the tools and the Engines said. Never throws for what they said. */
export function networkState(captures: HostCapture[], rack: RackShape): NetworkState {
  const order = new Map(rack.hosts.map(({ name }, index) => [name, index]))
  const sorted = captures.toSorted((a, b) => (order.get(a.host) ?? 0) - (order.get(b.host) ?? 0))
  return {
    takenAt: sorted.map(({ takenAt }) => takenAt).toSorted()[0] ?? new Date().toISOString(),
    durationMs: Math.max(0, ...sorted.map(({ durationMs }) => durationMs)),
    lans: rack.lans.map(lanState),
    ...(rack.internet ? {} : { offline: true }),
    hosts: sorted.map((capture) => hostState(capture, rack)),
  }
}

function lanState({ name, subnet, gateway, subnet6, gateway6, mtu }: LanState): LanState {
  return { name, subnet, gateway, mtu, ...defined({ subnet6, gateway6 }) }
}

function hostState(capture: HostCapture, rack: RackShape): HostState {
  const [home, ...others] = capture.namespaces.map((namespace, index) => namespaceState(namespace, index === 0))
  // In a steady order whatever the order of the processes: inodes are given one after another.
  others.sort((a, b) => Number(a.state.id) - Number(b.state.id))
  const namespaces = home ? [home, ...others] : []
  const planned = rack.hosts.find(({ name }) => name === capture.host)
  if (home) markLans(home.links, planned?.interfaces ?? [])
  tieLinks(namespaces.map(({ state, links }) => ({ id: state.id, links })))
  const { engine: answers } = capture
  const engine = answers && !('fault' in answers) ? parseEngine(answers, capture.files) : undefined
  const disagreements = engine ? tieEngine(engine, namespaces) : []
  for (const { state, links } of namespaces) state.links = links.map(withoutTies)
  const { '': files = { resolvConf: '', hosts: '' } } = capture.files
  return {
    name: capture.host,
    ...defined({ id: planned?.id }),
    kind: capture.kind,
    namespaces: namespaces.map(({ state }) => state),
    dns: parseDns(files),
    ...(engine
      ? {
          engine: { ...engine, containers: engine.containers.map(({ sandbox: _sandbox, ...rest }) => rest) },
        }
      : {}),
    ...(answers && 'fault' in answers ? { engineFault: answers.fault } : {}),
    disagreements,
    ...defined({ unseen: capture.unseen }),
  }
}

interface ParsedNamespace extends TieableNamespace {
  links: ParsedLink[]
}

function namespaceState(capture: NamespaceCapture, home: boolean): ParsedNamespace {
  const faults: string[] = []
  const text = (question: CaptureQuestion): string => {
    const answer = capture.answers[question]
    if (answer && !answer.failed) return answer.text
    faults.push(`${question}: ${textOf(answer?.text) || 'no answer'}`)
    return ''
  }
  const json = (question: CaptureQuestion): unknown => {
    const answer = text(question)
    if (answer.trim() === '') return undefined
    try {
      return JSON.parse(answer.replace(unescaped, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`))
    } catch (error) {
      faults.push(`${question}: ${textOf((error as Error).message)}`)
      return undefined
    }
  }
  const sysctls = text('sysctls')
  const switches = parseLinkSwitches(sysctls)
  const links = parseLinks(json('links'), json('linkSettings'), json('disciplines'))
    .map((link) => ({ ...link, ...switches(link.name) }))
    .toSorted((a, b) => a.index - b.index)
  const names = capture.names.map((name) => textOf(name)).toSorted()
  return {
    pids: new Set(capture.pids),
    links,
    state: {
      id: capture.inode,
      owner: firstOwner(home, names),
      names,
      links,
      routes: [...parseRoutes(json('routes'), 4), ...parseRoutes(json('routes6'), 6)],
      routingRules: [...parseRoutingRules(json('routingRules'), 4), ...parseRoutingRules(json('routingRules6'), 6)],
      neighbours: parseNeighbours(json('neighbours')).toSorted((a, b) => compare(a.address, b.address)),
      forwarding: parseForwarding(json('forwarding')),
      ...parseRules(json('rules'), {
        iptables: text('iptables'),
        ip6tables: text('ip6tables'),
        iptablesLegacy: text('iptablesLegacy'),
        ip6tablesLegacy: text('ip6tablesLegacy'),
      }),
      sockets: parseSockets(text('sockets')),
      forwards: parseForwards(sysctls),
      ...defined({
        bridgedMeetsRules: parseBridgedRules(sysctls),
        ignoresPings: parseIgnoredPings(sysctls),
        virtualServers: parseVirtualServers(sysctls),
        encryption: parseEncryption(sysctls),
      }),
      faults,
    },
  }
}

/**
 * What ip(8) leaves as it is in JSON, where it must be escaped (iproute2, lib/json_writer.c): a link's name may have any of them, but none that
 * counts as blank there.
 */
const unescaped = /[\0-\x08\x0b\x0c\x0e-\x1f]/g

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** Before any container is tied to it: what the Engine has pinned without a container is the Engine's own. */
function firstOwner(home: boolean, names: string[]): NamespaceOwner {
  if (home) return { kind: 'host' }
  const [name] = names
  return name === undefined ? { kind: 'unknown' } : { kind: 'engine', name }
}

/** A learner may have renamed a link, or taken its address away; both at once, and it leads nowhere that we know. */
function markLans(links: ParsedLink[], interfaces: RackShape['hosts'][number]['interfaces']): void {
  for (const { lan, name, address } of interfaces) {
    const cables = links.filter(({ kind, lan: taken }) => kind === 'veth' && taken === undefined)
    const link =
      cables.find((candidate) => candidate.name === name) ??
      cables.find(({ addresses }) => addresses.some((own) => sameAddress(own.address, address)))
    if (link) link.lan = lan
  }
}

function withoutTies({
  otherIndex: _index,
  otherName: _name,
  otherNamespaceId: _id,
  ...link
}: ParsedLink): NamespaceState['links'][number] {
  return link
}
