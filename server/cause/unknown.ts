import { isNeighbour } from '../place/target.js'
import type { Text } from '../wording/text.js'
import { bare, code, codes } from '../wording/wording.js'
import { type Cause, define } from './cause.js'
import { writeStep } from './packet-text.js'
import type { Step } from './seen.js'
import { doorOf } from './sockets.js'
import type { SeenTrail, Trail } from './trail.js'
import { askingFor } from './words.js'

/** How somebody who asked was answered, where no packet was watched. */
export type Failure = 'refused' | 'silent' | 'unroutable'

interface Found {
  what: Text
  shown: string[]
}

/** No cause: what is known all the same. */
export const unknown = define<Found>({
  code: 'unknown',
  say: ({ what, shown }) => ({
    what,
    evidence: shown,
    tries: [
      {
        en: `look further from there: ${code('tcpdump -ni any')} shows packets as they pass`,
        zh: `从那里继续查：${code('tcpdump -ni any')} 可以看到经过的数据包`,
      },
    ],
  }),
  broken: 'anything else; the last hop seen is named',
  example: {
    what: {
      en: 'why is not known: the packet was last seen at `eth0` of `node1/web`',
      zh: '原因不明：数据包最后出现在 `node1/web` 的 `eth0`',
    },
    shown: ['node1/web eth0 in: 172.20.0.12 > 172.20.0.10 icmp type 8 code 0, 84 bytes, ttl 64'],
  },
  hidden: {
    state: 'the lack of a cause is no state: it is said where none is found',
    netdiag: 'it says what it asked and what came of it, and leaves the cause to its reader',
    diagnose: 'a finding without a cause says what was asked and what came of it',
  },
})

/** With the last place that the packet was seen at. */
export function unknownSeen(trail: SeenTrail): Cause {
  const { seen, stage } = trail
  const last = (stage === 'no-return' ? seen.back : seen.out).at(-1)
  const label = code(trail.last.label)
  const where = last ? placeOf(trail, last) : { en: label, zh: label }
  const blind = seen.whole
    ? { en: '', zh: '' }
    : {
        en: '; not everything could be watched, so it may have gone further',
        zh: '；有些地方没能观察到，它也可能走得更远',
      }
  const said = seen.observation.detail
  return unknown.tell({
    what: {
      en: `why is not known: the ${stage === 'no-return' ? 'answer' : 'packet'} was last seen at ${where.en}${blind.en}`,
      zh: `原因不明：${stage === 'no-return' ? '应答' : '数据包'}最后出现在 ${where.zh}${blind.zh}`,
    },
    shown: [...(last ? [writeStep(last)] : []), ...seen.observation.faults.slice(0, 3), ...(said ? [said] : [])],
  })
}

function placeOf({ from }: Trail, { sighting, place }: Step): Text {
  if (sighting.lan !== undefined) return { en: `LAN ${code(sighting.lan)}`, zh: `局域网 ${code(sighting.lan)}` }
  const label = code(place?.label ?? sighting.host ?? from.label)
  return { en: `${code(sighting.link)} of ${label}`, zh: `${label} 的 ${code(sighting.link)}` }
}

/** By the state alone nothing stops it, and yet it failed. */
export function unknownForeseen(trail: Trail, failure: Failure): Cause {
  const what =
    failure === 'refused' ? yetRefused(trail) : failure === 'unroutable' ? yetUnroutable(trail) : yetSilent(trail)
  return unknown.tell({ what, shown: [] })
}

function yetRefused(trail: Trail): Text {
  const { address, protocol, port, goal } = trail
  const whom = code(goal?.label ?? address)
  const door = doorOf(trail)
  if (!door?.open) {
    const what = `${protocol} ${port ?? ''}`.trim()
    return {
      en: `a packet came back that says no: ${whom} is reached, but nothing there accepts ${what}`,
      zh: `对方回了拒绝：已经到达 ${whom}，但那里没有程序接受 ${what}`,
    }
  }
  const heard = codes([...new Set(door.at.map((socket) => socket.address))])
  return {
    en: `${whom} listens on port ${door.port} at ${heard.en}, yet ${code(address)} refused: the packet reached someone else, or a rule rejected it`,
    zh: `${whom} 在 ${heard.zh} 上监听端口 ${door.port}，但 ${code(address)} 拒绝了连接：数据包到了别处，或者被规则拒绝`,
  }
}

function yetUnroutable({ from, address }: Trail): Text {
  const [who, whom] = [code(from.label), code(address)]
  const asking = askingFor(address)
  return isNeighbour(from, address)
    ? {
        en: `${whom} is in a subnet of ${who}, but nobody on that link answered when it asked for the MAC address (${asking.en})`,
        zh: `${whom} 与 ${who} 在同一子网，但用${asking.zh}询问 MAC 地址时，链路上没有人应答`,
      }
    : {
        en: `${who} sends to its gateway, and from there no way leads to ${whom}`,
        zh: `${who} 把数据包交给了网关，而从那里没有路通往 ${whom}`,
      }
}

function yetSilent({ goal, address }: Trail): Text {
  if (goal) {
    const whom = `${code(goal.label)} (${bare(address)})`
    return {
      en: `no answer came from ${whom}, though it runs, and the state shows nothing that stops packets on the way out or back`,
      zh: `${whom} 在运行，却没有任何应答，而从网络状态看不出去程或回程上有什么拦住了数据包`,
    }
  }
  return {
    en: `no answer came from ${code(address)}: nobody in this lab is known to have that address, and the state shows nothing that stops packets on the way`,
    zh: `${code(address)} 没有任何应答：没有发现这个实验里有谁用这个地址，从网络状态也看不出途中有什么拦住了数据包`,
  }
}
