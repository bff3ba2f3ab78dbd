import { sameAddress } from '../network/addresses.js'
import { nextHop, outLink } from '../network/routing.js'
import type { NetworkState } from '../network/state.js'
import { ownLink, placesOf } from '../place/place.js'
import { code } from '../wording/wording.js'
import { flowAt } from './case.js'
import { define } from './cause.js'
import { writeAsked } from './packet-text.js'
import { askingFor } from './words.js'

interface Found {
  address: string
  where: string
  link?: string
  seen: boolean
  shown: string[]
}

export const noSuchAddress = define<Found>({
  code: 'no-such-address',
  byState: (trail) => {
    const { way, last, destination, state } = trail
    if (way?.end !== 'nobody') return undefined
    const flow = flowAt(trail, last, { destination })
    const hop = nextHop(last.namespace, flow)
    if (hop === undefined || isKnown(state, hop)) return undefined
    const link = outLink(last.namespace, flow)
    return { address: hop, where: last.label, ...(link ? { link: link.name } : {}), seen: false, shown: [] }
  },
  bySight: ({ last, destination, seen, state }) => {
    const hop = nextHop(last.namespace, destination)
    if (hop === undefined || isKnown(state, hop)) return undefined
    const asked = seen.questions.find(({ target }) => sameAddress(target, hop))
    const link = outLink(last.namespace, destination)
    // The kernel may have asked just before, and not again for this packet.
    const entry = last.namespace.neighbours.find(
      (one) => sameAddress(one.address, hop) && /^(FAILED|INCOMPLETE)$/.test(one.state),
    )
    const unanswered = asked ? seen.whole && asked.macs.length === 0 : entry !== undefined
    if (!unanswered) return undefined
    const line = asked ? writeAsked(asked) : `${last.label}: ${hop} dev ${entry!.device} ${entry!.state}`
    return {
      ...{ address: hop, where: last.label, seen: true, shown: [line] },
      ...(link ? { link: link.name } : {}),
    }
  },
  say: ({ address, where, link, seen, shown }) => {
    const [whom, who] = [code(address), code(where)]
    const asking = askingFor(address)
    const on = link === undefined ? { en: '', zh: '' } : { en: ` on ${code(link)}`, zh: ` 在 ${code(link)} 上` }
    return {
      what: seen
        ? {
            en: `nobody on that segment has ${whom}: ${who} asked for its MAC address${on.en} (${asking.en}), and got no answer`,
            zh: `这个子网上没有人使用 ${whom}：${who}${on.zh}用${asking.zh}询问它的 MAC 地址，没有得到应答`,
          }
        : {
            en: `nobody on that segment has ${whom}: when ${who} asks for its MAC address${on.en} (${asking.en}), nobody answers`,
            zh: `这个子网上没有人使用 ${whom}：${who}${on.zh}用${asking.zh}询问它的 MAC 地址，没有人应答`,
          },
      evidence: shown,
      tries: [
        {
          en: `see who has which address with ${code('ip address')} or ${code('docker network inspect')}`,
          zh: `用 ${code('ip address')} 或 ${code('docker network inspect')} 看看谁用着哪个地址`,
        },
      ],
    }
  },
  hidden: { netdiag: 'it asks for addresses that somebody has, by the Engine' },
  broken: 'nobody on the segment has the address that is asked for',
  example: {
    ...{ address: '192.168.1.99', where: 'laptop', link: 'eth0', seen: true },
    shown: ['laptop eth0: who has 192.168.1.99? no answer'],
  },
})

function isKnown(state: NetworkState, address: string): boolean {
  return (
    placesOf(state).some(({ namespace }) => ownLink(namespace, address) !== undefined) ||
    state.lans.some(({ gateway, gateway6 }) => sameAddress(gateway, address) || sameAddress(gateway6, address))
  )
}
