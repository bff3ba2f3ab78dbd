import type { Ground } from '../place/ground.js'
import type { TraceQuestion } from '../place/question.js'
import { groupStories, type TraceSeries } from './series.js'
import type { TraceStory } from './story.js'
import { traceStory } from './trace.js'

/** So often at most; each takes a second or so. */
export const mostTimes = 50

export interface RepeatOptions {
  /** From 1 to `mostTimes`. */
  count: number
  /** Ends it: what is known by then is told. */
  signal?: AbortSignal
  /** No question is begun or waited for after so long, in milliseconds. */
  deadlineMs: number
  /** Told of each that has come. */
  onStory?(story: TraceStory, turn: number): void
}

/**
 * Asks the same several times, one after another, each as a program would: a name is resolved anew, and its first address is the
 * one that is tried. Ended by its signal or its deadline, it tells what it knows by then.
 * @throws the signal's reason where it aborts before the first has come; VethlabError of the rack
 */
export async function traceSeries(
  ground: Ground,
  question: TraceQuestion,
  { count, signal = new AbortController().signal, deadlineMs, onStory }: RepeatOptions,
): Promise<TraceSeries> {
  const started = performance.now()
  const deadline = AbortSignal.timeout(deadlineMs)
  const until = AbortSignal.any([signal, deadline])
  const stories: TraceStory[] = []
  while (stories.length < count && !until.aborted) {
    try {
      const story = await traceStory(ground, question, { signal: until, firstAddressOnly: true })
      stories.push(story)
      onStory?.(story, stories.length)
    } catch (error) {
      if (!until.aborted) throw error
    }
  }
  if (stories.length === 0 && signal.aborted) throw signal.reason
  const { from, to, port } = question
  return {
    from,
    to,
    protocol: question.protocol ?? (port === undefined ? 'icmp' : 'tcp'),
    ...(port === undefined ? {} : { port }),
    count,
    ...(stories.length === count ? {} : { ended: signal.aborted ? 'stopped' : 'time' }),
    ...groupStories(stories),
    durationMs: Math.round(performance.now() - started),
  }
}
