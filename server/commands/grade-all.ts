import { lstat } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'
import { type ClassWork, classWork } from '../course/class-work.js'
import { invalidArgument } from '../error/invalid-argument.js'
import type { Lab } from '../lab/lab.js'
import { type FormName, fileOf, isGradebook, write, writeMany } from '../report/forms.js'
import type { Result } from '../report/result.js'
import { pointsText, stateWord } from '../report/words.js'
import { type About, refusal } from '../trial/grade.js'
import { gradeAll, type Work } from '../trial/grade-all.js'
import { poolFor, usualGradings } from '../trial/run-trials.js'
import { hashOf, irregular, readSubmission, type Submission, SubmissionRefused } from '../trial/submission.js'
import { join as joined, text } from '../wording/phrase.js'
import type { Language, Text } from '../wording/text.js'
import { Estimate } from './estimate.js'
import { EvidenceKeeper } from './evidence-keeper.js'
import { GradeFolder } from './grade-folder.js'
import { withOwnRacks } from './own-racks.js'
import { sayIn } from './say-in.js'

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
  const say = sayIn(options.language)
  for (const note of notes) say(note)
  const queued = works
    .filter((work) => work.path !== undefined)
    .map((work): Queued => {
      const about = aboutOf(work, options)
      return { ...work, about, lab: options.labOf(about) }
    })
  if (queued.length === 0) {
    const cure = 'Put a folder, an archive or a script a student into it, or a list, students.csv.'
    throw invalidArgument(path, 'nobody has handed in anything', cure, {
      what: '没有人提交作业',
      cure: '请为每个学生放入一个文件夹、压缩包或脚本，或放入名单 students.csv。',
    })
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
    if (results.size > 0) say(said.known(results.size, queued.length))
    if (open.length > 0) await gradeRest(folder, open, results, options)
    const all = queued.map(({ key }) => ({ key, result: results.get(key)! }))
    const written = new Set<string>()
    for (const { name, text } of reportsOf(all, options)) {
      const path = await folder.write(name, text)
      written.add(name.includes('/') ? `${dirname(path)}/` : path)
    }
    for (const path of written) process.stdout.write(`${path}\n`)
    process.stdout.write(`${summary([...results.values()])[options.language]}\n`)
    return [...results.values()].every(({ state }) => state !== 'could-not-tell')
  } finally {
    folder.close()
  }
}

async function gradeRest(
  folder: GradeFolder,
  open: readonly Queued[],
  results: Map<string, Result>,
  { jobs = usualGradings(), timeoutMs, language, evidence }: GradeClassOptions,
): Promise<void> {
  const keeper = evidence === undefined ? undefined : await EvidenceKeeper.open(evidence)
  const count = results.size + open.length
  const estimate = new Estimate(open.length)
  const keys = new Map(open.map((one) => [workOf(one), one]))
  const say = sayIn(language)
  say(said.toGrade(open.length, jobs))
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
          say(said.graded(results.size, count, work.name, result, estimate.text()))
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

const said = {
  known: (known: number, count: number) =>
    text(`${known} of ${count} are graded already`, `共 ${count} 份，已评 ${known} 份`),
  toGrade: (count: number, jobs: number) =>
    text(`${count} to grade, ${jobs} at the same time`, `待评 ${count} 份，同时评 ${jobs} 份`),
  graded(done: number, count: number, name: string, result: Result, rest: Text): Text {
    const took = (result.attempt.durationMs / 1000).toFixed(1)
    const of = (language: Language) => [stateWord(result.state, language), pointsText(result, language)]
    return text(
      `${done} of ${count}: ${name}: ${of('en').join(', ')}, ${took} s${rest.en}`,
      `第 ${done}/${count} 份：${name}：${of('zh').join('，')}，用时 ${took} 秒${rest.zh}`,
    )
  },
}

function summary(results: readonly Result[]): Text {
  const count = (is: (result: Result) => boolean) => results.filter(is).length
  const counts = [
    [text('passed', '通过'), count(({ state }) => state === 'passed')],
    [text('failed', '未通过'), count(({ state, refused }) => state === 'failed' && refused === undefined)],
    [text('not readable', '无法读取'), count(({ refused }) => refused !== undefined)],
    [text('could not tell', '无法判定'), count(({ state }) => state === 'could-not-tell')],
  ] as const
  const some = counts.filter(([, n]) => n > 0).map(([what, n]) => text(`${n} ${what.en}`, `${what.zh} ${n} 份`))
  const all = joined(some, ', ', '，')
  return text(`${results.length} graded: ${all.en}`, `共评 ${results.length} 份：${all.zh}`)
}
