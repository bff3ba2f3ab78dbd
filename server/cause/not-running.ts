import type { Container } from '../network/state.js'
import { isLive, type LivePlace, type Place } from '../place/place.js'
import { absence } from '../place/reference.js'
import { calledBeside, commonNetworks } from '../place/target.js'
import type { Text } from '../wording/text.js'
import { code } from '../wording/wording.js'
import { type Cause, define } from './cause.js'
import type { Trail } from './trail.js'
import { called } from './words.js'

interface Found {
  name: string
  /** `made`: it never ran, so that it has no logs; `again`: it ends and is started, over and over; `ended`. */
  how: 'made' | 'again' | 'ended'
  why: Text
  shown: string
}

function found(place: Place, home: string): Found {
  const { observed, why } = absence(place.label, place, home)
  const { state } = place.container ?? {}
  const how = state === 'created' ? 'made' : state === 'restarting' ? 'again' : 'ended'
  return { name: called(place), how, why, shown: observed.en.replaceAll('`', '') }
}

/** So much later a container that ends whenever it is started would have ended again. */
const steadyMs = 15_000

/** How often its Engine has started a container again whose program ends soon after each start; undefined for one that goes on. */
export function justRestarted({ restarts }: Container, takenAt: string): number | undefined {
  const { count, startedAt } = restarts ?? { count: 0, startedAt: '' }
  const age = Date.parse(takenAt) - Date.parse(startedAt)
  return count >= 2 && age < steadyMs ? Math.round(count) : undefined
}

/** Of the moments between two starts the Engine's DNS server knows nothing. */
function loop(place: LivePlace, { from, state }: Pick<Trail, 'from' | 'state'>): Found | undefined {
  const { container } = place
  const times = container && justRestarted(container, state.takenAt)
  if (!container || times === undefined) return undefined
  // While it begins or ends it is in no network at all.
  const isBetween = container.endpoints.every(({ address }) => address === undefined)
  if (!isBetween && commonNetworks(from, place).length === 0) return undefined
  const name = called(place)
  return {
    name,
    how: 'again',
    why: {
      en: `${code(name)} ends soon after each start: its Engine has started it again ${times} times, the last one just now, and between these it is not in the network`,
      zh: `${code(name)} 每次启动后很快就退出：引擎已经重新启动它 ${times} 次，最近一次就在刚才，而在两次启动之间它不在网络里`,
    },
    shown: `${name}: RestartCount ${times}, started at ${container.restarts!.startedAt}`,
  }
}

/** It was there when it was looked at, and gone when the packet came. */
function between({ meant, from, state }: Trail): Found | undefined {
  return meant && isLive(meant) ? loop(meant, { from, state }) : undefined
}

export const notRunning = define<Found>({
  code: 'not-running',
  byState: (trail) => {
    const { meant, home } = trail
    return meant?.container && !isLive(meant) ? found(meant, home) : between(trail)
  },
  bySight: between,
  byName: (unresolved) => {
    const { meant, home, from, name, state } = unresolved
    if (meant?.container) return isLive(meant) ? loop(meant, unresolved) : found(meant, home)
    const aliased = calledBeside(from, name, state).find(
      ({ place: { host, container } }) => host.name === from.host.name && container?.namespace === undefined,
    )
    return aliased && found(aliased.place, home)
  },
  say: ({ name, how, why, shown }) => {
    const [start, logs] = [code(`docker start ${name}`), code(`docker logs ${name}`)]
    return {
      what: why,
      evidence: [shown],
      tries: [
        {
          made: {
            en: `start it with ${start}, which says why where it can't`,
            zh: `用 ${start} 启动它；启动不了时会说明原因`,
          },
          again: { en: `${logs} says why it ends`, zh: `${logs} 能看到它为什么退出` },
          ended: {
            en: `start it with ${start}; ${logs} says why it ended`,
            zh: `用 ${start} 启动它；${logs} 能看到它为什么退出`,
          },
        }[how],
      ],
    }
  },
  broken: 'the container that is asked for, or that asks, has ended',
  example: {
    name: 'web',
    how: 'ended',
    why: {
      en: '`web` is not running: a container has a network namespace only while it runs, so there is nothing to look at',
      zh: '`web` 没有在运行：容器只有在运行时才拥有网络命名空间，现在没有什么可看的',
    },
    shown: 'web is exited (exit code 137)',
  },
})

export function notRunningCause(place: Place, home: string): Cause {
  return notRunning.tell(found(place, home))
}
