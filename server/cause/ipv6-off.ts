import { sameAddress } from '../network/addresses.js'
import { placeOf } from '../place/place.js'
import { code } from '../wording/wording.js'
import { define } from './cause.js'
import type { Trail } from './trail.js'

interface Found {
  who: string
  container: string
  address: string
  link: string
}

/** A container that the Engine gave the address to, and whose link speaks no IPv6: its kernel has taken the address away. */
function find({ destination, state, stage }: Trail): Found | undefined {
  if (!destination.includes(':') || stage === 'silent' || stage === 'no-return') return undefined
  for (const host of state.hosts) {
    for (const { about, engine } of host.disagreements) {
      if (!sameAddress(engine, destination)) continue
      for (const container of host.engine?.containers ?? []) {
        const leg = container.endpoints.find(({ network }) => about === `container ${container.name} on ${network}`)
        const place = placeOf(host, container)
        const link = place.namespace?.links.find(({ name }) => name === leg?.link)
        if (link?.ipv6Off) return { who: place.label, container: container.name, address: destination, link: link.name }
      }
    }
  }
  return undefined
}

export const ipv6Off = define<Found>({
  code: 'ipv6-off',
  byState: find,
  bySight: find,
  say: ({ who, container, address, link }) => {
    const [whom, what] = [code(who), code(address)]
    const name = `net.ipv6.conf.${link}.disable_ipv6`
    return {
      what: {
        en: `${what} is what the Engine gave to ${whom}, but there IPv6 is switched off on ${code(link)} (${code(`${name} = 1`)}), so that its kernel has no such address`,
        zh: `${what} 是引擎分配给 ${whom} 的地址，但那里的 ${code(link)} 关闭了 IPv6（${code(`${name} = 1`)}），内核里没有这个地址`,
      },
      evidence: [`${who}: ${name} = 1`, `docker inspect ${container}: ${address}; ip address: no such address`],
      tries: [
        {
          en: `let the Engine set it up anew: ${code(`docker restart ${container}`)}; where ${code('--sysctl')} switched it off, make it anew without that`,
          zh: `让引擎重新设置：${code(`docker restart ${container}`)}；如果是用 ${code('--sysctl')} 关闭的，就去掉这个选项重新创建`,
        },
      ],
    }
  },
  broken: '`sysctl -w net.ipv6.conf.eth0.disable_ipv6=1` in a container of a network with IPv6',
  hidden: {
    diagnose: 'a diagnosis asks by the addresses that a container has, and this one it has no more',
    netdiag: 'it asks by the addresses that there are, and this one there is no more',
  },
  example: { who: 'node1/web', container: 'web', address: 'fd00:30::20', link: 'eth0' },
})
