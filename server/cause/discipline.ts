import { leadsOn, routeFor } from '../network/routing.js'
import type { Link } from '../network/state.js'
import { hostPlace, type LivePlace } from '../place/place.js'
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

/** Links that a place sends by to an address, and on its host those that lead to it. */
function outLinks(place: LivePlace | undefined, address: string | undefined): { place: LivePlace; link: Link }[] {
  if (!place || address === undefined) return []
  const route = routeFor(place.namespace, address)
  const link = leadsOn(route) ? place.namespace.links.find(({ name }) => name === route.device) : undefined
  return link ? [{ place, link }] : []
}

/** The host's end of a container's link, by which frames go to it. */
function hostEnd(place: LivePlace | undefined, address: string | undefined): { place: LivePlace; link: Link }[] {
  const own = place && hostPlace(place.host)
  return outLinks(place, address).flatMap(({ link: { peer } }) => {
    const link = own?.namespace.links.find(({ name }) => peer?.namespace === own.namespace.id && name === peer.name)
    return own && link ? [{ place: own, link }] : []
  })
}

function find(trail: Trail): Found | undefined {
  const { from, goal, last, destination, source, stage } = trail
  const forth = [...outLinks(from, destination), ...outLinks(last, destination), ...hostEnd(goal, source)]
  const back = [...outLinks(goal, source), ...hostEnd(from, destination)]
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
        en: `take it away, if it is not meant so: ${code(command, 300)}`,
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
