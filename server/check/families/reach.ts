import type { Attempt as Tried } from '../../cause/attempt.js'
import { causeOf, causeOfName, unresolvedReason } from '../../cause/causes.js'
import { areApart } from '../../cause/no-common-network.js'
import { isAddress, isAny, isLoopback, sameAddress } from '../../network/addresses.js'
import { ownsAddress } from '../../network/own-address.js'
import type { NetworkState } from '../../network/state.js'
import { resolveName } from '../../place/name-resolution.js'
import { isInHostNamespace, isLive, type LivePlace } from '../../place/place.js'
import type { TraceQuestion } from '../../place/question.js'
import { find, hostsOf, requireWhole } from '../../place/reference.js'
import { holdersOf } from '../../place/segment.js'
import {
  addressesTowards,
  addressOn,
  commonNetworks,
  namedSo,
  ownAddresses,
  ownersOf,
  publisherAt,
} from '../../place/target.js'
import { Unanswerable } from '../../place/unanswerable.js'
import type { Text } from '../../wording/text.js'
import { code, codes } from '../../wording/wording.js'
import type { CheckContext, Family } from '../family.js'
import { fail, pass } from '../finding.js'
import { howToJoin } from '../joining.js'
import { isFinding, liveOr } from '../live.js'
import {
  type Attempt,
  addressesOfTarget,
  longestPatienceMs,
  mostAddresses,
  patience,
  said,
  type Target,
  tryAt,
} from '../reach/attempt.js'
import { opened, stopped } from '../reach/besides.js'
import { ledElsewhere } from '../reach/elsewhere.js'
import { noneOfFamily, ofOtherFamily } from '../reach/other-family.js'
import { kindOf, oneFamily, portOf, type Spec, schema, shown, wanted } from '../reach/spec.js'
import type { Finding } from '../verdict.js'

/**
 * Whether somebody reaches somebody: a real packet or connection from the one's network namespace.
 *
 * `expect: no` passes only with a proof that there was something to reach. After a no from every address of the target, the
 * same is asked where it must be answered: from `control.from` if given, else by the target of itself, in its own namespace
 * at its own address or its loopback (a service that listens on 127.0.0.1 alone is there, and closed to others). What has no
 * answer then fails with reach.control. A literal address is asked by whoever in the rack has it; if nobody is known to have
 * it and no `control` is given, the check is an error, reach.no-control. A bare name with `by: name` is asked of those that
 * the Engine knows by it (name, alias, service), and if there are none it fails with reach.control: that a name of nobody
 * does not lead anywhere proves nothing. Who stands in the target's own network namespace is no other, so its no proves
 * nothing either and fails with reach.together. A probe that could not be made is an error in every case.
 *
 * `still` and `only` are asked once the check itself has passed: see reach/besides.ts.
 *
 * Who asks for an address that another place has, and has that address as well, would only ask itself: reach.itself. Who leads the
 * question to somebody else, by rules or routes of their own, has not reached the target either: reach.elsewhere.
 */
export const reach: Family<Spec> = {
  key: 'reach',
  needsProof: true,
  packet,
  schema,
  reasons: [
    'reach.no-from',
    'reach.no-target',
    'reach.default-bridge',
    'reach.no-common-network',
    'reach.unresolved',
    'reach.family',
    'reach.elsewhere',
    'reach.itself',
    'reach.together',
    'reach.refused',
    'reach.silent',
    'reach.unroutable',
    'reach.status',
    'reach.body',
    'reach.reached',
    'reach.control',
    'reach.still',
    'reach.others',
  ],
  nothing: ['reach.no-from', 'reach.no-target'],
  present: 'reach.reached',
  references: ({ from, to, by, control }) =>
    [from, by === 'name' ? [] : to, control?.from ?? []].flat().filter((one) => !isAddress(one)),
  hosts: (spec) => [
    ...hostsOf(spec.from, spec.to, spec.control?.from, ...(spec.only ?? [])),
    ...(spec.still ?? []).flatMap((one) => (typeof one === 'string' ? hostsOf(one) : hostsOf(one.from, one.to))),
  ],
  check,
}

async function check(spec: Spec, context: CheckContext): Promise<Finding> {
  const finding = await look(spec, context)
  return finding.outcome === 'pass' ? ((await stopped(spec, context, check)) ?? finding) : finding
}

async function look(spec: Spec, context: CheckContext): Promise<Finding> {
  const from = liveOr('reach.no-from', spec.from, context)
  if (isFinding(from)) return from
  const target = targetOf(spec, context)
  if (isFinding(target)) return target
  if (!spec.expect) return unreached(spec, from, target, context)
  if (spec.family !== 'both') return reached(spec, from, target, context)
  const first = await reached({ ...spec, family: 'ipv4' }, from, target, context)
  if (first.outcome !== 'pass') return first
  const second = await reached({ ...spec, family: 'ipv6' }, from, target, context)
  if (second.outcome !== 'pass') return second
  return pass(`${first.observed.en}; ${second.observed.en}`, `${first.observed.zh}；${second.observed.zh}`)
}

function targetOf(spec: Spec, context: CheckContext): Target | Finding {
  const { state, home } = context
  if (isAddress(spec.to)) return { label: spec.to, places: [], exact: false, literal: spec.to }
  const place = find(spec.to, state, home)
  const called = spec.to.split('/').at(-1)!
  const isMeant = place !== undefined && (!place.container || place.container.name === called)
  if (spec.by === 'name' && !isMeant)
    return { label: spec.to, places: namedSo(called, state), exact: false, name: called }
  const live = liveOr('reach.no-target', spec.to, context)
  if (isFinding(live)) return live
  return { label: spec.to, places: [live], exact: true, ...(spec.by === 'name' ? { name: called } : {}) }
}

async function reached(spec: Spec, from: LivePlace, target: Target, context: CheckContext): Promise<Finding> {
  const expectedText = wanted(spec)
  const [place] = target.places
  let addresses: string[]
  if (target.name === undefined) {
    addresses = addressesOfTarget(spec, from, target)
    if (addresses.length === 0) return notOn(spec, target)
  } else {
    addresses = await resolveName(from, target.name, context, oneFamily(spec))
    if (addresses.length === 0) {
      const others = await ofOtherFamily(from, target.name, context, oneFamily(spec))
      if (others) return fail('reach.family', { expected: expectedText, ...others })
      const cause = causeOfName({
        state: context.state,
        home: context.home,
        from,
        name: target.name,
        ...(place ? { meant: place } : {}),
      })
      const what = code(target.name)
      return fail(`reach.${unresolvedReason(cause)}`, {
        expected: expectedText,
        observed: { en: `${what} does not resolve in ${code(spec.from)}`, zh: `${code(spec.from)} 解析不出 ${what}` },
        why: cause.what,
      })
    }
    const own = target.places.flatMap(ownAddresses)
    const strange = target.exact && !addresses.some((address) => own.some((one) => sameAddress(one, address)))
    if (strange) return elsewhere(spec, target.name, addresses, own)
  }
  const address = addresses[0]!
  // Whose a literal address is, nobody has said: whoever else has it.
  const others = target.literal === undefined ? target.places.slice(0, 1) : othersAt(from, address, context.state)
  if (others.some((other) => isItself(from, other, address))) return itself(spec, address, others[0]!)
  if (spec.direct && place && areDistant(from, place)) return notDirect(spec, target)
  const attempt = await tryAt(from, address, spec, context)
  if (attempt.ok) {
    const [meant] = others
    const led = meant && others.length === 1 && ledElsewhere(spec, from, meant, address, context.state)
    if (led) return answeredByOther(spec, target, address, led)
    const besides = await opened(spec, from, target, context, attempt.durationMs)
    if (besides) return besides
    return pass(
      `${code(spec.from)} reaches ${code(target.label)} at ${code(shown(address, spec))}`,
      `${code(spec.from)} 可以通过 ${code(shown(address, spec))} 访问 ${code(target.label)}`,
    )
  }
  const observed = said(attempt, spec)
  if (attempt.reason === 'status' || attempt.reason === 'body') {
    return fail(`reach.${attempt.reason}`, {
      expected: expectedText,
      observed,
      why: whyHttp(attempt, spec, target),
    })
  }
  const to = place ?? ownersOf(address, context.state, from)[0]
  const at = portOf(spec)
  const tried: Tried = {
    state: context.state,
    home: context.home,
    from,
    ...(to ? { meant: to } : {}),
    address,
    protocol: kindOf(spec) === 'icmp' ? 'icmp' : kindOf(spec) === 'udp' ? 'udp' : 'tcp',
    ...(at === undefined ? {} : { port: at }),
  }
  return fail(areApart(from, to, address) ? 'reach.no-common-network' : `reach.${attempt.reason}`, {
    expected: expectedText,
    observed,
    why: causeOf(tried, attempt.reason).what,
  })
}

/** Whether a place that asks for another one's address would answer itself. */
function isItself(from: LivePlace, to: LivePlace, address: string): boolean {
  if (from.namespace.id === to.namespace.id || isLoopback(address)) return false
  return ownsAddress(from.namespace, address)
}

/** Who else has an address, on the same host or on a LAN: bridges of other hosts have the same addresses, and nobody means those. */
function othersAt(from: LivePlace, address: string, state: NetworkState): LivePlace[] {
  if (isLoopback(address)) return []
  return holdersOf(address, state)
    .filter(({ place, link }) => place.namespace.id !== from.namespace.id && (place.host === from.host || link.lan))
    .map(({ place }) => place)
}

function itself(spec: Spec, address: string, owner: LivePlace): Finding {
  const [who, whom, what] = [code(spec.from), code(isAddress(spec.to) ? owner.label : spec.to), code(address)]
  return fail('reach.itself', {
    expected: wanted(spec),
    observed: { en: `${who} has ${what} itself`, zh: `${who} 自己也有地址 ${what}` },
    why: {
      en: `${what} is the address of ${whom}, but ${who} has it as well, so what it sends there never leaves it`,
      zh: `${what} 是 ${whom} 的地址，但 ${who} 自己也配了这个地址，发往它的数据包根本不会离开 ${who}`,
    },
  })
}

function answeredByOther(spec: Spec, { label }: Target, address: string, why: Text): Finding {
  const [whom, way] = [code(label), code(shown(address, spec))]
  return fail('reach.elsewhere', {
    expected: wanted(spec),
    observed: { en: `${way} answers, but that is not ${whom}`, zh: `${way} 有应答，但应答的不是 ${whom}` },
    why,
  })
}

/** Containers of one host, or of two, that have no Docker network in common and do not share a namespace. */
function areDistant(from: LivePlace, to: LivePlace): boolean {
  return from.namespace.id !== to.namespace.id && commonNetworks(from, to).length === 0
}

function notDirect(spec: Spec, target: Target): Finding {
  const [who, whom] = [code(spec.from), code(target.label)]
  return fail('reach.no-common-network', {
    expected: {
      en: `${who} reaches ${whom} on a network that both are on`,
      zh: `${who} 在双方共同接入的网络上访问 ${whom}`,
    },
    observed: { en: `${who} and ${whom} are on no common network`, zh: `${who} 和 ${whom} 没有共同的网络` },
    why: {
      en: `${who} and ${whom} have no network in common: \`docker network connect\` connects one of them to a network of the other`,
      zh: `${who} 和 ${whom} 没有共同的网络：用 \`docker network connect\` 可以让其中一个接入对方所在的网络`,
    },
  })
}

function together(spec: Spec): Finding {
  const [who, whom] = [code(spec.from), code(spec.to)]
  return fail('reach.together', {
    expected: wanted(spec),
    observed: {
      en: `${who} is in the network namespace of ${whom}`,
      zh: `${who} 就在 ${whom} 的网络命名空间里`,
    },
    why: {
      en: `what ${who} gets says nothing about others, since it is in the network namespace of ${whom}: start ${who} in one of its own`,
      zh: `${who} 和 ${whom} 在同一个网络命名空间里，从它那里看不出别人能不能访问：请让 ${who} 使用自己的网络命名空间`,
    },
  })
}

async function unreached(spec: Spec, from: LivePlace, target: Target, context: CheckContext): Promise<Finding> {
  if (target.places.some(({ namespace }) => namespace.id === from.namespace.id)) return together(spec)
  const addresses =
    target.name === undefined
      ? addressesOfTarget(spec, from, target, true)
      : (await namesOf(spec, from, target.name, context)).filter(
          // Who goes by the target's name without being it has not been asked for.
          (address) =>
            !target.exact ||
            target.places.some((place) => ownAddresses(place).some((own) => sameAddress(own, address))),
        )
  if (target.name === undefined && addresses.length === 0) return notOn(spec, target)
  const control = spec.control
    ? await controlFrom(spec, spec.control.from, target, context)
    : await controlOfItself(spec, from, target, addresses, context)
  const patienceMs = 'finding' in control ? longestPatienceMs : patience(control.durationMs)
  const attempts = await Promise.all(
    addresses.slice(0, mostAddresses).map((address) => tryAt(from, address, spec, context, patienceMs)),
  )
  const hit = attempts.findIndex(({ ok }) => ok)
  const who = code(spec.from)
  const whom = code(target.label)
  if (hit >= 0) {
    const way = code(shown(addresses[hit]!, spec))
    return fail('reach.reached', {
      expected: wanted(spec),
      observed: { en: `${who} reaches it at ${way}`, zh: `${who} 通过 ${way} 访问到了它` },
      why: whyReached(spec, target, way),
    })
  }
  if ('finding' in control) return control.finding
  const first = attempts.find((attempt) => !attempt.ok)
  const how = first ? said(first, spec) : { en: 'the name does not lead there', zh: '这个名字解析不到它' }
  return pass(`${who} does not reach ${whom}: ${how.en}`, `${who} 访问不到 ${whom}：${how.zh}`)
}

/** A program in a host's own namespace is reached at the addresses on which it listens. */
function whyReached(spec: Spec, { places }: Target, way: string): Text {
  const who = code(spec.from)
  const at = portOf(spec)
  const own = places.find(isInHostNamespace)
  const protocol = kindOf(spec) === 'udp' ? 'udp' : 'tcp'
  const wide = own?.namespace.sockets.some((one) => one.port === at && one.protocol === protocol && isAny(one.address))
  if (own && wide) {
    const host = code(own.host.name)
    return {
      en: `${way} answered ${who}: a program listens on all addresses of ${host} at port ${at}, and whoever reaches one of them comes in`,
      zh: `${way} 应答了 ${who}：有程序在 ${host} 的所有地址上监听端口 ${at}，能到达其中任何一个地址的都进得来`,
    }
  }
  return {
    en: `${way} answered ${who}: there is still a network, a published port or a route by which it gets there`,
    zh: `${way} 应答了 ${who}：仍然有共同的网络、发布的端口或路由让它到得了那里`,
  }
}

/** What came of the question where it must be answered: how long the answer took, or why a no proves nothing. */
type Control = { durationMs: number } | { finding: Finding }

function proof(attempts: Attempt[]): { durationMs: number } | undefined {
  const answered = attempts.flatMap((attempt) => (attempt.ok ? attempt.durationMs : []))
  return answered.length > 0 ? { durationMs: Math.max(...answered) } : undefined
}

/** What a name resolves to, of the families that count. */
async function namesOf(spec: Spec, from: LivePlace, name: string, context: CheckContext): Promise<string[]> {
  if (spec.family !== 'both') return resolveName(from, name, context, oneFamily(spec))
  const families = ['ipv4', 'ipv6'] as const
  return (await Promise.all(families.map((family) => resolveName(from, name, context, family)))).flat()
}

function notOn(spec: Spec, target: Target): Finding {
  const whom = code(target.label)
  for (const { namespace, label } of target.places) requireWhole(namespace, label, 'links')
  const other = target.places[0] && ownAddresses(target.places[0])
  const family = oneFamily(spec)
  if (family && other && other.length > 0) {
    return fail('reach.family', { expected: wanted(spec), ...noneOfFamily(whom, family, other) })
  }
  const on = spec.network === undefined ? undefined : code(spec.network)
  const container = target.places[0]?.container
  const join = container && howToJoin(container, spec.network ?? 'NETWORK')
  return fail('reach.no-common-network', {
    expected: wanted(spec),
    observed: on
      ? { en: `${whom} has no address on ${on}`, zh: `${whom} 在 ${on} 上没有地址` }
      : { en: `${whom} has no address at all`, zh: `${whom} 没有任何地址` },
    why: {
      en: `${whom} can be reached only where it has an address, and it has none${on ? ` on ${on}` : ''}${join ? `; ${join.en}` : ''}`,
      zh: `只有在拥有地址的网络上才能访问 ${whom}，而它${on ? `在 ${on} 上` : ''}没有地址${join ? `；${join.zh}` : ''}`,
    },
  })
}

function elsewhere(spec: Spec, called: string, addresses: string[], own: string[]): Finding {
  const list = codes(addresses)
  const has = codes(own)
  return fail('reach.elsewhere', {
    expected: wanted(spec),
    observed: { en: `${code(called)} resolves to ${list.en}`, zh: `${code(called)} 解析为 ${list.zh}` },
    why: {
      en: `${code(called)} leads ${code(spec.from)} to ${list.en}, and ${code(spec.to)} has ${has.en}: someone else goes by that name, or a hosts file says so`,
      zh: `${code(spec.from)} 把 ${code(called)} 解析为 ${list.zh}，而 ${code(spec.to)} 的地址是 ${has.zh}：另有容器叫这个名字，或者 hosts 文件里这样写着`,
    },
  })
}

async function controlFrom(spec: Spec, reference: string, target: Target, context: CheckContext): Promise<Control> {
  const from = liveOr('reach.control', reference, context)
  if (isFinding(from)) return { finding: from }
  const [place] = target.places
  const addresses = target.literal
    ? [target.literal]
    : place
      ? spec.network
        ? [addressOn(place, spec.network, oneFamily(spec))].filter((one) => one !== undefined)
        : addressesTowards(from, place, oneFamily(spec))
      : await namesOf(spec, from, target.name!, context)
  const attempts = await Promise.all(
    addresses.slice(0, mostAddresses).map((address) => tryAt(from, address, spec, context)),
  )
  const proved = proof(attempts)
  if (proved) return proved
  const whom = code(target.label)
  const first = attempts.find((attempt) => !attempt.ok)
  return unproved(
    spec,
    first
      ? {
          en: `${code(reference)} does not reach it either: ${said(first, spec).en}`,
          zh: `${code(reference)} 也访问不到：${said(first, spec).zh}`,
        }
      : { en: `${whom} does not resolve in ${code(reference)} either`, zh: `${code(reference)} 也解析不出 ${whom}` },
    target,
  )
}

async function controlOfItself(
  spec: Spec,
  from: LivePlace,
  target: Target,
  tried: string[],
  context: CheckContext,
): Promise<Control> {
  const owners = target.literal === undefined ? target.places : ownersOf(target.literal, context.state, from)
  if (owners.length === 0) {
    if (target.literal !== undefined) {
      throw new Unanswerable('reach.no-control', {
        en: `nobody in this lab is known to have ${code(target.literal)}, so a no proves nothing: the check needs \`control\``,
        zh: `不知道这个实验里谁拥有 ${code(target.literal)}，访问不到也说明不了什么：这个检查需要 \`control\``,
      })
    }
    return unproved(
      spec,
      { en: `no running container is called ${code(target.label)}`, zh: `没有名为 ${code(target.label)} 的运行中容器` },
      target,
    )
  }
  const loopback = kindOf(spec) === 'icmp' ? [] : [spec.family === 'ipv6' ? '::1' : '127.0.0.1']
  const attempts = await Promise.all(
    owners.slice(0, mostAddresses).flatMap((owner) => {
      const own = ownAddresses(owner)
      const asked = own.filter((address) => tried.some((one) => sameAddress(one, address)))
      const at = target.literal ? [target.literal] : asked.length > 0 ? asked : own
      return [...at.slice(0, mostAddresses), ...loopback].map((address) => tryAt(owner, address, spec, context))
    }),
  )
  const proved = proof(attempts)
  if (proved) return proved
  const first = attempts.find((attempt) => !attempt.ok)
  const how = first ? said(first, spec) : { en: 'it has no address', zh: '它没有地址' }
  return unproved(spec, { en: `it does not answer itself: ${how.en}`, zh: `它连自己也不应答：${how.zh}` }, target)
}

function unproved(spec: Spec, observed: Text, target: Target): Control {
  const whom = code(target.label)
  const finding = fail('reach.control', {
    expected: wanted(spec),
    observed,
    why: {
      en: `that ${code(spec.from)} gets no answer proves nothing while ${whom} does not answer where it should: first make it run and listen`,
      zh: `${whom} 在应当应答的地方也没有应答，${code(spec.from)} 访问不到也就说明不了什么：先让它运行并监听`,
    },
  })
  return { finding }
}

function whyHttp(
  { reason, address, status, missing }: Extract<Attempt, { ok: false }>,
  spec: Spec,
  target: Target,
): Text {
  const whom = code(target.label)
  // RFC 9110, 15.6.3 and 15.6.5: a gateway had no answer, or no valid one, from the server behind it.
  if (status === 502 || status === 504) return whyProxied(status, address, spec, target)
  if (reason === 'body') {
    return {
      en: `the network leads to a web server, but its answer does not contain ${code(missing ?? '')}: another program or another page answers for ${whom}, or the right one could not do what it was asked`,
      zh: `网络已通到一个 Web 服务器，但应答里没有 ${code(missing ?? '')}：替 ${whom} 应答的是别的程序或别的页面，或者程序没有做成请求它做的事`,
    }
  }
  return {
    en: `packets get to ${whom} and back, since it answers; what it says is up to the program there, and it should be ${spec.status === undefined ? 'HTTP' : `status ${spec.status}`}`,
    zh: `${whom} 已经应答，说明数据包能够往返；回什么由那里的程序决定，应当是${spec.status === undefined ? ' HTTP 响应' : `状态码 ${spec.status}`}`,
  }
}

/** Whom a proxy asks is written in its own files, which nobody reads here: only that it answered is known. */
function whyProxied(status: 502 | 504, address: string, spec: Spec, { label, places }: Target): Text {
  const [place] = places
  const published = place && publisherAt(place, { address, port: portOf(spec)!, protocol: 'tcp' })
  const proxy = published ? `${place.host.name}/${published.container.name}` : label
  const [who, command] = [code(proxy), code(`vethlab trace RACK ${proxy} SERVER:PORT`)]
  const came =
    status === 504
      ? { en: 'got no answer in time from the server that it asks in turn', zh: '没有及时等到它背后服务器的应答' }
      : { en: 'got no valid answer from the server that it asks in turn', zh: '没有从它背后的服务器得到有效的应答' }
  return {
    en: `packets get to ${who} and back, since it answers, and it says that it ${came.en}: trace the way from ${who} to that server, as by ${command}`,
    zh: `${who} 自己应答了，说明到它这里是通的；它说自己${came.zh}：从 ${who} 追踪到那台服务器，例如 ${command}`,
  }
}

/** The packet that it asks with. */
function packet(spec: Spec, state: NetworkState, home: string): TraceQuestion {
  const { from, to, port, with: kind, by } = spec
  const at = port ?? (kind === 'http' ? 80 : undefined)
  return {
    from,
    to: addressAsked(spec, state, home) ?? to,
    protocol: kind === 'http' ? 'tcp' : (kind ?? (at === undefined ? 'icmp' : 'tcp')),
    ...(at === undefined ? {} : { port: at }),
    by,
    home,
  }
}

/**
 * The address that a check asks for which names a network or IPv6; undefined where there is none, which the trace then tells
 * in its own way, and for all other checks.
 */
function addressAsked(spec: Spec, state: NetworkState, home: string): string | undefined {
  const { from, to, network } = spec
  const family = oneFamily(spec)
  if (network === undefined && family !== 'ipv6') return undefined
  try {
    const [asking, place] = [find(from, state, home), find(to, state, home)]
    if (!isLive(place)) return undefined
    if (network !== undefined) return addressOn(place, network, family)
    return isLive(asking) ? addressesTowards(asking, place, family)[0] : undefined
  } catch {
    return undefined
  }
}
