import { leadsNowhere, outLink, routeFor } from '../network/routing.js'
import type { Link, NetworkState } from '../network/state.js'
import { hostPlace, type LivePlace, overlayOf, ownLink, placesOf } from '../place/place.js'
import { type Leg, otherEnd, segmentOf } from '../place/segment.js'
import type { Text } from '../wording/text.js'
import { code } from '../wording/wording.js'
import { define } from './cause.js'
import { writeAsked } from './packet-text.js'
import { commandIn } from './place-command.js'
import type { Trail } from './trail.js'

interface Found {
  where: string
  host: string
  link: string
  /** Set up, but without a carrier; else it was taken down. */
  up: boolean
  lan?: string
  command: string
  /** Of an overlay: its containers on that host, as their Engine calls them. */
  members?: string[]
  shown: string[]
}

function find({ state, from, last, destination, goal, asked }: Trail): Found | undefined {
  const onWay: Leg[] = [from, last].flatMap((place) => [
    ...endsOf(place, outLink(place.namespace, destination)),
    // With a link that is down its routes are gone.
    ...(leadsNowhere(routeFor(place.namespace, destination))
      ? place.namespace.links.flatMap((link) => endsOf(place, link))
      : []),
  ])
  if (goal) {
    onWay.push(...endsOf(goal, ownLink(goal.namespace, destination)))
    if (goal.host.name !== from.host.name) {
      for (const { host } of [goal, from]) {
        const home = hostPlace(host)
        if (!home) continue
        onWay.push(
          ...home.namespace.links.filter(({ lan }) => lan !== undefined).map((link) => ({ place: home, link })),
        )
      }
    }
  }
  if (goal && goal.host.name !== from.host.name) onWay.push(...tunnelsOf({ ...from, state }, destination))
  const broken = onWay.find(
    ({ link }) =>
      // A tunnel has no carrier of its own, and a bridge one only while something hangs on it.
      (!link.up || (!link.carrier && !/^(vxlan|bridge)$/.test(link.kind))) &&
      (link.lan !== undefined || /^(veth|macvlan|ipvlan|vlan|vxlan|bridge)$/.test(link.kind)),
  )
  if (!broken) return undefined
  const { place, link } = broken
  return {
    ...{ where: place.label, host: place.host.name, link: link.name, up: link.up },
    ...(link.lan === undefined ? {} : { lan: link.lan }),
    ...(place.namespace.owner.kind === 'engine' ? { members: membersOf(place) } : {}),
    command: commandIn(place, `ip link set ${link.name} up`),
    shown: asked.filter(({ macs }) => macs.length === 0).map(writeAsked),
  }
}

/** Running containers of the overlay that a namespace of the Engine's is for. */
function membersOf(place: LivePlace): string[] {
  const id = overlayOf(place)?.id
  const containers = (place.host.engine?.containers ?? []).filter(
    ({ namespace, endpoints }) => namespace !== undefined && endpoints.some(({ networkId }) => networkId === id),
  )
  return containers.map(({ name }) => name)
}

/** The ends of an overlay's tunnels on all hosts, where the way leads into it. */
function tunnelsOf({ host, namespace, state }: LivePlace & { state: NetworkState }, destination: string): Leg[] {
  const link = outLink(namespace, destination)
  if (!link) return []
  const segment = segmentOf(host, namespace, link)
  if (!segment.startsWith('overlay ')) return []
  return placesOf(state)
    .filter((place) => `overlay ${overlayOf(place)?.id}` === segment)
    .flatMap((place) =>
      place.namespace.links.filter(({ kind }) => kind === 'vxlan').map((tunnel) => ({ place, link: tunnel })),
    )
}

/** A link, with the other end of its pair and the bridge that this is a port of. */
function endsOf(place: LivePlace, link: Link | undefined): Leg[] {
  if (!link || link.kind === 'loopback') return []
  const other = otherEnd({ place, link })
  if (!other) return [{ place, link }]
  const bridge = other.place.namespace.links.find(({ name }) => name === other.link.master)
  return [{ place, link }, other, ...(bridge ? [{ place: other.place, link: bridge }] : [])]
}

/** With a link that goes down the kernel forgets its neighbours, also those that the Engine has written there and does not write again. */
function anew(host: string, members: string[]): Text {
  const names = members.slice(0, 8).join(' ')
  const [where, stop, start] = [code(host), code(`docker stop ${names}`, 300), code(`docker start ${names}`, 300)]
  return {
    en: `let the Engine of ${where} recreate that end of the overlay, which it does when its last container there has gone: ${stop}, then ${start}`,
    zh: `让 ${where} 的引擎重新创建 overlay 在那里的一端，等最后一个容器离开后它就会这样做：先 ${stop}，再 ${start}`,
  }
}

export const linkCut = define<Found>({
  code: 'link-cut',
  byState: find,
  bySight: find,
  say: ({ where: label, host, link, up, lan, command, members = [], shown }) => {
    const [name, where] = [code(link), code(label)]
    const segment = { en: lan === undefined ? '' : ` (LAN ${lan})`, zh: lan === undefined ? '' : `（局域网 ${lan}）` }
    return {
      what: up
        ? {
            en: `${name} of ${where} has no carrier${segment.en}: its cable is cut, and nothing gets in or out`,
            zh: `${where} 的 ${name} 没有载波${segment.zh}：它的网线断了，数据进不来也出不去`,
          }
        : {
            en: `${name} of ${where} is down${segment.en}: nothing gets in or out, and the routes over it are gone`,
            zh: `${where} 的 ${name} 被关闭了${segment.zh}：数据进不来也出不去，经过它的路由也没有了`,
          },
      evidence: [`${label}: ${link}: ${up ? 'UP, NO-CARRIER' : 'DOWN'}`, ...shown],
      tries: [
        up
          ? { en: `put the cable of ${code(host)} back`, zh: `把 ${code(host)} 的网线接回去` }
          : members.length > 0
            ? anew(host, members)
            : {
                en: `bring it up: ${code(command, 200)}, and look at the routes afterwards`,
                zh: `启用它：${code(command, 200)}，然后检查路由`,
              },
      ],
    }
  },
  broken: 'the cable of a host is pulled',
  asked: '`laptop` to `node2:80`, tcp',
  example: {
    ...{ where: 'node2', host: 'node2', link: 'eth0', up: true, lan: 'lan' },
    command: 'ip link set eth0 up',
    shown: ['laptop eth0: who has 192.168.1.12? no answer'],
  },
})
