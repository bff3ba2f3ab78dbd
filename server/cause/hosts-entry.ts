import { sameAddress } from '../network/addresses.js'
import { isInHostNamespace, type LivePlace } from '../place/place.js'
import { ownAddresses } from '../place/target.js'
import type { Text } from '../wording/text.js'
import { code, codes } from '../wording/wording.js'
import { type Cause, define } from './cause.js'

interface Found {
  from: string
  name: string
  /** What the hosts file has, and who has the name and which addresses. */
  entry: string
  whom: string
  addresses: string[]
  container: boolean
  why: Text
  shown: string[]
}

export const hostsEntry = define<Found>({
  code: 'hosts-entry',
  say: ({ from, name, entry, whom, addresses, container, why, shown }) => {
    const [who, what, at, meant, list] = [code(from), code(name), code(entry), code(whom), codes(addresses)]
    return {
      what: {
        en: `${who} takes ${what} for ${at}, since its own hosts file says so, which comes before any DNS; ${meant}, which is called so, has ${list.en}: ${why.en}`,
        zh: `${who} 把 ${what} 当作 ${at}：它自己的 hosts 文件就是这么写的，而 hosts 文件优先于 DNS；真正叫这个名字的 ${meant} 的地址是 ${list.zh}：${why.zh}`,
      },
      evidence: shown,
      tries: [
        container
          ? {
              en: `recreate ${who} without that line (${code('--add-host')}, ${code('extra_hosts')}), or take it out of its ${code('/etc/hosts')}`,
              zh: `去掉这一行（${code('--add-host')}、${code('extra_hosts')}）重新创建 ${who}，或者从它的 ${code('/etc/hosts')} 中删掉`,
            }
          : {
              en: `take that line out of ${code('/etc/hosts')} of ${who}`,
              zh: `从 ${who} 的 ${code('/etc/hosts')} 中删掉这一行`,
            },
      ],
    }
  },
  broken: '`--add-host db:ADDRESS` with an address that `db` does not have',
  hidden: {
    state: 'such a line may be meant: that it is not is seen when the one at that address does not answer',
    sight: 'a packet does not show by which name its address was found: a trace knows it',
    check: 'a check tells what the address that a name resolves to does, and not where it is from',
  },
  example: {
    ...{ from: 'api', name: 'db', entry: '172.20.0.99', whom: 'db', addresses: ['172.20.0.13'], container: true },
    why: { en: 'nobody on that segment has `172.20.0.99`', zh: '该子网上没有谁拥有 `172.20.0.99`' },
    shown: ['api: /etc/hosts: 172.20.0.99 db'],
  },
})

/** Why the one who is called so was not asked: a line of the sender's own hosts file, where it leads to somebody else. */
export function hostsEntryCause(
  from: LivePlace,
  name: string,
  meant: LivePlace,
  tried: string,
  { what, evidence }: Cause,
): Cause | undefined {
  const addresses = ownAddresses(meant)
  const line = from.dns.hosts.find(
    ({ address, names }) =>
      sameAddress(address, tried) && names.some((one) => one.toLowerCase() === name.toLowerCase()),
  )
  if (!line || addresses.some((own) => sameAddress(own, tried))) return undefined
  return hostsEntry.tell({
    ...{ from: from.label, name, entry: tried, whom: meant.label, addresses: addresses.slice(0, 3) },
    container: from.container !== undefined && !isInHostNamespace(from),
    why: what,
    shown: [`${from.label}: /etc/hosts: ${line.address} ${name}`, ...evidence],
  })
}
