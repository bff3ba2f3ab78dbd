import { type Case, stageOf } from '../cause/case.js'
import type { Cause } from '../cause/cause.js'
import { causeSeen } from '../cause/causes.js'
import { keptAddressCause } from '../cause/kept-address.js'
import { noReplyCause } from '../cause/no-reply.js'
import { writePacket } from '../cause/packet-text.js'
import { restartOf } from '../cause/restart.js'
import { wrongProtocolCause } from '../cause/wrong-protocol.js'
import { safeParse } from '../error/safe-parse.js'
import { sameAddress } from '../network/addresses.js'
import { type Conversation, HostHeader } from '../network/conversation.js'
import { readSpeech, type Speech } from '../network/speech.js'
import { resolveName } from '../place/name-resolution.js'
import { isInHostNamespace, type LivePlace } from '../place/place.js'
import { ownersOf } from '../place/target.js'
import type { Text } from '../wording/text.js'
import { bare, code, codes } from '../wording/wording.js'
import { answererOf } from './answerer.js'
import { withEnd } from './closing-hop.js'
import { routeHop } from './first-hops.js'
import { type Dial, dialsOf, type Leg, legsOf, lookupsOf } from './legs.js'
import { lostWords } from './lost-words.js'
import { answerMs, contextOf, type Run, send, shown, type Told } from './run.js'
import type { Hop, Spoken } from './story.js'
import { walk } from './walk.js'

/** Over a connection that came about, something is said to the program: what it answers, and whom it asks itself. */

/** A program that has more to do than that has a reason, which is told. */
const patienceMs = 3000
/** How many names of a configuration are looked up. */
const mostNames = 6

/** What was said, and all there is to judge it by. */
interface Talked {
  run: Run
  one: Case
  as: 'http' | 'tls'
  port: number
  conversation: Conversation
  speech?: Speech
  legs: Leg[]
  /** Whose program it was that answered, as far as that is known. */
  who: LivePlace | undefined
  told: Told
}

/** @param told how the connection came about */
export async function withTalk(run: Run, one: Case, told: Told): Promise<Told & { spoken: Spoken }> {
  const first = await talk(run, one, told)
  const second = isUnexplained(first) ? await talk(run, one, told) : undefined
  const talked = second && failingDial(second) ? second : first
  const { conversation, speech, legs, as } = talked
  const failing = failingDial(talked)
  const spoken: Spoken = {
    ...{ as, how: conversation.outcome },
    ...(speech ? { kind: speech.kind, line: bare(speech.line, 120) } : {}),
    ...(speech?.status === undefined ? {} : { status: speech.status }),
    ...(speech?.server === undefined ? {} : { server: bare(speech.server, 120) }),
    ...(conversation.saidMs === undefined ? {} : { afterMs: Math.max(0, Math.round(conversation.saidMs)) }),
    through: legs.map(({ place }) => place.label),
    ...(failing ? { dialled: plain(failing) } : {}),
  }
  return { ...(await judged(talked, failing)), spoken }
}

/**
 * A proxy says that it came to nobody, and nothing of that was seen: the kernel had been asking after that address since an earlier request,
 * and gave up (neighbour discovery asks three times, and whatever waits for it fails at once). Asked again, it begins anew.
 */
function isUnexplained({ conversation, speech, legs }: Talked): boolean {
  const leg = legs.at(-1)
  return (
    leg !== undefined &&
    (speech?.status === 502 || speech?.status === 504) &&
    conversation.upstreams.some(({ host, namespace }) => isAt(leg, host, namespace)) &&
    dialsOf(conversation, leg).length === 0
  )
}

function isAt({ place }: Leg, host: string, namespace: string): boolean {
  return host === place.host.name && namespace === place.namespace.id
}

async function talk(run: Run, one: Case, told: Told): Promise<Talked> {
  const { as } = run.question.speaks!
  const port = one.port!
  const conversation = await speak(run, one, as)
  const legs = pastHost(legsOf(conversation, run.state), one)
  const speech = conversation.said === '' ? undefined : readSpeech(conversation.said)
  // In a host's own namespace it is docker-proxy, which passes on every byte as it is.
  const first = legs.find(({ place }, at) => !isInHostNamespace(place) || at === legs.length - 1)
  const who = first?.place ?? answererOf(one).place ?? one.seen.arrived?.place
  return { run, one, as, port, conversation, legs, who, told, ...(speech ? { speech } : {}) }
}

/**
 * A host that leads a port into a container has its packets come to an address of its own, and is not the one who is spoken to: words that
 * were last seen at it have come to no program.
 */
function pastHost(legs: Leg[], { seen }: Case): Leg[] {
  const arrived = seen.arrived?.place
  const isOnTheWay = ({ place }: Leg) =>
    isInHostNamespace(place) &&
    arrived !== undefined &&
    arrived.namespace.id !== place.namespace.id &&
    seen.out.some(({ place: at, sighting }) => at?.namespace.id === place.namespace.id && sighting.direction === 'out')
  return legs.length === 1 ? legs.filter((leg) => !isOnTheWay(leg)) : legs
}

async function speak(
  { ground, question, signal }: Run,
  { from, address }: Case,
  as: 'http' | 'tls' | 'redis',
): Promise<Conversation> {
  const { to, speaks } = question
  const host = to.includes('/') || !safeParse(HostHeader, to).success ? undefined : to
  const conversation = await ground.talk(
    from.host.name,
    {
      ...{ namespace: from.namespace.id, address, port: question.port!, speaks: as, timeoutMs: patienceMs },
      ...(host === undefined || host.includes(':') ? {} : { host }),
      ...(speaks?.path === undefined ? {} : { path: speaks.path }),
    },
    signal,
  )
  signal.throwIfAborted()
  return conversation
}

async function judged(talked: Talked, failing: Dial | undefined): Promise<Told> {
  const { run, one, as, port, conversation, speech, legs, told } = talked
  const { outcome } = conversation
  if (outcome === 'refused' || outcome === 'unconnected' || outcome === 'error') return withoutWords(talked)
  const hops = [...told.hops, ...legs.slice(1).map((leg) => passedHop(leg)), saidHop(talked)]
  const other = await otherProtocol(talked)
  const where = labelOf(talked)
  if (other) {
    const cause = wrongProtocolCause({ where, port, as, speaks: other.kind, line: other.line })
    return unsatisfied(run, withStop(hops), cause)
  }
  const leg = legs.at(-1)
  const failed = speech === undefined || (speech.status ?? 0) >= 500
  if (leg && failing && failed) return secondLeg(talked, leg, failing, hops)
  const astray = leg && legs.length > 1 ? await keptOf(talked, legs.at(-2)!, leg.packet, undefined) : undefined
  if (astray) return unsatisfied(run, withStop(hops), astray)
  if (outcome === 'answered') return { ...told, hops, summary: answeredSummary(talked) }
  if (legs.length === 0) {
    const { hop, cause } = lostWords(conversation, run.state, one.from)
    return unsatisfied(run, [...told.hops, hop], cause)
  }
  const container = isInHostNamespace(talked.who!) ? undefined : talked.who!.container?.name
  const cause = noReplyCause({
    ...{ where, port, as, how: outcome, seconds: patienceMs / 1000 },
    ...(container === undefined ? {} : { container }),
  })
  return unsatisfied(run, withStop(hops), cause)
}

/** The connection of a moment ago did not come about again. */
function withoutWords({ conversation, told }: Talked): Told {
  const detail = bare(conversation.detail, 200)
  return {
    ...told,
    outcome: 'error',
    summary: {
      en: `${told.summary.en}; but when it was to be spoken to, it was not: ${detail}`,
      zh: `${told.summary.zh}；但要与它对话时没有成功：${detail}`,
    },
  }
}

/** What it really speaks, where that is not what it was asked in. */
async function otherProtocol({ run, one, as, speech, conversation }: Talked): Promise<Speech | undefined> {
  const isAsAsked = speech && (as === 'tls' ? isTls(speech) : speech.kind === 'http')
  if (speech && !isAsAsked && speech.kind !== 'other') return speech
  if ((isAsAsked && speech.status !== 400) || conversation.outcome === 'silent') return undefined
  // A server of TLS may say "bad request" or hang up, and Redis hangs up: asked in its own protocol, each shows itself.
  for (const other of as === 'http' ? (['tls', 'redis'] as const) : (['http'] as const)) {
    if (other === 'redis' && isAsAsked) continue
    const { said } = await speak(run, one, other)
    const second = said === '' ? undefined : readSpeech(said)
    if (second && (other === 'tls' ? isTls(second) : second.kind === other)) return second
  }
  return isAsAsked ? undefined : speech
}

function isTls({ kind }: Speech): boolean {
  return kind === 'tls' || kind === 'tls-alert'
}

/** The connection that the last program could not make for this request; undefined where it is not clear which. */
function failingDial({ conversation, legs }: Pick<Talked, 'conversation' | 'legs'>): Dial | undefined {
  const leg = legs.at(-1)
  const dials = leg ? dialsOf(conversation, leg) : []
  const failing = dials.filter(({ how }) => how !== 'answered')
  return new Set(failing.map(({ port }) => port)).size === 1 ? failing.at(-1) : undefined
}

/** A packet of its own from where the last program stands, to whom that tried to reach. */
async function secondLeg(talked: Talked, leg: Leg, dial: Dial, hops: Hop[]): Promise<Told> {
  const { run, conversation } = talked
  const { place } = leg
  const again = await send(run, place, undefined, dial.address, {
    ...(dial.port === undefined ? { protocol: 'icmp' } : { protocol: 'tcp', port: dial.port }),
    timeoutMs: answerMs,
  })
  const names = lookupsOf(conversation, leg)
  const all = [...hops, dialHop(place, dial, names), routeHop(again), ...walk(again)]
  if (stageOf(again) === 'returned') {
    const who = code(place.label)
    const kept = await keptOf(talked, leg, { destination: dial.address, destinationPort: dial.port }, undefined)
    if (kept) return unsatisfied(run, withStop(all), kept)
    const summary = answeredSummary(talked)
    return {
      ...talked.told,
      hops: all,
      summary: {
        en: `${summary.en}; a connection that ${who} tried to make meanwhile to ${code(shown(dial.address, dial.port))} failed, and now it succeeds`,
        zh: `${summary.zh}；${who} 在此期间到 ${code(shown(dial.address, dial.port))} 的连接失败了，而现在又能连上`,
      },
    }
  }
  const cause = causeSeen(again)
  const kept = await keptOf(talked, leg, { destination: dial.address, destinationPort: dial.port }, cause)
  return unsatisfied(run, withEnd(all, again), kept ?? cause)
}

/**
 * Whether a program connects to an address that a name in its configuration does not mean any more. Its configuration has to name
 * somebody at that port, the name has to lead elsewhere now, and no name that it has may lead there; and it looked up none for this
 * request.
 */
async function keptOf(
  { run, conversation }: Talked,
  leg: Leg,
  { destination, destinationPort }: { destination: string; destinationPort?: number | undefined },
  why: Cause | undefined,
): Promise<Cause | undefined> {
  const { place } = leg
  if (conversation.faults.length > 0 || lookupsOf(conversation, leg).length > 0) return undefined
  const upstreams = conversation.upstreams.filter(({ host, namespace }) => isAt(leg, host, namespace))
  const tried = dialsOf(conversation, leg)
  const named = upstreams.filter(({ port }) => destinationPort === undefined || port === destinationPort)
  const found: { upstream: (typeof named)[0]; now: string[] }[] = []
  for (const name of [...new Set(upstreams.map((one) => one.name))].slice(0, mostNames)) {
    const now = await resolveName(place, name, contextOf(run))
    if (now.some((address) => sameAddress(address, destination))) return undefined
    // It knows where that is, and connects there as well.
    if (now.some((address) => tried.some((one) => sameAddress(one.address, address)))) return undefined
    const upstream = named.find((one) => one.name === name)
    // An address that is written there was not looked up.
    if (upstream && now.length > 0 && !now.some((address) => sameAddress(address, name))) found.push({ upstream, now })
  }
  const [first] = found
  if (!first || found.length > 1) return undefined
  const { host: _host, namespace: _namespace, ...upstream } = first.upstream
  const [holder] = ownersOf(destination, run.state, place)
  const container = isInHostNamespace(place) ? undefined : place.container?.name
  return keptAddressCause({
    ...{ proxy: place.label, upstream, now: first.now, dialled: shown(destination, destinationPort) },
    ...(container === undefined ? {} : { container, restart: restartOf(place.host, container) }),
    ...(holder ? { holder: holder.label } : {}),
    ...(why ? { why: why.what } : {}),
    shown: why?.evidence ?? [],
  })
}

function plain({ address, port, how }: Dial): NonNullable<Spoken['dialled']> {
  return { address, how, ...(port === undefined ? {} : { port }) }
}

function labelOf({ who, one }: Talked): string {
  return who?.label ?? one.address
}

/** The connection came about, and what was asked for did not. */
function unsatisfied({ question: { from, to, port } }: Run, hops: Hop[], cause: Cause): Told {
  const [who, whom, where] = [code(from), code(shown(to, port)), code(hops.at(-1)!.place)]
  return {
    outcome: 'stopped',
    summary: {
      en: `${who} connects to ${whom}, but does not get there what it asks for: it fails at ${where}`,
      zh: `${who} 能连上 ${whom}，但没有得到它要的东西：问题出在 ${where}`,
    },
    hops,
    cause,
  }
}

/** A hop that is the end says so. */
function withStop(hops: Hop[]): Hop[] {
  return hops.map((hop, at) => (at === hops.length - 1 ? { ...hop, state: 'stop' } : hop))
}

function passedHop({ place, packet }: Leg): Hop {
  const [who, at] = [code(place.label), code(shown(packet.destination, packet.destinationPort))]
  return {
    ...{ kind: 'socket', state: 'ok', place: place.label, about: [] },
    text: { en: `the request is passed on to ${who} at ${at}`, zh: `请求被转交给 ${who}（${at}）` },
    evidence: [writePacket(packet)],
  }
}

function dialHop(place: LivePlace, { address, port, how }: Dial, names: string[]): Hop {
  const [who, at, list] = [code(place.label), code(shown(address, port)), codes(names)]
  const end =
    how === 'refused' ? { en: 'and is refused', zh: '，遭到拒绝' } : { en: 'and gets no answer', zh: '，没有得到应答' }
  const looked =
    names.length > 0
      ? { en: `, after it looked up ${list.en}`, zh: `（之前查询了 ${list.zh}）` }
      : { en: '; it looked up no name for that', zh: '；它没有为此查询任何名字' }
  return {
    ...{ kind: 'socket', state: 'ok', place: place.label, about: [], evidence: [] },
    text: {
      en: `meanwhile the program in ${who} itself connects to ${at} ${end.en}${looked.en}`,
      zh: `在此期间，${who} 里的程序自己去连接 ${at}${end.zh}${looked.zh}`,
    },
  }
}

/** What the program said. */
function saidHop(talked: Talked): Hop {
  const { conversation, speech, as } = talked
  const who = code(labelOf(talked))
  const words = as === 'http' ? code(`GET ${talked.run.question.speaks?.path ?? '/'}`) : code('ClientHello')
  return {
    ...{ kind: 'answer', state: 'ok', place: labelOf(talked), about: [] },
    text: speech
      ? {
          en: `asked ${words}, ${who} answers ${code(speech.line, 120)}`,
          zh: `对 ${words}，${who} 回答 ${code(speech.line, 120)}`,
        }
      : conversation.outcome === 'silent'
        ? { en: `asked ${words}, ${who} says nothing`, zh: `对 ${words}，${who} 没有任何回答` }
        : { en: `asked ${words}, ${who} ends the connection`, zh: `对 ${words}，${who} 断开了连接` },
    evidence: speech?.server === undefined ? [] : [`Server: ${speech.server}`],
  }
}

function answeredSummary({ told, speech, as, legs }: Talked): Text {
  if (!speech) return told.summary
  const [line, protocol] = [code(speech.line, 120), as === 'http' ? 'HTTP' : 'TLS']
  const last = legs.length > 1 ? legs.at(-1)!.place.label : undefined
  const on = last
    ? { en: `, having passed the request on to ${code(last)}`, zh: `（请求被转交给了 ${code(last)}）` }
    : { en: '', zh: '' }
  return {
    en: `${told.summary.en}; asked in ${protocol}, the program answers ${line}${on.en}`,
    zh: `${told.summary.zh}；用 ${protocol} 询问，程序回答 ${line}${on.zh}`,
  }
}
