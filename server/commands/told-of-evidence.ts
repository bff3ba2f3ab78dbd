import type { Regrading, Rejudged } from '../evidence/regrade.js'
import type { Result } from '../report/result.js'
import { findings, pointsText, words as reportWords, stateWord } from '../report/words.js'
import { oneLine } from '../wording/one-line.js'
import type { Language } from '../wording/text.js'

/** What `vethlab evidence` prints, in both languages. */
const words = {
  en: {
    whole: (files: number, lab: string, at: string, key: string) =>
      `whole: ${files} ${files === 1 ? 'file' : 'files'} of ${lab}, graded ${at}, signed by ${key}`,
    verified: (count: number, whole: number, spoiled: number, none: number) =>
      `${count} bundles: ${whole} whole, ${spoiled} not as they were signed, ${none} that are none`,
    sameLab: 'the lab is the same as then',
    otherLab: 'the lab has changed since',
    noChange: 'no verdict has changed',
    answered: 'with what was answered then',
    kept: 'kept, since they rest on time',
    nothing: 'nothing was captured for',
    gone: 'no longer in the lab',
    new: 'new',
    before: 'then',
    now: 'now',
    head: ['bundle', 'then', 'now', 'changed'],
    open: (points: number) => `${points} open`,
    same: '-',
    nothingRun: 'nothing was run, so that the grade stays',
    notSigned: (fault: string) => `is not as it was signed, and was not judged: ${fault}`,
    regraded: (count: number, changed: number, more: number, fewer: number, left: number) =>
      `${count} bundles: ${changed} with other verdicts (${more} with more points, ${fewer} with fewer), ${left} not judged`,
  },
  zh: {
    whole: (files: number, lab: string, at: string, key: string) =>
      `完整：${lab} 的 ${files} 个文件，评分于 ${at}，签名者 ${key}`,
    verified: (count: number, whole: number, spoiled: number, none: number) =>
      `共 ${count} 份证据：完整 ${whole} 份，与签名时不一致 ${spoiled} 份，不是证据 ${none} 份`,
    sameLab: '实验与当时相同',
    otherLab: '实验在那以后有改动',
    noChange: '判定都没有变化',
    answered: '用的是当时得到的应答',
    kept: '取决于时间，保持不变',
    nothing: '当时没有保留记录',
    gone: '实验里已经没有',
    new: '新增',
    before: '当时',
    now: '现在',
    head: ['证据', '当时', '现在', '变化'],
    open: (points: number) => `${points} 分未判定`,
    same: '-',
    nothingRun: '当时没有运行任何东西，成绩不变',
    notSigned: (fault: string) => `与签名时不一致，没有重新判定：${fault}`,
    regraded: (count: number, changed: number, more: number, fewer: number, left: number) =>
      `共 ${count} 份证据：判定有变化 ${changed} 份（分数变高 ${more} 份，变低 ${fewer} 份），没有判定 ${left} 份`,
  },
} as const satisfies Record<Language, unknown>

export function evidenceWords(language: Language) {
  return words[language]
}

/** A check whose verdict is another one than then. */
function changedOf({ checks }: Regrading): Rejudged[] {
  return checks.filter(({ before, now }) => before?.state !== now.state || before?.points !== now.points)
}

/** Of one bundle: points, what changed and why, and what the rest was judged by; a line each. */
export function regradingLines(before: Result, again: Regrading, language: Language): string[] {
  const say = words[language]
  const { colon, comma } = reportWords[language]
  const { result, checks, isSameLab, gone } = again
  const ids = (how: Rejudged['how']) => checks.filter((check) => check.how === how).map(({ id }) => id)
  const list = (label: string, names: readonly string[]) =>
    names.length === 0 ? [] : [`${label}${colon}${names.join(comma)}`]
  const changed = changedOf(again)
  return [
    `${pointsText(before, language)} -> ${pointsText(result, language)}`,
    isSameLab ? say.sameLab : say.otherLab,
    ...changed.flatMap((check) => changeLines(check, language)),
    ...(changed.length === 0 ? [say.noChange] : []),
    ...list(say.answered, ids('answered')),
    ...list(say.kept, ids('kept')),
    ...list(say.nothing, ids('nothing')),
    ...list(say.gone, gone),
  ]
}

/** `web.2 port: failed -> passed`, and why, from the side on which it failed. */
function changeLines({ id, before, now }: Rejudged, language: Language): string[] {
  const { colon, comma } = reportWords[language]
  const say = words[language]
  const was = before ? stateWord(before.state, language) : say.new
  const why = (when: string, check: Rejudged['now']) =>
    findings(check, language).map(({ label, text }) => `  ${when}${comma}${label}${colon}${oneLine(text)}`)
  return [
    `${id} ${now.check}${colon}${was} -> ${stateWord(now.state, language)}`,
    ...(before ? why(say.before, before) : []),
    ...why(say.now, now),
  ]
}

/** What became of one of many bundles. */
export type Outcome = { name: string } & (
  | { before: Result; again: Regrading }
  | { before: Result; again: undefined }
  /** What is wrong with it, in the language that was chosen. */
  | { fault: string }
)

/** Of many: a table of what each had and has, who changed and why below it, and how many did. */
export function regradingTable(outcomes: readonly Outcome[], language: Language): string {
  const say = words[language]
  const { colon, comma } = reportWords[language]
  const points = ({ points, of, open }: Result) => `${points}/${of}${open > 0 ? `${comma}${say.open(open)}` : ''}`
  const rows = outcomes.map((one): string[] => {
    const name = oneLine(one.name, 80)
    if ('fault' in one) return [name, '-', '-', one.fault]
    if (!one.again) return [name, points(one.before), points(one.before), say.nothingRun]
    const ids = [...changedOf(one.again).map(({ id }) => id), ...one.again.gone]
    return [name, points(one.before), points(one.again.result), ids.length === 0 ? say.same : ids.join(comma)]
  })
  const judged = outcomes.flatMap((one) => ('again' in one && one.again ? [one] : []))
  const changed = judged.filter(({ again }) => changedOf(again).length + again.gone.length > 0)
  const gained = changed.map(({ before, again }) => again.result.points - before.points)
  const count = (is: (points: number) => boolean) => gained.filter(is).length
  const details = changed.flatMap(({ name, before, again }) => [
    '',
    `${oneLine(name, 80)}${colon.trimEnd()}`,
    ...regradingLines(before, again, language).map((line) => `  ${line}`),
  ])
  const more = count((by) => by > 0)
  const fewer = count((by) => by < 0)
  const sum = say.regraded(outcomes.length, changed.length, more, fewer, outcomes.length - judged.length)
  return `${[...aligned([say.head, ...rows]), ...details, '', sum].join('\n')}\n`
}

/** Columns under each other; a Chinese character takes two places in a terminal. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const width = (cell: string) =>
    [...cell].reduce((sum, one) => sum + (/[\p{Script=Han}，。：（）]/u.test(one) ? 2 : 1), 0)
  const widest = (column: number) => Math.max(...rows.map((row) => width(row[column]!)))
  return rows.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell + ' '.repeat(widest(column) - width(cell))))
      .join('  '),
  )
}
