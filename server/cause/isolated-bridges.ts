import { outLink } from '../network/routing.js'
import { networkOfBridge } from '../place/place.js'
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
  shown: string[]
}

/** A rule between the bridges of two networks of one host. */
function find({ drop, state, from, meant, goal, last, destination, address, seen }: Trail): Found | undefined {
  if (!drop || drop.chain === 'DOCKER-USER') return undefined
  const host = state.hosts.find(({ name }) => name === drop.host)
  if (!host) return undefined
  const bridge = outLink(last.namespace, destination)?.name
  const into = networkOfBridge(host, drop.inLink ?? seen?.out.findLast(({ link }) => link?.master)?.link?.master)
  const out = networkOfBridge(host, drop.outLink ?? bridge)
  if (!/ISOLATION/.test(drop.chain) && !(into && out && into.id !== out.id)) return undefined
  return {
    from: from.label,
    sender: called(from),
    to: goal?.label ?? meant?.label ?? address,
    here: into?.name ?? '?',
    there: out?.name ?? '?',
    shown: [drop.shown, ...(drop.inLink ? [`in ${drop.inLink}, out ${drop.outLink ?? bridge ?? '?'}`] : [])],
  }
}

export const isolatedBridges = define<Found>({
  code: 'isolated-bridges',
  byState: find,
  bySight: find,
  say: ({ from, sender, to, here, there, shown }) => {
    const connect = code(`docker network connect ${there} ${sender}`)
    return {
      what: {
        en: `${code(from)} is on ${code(here)} and ${code(to)} on ${code(there)}: the host has routes to both, but Docker's rules drop what goes from one bridge to another`,
        zh: `${code(from)} 在 ${code(here)} 上，${code(to)} 在 ${code(there)} 上：主机有通往两边的路由，但 Docker 的规则会丢弃在网桥之间转发的数据包`,
      },
      evidence: shown,
      tries: [{ en: `let both be on one network: ${connect}`, zh: `让双方接入同一个网络：${connect}` }],
    }
  },
  hidden: {
    diagnose: 'a diagnosis asks whom the container shares a network with, and the outside',
    netdiag: 'it asks whom the container shares a network with, and the outside',
  },
  broken: 'two containers on two bridges of one host; one asks for the other by address',
  asked: '`api` to `node1/db:6379`, tcp',
  example: {
    ...{ from: 'api', sender: 'api', to: 'node1/db', here: 'app', there: 'other' },
    shown: ['node1: filter: -A DOCKER-ISOLATION-STAGE-2 -o br-… -j DROP', 'in br-…, out br-…'],
  },
})
