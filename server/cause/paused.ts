import type { LivePlace } from '../place/place.js'
import { code } from '../wording/wording.js'
import { type Cause, define } from './cause.js'
import type { Trail } from './trail.js'
import { called } from './words.js'

interface Found {
  who: string
  name: string
  shown: string[]
}

function found({ container, label, ...place }: LivePlace): Found | undefined {
  if (container?.state !== 'paused') return undefined
  const name = called({ ...place, container, label })
  return { who: label, name, shown: [`docker ps: ${name} is paused`] }
}

function find({ goal, protocol }: Trail): Found | undefined {
  return goal && protocol !== 'icmp' ? found(goal) : undefined
}

/** The kernel takes connections for a frozen program and answers pings itself; the program never reads (cgroups(7), freezer). */
export const paused = define<Found>({
  code: 'paused',
  byState: find,
  bySight: find,
  say: ({ who, name, shown }) => ({
    what: {
      en: `${code(who)} is paused: its kernel still takes connections and answers pings, but its programs stand still, so that nobody answers what is asked`,
      zh: `${code(who)} 处于暂停状态：内核仍会接受连接、应答 ping，但其中的程序都停住了，所以没有谁回答请求`,
    },
    evidence: shown,
    tries: [
      { en: `let it go on: ${code(`docker unpause ${name}`)}`, zh: `让它继续运行：${code(`docker unpause ${name}`)}` },
    ],
  }),
  broken: '`docker pause` of the container that is asked',
  example: { who: 'node1/web', name: 'web', shown: ['docker ps: web is paused'] },
})

/** Of a container that answered, as far as its kernel does. */
export function pausedCause(place: LivePlace | undefined): Cause | undefined {
  const is = place && found(place)
  return is && paused.tell(is)
}
