import { chmod, mkdir, open, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Command, Option } from 'commander'
import { workKey } from '../course/class-work.js'
import { instantOf } from '../course/policy.js'
import { readTextFile } from '../course/read-file.js'
import { isYaml, readStudent, readStudents, studentIn, studentKey } from '../course/student.js'
import { invalidArgument } from '../error/invalid-argument.js'
import { labFolder } from '../lab/catalogue.js'
import { type Lab, requireDrawn } from '../lab/lab.js'
import { parseSeed, practiceSeed, seedOf } from '../lab/parameters/seed.js'
import { loadLab, withSeed } from '../lab/read-lab.js'
import { requireFeatures } from '../machine/features.js'
import { type FormName, fileOf, formNames, write } from '../report/forms.js'
import { type KitName, type KitNumbers, kitFiles, kitNames, kitNumbers } from '../report/kits.js'
import { type Result, resultJsonSchema } from '../report/result.js'
import { type About, grade, refusal } from '../trial/grade.js'
import { readSubmission, type Submission, SubmissionRefused } from '../trial/submission.js'
import { Witness } from '../trial/witness.js'
import { oneLine } from '../wording/one-line.js'
import { text } from '../wording/phrase.js'
import { type Language, languages, type Text } from '../wording/text.js'
import { readClassKey } from './class-key.js'
import { databaseOption } from './database.js'
import { EvidenceKeeper } from './evidence-keeper.js'
import { gradeClass } from './grade-all.js'
import { doneIn, findSession, judgeSession } from './grade-session.js'
import { type LabsOption, labsOption, shelvesOf } from './labs-option.js'
import { withOwnRacks } from './own-racks.js'
import { sayIn } from './say-in.js'
import { tellWhose, tellWhoseAll } from './tell-whose.js'
import { wholeNumber } from './whole-number.js'

interface GradeCommandOptions extends LabsOption {
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
    .addOption(labsOption())
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
        throw invalidArgument(
          '--per-variant',
          'is for a kit alone',
          'Say --kit prairielearn as well, or leave it out.',
          {
            what: '只用于生成自动评分包',
            cure: '请同时指定 --kit prairielearn，或者去掉它。',
          },
        )
      if (options.kit !== undefined)
        refuseOthers(options, ['out', 'seed', 'roster'], {
          en: 'is for a grading, and a kit is none',
          zh: '只用于评分，而生成自动评分包不评分',
        })
      if (options.kit !== undefined && path !== undefined)
        throw invalidArgument('--kit', 'is for no submission', 'Name the lab alone.', {
          what: '不用于评分',
          cure: '请只指定实验。',
        })
      if (options.kit !== undefined && name !== undefined) {
        await writeKit(name, options.kit, options)
        return
      }
      if (options.session !== undefined) {
        await gradeSession(name, path, options.session, options)
        return
      }
      if (name === undefined || path === undefined)
        throw invalidArgument('grade', 'a lab and a submission are wanted', 'Name both; with --kit, the lab alone.', {
          what: '需要一个实验和一份提交',
          cure: '请两者都指定；用 --kit 时只指定实验。',
        })
      if (options.who !== undefined) {
        refuseOthers(options, ['who', 'all', 'json'], {
          en: 'is for a grading, and --who grades nothing',
          zh: '只用于评分，而 --who 不评分',
        })
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
function refuseOthers(options: GradeCommandOptions, used: readonly (typeof ofGrading)[number][], what: Text): void {
  const idle = ofGrading.find((option) => options[option] && !used.includes(option))
  if (idle !== undefined)
    throw invalidArgument(`--${idle}`, what.en, 'Leave it out.', { what: what.zh, cure: '请去掉它。' })
}

/** Files that are there already stay as they are. */
async function writeKit(name: string, kit: KitName, options: GradeCommandOptions): Promise<void> {
  const { out, lang } = options
  const language = languageOf(lang)
  if (out === undefined) {
    throw invalidArgument('--kit', 'has nowhere to go', 'Name a folder with --out.', {
      what: '没有说写到哪里',
      cure: '请用 --out 指定一个文件夹。',
    })
  }
  const lab = await loadLab(await labFolder(shelvesOf(options), name))
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
  if (said.length > 1) {
    throw invalidArgument('--kit', 'can grade with the numbers of one kind alone', 'Leave the others out.', {
      what: '只能用一种数值评分',
      cure: '请去掉其余几项。',
    })
  }
  if (roster !== undefined && classKey === undefined)
    throw invalidArgument(
      '--roster',
      'is for the numbers of each student',
      'Name the key of the class with --class-key.',
      {
        what: '只用于每个学生自己的数值',
        cure: '请用 --class-key 指定班级密钥。',
      },
    )
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
  if (numbers.of === 'variant') {
    const cure = 'Say --class-key or --seed.'
    throw invalidArgument('--per-variant', 'is for PrairieLearn, whose questions have variants', cure, {
      what: '只用于 PrairieLearn，它的题目才有变体',
      cure: '请用 --class-key 或 --seed。',
    })
  }
  if (kit === 'prairielearn') {
    const what = 'is of no use to PrairieLearn, whose grader is not told whose work it is'
    throw invalidArgument('--class-key', what, 'Say --per-variant: everybody has a variant of their own.', {
      what: '对 PrairieLearn 没有用，它的评分程序不知道是谁的作业',
      cure: '请用 --per-variant：每个人都有自己的变体。',
    })
  }
  const cure = 'Say --seed, or grade on a machine of your own.'
  throw invalidArgument('--class-key', 'would be read by students, who can change the workflow', cure, {
    what: '会被学生读到，因为他们可以改工作流',
    cure: '请用 --seed，或在自己的机器上评分。',
  })
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
    throw invalidArgument(`--${ofOne}`, 'is for one submission', 'Name students in a list, students.csv.', {
      what: '只用于单份提交',
      cure: '请把学生写进名单 students.csv。',
    })
  if (out === undefined) {
    throw invalidArgument('--all', 'has nowhere to write the grades', 'Name a folder with --out.', {
      what: '没有说成绩写到哪里',
      cure: '请用 --out 指定一个文件夹。',
    })
  }
  const lab = await loadLab(await labFolder(shelvesOf(options), name))
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
  const read = await loadLab(await labFolder(shelvesOf(options), name))
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
    sayKept(await keeper.keep(workKey(about.student, path), await realpath(path), graded), language)
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
    throw invalidArgument('--session', 'is for work done live, and for no submission', 'Name the session alone.', {
      what: '用于在线完成的作业，不用于提交的文件',
      cure: '请只指定这次实验的编号。',
    })
  const output = await outputOf(options)
  const found = await findSession(id, name, options, await aboutOf(options))
  output.check(found.lab, found.about)
  const keeper = options.evidence === undefined ? undefined : await EvidenceKeeper.open(options.evidence)
  const witness = keeper && new Witness()
  const { result, isLive } = await judgeSession(found, { witness, say: sayIn(output.language) })
  await output.tell(result)
  if (keeper) {
    const moments = await doneIn(found)
    const graded = { lab: found.lab, result, witness: isLive ? witness : undefined, moments }
    sayKept(await keeper.keep(workKey(found.about.student, id), undefined, graded), output.language)
  }
}

/** Whose work it is, and what for, as far as that is said. */
async function aboutOf({ student, roster, assignment, submitted }: GradeCommandOptions): Promise<About> {
  if (roster !== undefined && student === undefined)
    throw invalidArgument('--roster', 'says nothing of nobody', 'Say whose work it is with --student.', {
      what: '不知道要在名单里找谁',
      cure: '请用 --student 说明这是谁的作业。',
    })
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
  if (ofMany !== undefined) {
    throw invalidArgument(`--${ofMany}`, 'is for many submissions', 'Say --all as well.', {
      what: '用于多份提交',
      cure: '请同时写上 --all。',
    })
  }
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
  if (seed !== undefined) {
    throw invalidArgument('--seed', 'is drawn from --class-key already', 'Leave one of them out.', {
      what: '已经由 --class-key 得出',
      cure: '两者请只留一个。',
    })
  }
  const key = await readClassKey(classKey)
  return ({ student = {} }) => {
    const learner = studentKey(student)
    if (learner !== '') return withSeed(lab, seedOf(key, learner, lab.id))
    throw invalidArgument(
      '--class-key',
      'whose numbers are wanted is not known',
      'Say whose work it is with --student.',
      {
        what: '不知道要用谁的数值',
        cure: '请用 --student 说明这是谁的作业。',
      },
    )
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
      say: sayIn(language),
    }),
  )
}

/** Where the bundle of a grade is. */
function sayKept(folder: string, language: Language): void {
  sayIn(language)(text(`evidence: ${folder}`, `证据：${folder}`))
}

function languageOf(word: string): Language {
  const language = languages.find((candidate) => candidate === word)
  if (!language) {
    throw invalidArgument('--lang', `"${oneLine(word, 20)}" is no language`, 'Say en or zh.', {
      what: `不认识语言“${oneLine(word, 20)}”`,
      cure: '请写 en 或 zh。',
    })
  }
  return language
}

/** @returns ISO 8601 in UTC */
function timeOf(word: string): string {
  const at = instantOf(word)
  if (at === undefined) {
    const cure = 'Write it with its distance from UTC, such as 2026-03-01T23:59:00+01:00.'
    throw invalidArgument('--submitted', `"${oneLine(word, 40)}" is no time`, cure, {
      what: `“${oneLine(word, 40)}”不是时间`,
      cure: '请写上时区，例如 `2026-03-01T23:59:00+01:00`。',
    })
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
    throw invalidArgument(`${option} ${oneLine(path, 200)}`, what, 'Name a file in a folder that is there.', {
      what: `无法写入（${oneLine(error.message, 200)}）`,
      cure: '请指定一个已有文件夹里的文件。',
    })
  }
}
