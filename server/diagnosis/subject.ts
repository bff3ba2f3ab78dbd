import type { Attempt } from '../cause/attempt.js'
import type { CauseCode } from '../cause/cause.js'
import { causeOf } from '../cause/causes.js'
import type { Failure } from '../cause/unknown.js'
import type { ProbeAnswer, ProbeRequest } from '../network/question.js'
import type { Container, HostState, Link, NetworkState } from '../network/state.js'
import { ask } from '../place/ask.js'
import type { Asking, Ground } from '../place/ground.js'
import type { LivePlace, Place } from '../place/place.js'
import { Unanswerable } from '../place/unanswerable.js'
import type { Text } from '../wording/text.js'

/** Whom a diagnosis is about, and what it stands on. */
export interface Subject<P extends Place = LivePlace> {
  ground: Ground
  /** As captured once, at the beginning. */
  state: NetworkState
  home: string
  place: P & { container: Container }
  /** Ends with the diagnosis, or when its time is over. */
  signal: AbortSignal
}

/** How long one answer is waited for: in a rack it comes within some milliseconds. */
const patienceMs = 1000

/** A question from a place of the rack. What could not be asked in time is an `error`, like what could not be asked. */
export async function put(
  { ground, signal }: Pick<Subject, 'ground' | 'signal'>,
  place: LivePlace,
  question: ProbeRequest,
): Promise<ProbeAnswer> {
  const started = performance.now()
  try {
    return await within(signal, ask(place, { timeoutMs: patienceMs, ...question }, { probe: ground, signal }))
  } catch (error) {
    const detail = error instanceof Unanswerable ? error.why.en : signal.aborted ? 'out of time' : undefined
    if (detail === undefined) throw error
    return { outcome: 'error', detail, durationMs: performance.now() - started }
  }
}

/** For questions that are put together of several, such as what a name resolves to. */
export function contextOf({ ground, state, home, signal }: Omit<Subject, 'place'>): Asking {
  return { probe: ground, state, home, signal }
}

/** Waits no longer than the signal allows. @throws Error when that aborts first */
export async function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let end: (() => void) | undefined
  const ended = new Promise<never>((_, reject) => {
    end = () => reject(new Error('out of time'))
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
  try {
    return await Promise.race([work, ended])
  } finally {
    if (end) signal.removeEventListener('abort', end)
  }
}

/** How a trace is asked for it: with its host, since names are unique within one host only. */
export function referenceOf(place: Place): string {
  return place.container ? `${place.host.name}/${place.container.name}` : place.host.name
}

/**
 * Why somebody is not reached by the state, as a trace would find it: for a finding, before or without a trace. Where the state does not
 * tell, nothing is said.
 */
export function because(
  { state, home }: Pick<Subject, 'state' | 'home'>,
  attempt: Omit<Attempt, 'state' | 'home'>,
  failure: Failure = 'silent',
): { because: { why: Text; cause: CauseCode } | Record<string, never>; evidence: string[]; tries: Text[] } {
  const { code, what, evidence, tries } = causeOf({ state, home, ...attempt }, failure)
  if (code === 'unknown') return { because: {}, evidence, tries: [] }
  return { because: { why: what, cause: code }, evidence, tries }
}

/** Of the links by which hosts are on LANs, or on one LAN, the one with the smallest MTU. */
export function narrowestLan(hosts: HostState[], lan?: string): { host: string; link: Link } | undefined {
  return hosts
    .flatMap((host) => (host.namespaces[0]?.links ?? []).map((link) => ({ host: host.name, link })))
    .filter(({ link }) => (lan === undefined ? link.lan !== undefined : link.lan === lan))
    .toSorted((a, b) => a.link.mtu - b.link.mtu)[0]
}
