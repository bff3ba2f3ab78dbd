import { readStudents, studentKey } from '../course/student.js'
import { VethlabError } from '../error/vethlab-error.js'
import { labFolder } from '../lab/catalogue.js'
import { requireDrawn } from '../lab/lab.js'
import { practiceSeed, seedOf } from '../lab/parameters/seed.js'
import { loadLab } from '../lab/read-lab.js'
import { nameOf } from '../report/words.js'
import { readSubmission } from '../trial/submission.js'
import { type Match, numbersOf, whose } from '../trial/whose.js'
import { oneLine } from '../wording/one-line.js'
import type { Language } from '../wording/text.js'
import { readClassKey } from './class-key.js'
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

/** Prints whose numbers a submission has. Exit code 0 where that can be told, else 1. */
export async function tellWhose(
  name: string,
  path: string,
  { who, classKey, json, language, labs }: TellWhoseOptions,
): Promise<void> {
  const say = words[language]
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
  const names = new Map((await readStudents(who)).map((student) => [studentKey(student), nameOf(student)]))
  const candidates = [...names.keys()].map((id) => ({ id, seed: seedOf(key, id, lab.id) }))
  const submission = await readSubmission(path, lab)
  const matches = numbersOf(drawn, submission, [...candidates, { seed: practiceSeed }])
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

function listed(found: Record<string, string>): string {
  return Object.entries(found)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
}
