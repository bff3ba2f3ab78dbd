import { type Case, destinationOf, stageOf } from '../cause/case.js'
import type { Cause } from '../cause/cause.js'
import { causeOfName, causeSeen } from '../cause/causes.js'
import { claimOf } from '../cause/duplicate-address.js'
import { hostsEntryCause } from '../cause/hosts-entry.js'
import { mtuCause, vxlanOverhead } from '../cause/mtu-too-large.js'
import { namedElsewhere } from '../cause/no-common-network.js'
import { notRunningCause } from '../cause/not-running.js'
import { writePacket } from '../cause/packet-text.js'
import { pausedCause } from '../cause/paused.js'
import type { Seen } from '../cause/seen.js'
import { sharedNameCause, sharersOf } from '../cause/shared-name.js'
import { listening } from '../cause/sockets.js'
import { publishedShown } from '../map/draw-ports.js'
import { holds, isLoopback, sameAddress } from '../network/addresses.js'
import { ownsAddress } from '../network/own-address.js'
import { leadsNowhere, outLink, routeFor } from '../network/routing.js'
import type { NetworkState } from '../network/state.js'
import type { Ground } from '../place/ground.js'
import { briefMs, resolveName } from '../place/name-resolution.js'
import { hostPlace, isInHostNamespace, isLive, type LivePlace, ownNamespace } from '../place/place.js'
import type { TraceQuestion } from '../place/question.js'
import { engineOf, find } from '../place/reference.js'
import { servicesOf } from '../place/swarm-manager.js'
import { publisherAt } from '../place/target.js'
import { Unanswerable } from '../place/unanswerable.js'
import type { Text } from '../wording/text.js'
import { bare, cleanText, code, codes } from '../wording/wording.js'
import { withEnd } from './closing-hop.js'
import { senderNamed, type Target, targetOf } from './ends.js'
import { lastNeighbourHop, neighbourHop, routeHop } from './first-hops.js'
import { nameHop } from './name-hop.js'
import { reachedOf } from './reached.js'
import { answerMs, contextOf, type Run, send, shown, stopped, type Told } from './run.js'
import type { Hop, Reached, TraceStory } from './story.js'
import { withTalk } from './talk.js'
import { walk } from './walk.js'

/** A large one takes about as long as a small one, which was answered: so much is added to some times that. */
const largeAnswerMs = 300
const timesSmall = 20
/** A name may have many addresses; a packet to each of them takes its time. */
const mostAddresses = 3
/** The largest that can be sent (TracedPacket). */
const largestPacket = 9216

export interface TraceOptions {
  signal?: AbortSignal
  /** The rack as whoever asks has just captured it; without it, it is captured. */
  state?: NetworkState
  /** Of the addresses of a name the first alone is tried, as most programs do. */
  firstAddressOnly?: boolean
}

/**
 * Sends real packets from one place of a rack to another, watches where they go, and tells it hop by hop; where they stop, with
 * the cause. What can't be looked into is a story with the outcome `error`.
 * @throws the signal's reason when it aborts; VethlabError of the rack
 */
export async function traceStory(
  ground: Ground,
  question: TraceQuestion,
  { signal = new AbortController().signal, state, firstAddressOnly = false }: TraceOptions = {},
): Promise<TraceStory> {
  const started = performance.now()
  const { from, to, port } = question
  const protocol = question.protocol ?? (port === undefined ? 'icmp' : 'tcp')
  const told = await tell(ground, { ...question, protocol }, { signal, state, firstAddressOnly }).catch(
    (error: unknown): Told => {
      signal.throwIfAborted()
      if (!(error instanceof Unanswerable)) throw error
      return { outcome: 'error', summary: error.why, hops: [] }
    },
  )
  return clean({
    from,
    to,
    protocol,
    ...(port === undefined ? {} : { port }),
    ...told,
    durationMs: Math.round(performance.now() - started),
  })
}

async function tell(
  ground: Ground,
  question: TraceQuestion & { protocol: 'icmp' | 'tcp' | 'udp' },
  {
    signal,
    state: given,
    firstAddressOnly,
  }: { signal: AbortSignal; state: NetworkState | undefined; firstAddressOnly: boolean },
): Promise<Told> {
  const { protocol, port } = question
  if (protocol !== 'icmp' && port === undefined) {
    throw new Unanswerable('trace.no-port', { en: `${protocol} needs a port`, zh: `${protocol} 需要端口` })
  }
  const state = given ?? (await ground.capture())
  signal.throwIfAborted()
  const told = await tellIn({ ground, state, question, protocol, signal }, firstAddressOnly)
  return withSilentEngines(told, question, state)
}

/** Where an Engine does not answer, as while it restarts, its containers and ports may be gone for the moment. */
function withSilentEngines(told: Told, { from, to, home }: TraceQuestion, state: NetworkState): Told {
  if (told.outcome !== 'stopped') return told
  const named = [from, to].map((end) => hostOf(end, state) ?? home)
  const addressed = state.hosts.filter(({ namespaces }) => namespaces[0] && ownsAddress(namespaces[0], to))
  const silent = state.hosts.find(
    (host) => host.kind === 'docker' && !host.engine && (named.includes(host.name) || addressed.includes(host)),
  )
  if (!silent) return told
  try {
    engineOf(silent)
  } catch (error) {
    if (!(error instanceof Unanswerable)) throw error
    const { en, zh } = error.why
    return { ...told, summary: { en: `${told.summary.en}; ${en}`, zh: `${told.summary.zh}；${zh}` } }
  }
  return told
}

/** The host that a reference names, as `node2` and `node2/web` do. */
function hostOf(reference: string, { hosts }: NetworkState): string | undefined {
  return hosts.find(({ name }) => name === reference.split('/')[0])?.name
}

async function tellIn(run: Run, firstAddressOnly: boolean): Promise<Told> {
  const { question, state } = run
  const from = senderNamed(question, state)
  if (!isLive(from)) return stopped(question, [], notRunningCause(from, question.home))
  const target = targetOf(question, from, state)
  const hops: Hop[] = []
  let addresses = target.addresses
  let begun: Begun | undefined
  if (target.name !== undefined) {
    const { name, place } = target
    // Whoever is no container's name is told of by its address: no container's DNS server knows the hosts of a rack.
    const isHost = place !== undefined && (!place.container || isInHostNamespace(place))
    const goesOn = question.by !== 'name' && addresses.length > 0 && (isHost || isInHostNamespace(from))
    // A container's server asks others for such a name, and may wait long for them: nobody needs that, since its address is known, and
    // meanwhile the packet is sent. What is said to a program waits until it is known to be the one.
    if (goesOn && isHost && isLive(place) && !question.speaks) begun = begin(run, from, place, addresses[0]!)
    const isBrief = goesOn && isHost
    const found = await resolveName(from, name, contextOf(run), undefined, isBrief ? [briefMs] : undefined)
    hops.push(nameHop(from, name, found, { goesOn, isBrief, service: serviceNamed(name, run) }))
    if (found.length === 0 && !goesOn) {
      const meant = place ? { meant: place } : {}
      return stopped(question, hops, causeOfName({ state, home: question.home, from, name, ...meant }))
    }
    if (found.length > 0) addresses = found
  }
  if (target.place && !isLive(target.place))
    return stopped(question, hops, notRunningCause(target.place, question.home))
  if (addresses.length === 0) return stopped(question, hops, noAddress(run, from, target.place as LivePlace))
  return toAddresses(run, from, target, firstAddressOnly ? addresses.slice(0, 1) : addresses, hops, begun)
}

/** A packet that is on its way before it is known that its address is the one. */
interface Begun {
  address: string
  told: Promise<Told>
}

function begin(run: Run, from: LivePlace, meant: LivePlace, address: string): Begun {
  const told = toAddress(run, from, meant, address)
  // Whoever waits for it is told; nobody may.
  told.catch(() => {})
  return { address, told }
}

/** The service that a name means, by itself or for its tasks; a container that is called so comes first. */
function serviceNamed(name: string, { state, question: { home } }: Run) {
  const isTaken = state.hosts.some(({ engine }) => engine?.containers.some((one) => one.name === name))
  const own = isTaken ? [] : servicesOf(state, home)
  return own.find(({ service }) => service.name === name || `tasks.${service.name}` === name)?.service
}

/** Of several addresses, the first that fails is what matters. */
async function toAddresses(
  run: Run,
  from: LivePlace,
  { name, place: meant }: Target,
  addresses: string[],
  before: Hop[],
  begun?: Begun,
): Promise<Told> {
  // By reference the first is the best; by name any of them may be taken.
  const tried = before.length > 0 ? usable(from, addresses).slice(0, mostAddresses) : addresses.slice(0, 1)
  const sharers = name === undefined || before.length === 0 ? [] : sharersOf(name, from, run.state)
  let first: Told | undefined
  let failed: { address: string; told: Told } | undefined
  let aside: { address: string; told: Told } | undefined
  for (const address of tried) {
    const told = await (begun && sameAddress(begun.address, address)
      ? begun.told
      : toAddress(run, from, meantAt(address, meant, sharers, run), address))
    const whole = { ...told, hops: [...before, ...told.hops] }
    if (told.outcome === 'answered') first ??= whole
    else if (first && isPreferred(tried[0]!, address)) aside ??= { address, told: whole }
    else failed ??= { address, told: whole }
    // Several of one name: what became of the others tells whether it is the name that matters.
    if (failed && (sharers.length === 0 || first)) break
  }
  const cause = failed?.told.cause
  if (failed && cause && name !== undefined && before.length > 0 && isLive(meant)) {
    const entry = hostsEntryCause(from, name, meant, failed.address, cause)
    const led = entry ?? (sharers.length === 0 ? namedElsewhere(from, name, meant, failed.address, cause) : undefined)
    if (led) return { ...failed.told, cause: led }
  }
  if (!failed) return withAside(sharers.length === 0 ? first! : withSharers(first!, name!, sharers), aside)
  if (!first || !cause || sharers.length === 0) return failed.told
  return { ...failed.told, cause: sharedNameCause(name!, sharers, failed.address, cause) }
}

/** Whether programs take the one before the other: IPv4 goes before local addresses of IPv6 (RFC 6724, 2.1), and they end with what answers. */
function isPreferred(first: string, other: string): boolean {
  return !first.includes(':') && holds('fc00::/7', other)
}

/** Answered, and by another of its addresses it would not be. */
function withAside(told: Told, aside: { address: string; told: Told } | undefined): Told {
  if (!aside) return told
  const [other, why] = [code(aside.address), aside.told.cause?.what]
  const because = why ? { en: `: ${why.en}`, zh: `：${why.zh}` } : { en: '', zh: '' }
  return {
    ...told,
    summary: {
      en: `${told.summary.en}; by IPv6, at ${other}, it would get no answer${because.en}`,
      zh: `${told.summary.zh}；改用 IPv6（${other}）则得不到应答${because.zh}`,
    },
  }
}

/** Programs leave out addresses that no route leads to, as IPv6 where there is none, as long as there is another (RFC 6724, 5, rule 1). */
function usable(from: LivePlace, addresses: string[]): string[] {
  const led = addresses.filter((address) => isLoopback(address) || !leadsNowhere(routeFor(from.namespace, address)))
  return led.length > 0 ? led : addresses
}

/** Whom the name means, where it means several: whoever has the address. */
function meantAt(
  address: string,
  meant: Case['meant'],
  sharers: ReturnType<typeof sharersOf>,
  { state, question }: Run,
): Case['meant'] {
  const label = sharers.find((one) => one.address === address)?.label
  return label === undefined ? meant : find(label, state, question.home)
}

/** Answered this time, by one of several. */
function withSharers(told: Told, name: string, sharers: ReturnType<typeof sharersOf>): Told {
  const [what, list] = [code(name), codes(sharers.map(({ label }) => label))]
  return {
    ...told,
    summary: {
      en: `${told.summary.en}; but ${what} is the name of several containers, ${list.en}, and requests come to each of them in turn`,
      zh: `${told.summary.zh}；不过 ${what} 是多个容器共用的名字：${list.zh}，请求会轮流落到它们身上`,
    },
  }
}

async function toAddress(run: Run, from: LivePlace, meant: Case['meant'], address: string): Promise<Told> {
  const one = await send(run, from, meant, address, {
    protocol: run.protocol,
    ...(run.question.port === undefined ? {} : { port: run.question.port }),
    timeoutMs: answerMs,
  })
  const told = await toldOf(run, one)
  const whole = run.question.speaks && told.outcome === 'answered' ? await withTalk(run, one, told) : told
  return { ...whole, reached: reachedOf(one) }
}

async function toldOf(run: Run, one: Case): Promise<Told> {
  const { from } = one
  const { observation } = one.seen
  const hops = [routeHop(one), ...neighbourHop(one), ...walk(one), ...lastNeighbourHop(one)]
  if (observation.outcome === 'error') {
    const detail = bare(observation.detail, 200)
    return {
      outcome: 'error',
      summary: {
        en: `the packet could not be sent from ${code(from.label)}: ${detail}`,
        zh: `无法从 ${code(from.label)} 发出数据包：${detail}`,
      },
      hops,
    }
  }
  if (observation.outcome === 'too-long') {
    const cause = mtuCause(one, one.seen, sizeFrom(one))
    return stopped(run.question, withEnd(hops, one), cause ?? causeSeen(one))
  }
  if (stageOf(one) !== 'returned') return unanswered(run, one, hops)
  const stranger = answeredByAnother(one)
  if (stranger) return stopped(run.question, withEnd(hops, one), stranger)
  const halted = haltedBy(one)
  if (halted) return stopped(run.question, withEnd(hops, one), halted)
  return (await throughProxy(run, one, hops)) ?? (await withLarge(run, one, hops))
}

function unanswered(run: Run, one: Case, hops: Hop[]): Told {
  const cause = causeSeen(one)
  if (!isDelivered(one, cause)) return stopped(run.question, withEnd(hops, one), cause)
  return {
    outcome: 'error',
    summary: {
      en: `the datagram was delivered to ${code(one.seen.arrived!.place?.label ?? one.address)}, and nothing came back: UDP asks for no answer, so that says nothing`,
      zh: `数据报已送达 ${code(one.seen.arrived!.place?.label ?? one.address)}，没有任何回复：UDP 不要求应答，所以这说明不了什么`,
    },
    hops: withEnd(hops, one),
  }
}

/**
 * UDP promises no answer: where a program waits, nothing says that anything is wrong, as long as the datagram came to the one who
 * was meant. What would keep an answer from coming back is no reason either: none was sent.
 */
function isDelivered(one: Case, cause: Cause): boolean {
  const there = one.seen.arrived
  if (one.protocol !== 'udp' || stageOf(one) !== 'silent' || !there) return false
  if (cause.code === 'unknown') return true
  const { address, port } = destinationOf(one)
  const astray: readonly Cause['code'][] = ['duplicate-address', 'same-mac', 'wrong-neighbour']
  if (!there.place || port === undefined || astray.includes(cause.code)) return false
  return listening(there.place, 'udp', port, address).length > 0
}

/** Somebody answered who is not meant: two have the address. */
function answeredByAnother(one: Case): Cause | undefined {
  const there = one.seen.arrived?.place
  const meant = one.meant?.namespace
  if (!there || !meant || there.namespace.id === meant.id) return undefined
  return sameAddress(destinationOf(one).address, one.address)
    ? claimOf(one.address, { state: one.state, asked: one.seen.questions })
    : undefined
}

/** A connection was taken by the kernel of one whose programs stand still. */
function haltedBy({ protocol, seen }: Case): Cause | undefined {
  return protocol === 'icmp' ? undefined : pausedCause(seen.arrived?.place)
}

/**
 * What is published is reached from the host's own loopback through docker-proxy: a program that takes the connection, and makes
 * one of its own to the container. So the first is answered whatever the container does, and the second tells.
 */
async function throughProxy(run: Run, one: Case, hops: Hop[]): Promise<Told | undefined> {
  const there = one.seen.arrived?.place
  const { address, port } = destinationOf(one)
  if (!there || port === undefined || one.protocol === 'icmp') return undefined
  const published = publisherAt(there, { address, port, protocol: one.protocol })
  const inside = published?.container.endpoints.find((endpoint) => endpoint.address !== undefined)?.address
  if (!published || inside === undefined) return undefined
  const { container, mapping } = published
  const { host, namespace } = there
  const proxy: Hop = {
    kind: 'socket',
    state: 'ok',
    place: host.name,
    text: {
      en: `${code('docker-proxy')} of ${code(container.name)} listens on port ${port} of ${code(host.name)}, and makes a connection of its own to ${code(`${inside}:${mapping.containerPort}`)}`,
      zh: `${code(container.name)} 的 ${code('docker-proxy')} 在 ${code(host.name)} 的端口 ${port} 上监听，它另外建立一条到 ${code(`${inside}:${mapping.containerPort}`)} 的连接`,
    },
    evidence: [
      `docker port ${container.name}: ${mapping.containerPort}/${mapping.protocol} -> ${mapping.hostAddress}:${port}`,
    ],
    about: publishedShown(one.state, { host: host.name, port, protocol: one.protocol, address }),
  }
  const second = await send(run, hostPlace(host)!, undefined, inside, {
    protocol: one.protocol,
    port: mapping.containerPort,
    timeoutMs: answerMs,
  })
  const all = [
    ...hops.filter(({ kind }) => kind !== 'answer' && kind !== 'socket'),
    proxy,
    routeHop(second),
    ...walk(second),
  ]
  if (namespace.id !== ownNamespace(host).id) return undefined
  if (stageOf(second) !== 'returned') return unanswered(run, second, all)
  const halted = haltedBy(second)
  return halted ? stopped(run.question, withEnd(all, second), halted) : answered(run, one, all)
}

/** A packet of the full size of the sender's link finds what is narrower on the way. */
async function withLarge(run: Run, one: Case, hops: Hop[]): Promise<Told> {
  const size = sizeFrom(one)
  const link = outLink(one.from.namespace, one.address)
  if (!link || link.kind === 'loopback' || size > largestPacket || size < 576) return answered(run, one, hops)
  const timeoutMs = Math.min(answerMs, largeAnswerMs + Math.ceil(timesSmall * tookMs(one)))
  const ping = (packet: { size?: number }) =>
    send(run, one.from, one.meant, one.address, { protocol: 'icmp', timeoutMs, ...packet })
  // Once is no proof of a loss; who answers no ping at all tells nothing by not answering a large one.
  const others = () => [ping({ size }), ...(one.protocol === 'icmp' ? [] : [ping({})])]
  // Where something narrow is there to lose it, all are sent at once.
  const [first, ...early] = await Promise.all([ping({ size }), ...(isNarrow(one, size) ? others() : [])])
  const isSilent = first!.seen.observation.outcome === 'silent'
  const [second, small] = isSilent && early.length === 0 ? await Promise.all(others()) : early
  const large = isSilent && second ? second : first!
  const { outcome } = large.seen.observation
  if (outcome === 'answered') return answered(run, one, [...hops, largeHop(one, large.seen, size, true)])
  if (outcome === 'error' || outcome === 'refused') return answered(run, one, hops)
  if (small && small.seen.observation.outcome !== 'answered') return answered(run, one, hops)
  const cause = mtuCause({ ...one, protocol: 'icmp' }, large.seen, size)
  // That a large one was not answered in time shows no limit of size: it may be slow, or lost by chance.
  if (!cause) return answered(run, one, [...hops, { ...largeHop(one, large.seen, size, false), state: 'unknown' }])
  return stopped(run.question, [...hops, largeHop(one, large.seen, size, false)], cause)
}

/** Whether a link of a LAN, or of the one who is asked, takes less than a packet of this size, in a tunnel with what that adds. */
function isNarrow({ state, meant, seen }: Case, size: number): boolean {
  const whole = size + (seen.out.some(({ tunnel }) => tunnel) ? vxlanOverhead : 0)
  const onLans = state.hosts.flatMap(({ namespaces }) =>
    namespaces.flatMap(({ links }) => links.filter(({ lan }) => lan !== undefined)),
  )
  const theirs = (meant?.namespace?.links ?? []).filter(({ kind }) => kind !== 'loopback')
  return onLans.some(({ mtu }) => mtu < whole) || theirs.some(({ mtu }) => mtu < size)
}

/** How long after it was sent the answer was back, in milliseconds. */
function tookMs({ seen }: Case): number {
  return seen.back.at(-1)?.sighting.atMs ?? 0
}

/** What the sender's link carries, in bytes. */
function sizeFrom({ from, address }: Case): number {
  return outLink(from.namespace, address)?.mtu ?? 1500
}

function largeHop(one: Case, large: Seen, size: number, ok: boolean): Hop {
  const last = large.out.at(-1)
  const where = last?.sighting.lan ?? last?.place?.label ?? one.from.label
  return {
    kind: 'answer',
    state: ok ? 'ok' : 'stop',
    place: where,
    text: ok
      ? {
          en: `a packet of ${size} bytes that may not be fragmented is answered as well`,
          zh: `${size} 字节且禁止分片的数据包也得到了应答`,
        }
      : {
          en: `a packet of ${size} bytes that may not be fragmented is last seen at ${code(where)}`,
          zh: `${size} 字节且禁止分片的数据包最后出现在 ${code(where)}`,
        },
    evidence: last ? [writePacket(last.packet)] : [large.observation.detail],
    about: [],
  }
}

function answered({ question }: Run, one: Case, hops: Hop[]): Told {
  const way = code(shown(one.address, one.port))
  const [who, whom] = [code(question.from), code(question.to)]
  const twice = twoClaims(one)
  return {
    outcome: 'answered',
    summary: {
      en: `${who} reaches ${whom} at ${way}, and the answer comes back${twice.en}`,
      zh: `${who} 可以通过 ${way} 访问 ${whom}，应答也回来了${twice.zh}`,
    },
    hops,
  }
}

/** This time it went well, and the next time another may get the packets. */
function twoClaims({ address, state, seen }: Case): Text {
  const claim = claimOf(address, { state, asked: seen.questions })
  return claim ? { en: `; but ${claim.what.en}`, zh: `；不过${claim.what.zh}` } : { en: '', zh: '' }
}

/** Runs, but without an address that anything could be sent to. */
function noAddress({ question, state }: Run, from: LivePlace, meant: LivePlace): Cause {
  return causeOfName({ state, home: question.home, from, name: question.to.split('/').at(-1)!, meant })
}

/** Names and packets come from the rack: nothing of them leaves here unbounded. */
function clean(story: TraceStory): TraceStory {
  const lines = (all: string[]) => all.slice(0, 12).map((line) => bare(line, 300))
  return {
    ...story,
    summary: cleanText(story.summary),
    ...(story.reached ? { reached: bareOf(story.reached) } : {}),
    hops: story.hops.map((hop) => ({
      ...hop,
      place: bare(hop.place, 120),
      text: cleanText(hop.text),
      evidence: lines(hop.evidence),
      about: [...new Set(hop.about)],
    })),
    ...(story.cause
      ? {
          cause: {
            ...story.cause,
            what: cleanText(story.cause.what),
            evidence: lines(story.cause.evidence),
            tries: story.cause.tries.map(cleanText),
          },
        }
      : {}),
  }
}

function bareOf(reached: Reached): Reached {
  const { how, ...rest } = reached
  return { ...Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, bare(value, 120)])), how } as Reached
}
