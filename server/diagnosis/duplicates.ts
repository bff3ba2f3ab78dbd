import { claimsOf } from '../cause/duplicate-address.js'
import { askingFor } from '../cause/words.js'
import type { Link } from '../network/state.js'
import type { Leg } from '../place/segment.js'
import { bare, code, codes } from '../wording/wording.js'
import { type Draft, problem } from './draft.js'
import type { Subject } from './subject.js'

/** Addresses of the container that somebody else on the same layer-2 segment has as well. */
export function duplicates({ state, place }: Subject): Draft[] {
  return place.namespace.links.flatMap((own) =>
    own.addresses
      .filter(({ scope }) => scope === 'global')
      .flatMap(({ address }) => {
        const claims = claimsOf(address, state)
        const also = claims.filter((leg) => leg.place.namespace.id !== place.namespace.id)
        return claims.some(({ link }) => link === own) && also.length > 0 ? [duplicate(address, own, also)] : []
      }),
  )
}

function duplicate(address: string, own: Link, also: Leg[]): Draft {
  const list = codes(also.map(({ place }) => place.label))
  const link = bare(also[0]!.link.name)
  const asking = askingFor(address)
  return problem(
    {
      en: `its address ${code(address)} is also that of ${list.en} on the same segment`,
      zh: `它的地址 ${code(address)} 与同一子网上的 ${list.zh} 重复`,
    },
    {
      why: {
        en: `packets go to whoever answers the question for the MAC address first (${asking.en})`,
        zh: `数据包会发给最先应答${asking.zh}询问的一方`,
      },
      cause: 'duplicate-address',
      evidence: [
        `${address} ${own.mac} (${own.name})`,
        ...also.map(({ place, link: { mac, name } }) => `${address} ${mac} (${name}, ${place.host.name})`),
      ],
      tries: [
        {
          en: `Give one of them another address, such as with \`--ip\`; or take it off: \`ip addr del ${bare(address)}/… dev ${link}\``,
          zh: `给其中一个换地址（例如用 \`--ip\`），或者删掉重复的：\`ip addr del ${bare(address)}/… dev ${link}\``,
        },
      ],
    },
  )
}
