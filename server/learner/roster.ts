import { CsvError, parse } from 'csv-parse/sync'
import { VethlabError } from '../error/vethlab-error.js'
import { oneLine } from '../wording/one-line.js'
import type { Text } from '../wording/text.js'

/** One who is to be in a class. */
export interface RosterEntry {
  name: string
  /** Their id at school. */
  student?: string
  email?: string
  /** The group within the class. */
  section?: string
}

/** Of a roster, in characters: 2,000 people with all that is taken of each. */
export const largestRoster = 1024 ** 2
const most = 2_000
const longest = { name: 100, student: 64, email: 254, section: 64 }

/** How columns are called in what schools' systems write, in lower case. */
const headings: Record<keyof RosterEntry, readonly string[]> = {
  name: ['name', 'full name', 'student', 'student name', '姓名', '名字'],
  student: ['id', 'student id', 'sis id', 'sis user id', 'id number', '学号'],
  email: ['email', 'e-mail', 'email address', 'mail', '邮箱', '电子邮件'],
  section: ['section', 'group', 'class', '小组', '班级', '组'],
}

/**
 * Reads a roster: CSV with a line of headings (`name`, and `id`, `email`, `group` where they are there, in any order; others are passed over),
 * separated by commas, semicolons or tabs. Pure.
 * @throws VethlabError roster.invalid with the line, also for ids, or addresses, that are there twice
 */
export function readRoster(text: string, place = 'roster'): RosterEntry[] {
  const refuse = (line: number, what: Text, cure: Text) =>
    new VethlabError('roster.invalid', what.en, {
      place: `${place}:${line}`,
      cure: cure.en,
      zh: { what: what.zh, cure: cure.zh },
    })
  if (text.length > largestRoster)
    throw refuse(
      1,
      { en: `makes it longer than ${largestRoster} characters`, zh: `过长，整个名单超过 ${largestRoster} 个字符` },
      { en: 'Give the list of one class.', zh: '请只提供一个课堂的名单。' },
    )
  let rows: { record: string[]; info: { lines: number } }[]
  try {
    rows = parse(text, {
      bom: true,
      delimiter: [',', ';', '\t'],
      skip_empty_lines: true,
      trim: true,
      relax_column_count: true,
      info: true,
      to: most + 2,
    }) as unknown as typeof rows
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    throw refuse(
      Number(error.lines ?? 1),
      { en: `is no CSV: ${oneLine(error.message, 150)}`, zh: '不是有效的 CSV' },
      { en: 'Save it as CSV, in UTF-8.', zh: '请另存为 UTF-8 编码的 CSV。' },
    )
  }
  const [first, ...others] = rows
  const columns = (first?.record ?? []).map((heading) => columnOf(heading))
  if (!columns.includes('name')) {
    throw refuse(
      1,
      { en: 'has no column called name', zh: '没有名为 name 的列' },
      { en: 'Begin with a line of headings: name,id,email,group', zh: '第一行请写标题：name,id,email,group' },
    )
  }
  if (others.length > most)
    throw refuse(
      most + 2,
      { en: `is the one after ${most} people, and no more are taken`, zh: `超出上限，最多 ${most} 人` },
      { en: 'Make several classes of them.', zh: '请分成几个课堂。' },
    )
  const entries: RosterEntry[] = []
  const seen = new Map<string, number>()
  for (const { record, info } of others) {
    const entry: Partial<RosterEntry> = {}
    for (const [n, value] of record.entries()) {
      const column = columns[n]
      const kept = oneLine(value, longest[column ?? 'name'] + 1)
      if (column === undefined || kept === '' || entry[column] !== undefined) continue
      if (kept.length > longest[column])
        throw refuse(
          info.lines,
          {
            en: `has a ${column} of more than ${longest[column]} characters`,
            zh: `的 ${column} 超过 ${longest[column]} 个字符`,
          },
          { en: 'Shorten it.', zh: '请缩短。' },
        )
      entry[column] = kept
    }
    if (entry.name === undefined)
      throw refuse(
        info.lines,
        { en: 'has no name', zh: '没有姓名' },
        { en: 'Fill it in, or delete the line.', zh: '请补上姓名，或删除这一行。' },
      )
    for (const column of ['student', 'email'] as const) {
      const value = entry[column]
      if (value === undefined) continue
      const key = `${column} ${value.toLowerCase()}`
      const before = seen.get(key)
      if (before !== undefined)
        throw refuse(
          info.lines,
          {
            en: `has the ${column} of line ${before} once more: ${value}`,
            zh: `的 ${column} 与第 ${before} 行相同：${value}`,
          },
          { en: 'Leave one of the two.', zh: '请只保留其中一行。' },
        )
      seen.set(key, info.lines)
    }
    entries.push(entry as RosterEntry)
  }
  return entries
}

function columnOf(heading: string): keyof RosterEntry | undefined {
  const word = heading.toLowerCase()
  return (Object.keys(headings) as (keyof RosterEntry)[]).find((column) => headings[column].includes(word))
}
