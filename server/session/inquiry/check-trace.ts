import { familyOf } from '../../check/checks.js'
import type { Check } from '../../check/family.js'
import { VethlabError } from '../../error/vethlab-error.js'
import type { NetworkState } from '../../network/state.js'
import type { Ground } from '../../place/ground.js'
import type { TraceQuestion } from '../../place/question.js'
import type { TraceStory } from '../../trace/story.js'
import { traceStory } from '../../trace/trace.js'

/** Traces the packet of a reach check, by one capture. @throws VethlabError argument.invalid for another check, and as a trace */
export async function traceCheck(ground: Ground, check: Check, home: string, signal: AbortSignal): Promise<TraceStory> {
  const state = await ground.capture()
  return traceStory(ground, traceOf(check, state, home), { signal, state })
}

/** The packet that a check is about, as a trace sends it. @throws VethlabError argument.invalid for one that is about none */
export function traceOf(check: Check, state: NetworkState, home: string): TraceQuestion {
  const question = familyOf(check).packet?.(check.spec, state, home)
  if (question) return question
  throw new VethlabError('argument.invalid', 'is not about reaching somebody', {
    place: 'check',
    cure: 'Name a reach check that failed.',
  })
}
