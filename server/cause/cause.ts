import type { Text } from '../wording/text.js'
import type { SeenTrail, Trail } from './trail.js'
import type { Unresolved } from './unresolved.js'

/** All that are told apart; anything else is `unknown`. The first twenty are those that docs/causes.md shows in full. */
export const causeCodes = [
  'name-on-default-bridge',
  'no-common-network',
  'internal-network',
  'isolated-bridges',
  'docker-user-drop',
  'input-policy',
  'port-not-listening',
  'listening-on-loopback',
  'published-elsewhere',
  'wrong-gateway',
  'forwarding-off',
  'no-masquerade',
  'duplicate-address',
  'mtu-too-large',
  'vxlan-blocked',
  'node-gone',
  'link-cut',
  'macvlan-host-to-child',
  'none-network',
  'icc-off',
  'rule-drop',
  'no-route',
  'unknown-name',
  'not-running',
  'no-such-address',
  'no-route-back',
  'left-behind',
  'hidden-by-subnet',
  'same-mac',
  'wrong-neighbour',
  'tunnel-source',
  'untranslated-answer',
  'unmade-port',
  'default-nameservers',
  'shared-name',
  'reverse-path',
  'full-queue',
  'bridge-port',
  'discipline',
  'no-task',
  'gossip-blocked',
  'ttl-exceeded',
  'proxy-arp',
  'neighbour-blocked',
  'paused',
  'hosts-entry',
  'astray',
  'offline',
  'kept-address',
  'no-reply',
  'wrong-protocol',
  'no-ipvs',
  'no-esp',
  'one-way-tracking',
  'ipv6-off',
  'connection-limit',
  'loopback-kept-in',
  'ping-ignored',
  'not-on-link',
  'unknown',
] as const
export type CauseCode = (typeof causeCodes)[number]

/** Why somebody is not reached. Plain data. */
export interface Cause {
  code: CauseCode
  /** What is wrong, in one sentence. */
  what: Text
  /** What shows it: rules, routes, sockets, packets; one line each. */
  evidence: string[]
  /** What to try. Commands within backticks. */
  tries: Text[]
}

/** Where a cause can come up. `state`: from a capture alone; `sight`: from a packet that was watched. */
export type View = 'state' | 'sight' | 'check' | 'diagnose' | 'netdiag'
export const views: readonly View[] = ['state', 'sight', 'check', 'diagnose', 'netdiag']

/** One cause: how it is found, and how it is said. `Found` is plain data: names, addresses, lines of evidence. */
interface Definition<Found> {
  code: CauseCode
  /** From the state, and the way that a packet would take by it. */
  byState?(trail: Trail): Found | undefined
  /** From where a packet was seen. */
  bySight?(trail: SeenTrail): Found | undefined
  /** Where a name led nowhere. */
  byName?(unresolved: Unresolved): Found | undefined
  say(found: Found): Omit<Cause, 'code'>
  /** For docs/causes.md: what was found where `broken` was done to real hosts, and `asked` was asked of a trace. */
  example: Found
  broken: string
  asked?: string
  /** Where it is not visible, and why not. */
  hidden?: Partial<Record<View, string>>
  /** Why the same can't be with IPv6, or is another cause there. */
  onlyIp4?: string
}

/** A cause, ready to be looked for. */
export interface CauseKind {
  code: CauseCode
  byState?(trail: Trail): Cause | undefined
  bySight?(trail: SeenTrail): Cause | undefined
  byName?(unresolved: Unresolved): Cause | undefined
  example: Cause
  broken: string
  asked?: string
  hidden: Partial<Record<View, string>>
  onlyIp4?: string
}

export function define<Found>({
  code,
  byState,
  bySight,
  byName,
  say,
  example,
  broken,
  asked,
  hidden = {},
  onlyIp4,
}: Definition<Found>): CauseKind & { tell(found: Found): Cause } {
  const tell = (found: Found): Cause => ({ code, ...say(found) })
  const telling =
    <From>(find: (from: From) => Found | undefined) =>
    (from: From): Cause | undefined => {
      const found = find(from)
      return found === undefined ? undefined : tell(found)
    }
  return {
    code,
    tell,
    ...(byState ? { byState: telling(byState) } : {}),
    ...(bySight ? { bySight: telling(bySight) } : {}),
    ...(byName ? { byName: telling(byName) } : {}),
    example: tell(example),
    broken,
    ...(asked === undefined ? {} : { asked }),
    hidden,
    ...(onlyIp4 === undefined ? {} : { onlyIp4 }),
  }
}
