import { familyOf } from '../../check/checks.js'
import type { CellPlace, Check } from '../../check/family.js'
import { VethlabError } from '../../error/vethlab-error.js'
import type { NetworkState } from '../../network/state.js'
import type { Ground } from '../../place/ground.js'
import type { TraceQuestion } from '../../place/question.js'
import type { TraceStory } from '../../trace/story.js'
import { traceStory } from '../../trace/trace.js'

/**
 * Traces the packet of a check about reaching somebody, by one capture.
 * @param cell of a prediction: whose packet
 * @throws VethlabError argument.invalid for another check, and as a trace
 */
export async function traceCheck(
  ground: Ground,
  check: Check,
  home: string,
  signal: AbortSignal,
  cell?: CellPlace,
): Promise<TraceStory> {
  const state = await ground.capture()
  return traceStory(ground, traceOf(check, state, home, cell), { signal, state })
}

/** The packet that a check is about, as a trace sends it. @throws VethlabError argument.invalid for one that is about none */
export function traceOf(check: Check, state: NetworkState, home: string, cell?: CellPlace): TraceQuestion {
  const family = familyOf(check)
  const question = family.packet?.(check.spec, state, home, cell)
  if (question) return question
  if (family.packet) {
    throw new VethlabError('argument.invalid', 'is about several packets', {
      place: 'cell',
      cure: 'Name one of its cells, by row and column.',
    })
  }
  throw new VethlabError('argument.invalid', 'is not about reaching somebody', {
    place: 'check',
    cure: 'Name a reach check that failed.',
  })
}
