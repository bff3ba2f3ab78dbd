import type { Language, Text } from '../wording/text.js'
import type { CheckResult, Item, Result, ScriptResult, State, StepResult, StudentNames } from './result.js'

/** What the reports for people say, in both languages. */
export const words = {
  en: {
    states: { passed: 'passed', failed: 'failed', skipped: 'not looked at', 'could-not-tell': 'could not tell' },
    points: 'points',
    optional: 'optional, counts nothing',
    expected: 'expected',
    observed: 'found',
    why: 'why',
    question: 'question',
    student: 'Student',
    numbers: (seed: string) => `numbers of the task: seed ${seed}`,
    submitted: 'Submitted',
    regraded: 'judged again from the evidence of an earlier grading',
    attempt: (number: number) => `Attempt ${number}`,
    printed: 'its last errors',
    open: (open: number) => `${open} more could not be told: they are not lost`,
    pending:
      'Some checks could not be made. That costs no points: there is no grade until this work has been graded again.',
    help: 'with help',
    hints: (count: number) => (count === 1 ? '1 hint' : `${count} hints`),
    shown: 'solution shown',
    done: 'done for the learner',
    told: 'cause told',
    ended: {
      exit: (code: number | null) => `ended with exit code ${code}`,
      signal: () => 'was ended by a signal',
      timeout: () => 'was ended because its time was over',
      cut: () => 'was ended because it printed too much',
      'not run': () => 'did not run',
    },
    colon: ': ',
    comma: ', ',
    semicolon: '; ',
  },
  zh: {
    states: { passed: '通过', failed: '未通过', skipped: '没有检查', 'could-not-tell': '无法判定' },
    points: '分',
    optional: '选做，不计分',
    expected: '期望',
    observed: '实际',
    why: '原因',
    question: '问题',
    student: '学生',
    numbers: (seed: string) => `题目数值的种子：${seed}`,
    submitted: '提交时间',
    regraded: '这是根据先前评分保留的证据重新评的分',
    attempt: (number: number) => `第 ${number} 次提交`,
    printed: '最后的错误输出',
    open: (open: number) => `另有 ${open} 分无法判定，不会因此扣掉`,
    pending: '有些检查没能完成。这不会扣分：重新评分之前没有成绩。',
    help: '借助了帮助',
    hints: (count: number) => `${count} 条提示`,
    shown: '看过答案',
    done: '由系统代做',
    told: '被告知原因',
    ended: {
      exit: (code: number | null) => `已结束，退出码 ${code}`,
      signal: () => '被信号终止',
      timeout: () => '超时，被终止',
      cut: () => '输出过多，被终止',
      'not run': () => '没有运行',
    },
    colon: '：',
    comma: '，',
    semicolon: '；',
  },
} as const satisfies Record<Language, unknown>

/** `3/5 points`, and what could not be told. */
export function pointsText({ points, of, open }: { points: number; of: number; open: number }, language: Language) {
  const say = words[language]
  return `${points}/${of} ${say.points}${open > 0 ? `${say.comma}${say.open(open)}` : ''}`
}

export function stateWord(state: State, language: Language): string {
  return words[language].states[state]
}

/** What a check has to say besides its state, part by part. */
export function findings(check: CheckResult, language: Language): { label: string; text: string }[] {
  const say = words[language]
  const part = (label: string, text: Text | undefined) => (text === undefined ? [] : [{ label, text: text[language] }])
  return [
    ...part(say.question, check.title),
    ...part(say.expected, check.expected),
    ...part(say.observed, check.observed),
    ...part(say.why, check.why),
  ]
}

/** The help that was taken with a step; empty where there was none. */
export function helpText({ help }: StepResult, language: Language): string {
  const say = words[language]
  if (!help) return ''
  const parts = [
    ...(help.hints > 0 ? [say.hints(help.hints)] : []),
    ...(help.shown ? [say.shown] : []),
    ...(help.done ? [say.done] : []),
    ...(help.told ? [say.told] : []),
  ]
  return parts.length === 0 ? '' : `${say.help}${say.colon}${parts.join(say.comma)}`
}

export function scriptText({ file, host, ended, exitCode }: ScriptResult, language: Language): string {
  const how = words[language].ended[ended](exitCode)
  return { en: `${file} (${host}) ${how}`, zh: `${file}（${host}）${how}` }[language]
}

/** `2026-03-01 20:00 UTC` */
export function timeText(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`
}

/** First and last name, or what else the student goes by; empty where nothing is known. */
export function nameOf({ firstName, lastName, id, login, email, sisId }: StudentNames): string {
  return [firstName, lastName].filter(Boolean).join(' ') || login || email || id || sisId || ''
}

/** `web 2: port`, `web: Publish it`: how a form calls what counts. */
export function itemTitle({ step, check }: Item, language: Language): string {
  const title = step.title[language]
  return check ? `${title}${words[language].colon}${check.title?.[language] ?? check.check}` : title
}

/** What a student reads behind something that counts: line by line, empty where all is well. */
export function itemLines({ step, check }: Item, language: Language): string[] {
  const say = words[language]
  return (check ? [check] : step.checks).flatMap((one) => {
    if (one.state === 'passed') return []
    const said = findings(one, language).map(({ label, text }) => `${label}${say.colon}${text}`)
    return [`${one.check}${say.colon}${stateWord(one.state, language)}`, ...said]
  })
}

/** The last that scripts printed to their standard error, line by line; no line begins with what they chose. */
export function printed({ scripts }: Result, language: Language): string[] {
  const say = words[language]
  return scripts.flatMap(({ file, errors }) =>
    errors === undefined
      ? []
      : [`${file}${say.comma}${say.printed}${say.colon.trimEnd()}`, ...errors.split('\n').map((line) => `  | ${line}`)],
  )
}

/** What concerns the work as a whole: why it was refused, what was left out, how its scripts ended. */
export function remarks(result: Result, language: Language): string[] {
  return [
    ...(result.state === 'could-not-tell' ? [words[language].pending] : []),
    ...(result.refused ? [result.refused[language]] : []),
    ...(result.attempt.number === undefined ? [] : [words[language].attempt(result.attempt.number)]),
    ...(result.assignment.seed === undefined ? [] : [words[language].numbers(result.assignment.seed)]),
    ...(result.attempt.regradingOf === undefined ? [] : [words[language].regraded]),
    ...result.notes.map((note) => note[language]),
    ...result.scripts
      .filter(({ ended, exitCode }) => ended !== 'exit' || exitCode !== 0)
      .map((script) => scriptText(script, language)),
  ]
}
