import { leadsOn, nextHop, outLink, routeFor, takesIn, writeRoute } from '../network/routing.js'
import type { Link } from '../network/state.js'
import { isInHostNamespace, type LivePlace } from '../place/place.js'
import { holdersOn } from '../place/segment.js'
import { code } from '../wording/wording.js'
import { define } from './cause.js'
import { commandIn } from './place-command.js'
import type { Trail } from './trail.js'

interface Found {
  where: string
  link: string
  source: string
  /** By which link the way back leaves; none where there is no way. */
  by?: string
  mode: 'strict' | 'loose'
  answer: boolean
  /** Even its question for a MAC address is not answered. */
  asking: boolean
  /** Who sends it by that link, and by what. */
  sender?: string
  command: string
  shown: string[]
}

function refusal(
  place: LivePlace,
  link: Link | undefined,
  source: string | undefined,
  more: Pick<Found, 'answer'> & Partial<Pick<Found, 'asking' | 'sender'>>,
): Found | undefined {
  if (!link || source === undefined || takesIn(place.namespace, link, source)) return undefined
  const back = routeFor(place.namespace, source)
  // The larger of the two numbers counts: `all` alone can make it loose.
  const command = isInHostNamespace(place)
    ? `sysctl -w net.ipv4.conf.${link.name}.rp_filter=2`
    : commandIn(place, `sysctl -w net.ipv4.conf.all.rp_filter=2`)
  return {
    ...{ where: place.label, link: link.name, source, mode: link.reversePath!, asking: false, ...more, command },
    ...(leadsOn(back) && back.device !== undefined ? { by: back.device } : {}),
    shown: [
      `${place.label}: rp_filter of ${link.name} is ${link.reversePath === 'strict' ? '1 (strict)' : '2 (loose)'}`,
      `${place.label}: ${back ? writeRoute(back) : `no route to ${source}`}`,
    ],
  }
}

/** Where a packet came in that nobody saw go on. */
function bySight({ seen, stage }: Trail): Found | undefined {
  const answer = stage === 'no-return'
  const last = (answer ? seen?.back : seen?.out)?.at(-1)
  if (!last?.place || last.tunnel || last.sighting.direction !== 'in') return undefined
  // Frames come in by a port, and packets by its bridge.
  const { link, place } = last
  const taken = link?.master === undefined ? link : place.namespace.links.find(({ name }) => name === link.master)
  return refusal(place, taken, last.packet.source, { answer })
}

/** The one who has the next hop takes no question of such a sender either (arp_process in net/ipv4/arp.c). */
function byQuestion({ seen, state, stage, goal, source, destination, from }: Trail): Found | undefined {
  if (!seen) return undefined
  const answer = stage === 'silent' || stage === 'no-return'
  const [asks, own, to] = answer ? [goal, destination, source] : [from, source, destination]
  if (!asks || own === undefined || to === undefined) return undefined
  const link = outLink(asks.namespace, to)
  const hop = nextHop(asks.namespace, to)
  const unanswered = seen.questions.some(({ target, macs }) => target === hop && macs.length === 0)
  const holder = link && hop !== undefined && unanswered ? holdersOn({ place: asks, link }, hop, state)[0] : undefined
  return holder && refusal(holder.place, holder.link, own, { answer, asking: true, sender: asks.label })
}

function byState({ way, back }: Trail): Found | undefined {
  const filtered = way?.end === 'filtered' ? way : back?.end === 'filtered' ? back : undefined
  const stop = filtered?.stops.at(-1)
  const link = stop?.place.namespace.links.find(({ name }) => name === stop.in)
  return stop && refusal(stop.place, link, filtered!.flow.source, { answer: filtered !== way })
}

export const reversePath = define<Found>({
  code: 'reverse-path',
  byState,
  bySight: (trail) => bySight(trail) ?? byQuestion(trail),
  say: ({ where, link, source, by, mode, answer, asking, sender, command, shown }) => {
    const [here, into, whom] = [code(where), code(link), code(source)]
    const what = asking
      ? {
          en: `the question for a MAC address that ${code(sender ?? '')} sends for ${answer ? 'its answer' : 'the packet'}`,
          zh: `${code(sender ?? '')} 为发送${answer ? '应答' : '数据包'}而发出的 MAC 地址询问`,
        }
      : { en: answer ? 'the answer' : 'the packet', zh: answer ? '应答' : '数据包' }
    const way =
      by === undefined
        ? { en: `has no way back to ${whom}`, zh: `没有回到 ${whom} 的路由` }
        : { en: `would send what is for ${whom} by ${code(by)}`, zh: `会从 ${code(by)} 发送去往 ${whom} 的数据包` }
    const rule =
      mode === 'strict'
        ? { en: 'strict, it takes only what comes by that link', zh: '严格模式下只接收从那条接口进来的' }
        : { en: 'even loose, it takes only from whom a way leads back to', zh: '即使是宽松模式，也只接收有路可回的' }
    return {
      what: {
        en: `${what.en} comes from ${whom} by ${into} of ${here}, which ${way.en}: the filter of reverse paths (rp_filter) is on there, and, ${rule.en}`,
        zh: `${what.zh}来自 ${whom}，从 ${here} 的 ${into} 进入，而 ${here} ${way.zh}：那里开启了反向路径过滤（rp_filter），${rule.zh}`,
      },
      evidence: shown,
      tries: [
        ...(mode === 'strict' && by !== undefined
          ? [
              {
                en: `let it be loose there: ${code(command, 300)}`,
                zh: `在那里改为宽松模式：${code(command, 300)}`,
              },
            ]
          : []),
        {
          en: `or let the two ways be one: a route where it is sent, so that it comes by ${code(by ?? link)}`,
          zh: `或者让来去走同一条路：在发送方加一条路由，使它从 ${code(by ?? link)} 进来`,
        },
      ],
    }
  },
  broken:
    'a container in two networks whose default route is by the other one, and `net.ipv4.conf.all.rp_filter=1` on its host',
  onlyIp4: 'the kernel has no such filter of IPv6; what does the same there is a rule, and told as one',
  example: {
    ...{
      where: 'node1',
      link: 'docker0',
      source: '10.10.0.150',
      by: 'br-…',
      mode: 'strict',
      answer: true,
      asking: false,
    },
    command: 'sysctl -w net.ipv4.conf.docker0.rp_filter=2',
    shown: ['node1: rp_filter of docker0 is 1 (strict)', 'node1: 10.10.0.0/24 dev br-… src 10.10.0.1'],
  },
})
