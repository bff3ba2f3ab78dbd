import { type Case, stageOf } from '../cause/case.js'
import { writePacket } from '../cause/packet-text.js'
import type { IpPacket } from '../network/observation.js'
import type { Text } from '../wording/text.js'
import { code } from '../wording/wording.js'
import { answererOf, writeAnswerer } from './answerer.js'
import type { Hop } from './story.js'

/**
 * The hops of a packet that was not answered as it should, with how it ended as the last one: a hop says what the packet did, and
 * that it did so is no failure. None is added where a hop tells the end itself, such as a rule that drops.
 */
export function withEnd(hops: Hop[], one: Case): Hop[] {
  if (hops.some(({ state }) => state === 'stop')) return hops
  const { whole } = one.seen
  const stage = stageOf(one)
  const certain = whole || stage === 'refused' || stage === 'returned'
  const place = hops.at(-1)?.place ?? one.from.label
  const end = endOf(one)
  return [...hops, { kind: 'answer', state: certain ? 'stop' : 'unknown', place, about: [], ...end }]
}

function endOf(one: Case): Pick<Hop, 'text' | 'evidence'> {
  const { seen, from, meant } = one
  const stage = stageOf(one)
  const error = seen.errors.at(-1)
  if (stage === 'returned') {
    const whom = code(meant?.label ?? one.address)
    return { text: { en: `it is not ${whom} that answered`, zh: `应答的不是 ${whom}` }, evidence: [] }
  }
  if (error && stage !== 'refused') return { text: errorText(error.packet, one), evidence: [writePacket(error.packet)] }
  if (stage === 'refused') {
    const who = seen.back.length > 0 || !error ? writeAnswerer(answererOf(one), one) : bothWays(error.packet.source)
    return {
      text: { en: `the answer is a refusal, from ${who.en}`, zh: `收到的是拒绝，来自 ${who.zh}` },
      evidence:
        seen.back.length > 0 ? [writePacket(seen.back.at(-1)!.packet)] : error ? [writePacket(error.packet)] : [],
    }
  }
  if (stage === 'unsent') {
    const who = code(from.label)
    return { text: { en: `no packet leaves ${who}`, zh: `没有数据包离开 ${who}` }, evidence: said(one) }
  }
  if (stage === 'silent') {
    const who = code(seen.arrived?.place?.label ?? one.address)
    return { text: { en: `nothing comes back from ${who}`, zh: `${who} 没有任何回复` }, evidence: [] }
  }
  return {
    text: seen.whole
      ? { en: 'after that it is seen nowhere', zh: '此后再也没有看到它' }
      : { en: 'where it went from there was not seen', zh: '它此后去了哪里，没有观察到' },
    evidence: [],
  }
}

function said({ seen }: Case): string[] {
  return seen.observation.detail === '' ? [] : [seen.observation.detail]
}

function bothWays(address: string): Text {
  return { en: code(address), zh: code(address) }
}

/** Errors of ICMP (RFC 792) and ICMPv6 (RFC 4443), by whom and that they say. */
function errorText({ source, version, icmp }: IpPacket, { address }: Case): Text {
  const [who, whom] = [code(source), code(address)]
  const type = icmp?.type
  const tooLong = version === 4 ? type === 3 && icmp?.code === 4 : type === 2
  if (tooLong) {
    return {
      en: `${who} answers that the packet is too long for the next link`,
      zh: `${who} 回应：数据包太长，下一段链路容纳不下`,
    }
  }
  if (type === (version === 4 ? 11 : 3)) {
    return {
      en: `${who} answers that the packet went through too many routers`,
      zh: `${who} 回应：数据包经过的路由器太多`,
    }
  }
  return { en: `${who} answers that ${whom} can't be reached`, zh: `${who} 回应：无法到达 ${whom}` }
}
