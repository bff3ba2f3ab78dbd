import { sameAddress } from '../network/addresses.js'
import { isUnanswered } from '../network/neighbour.js'
import { nextHop, outLink } from '../network/routing.js'
import type { Neighbour } from '../network/state.js'
import type { LivePlace } from '../place/place.js'
import { holdersOn } from '../place/segment.js'
import { code } from '../wording/wording.js'
import { define } from './cause.js'
import { commandIn } from './place-command.js'
import type { Trail } from './trail.js'

interface Found {
  where: string
  address: string
  mac: string
  /** Who really has the address, and at which MAC address. */
  owner: string
  right: string
  /** Written by hand: the kernel never asks again by itself. */
  fixed: boolean
  answer: boolean
  command: string
  shown: string[]
}

/** What the neighbour table of a place says of the next hop, where the one who has that address has another MAC address. */
function wrongEntry({ state }: Trail, place: LivePlace, destination: string, answer: boolean): Found | undefined {
  const hop = nextHop(place.namespace, destination)
  const link = outLink(place.namespace, destination)
  if (hop === undefined || !link) return undefined
  const entry = place.namespace.neighbours.find((one) => one.device === link.name && sameAddress(one.address, hop))
  const owners = holdersOn({ place, link }, hop, state)
  const [owner] = owners
  if (!entry?.mac || !owner || isUnanswered(entry)) return undefined
  if (owners.some(({ link: { mac } }) => mac.toLowerCase() === entry.mac!.toLowerCase())) return undefined
  return {
    ...{ where: place.label, address: hop, mac: entry.mac, owner: owner.place.label, right: owner.link.mac, answer },
    fixed: isFixed(entry),
    command: commandIn(place, `ip neigh del ${hop} dev ${link.name}`),
    shown: [
      `${place.label}: ${hop} dev ${link.name} lladdr ${entry.mac} ${entry.state}`,
      `${owner.place.label}: ${owner.link.name} ${owner.link.mac} has ${hop}`,
    ],
  }
}

function isFixed({ state }: Neighbour): boolean {
  return /PERMANENT|NOARP/.test(state)
}

function find(trail: Trail): Found | undefined {
  const { from, last, destination, source, goal, stage, seen } = trail
  const forth = [from, last].map((place) => wrongEntry(trail, place, destination, false))
  const back = goal && source !== undefined ? wrongEntry(trail, goal, source, true) : undefined
  const backwards = stage === 'silent' || stage === 'no-return' || stage === 'open'
  const found = [...(stage === 'silent' || stage === 'no-return' ? [] : forth), ...(backwards ? [back] : [])]
  // By the state alone only what is fixed stays wrong: the kernel asks again for any other.
  return found.find((one) => one !== undefined && (one.fixed || seen !== undefined))
}

export const wrongNeighbour = define<Found>({
  code: 'wrong-neighbour',
  byState: find,
  bySight: find,
  say: ({ where, address, mac, owner, right, fixed, answer, command, shown }) => {
    const [who, whom, wrong, true_, has] = [code(where), code(address), code(mac), code(right), code(owner)]
    const by = fixed
      ? { en: 'the entry was set by hand, so it never asks', zh: '这条记录是手工设置的，所以它从不询问' }
      : { en: 'the entry is out of date', zh: '这条记录已经过时' }
    const what = answer ? { en: 'the answer', zh: '应答' } : { en: 'the packet', zh: '数据包' }
    return {
      what: {
        en: `${who} sends ${what.en} for ${whom} to the MAC address ${wrong}, but ${has}, which has ${whom}, is at ${true_}: ${by.en}`,
        zh: `${who} 把发往 ${whom} 的${what.zh}送到了 MAC 地址 ${wrong}，而拥有 ${whom} 的 ${has} 的 MAC 是 ${true_}：${by.zh}`,
      },
      evidence: shown,
      tries: [
        {
          en: `forget the entry, so that the kernel asks again: ${code(command, 300)}`,
          zh: `删除这条记录，让内核重新询问：${code(command, 300)}`,
        },
      ],
    }
  },
  broken: '`ip neigh replace ADDRESS lladdr MAC nud permanent`, with a MAC address that nobody has',
  example: {
    ...{ where: 'api', address: '172.20.0.10', mac: '02:00:00:00:00:99', owner: 'node1/web', right: 'MAC' },
    ...{ fixed: true, answer: false },
    command: "nsenter -t $(docker inspect -f '{{.State.Pid}}' api) -n ip neigh del 172.20.0.10 dev eth0",
    shown: ['api: 172.20.0.10 dev eth0 lladdr 02:00:00:00:00:99 PERMANENT', 'node1/web: eth0 MAC has 172.20.0.10'],
  },
})
