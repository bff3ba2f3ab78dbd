import type { ProbeAnswer, ProbeRequest } from '../network/question.js'
import { bare, code } from '../wording/wording.js'
import type { Asking } from './ground.js'
import type { LivePlace } from './place.js'
import { Unanswerable } from './unanswerable.js'

/**
 * Puts a question from a place's network namespace.
 * @throws Unanswerable probe.failed when it could not be asked, which says nothing about the network
 */
export async function ask(
  place: LivePlace,
  question: ProbeRequest,
  { probe, signal }: Pick<Asking, 'probe' | 'signal'>,
): Promise<ProbeAnswer & { outcome: 'yes' | 'no' }> {
  signal.throwIfAborted()
  const answer = await probe.ask(place.host.name, { ...question, namespace: place.namespace.id })
  if (answer.outcome !== 'error') return { ...answer, outcome: answer.outcome }
  throw new Unanswerable('probe.failed', {
    en: `the question could not be asked from ${code(place.label)}: ${bare(answer.detail, 200)}`,
    zh: `无法从 ${code(place.label)} 发起探测：${bare(answer.detail, 200)}`,
  })
}
