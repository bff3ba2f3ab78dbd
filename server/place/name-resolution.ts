import { canonicalAddress, isAddress } from '../network/addresses.js'
import type { Text } from '../wording/text.js'
import { code, codes } from '../wording/wording.js'
import { ask } from './ask.js'
import type { Asking } from './ground.js'
import { endpointsOf, isInHostNamespace, type LivePlace, type Place } from './reference.js'

const serverTimeoutMs = 1000
/** As many as the C library asks (resolv.h, MAXNS and MAXDNSRCH). */
const mostServers = 3
const mostSearched = 6

/**
 * What a name resolves to where a place stands, as its own C library would find out (resolv.conf(5)): its hosts file first,
 * then its nameservers, with its search domains and ndots. 127.0.0.11 is the Engine's server within the namespace.
 */
export async function resolveName(place: LivePlace, name: string, context: Asking): Promise<string[]> {
  if (isAddress(name)) return [canonicalAddress(name)!]
  const { dns } = place
  const lower = name.toLowerCase()
  const known = dns.hosts.filter(({ names }) => names.some((one) => one.toLowerCase() === lower))
  const fromFile = known.flatMap(({ address }) => canonicalAddress(address) ?? [])
  if (fromFile.length > 0) return unique(fromFile)

  const given = dns.nameservers.filter(isAddress).slice(0, mostServers)
  const servers = new Set(given.length > 0 ? given : ['127.0.0.1'])
  for (const candidate of candidates(name, dns.search, dns.options)) {
    for (const server of servers) {
      const answer = await ask(place, { kind: 'dns', server, name: candidate, timeoutMs: serverTimeoutMs }, context)
      const found = (answer.records ?? []).flatMap((record) => canonicalAddress(record) ?? [])
      if (found.length > 0) return unique(found)
      // Whoever does not answer once is not asked again; whoever says no has said it.
      if (answer.cause === undefined) break
      servers.delete(server)
    }
  }
  return []
}

function candidates(name: string, search: string[], options: string[]): string[] {
  const whole = name.replace(/\.$/, '')
  if (whole !== name) return [whole]
  const ndots = Number(options.findLast((option) => /^ndots:\d{1,2}$/.test(option))?.slice('ndots:'.length) ?? 1)
  const searched = search
    .slice(0, mostSearched)
    .map((domain) => `${name}.${domain.replace(/^\.+|\.+$/g, '')}`)
    .filter((full) => /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}$/.test(full) && full !== `${name}.`)
  return name.split('.').length - 1 >= ndots ? [name, ...searched] : [...searched, name]
}

function unique(addresses: string[]): string[] {
  return [...new Set(addresses)]
}

/** Why a name does not resolve, from where the two stand. */
export function whyUnresolved(
  from: LivePlace,
  name: string,
  to: Place | undefined,
): { cause: 'unresolved' | 'default-bridge' | 'no-common-network'; why: Text } {
  const who = code(from.label)
  const what = code(name)
  const own = endpointsOf(from)
  const ownNames = [...new Set(own.map(({ network }) => network))]
  const list = codes(ownNames)
  if (!from.container || isInHostNamespace(from)) {
    return {
      cause: 'unresolved',
      why: {
        en: `${who} asks the resolvers of its host; the Engine's DNS server 127.0.0.11 answers only inside containers on user-defined networks`,
        zh: `${who} 用的是主机的解析器；Docker 的内嵌 DNS（127.0.0.11）只在接入自定义网络的容器里应答`,
      },
    }
  }
  const theirs = to ? endpointsOf(to) : []
  const common = theirs.filter(({ networkId }) => own.some((leg) => leg.networkId === networkId))
  const onDefault = (networks: { network: string }[]) =>
    networks.length > 0 && networks.every(({ network }) => network === 'bridge')
  if (to?.container && theirs.length > 0 && own.length > 0 && common.length === 0) {
    const there = codes([...new Set(theirs.map(({ network }) => network))])
    return {
      cause: 'no-common-network',
      why: {
        en: `${who} is on ${list.en} and ${code(to.label)} on ${there.en}: the embedded DNS server tells a container only the names on its own networks`,
        zh: `${who} 在 ${list.zh} 上，而 ${code(to.label)} 在 ${there.zh} 上：内嵌 DNS 只会把容器所在网络上的名字告诉它`,
      },
    }
  }
  if (onDefault(common.length > 0 ? common : own)) {
    const both = to?.container ? `${who} and ${code(to.label)} meet only on` : `${who} is only on`
    const bothZh = to?.container ? `${who} 与 ${code(to.label)} 只在` : `${who} 只在`
    return {
      cause: 'default-bridge',
      why: {
        en: `${both} the default \`bridge\`; names are resolved only on user-defined networks`,
        zh: `${bothZh}默认的 \`bridge\` 网络上；只有用户自定义网络才会解析容器名`,
      },
    }
  }
  if (own.length === 0) {
    return {
      cause: 'unresolved',
      why: {
        en: `${who} is on no network, so there is no DNS server that it could ask for ${what}`,
        zh: `${who} 没有接入任何网络，因此没有可以查询 ${what} 的 DNS 服务器`,
      },
    }
  }
  const servers = codes(from.dns.nameservers.slice(0, mostServers))
  return {
    cause: 'unresolved',
    why: {
      en: `no running container on ${list.en} is called ${what}, neither by name nor by alias, and the nameservers of ${who} (${servers.en}) know nothing else of it`,
      zh: `${list.zh} 上没有名字或别名为 ${what} 的运行中容器，${who} 的 DNS 服务器（${servers.zh}）也查不到它`,
    },
  }
}
