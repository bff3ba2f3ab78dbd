import { outLink } from '../network/routing.js'
import type { LivePlace } from '../place/place.js'
import { hostEnd, type Leg } from '../place/segment.js'
import { code } from '../wording/wording.js'
import { define } from './cause.js'
import { commandIn } from './place-command.js'
import type { Trail } from './trail.js'

interface Found {
  where: string
  link: string
  command: string
  shown: string[]
}

/** The link that a place sends by to an address. */
function sending(place: LivePlace | undefined, address: string | undefined): Leg[] {
  const link = place && address !== undefined ? outLink(place.namespace, address) : undefined
  return place && link ? [{ place, link }] : []
}

function find(trail: Trail): Found | undefined {
  const { from, goal, last, destination, source, stage } = trail
  // By the host's end of a container's link frames go to it.
  const into = (place: LivePlace | undefined, address: string | undefined) =>
    sending(place, address).flatMap((leg) => hostEnd(leg) ?? [])
  const forth = [...sending(from, destination), ...sending(last, destination), ...into(goal, source)]
  const back = [...sending(goal, source), ...into(from, destination)]
  const answered = stage === 'silent' || stage === 'no-return'
  const found = [...(answered ? [] : forth), ...(answered || stage === 'open' ? back : [])].find(
    ({ link }) => link.discipline === 'blackhole',
  )
  if (!found) return undefined
  const { place, link } = found
  return {
    ...{ where: place.label, link: link.name },
    command: commandIn(place, `tc qdisc del dev ${link.name} root`),
    shown: [`${place.label}: ${link.name} qdisc ${link.discipline}`],
  }
}

export const discipline = define<Found>({
  code: 'discipline',
  byState: find,
  bySight: find,
  say: ({ where, link, command, shown }) => ({
    what: {
      en: `${code(where)} sends nothing by ${code(link)}: somebody set its queueing discipline to ${code('blackhole')}, which drops all (tc)`,
      zh: `${code(where)} 从 ${code(link)} 发不出任何数据：有人把它的队列规则（tc qdisc）设成了丢弃一切的 ${code('blackhole')}`,
    },
    evidence: shown,
    tries: [
      {
        en: `remove it, unless it is intended: ${code(command, 300)}`,
        zh: `如果不是有意为之，就去掉它：${code(command, 300)}`,
      },
    ],
  }),
  broken: "`tc qdisc replace dev VETH root blackhole` on the host's end of a container's link",
  example: {
    ...{ where: 'node1', link: 'veth…', command: 'tc qdisc del dev veth… root' },
    shown: ['node1: veth… qdisc blackhole'],
  },
})
