import { holdingOf } from '../course/score.js'
import { logOnce } from '../error/log-once.js'
import { orAborted } from '../error/or-aborted.js'
import { VethlabError } from '../error/vethlab-error.js'
import { folderOf, type LearnersEvidence } from '../evidence/learners-evidence.js'
import { resultOf as bundleResult, verdictsOf as bundleVerdicts, stateOf } from '../evidence/read-bundle.js'
import { regrade } from '../evidence/regrade.js'
import { momentsOf } from '../evidence/timeline.js'
import type { Lab } from '../lab/lab.js'
import { practiceSeed } from '../lab/parameters/seed.js'
import { withSeed } from '../lab/read-lab.js'
import type { LabRack } from '../labrack/lab-rack.js'
import type { HandedInView } from '../protocol/classes.js'
import { type Result, ResultSchema } from '../report/result.js'
import { studentOf } from '../report/student-names.js'
import { timeText } from '../report/words.js'
import type { Session } from '../session/session.js'
import { liveResult } from '../session/work/session-result.js'
import type { Assessment, SeatRecord, SubmissionRecord } from '../store/people.js'
import type { Records } from '../store/records.js'
import { judgeLive, undecided, undecidedSteps } from '../trial/grade.js'
import { Witness } from '../trial/witness.js'
import type { Text } from '../wording/text.js'
import { latePercent, lessBy, type Terms, withLateness } from './lateness.js'
import { isLabOpen } from './timetable.js'

/** Far longer than it takes: the hosts are kept for it after the lab was due. */
const longestJudgingMs = 10 * 60_000

export interface SubmissionsOptions {
  records: Records
  /** Where bundles of evidence go; without it none are kept, as in tests of other things. */
  evidence: LearnersEvidence | undefined
  /** Something was handed in, or judged. */
  onChange(seat: SeatRecord): void
  /** After so long judging is given up: ten minutes unless said. */
  judgingMs?: number | undefined
}

/** What is to be judged. */
interface Accepted {
  seat: SeatRecord
  record: SubmissionRecord
  /** The server that accepted it has ended since. */
  isResumed?: boolean
}

/** A submission with its gradings: none while it is judged, then the first one, and behind it those of its evidence by later checks. */
export interface Judged {
  record: SubmissionRecord
  gradings: readonly Result[]
}

/** What came of judging all of a lab again by its checks of today. */
export interface JudgedAgain {
  judged: number
  /** Of these, those whose new grading has more points than the last one before it, and fewer. */
  more: number
  fewer: number
  /** Those whose evidence is not there as it was signed, or has nothing to be judged. */
  left: number
}

/** Live work that is handed in: accepted by the server's clock, judged as the rack stands, and kept with what it was judged by. */
export class Submissions {
  /** Those that are judged now, by their ids. */
  readonly #judging = new Set<string>()

  constructor(private readonly options: SubmissionsOptions) {}

  /**
   * Resolves when it is accepted; it is judged behind that.
   * @throws VethlabError work.not-assessed, work.closed, work.no-attempt-left, session.not-open, session.busy, records.behind
   */
  submit(session: Session): Promise<void> {
    return new Promise((resolve, reject) => {
      session.judge(async (rack, signal) => {
        let accepted: Accepted
        try {
          // Nothing else is handed in meanwhile: the session is busy with this.
          accepted = await this.#accept(session)
        } catch (error) {
          reject(error)
          return
        }
        const judged = this.#judge(session, accepted, rack, signal)
        resolve()
        await judged
      })
    })
  }

  /** Judges what the server before this one was judging when it ended, by the hosts that have outlived it. */
  async resume(sessions: readonly Session[]): Promise<void> {
    const { people } = this.options.records
    for (const session of sessions) {
      const record = (await people.submissions(session.learner, session.lab.id)).at(-1)
      if (record?.session !== session.id || record.result !== undefined) continue
      const seat = await people.seatOf(session.learner)
      if (!seat) continue
      try {
        session.judge((rack, signal) => this.#judge(session, { seat, record, isResumed: true }, rack, signal))
      } catch (error) {
        // It has no hosts any more, or its learner was quicker and hands in again.
        if (!(error instanceof VethlabError)) throw error
      }
    }
  }

  async #accept({ learner, lab, id }: Session): Promise<Accepted> {
    const { people } = this.options.records
    const seat = await people.seatOf(learner)
    const one = seat && (await people.classOf(seat.class))
    const assessment = one && Object.hasOwn(one.assessed, lab.id) ? one.assessed[lab.id] : undefined
    if (!seat || !one || !assessment) {
      const cure = 'It is for practice.'
      throw new VethlabError('work.not-assessed', 'nothing is to be handed in of it', { place: lab.id, cure })
    }
    // What the web knows of the class may be some seconds old.
    if (!isLabOpen(one, lab.id, new Date().toISOString(), seat.extensions)) {
      const cure = 'Ask the teacher for more time.'
      throw new VethlabError('work.closed', 'is not open to be handed in now', { place: lab.id, cure })
    }
    const { attempts } = assessment
    if (attempts !== undefined && usedUp(await this.of(learner, lab.id)) >= attempts) {
      const what = `was handed in ${attempts} times, and that is the limit`
      throw new VethlabError('work.no-attempt-left', what, { place: lab.id, cure: 'What was handed in counts.' })
    }
    return { seat, record: await people.addSubmission({ learner, lab: lab.id, session: id }) }
  }

  async #judge(session: Session, accepted: Accepted, rack: LabRack, signal: AbortSignal): Promise<void> {
    const { seat, record } = accepted
    this.#judging.add(record.id)
    this.options.onChange(seat)
    try {
      await this.#find(session, accepted, rack, signal)
    } finally {
      this.#judging.delete(record.id)
      this.options.onChange(seat)
    }
  }

  async #find(
    session: Session,
    { seat, record, isResumed = false }: Accepted,
    rack: LabRack,
    ended: AbortSignal,
  ): Promise<void> {
    const { records, evidence, judgingMs = longestJudgingMs } = this.options
    const { lab } = rack
    const notes = isResumed ? [restarted(new Date().toISOString())] : []
    const keep = async (found: Parameters<typeof liveResult>[2], before: (result: Result) => Promise<unknown>) => {
      const about = { student: studentOf(seat), submittedAt: record.acceptedAt, number: record.number }
      const result = liveResult(lab, (await records.session(record.session))!, found, about)
      result.notes.push(...notes)
      await before(result)
      await records.people.judgeSubmission(record.id, JSON.stringify(result))
    }
    const witness = new Witness()
    const signal = AbortSignal.any([ended, AbortSignal.timeout(judgingMs)])
    try {
      const found = await orAborted(judgeLive(rack, { signal, say: () => {}, witness }), signal)
      // Before the grade: one that is there has its evidence.
      await keep(found, async (result) => {
        if (!evidence) return
        const moments = momentsOf(await records.timeline(record.session))
        await evidence.keep(record.evidence, { lab, result, witness, moments })
      })
    } catch (error) {
      // This server ends, and the hosts stay: the next one judges it.
      if (ended.aborted && session.phase === 'open') throw error
      // It costs nothing then, and may be handed in again.
      await keep({ steps: undecidedSteps(lab) }, async () => {}).catch(logOnce)
      throw error
    }
  }

  /** What a learner has handed in of a lab, oldest first. */
  async of(learner: string, lab?: string): Promise<Judged[]> {
    const all = await this.options.records.people.submissions(learner, lab)
    return all.map((record) => ({ record, gradings: gradingsIn(record) }))
  }

  /** Judges what these learners have handed in of a lab by its checks of today, from the evidence: nothing is run. What they had stays. */
  async judgeAgain(lab: Lab, seats: readonly SeatRecord[]): Promise<JudgedAgain> {
    const counts: JudgedAgain = { judged: 0, more: 0, fewer: 0, left: 0 }
    for (const seat of seats) {
      for (const { record, gradings } of await this.of(seat.learner, lab.id)) {
        const before = gradings.at(-1)
        if (!before) continue
        const again = await this.#again(lab, record)
        if (!again) {
          counts.left++
          continue
        }
        counts.judged++
        if (again.points > before.points) counts.more++
        if (again.points < before.points) counts.fewer++
        // One that says the same once more is none.
        if (verdictsOf(again) === verdictsOf(before)) continue
        await this.options.records.people.addRegrading(record.id, JSON.stringify(again))
        this.options.onChange(seat)
      }
    }
    return counts
  }

  async #again(lab: Lab, { evidence: place }: SubmissionRecord): Promise<Result | undefined> {
    // Whoever else waits for this process comes first.
    await new Promise(setImmediate)
    try {
      const bundle = await this.options.evidence?.read(place)
      const verdicts = bundle && bundleVerdicts(place, bundle)
      if (!verdicts) return undefined
      const before = bundleResult(place, bundle)
      const own = withSeed(lab, before.assignment.seed ?? practiceSeed)
      return (await regrade(own, before, verdicts, (name) => stateOf(place, bundle, name))).result
    } catch (error) {
      if (!(error instanceof VethlabError)) throw error
      logOnce(error)
      return undefined
    }
  }

  /**
   * One as somebody may see it who is shown so much.
   * @param locked steps that are withheld from them: of those nothing is told that was found
   */
  view(
    judged: Judged,
    {
      lab,
      shows,
      terms,
      locked = [],
    }: { lab: Lab | undefined; shows: Assessment['shows']; terms: Terms | undefined; locked?: readonly string[] },
  ): HandedInView {
    const { record, gradings } = judged
    const { number, acceptedAt: at } = record
    const result = resultOf(judged, terms)
    if (!result) return { number, at, state: this.#judging.has(record.id) ? 'judging' : 'interrupted' }
    const { state, points, of, open, notes } = result
    if (state === 'could-not-tell' && shows === 'nothing') return { number, at, state }
    if (shows === 'nothing') return { number, at, state: 'withheld' }
    const percent = terms ? latePercent(at, terms) : 0
    const view: HandedInView = {
      number,
      at,
      state: state === 'could-not-tell' ? state : 'judged',
      points: { points, of, open },
      ...(gradings.length > 1 ? { first: gradings[0]!.points } : {}),
      ...(percent > 0 ? { late: { percent, points: lessBy(points, percent) } } : {}),
    }
    return shows === 'points' ? view : { ...view, steps: stepsOf(result, lab, locked), notes }
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
  return all.filter(({ gradings: [first] }) => first !== undefined && first.state !== 'could-not-tell').length
}

/** The grading that holds: of several that which the class goes by. Undefined where it has none yet. Pure. */
function resultOf({ gradings }: Judged, terms: Terms | undefined): Result | undefined {
  return gradings.length === 0 ? undefined : holdingOf(gradings, terms?.assessment.regraded ?? 'better')
}

/**
 * The one that counts, with lateness taken off: the best, and of equals the first, or the last one where that was chosen. Where none could
 * be judged, the last that could not; undefined where nothing was handed in. Pure.
 * @param lab of which all are: of one whose judging was interrupted nothing can be told then, in place of undefined
 */
export function counted(
  all: readonly Judged[],
  { lab, terms }: { lab?: Lab; terms?: Terms | undefined } = {},
): Result | undefined {
  const results = all.flatMap((judged) => {
    const result = resultOf(judged, terms)
    return result ? [withLateness(result, terms ? latePercent(judged.record.acceptedAt, terms) : 0)] : []
  })
  const told = results.filter(({ state }) => state !== 'could-not-tell')
  const most = Math.max(...told.map(({ points }) => points))
  const chosen = terms?.assessment.counts === 'last' ? told.at(-1) : told.find(({ points }) => points === most)
  const last = all.at(-1)?.record
  const unjudged = lab && last && undecided(lab, { submittedAt: last.acceptedAt })
  return chosen ?? results.at(-1) ?? unjudged
}

function restarted(at: string): Text {
  const time = timeText(at)
  return {
    en: `the server was restarted while this was judged: the hosts were judged as they stood at ${time}`,
    zh: `评分期间服务器重新启动过：按主机在 ${time} 的状态评分`,
  }
}

/** Those that can be read. */
function gradingsIn({ result, regradings }: SubmissionRecord): Result[] {
  return (result === undefined ? [] : [result, ...regradings]).flatMap((text) => {
    try {
      return [ResultSchema.parse(JSON.parse(text))]
    } catch (error) {
      // An import may hold anything.
      logOnce(error)
      return []
    }
  })
}

/** What two gradings of one submission may differ by, but for how they are worded. */
function verdictsOf({ points, of, open, steps }: Result): string {
  const checks = steps.map(({ id, checks }) => [id, checks.map((check) => [check.id, check.state, check.points])])
  return JSON.stringify([points, of, open, checks])
}

function stepsOf({ steps }: Result, lab: Lab | undefined, locked: readonly string[]): HandedInView['steps'] {
  return steps.map(({ id, title, state, points, of, checks }) => {
    const isTold = state !== 'passed' && !locked.includes(id)
    const why = isTold ? checks.find((check) => check.state !== 'passed')?.why : undefined
    return { id, heading: headingIn(lab, id) ?? title, state, points, of, ...(why ? { why } : {}) }
  })
}

function headingIn(lab: Lab | undefined, step: string) {
  const of = (language: 'en' | 'zh') => lab?.pages[language].sections.find(({ id }) => id === step)?.heading
  const [en, zh] = [of('en'), of('zh')]
  return en !== undefined && zh !== undefined ? { en, zh } : undefined
}
