import { ipFamilyOf, sameAddress } from '../../network/addresses.js'
import { leadsOn, routeFor } from '../../network/routing.js'
import type { NetworkState } from '../../network/state.js'
import type { LivePlace } from '../../place/place.js'
import { addressOn, commonNetworks, ownersOf, publisherAt } from '../../place/target.js'
import type { Text } from '../../wording/text.js'
import { code } from '../../wording/wording.js'
import { kindOf, portOf, type Spec, shown } from './spec.js'

/**
 * By what way an address was reached that has answered: a network that both are on, a published port, or a route, as the state of the
 * network has it. Undefined where it shows none.
 */
export function wayTo(
  spec: Spec,
  from: LivePlace,
  to: LivePlace | undefined,
  address: string,
  state: NetworkState,
): Text | undefined {
  const [who, whom, way] = [code(spec.from), code(spec.to), code(shown(address, spec))]
  if (to && from.namespace.id === to.namespace.id) {
    return {
      en: `${who} and ${whom} are in one network namespace: ${way} is their own`,
      zh: `${who} 和 ${whom} 在同一个网络命名空间里：${way} 就是它们自己的地址`,
    }
  }
  const network =
    to &&
    commonNetworks(from, to).find((one) => {
      const own = addressOn(to, one, ipFamilyOf(address))
      return own !== undefined && sameAddress(own, address)
    })
  if (network !== undefined) {
    return {
      en: `${who} and ${whom} are both on the network ${code(network)}, and ${way} answered there`,
      zh: `${who} 和 ${whom} 都接入了网络 ${code(network)}，${way} 在那里应答了`,
    }
  }
  const port = portOf(spec)
  const protocol = kindOf(spec) === 'udp' ? 'udp' : 'tcp'
  const published = to && port !== undefined ? publisherAt(to, { address, port, protocol }) : undefined
  if (to && published) {
    const container = code(`${to.host.name}/${published.container.name}`)
    return {
      en: `${code(to.host.name)} publishes its port ${port} for ${container}, and ${way} answered ${who}`,
      zh: `${code(to.host.name)} 为 ${container} 发布了端口 ${port}，${way} 应答了 ${who}`,
    }
  }
  const route = routeFor(from.namespace, address)
  if (!leadsOn(route) || route.type !== 'unicast' || route.device === undefined) return undefined
  const device = code(route.device)
  if (route.gateway === undefined) {
    return {
      en: `the route of ${who} to ${code(address)} leads straight out by ${device}, and ${way} answered there`,
      zh: `${who} 到 ${code(address)} 的路由直接从 ${device} 发出，${way} 在那里应答了`,
    }
  }
  const [router] = ownersOf(route.gateway, state, from)
  const by = code(route.gateway)
  const named: Text = router
    ? { en: `${code(router.label)} (${by})`, zh: `${code(router.label)}（${by}）` }
    : { en: by, zh: by }
  const isThere = router && to && router.namespace.id === to.namespace.id
  return {
    en: `the route of ${who} to ${code(address)} leads to ${named.en} by ${device}, which ${isThere ? 'has that address itself' : 'passes it on'}: ${way} answered`,
    zh: `${who} 到 ${code(address)} 的路由从 ${device} 通向 ${named.zh}，${isThere ? '这个地址就是它自己的' : '由它继续转发'}：${way} 应答了`,
  }
}
