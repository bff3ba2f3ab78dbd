import { endpointsOf, isInHostNamespace, type LivePlace, type Place } from '../place/place.js'
import { commonNetworks, isNeighbour } from '../place/target.js'
import type { Text } from '../wording/text.js'
import { code, codes } from '../wording/wording.js'
import { define } from './cause.js'
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
  /** A name was asked for; else an address. */
  byName: boolean
  shown: string[]
}

function found(from: LivePlace, meant: Place, byName: boolean): Found {
  return {
    ...{ from: from.label, sender: called(from), here: networkNames(from) },
    ...{ to: meant.label, there: networkNames(meant), shared: networkToShare(meant), byName },
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

function find({ from, meant, address }: Trail): Found | undefined {
  return areApart(from, meant, address) ? found(from, meant, false) : undefined
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
  say: ({ from, sender, here, to, there, shared, byName, shown }) => {
    const [who, whom, ours, theirs] = [code(from), code(to), codes(here), codes(there)]
    const apart: Text = byName
      ? {
          en: 'the embedded DNS server tells a container only the names on its own networks',
          zh: '内嵌 DNS 只会把容器所在网络上的名字告诉它',
        }
      : {
          en: "an address of the one's networks means nothing on the other's",
          zh: '一边网络里的地址，在另一边没有意义',
        }
    return {
      what: {
        en: `${who} is on ${ours.en} and ${whom} on ${theirs.en}: ${apart.en}`,
        zh: `${who} 在 ${ours.zh} 上，而 ${whom} 在 ${theirs.zh} 上：${apart.zh}`,
      },
      evidence: shown,
      tries: [connectTry(shared, sender)],
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
