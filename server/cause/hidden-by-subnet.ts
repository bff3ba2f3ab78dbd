import { holds, sameAddress } from '../network/addresses.js'
import { leadsOn, outLink, routeFor, writeRoute } from '../network/routing.js'
import { hostPlace, type LivePlace, networkOfBridge } from '../place/place.js'
import { holdersOf, holdersOn } from '../place/segment.js'
import { code } from '../wording/wording.js'
import { define } from './cause.js'
import type { Trail } from './trail.js'

interface Found {
  host: string
  network: string
  subnet: string
  address: string
  /** Who really has the address, elsewhere. */
  who: string
  answer: boolean
  seen: boolean
  shown: string[]
}

/** A host's route to an address leads into one of its Docker networks, where nobody has it, while somebody elsewhere does. */
function hidden({ state }: Trail, place: LivePlace | undefined, address: string, answer: boolean) {
  const route = place && routeFor(place.namespace, address)
  if (!place || !leadsOn(route) || route.gateway !== undefined || route.type !== 'unicast') return undefined
  const link = outLink(place.namespace, address)
  const network = link && networkOfBridge(place.host, link.name)
  if (!link || !network || holdersOn({ place, link }, address, state).length > 0) return undefined
  const owner = holdersOf(address, state).find(({ place: one }) => one.host.name !== place.host.name)
  const subnet = network.subnets.find((one) => holds(one.subnet, address))?.subnet
  if (!owner || subnet === undefined) return undefined
  return {
    ...{ host: place.label, network: network.name, subnet, address, who: owner.place.label, answer },
    shown: [
      `${place.label}: ${writeRoute(route)}`,
      `network ${network.name}: subnet ${subnet}, and no container of it has ${address}`,
      `${owner.place.label}: ${owner.link.name} has ${address}`,
    ],
  }
}

function find(trail: Trail): Found | undefined {
  const { from, last, address, destination, source, goal, replyDrop, stage, seen, arrived } = trail
  // What a rule made of the address later on, the sender's host does not route; and what arrived was not led astray.
  const there = arrived
    ? undefined
    : (hidden(trail, hostPlace(from.host), address, false) ?? hidden(trail, hostPlace(last.host), destination, false))
  const backwards = stage === 'no-return' || stage === 'silent' || replyDrop !== undefined
  // A translated source is another's address than the sender's.
  const target = source !== undefined && !sameAddress(source, destination) ? source : undefined
  const found =
    there ?? (backwards && goal && target !== undefined ? hidden(trail, hostPlace(goal.host), target, true) : undefined)
  return found && { ...found, seen: seen !== undefined }
}

export const hiddenBySubnet = define<Found>({
  code: 'hidden-by-subnet',
  byState: find,
  bySight: find,
  say: ({ host, network, subnet, address, who, answer, shown }) => {
    const [where, net, range, whom, owner] = [code(host), code(network), code(subnet), code(address), code(who)]
    const what = answer ? { en: 'answers to', zh: '发往' } : { en: 'packets for', zh: '发往' }
    const kind = answer ? '应答' : '数据包'
    return {
      what: {
        en: `${what.en} ${whom} end on ${where}: its Docker network ${net} has taken the range ${range}, so it looks for that address among its own containers, none of which has it; ${owner} has it`,
        zh: `${what.zh} ${whom} 的${kind}断在 ${where}：它的 Docker 网络 ${net} 占用了 ${range}，于是在自己的容器里寻找这个地址，但没有容器用它；真正拥有它的是 ${owner}`,
      },
      evidence: shown,
      tries: [
        {
          en: `recreate ${net} with a range that nobody else uses: ${code(`docker network rm ${network}`)}, then ${code(`docker network create --subnet … ${network}`)}; ${code('default-address-pools')} in daemon.json keeps Docker from choosing such a range`,
          zh: `换一个没人使用的子网重新创建 ${net}：先 ${code(`docker network rm ${network}`)}，再 ${code(`docker network create --subnet … ${network}`)}；在 daemon.json 里设置 ${code('default-address-pools')} 可以避免 Docker 选到这样的子网`,
        },
      ],
    }
  },
  broken: 'a Docker network has a subnet that machines outside already use',
  example: {
    ...{ host: 'node1', network: 'stack', subnet: '172.28.0.0/16', address: '172.28.5.20', who: 'laptop' },
    ...{ answer: false, seen: true },
    shown: [
      'node1: 172.28.0.0/16 dev br-… src 172.28.0.1',
      'network stack: subnet 172.28.0.0/16, and no container of it has 172.28.5.20',
      'laptop: lo has 172.28.5.20',
    ],
  },
})
