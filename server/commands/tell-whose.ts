import { classWork } from '../course/class-work.js'
import { readStudents, studentKey, whoMayBe } from '../course/student.js'
import { VethlabError } from '../error/vethlab-error.js'
import { labFolder } from '../lab/catalogue.js'
import { type Drawn, type Lab, requireDrawn } from '../lab/lab.js'
import { practiceSeed, seedOf } from '../lab/parameters/seed.js'
import { loadLab } from '../lab/read-lab.js'
import type { StudentNames } from '../report/result.js'
import { table } from '../report/table.js'
import { nameOf } from '../report/words.js'
import { readSubmission, type Submission, SubmissionRefused } from '../trial/submission.js'
import { type Candidate, type Match, numbersOf, whose } from '../trial/whose.js'
import { oneLine } from '../wording/one-line.js'
import type { Language } from '../wording/text.js'
import { readClassKey } from './class-key.js'
import { readWork } from './grade-all.js'
import { type LabsOption, shelvesOf } from './labs-option.js'

export interface TellWhoseOptions extends LabsOption {
  /** The file of the students. */
  who: string
  classKey?: string
  json: boolean
  language: Language
}

const words = {
  en: {
    practice: 'practice',
    found: (who: string, { found, of }: Match) => `${who}: ${Object.keys(found).length} of ${of}: ${listed(found)}`,
    has: (who: string) => `The submission has the numbers of ${who}.`,
    several:
      'The submission has numbers of several, and of none of them more than of the others: it can not be told whose it is.',
    one: 'Just one number was found, which may be there by chance: it can not be told whose it is.',
    none: 'The submission has numbers of nobody on the list, and not those of practice.',
  },
  zh: {
    practice: '练习',
    found: (who: string, { found, of }: Match) =>
      `${who}：${of} 个中有 ${Object.keys(found).length} 个：${listed(found)}`,
    has: (who: string) => `这份提交用的是 ${who} 的数值。`,
    several: '这份提交里有几个人的数值，数目一样多，无法判定是谁的。',
    one: '只找到一个数值，可能是巧合，无法判定是谁的。',
    none: '这份提交里没有名单上任何人的数值，也没有练习用的数值。',
  },
}

/** What is needed to tell whose numbers are which. */
interface Known {
  lab: Lab
  drawn: Drawn
  students: StudentNames[]
  /** By what a course knows them. */
  names: ReadonlyMap<string, string>
  candidates: Candidate[]
}

async function known(name: string, { who, classKey, labs }: TellWhoseOptions): Promise<Known> {
  const lab = await loadLab(await labFolder(shelvesOf({ labs }), name))
  const drawn = requireDrawn(lab)
  if (classKey === undefined) {
    throw new VethlabError('argument.invalid', 'whose numbers are which is told by the key of the class', {
      place: '--who',
      cure: 'Name its file with --class-key.',
      zh: { what: '要凭班级密钥才能知道哪些数值是谁的', cure: '请用 --class-key 指定密钥文件。' },
    })
  }
  const key = await readClassKey(classKey)
  const students = await readStudents(who)
  const names = new Map(students.map((student) => [studentKey(student), nameOf(student)]))
  const candidates = [...names.keys()].map((id) => ({ id, seed: seedOf(key, id, lab.id) }))
  return { lab, drawn, students, names, candidates: [...candidates, { seed: practiceSeed }] }
}

/** Prints whose numbers a submission has. Exit code 0 where that can be told, else 1. */
export async function tellWhose(name: string, path: string, options: TellWhoseOptions): Promise<void> {
  const { json, language } = options
  const say = words[language]
  const { lab, drawn, names, candidates } = await known(name, options)
  const matches = numbersOf(drawn, await readSubmission(path, lab), candidates)
  const found = whose(matches)
  process.exitCode = found ? 0 : 1
  if (json) {
    process.stdout.write(`${JSON.stringify({ lab: lab.id, whose: found ?? null, matches }, null, 2)}\n`)
    return
  }
  const shown = ({ id }: Match) => {
    if (id === undefined) return say.practice
    const full = names.get(id)!
    return oneLine(full === id ? id : `${id} (${full})`, 120)
  }
  for (const match of matches) process.stdout.write(`${say.found(shown(match), match)}\n`)
  const [first, second] = matches
  const alike = first && second && Object.keys(first.found).length === Object.keys(second.found).length
  const unsure = first === undefined ? say.none : alike ? say.several : say.one
  process.stdout.write(`${found ? say.has(shown(found)) : unsure}\n`)
}

/**
 * Prints a table: whose numbers each submission of a class has, and whether that is who has handed it in. What can't be read has a row
 * without them. Exit code 0 where it can be told of all, else 1.
 */
export async function tellWhoseAll(name: string, path: string, options: TellWhoseOptions): Promise<void> {
  const { json, language } = options
  const { lab, drawn, students, names, candidates } = await known(name, options)
  const { works, notes } = await classWork(path)
  for (const note of notes) process.stderr.write(`${note}\n`)
  const rows = []
  for (const { student, path } of works) {
    if (path === undefined) continue
    const matches = await matchesIn(path, lab, language, (submission) => numbersOf(drawn, submission, candidates))
    const found = matches && whose(matches)
    const own = ownerIn(students, student)
    const isOwn = found && own ? found.id === studentKey(own) : undefined
    rows.push({ student, matches, found, isOwn })
  }
  process.exitCode = rows.every(({ found }) => found) ? 0 : 1
  if (json) {
    const all = rows.map(({ student, matches = null, found = null, isOwn = null }) => {
      return { student, whose: found, own: isOwn, matches }
    })
    process.stdout.write(`${JSON.stringify(all, null, 2)}\n`)
    return
  }
  const cells = rows.map(({ student, matches, found, isOwn }) => [
    studentKey(student),
    found && (found.id ?? words[language].practice),
    found?.id === undefined ? undefined : names.get(found.id),
    matches && Object.keys(matches[0]?.found ?? {}).length,
    matches?.[0]?.of,
    isOwn === undefined ? undefined : isOwn ? 'yes' : 'no',
  ])
  process.stdout.write(table([['student', 'numbers_of', 'name', 'found', 'of', 'own'], ...cells]))
}

/** Who of a list has handed it in: a folder may be called by whichever name a course knows them. Undefined where that can't be told. */
function ownerIn(students: readonly StudentNames[], student: StudentNames): StudentNames | undefined {
  const named = students.filter((one) => studentKey(one) === studentKey(student))
  const [own, ...others] = named.length > 0 ? named : whoMayBe(students, student)
  return others.length === 0 ? own : undefined
}

/** Undefined where it can't be read, which is said. */
async function matchesIn(
  path: string,
  lab: Lab,
  language: Language,
  look: (submission: Submission) => Match[],
): Promise<Match[] | undefined> {
  try {
    return look(await readWork(path, lab))
  } catch (error) {
    if (!(error instanceof SubmissionRefused)) throw error
    process.stderr.write(`vethlab: ${language === 'zh' ? error.said.zh : error.message}\n`)
    return undefined
  }
}

function listed(found: Record<string, string>): string {
  return Object.entries(found)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
}
