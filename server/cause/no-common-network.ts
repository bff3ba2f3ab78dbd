import { sameAddress } from '../network/addresses.js'
import { leadsOn, routeFor } from '../network/routing.js'
import { endpointsOf, hostPlace, isInHostNamespace, type LivePlace, type Place } from '../place/place.js'
import { commonNetworks, isNeighbour, ownAddresses } from '../place/target.js'
import type { Text } from '../wording/text.js'
import { code, codes } from '../wording/wording.js'
import { type Cause, define } from './cause.js'
import type { Trail } from './trail.js'
import type { Unresolved } from './unresolved.js'
import { called, connectTry, networkNames, networksOf, networkToShare } from './words.js'

interface Found {
  from: string
  sender: string
  here: string[]
  to: string
  there: string[]
  shared: string
  /** Hosts of the two, where these are not the same: networks of one host are none of another's. */
  hosts?: [string, string]
  /** A name was asked for; else an address. */
  byName: boolean
  /** The name leads to somebody else, by another nameserver. */
  elsewhere?: { name: string; address: string; why: Text }
  shown: string[]
}

function found(from: LivePlace, meant: Place, byName: boolean): Found {
  return {
    ...{ from: from.label, sender: called(from), here: networkNames(from) },
    ...{ to: meant.label, there: networkNames(meant), shared: networkToShare(meant), byName },
    ...(from.host.name === meant.host.name ? {} : { hosts: [from.host.name, meant.host.name] as [string, string] }),
    shown: [...networksOf(from), ...networksOf(meant)],
  }
}

/** Two containers with no network in common, neither of Docker's nor by a leg on the same LAN. */
export function areApart(from: LivePlace, meant: Place | undefined, address: string): meant is Place {
  if (!meant?.container || !from.container || meant.namespace === undefined) return false
  if ([from, meant].some((place) => isInHostNamespace(place))) return false
  if (from.namespace.id === meant.namespace.id) return false
  return commonNetworks(from, meant).length === 0 && !isNeighbour(from, address)
}

/** The container that is called so was not asked: it shares no network, and the name leads to somebody else. */
export function namedElsewhere(
  from: LivePlace,
  name: string,
  meant: Place,
  address: string,
  { what: why, evidence }: Cause,
): Cause | undefined {
  if (ownAddresses(meant).some((own) => sameAddress(own, address)) || !areApart(from, meant, address)) return undefined
  const { search, nameservers } = from.dns
  const asked = [
    `${from.label}: nameserver ${nameservers.join(', ')}`,
    ...(search.length > 0 ? [`${from.label}: search ${search.join(' ')}`] : []),
  ]
  const one = found(from, meant, true)
  return noCommonNetwork.tell({
    ...one,
    elsewhere: { name, address, why },
    shown: [...one.shown, ...asked, ...evidence],
  })
}

/** The sender's host was told a way there, as between two sites: then it is not for want of a common network. */
function isRouted({ host }: LivePlace, address: string): boolean {
  const place = hostPlace(host)
  const route = place && routeFor(place.namespace, address)
  return leadsOn(route) && route.gateway !== undefined && route.destination !== 'default'
}

function find({ from, meant, address }: Trail): Found | undefined {
  return areApart(from, meant, address) && !isRouted(from, address) ? found(from, meant, false) : undefined
}

function findName({ from, meant }: Unresolved): Found | undefined {
  if (!meant?.container || !from.container || isInHostNamespace(from)) return undefined
  const [own, theirs] = [from, meant].map(endpointsOf)
  if (own!.length === 0 || theirs!.length === 0 || commonNetworks(from, meant).length > 0) return undefined
  return found(from, meant, true)
}

export const noCommonNetwork = define<Found>({
  code: 'no-common-network',
  byState: find,
  bySight: find,
  byName: findName,
  say: ({ from, sender, here, to, there, shared, hosts, byName, elsewhere, shown }) => {
    const [who, whom] = [code(from), code(to)]
    const on = (list: string[], host: string | undefined): Text => {
      const names = codes(list)
      return host === undefined ? names : { en: `${names.en} of ${code(host)}`, zh: ` ${code(host)} 的 ${names.zh}` }
    }
    const [ours, theirs] = [on(here, hosts?.[0]), on(there, hosts?.[1])]
    const apart: Text = byName
      ? {
          en: 'the embedded DNS server tells a container only the names on its own networks',
          zh: '内嵌 DNS 只会把容器所在网络上的名字告诉它',
        }
      : {
          en: "an address of the one's networks means nothing on the other's",
          zh: '一边网络里的地址，在另一边没有意义',
        }
    const led = elsewhere
      ? {
          en: `; so ${code(elsewhere.name)} is asked of other nameservers, and leads to ${code(elsewhere.address)}, which is not ${whom}: ${elsewhere.why.en}`,
          zh: `；于是 ${code(elsewhere.name)} 被转给别的 DNS 服务器，得到的 ${code(elsewhere.address)} 并不是 ${whom}：${elsewhere.why.zh}`,
        }
      : { en: '', zh: '' }
    return {
      what: {
        en: `${who} is on ${ours.en} and ${whom} on ${theirs.en}: ${apart.en}${led.en}`,
        zh: `${who} 在 ${ours.zh} 上，而 ${whom} 在 ${theirs.zh} 上：${apart.zh}${led.zh}`,
      },
      evidence: shown,
      tries: [
        hosts === undefined
          ? connectTry(shared, sender)
          : {
              en: `publish its port on ${code(hosts[1])}, and ask ${code(hosts[1])} for it; or let both hosts be of one swarm, and both containers on an overlay (${code('docker network create -d overlay --attachable')})`,
              zh: `在 ${code(hosts[1])} 上发布它的端口，再访问 ${code(hosts[1])}；或者让两台主机加入同一个集群，把两个容器接入同一个 overlay 网络（${code('docker network create -d overlay --attachable')}）`,
            },
      ],
    }
  },
  hidden: {
    diagnose: 'a diagnosis asks whom the container shares a network with, and the outside',
    netdiag: 'it asks whom the container shares a network with, and the outside',
  },
  broken: 'a name of a container that is on another network',
  asked: '`api` to `db:6379`, tcp',
  example: {
    ...{ from: 'api', sender: 'api', here: ['app'], to: 'db', there: ['other'], shared: 'other', byName: true },
    shown: ['api: networks app', 'db: networks other'],
  },
})
