import { sameAddress } from '../network/addresses.js'
import { outLink } from '../network/routing.js'
import { endpointsOf, networkOfBridge, type Place } from '../place/place.js'
import { code } from '../wording/wording.js'
import { define } from './cause.js'
import type { Trail } from './trail.js'
import { called } from './words.js'

interface Found {
  from: string
  sender: string
  to: string
  /** Names of the networks. */
  here: string
  there: string
  /** The sender is on the other network as well, and yet the packet came by the first. */
  joined: boolean
  /** A published port that was asked for at the host's address, and what it leads to on the network itself. */
  door?: { asked: string; inside: string }
  shown: string[]
}

/** NAT made the host's published port the container's own: from another bridge that is a way between two bridges. */
function doorTo(
  { container }: Place,
  { address, destination, port }: { address: string; destination: string; port?: number },
): Found['door'] {
  const mapping = container?.ports.find(({ hostPort }) => hostPort === port)
  if (!mapping || !container || sameAddress(address, destination)) return undefined
  return { asked: `${address}:${port}`, inside: `${container.name}:${mapping.containerPort}` }
}

/** A rule between the bridges of two networks of one host. */
function find({ drop, state, from, meant, goal, last, destination, address, port, seen }: Trail): Found | undefined {
  if (!drop || drop.chain === 'DOCKER-USER') return undefined
  const host = state.hosts.find(({ name }) => name === drop.host)
  if (!host) return undefined
  const bridge = outLink(last.namespace, destination)?.name
  const into = networkOfBridge(host, drop.inLink ?? seen?.out.findLast(({ link }) => link?.master)?.link?.master)
  const out = networkOfBridge(host, drop.outLink ?? bridge)
  if (!into || !out || into.id === out.id) return undefined
  // Whoever is meant has to be a container of the other network: an address that nobody has there is another matter.
  const whom = goal?.container ? goal : meant?.container ? meant : undefined
  if (!whom || !endpointsOf(whom).some(({ networkId }) => networkId === out.id)) return undefined
  const joined = endpointsOf(from).some(({ networkId }) => networkId === out.id)
  const door = doorTo(whom, { address, destination, ...(port === undefined ? {} : { port }) })
  return {
    from: from.label,
    sender: called(from),
    to: whom.label,
    here: into.name,
    there: out.name,
    joined,
    ...(door ? { door } : {}),
    shown: [drop.shown, ...(drop.inLink ? [`in ${drop.inLink}, out ${drop.outLink ?? bridge ?? '?'}`] : [])],
  }
}

export const isolatedBridges = define<Found>({
  code: 'isolated-bridges',
  byState: find,
  bySight: find,
  say: ({ from, sender, to, here, there, joined, door, shown }) => {
    const connect = code(`docker network connect ${there} ${sender}`)
    const asked = code(door?.inside ?? to)
    return {
      what: {
        en: `${door ? `NAT leads ${code(door.asked)} from one bridge of the host to another, since no ${code('docker-proxy')} takes it: ` : ''}${code(from)} is on ${code(here)} and ${code(to)} on ${code(there)}: the host has routes to both, but Docker's rules drop what goes from one bridge to another`,
        zh: `${door ? `NAT 把 ${code(door.asked)} 从主机的一个网桥引向另一个，因为没有 ${code('docker-proxy')} 接手：` : ''}${code(from)} 在 ${code(here)} 上，${code(to)} 在 ${code(there)} 上：主机有通往两边的路由，但 Docker 的规则会丢弃在网桥之间转发的数据包`,
      },
      evidence: shown,
      tries: [
        ...(joined ? [] : [{ en: `let both be on one network: ${connect}`, zh: `让双方接入同一个网络：${connect}` }]),
        ...(door || joined
          ? [
              {
                en: `ask for ${asked} on the network ${code(there)}, and not by way of the host`,
                zh: `在网络 ${code(there)} 上直接访问 ${asked}，不要绕经主机`,
              },
            ]
          : []),
      ],
    }
  },
  hidden: {
    diagnose: 'a diagnosis asks whom the container shares a network with, and the outside',
    netdiag: 'it asks whom the container shares a network with, and the outside',
  },
  broken: 'two containers on two bridges of one host; one asks for the other by address',
  asked: '`api` to `node1/db:6379`, tcp',
  example: {
    ...{ from: 'api', sender: 'api', to: 'node1/db', here: 'app', there: 'other', joined: false },
    shown: ['node1: filter: -A DOCKER-ISOLATION-STAGE-2 -o br-… -j DROP', 'in br-…, out br-…'],
  },
})
