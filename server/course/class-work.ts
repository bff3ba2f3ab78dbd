import { createHash } from 'node:crypto'
import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { parse } from 'csv-parse/sync'
import { invalidArgument } from '../error/invalid-argument.js'
import type { StudentNames } from '../report/result.js'
import { oneLine } from '../wording/one-line.js'
import { text } from '../wording/phrase.js'
import type { Text } from '../wording/text.js'
import { instantOf } from './policy.js'
import { studentKey } from './student.js'

/** What one of a class has handed in. */
export interface ClassWork {
  /** Names files of the work: nothing but letters, digits and `._@~-`, and no two have the same. */
  key: string
  student: StudentNames
  /** A file or a folder; undefined where a list names somebody who handed in nothing. */
  path: string | undefined
  /** ISO 8601, UTC. */
  submittedAt?: string
}

export interface ClassList {
  works: ClassWork[]
  /** What was left out, and why: a line each. */
  notes: Text[]
}

/** The list that lies beside the work, where there is one. */
const listName = 'students.csv'
const mostListBytes = 8 * 1024 ** 2
const endings = /\.(?:zip|tar|tar\.gz|tgz|sh|bash)$/i

/**
 * Whose work lies in a folder: a folder, an archive or a script a student, who is called as it is; or those whom `students.csv` in it
 * names; or those whom the list itself names.
 * @throws VethlabError argument.invalid
 */
export async function classWork(path: string): Promise<ClassList> {
  const found = await stat(path).catch(() => undefined)
  if (!found) {
    const cure = 'Name the folder of the submissions, or a list of them.'
    throw invalidArgument(path, 'there is no such file', cure, {
      what: '没有这个文件',
      cure: '请指定提交所在的文件夹，或提交的名单。',
    })
  }
  if (found.isFile()) return named(path)
  if (!found.isDirectory()) {
    throw invalidArgument(path, 'is no folder', 'Name the folder of the submissions.', {
      what: '不是文件夹',
      cure: '请指定提交所在的文件夹。',
    })
  }
  const entries = await readdir(path, { withFileTypes: true })
  if (entries.some(({ name }) => name === listName)) return named(join(path, listName))
  const notes: Text[] = []
  const students = entries
    .filter(({ name }) => !name.startsWith('.'))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const id = entry.isDirectory() ? entry.name : entry.name.replace(endings, '')
      if (!entry.isDirectory() && id === entry.name && /\.[A-Za-z0-9]{1,5}$/.test(id)) {
        const file = oneLine(entry.name, 80)
        notes.push(
          text(
            `${file}: is neither a script nor an archive, and was left out`,
            `${file}：既不是脚本，也不是压缩包，已略过`,
          ),
        )
        return []
      }
      return [{ student: { id }, path: join(path, entry.name), place: join(path, entry.name) }]
    })
  return { works: withKeys(students), notes }
}

/** Columns by what they may be called, in small letters and without what is no letter. */
const columns: Record<keyof StudentNames | 'path' | 'submitted', readonly string[]> = {
  path: ['path', 'file', 'submission'],
  submitted: ['submitted', 'submittedat', 'timestamp'],
  id: ['id', 'student', 'studentid'],
  login: ['login', 'username', 'sisloginid'],
  email: ['email', 'emailaddress'],
  sisId: ['sisid', 'sisuserid', 'idnumber'],
  canvasId: ['canvasid'],
  firstName: ['firstname'],
  lastName: ['lastname', 'surname'],
  section: ['section', 'group'],
}
type Column = keyof typeof columns

/** Whom a list names. Its paths are relative to it, and lead nowhere else: who is in it may have chosen them. */
async function named(list: string): Promise<ClassList> {
  const { rows, lines } = await readList(list)
  const root = await realpath(dirname(list))
  const notes: Text[] = []
  const students = []
  for (const [n, row] of rows.entries()) {
    const { path: given = '', submitted, ...names } = row
    const place = `${list}:${lines[n]}`
    if (studentKey(names) === '') {
      throw invalidArgument(place, 'says not whose work it is', 'Fill in an id, a login, an e-mail or a sis_id.', {
        what: '没有写明是谁的作业',
        cure: '请填写 `id`、`login`、`email` 或 `sis_id`。',
      })
    }
    const path = given === '' ? undefined : await within(root, given, place)
    if (path === undefined) {
      const who = oneLine(studentKey(names), 80)
      notes.push(text(`${who}: nothing was handed in`, `${who}：没有提交`))
    }
    const at = submitted === undefined ? undefined : instantOf(submitted)
    if (submitted !== undefined && at === undefined) {
      const cure = 'Write it with its distance from UTC, such as 2026-03-01T23:59:00+01:00.'
      throw invalidArgument(place, `"${oneLine(submitted, 40)}" is no time`, cure, {
        what: `“${oneLine(submitted, 40)}”不是时间`,
        cure: '请写上时区，例如 `2026-03-01T23:59:00+01:00`。',
      })
    }
    const submittedAt = at === undefined ? {} : { submittedAt: new Date(at).toISOString() }
    students.push({ student: names, path, place, ...submittedAt })
  }
  return { works: withKeys(students), notes }
}

/** @returns undefined where there is nothing of that name */
async function within(root: string, given: string, place: string): Promise<string | undefined> {
  const path = resolve(root, given)
  const below = relative(root, path)
  const what = `"${oneLine(given, 80)}" is not in the folder of the list`
  const outside = invalidArgument(place, what, 'Put the work beside it.', {
    what: `“${oneLine(given, 80)}”不在名单所在的文件夹里`,
    cure: '请把作业放在名单旁边。',
  })
  if (given.includes('\0') || below === '' || below === '..' || below.startsWith(`..${sep}`)) throw outside
  // Folders on the way may be links; what the work itself is, is looked at when it is read.
  const folder = await realpath(dirname(path)).catch(() => undefined)
  if (folder === undefined) return undefined
  if (folder !== root && !folder.startsWith(root + sep)) throw outside
  return (await lstat(path).catch(() => undefined)) ? path : undefined
}

async function readList(list: string): Promise<{ rows: Partial<Record<Column, string>>[]; lines: number[] }> {
  const { size } = await stat(list)
  if (size > mostListBytes) {
    throw invalidArgument(list, 'is larger than 8 MiB', 'Make it smaller.', {
      what: '超过 8 MiB',
      cure: '请缩小文件。',
    })
  }
  let records: { info: { lines: number }; record: string[] }[]
  try {
    records = parse(new TextDecoder('utf-8', { fatal: true }).decode(await readFile(list)), {
      bom: true,
      delimiter: [',', ';', '\t'],
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
    }) as unknown as typeof records
  } catch (error) {
    const said = oneLine((error as Error).message, 200)
    throw invalidArgument(list, `is no CSV: ${said}`, 'Save it as CSV in UTF-8.', {
      what: `不是 CSV（${said}）`,
      cure: '请另存为 UTF-8 编码的 CSV。',
    })
  }
  const [head, ...rest] = records
  const at = columnsOf(head?.record ?? [])
  if (at.path === undefined || (at.id ?? at.login ?? at.email ?? at.sisId) === undefined) {
    const cure = 'Begin it with a line such as `login,first_name,last_name,path`.'
    throw invalidArgument(`${list}:1`, 'has no columns that say whose work lies where', cure, {
      what: '没有说明谁的作业在哪里的列',
      cure: '第一行应当像这样：`login,first_name,last_name,path`。',
    })
  }
  const cells = Object.entries(at) as [Column, number][]
  const rows = rest.map(({ record }) =>
    Object.fromEntries(cells.map(([column, n]) => [column, record[n] ?? '']).filter(([, text]) => text !== '')),
  )
  return { rows, lines: rest.map(({ info }) => info.lines) }
}

function columnsOf(head: readonly string[]): Partial<Record<Column, number>> {
  const names = head.map((name) => name.toLowerCase().replace(/[^a-z]/g, ''))
  const found = Object.entries(columns).map(([column, spellings]) => {
    return [column, names.findIndex((name) => spellings.includes(name))] as const
  })
  return Object.fromEntries(found.filter(([, n]) => n >= 0))
}

function withKeys(students: readonly (Omit<ClassWork, 'key'> & { place: string })[]): ClassWork[] {
  const taken = new Map<string, string>()
  return students.map(({ place, ...work }) => {
    const key = keyOf(studentKey(work.student))
    const before = taken.get(key)
    if (before !== undefined) {
      const [one, other] = [oneLine(basename(before), 80), oneLine(basename(place), 80)]
      throw invalidArgument(place, `${one} and ${other} are of one student`, 'Leave one of them there.', {
        what: `${one} 和 ${other} 是同一个学生的`,
        cure: '请只留下其中一个。',
      })
    }
    taken.set(key, place)
    return { key, ...work }
  })
}

/** What files of one work are called: by its student, or else as it is called itself. */
export function workKey(student: StudentNames | undefined, path: string): string {
  return keyOf(studentKey(student ?? {}) || basename(path).replace(endings, ''))
}

/** Two that differ only in what the name of a file had better not have stay two. */
function keyOf(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/.test(name)) return name
  const plain = name
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, 40)
  return `${plain}~${createHash('sha256').update(name).digest('hex').slice(0, 8)}`
}
