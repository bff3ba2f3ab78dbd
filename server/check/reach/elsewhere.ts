import { isLoopback, sameAddress } from '../../network/addresses.js'
import { endOf, translationAt } from '../../network/filter.js'
import { ownsAddress } from '../../network/own-address.js'
import { outLink } from '../../network/routing.js'
import type { NetworkState } from '../../network/state.js'
import { isInHostNamespace, type LivePlace } from '../../place/place.js'
import { ownAddresses, ownersOf } from '../../place/target.js'
import type { Text } from '../../wording/text.js'
import { code } from '../../wording/wording.js'
import { kindOf, portOf, type Spec, shown } from './spec.js'

/** Who answers is somebody else, and who asks has seen to that: an answer then says nothing of the target. */

/**
 * Why an answer from an address of the target is not the target's: a rule of the one who asks leads the question to somebody else, or
 * their route leads to somebody who has the same address. Undefined where neither is known.
 */
export function ledElsewhere(
  spec: Spec,
  from: LivePlace,
  to: LivePlace,
  address: string,
  state: NetworkState,
): Text | undefined {
  if (from.namespace.id === to.namespace.id || isLoopback(address) || !ownsAddress(to.namespace, address))
    return undefined
  const [who, whom, way] = [code(spec.from), code(spec.to), code(shown(address, spec))]
  const kind = kindOf(spec)
  const port = portOf(spec)
  const out = outLink(from.namespace, address)?.name
  const rule = translationAt(from.namespace, 'output', {
    destination: address,
    protocol: kind === 'http' ? 'tcp' : kind,
    state: 'new',
    in: '',
    ...(port === undefined ? {} : { destinationPort: port }),
    ...(out === undefined ? {} : { out }),
  })
  if (rule && (rule.target === 'DNAT' || rule.target === 'REDIRECT')) {
    const end = rule.target === 'DNAT' ? endOf(rule).address : undefined
    const isSame = end !== undefined && ownAddresses(to).some((own) => sameAddress(own, end))
    const ofPort = rule.target === 'DNAT' && end === undefined
    if (!isSame && !ofPort) {
      const what = code(rule.text, 160)
      return {
        en: `a rule of ${who} leads what it sends to ${way} to somebody else: ${what}`,
        zh: `${who} 自己的一条规则把发往 ${way} 的数据包改送到了别处：${what}`,
      }
    }
  }
  const owners = ownersOf(address, state, from)
  const [other] = owners
  if (!other || owners.some(({ namespace }) => namespace.id === to.namespace.id)) return undefined
  const host = code(other.host.name)
  const named: Text =
    other.container || isInHostNamespace(other)
      ? { en: code(other.label), zh: code(other.label) }
      : { en: `another network namespace of ${host}`, zh: `${host} 上的另一个网络命名空间` }
  return {
    en: `the route of ${who} to ${code(address)} leads to ${named.en}, which has that address as well, and not to ${whom}`,
    zh: `${who} 到 ${code(address)} 的路由通向${named.zh}（它也有这个地址），而不是 ${whom}`,
  }
}
