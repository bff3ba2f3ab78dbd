import type { IpFamily } from '../../network/addresses.js'
import { resolveName } from '../../place/name-resolution.js'
import type { LivePlace } from '../../place/place.js'
import type { Text } from '../../wording/text.js'
import { code, codes } from '../../wording/wording.js'
import type { CheckContext } from '../family.js'

/** What is there in the other family of addresses, where the one that is asked for is missing. */

interface Said {
  observed: Text
  why: Text
}

const called: Record<IpFamily, string> = { ipv4: 'IPv4', ipv6: 'IPv6' }

/** Undefined where the name leads nowhere in the other family either. */
export async function ofOtherFamily(
  from: LivePlace,
  name: string,
  context: CheckContext,
  family: IpFamily | undefined,
): Promise<Said | undefined> {
  if (family === undefined) return undefined
  const others = await resolveName(from, name, context, family === 'ipv6' ? 'ipv4' : 'ipv6')
  return others.length > 0 ? noneOfFamily(code(name), family, others) : undefined
}

/** @param whom as text, a name in backticks */
export function noneOfFamily(whom: string, family: IpFamily, others: readonly string[]): Said {
  const [is, list] = [called[family], codes(others)]
  const cure: Text =
    family === 'ipv6'
      ? {
          en: 'a container gets an IPv6 address on a network that was created with `--ipv6`',
          zh: '只有接在用 `--ipv6` 创建的网络上，容器才有 IPv6 地址',
        }
      : {
          en: 'what is asked for is an address of IPv4',
          zh: '这里要的是 IPv4 地址',
        }
  return {
    observed: {
      en: `${whom} has no ${is} address, only ${list.en}`,
      zh: `${whom} 没有 ${is} 地址，只有 ${list.zh}`,
    },
    why: {
      en: `${whom} has ${list.en} and no ${is} address: ${cure.en}`,
      zh: `${whom} 的地址是 ${list.zh}，没有 ${is} 地址：${cure.zh}`,
    },
  }
}
