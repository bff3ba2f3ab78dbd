import { sameAddress } from '../network/addresses.js'
import { outLink } from '../network/routing.js'
import type { Link } from '../network/state.js'
import { ownLink } from '../place/place.js'
import { code } from '../wording/wording.js'
import { define } from './cause.js'
import { writeAsked } from './packet-text.js'
import type { Trail } from './trail.js'

interface Found {
  child: string
  host: string
  parent: string
  link: string
  mode: string
  shown: string[]
}

/** A macvlan's parent and its children do not hear each other (ip-link(8), macvlan). */
function find({ from, last: seenLast, way, goal, destination, asked }: Trail): Found | undefined {
  const target = goal && ownLink(goal.namespace, destination)
  const isMacvlan = (link: Link | undefined): link is Link =>
    link !== undefined && /^(macvlan|macvtap)$/.test(link.kind)
  // The machine whose link it should leave by: by the state, the one before the goal.
  const last = way
    ? (way.stops.findLast(({ place }) => place.namespace.id !== goal?.namespace.id)?.place ?? from)
    : seenLast
  const sending = outLink(last.namespace, destination)
  // A child may ask for others meanwhile, which has nothing to do with it.
  const shown = asked
    .filter(({ target, macs }) => macs.length === 0 && sameAddress(target, destination))
    .map(writeAsked)
  const told = (child: string, host: string, parent: string, link: Link): Found => ({
    ...{ child, host, parent, link: link.name, mode: link.macvlanMode ?? '?' },
    shown,
  })
  if (
    goal &&
    sending &&
    isMacvlan(target) &&
    target.parent?.namespace === last.namespace.id &&
    target.parent.name === sending.name
  ) {
    return told(goal.label, last.label, sending.name, target)
  }
  const own = outLink(from.namespace, destination)
  if (
    goal &&
    target &&
    isMacvlan(own) &&
    own.parent?.namespace === goal.namespace.id &&
    own.parent.name === target.name
  ) {
    return told(from.label, goal.label, target.name, own)
  }
  return undefined
}

export const macvlanHostToChild = define<Found>({
  code: 'macvlan-host-to-child',
  byState: find,
  bySight: find,
  say: ({ child, host, parent, link, mode, shown }) => {
    const shim = code(`ip link add shim link ${parent} type macvlan mode bridge`)
    return {
      what: {
        en: `${code(child)} is a macvlan child on ${code(parent)} of ${code(host)}: a parent and its children share one cable, and the kernel never passes frames between the two`,
        zh: `${code(child)} 是 ${code(host)} 上 ${code(parent)} 的 macvlan 子接口：父接口与子接口共用一根网线，内核从不在两者之间传递帧`,
      },
      evidence: [`${child}: ${link}@${parent}, macvlan mode ${mode}`, ...shown],
      tries: [
        {
          en: `ask from another machine of the LAN, or give the host a macvlan link of its own: ${shim} with an address and a route to the child`,
          zh: `从局域网里的另一台机器访问，或者给主机也建一个 macvlan 接口：${shim}，再配上地址和到子接口的路由`,
        },
      ],
    }
  },
  broken: 'a host asks for its own macvlan child',
  asked: '`node1` to `mac:80`, tcp',
  example: {
    ...{ child: 'mac', host: 'node1', parent: 'eth0', link: 'eth0', mode: 'bridge' },
    shown: ['node1 eth0: who has 192.168.1.70? no answer'],
  },
})
