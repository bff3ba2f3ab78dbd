import type { Check } from '../../check/checks.js'
import type { Spec } from '../../check/families/reach.js'
import { VethlabError } from '../../error/vethlab-error.js'
import type { NetworkState } from '../../network/state.js'
import type { Ground } from '../../place/ground.js'
import { isLive } from '../../place/place.js'
import type { TraceQuestion } from '../../place/question.js'
import { find } from '../../place/reference.js'
import { addressOn } from '../../place/target.js'
import type { TraceStory } from '../../trace/story.js'
import { traceStory } from '../../trace/trace.js'

/** Traces the packet of a reach check, by one capture. @throws VethlabError argument.invalid for another check, and as a trace */
export async function traceCheck(ground: Ground, check: Check, home: string, signal: AbortSignal): Promise<TraceStory> {
  const state = await ground.capture()
  return traceStory(ground, traceOf(check, state, home), { signal, state })
}

/** The packet that a reach check is about, as a trace sends it. @throws VethlabError argument.invalid for another check */
export function traceOf({ family, spec }: Check, state: NetworkState, home: string): TraceQuestion {
  if (family !== 'reach') {
    throw new VethlabError('argument.invalid', 'is not about reaching somebody', {
      place: 'check',
      cure: 'Name a reach check that failed.',
    })
  }
  const { from, to, port, with: kind, by, network } = spec as Spec
  const at = port ?? (kind === 'http' ? 80 : undefined)
  return {
    from,
    to: (network !== undefined && addressOf(to, network, state, home)) || to,
    protocol: kind === 'http' ? 'tcp' : (kind ?? (at === undefined ? 'icmp' : 'tcp')),
    ...(at === undefined ? {} : { port: at }),
    by,
    home,
  }
}

/** The address on the network that the check asks for; undefined where there is none, which the trace then tells in its own way. */
function addressOf(to: string, network: string, state: NetworkState, home: string): string | undefined {
  try {
    const place = find(to, state, home)
    return isLive(place) ? addressOn(place, network) : undefined
  } catch {
    return undefined
  }
}
