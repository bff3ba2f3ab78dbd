import { lstat } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'
import { type ClassWork, classWork } from '../course/class-work.js'
import { VethlabError } from '../error/vethlab-error.js'
import type { Lab } from '../lab/lab.js'
import { type FormName, fileOf, isGradebook, write, writeMany } from '../report/forms.js'
import type { Result } from '../report/result.js'
import { pointsText, stateWord } from '../report/words.js'
import { type About, refusal } from '../trial/grade.js'
import { gradeAll, type Work } from '../trial/grade-all.js'
import { poolFor, usualJobs } from '../trial/run-trials.js'
import { hashOf, irregular, readSubmission, type Submission, SubmissionRefused } from '../trial/submission.js'
import { oneLine } from '../wording/one-line.js'
import type { Language } from '../wording/text.js'
import { Estimate } from './estimate.js'
import { EvidenceKeeper } from './evidence-keeper.js'
import { GradeFolder } from './grade-folder.js'
import { withOwnRacks } from './own-racks.js'

export interface GradeClassOptions {
  out: string
  resume: boolean
  /** As many as memory and cores allow, unless said. */
  jobs: number | undefined
  form: FormName | undefined
  assignment: string | undefined
  heading: string | undefined
  timeoutMs: number
  /** Where bundles of evidence go. */
  evidence: string | undefined
  language: Language
  /** The lab with the numbers of who has handed in that. */
  labOf(about: About): Lab
}

/** One of a class, and what is known before it is graded. */
interface Queued extends ClassWork {
  about: About
  lab: Lab
}

/**
 * Grades what a class has handed in, and writes a result a student, `grades.csv`, and what else was asked for. A run that was ended
 * anywhere goes on where it was.
 * @returns whether all could be told
 */
export async function gradeClass(path: string, options: GradeClassOptions): Promise<boolean> {
  const { works, notes } = await classWork(path)
  for (const note of notes) say(note)
  const queued = works
    .filter((work) => work.path !== undefined)
    .map((work): Queued => {
      const about = aboutOf(work, options)
      return { ...work, about, lab: options.labOf(about) }
    })
  if (queued.length === 0) {
    const cure = 'Put a folder, an archive or a script a student into it, or a list, students.csv.'
    throw new VethlabError('argument.invalid', 'nobody has handed in anything', { place: oneLine(path, 200), cure })
  }
  // A form that lacks something is refused now, and not when the grades are there.
  reportsOf(
    queued.map(({ key, about, lab }) => ({ key, result: refusal(lab, { en: '', zh: '' }, about) })),
    options,
  )
  const folder = await GradeFolder.open(options.out, options)
  try {
    const results = new Map<string, Result>()
    if (options.resume) for (const [key, result] of await known(folder, queued)) results.set(key, result)
    const open = queued.filter(({ key }) => !results.has(key))
    if (results.size > 0) say(`${results.size} of ${queued.length} are graded already`)
    if (open.length > 0) await gradeRest(folder, open, results, options)
    const all = queued.map(({ key }) => ({ key, result: results.get(key)! }))
    const written = new Set<string>()
    for (const { name, text } of reportsOf(all, options)) {
      const path = await folder.write(name, text)
      written.add(name.includes('/') ? `${dirname(path)}/` : path)
    }
    for (const path of written) process.stdout.write(`${path}\n`)
    process.stdout.write(summary([...results.values()]))
    return [...results.values()].every(({ state }) => state !== 'could-not-tell')
  } finally {
    folder.close()
  }
}

async function gradeRest(
  folder: GradeFolder,
  open: readonly Queued[],
  results: Map<string, Result>,
  { jobs = usualJobs(), timeoutMs, language, evidence }: GradeClassOptions,
): Promise<void> {
  const keeper = evidence === undefined ? undefined : await EvidenceKeeper.open(evidence)
  const count = results.size + open.length
  const estimate = new Estimate(open.length)
  const keys = new Map(open.map((one) => [workOf(one), one]))
  say(`${open.length} to grade, ${jobs} at the same time`)
  // Their hosts are of the same kinds.
  const pool = poolFor([open[0]!.lab], open.length > jobs)
  await withOwnRacks(
    (racks, signal) =>
      gradeAll(racks, [...keys.keys()], {
        jobs,
        timeoutMs,
        signal,
        say,
        isWitnessed: keeper !== undefined,
        onResult: async (work, { result, witness }) => {
          const { key, path, lab } = keys.get(work)!
          // Before the grade: one that is there has its evidence.
          await keeper?.keep(key, path!, { lab, result, witness })
          await folder.keep(key, result)
          results.set(key, result)
          estimate.done()
          const took = (result.attempt.durationMs / 1000).toFixed(1)
          const outcome = `${stateWord(result.state, language)}, ${pointsText(result, language)}`
          say(`${results.size} of ${count}: ${work.name}: ${outcome}, ${took} s${estimate.text()}`)
        },
      }),
    { pool },
  )
}

function workOf({ key, path, about, lab }: Queued): Work {
  return { name: key, lab, about, read: () => readWork(path!, lab) }
}

/** Reads a submission of a class. What a student has put there may be a link to anything, or a pipe. @throws SubmissionRefused */
export async function readWork(path: string, lab: Lab): Promise<Submission> {
  const found = await lstat(path)
  if (!found.isFile() && !found.isDirectory()) throw irregular(path)
  return readSubmission(path, lab)
}

/** Grades that were kept, of the same work and by the same lab; what could not be told is none. */
async function known(folder: GradeFolder, queued: readonly Queued[]): Promise<[string, Result][]> {
  const found: [string, Result][] = []
  for (const one of queued) {
    const kept = await folder.kept(one.key)
    const { lab } = one
    if (!kept || kept.state === 'could-not-tell' || kept.assignment.labHash !== lab.contentHash) continue
    if (kept.assignment.seed !== refusal(lab, { en: '', zh: '' }, one.about).assignment.seed) continue
    if (kept.attempt.submissionHash !== (await hashNow(one.path!, lab))) continue
    const { student = {}, assignment = lab.id, submittedAt = kept.attempt.submittedAt } = one.about
    const result: Result = {
      ...kept,
      student,
      assignment: { ...kept.assignment, id: assignment },
      attempt: { ...kept.attempt, submittedAt },
    }
    // Whoever leads the class may have corrected the list since.
    if (JSON.stringify(result) !== JSON.stringify(kept)) await folder.keep(one.key, result)
    found.push([one.key, result])
  }
  return found
}

async function hashNow(path: string, lab: Lab): Promise<string | undefined> {
  try {
    return hashOf(await readWork(path, lab))
  } catch (error) {
    if (error instanceof SubmissionRefused) return undefined
    throw error
  }
}

function aboutOf({ student, submittedAt }: ClassWork, { assignment }: GradeClassOptions): About {
  return {
    student,
    ...(assignment === undefined ? {} : { assignment }),
    ...(submittedAt === undefined ? {} : { submittedAt }),
  }
}

/** What is written when all are graded: by the names of the files. @throws VethlabError where a form lacks something */
function reportsOf(
  all: readonly { key: string; result: Result }[],
  { form, heading, language }: GradeClassOptions,
): { name: string; text: string }[] {
  const options = { language, ...(heading === undefined ? {} : { heading }) }
  const results = all.map(({ result }) => result)
  const grades = { name: fileOf('csv'), text: writeMany('csv', results, options) }
  if (form === undefined || form === 'json' || form === 'csv') return [grades]
  if (isGradebook(form)) return [grades, { name: fileOf(form), text: writeMany(form, results, options) }]
  const ending = extname(fileOf(form))
  return [
    grades,
    ...all.map(({ key, result }) => ({ name: join(form, `${key}${ending}`), text: write(form, result, options) })),
  ]
}

function summary(results: readonly Result[]): string {
  const count = (is: (result: Result) => boolean) => results.filter(is).length
  const counts = [
    ['passed', count(({ state }) => state === 'passed')],
    ['failed', count(({ state, refused }) => state === 'failed' && refused === undefined)],
    ['not readable', count(({ refused }) => refused !== undefined)],
    ['could not tell', count(({ state }) => state === 'could-not-tell')],
  ] as const
  const some = counts.filter(([, n]) => n > 0).map(([what, n]) => `${n} ${what}`)
  return `${results.length} graded: ${some.join(', ')}\n`
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
