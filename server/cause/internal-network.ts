import { writeRoute } from '../network/routing.js'
import type { EngineNetwork } from '../network/state.js'
import { endpointsOf, type LivePlace, type Place } from '../place/place.js'
import { commonNetworks, isNeighbour } from '../place/target.js'
import { code, codes } from '../wording/wording.js'
import { define } from './cause.js'
import type { Trail } from './trail.js'
import { called, connectTry, networkToShare } from './words.js'

interface Found {
  /** Who is on internal networks alone, and their names. */
  who: string
  networks: string[]
  /** Who sends, as the Engine calls it. */
  sender: string
  address: string
  /** Whether it is the sender who can't get out; else nobody gets in to the one that is meant. */
  out: boolean
  shared: string
  shown: string[]
}

function find({ from, meant, address, drop }: Trail): Found | undefined {
  const hit = drop ? [drop.shown] : []
  const common = { sender: called(from), address, shared: meant ? networkToShare(meant) : 'bridge' }
  const inside = isNeighbour(from, address) ? [] : internalNetworks(from)
  if (inside.length > 0) {
    return {
      ...{ who: from.label, networks: inside.map(({ name }) => name), out: true, ...common },
      shown: [...inside.map(writeInternal), ...hit, ...writeRoutes(from)],
    }
  }
  const theirs = meant?.container && commonNetworks(from, meant).length === 0 ? internalNetworks(meant) : []
  if (!meant || theirs.length === 0) return undefined
  return {
    ...{ who: meant.label, networks: theirs.map(({ name }) => name), out: false, ...common },
    shown: [...theirs.map(writeInternal), ...hit],
  }
}

/** Its networks, where all of them are internal. By their ids: two networks may have one name. */
export function internalNetworks(place: Place): EngineNetwork[] {
  const ids = [...new Set(endpointsOf(place).map(({ networkId }) => networkId))]
  const networks = ids.flatMap((id) => place.host.engine?.networks.find((network) => network.id === id) ?? [])
  return networks.length > 0 && networks.every(({ internal }) => internal) ? networks : []
}

function writeInternal({ name }: EngineNetwork): string {
  return `network ${name}: internal`
}

function writeRoutes(place: LivePlace): string[] {
  const routes = place.namespace.routes.filter(({ table, type }) => table === 'main' && type === 'unicast')
  return [`${place.label}: routes ${routes.slice(0, 4).map(writeRoute).join('; ') || 'none'}`]
}

export const internalNetwork = define<Found>({
  code: 'internal-network',
  byState: find,
  bySight: find,
  say: ({ who, networks, sender, address, out, shared, shown }) => {
    const list = codes(networks)
    const connect = code(`docker network connect bridge ${sender}`)
    return {
      what: out
        ? {
            en: `${code(who)} is only on ${list.en}, which is internal: Docker gives such a network no way out, so ${code(address)} is out of reach`,
            zh: `${code(who)} 只接在内部网络 ${list.zh} 上：Docker 不给这种网络通往外部的路，因此到不了 ${code(address)}`,
          }
        : {
            en: `${code(who)} is only on ${list.en}, which is internal: nobody from outside of it is let in`,
            zh: `${code(who)} 只接在内部网络 ${list.zh} 上：外部的数据包一律进不去`,
          },
      evidence: shown,
      tries: [
        out
          ? {
              en: `connect it to a network that is not internal as well: ${connect}`,
              zh: `让它再接入一个非内部的网络：${connect}`,
            }
          : connectTry(shared, sender),
      ],
    }
  },
  broken: 'a container on a network made with `--internal` asks the laptop',
  asked: '`shut` to `laptop`, ping',
  example: {
    ...{ who: 'shut', networks: ['inner'], sender: 'shut', address: '192.168.1.50', out: true, shared: 'bridge' },
    shown: ['network inner: internal', 'shut: routes 172.22.0.0/16 dev eth0 src 172.22.0.10'],
  },
})
