import type { Judgement } from '../network/filter.js'
import type { RuleHit } from '../network/observation.js'
import type { NetworkState, Rule } from '../network/state.js'
import { type LivePlace, placeAt } from '../place/place.js'
import { chainOf, ruleOf, writeHit } from './rule-text.js'
import { isQueued } from './seen.js'

/** What netfilter ended: as it was seen, or as the rules of the state decide. */
export interface Drop {
  host: string
  /** Whose rules they are; missing in a namespace that came after the capture. */
  place?: LivePlace
  family: string
  table: string
  chain: string
  /** Of base chains. */
  hook?: string
  /** Whether it was the policy of a base chain that decided. */
  policy: boolean
  rejects: boolean
  /** It was handed to a program by a queue (NFQUEUE), and nothing came back. */
  queued?: true
  rule?: Rule
  /** The rule or the policy in iptables' words, as a line of evidence. */
  shown: string
  inLink?: string
  outLink?: string
  role: 'request' | 'reply'
}

export function dropSeen(hit: RuleHit, state: NetworkState): Drop {
  const { host, namespace, family, table, chain, policy, inLink, outLink, role } = hit
  const place = placeAt(state, host, namespace)
  const rule = ruleOf(hit, state)
  const hook = chainOf(hit, state)?.hook
  return {
    ...{ host, family, table, chain, policy, role },
    ...(place ? { place } : {}),
    ...(hook === undefined ? {} : { hook }),
    rejects: /reject/i.test(`${hit.verdict} ${hit.rule ?? ''}`),
    ...(isQueued(hit) ? { queued: true as const } : {}),
    ...(rule ? { rule } : {}),
    shown: writeHit(hit, state),
    ...(inLink === undefined ? {} : { inLink }),
    ...(outLink === undefined ? {} : { outLink }),
  }
}

/** Where a packet would be dropped. */
export interface Foreseen {
  place: LivePlace
  hook: string
  judgement: Judgement
  in: string
  out: string
}

export function dropForeseen({ place, hook, judgement: { rule, chain }, in: inLink, out: outLink }: Foreseen): Drop {
  const { family, table, name } = chain!
  return {
    host: place.host.name,
    place,
    ...{ family, table, chain: name, hook },
    policy: rule === undefined,
    rejects: rule?.target === 'REJECT',
    ...(rule ? { rule } : {}),
    shown: `${place.host.name}: ${table}: ${rule?.text ?? `-P ${name} DROP`}`,
    ...(inLink === '' ? {} : { inLink }),
    ...(outLink === '' ? {} : { outLink }),
    role: 'request',
  }
}
