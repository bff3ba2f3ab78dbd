import { logOnce } from '../error/log-once.js'
import { VethlabError } from '../error/vethlab-error.js'
import { folderOf, type LearnersEvidence } from '../evidence/learners-evidence.js'
import { momentsOf } from '../evidence/timeline.js'
import type { Lab } from '../lab/lab.js'
import type { LabRack } from '../labrack/lab-rack.js'
import type { HandedInView } from '../protocol/classes.js'
import { type Result, ResultSchema } from '../report/result.js'
import { studentOf } from '../report/student-names.js'
import type { Session } from '../session/session.js'
import { liveResult } from '../session/work/session-result.js'
import type { Assessment, SeatRecord, SubmissionRecord } from '../store/people.js'
import type { Records } from '../store/records.js'
import { judgeLive, undecidedSteps } from '../trial/grade.js'
import { Witness } from '../trial/witness.js'

export interface SubmissionsOptions {
  records: Records
  /** Where bundles of evidence go; without it none are kept, as in tests of other things. */
  evidence: LearnersEvidence | undefined
  /** Something was handed in, or judged. */
  onChange(seat: SeatRecord): void
}

/** A submission with its result, where it has one. */
export interface Judged {
  record: SubmissionRecord
  result: Result | undefined
}

/** Live work that is handed in: accepted by the server's clock, judged as the rack stands, and kept with what it was judged by. */
export class Submissions {
  /** Those that are judged now, by their ids. */
  readonly #judging = new Set<string>()

  constructor(private readonly options: SubmissionsOptions) {}

  /**
   * Resolves when it is accepted; it is judged behind that.
   * @throws VethlabError work.not-assessed, work.no-attempt-left, session.not-open, session.busy, records.behind
   */
  submit(session: Session): Promise<void> {
    return new Promise((resolve, reject) => {
      session.judge(async (rack, signal) => {
        let accepted: { seat: SeatRecord; record: SubmissionRecord }
        try {
          // Nothing else is handed in meanwhile: the session is busy with this.
          accepted = await this.#accept(session)
        } catch (error) {
          reject(error)
          return
        }
        const { seat, record } = accepted
        this.#judging.add(record.id)
        this.options.onChange(seat)
        resolve()
        try {
          await this.#judge(seat, record, rack, signal)
        } finally {
          this.#judging.delete(record.id)
          this.options.onChange(seat)
        }
      })
    })
  }

  async #accept({ learner, lab, id }: Session): Promise<{ seat: SeatRecord; record: SubmissionRecord }> {
    const { people } = this.options.records
    const seat = await people.seatOf(learner)
    const assessed = seat && (await people.classOf(seat.class))?.assessed
    const assessment = assessed && Object.hasOwn(assessed, lab.id) ? assessed[lab.id] : undefined
    if (!seat || !assessment) {
      const cure = 'It is for practice.'
      throw new VethlabError('work.not-assessed', 'nothing is to be handed in of it', { place: lab.id, cure })
    }
    const { attempts } = assessment
    if (attempts !== undefined && usedUp(await this.of(learner, lab.id)) >= attempts) {
      const what = `was handed in ${attempts} times, and that is the limit`
      throw new VethlabError('work.no-attempt-left', what, { place: lab.id, cure: 'What was handed in counts.' })
    }
    return { seat, record: await people.addSubmission({ learner, lab: lab.id, session: id }) }
  }

  async #judge(seat: SeatRecord, record: SubmissionRecord, rack: LabRack, signal: AbortSignal): Promise<void> {
    const { records, evidence } = this.options
    const { lab } = rack
    const keep = async (found: Parameters<typeof liveResult>[2], before: (result: Result) => Promise<unknown>) => {
      const session = await records.session(record.session)
      const about = { student: studentOf(seat), submittedAt: record.acceptedAt }
      const result = liveResult(lab, session!, found, about)
      await before(result)
      await records.people.judgeSubmission(record.id, JSON.stringify(result))
    }
    const witness = new Witness()
    try {
      const found = await judgeLive(rack, { signal, say: () => {}, witness })
      // Before the grade: one that is there has its evidence.
      await keep(found, async (result) => {
        if (!evidence) return
        const moments = momentsOf(await records.timeline(record.session))
        await evidence.keep(record.evidence, { lab, result, witness, moments })
      })
    } catch (error) {
      // It costs nothing then, and may be handed in again.
      await keep({ steps: undecidedSteps(lab) }, async () => {}).catch(logOnce)
      throw error
    }
  }

  /** What a learner has handed in of a lab, oldest first. */
  async of(learner: string, lab?: string): Promise<Judged[]> {
    const all = await this.options.records.people.submissions(learner, lab)
    return all.map((record) => ({ record, result: resultIn(record) }))
  }

  /** One as somebody may see it who is shown so much. */
  view({ record, result }: Judged, lab: Lab | undefined, shows: Assessment['shows']): HandedInView {
    const { number, acceptedAt: at } = record
    if (!result) return { number, at, state: this.#judging.has(record.id) ? 'judging' : 'interrupted' }
    const { state, points, of, open, notes } = result
    if (state === 'could-not-tell' && shows === 'nothing') return { number, at, state }
    if (shows === 'nothing') return { number, at, state: 'withheld' }
    const view: HandedInView = {
      number,
      at,
      state: state === 'could-not-tell' ? state : 'judged',
      points: { points, of, open },
    }
    return shows === 'points' ? view : { ...view, steps: stepsOf(result, lab), notes }
  }

  /**
   * Of somebody who is taken out, the evidence of all that they handed in goes too: also what came from another seat of theirs.
   * @returns what deletes it, once their records are gone
   */
  async forgetting(learner: string): Promise<() => Promise<void>> {
    const all = await this.options.records.people.submissions(learner)
    const folders = new Set([learner, ...all.map(({ evidence }) => folderOf(evidence))])
    return async () => {
      for (const folder of folders) await this.options.evidence?.forget(folder)
    }
  }

  /** Deletes bundles of those who are in no class any more, by no seat, such as after `vethlab records delete-learner`. */
  async forgetGone(): Promise<void> {
    const { evidence, records } = this.options
    for (const learner of (await evidence?.learners()) ?? []) {
      const isSeated = (await records.people.seatOf(learner)) !== undefined
      if (!isSeated && !(await records.people.holdsEvidence(learner))) await evidence?.forget(learner)
    }
  }
}

/** How many attempts are used up: one that could not be judged costs none. Pure. */
export function usedUp(all: readonly Judged[]): number {
  return all.filter(({ result }) => result !== undefined && result.state !== 'could-not-tell').length
}

/**
 * The one that counts: the best, and of equals the first. Where none could be judged, the last that could not; undefined where nothing was
 * handed in. Pure.
 */
export function counted(all: readonly Judged[]): Result | undefined {
  const results = all.flatMap(({ result }) => result ?? [])
  const told = results.filter(({ state }) => state !== 'could-not-tell')
  const most = Math.max(...told.map(({ points }) => points))
  return told.find(({ points }) => points === most) ?? results.at(-1)
}

/** Undefined where it has none that can be read. */
function resultIn({ result }: SubmissionRecord): Result | undefined {
  if (result === undefined) return undefined
  try {
    return ResultSchema.parse(JSON.parse(result))
  } catch (error) {
    // An import may hold anything.
    logOnce(error)
    return undefined
  }
}

function stepsOf({ steps }: Result, lab: Lab | undefined): HandedInView['steps'] {
  return steps.map(({ id, title, state, points, of, checks }) => {
    const why = state === 'passed' ? undefined : checks.find((check) => check.state !== 'passed')?.why
    return { id, heading: headingIn(lab, id) ?? title, state, points, of, ...(why ? { why } : {}) }
  })
}

function headingIn(lab: Lab | undefined, step: string) {
  const of = (language: 'en' | 'zh') => lab?.pages[language].sections.find(({ id }) => id === step)?.heading
  const [en, zh] = [of('en'), of('zh')]
  return en !== undefined && zh !== undefined ? { en, zh } : undefined
}
