import { type Case, destinationOf, flowAt, lastPlace, stageOf } from '../cause/case.js'
import { claimOf } from '../cause/duplicate-address.js'
import { writeAsked } from '../cause/packet-text.js'
import { foundLines } from '../cause/words.js'
import { Places } from '../map/places.js'
import { sameAddress } from '../network/addresses.js'
import { isUndecided, leadsOn, nextHop, outLink, routeFor, writeRoute } from '../network/routing.js'
import type { LivePlace } from '../place/place.js'
import { code, codes } from '../wording/wording.js'
import type { Hop } from './story.js'

/** What comes before a packet is on a wire: a route, and the MAC address of the next hop (RFC 826). */

export function routeHop(one: Case): Hop {
  const { label, namespace, host } = one.from
  const route = routeFor(namespace, flowAt(one, one.from))
  const [who, whom] = [code(label), code(one.address)]
  const common: Pick<Hop, 'kind' | 'place'> = { kind: 'route', place: label }
  if (route && isUndecided(route)) {
    return {
      ...common,
      state: 'unknown',
      text: {
        en: `${who} has more than one way to ${whom}, and which one this packet takes is not known beforehand`,
        zh: `${who} 到 ${whom} 不止一条路，这个数据包会走哪一条，事先无法知道`,
      },
      evidence: foundLines(label, route),
      about: [],
    }
  }
  if (!leadsOn(route)) {
    return {
      ...common,
      state: 'stop',
      text: { en: `${who} has no route to ${whom}`, zh: `${who} 没有到 ${whom} 的路由` },
      evidence: route ? [writeRoute(route)] : [],
      about: [],
    }
  }
  const device = code(route.device ?? '?')
  const about = route.device ? new Places(one.state).shows(host.name, namespace.id, route.device) : []
  const text =
    route.type === 'local'
      ? { en: `${whom} is an address of ${who} itself`, zh: `${whom} 是 ${who} 自己的地址` }
      : route.gateway
        ? {
            en: `${who} sends what is for ${whom} to its gateway ${code(route.gateway)}, by ${device}`,
            zh: `${who} 把发往 ${whom} 的数据包从 ${device} 交给网关 ${code(route.gateway)}`,
          }
        : {
            en: `${whom} is on the same segment as ${who}, at ${device}`,
            zh: `${whom} 与 ${who} 在同一子网，经 ${device} 直达`,
          }
  return { ...common, state: 'ok', text, evidence: [writeRoute(route)], about }
}

/** Of the sender, where it had to ask or knew already. */
export function neighbourHop(one: Case): Hop[] {
  return hopAt(one, one.from, one.address)
}

/** At the last router, where the packet got stuck for want of a MAC address. */
export function lastNeighbourHop(one: Case): Hop[] {
  const last = lastPlace(one)
  if (stageOf(one) !== 'lost' || last.namespace.id === one.from.namespace.id) return []
  return hopAt(one, last, destinationOf(one).address).filter(({ state }) => state === 'stop')
}

function hopAt(one: Case, { label, namespace, host }: LivePlace, address: string): Hop[] {
  const target = nextHop(namespace, address)
  if (target === undefined) return []
  const asked = one.seen.questions.find((question) => sameAddress(question.target, target))
  const device = outLink(namespace, address)?.name ?? '?'
  const known = namespace.neighbours.find(
    (neighbour) => sameAddress(neighbour.address, target) && neighbour.device === device,
  )
  const about = new Places(one.state).shows(host.name, namespace.id, device)
  const common: Pick<Hop, 'kind' | 'place' | 'about'> = { kind: 'neighbour', place: label, about }
  const [who, whom] = [code(label), code(target)]
  if (asked && asked.macs.length > 1) {
    const macs = codes(asked.macs)
    return [
      {
        ...common,
        state: 'unknown',
        text: {
          en: `${who} asks who has ${whom}, and more than one answers: ${macs.en}`,
          zh: `${who} 询问谁有 ${whom}，而应答的不止一个：${macs.zh}`,
        },
        evidence: [writeAsked(asked)],
      },
    ]
  }
  // Who was heard last time, or first, is chance.
  const claim = claimOf(target, { state: one.state, asked: one.seen.questions })
  if (claim) {
    return [{ ...common, state: 'unknown', text: claim.what, evidence: claim.evidence }]
  }
  const mac = asked?.macs[0]
  if (mac !== undefined) {
    return [
      {
        ...common,
        state: 'ok',
        text: {
          en: `${who} asks who has ${whom}; the answer is ${code(mac)}`,
          zh: `${who} 询问谁有 ${whom}，得到应答 ${code(mac)}`,
        },
        evidence: [writeAsked(asked!)],
      },
    ]
  }
  if (asked && (one.seen.out.length === 0 || lastPlace(one).namespace.id === namespace.id)) {
    return [
      {
        ...common,
        state: one.seen.whole ? 'stop' : 'unknown',
        text: {
          en: `${who} asks on ${code(device)} who has ${whom}, and nobody answers`,
          zh: `${who} 在 ${code(device)} 上询问谁有 ${whom}，没有人应答`,
        },
        evidence: [writeAsked(asked)],
      },
    ]
  }
  if (known?.mac === undefined) return []
  return [
    {
      ...common,
      state: 'ok',
      text:
        known.state === 'PERMANENT'
          ? {
              en: `${who} has a fixed entry for ${whom}: ${code(known.mac)}`,
              zh: `${who} 有 ${whom} 的静态条目：${code(known.mac)}`,
            }
          : {
              en: `${who} knows the MAC address of ${whom}: ${code(known.mac)}`,
              zh: `${who} 已知道 ${whom} 的 MAC 地址：${code(known.mac)}`,
            },
      evidence: [`${target} dev ${device} lladdr ${known.mac} ${known.state}`],
    },
  ]
}
