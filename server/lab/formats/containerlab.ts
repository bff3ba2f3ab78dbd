import { posix } from 'node:path'
import { parse } from 'shell-quote'
import { z } from 'zod'
import { VethlabError } from '../../error/vethlab-error.js'
import { counted, type Draft, type DraftFile, type Note } from './draft.js'
import type { ForeignFolder } from './foreign-folder.js'
import type { Format, FormatContext } from './format.js'
import { needsOf } from './needs.js'
import { readYaml } from './read-yaml.js'
import { bareInterfaces, lookAround, Names, type Segment, topologyOf } from './segments.js'

/** Topologies of containerlab, as far as their nodes are Linux (containerlab's manual, topo-def-file and nodes). */
export const containerlab: Format = {
  name: 'containerlab topology',
  recognises: (folder) => topologyFile(folder) !== undefined,
  read: (folder, context) => new ContainerlabReader(folder, context).read(),
}

function topologyFile(folder: ForeignFolder): string | undefined {
  return folder.files.find(({ path }) => /^[^/]+\.clab\.(?:ya?ml|gotmpl)$/.test(path))?.path
}

/** What a rack can be instead of a node. */
const linuxKinds = ['linux', '']
const switchKinds = ['bridge', 'ovs-bridge']
/** Ends of links that are no nodes. */
const special = ['host', 'mgmt-net', 'macvlan']
/** An interface that a rack's LAN can carry (docs/topology.md). */
const mostMtu = 9000

const Words = z.union([z.string(), z.number(), z.boolean()]).transform(String)
const Node = z.looseObject({
  kind: z.string().optional(),
  image: z.string().optional(),
  group: z.string().optional(),
  exec: z.array(z.string()).optional(),
  cmd: Words.optional(),
  entrypoint: Words.optional(),
  binds: z.array(z.string()).optional(),
  env: z.record(z.string(), Words.nullable()).optional(),
  ports: z.array(Words).optional(),
  sysctls: z.record(z.string(), Words).optional(),
  'network-mode': z.string().optional(),
  'mgmt-ipv4': z.string().optional(),
  license: z.string().optional(),
  'startup-config': z.string().optional(),
})
type Node = z.infer<typeof Node>

const End = z.union([
  z.string(),
  z.looseObject({
    node: z.string(),
    interface: z.string(),
    mac: z.string().optional(),
    ipv4: z.string().optional(),
    ipv6: z.string().optional(),
  }),
])
const Link = z.looseObject({
  type: z.string().optional(),
  endpoints: z.array(End).optional(),
  endpoint: End.optional(),
  mtu: z.int().optional(),
})
type Link = z.infer<typeof Link>

const Topology = z.looseObject({
  name: z.string(),
  mgmt: z.looseObject({ 'ipv4-subnet': z.string().optional() }).optional(),
  topology: z.looseObject({
    defaults: Node.nullish(),
    kinds: z.record(z.string(), Node.nullable()).nullish(),
    groups: z.record(z.string(), Node.nullable()).nullish(),
    nodes: z.record(z.string(), Node.nullable()),
    links: z.array(Link).nullish(),
  }),
})
type Topology = z.infer<typeof Topology>

class ContainerlabReader {
  readonly #notes: Note[] = []
  readonly #hosts = new Names()
  readonly #file: string

  constructor(
    private readonly folder: ForeignFolder,
    private readonly context: FormatContext,
  ) {
    this.#file = topologyFile(folder)!
  }

  async read(): Promise<Draft> {
    const topology = await this.#topology()
    const nodes = new Map(Object.keys(topology.topology.nodes).map((name) => [name, nodeOf(topology, name)]))
    this.#refuseVendors(nodes)
    const hosts = [...nodes].filter(([, { kind }]) => linuxKinds.includes(kind ?? '')).map(([name]) => name)
    const segments = this.#segments(topology, nodes, hosts)
    const legs = new Map<string, { name: string; mac?: string; addresses: string[] }[]>(hosts.map((name) => [name, []]))
    for (const link of topology.topology.links ?? []) {
      for (const end of endsOf(link))
        legs
          .get(end.node)
          ?.push({ name: end.interface, addresses: end.addresses, ...(end.mac ? { mac: end.mac } : {}) })
    }
    const setup: Record<string, string> = {}
    const files: DraftFile[] = []
    for (const name of hosts) {
      const node = nodes.get(name)!
      setup[this.#hosts.of(name)] = this.#setup(topology, name, node, legs.get(name)!)
      files.push(...(await this.#binds(name, node)))
      this.#remarks(name, node)
    }
    const rack = topologyOf(
      hosts.map((name) => this.#hosts.of(name)),
      segments,
      this.#place(1),
    )
    for (const [from, to] of this.#hosts.changed) this.#note('differs', 0, `${from} is called ${to} here`)
    this.#note('maps', 0, `${counted(hosts.length, 'node')} on ${counted(segments.length, 'segment')}`)
    this.#note('lost', 0, 'a topology has no text and no checks: write both')
    const readme = (await this.folder.text('README.md')) ?? ''
    return {
      title: topology.name,
      summary: `The topology ${topology.name}, with ${counted(hosts.length, 'host')}.`,
      level: 'intermediate',
      minutes: 30,
      rack,
      introduction: `${readme.replace(/^#{1,2} /gm, '### ').trim() || `The topology ${topology.name}.`}\n\nEach node is a host with a terminal of its own.`,
      steps: [lookAround(hosts.map((name) => this.#hosts.of(name)))],
      finish: '',
      setup,
      files,
      notes: this.#notes,
    }
  }

  #place(line: number): string {
    return `${posix.join(this.folder.directory, this.#file)}:${line}`
  }

  #note(kind: Note['kind'], line: number, what: string): void {
    this.#notes.push({ kind, file: this.#file, line, what })
  }

  async #topology(): Promise<Topology> {
    const cure = 'See https://containerlab.dev/manual/topo-def-file.'
    const text = (await this.folder.text(this.#file)) ?? ''
    if (/^\s*\{\{/m.test(text) || this.#file.endsWith('.gotmpl')) {
      const what = 'is a template of Go, and no topology yet: render it first'
      throw new VethlabError('import.unsupported', what, { place: this.#place(1), cure })
    }
    const place = (line: number) => this.#place(line)
    return readYaml(expandVariables(text), Topology, { place, cure, otherwise: 'is no topology' })
  }

  #refuseVendors(nodes: Map<string, Node>): void {
    const foreign = [...nodes].filter(([, { kind = '' }]) => ![...linuxKinds, ...switchKinds, 'host'].includes(kind))
    if (foreign.length === 0) return
    const shown = foreign.slice(0, 4).map(([name, { kind }]) => `${name} (${kind})`)
    throw new VethlabError('import.unsupported', `needs systems that are not Linux: ${shown.join(', ')}`, {
      place: this.#place(1),
      cure: 'Only nodes of kind linux and bridge can be hosts of a rack.',
    })
  }

  #segments(topology: Topology, nodes: Map<string, Node>, hosts: string[]): Segment[] {
    const lans = new Names()
    const bridges = new Map<string, Segment>()
    const segments: Segment[] = []
    const attached = hosts.filter((name) => !['none', 'host'].includes(nodes.get(name)!['network-mode'] ?? ''))
    const managed = attached.filter((name) => !(nodes.get(name)!['network-mode'] ?? '').startsWith('container:'))
    if (managed.length > 0) {
      segments.push({
        name: lans.of('mgmt'),
        ends: managed.map((name) => ({ host: this.#hosts.of(name), interface: 'eth0' })),
      })
    }
    for (const [at, link] of (topology.topology.links ?? []).entries()) {
      const ends = endsOf(link)
      const known = ends.filter(({ node }) => hosts.includes(node))
      const bridge = ends.find(({ node }) => switchKinds.includes(nodes.get(node)?.kind ?? ''))
      for (const { node } of ends) {
        if (special.includes(node) || nodes.get(node)?.kind === 'host')
          this.#note('lost', 0, `link ${at + 1} leads to the machine (${node}): a rack has no way there`)
        else if (!nodes.has(node)) this.#note('suspicious', 0, `link ${at + 1} names ${node}, which is no node`)
      }
      if (known.length === 0) continue
      const legs = known.map(({ node, interface: name }) => ({ host: this.#hosts.of(node), interface: name }))
      if (bridge) {
        const segment = bridges.get(bridge.node) ?? { name: lans.of(bridge.node), ends: [] }
        if (!bridges.has(bridge.node)) segments.push(segment)
        bridges.set(bridge.node, segment)
        segment.ends.push(...legs)
        continue
      }
      const mtu = link.mtu
      if (mtu !== undefined && mtu > mostMtu)
        this.#note('differs', 0, `link ${at + 1} has an MTU of ${mtu}: ${mostMtu} here`)
      segments.push({
        name: lans.of(known.map(({ node }) => node).join('-')),
        ends: legs,
        ...(mtu === undefined ? {} : { mtu: Math.max(1280, Math.min(mtu, mostMtu)) }),
      })
    }
    return segments
  }

  #setup(
    { mgmt }: Topology,
    name: string,
    node: Node,
    legs: { name: string; mac?: string; addresses: string[] }[],
  ): string {
    const parts = [bareInterfaces(legs.map((leg) => leg.name))]
    const management = node['mgmt-ipv4']
    if (management !== undefined && /^[\d.]+$/.test(management)) {
      const prefix = /\/(\d+)$/.exec(mgmt?.['ipv4-subnet'] ?? '')?.[1] ?? '24'
      parts.push(bareInterfaces(['eth0']), `ip addr add ${management}/${prefix} dev eth0`)
    }
    for (const { name: leg, mac, addresses } of legs) {
      if (mac !== undefined && /^[0-9a-fA-F:]{17}$/.test(mac)) parts.push(`ip link set dev ${leg} address ${mac}`)
      for (const address of addresses)
        if (/^[0-9a-fA-F.:/]+$/.test(address)) parts.push(`ip addr add ${address} dev ${leg}`)
    }
    for (const [key, value] of Object.entries(node.sysctls ?? {})) {
      if (/^net\.[\w.-]+$/.test(key) && /^[\w ]+$/.test(value)) parts.push(`sysctl -qw '${key}=${value}' || true`)
    }
    for (const [key, value] of Object.entries(node.env ?? {})) {
      if (/^[A-Za-z_]\w*$/.test(key) && value !== null) parts.push(`export ${key}=${quoted(value)}`)
    }
    const commands = (node.exec ?? []).map((text) => text.replaceAll('$$', '$'))
    this.#notes.push(
      ...needsOf(commands.join('\n'), this.#file, 0, this.context.images).map((note) => ({
        ...note,
        line: 0,
        what: `${name}: ${note.what}`,
      })),
    )
    if (commands.length > 0) parts.push('set +e', ...commands.map(withoutShell), 'true')
    return parts.filter((part) => part !== '').join('\n')
  }

  async #binds(name: string, { binds = [] }: Node): Promise<DraftFile[]> {
    const files: DraftFile[] = []
    for (const bind of binds) {
      const [from = '', to = ''] = bind.replaceAll('__clabNodeName__', name).split(':')
      if (from.startsWith('/') || from.startsWith('~') || from.includes('..') || !to.startsWith('/')) {
        this.#note('lost', 0, `${name}: ${bind} is no file of this folder`)
        continue
      }
      const path = posix.normalize(from)
      const one = this.folder.file(path)
      const found = one ? [{ ...one, rest: '' }] : this.folder.below(path)
      if (found.length === 0) this.#note('suspicious', 0, `${name}: ${from} is not there`)
      for (const file of found)
        files.push({
          host: this.#hosts.of(name),
          target: posix.join(to, file.rest),
          content: (await this.folder.bytes(file.path))!,
          mode: file.isExecutable ? 0o755 : 0o644,
        })
    }
    return files
  }

  #remarks(name: string, node: Node): void {
    if (node.image !== undefined)
      this.#note(
        'differs',
        0,
        `${name} is the image ${node.image}: it is a plain Debian host here, with the tools of lab hosts`,
      )
    if (node.cmd !== undefined || node.entrypoint !== undefined)
      this.#note('lost', 0, `${name} runs ${(node.entrypoint ?? node.cmd)!.slice(0, 60)} as its first process`)
    if (node.ports) this.#note('lost', 0, `${name} publishes ports on the machine`)
    if ((node['network-mode'] ?? '').startsWith('container:'))
      this.#note(
        'lost',
        0,
        `${name} shares the network namespace of ${node['network-mode']!.slice(10)}: it has its own here`,
      )
    if (node['startup-config'] !== undefined) this.#note('lost', 0, `${name} has a configuration to start with`)
  }
}

/** A node with what it inherits: defaults, then its kind, then its group, then its own. */
function nodeOf({ topology }: Topology, name: string): Node {
  const own = topology.nodes[name] ?? {}
  const defaults = topology.defaults ?? {}
  const group = topology.groups?.[own.group ?? defaults.group ?? ''] ?? {}
  const kind = own.kind ?? group.kind ?? defaults.kind ?? ''
  const ofKind = topology.kinds?.[kind] ?? {}
  const layers = [defaults, ofKind, group, own]
  const merged: Node = Object.assign({}, ...layers)
  const env = Object.assign({}, ...layers.map((layer) => layer.env ?? {})) as Node['env']
  const binds = layers.flatMap((layer) => layer.binds ?? [])
  return { ...merged, ...(kind === '' ? {} : { kind }), ...(env ? { env } : {}), binds }
}

interface LinkEnd {
  node: string
  interface: string
  mac?: string
  addresses: string[]
}

function endsOf({ endpoints, endpoint }: Link): LinkEnd[] {
  return [...(endpoints ?? []), ...(endpoint === undefined ? [] : [endpoint])].map((end) => {
    if (typeof end === 'string') {
      const at = end.indexOf(':')
      return { node: end.slice(0, at), interface: end.slice(at + 1), addresses: [] }
    }
    return {
      node: end.node,
      interface: end.interface,
      addresses: [end.ipv4, end.ipv6].filter((one) => one !== undefined),
      ...(end.mac === undefined ? {} : { mac: end.mac }),
    }
  })
}

/** `${NAME:=default}` and `${NAME:-default}`: here nobody's environment counts, so that it is the default. */
function expandVariables(text: string): string {
  return text.replace(/\$\{[A-Za-z_]\w*(?::?[=-]([^}]*))?\}/g, (_, fallback: string | undefined) => fallback ?? '')
}

/** `exec` is run without a shell: words in it mean themselves. */
function withoutShell(command: string): string {
  const words = parse(command, (name) => `$${name}`)
  return words
    .map((word) =>
      typeof word === 'string'
        ? quoted(word)
        : 'op' in word && word.op === 'glob'
          ? quoted(word.pattern)
          : 'op' in word
            ? quoted(word.op)
            : '',
    )
    .join(' ')
}

function quoted(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
