import { type Case, destinationOf, stageOf } from '../cause/case.js'
import { writePacket } from '../cause/packet-text.js'
import { chainOf, ruleOf, translation, writeHit } from '../cause/rule-text.js'
import type { Step } from '../cause/seen.js'
import { listening } from '../cause/sockets.js'
import { writeSocket } from '../cause/words.js'
import { publishedShown } from '../map/draw-ports.js'
import { lanId, overlayScope, tunnelId, vxlanId } from '../map/ids.js'
import { Places } from '../map/places.js'
import { isLoopback, sameAddress } from '../network/addresses.js'
import type { RuleHit } from '../network/observation.js'
import type { NetworkState, Rule } from '../network/state.js'
import { networkOfBridge, overlayOf, placeIn } from '../place/place.js'
import { code } from '../wording/wording.js'
import { answererOf, writeAnswerer } from './answerer.js'
import type { Hop } from './story.js'

/** The way that a packet took, as it was seen, in hops. */
export function walk(one: Case): Hop[] {
  const places = new Places(one.state)
  return [...outward(one, places), ...socketHop(one, places), ...answerHops(one, places)]
}

function outward(one: Case, places: Places): Hop[] {
  const { seen, state } = one
  const hops: Hop[] = []
  const rules = tellingHits(seen.observation.ruleHits, state)
  let before: Step | undefined
  for (const [index, step] of seen.out.entries()) {
    while (rules.length > 0 && isBefore(rules[0]!, step)) hops.push(ruleHop(rules.shift()!, one, places))
    const hop = linkHop(step, { before, next: seen.out[index + 1], state, places })
    if (hop) hops.push(hop)
    before = step
  }
  return [...hops, ...rules.map((hit) => ruleHop(hit, one, places))]
}

/** A hit has the time of the link that the packet came in by; what is sent from here met it before. */
function isBefore(hit: RuleHit, { sighting }: Step): boolean {
  if (hit.atMs !== sighting.atMs) return hit.atMs < sighting.atMs
  return hit.inLink === undefined && sighting.direction === 'out' && hit.namespace === sighting.namespace
}

/** Of all rules that a packet meets, those that decided: dropped, translated, or accepted it at the end of a table's filter. */
function tellingHits(hits: RuleHit[], state: NetworkState): RuleHit[] {
  const own = hits.filter(({ role }) => role === 'request').toSorted((a, b) => a.atMs - b.atMs)
  const told = own.filter((hit) => {
    if (isDrop(hit) || translation(hit, state)) return true
    return hit.table === 'filter' && hit.verdict === 'accept' && !hit.policy
  })
  const met = new Set<string>()
  return told.filter((hit) => {
    // A connection's later packets meet the same rules.
    const key = isDrop(hit)
      ? 'drop'
      : `${hit.host} ${hit.namespace} ${hit.table} ${hit.inLink} ${hit.outLink} ${hit.chain}`
    return !met.has(key) && met.add(key)
  })
}

function isDrop({ verdict, rule }: RuleHit): boolean {
  return /^(drop|reject)/i.test(verdict) || /\breject\b/i.test(rule ?? '')
}

function ruleHop(hit: RuleHit, one: Case, places: Places): Hop {
  const { state } = one
  const rule = ruleOf(hit, state)
  const chain = code(hit.chain)
  const host = code(hit.host)
  const which = hit.policy
    ? { en: `the policy of chain ${chain}`, zh: ` ${chain} 链的默认策略` }
    : rule
      ? { en: `rule ${rule.position} of chain ${chain}`, zh: ` ${chain} 链的第 ${rule.position} 条规则` }
      : { en: `a rule of chain ${chain}`, zh: ` ${chain} 链的一条规则` }
  const translated = translation(hit, state)
  const to = rule?.to ? ` ${code(rule.to)}` : ''
  const rejects = /reject/i.test(`${hit.verdict} ${hit.rule ?? ''}`)
  const text = isDrop(hit)
    ? rejects
      ? { en: `${which.en} on ${host} rejects it`, zh: `${host} 上${which.zh}拒绝了它` }
      : { en: `${which.en} on ${host} drops it`, zh: `${host} 上${which.zh}丢弃了它` }
    : translated === 'destination'
      ? {
          en: `${which.en} on ${host} gives it another destination${to && `,${to}`}`,
          zh: `${host} 上${which.zh}改写了它的目的地址${to && `：${to.trim()}`}`,
        }
      : translated === 'source'
        ? {
            en: `${which.en} on ${host} gives it another source, so that answers come back here`,
            zh: `${host} 上${which.zh}改写了它的源地址，这样应答才能回到这里`,
          }
        : { en: `${which.en} on ${host} lets it pass`, zh: `${host} 上${which.zh}放行了它` }
  const hook = chainOf(hit, state)?.hook
  return {
    kind: 'rule',
    state: isDrop(hit) ? 'stop' : 'ok',
    place: hit.host,
    text,
    evidence: [
      writeHit(hit, state),
      ...(hook ? [`hook ${hook}, in ${hit.inLink ?? '-'}, out ${hit.outLink ?? '-'}`] : []),
    ],
    about: [
      // What is sent on by a published port passes that.
      ...(translated === 'destination' ? portsOf(rule, hit, one) : []),
      ...elementOf(places, hit.host, hit.namespace),
    ],
  }
}

function portsOf(rule: Rule | undefined, hit: RuleHit, { state, protocol }: Case): string[] {
  const port = Number(rule?.destinationPort)
  if (!Number.isInteger(port) || protocol === 'icmp') return []
  const address = rule?.destination?.split('/')[0]
  return publishedShown(state, { host: hit.host, port, protocol, ...(address === undefined ? {} : { address }) })
}

/** What stands for a namespace on the map. */
function elementOf(places: Places, host: string, namespace: string): string[] {
  const element = places.find(host, namespace)?.element
  return element === undefined ? [] : [element]
}

interface Surroundings {
  before: Step | undefined
  next: Step | undefined
  state: NetworkState
  places: Places
}

function linkHop(step: Step, { before, next, state, places }: Surroundings): Hop | undefined {
  const { sighting, place, link, packet } = step
  if (sighting.lan !== undefined) {
    // Once, however many of its ports it passed.
    if (before?.sighting.lan === sighting.lan) return undefined
    const lan = code(sighting.lan)
    return hop('link', `LAN ${sighting.lan}`, step, [lanId(sighting.lan)], {
      en: `it crosses LAN ${lan}`,
      zh: `它穿过局域网 ${lan}`,
    })
  }
  if (!place) return undefined
  const about = places.shows(place.host.name, place.namespace.id, sighting.link)
  const where = code(place.label)
  const name = code(sighting.link)
  const overlay = overlayOf(place)
  if (step.tunnel) return before?.tunnel ? undefined : tunnelHop(step, state, places)
  if (link?.kind === 'bridge') {
    // Its ports tell the way through it; what is for the host itself comes up here.
    return undefined
  }
  if (link?.kind === 'vxlan') {
    if (sighting.direction === 'out') return undefined
    return hop('tunnel', place.label, step, about, {
      en: `it comes out of the tunnel on ${where}, into overlay ${code(overlay?.name ?? '?')}`,
      zh: `它在 ${where} 上走出隧道，进入 overlay 网络 ${code(overlay?.name ?? '?')}`,
    })
  }
  if (link?.master !== undefined) {
    // Out of a port is into its peer, which tells it.
    if (sighting.direction === 'out') {
      return next?.place?.namespace.id === link.peer?.namespace
        ? undefined
        : hop('link', place.label, step, about, portOut(step))
    }
    const network = overlay ?? networkOfBridge(place.host, link.master)
    const of = network
      ? { en: ` of network ${code(network.name)}`, zh: `（网络 ${code(network.name)}）` }
      : { en: '', zh: '' }
    return hop('link', place.label, step, about, {
      en: `on ${where} it enters bridge ${code(link.master)}${of.en} by port ${name}`,
      zh: `在 ${where} 上，它从端口 ${name} 进入网桥 ${code(link.master)}${of.zh}`,
    })
  }
  const changed =
    before && before.packet.source !== packet.source ? { from: before.packet.source, to: packet.source } : undefined
  const source = changed
    ? {
        en: `, with its source changed from ${code(changed.from)} to ${code(changed.to)}`,
        zh: `，源地址从 ${code(changed.from)} 变为 ${code(changed.to)}`,
      }
    : { en: '', zh: '' }
  if (link?.kind === 'loopback') {
    if (before?.place?.namespace.id === place.namespace.id) return undefined
    return hop('link', place.label, step, about, {
      en: `it stays within ${where}, on the loopback ${name}`,
      zh: `它留在 ${where} 内部，走回环接口 ${name}`,
    })
  }
  return sighting.direction === 'out'
    ? hop('link', place.label, step, about, {
        en: `it leaves ${where} by ${name}${source.en}`,
        zh: `它从 ${name} 离开 ${where}${source.zh}`,
      })
    : hop('link', place.label, step, about, { en: `it gets to ${where} by ${name}`, zh: `它从 ${name} 到达 ${where}` })
}

function portOut({ sighting, link, place }: Step) {
  const [bridge, port, where] = [code(link!.master!), code(sighting.link), code(place!.label)]
  return {
    en: `bridge ${bridge} on ${where} sends it out by port ${port}`,
    zh: `${where} 上的网桥 ${bridge} 把它从端口 ${port} 发出`,
  }
}

function tunnelHop(step: Step, state: NetworkState, places: Places): Hop {
  const { id, from, to } = step.tunnel!
  // The VXLAN devices at either end are what the map ties together.
  const ends = state.hosts.flatMap((host) => {
    const isEnd = host.namespaces[0]?.links.some(({ addresses }) =>
      addresses.some(({ address }) => sameAddress(address, from) || sameAddress(address, to)),
    )
    if (!isEnd) return []
    return host.namespaces.flatMap((namespace) => {
      const device = namespace.links.find(({ vxlan }) => vxlan?.id === id)
      if (!device) return []
      const network = overlayOf(placeIn(host, namespace))
      return [vxlanId(host.name, device.name, network ? overlayScope(network.name) : '')]
    })
  })
  const tie = ends.length === 2 ? [tunnelId(ends[0]!, ends[1]!)] : []
  const { place, sighting } = step
  const shown = place ? places.shows(place.host.name, place.namespace.id, sighting.link) : []
  return hop('tunnel', place?.label ?? sighting.host ?? '', step, [...ends, ...tie, ...shown], {
    en: `it is put into tunnel VXLAN ${code(id)}, from ${code(from)} to ${code(to)}`,
    zh: `它被封装进 VXLAN ${code(id)} 隧道，从 ${code(from)} 到 ${code(to)}`,
  })
}

function hop(kind: Hop['kind'], place: string, step: Step, about: string[], text: Hop['text']): Hop {
  const inside = step.tunnel ? `VXLAN ${step.tunnel.id} ${step.tunnel.from} > ${step.tunnel.to}: ` : ''
  const macs = step.sighting.frame.source && step.sighting.frame.destination
  const frame = macs ? [`${step.sighting.frame.source} > ${step.sighting.frame.destination}`] : []
  return { kind, state: 'ok', place, text, evidence: [`${inside}${writePacket(step.packet)}`, ...frame], about }
}

/** Whether a program waits where it arrived. */
function socketHop(one: Case, places: Places): Hop[] {
  const { seen, protocol } = one
  const place = seen.arrived?.place
  const { address, port } = destinationOf(one)
  if (!place || port === undefined || protocol === 'icmp' || seen.drop) return []
  if (place.namespace.faults.some((fault) => fault.startsWith('sockets:'))) return []
  const sockets = listening(place, protocol, port, address)
  const at = place.namespace.sockets.filter((socket) => socket.protocol === protocol && socket.port === port)
  const where = code(place.label)
  const text =
    sockets.length > 0
      ? {
          en: `in ${where} a program listens on ${protocol} port ${port}`,
          zh: `${where} 里有程序监听 ${protocol} 端口 ${port}`,
        }
      : at.some((socket) => isLoopback(socket.address))
        ? {
            en: `in ${where} port ${port} is open only on ${code(at[0]!.address)}`,
            zh: `${where} 里的端口 ${port} 只监听 ${code(at[0]!.address)}`,
          }
        : {
            en: `in ${where} nothing listens on ${protocol} port ${port}`,
            zh: `${where} 里没有程序监听 ${protocol} 端口 ${port}`,
          }
  return [
    {
      kind: 'socket',
      // What answered was there, whatever the capture of a moment before says.
      state: sockets.length > 0 || stageOf(one) === 'returned' ? 'ok' : 'stop',
      place: place.label,
      text,
      evidence: (sockets.length > 0 ? sockets : at).slice(0, 3).map(writeSocket),
      about: elementOf(places, place.host.name, place.namespace.id),
    },
  ]
}

function answerHops(one: Case, places: Places): Hop[] {
  const { seen, from } = one
  const { back, replyDrop } = seen
  const stage = stageOf(one)
  if (stage !== 'returned' && stage !== 'no-return') return []
  const answerer = answererOf(one)
  const who = writeAnswerer(answerer, one)
  const last = answerer.received ?? back.at(-1)
  const evidence = [
    ...new Set([answerer.sent ?? back[0], last].flatMap((step) => (step ? writePacket(step.packet) : []))),
  ]
  if (stage === 'returned') {
    const took = last
      ? { en: ` after ${last.sighting.atMs.toFixed(1)} ms`, zh: `，用时 ${last.sighting.atMs.toFixed(1)} 毫秒` }
      : { en: '', zh: '' }
    return [
      {
        kind: 'answer',
        state: 'ok',
        place: from.label,
        text: {
          en: `${who.en} answers, and the answer is back in ${code(from.label)}${took.en}`,
          zh: `${who.zh}作出应答，应答回到了 ${code(from.label)}${took.zh}`,
        },
        evidence,
        about: [],
      },
    ]
  }
  if (replyDrop) {
    const told = ruleHop(replyDrop, one, places)
    return [{ ...told, kind: 'answer', text: { en: `the answer: ${told.text.en}`, zh: `应答：${told.text.zh}` } }]
  }
  const lan = last?.sighting.lan
  const place = last?.place?.label ?? answerer.place?.label ?? seen.arrived?.place?.label ?? from.label
  const at = code(lan ?? place)
  const about = last?.place
    ? places.shows(last.place.host.name, last.place.namespace.id, last.sighting.link)
    : lan === undefined
      ? []
      : [lanId(lan)]
  return [
    {
      kind: 'answer',
      state: 'stop',
      place,
      text: {
        en: `${who.en} answers, and the answer is last seen at ${lan === undefined ? '' : 'LAN '}${at}`,
        zh: `${who.zh}作出了应答，但应答最后出现在${lan === undefined ? '' : '局域网'} ${at}`,
      },
      evidence,
      about,
    },
  ]
}
