import { sameAddress } from '../network/addresses.js'
import { outLink } from '../network/routing.js'
import type { LivePlace } from '../place/place.js'
import { hostEnd, type Leg } from '../place/segment.js'
import { code } from '../wording/wording.js'
import { define } from './cause.js'
import { writeStep } from './packet-text.js'
import { commandIn } from './place-command.js'
import type { Step } from './seen.js'
import type { Trail } from './trail.js'

interface Found {
  where: string
  link: string
  /** Its setting, as tc(8) writes it. */
  by: string
  /** Which part of what it should send it drops; 1 is all. */
  share: number
  /** What was seen to be lost there, of one that drops by chance. */
  lost?: 'packet' | 'answer'
  command: string
  shown: string[]
}

/** The link that a place sends by to an address. */
function sending(place: LivePlace | undefined, address: string | undefined): Leg[] {
  const link = place && address !== undefined ? outLink(place.namespace, address) : undefined
  return place && link ? [{ place, link }] : []
}

/** By the host's end of a container's link frames go to it. */
function into(place: LivePlace | undefined, address: string | undefined): Leg[] {
  return sending(place, address).flatMap((leg) => hostEnd(leg) ?? [])
}

function find(trail: Trail): Found | undefined {
  const { from, goal, last, destination, source, stage } = trail
  const forth = [...sending(from, destination), ...sending(last, destination), ...into(goal, source)]
  const back = [...sending(goal, source), ...into(from, destination)]
  const answered = stage === 'silent' || stage === 'no-return'
  const legs = [
    ...(answered ? [] : forth),
    ...(answered || stage === 'open' ? back : []),
    // Who can't send anything does not tell its MAC address either.
    ...trail.asked.flatMap(({ target, macs, place }) => {
      if (macs.length > 0 || !sameAddress(target, destination)) return []
      return place?.namespace.id === from.namespace.id ? back : sending(goal, source)
    }),
  ]
  const found = legs.find(({ link }) => link.loses?.share === 1)
  return found && plain(found)
}

/** One that drops by chance is the cause where the packet, or its answer, was seen to come there and not to leave by it. */
function findLost({ seen, stage, asked, from, goal, destination, source }: Trail): Found | undefined {
  if (!seen?.whole || seen.observation.outcome !== 'silent') return undefined
  const drops = ({ link }: Leg) => link.loses !== undefined
  if (stage === 'unsent') {
    // Not even what it would ask first was seen.
    const leg = asked.length === 0 ? sending(from, destination).find(drops) : undefined
    return leg && { ...plain(leg), lost: 'packet' }
  }
  const isBack = stage === 'no-return'
  if (stage !== 'lost' && !isBack) return undefined
  const step = (isBack ? seen.back : seen.out).at(-1)
  if (!step?.place || step.tunnel) return undefined
  const [to, whom] = isBack ? [source, into(from, destination)] : [destination, into(goal, source)]
  const leg = [...sending(step.place, to), ...whom.filter(({ link }) => link.master !== undefined)].find(
    (one) => drops(one) && isNext(one, step),
  )
  if (!leg) return undefined
  const own = plain(leg)
  return { ...own, lost: isBack ? 'answer' : 'packet', shown: [...own.shown, `last seen: ${writeStep(step)}`] }
}

/** Whether a packet that was seen there last should have left by that link next. */
function isNext({ place, link }: Leg, { place: at, link: by, sighting: { direction } }: Step): boolean {
  if (at?.namespace.id !== place.namespace.id || !by) return false
  // Out of a bridge it leaves by one of its ports; within one it goes from port to port.
  if (link.master === undefined) return direction === 'in'
  return direction === 'out' ? by.name === link.master : by.master === link.master
}

function plain({ place, link }: Leg): Found {
  const { share, by } = link.loses!
  return {
    ...{ where: place.label, link: link.name, by, share },
    command: commandIn(place, `tc qdisc del dev ${link.name} root`),
    shown: [`${place.label}: ${link.name} qdisc ${by}`],
  }
}

export const discipline = define<Found>({
  code: 'discipline',
  byState: find,
  bySight: (trail) => find(trail) ?? findLost(trail),
  say: ({ where, link, by, share, lost, command, shown }) => {
    const [who, on, what, part] = [code(where), code(link), code(by), `${Number((share * 100).toFixed(2))} %`]
    const it = lost === 'answer' ? { en: 'the answer', zh: '应答' } : { en: 'this packet', zh: '这个数据包' }
    return {
      what:
        share === 1
          ? {
              en: `${who} sends nothing by ${on}: somebody set its queueing discipline to ${what}, which drops all (tc)`,
              zh: `${who} 从 ${on} 发不出任何数据：有人把它的队列规则（tc qdisc）设成了丢弃一切的 ${what}`,
            }
          : {
              en: `${who} drops ${part} of what it should send by ${on}, by chance: somebody set its queueing discipline to ${what} (tc); ${it.en} did not leave by it`,
              zh: `${who} 会随机丢弃 ${part} 要从 ${on} 发出的包：有人把它的队列规则（tc qdisc）设成了 ${what}；${it.zh}没有从那里发出`,
            },
      evidence: shown,
      tries: [
        {
          en: `remove it, unless it is intended: ${code(command, 300)}`,
          zh: `如果不是有意为之，就去掉它：${code(command, 300)}`,
        },
      ],
    }
  },
  broken: "`tc qdisc replace dev VETH root blackhole` on the host's end of a container's link, or `netem loss 100%`",
  example: {
    ...{ where: 'node1', link: 'veth…', by: 'netem loss 100%', share: 1, command: 'tc qdisc del dev veth… root' },
    shown: ['node1: veth… qdisc netem loss 100%'],
  },
})
