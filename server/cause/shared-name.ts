import type { Container, NetworkState } from '../network/state.js'
import { isInHostNamespace, isLive, type LivePlace } from '../place/place.js'
import { calledBeside } from '../place/target.js'
import type { Text } from '../wording/text.js'
import { code, codes } from '../wording/wording.js'
import { type Cause, define } from './cause.js'

interface Sharer {
  label: string
  address: string
}

interface Found {
  name: string
  sharers: Sharer[]
  /** Who failed, and why. */
  failed: string
  why: Text
  shown: string[]
}

/**
 * Several running containers that a name means on the networks of whoever asks: the Engine's DNS server answers with all of their
 * addresses, in changing order. Replicas of one service are meant so, and are left out.
 */
export function sharersOf(name: string, from: LivePlace, state: NetworkState): Sharer[] {
  if (!from.container || isInHostNamespace(from)) return []
  const found = calledBeside(from, name, state).flatMap(({ place, legs }) => {
    const address = legs.find((leg) => leg.address !== undefined)?.address
    return address !== undefined && isLive(place) ? [{ place, label: place.label, address }] : []
  })
  const services = new Set(found.map(({ place: { container } }) => container && serviceOf(container)))
  const isService = services.size === 1 && !services.has(undefined)
  if (found.length < 2 || isService) return []
  return found.map(({ label, address }) => ({ label, address })).toSorted((a, b) => a.label.localeCompare(b.label))
}

function serviceOf({ labels }: Container): string | undefined {
  const task = labels['com.docker.swarm.service.name']
  if (task !== undefined) return `swarm ${task}`
  const service = labels['com.docker.compose.service']
  return service === undefined ? undefined : `compose ${labels['com.docker.compose.project']} ${service}`
}

export const sharedName = define<Found>({
  code: 'shared-name',
  say: ({ name, sharers, failed, why, shown }) => {
    const [what, who, list] = [code(name), code(failed), codes(sharers.map(({ label }) => label))]
    return {
      what: {
        en: `${what} is the name of several containers, ${list.en}: the DNS server answers with the addresses of all, in changing order, so that only some requests fail, those that come to ${who}: ${why.en}`,
        zh: `${what} 是多个容器共用的名字：${list.zh}。DNS 会返回它们全部的地址，顺序不断变化，所以只有一部分请求失败，就是落到 ${who} 的那些：${why.zh}`,
      },
      evidence: [...sharers.map(({ label, address }) => `${label}: ${name} at ${address}`), ...shown],
      tries: [
        {
          en: `give each a name and aliases of its own, and ask for the one that is meant`,
          zh: `给每个容器不同的名字和别名，并访问真正想要的那一个`,
        },
      ],
    }
  },
  broken: 'two containers of one network have the same alias, and only one of them has the port',
  hidden: {
    state: 'that two have a name is no fault by itself: which of them fails is seen only by asking',
    sight: 'it takes a packet to each of them: a trace compares what became of them',
    check: 'a check asks the first address that the name resolves to',
    diagnose: 'a diagnosis asks a container, and not a name that it shares',
    netdiag: 'it asks a container, and not a name that it shares',
  },
  example: {
    name: 'store',
    sharers: [
      { label: 'node1/cache', address: '172.20.0.13' },
      { label: 'node1/web', address: '172.20.0.10' },
    ],
    failed: 'node1/web',
    why: {
      en: 'the packet arrived in `node1/web`, but no program there listens on tcp port 6379, so the kernel refuses',
      zh: '数据包到了 `node1/web`，但那里没有程序监听 tcp 端口 6379，于是内核拒绝了它',
    },
    shown: [],
  },
})

/** @param failed the address to which a packet got no answer, while one to another of them did */
export function sharedNameCause(name: string, sharers: Sharer[], failed: string, { what, evidence }: Cause): Cause {
  const who = sharers.find(({ address }) => address === failed)?.label ?? failed
  return sharedName.tell({ name, sharers, failed: who, why: what, shown: evidence })
}
