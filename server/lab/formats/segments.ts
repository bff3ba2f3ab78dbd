import { VethlabError } from '../../error/vethlab-error.js'
import { defaultRackLimits, type TopologyInput } from '../../racks/topology.js'
import type { DraftStep } from './draft.js'

/** One end of a segment. */
export interface SegmentEnd {
  host: string
  /** Interface within the host. */
  interface: string
}

/** A layer-2 segment of a package: its addresses are the business of the hosts' own scripts. */
export interface Segment {
  name: string
  ends: SegmentEnd[]
  mtu?: number
}

/**
 * Hosts on segments as a topology. Each segment has a neutral network of its own, which set-ups take off the interfaces again, since two
 * segments that a bridge joins may have addresses of one network.
 * @throws VethlabError import.unsupported where they are too many
 */
export function topologyOf(hosts: readonly string[], segments: readonly Segment[], place: string): TopologyInput {
  requireRoom(hosts.length, 'hosts', place)
  const { lans } = defaultRackLimits
  if (segments.length > lans)
    throw tooMany(`has ${segments.length} segments, and a rack has at most ${lans} LANs`, place)
  return {
    hosts: Object.fromEntries(hosts.map((host) => [host, 'plain' as const])),
    lans: Object.fromEntries(
      segments.map(({ name, ends, mtu }, n) => [
        name,
        {
          subnet: `10.99.${n}.0/24`,
          ...(mtu === undefined ? {} : { mtu }),
          at: Object.fromEntries(
            ends.map((end, at) => [end.host, { address: `.${at + 11}`, interface: end.interface }]),
          ),
        },
      ]),
    ),
  }
}

/** @param what the package calls them @throws VethlabError import.unsupported where they are more hosts than a rack has */
export function requireRoom(count: number, what: string, place: string): void {
  const { hosts } = defaultRackLimits
  if (count > hosts) throw tooMany(`has ${count} ${what}, and a rack has at most ${hosts}`, place)
}

function tooMany(what: string, place: string): VethlabError {
  return new VethlabError('import.unsupported', what, { place, cure: 'Make a smaller lab of a part of it by hand.' })
}

/** The only step of a package that has no text. @param introduction before its blocks, a paragraph */
export function lookAround(hosts: readonly string[], introduction = ''): DraftStep {
  const blocks = hosts.map((host) => `\`\`\`bash run ${host}\nip -brief address; ip route\n\`\`\`\n`)
  const markdown = [...(introduction === '' ? [] : [introduction, '']), ...blocks].join('\n')
  return { id: 'look', heading: 'Look around', markdown, solution: [], hints: [] }
}

/** Shell text that takes what the rack gave off a host's interfaces, so that the package's own scripts begin with bare ones. */
export function bareInterfaces(interfaces: readonly string[]): string {
  return interfaces.map((name) => `ip addr flush dev ${name} scope global`).join('\n')
}

/** Names as hosts and LANs have them, unlike each other: lower-case letters, digits and "-", at most 32. */
export class Names {
  readonly #given = new Map<string, string>()

  of(name: string): string {
    const known = this.#given.get(name)
    if (known !== undefined) return known
    const base =
      name
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .replace(/^[^a-z]+/, (lead) => (/\d/.test(lead) ? `n${lead.replace(/-/g, '')}` : ''))
        .slice(0, 28)
        .replace(/-+$/, '') || 'n'
    const taken = [...this.#given.values()]
    let free = base
    for (let n = 2; taken.includes(free); n++) free = `${base}-${n}`
    this.#given.set(name, free)
    return free
  }

  /** Those that had to be changed. */
  get changed(): [from: string, to: string][] {
    return [...this.#given].filter(([from, to]) => from !== to)
  }
}
