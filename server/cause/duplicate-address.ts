import { isLoopback, sameAddress } from '../network/addresses.js'
import { nextHop } from '../network/routing.js'
import type { NetworkState } from '../network/state.js'
import { isLive, ownLink } from '../place/place.js'
import { holdersOf, type Leg, segmentOf } from '../place/segment.js'
import { code, codes } from '../wording/wording.js'
import { type Cause, define } from './cause.js'
import { writeAsked } from './packet-text.js'
import { commandIn } from './place-command.js'
import type { Asked } from './seen.js'
import type { Trail } from './trail.js'
import { askingFor } from './words.js'

interface Found {
  address: string
  /** Labels of those that have it on one segment; fewer than two where only two answers were seen. */
  who: string[]
  /** It has the address as well, on that link, and took what it should have passed on. */
  taken?: { by: string; link: string; command: string }
  shown: string[]
}

/**
 * Who else has the address of a link on the same layer-2 segment: whoever is quicker to answer an ARP question gets the
 * packets (RFC 5227, 1). All of them, by their names.
 */
export function claimsOf(address: string, state: NetworkState): Leg[] {
  const claims = holdersOf(address, state)
    .filter(({ link }) => link.kind !== 'loopback')
    .map((leg) => ({ ...leg, segment: segmentOf(leg.place.host, leg.place.namespace, leg.link) }))
  return claims
    .filter((claim) =>
      claims.some((other) => other !== claim && other.segment === claim.segment && other.link.mac !== claim.link.mac),
    )
    .toSorted((a, b) => a.place.label.localeCompare(b.place.label))
}

function claim(address: string, state: NetworkState, questions: Asked[]): Found | undefined {
  const claims = claimsOf(address, state)
  const asked = questions.find(({ target }) => sameAddress(target, address))
  if (claims.length < 2 && (asked?.macs.length ?? 0) < 2) return undefined
  return {
    address,
    who: claims.length < 2 ? [] : [...new Set(claims.map(({ place }) => place.label))],
    shown: [
      ...(claims.length < 2 ? [] : claims.map((leg) => claimLine(leg, address))),
      ...(asked ? [writeAsked(asked)] : []),
    ],
  }
}

function claimLine({ place, link }: Leg, address: string): string {
  return `${place.label}: ${link.name} ${link.mac} has ${address}`
}

/** Somebody on the way has the address too, and so is where the packet arrives. */
function takenOnTheWay({ meant, last, destination, arrived, stage }: Trail): Found | undefined {
  if (!arrived && stage !== 'refused') return undefined
  if (!isLive(meant) || meant.namespace.id === last.namespace.id || isLoopback(destination)) return undefined
  const own = ownLink(last.namespace, destination)
  const theirs = ownLink(meant.namespace, destination)
  const held = own?.addresses.find(({ address }) => sameAddress(address, destination))
  if (!own || !theirs || !held) return undefined
  const who = [meant.label, last.label]
  const command = commandIn(last, `ip address del ${destination}/${held.prefix} dev ${own.name}`)
  return {
    ...{ address: destination, who, taken: { by: last.label, link: own.name, command } },
    shown: [claimLine({ place: meant, link: theirs }, destination), claimLine({ place: last, link: own }, destination)],
  }
}

function find(trail: Trail): Found | undefined {
  const { state, address, destination, from, last, source, seen, asked, way, stage, drop, goal } = trail
  // What a rule of the right host ended did not go astray.
  if (stage === 'dropped' && (!drop || !goal || drop.host === goal.host.name)) return undefined
  const targets = [
    address,
    destination,
    nextHop(from.namespace, address),
    nextHop(last.namespace, destination),
    seen?.out[0]?.packet.source ?? way?.stops[0]?.route?.source,
    source,
  ]
  for (const target of new Set(targets)) {
    const found = target === undefined ? undefined : claim(target, state, asked)
    if (found) return found
  }
  return takenOnTheWay(trail)
}

export const duplicateAddress = define<Found>({
  code: 'duplicate-address',
  byState: find,
  bySight: find,
  say: ({ address: target, who, taken, shown }) => {
    const [list, address] = [codes(who), code(target)]
    if (taken) {
      const [by, on, whose] = [code(taken.by), code(taken.link), code(who[0]!)]
      return {
        what: {
          en: `${by} has ${address} itself, on ${on}, and so takes for its own what is for ${whose}`,
          zh: `${by} 自己也有 ${address}（在 ${on} 上），于是把发给 ${whose} 的包当成了发给自己的`,
        },
        evidence: shown,
        tries: [
          {
            en: `if it should not have it, take it away, on ${by}: ${code(taken.command, 300)}`,
            zh: `如果它不该有这个地址，就在 ${by} 上去掉：${code(taken.command, 300)}`,
          },
        ],
      }
    }
    const flush = code(`ip neigh flush ${target}`)
    const asking = askingFor(target)
    return {
      what:
        who.length < 2
          ? {
              en: `two different MAC addresses answered for ${address}: whose answer comes first gets the packets, and it may be the wrong one`,
              zh: `有两个不同的 MAC 地址应答了 ${address}：谁先应答，数据包就发给谁，可能发错了地方`,
            }
          : {
              en: `${list.en} claim ${address} on the same segment: whose ${asking.en} answer comes first gets the packets, and it may be the wrong one`,
              zh: `${list.zh} 在同一子网上都使用 ${address}：谁的${asking.zh}应答先到，数据包就发给谁，可能发错了地方`,
            },
      evidence: shown,
      tries: [
        {
          en: `give one of them another address, and forget what was learnt: ${flush}`,
          zh: `给其中一个换个地址，再清掉已学到的记录：${flush}`,
        },
      ],
    }
  },
  broken: 'another container takes the address of the one that is asked for, and answers first',
  asked: '`api` to `web:80`, tcp',
  example: {
    address: '172.20.0.10',
    who: ['node1/cache', 'node1/web'],
    shown: ['node1/cache: eth0 MAC has 172.20.0.10', 'node1/web: eth0 MAC has 172.20.0.10'],
  },
})

/** Two that claim one address on one segment: by the state, or because both answered. */
export function claimOf(address: string, { state, asked }: { state: NetworkState; asked: Asked[] }): Cause | undefined {
  const found = claim(address, state, asked)
  return found && duplicateAddress.tell(found)
}
