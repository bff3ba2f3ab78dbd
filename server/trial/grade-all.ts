import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageText } from '../error/message-in.js'
import type { Lab } from '../lab/lab.js'
import { LabRack } from '../labrack/lab-rack.js'
import type { Racks } from '../racks/racks.js'
import type { Result } from '../report/result.js'
import { text } from '../wording/phrase.js'
import type { Text } from '../wording/text.js'
import { type About, gradeIn, refusal, undecided } from './grade.js'
import { Stopwatch } from './phase.js'
import { RackShelf } from './rack-shelf.js'
import { type Submission, SubmissionRefused } from './submission.js'
import { Witness } from './witness.js'

/** One of many submissions. */
export interface Work {
  /** What it is called in lines of progress. */
  name: string
  /** As everybody's own, where everybody has their own. */
  lab: Lab
  about: About
  /** @throws SubmissionRefused */
  read(): Promise<Submission>
}

/** What became of one. */
export interface GradedWork {
  result: Result
  /** Where the time of its last grading went. */
  watch: Stopwatch
  /** What was seen then; missing where nobody wants it, and where nothing was run. */
  witness?: Witness | undefined
}

export interface GradeAllOptions {
  /** Whether all that gradings see is kept, for evidence. */
  isWitnessed?: boolean
  /** Gradings at the same time. */
  jobs: number
  /** Of the scripts of each, milliseconds. */
  timeoutMs: number
  signal: AbortSignal
  /** Told of each as soon as it is known. A failure of it ends the whole. */
  onResult(work: Work, graded: GradedWork): Promise<void>
  /** Told in a line of what the machine could not do. */
  say(line: Text): void
}

/** A submission that could not be told is graded so often: the fault may have been the machine's, and over by then. */
const mostTries = 3
/** A machine that is short of something gets some air. */
const pauseAfterFailureMs = 2000

/**
 * Grades all, some at a time, in the order that they are in. Racks are opened ahead, so that a submission finds one waiting. What could
 * not be told is graded again behind all others, and in the end costs nothing.
 */
export async function gradeAll(
  racks: Racks,
  works: readonly Work[],
  { jobs, timeoutMs, signal, isWitnessed = false, onResult, say }: GradeAllOptions,
): Promise<void> {
  const queue = works.map((work) => ({ work, tries: 1 }))
  const shelf = new RackShelf(
    works.map(({ lab }) => lab),
    { open: (lab) => LabRack.open(racks, lab, { signal }), ahead: jobs, say },
  )
  const working = new AbortController()
  const ended = AbortSignal.any([signal, working.signal])
  // Some a grading, however many there are.
  setMaxListeners(0, signal, ended)

  const judge = async ({ lab, about, read }: Work, watch: Stopwatch): Promise<GradedWork> => {
    const started = performance.now()
    let submission: Submission
    try {
      submission = await read()
    } catch (error) {
      if (!(error instanceof SubmissionRefused)) throw error
      shelf.spare(lab)
      return { result: refusal(lab, error.said, about), watch }
    }
    const rack = await watch.time('rack', () => shelf.take(lab))
    try {
      const witness = isWitnessed ? new Witness() : undefined
      const options = { ...about, timeoutMs, signal: ended, watch, witness, say: () => {} }
      const result = await gradeIn(racks, rack, submission, options, started)
      return { result, watch, witness }
    } finally {
      shelf.putAway(rack)
    }
  }

  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      ended.throwIfAborted()
      const { work, tries } = next
      const watch = new Stopwatch()
      const graded = await judge(work, watch).catch(async (error: Error) => {
        ended.throwIfAborted()
        const { en, zh } = messageText(error)
        say(text(`${work.name}: ${en}`, `${work.name}：${zh}`))
        await sleep(pauseAfterFailureMs, undefined, { signal: ended })
        return undefined
      })
      if ((graded === undefined || graded.result.state === 'could-not-tell') && tries < mostTries) {
        say(text(`${work.name}: could not tell, and is graded again later`, `${work.name}：无法判定，稍后再评一次`))
        shelf.want(work.lab)
        queue.push({ work, tries: tries + 1 })
      } else {
        await onResult(work, graded ?? { result: undecided(work.lab, work.about), watch })
      }
    }
  }

  const workers = Array.from({ length: Math.min(jobs, works.length) }, worker)
  try {
    await Promise.all(workers)
  } catch (error) {
    working.abort(error)
    throw error
  } finally {
    await Promise.allSettled(workers)
    await shelf.clear()
  }
}
