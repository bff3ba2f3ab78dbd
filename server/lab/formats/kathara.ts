import { posix } from 'node:path'
import { VethlabError } from '../../error/vethlab-error.js'
import { counted, type Draft, type DraftFile, type Note } from './draft.js'
import type { ForeignFile, ForeignFolder } from './foreign-folder.js'
import type { Format, FormatContext } from './format.js'
import { needsOf } from './needs.js'
import { bareInterfaces, lookAround, Names, type Segment, topologyOf } from './segments.js'

/** Labs of Kathará and Netkit: `lab.conf` says which device is on which collision domain, `DEVICE.startup` gives addresses (kathara-lab.conf(5)). */
export const kathara: Format = {
  name: 'Kathará lab',
  recognises: (folder) => folder.has('lab.conf'),
  read: (folder, context) => new KatharaReader(folder, context).read(),
}

interface Device {
  name: string
  /** Collision domains by number of interface. */
  interfaces: { number: number; domain: string; mac?: string }[]
  options: { key: string; value: string; line: number }[]
}

const line = /^\s*([A-Za-z0-9_.-]+)\s*\[\s*([^\]]+?)\s*\]\s*=\s*(.*?)\s*$/
const meta = /^\s*LAB_(NAME|DESCRIPTION|VERSION|AUTHOR|EMAIL|WEB)\s*=\s*(.*?)\s*$/

/** As Kathará sets them in every device: each forwards, and none looks where a packet should have come from. */
const settings = [
  ...['all', 'default', 'lo'].map((link) => `net.ipv4.conf.${link}.rp_filter=0`),
  'net.ipv4.ip_forward=1',
  'net.ipv6.conf.all.forwarding=1',
].map((setting) => `sysctl -qw ${setting} || true`)

class KatharaReader {
  readonly #notes: Note[] = []
  readonly #devices = new Map<string, Device>()
  readonly #meta: Record<string, string> = {}
  readonly #hosts = new Names()

  constructor(
    private readonly folder: ForeignFolder,
    private readonly context: FormatContext,
  ) {}

  async read(): Promise<Draft> {
    await this.#conf()
    for (const { path } of this.folder.files) {
      const startup = /^([^/]+)\.startup$/.exec(path)?.[1]
      if (startup !== undefined && startup !== 'shared') this.#device(startup)
    }
    const place = posix.join(this.folder.directory, 'lab.conf')
    if (this.#devices.size === 0)
      throw new VethlabError('import.invalid', 'names no device', { place, cure: 'Write `pc1[0]=A` and the like.' })
    this.#refuseExternal()
    const lans = new Names()
    const segments = new Map<string, Segment>()
    for (const { name, interfaces } of this.#devices.values()) {
      for (const { number, domain } of interfaces) {
        const segment = segments.get(domain) ?? { name: lans.of(domain), ends: [] }
        segments.set(domain, segment)
        if (segment.ends.some(({ host }) => host === this.#hosts.of(name)))
          this.#note('lost', 'lab.conf', 0, `${name} is on ${domain} twice: once here`)
        else segment.ends.push({ host: this.#hosts.of(name), interface: `eth${number}` })
      }
    }
    const hosts = [...this.#devices.keys()].map((name) => this.#hosts.of(name))
    const rack = topologyOf(hosts, [...segments.values()], place)
    const setup: Record<string, string> = {}
    for (const device of this.#devices.values()) setup[this.#hosts.of(device.name)] = await this.#setup(device)
    const files = await this.#files()
    for (const [from, to] of [...this.#hosts.changed, ...lans.changed])
      this.#note('differs', 'lab.conf', 0, `${from} is called ${to} here`)
    await this.#remarks()
    const title = this.#meta.NAME || posix.basename(this.folder.directory).replace(/^kathara-lab_/, '')
    const summary = this.#meta.DESCRIPTION || title
    this.#note('maps', 'lab.conf', 0, `${counted(hosts.length, 'device')} on ${counted(segments.size, 'segment')}`)
    this.#note('lost', 'lab.conf', 0, 'a Kathará lab has no text and no checks: write both')
    return {
      title,
      summary,
      level: 'intermediate',
      minutes: 30,
      rack,
      introduction: [
        summary,
        '',
        ...(this.#meta.AUTHOR ? [`By ${this.#meta.AUTHOR}.`, ''] : []),
        'Each device is a host with a terminal of its own. Addresses and routes are as its start-up script sets them.',
      ].join('\n'),
      steps: [lookAround(hosts, 'See what each device has:')],
      finish: '',
      setup,
      files,
      notes: this.#notes,
    }
  }

  #note(kind: Note['kind'], file: string, at: number, what: string): void {
    this.#notes.push({ kind, file, line: at, what })
  }

  #device(name: string): Device {
    const device = this.#devices.get(name) ?? { name, interfaces: [], options: [] }
    this.#devices.set(name, device)
    return device
  }

  async #conf(): Promise<void> {
    const text = (await this.folder.text('lab.conf')) ?? ''
    for (const [at, raw] of text.split('\n').entries()) {
      if (/^\s*(?:#|$)/.test(raw)) continue
      const said = meta.exec(raw)
      if (said) {
        this.#meta[said[1]!] = unquoted(said[2]!)
        continue
      }
      const found = line.exec(raw)
      if (!found) {
        this.#note('suspicious', 'lab.conf', at + 1, `means nothing: ${raw.trim().slice(0, 80)}`)
        continue
      }
      const [, name = '', key = '', written = ''] = found
      const value = unquoted(written)
      const device = this.#device(name)
      if (!/^\d+$/.test(key)) {
        device.options.push({ key, value, line: at + 1 })
        continue
      }
      const [domain = '', mac] = value.split('/')
      device.interfaces.push({ number: Number(key), domain, ...(mac === undefined ? {} : { mac }) })
    }
  }

  /** Segments that leave the lab would need the machine's own interfaces. */
  #refuseExternal(): void {
    if (!this.folder.has('lab.ext')) return
    throw new VethlabError('import.unsupported', "joins the lab to the machine's own interfaces", {
      place: posix.join(this.folder.directory, 'lab.ext'),
      cure: 'Remove lab.ext: a rack has no way to the networks of its machine.',
    })
  }

  async #setup({ name, interfaces, options }: Device): Promise<string> {
    const parts = [bareInterfaces(interfaces.map(({ number }) => `eth${number}`)), ...settings]
    for (const { number, mac } of interfaces) {
      if (mac !== undefined && /^[0-9a-fA-F:]{17}$/.test(mac)) parts.push(`ip link set dev eth${number} address ${mac}`)
    }
    for (const { key, value, line: at } of options) {
      if (key === 'sysctl' && /^net\.[\w.-]+=[\w ]+$/.test(value)) parts.push(`sysctl -qw '${value}' || true`)
      else if (key === 'exec') parts.push(value)
      else this.#option(name, key, value, at)
    }
    for (const file of ['shared.startup', `${name}.startup`]) {
      const text = await this.folder.text(file)
      if (text === undefined) continue
      this.#notes.push(...needsOf(text, file, 1, this.context.images))
      for (const [at, one] of text.split('\n').entries()) {
        const service = /(?:systemctl\s+(?:start|restart)\s+|\/etc\/init\.d\/|service\s+)(\S+)/.exec(one)?.[1]
        if (service !== undefined && !/^\s*#/.test(one))
          this.#note('lost', file, at + 1, `starts ${service.replace(/\s.*/, '')}, which lab hosts may not have`)
      }
      // A start-up script goes on where a command fails, as in its own home.
      parts.push(`set +e\n${text.trim()}\ntrue`)
    }
    return parts.filter((part) => part !== '').join('\n')
  }

  #option(device: string, key: string, value: string, at: number): void {
    if (key === 'image') {
      if (!/^kathara\/base\b/.test(value))
        this.#note(
          'lost',
          'lab.conf',
          at,
          `${device} is ${value}: it is a plain Debian host here, without that image's programs`,
        )
      return
    }
    const reasons: Record<string, [Note['kind'], string]> = {
      bridged: ['internet', 'has an interface to the internet; the rack has none'],
      port: ['lost', 'publishes a port on the machine: the page opens only what Docker publishes'],
      mem: ['lost', 'has a limit of memory: hosts here have their own'],
      cpus: ['lost', 'has a limit of processors'],
      num_terms: ['lost', 'opens several terminals: a click opens another one here'],
      ipv6: ['lost', 'says whether IPv6 is on: it is on here'],
    }
    const [kind, what] = reasons[key] ?? (['lost', `option ${key} means nothing here`] as const)
    this.#note(kind, 'lab.conf', at, `${device} ${what}`)
  }

  async #files(): Promise<DraftFile[]> {
    const files: DraftFile[] = []
    const add = async (file: ForeignFile & { rest: string }, device: string, root: string) => {
      files.push({
        host: this.#hosts.of(device),
        target: posix.join(root, file.rest),
        content: (await this.folder.bytes(file.path))!,
        mode: file.isExecutable ? 0o755 : 0o644,
      })
    }
    for (const device of this.#devices.keys()) {
      for (const file of this.folder.below(device)) await add(file, device, '/')
      for (const file of this.folder.below('shared')) await add(file, device, '/shared')
    }
    return files
  }

  async #remarks(): Promise<void> {
    for (const { path } of this.folder.files) {
      if (/\.shutdown$/.test(path)) this.#note('lost', path, 0, 'runs at the end: hosts are thrown away here')
    }
    if (this.folder.has('lab.dep'))
      this.#note('lost', 'lab.dep', 0, 'an order of starting: all hosts start at once here')
    if (this.folder.below('_test').length > 0)
      this.#note('lost', '_test', 0, 'expected results of `kathara ltest`: make checks of them')
  }
}

function unquoted(text: string): string {
  return text.replace(/\s+#.*$/, '').replace(/^(["'])(.*)\1$/, '$2')
}
