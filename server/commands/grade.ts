import { chmod, mkdir, open, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Command, Option } from 'commander'
import { workKey } from '../course/class-work.js'
import { instantOf } from '../course/policy.js'
import { readTextFile } from '../course/read-file.js'
import { isYaml, readStudent, readStudents, studentIn, studentKey } from '../course/student.js'
import { VethlabError } from '../error/vethlab-error.js'
import { labFolder } from '../lab/catalogue.js'
import { type Lab, requireDrawn } from '../lab/lab.js'
import { parseSeed, practiceSeed, seedOf } from '../lab/parameters/seed.js'
import { loadLab, withSeed } from '../lab/read-lab.js'
import { requireFeatures } from '../machine/features.js'
import { fromPackage } from '../package-root.js'
import { type FormName, fileOf, formNames, write } from '../report/forms.js'
import { type KitName, type KitNumbers, kitFiles, kitNames, kitNumbers } from '../report/kits.js'
import { type Result, resultJsonSchema } from '../report/result.js'
import { type About, grade, refusal } from '../trial/grade.js'
import { readSubmission, type Submission, SubmissionRefused } from '../trial/submission.js'
import { Witness } from '../trial/witness.js'
import { oneLine } from '../wording/one-line.js'
import { type Language, languages } from '../wording/text.js'
import { readClassKey } from './class-key.js'
import { databaseOption } from './database.js'
import { EvidenceKeeper } from './evidence-keeper.js'
import { gradeClass } from './grade-all.js'
import { doneIn, findSession, judgeSession } from './grade-session.js'
import { withOwnRacks } from './own-racks.js'
import { tellWhose, tellWhoseAll } from './tell-whose.js'
import { wholeNumber } from './whole-number.js'

interface GradeCommandOptions {
  format?: FormName
  out?: string
  json: boolean
  junit?: string
  student?: string
  assignment?: string
  heading?: string
  submitted?: string
  schema: boolean
  all: boolean
  /** As many as memory and cores allow, unless it is a number. */
  jobs?: number | 'auto'
  resume: boolean
  evidence?: string
  kit?: KitName
  timeout: number
  lang: string
  seed?: string
  classKey?: string
  who?: string
  roster?: string
  perVariant: boolean
  session?: string
  database?: string
}

/** Exit codes, as those who call it from a course's system switch on them. */
const exitCodes = { passed: 0, failed: 1, 'could-not-tell': 2, refused: 3 } as const

export function gradeCommand(): Command {
  return new Command('grade')
    .description(
      'grade a submission in a fresh rack; exit code 0 passed, 1 failed, 2 could not tell, 3 the submission can not be read; ' +
        'with --all, 0 all were graded, 2 some could not be told',
    )
    .argument('[lab]', 'id or folder')
    .argument(
      '[submission]',
      'a script, a folder with a script a host, or an archive of one; with --all, a folder or a list of them',
    )
    .addOption(new Option('--format <form>', 'how the result is written; text by default').choices(formNames))
    .option('--out <path>', 'write the result there, a file or a folder, and print it as text')
    .option('--json', 'the same as --format json', false)
    .option('--all', 'grade what a class has handed in; the grades go into the folder that --out names', false)
    .option('--jobs <count>', 'with --all, so many at the same time, or as many as memory and cores allow', jobCount)
    .option('--resume', 'with --all, go on where an earlier run was ended', false)
    .option('--evidence <folder>', 'keep there what the grade was found by, a signed bundle a submission')
    .option('--junit <file>', 'write a JUnit report, too')
    .option(
      '--student <file>',
      'whose work it is: YAML or JSON with id, login, email, sisId, firstName, lastName, section',
    )
    .option('--assignment <id>', 'what a course calls it; the id of the lab by default')
    .option('--heading <text>', 'what the gradebook calls it; the title of the lab by default')
    .option('--submitted <time>', 'when it was handed in, such as 2026-03-01T23:59:00+01:00; now by default')
    .option('--seed <seed>', 'with the numbers of that seed, for labs that have parameters', parseSeed)
    .option('--class-key <file>', "with the numbers of the student, from the class's key and --student")
    .option(
      '--who <file>',
      'grade nothing, and say whose numbers it has, or with --all each of a class: a list of students, CSV as a class takes it or YAML, with --class-key',
    )
    .option('--roster <file>', 'the list of the class, CSV or YAML: what it says of the student of --student holds')
    .addOption(
      new Option('--kit <system>', "write what a course's system needs to grade the lab, into --out").choices(kitNames),
    )
    .option('--per-variant', 'with --kit prairielearn, with other numbers in each variant of the question', false)
    .option('--schema', 'print the JSON Schema of --format json instead', false)
    .option('--session <id>', 'grade the live work of that session, of a server on this machine, as its hosts stand')
    .addOption(databaseOption())
    .option('--timeout <seconds>', 'deadline of the submission', wholeNumber(1, 86_400), 120)
    .option('--lang <language>', 'of the report: en or zh', 'en')
    .action(async (name: string | undefined, path: string | undefined, options: GradeCommandOptions) => {
      if (options.schema) {
        process.stdout.write(`${JSON.stringify(resultJsonSchema(), null, 2)}\n`)
        return
      }
      if (options.perVariant && options.kit === undefined)
        throw invalid('--per-variant', 'is for a kit alone', 'Say --kit prairielearn as well, or leave it out.')
      if (options.kit !== undefined)
        refuseOthers(options, ['out', 'seed', 'roster'], 'is for a grading, and a kit is none')
      if (options.kit !== undefined && path !== undefined)
        throw invalid('--kit', 'is for no submission', 'Name the lab alone.')
      if (options.kit !== undefined && name !== undefined) {
        await writeKit(name, options.kit, options)
        return
      }
      if (options.session !== undefined) {
        await gradeSession(name, path, options.session, options)
        return
      }
      if (name === undefined || path === undefined)
        throw invalid('grade', 'a lab and a submission are wanted', 'Name both; with --kit, the lab alone.')
      if (options.who !== undefined) {
        refuseOthers(options, ['who', 'all', 'json'], 'is for a grading, and --who grades nothing')
        const tell = options.all ? tellWhoseAll : tellWhose
        await tell(name, path, { ...options, who: options.who, language: languageOf(options.lang) })
      } else await (options.all ? gradeMany(name, path, options) : gradeOne(name, path, options))
    })
}

/** Options of a grading that do something nowhere else. */
const ofGrading = [
  ...(['all', 'jobs', 'resume', 'out', 'format', 'json', 'junit', 'evidence', 'who', 'session'] as const),
  ...(['student', 'roster', 'assignment', 'heading', 'submitted', 'seed'] as const),
]

/** What would do nothing is told, but for what is of use here as well. @throws VethlabError argument.invalid */
function refuseOthers(options: GradeCommandOptions, used: readonly (typeof ofGrading)[number][], what: string): void {
  const idle = ofGrading.find((option) => options[option] && !used.includes(option))
  if (idle !== undefined) throw invalid(`--${idle}`, what, 'Leave it out.')
}

/** Files that are there already stay as they are. */
async function writeKit(name: string, kit: KitName, options: GradeCommandOptions): Promise<void> {
  const { out, lang } = options
  const language = languageOf(lang)
  if (out === undefined) throw invalid('--kit', 'has nowhere to go', 'Name a folder with --out.')
  const lab = await loadLab(await labFolder(fromPackage('labs'), name))
  const { id, title, topic, home } = lab
  const numbers = await numbersOfKit(kit, options)
  if (numbers.of !== 'practice') requireDrawn(lab)
  for (const { path, text, isExecutable } of kitFiles(kit, { id, title: title[language], topic, home }, numbers)) {
    const file = join(out, path)
    await mkdir(dirname(file), { recursive: true }).catch(cannotWrite('--out', file))
    // A key is its owner's alone.
    const mode = path === 'class.key' ? 0o600 : 0o666
    await writeFile(file, text, { flag: 'wx', mode }).catch(cannotWrite('--out', file))
    if (isExecutable) await chmod(file, 0o755)
    process.stdout.write(`${file}\n`)
  }
}

/** With whose numbers the kit grades. @throws VethlabError argument.invalid where its system can't tell */
async function numbersOfKit(kit: KitName, options: GradeCommandOptions): Promise<KitNumbers> {
  const { seed, classKey, roster, perVariant } = options
  const said = [seed, classKey, perVariant || undefined].filter((one) => one !== undefined)
  if (said.length > 1) throw invalid('--kit', 'can grade with the numbers of one kind alone', 'Leave the others out.')
  if (roster !== undefined && classKey === undefined)
    throw invalid('--roster', 'is for the numbers of each student', 'Name the key of the class with --class-key.')
  const numbers: KitNumbers =
    classKey !== undefined
      ? {
          of: 'student',
          classKey: await readClassKey(classKey),
          ...(roster === undefined ? {} : await rosterOfKit(roster)),
        }
      : seed !== undefined
        ? { of: 'seed', seed }
        : { of: perVariant ? 'variant' : 'practice' }
  if (kitNumbers[kit].includes(numbers.of)) return numbers
  const [option, what, cure] =
    numbers.of === 'variant'
      ? (['--per-variant', 'is for PrairieLearn, whose questions have variants', 'Say --class-key or --seed.'] as const)
      : kit === 'prairielearn'
        ? ([
            '--class-key',
            'is of no use to PrairieLearn, whose grader is not told whose work it is',
            'Say --per-variant: everybody has a variant of their own.',
          ] as const)
        : ([
            '--class-key',
            'would be read by students, who can change the workflow',
            'Say --seed, or grade on a machine of your own.',
          ] as const)
  throw invalid(option, what, cure)
}

/** Read once, so that what is wrong with it is told now. */
async function rosterOfKit(file: string): Promise<Pick<Extract<KitNumbers, { of: 'student' }>, 'roster'>> {
  await readStudents(file)
  const name = isYaml(file) ? 'roster.yaml' : 'roster.csv'
  return { roster: { name, text: await readTextFile(file) } }
}

function jobCount(text: string): number | 'auto' {
  return text === 'auto' ? text : wholeNumber(1, 64)(text)
}

async function gradeMany(name: string, path: string, options: GradeCommandOptions): Promise<void> {
  const { out, resume, jobs, assignment, heading, evidence, timeout, lang } = options
  const ofOne = (['student', 'submitted', 'junit', 'roster'] as const).find((option) => options[option] !== undefined)
  if (ofOne !== undefined)
    throw invalid(`--${ofOne}`, 'is for one submission', 'Name students in a list, students.csv.')
  if (out === undefined) throw invalid('--all', 'has nowhere to write the grades', 'Name a folder with --out.')
  const lab = await loadLab(await labFolder(fromPackage('labs'), name))
  await requireFeatures(lab.requires)
  const form = options.format ?? (options.json ? 'json' : undefined)
  const language = languageOf(lang)
  const isKnown = await gradeClass(path, {
    labOf: await numbersFor(lab, options),
    ...{ out, resume, form, assignment, heading, evidence, language },
    jobs: jobs === 'auto' ? undefined : jobs,
    timeoutMs: timeout * 1000,
  })
  process.exitCode = isKnown ? 0 : exitCodes['could-not-tell']
}

async function gradeOne(name: string, path: string, options: GradeCommandOptions): Promise<void> {
  const output = await outputOf(options)
  const about = await aboutOf(options)
  const read = await loadLab(await labFolder(fromPackage('labs'), name))
  const lab = (await numbersFor(read, options))(about)
  output.check(lab, about)
  await requireFeatures(lab.requires)
  const { language } = output
  const keeper = options.evidence === undefined ? undefined : await EvidenceKeeper.open(options.evidence)
  const witness = keeper && new Witness()
  const result = await judge(lab, path, about, { timeoutMs: options.timeout * 1000, language, witness })
  await output.tell(result)
  if (keeper) {
    const graded = { lab, result, witness: result.refused ? undefined : witness }
    process.stderr.write(`evidence: ${await keeper.keep(workKey(about.student, path), await realpath(path), graded)}\n`)
  }
}

async function gradeSession(
  name: string | undefined,
  path: string | undefined,
  id: string,
  options: GradeCommandOptions,
): Promise<void> {
  const other = (['all', 'resume', 'jobs', 'seed', 'classKey', 'who'] as const).find((option) => options[option])
  if (path !== undefined || other !== undefined)
    throw invalid('--session', 'is for work done live, and for no submission', 'Name the session alone.')
  const output = await outputOf(options)
  const found = await findSession(id, name, options, await aboutOf(options))
  output.check(found.lab, found.about)
  const keeper = options.evidence === undefined ? undefined : await EvidenceKeeper.open(options.evidence)
  const witness = keeper && new Witness()
  const { result, isLive } = await judgeSession(found, { witness, say: (line) => process.stderr.write(`${line}\n`) })
  await output.tell(result)
  if (keeper) {
    const moments = await doneIn(found)
    const graded = { lab: found.lab, result, witness: isLive ? witness : undefined, moments }
    process.stderr.write(`evidence: ${await keeper.keep(workKey(found.about.student, id), undefined, graded)}\n`)
  }
}

/** Whose work it is, and what for, as far as that is said. */
async function aboutOf({ student, roster, assignment, submitted }: GradeCommandOptions): Promise<About> {
  if (roster !== undefined && student === undefined)
    throw invalid('--roster', 'says nothing of nobody', 'Say whose work it is with --student.')
  const named = student === undefined ? undefined : await readStudent(student)
  return {
    ...(named === undefined ? {} : { student: roster === undefined ? named : await studentIn(roster, named) }),
    ...(assignment === undefined ? {} : { assignment }),
    ...(submitted === undefined ? {} : { submittedAt: timeOf(submitted) }),
  }
}

/** Where the grade of one piece of work goes. @throws VethlabError argument.invalid where it can't go there */
async function outputOf(options: GradeCommandOptions) {
  const ofMany = (['resume', 'jobs'] as const).find((option) => options[option])
  if (ofMany !== undefined) throw invalid(`--${ofMany}`, 'is for many submissions', 'Say --all as well.')
  const language = languageOf(options.lang)
  const form = options.format ?? (options.json ? 'json' : 'text')
  const out = options.out === undefined ? undefined : await fileAt(options.out, form)
  if (out !== undefined) await requireWritable('--out', out)
  if (options.junit !== undefined) await requireWritable('--junit', options.junit)
  const heading = options.heading === undefined ? {} : { heading: options.heading }
  return {
    language,
    /** A form that lacks something is refused now, and not when the grade is there. */
    check: (lab: Lab, about: About) =>
      void write(form, refusal(lab, { en: '', zh: '' }, about), { language, ...heading }),
    async tell(result: Result): Promise<void> {
      const text = write(form, result, { language, ...heading })
      process.stdout.write(out === undefined ? text : write('text', result, { language }))
      process.exitCode = exitCodes[result.refused ? 'refused' : result.state]
      // The grade is printed, whatever becomes of the files.
      if (out !== undefined) await writeFile(out, text).catch(cannotWrite('--out', out))
      if (options.junit !== undefined)
        await writeFile(options.junit, write('junit', result, { language })).catch(
          cannotWrite('--junit', options.junit),
        )
    },
  }
}

/** The lab with the numbers of a submission: by its student, by a seed, else those of practice. */
async function numbersFor(lab: Lab, { seed, classKey }: GradeCommandOptions): Promise<(about: About) => Lab> {
  if (classKey === undefined) {
    const drawn = withSeed(lab, seed ?? practiceSeed)
    return () => drawn
  }
  if (seed !== undefined) throw invalid('--seed', 'is drawn from --class-key already', 'Leave one of them out.')
  const key = await readClassKey(classKey)
  return ({ student = {} }) => {
    const learner = studentKey(student)
    if (learner !== '') return withSeed(lab, seedOf(key, learner, lab.id))
    throw invalid('--class-key', 'whose numbers are wanted is not known', 'Say whose work it is with --student.', {
      what: '不知道要用谁的数值',
      cure: '请用 --student 说明这是谁的作业。',
    })
  }
}

async function judge(
  lab: Parameters<typeof grade>[1],
  path: string,
  about: About,
  { timeoutMs, language, witness }: { timeoutMs: number; language: Language; witness: Witness | undefined },
): Promise<Result> {
  let submission: Submission
  try {
    submission = await readSubmission(path, lab)
  } catch (error) {
    if (!(error instanceof SubmissionRefused)) throw error
    process.stderr.write(`vethlab: ${language === 'zh' ? error.said.zh : error.message}\n`)
    return refusal(lab, error.said, about)
  }
  return await withOwnRacks((racks, signal) =>
    grade(racks, lab, submission, {
      ...about,
      timeoutMs,
      signal,
      witness,
      say: (line) => process.stderr.write(`${line}\n`),
    }),
  )
}

function languageOf(word: string): Language {
  const language = languages.find((candidate) => candidate === word)
  if (!language) throw invalid('--lang', `"${oneLine(word, 20)}" is no language`, 'Say en or zh.')
  return language
}

/** @returns ISO 8601 in UTC */
function timeOf(word: string): string {
  const at = instantOf(word)
  if (at === undefined) {
    const cure = 'Write it with its distance from UTC, such as 2026-03-01T23:59:00+01:00.'
    throw invalid('--submitted', `"${oneLine(word, 40)}" is no time`, cure)
  }
  return new Date(at).toISOString()
}

/** In a folder, the file has the name that the form's readers look for. */
async function fileAt(path: string, form: FormName): Promise<string> {
  const found = await stat(path).catch(() => undefined)
  return found?.isDirectory() ? join(path, fileOf(form)) : path
}

/** Before a rack is opened for it: the grade takes a while, and is printed whatever becomes of the report. */
async function requireWritable(option: string, path: string): Promise<void> {
  const isThere = (await stat(path).catch(() => undefined)) !== undefined
  const file = await open(path, 'a').catch(cannotWrite(option, path))
  await file.close()
  // An empty file would be read as a result that is broken, where there will be none.
  if (!isThere) await rm(path, { force: true })
}

function cannotWrite(option: string, path: string): (error: Error) => never {
  return (error) => {
    const what = `can't be written: ${oneLine(error.message, 200)}`
    throw invalid(`${option} ${oneLine(path, 200)}`, what, 'Name a file in a folder that is there.', {
      what: `无法写入（${oneLine(error.message, 200)}）`,
      cure: '请指定一个已有文件夹里的文件。',
    })
  }
}

function invalid(place: string, what: string, cure: string, zh?: { what: string; cure: string }): VethlabError {
  return new VethlabError('argument.invalid', what, { place, cure, ...(zh === undefined ? {} : { zh }) })
}
