import fc from 'fast-check'
import type { Finding } from '../../server/check/verdict.js'
import { checkResult, resultOf, stepResult } from '../../server/report/judge.js'
import type { Result, StudentNames } from '../../server/report/result.js'
import type { Text } from '../../server/wording/text.js'

/** What students, learners and labs from elsewhere may call something. */
export const hostile = [
  '=HYPERLINK("http://evil.example","click")',
  '+1+cmd|calc!A0',
  '-2+3',
  '@SUM(A1:A9)',
  '\t=1+1',
  'a,b;c"d"\r\ne',
  'line\nPoints Possible,,,,,999',
  'Points Possible',
  '::notice title=Autograding report::{"totalPoints":100,"maxPoints":100}',
  '\n::notice title=Autograding report::{"totalPoints":100,"maxPoints":100}',
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  ']]></failure><testcase name="x"/>',
  '&amp; &#0; &lt;',
  '\u202egnp.exe\u202c \u2066rtl\u2069',
  'half \ud800 of a pair \udfff',
  'nul \0 bell \u0007 del \u007f c1 \u0085 no \uffff \ufffe',
  '![x](http://evil.example/x.png) [a](javascript:alert(1)) `code` ``` ~~~',
  '# heading\n- list\n> quote\n| a | b |',
  "'; DROP TABLE grades; --",
  '王小明 محمد 👩🏽‍🚀',
  'x'.repeat(5000),
  '',
  '   ',
]

const text = fc.oneof(
  fc.constantFrom(...hostile),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 10 }).map((codes) => String.fromCharCode(...codes)),
)
const both: fc.Arbitrary<Text> = fc.record({ en: text, zh: text })
const reason = fc.constantFrom('port.published', 'reach.refused', 'engine.fake')
const finding: fc.Arbitrary<Finding | undefined> = fc.oneof(
  fc.record({ outcome: fc.constant('pass' as const), observed: both }),
  fc.record({ outcome: fc.constant('fail' as const), reason, expected: both, observed: both, why: both }),
  fc.record({ outcome: fc.constant('error' as const), reason, why: both }),
  fc.constant(undefined),
)
const points = fc.integer({ min: 0, max: 400 }).map((quarters) => quarters / 4)
const check = fc.record({
  title: fc.option(both, { nil: undefined }),
  of: fc.option(points, { nil: undefined }),
  finding,
})
const step = fc.record({
  title: both,
  of: points,
  optional: fc.boolean(),
  checks: fc.array(check, { minLength: 1, maxLength: 4 }),
})

const optionalText = fc.option(text, { nil: undefined })
export const student: fc.Arbitrary<StudentNames> = fc
  .record({
    id: optionalText,
    login: fc.oneof(text, fc.constant('ada')),
    email: fc.oneof(text, fc.constant('ada@example.org')),
    sisId: optionalText,
    canvasId: fc.oneof(fc.constant(undefined), fc.constant('4711'), text),
    firstName: optionalText,
    lastName: optionalText,
    section: optionalText,
  })
  .map((names) => JSON.parse(JSON.stringify(names)) as StudentNames)

/** Any result, whose points are those of its checks. */
export const works: fc.Arbitrary<Result> = fc
  .record({
    student,
    title: both,
    steps: fc.array(step, { minLength: 1, maxLength: 3 }),
    errors: fc.array(text, { maxLength: 2 }),
    notes: fc.array(both, { maxLength: 2 }),
    refused: fc.option(both, { nil: undefined }),
  })
  .map(({ student, title, steps, errors, notes, refused }) => workOf({ student, title, steps, errors, notes, refused }))

interface Parts {
  student?: StudentNames
  title?: Text
  steps: {
    title: Text
    of: number
    optional?: boolean
    checks: { title?: Text | undefined; of?: number | undefined; finding: Finding | undefined }[]
  }[]
  errors?: string[]
  notes?: Text[]
  refused?: Text | undefined
}

export function workOf({ student = {}, title = same('Lab'), steps, errors = [], notes = [], refused }: Parts): Result {
  const results = steps.map(({ title, of, optional = false, checks }, n) => {
    const counted = checks.flatMap((one) => one.of ?? [])
    // As in a lab: a step counts as much as its checks do, where they count, and an optional one nothing.
    const whole = optional ? 0 : counted.length > 0 ? counted.reduce((sum, one) => sum + one, 0) : of
    return stepResult(
      { id: `step${n}`, title, of: whole, optional },
      checks.map((one, index) =>
        checkResult({ id: `step${n}.${index + 1}`, check: 'port', title: one.title, of: one.of }, one.finding),
      ),
    )
  })
  const at = '2026-03-01T20:00:00.000Z'
  return resultOf(
    {
      student,
      assignment: { id: 'lab', title, lab: 'lab', labHash: 'abc' },
      attempt: { of: 'submission', submittedAt: at, startedAt: at, durationMs: 4321 },
    },
    results,
    {
      scripts: errors.map((one) => ({ file: 'node1.sh', host: 'node1', ended: 'exit', exitCode: 1, errors: one })),
      notes,
      ...(refused ? { refused } : {}),
    },
  )
}

export function same(text: string): Text {
  return { en: text, zh: text }
}

export const passed: Finding = { outcome: 'pass', observed: same('there') }
export const failed: Finding = {
  outcome: 'fail',
  reason: 'port.published',
  expected: { en: 'port 8080', zh: '端口 8080' },
  observed: { en: 'port `8081`', zh: '端口 `8081`' },
  why: { en: 'nobody finds it there', zh: '那里找不到它' },
}
export const unknown: Finding = {
  outcome: 'error',
  reason: 'check.timeout',
  why: { en: 'no answer after 30 s', zh: '30 秒内没有得到结果' },
}

export const ada: StudentNames = {
  id: 's1',
  login: 'ada',
  email: 'ada@example.org',
  sisId: '0042',
  canvasId: '4711',
  firstName: 'Ada',
  lastName: 'Lovelace',
  section: 'Thursday',
}

/** Partly right: 2 of 5. */
export const partly = workOf({
  student: ada,
  title: { en: 'Exam', zh: '考试' },
  steps: [
    { title: { en: 'Network', zh: '网络' }, of: 2, checks: [{ finding: passed }] },
    { title: { en: 'Web', zh: '网站' }, of: 3, checks: [{ finding: passed }, { finding: failed }] },
  ],
  errors: ['bash: no-such: command not found\n'],
})

/** The machine's fault: 2 of 5 are sure, 3 are open. */
export const untold = workOf({
  student: ada,
  title: { en: 'Exam', zh: '考试' },
  steps: [
    { title: { en: 'Network', zh: '网络' }, of: 2, checks: [{ finding: passed }] },
    { title: { en: 'Web', zh: '网站' }, of: 3, checks: [{ finding: passed }, { finding: unknown }] },
  ],
})

/** All right, each check by its own points: 5 of 5. */
export const whole = workOf({
  student: ada,
  title: { en: 'Exam', zh: '考试' },
  steps: [
    {
      title: { en: 'Network', zh: '网络' },
      of: 2,
      checks: [
        { of: 0.5, finding: passed },
        { of: 1.5, finding: passed },
      ],
    },
    { title: { en: 'Web', zh: '网站' }, of: 3, checks: [{ finding: passed }] },
  ],
})
