import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { JSDOM } from 'jsdom'
import MarkdownIt from 'markdown-it'
import { describe, expect, it } from 'vitest'
import { sumOf } from '../../server/check/points.js'
import { clean } from '../../server/report/clean.js'
import { type FormName, formNames, write } from '../../server/report/forms.js'
import { gradeLine } from '../../server/report/grade-line.js'
import * as gradebook from '../../server/report/gradebook.js'
import { itemsOf, type Result, ResultSchema, resultJsonSchema } from '../../server/report/result.js'
import { nameOf } from '../../server/report/words.js'
import { oneLine } from '../../server/wording/one-line.js'
import * as read from './readers.js'
import { ada, failed, hostile, partly, passed, same, untold, whole, workOf, works } from './works.js'

const en = { language: 'en' } as const
const validate = new Ajv2020({ strict: true, formats: { 'date-time': true } }).compile(resultJsonSchema())

/** With any names, titles, findings and output. */
function always(judge: (result: Result) => void, numRuns = 50): void {
  fc.assert(fc.property(works, judge), { numRuns })
}

const base64 = (text: string) => Buffer.from(text).toString('base64')
const isKnown = ({ state }: Result) => state !== 'could-not-tell'

describe('A result', () => {
  it('has the points of all that counts in it, and what could not be told is neither earned nor lost', () => {
    expect(partly).toMatchObject({ state: 'failed', points: 2, of: 5, open: 0 })
    expect(untold).toMatchObject({ state: 'could-not-tell', points: 2, of: 5, open: 3 })
    expect(whole).toMatchObject({ state: 'passed', points: 5, of: 5, open: 0 })
    always((result) => {
      const items = itemsOf(result)
      expect(sumOf(items.map(({ points }) => points))).toBe(result.points)
      expect(sumOf(items.map(({ of }) => of))).toBe(result.of)
      expect(result.points + result.open).toBeLessThanOrEqual(result.of)
      if (result.open > 0) expect(isKnown(result)).toBe(false)
    })
  })

  it('has failed where what a question is about was never made', () => {
    const why = { en: 'it does not exist', zh: '它不存在' }
    const finding = { outcome: 'error', reason: 'answer.unknowable', why } as const
    const result = workOf({ steps: [{ title: same('Web'), of: 1, checks: [{ finding }] }] })
    expect(result).toMatchObject({
      state: 'failed',
      points: 0,
      open: 0,
      steps: [{ checks: [{ state: 'failed', why }] }],
    })
  })

  it('tells nothing of the server where a check broke', () => {
    const why = same('ENOENT: no such file, open /var/lib/vethlab/secret')
    const result = workOf({
      steps: [{ title: same('Web'), of: 1, checks: [{ finding: { outcome: 'error', reason: 'check.broken', why } }] }],
    })
    for (const form of ['text', 'json', 'html', 'gradescope'] as const)
      expect(write(form, result, en)).not.toContain('secret')
  })
})

it.each<FormName>(['text', 'json', 'junit', 'markdown', 'html', 'gradescope', 'prairielearn'])(
  '%s tells what a script printed last, and how it ended',
  (form) => {
    const text = write(form, partly, en).replaceAll('\\', '')
    expect(text).toContain('bash: no-such: command not found')
    if (form !== 'json') expect(text).toContain('node1.sh (node1) ended with exit code 1')
  },
)

describe('json', () => {
  it('fits its schema, whatever is in it, and holds no character that a database refuses', () => {
    always((result) => {
      const found = read.json(write('json', result, en))
      expect(ResultSchema.safeParse(found).error).toBeUndefined()
      expect(validate(found), JSON.stringify(validate.errors)).toBe(true)
    })
    expect(validate({ ...partly, state: 'pass' })).toBe(false)
    expect(validate({ ...partly, more: 1 })).toBe(false)
  })

  it('keeps the lines of what a script printed', () => {
    const { scripts } = clean(workOf({ steps: [], errors: ['one\r\ntwo \u202e\n\tthree\n'] }))
    expect(scripts[0]!.errors).toBe('one\ntwo\n\tthree')
  })
})

describe('junit', () => {
  it('is XML with true totals, whatever is in it', () => {
    expect(read.junit(write('junit', partly, en))).toEqual({ tests: 4, failures: 1, errors: 0, skipped: 0 })
    expect(read.junit(write('junit', untold, en))).toEqual({ tests: 4, failures: 0, errors: 1, skipped: 0 })
    always((result) => {
      const { failures, errors, skipped } = read.junit(write('junit', result, en))
      const states = result.steps.flatMap(({ checks }) => checks.map(({ state }) => state))
      const count = (state: string) => states.filter((one) => one === state).length
      expect([errors, skipped]).toEqual([count('could-not-tell'), count('skipped')])
      expect(failures).toBe(count('failed') + Number(result.refused !== undefined))
    })
  })

  it('keeps all that a script prints in its section, however often that would end it', () => {
    const forged = ']]></system-err></testcase><testcase classname="x" name="mine"/>'
    const text = write('junit', workOf({ steps: [], errors: [`${forged}\n${forged}\n]]]>${forged}`] }), en)
    expect(read.junit(text).tests).toBe(1)
    const { window } = new JSDOM('')
    const document = new window.DOMParser().parseFromString(text, 'application/xml')
    expect(document.querySelector('system-err')!.textContent).toBe(`node1.sh:\n${forged}\n${forged}\n]]]>${forged}`)
    expect(document.querySelectorAll('testcase')).toHaveLength(1)
  })

  it('could be told from what is none', () => {
    expect(() =>
      read.junit('<testsuites><testsuite name="a" tests="2" failures="0" errors="0" skipped="0"/></testsuites>'),
    ).toThrow(/tests of a/)
    expect(() => read.junit('<testsuites>\u0007</testsuites>')).toThrow(/no XML/)
  })
})

describe('html', () => {
  it('is a page without scripts, links, pictures or anything from elsewhere, and says what there was', () => {
    always((result) => {
      for (const language of ['en', 'zh'] as const) {
        const { document } = new JSDOM(write('html', result, { language })).window
        const tags = [...document.querySelectorAll('*')].map(({ localName }) => localName)
        const known = 'html head meta title style body main h1 h2 p strong ul li bdi time section span code pre'.split(
          ' ',
        )
        expect(tags.filter((tag) => !known.includes(tag))).toEqual([])
        const attributes = [...document.querySelectorAll('*')].flatMap((one) => one.getAttributeNames())
        expect(attributes.filter((name) => /^on|href|src|style/.test(name))).toEqual([])
        expect(document.documentElement.lang).toBe({ en: 'en', zh: 'zh-CN' }[language])
        const title = clean(result).steps[0]!.title[language].replaceAll('`', '')
        expect(document.body.textContent.replaceAll('`', '')).toContain(title)
      }
    }, 20)
  })

  it('shows a hostile name as it is written', () => {
    const name = '<script>alert(1)</script>'
    const text = write('html', { ...partly, student: { login: name } }, en)
    expect(text).not.toContain('<script')
    expect(new JSDOM(text).window.document.body.textContent).toContain(name)
  })

  it('says its states in words, and in the language', () => {
    const chinese = new JSDOM(write('html', untold, { language: 'zh' })).window.document.body.textContent
    expect(chinese).toContain('无法判定，2/5 分，另有 3 分无法判定，不会因此扣掉')
    expect(chinese).toContain('30 秒内没有得到结果')
    expect(chinese).not.toContain('no answer')
  })
})

describe('text', () => {
  it('is punctuated as its language is', () => {
    const helped = {
      ...partly,
      steps: partly.steps.map((step) => ({ ...step, help: { hints: 1, shown: true, done: false, told: false } })),
    }
    expect(write('text', helped, { language: 'zh' })).toBe(
      [
        '考试：未通过，2/5 分',
        'node1.sh（node1）已结束，退出码 1',
        '网络：通过，2/2，借助了帮助：1 条提示，看过答案',
        '  1 port：通过',
        '网站：未通过，0/3，借助了帮助：1 条提示，看过答案',
        '  1 port：通过',
        '  2 port：未通过',
        '    期望：端口 8080',
        '    实际：端口 `8081`',
        '    原因：那里找不到它',
        'node1.sh，最后的错误输出：',
        '  | bash: no-such: command not found',
        '',
      ].join('\n'),
    )
    expect(write('text', helped, en)).toContain(
      'Network: passed, 2/2, with help: 1 hint, solution shown\n  1 port: passed\n',
    )
  })

  it.each(['text', 'markdown', 'html', 'csv'] as const)('%s says of what was judged again that it was', (form) => {
    const { attempt } = partly
    const again = { ...partly, attempt: { ...attempt, regradingOf: attempt.startedAt } }
    const said = 'judged again from the evidence of an earlier grading'
    expect([write(form, partly, en).includes(said), write(form, again, en).includes(said)]).toEqual([false, true])
  })
})

describe('A gradebook that lacks something', () => {
  it.each([
    ['canvas', { ...partly, student: {} }, {}, '有学生既没有编号、学号、登录名，也没有姓名'],
    ['canvas', partly, { heading: 'Final Score' }, 'Canvas 不会把“Final Score”当作业'],
    ['moodle', { ...partly, student: {} }, {}, 'Moodle 靠登录名、邮箱或学号认人，但不是每个人都有其中一项'],
  ] as const)('is refused in Chinese, too: %s', (form, result, more, what) => {
    const zh = { what, cure: expect.stringMatching(/^请.*。$/) }
    expect(() => write(form, result, { language: 'zh', ...more })).toThrow(expect.objectContaining({ zh }))
  })
})

describe('markdown', () => {
  const renderer = new MarkdownIt({ html: true, linkify: true })

  it('has no mark-up but its own, whatever is in it', () => {
    always((result) => {
      const tokens = renderer.parse(write('markdown', result, en), {})
      const types = new Set(tokens.flatMap((token) => [token, ...(token.children ?? [])]).map(({ type }) => type))
      const own = 'heading paragraph bullet_list list_item strong'
        .split(' ')
        .flatMap((one) => [`${one}_open`, `${one}_close`])
      const known = new Set([...own, 'inline', 'text', 'text_special', 'code_inline', 'code_block', 'softbreak'])
      expect([...types].filter((type) => !known.has(type))).toEqual([])
      const headings = tokens.filter(({ type }) => type === 'heading_open').length
      expect(headings).toBeLessThanOrEqual(1 + result.steps.length + result.scripts.length)
    })
  })

  it('says what there is, code as code', () => {
    const html = renderer.render(write('markdown', partly, en))
    expect(html).toContain('<h1>Exam</h1>')
    expect(html).toContain('found: port <code>8081</code>')
    expect(html).toContain('bash: no-such: command not found')
  })
})

describe('gradescope', () => {
  it('gives the score, and the sum of its tests is the same', () => {
    expect(read.gradescope(write('gradescope', partly, en))).toEqual({ score: 2, sum: 2, max: 5 })
    always((result) => {
      const { score, sum, max } = read.gradescope(write('gradescope', result, en))
      expect(score).toBe(isKnown(result) ? result.points : undefined)
      expect(sumOf([max])).toBe(result.of)
      if (isKnown(result)) expect(sumOf([sum])).toBe(result.points)
    })
  })

  it('has no score where something could not be told, so that Gradescope gives none', () => {
    expect(read.gradescope(write('gradescope', untold, en)).score).toBeUndefined()
  })

  it('could be told from what Gradescope refuses', () => {
    expect(() => read.gradescope('{"score": "5"}')).toThrow()
    expect(() => read.gradescope('{"score": 5, "visibility": "public"}')).toThrow()
    expect(read.gradescope('{"tests": [{"name": "a"}]}').score).toBeUndefined()
  })
})

describe('github-classroom', () => {
  it('gives the points, and no line of it is a command to the runner', () => {
    expect(read.classroom(base64(write('github-classroom', partly, en)))).toEqual({ points: 2, max: 5, ok: false })
    expect(read.classroom(base64(write('github-classroom', whole, en)))).toEqual({ points: 5, max: 5, ok: true })
    always((result) => {
      const { points, ok } = read.classroom(base64(write('github-classroom', result, en)))
      if (!isKnown(result) || result.of === 0) expect(points).toBeUndefined()
      else expect(sumOf([points!])).toBe(result.points)
      expect(ok).toBe(result.state === 'passed')
    })
  })

  it('gives no points where something could not be told', () => {
    expect(read.classroom(base64(write('github-classroom', untold, en)))).toEqual({
      points: undefined,
      max: 0,
      ok: false,
    })
  })

  it('could be told from what would give a student any points', () => {
    const forged = { ...JSON.parse(write('github-classroom', untold, en)) }
    forged.tests[1].message = 'x\n::notice title=Autograding report::{"totalPoints":100,"maxPoints":100}'
    expect(() => read.classroom(base64(JSON.stringify(forged)))).toThrow(/a command/)
  })
})

describe('prairielearn', () => {
  it('gives a fraction, and is not gradable where something could not be told', () => {
    expect(read.prairielearn(write('prairielearn', partly, en))).toBeCloseTo(0.4)
    expect(read.prairielearn(write('prairielearn', untold, en))).toBeUndefined()
    always((result) => {
      const score = read.prairielearn(write('prairielearn', result, en))
      if (isKnown(result) && result.of > 0) expect(score).toBeCloseTo(result.points / result.of)
      expect(score === undefined).toBe(!isKnown(result))
    })
  })

  it('stays below the size that PrairieLearn takes', () => {
    const why = same('界'.repeat(2000))
    const check = { finding: { ...failed, expected: why, observed: why, why } }
    const result = workOf({ steps: Array.from({ length: 100 }, () => ({ title: why, of: 1, checks: [check, check] })) })
    expect(read.prairielearn(write('prairielearn', result, en))).toBe(0)
  })

  it('could be told from what PrairieLearn refuses', () => {
    expect(() => read.prairielearn('{"score": 40}')).toThrow()
    expect(() => read.prairielearn('{"tests": []}')).toThrow(/without a score/)
  })
})

it('reports say which attempt it is, where that is known', () => {
  const second = { ...partly, attempt: { ...partly.attempt, number: 2 } }
  for (const form of ['text', 'markdown', 'html'] as const) {
    expect(write(form, second, en)).toContain('Attempt 2')
    expect(write(form, second, { language: 'zh' })).toContain('第 2 次提交')
    expect(write(form, partly, en)).not.toContain('Attempt')
  }
})

describe('check50', () => {
  it('says null for what could not be told or was not looked at', () => {
    expect(read.check50(write('check50', partly, en))).toEqual([true, true, false])
    expect(read.check50(write('check50', untold, en))).toEqual([true, true, null])
    always((result) => {
      const found = read.check50(write('check50', result, en))
      const states = result.steps.flatMap(({ checks }) => checks.map(({ state }) => state))
      const wanted = states.map((state) => ({ passed: true, failed: false })[state as string] ?? null)
      expect(found).toEqual(result.refused ? undefined : wanted)
    })
  })

  it('has in its log what the report says of a check', () => {
    const { results } = JSON.parse(write('check50', partly, en)) as { results: { passed: boolean; log: string[] }[] }
    const failed = results.find(({ passed }) => passed === false)!
    expect(failed.log.map((line) => line.split(':')[0])).toEqual(['expected', 'found', 'why'])
  })

  it('could be told from what check50 does not print', () => {
    expect(() => read.check50('{"slug": "a", "version": "1"}')).toThrow(/one of them/)
  })
})

describe('csv', () => {
  it('is RFC 4180 without formulas, whatever is in it', () => {
    always((result) => {
      const [header, row] = read.table(write('csv', result, en))
      expect(row![header!.indexOf('points')]).toBe(isKnown(result) ? `${result.points}` : '')
      expect(row![header!.indexOf('of')]).toBe(`${result.of}`)
    })
    for (const login of hostile) {
      const [header, row] = read.table(write('csv', { ...partly, student: { login } }, en))
      const cell = row![header!.indexOf('login')]!
      expect([oneLine(login, 2000), `'${oneLine(login, 2000)}`]).toContain(cell)
    }
  })

  it('could be told from a file with a formula, or with a cell too many', () => {
    expect(() => read.table('a,b\r\n=1,2\r\n')).toThrow(/a formula/)
    expect(() => read.table('a,b\r\n1,2,3\r\n')).toThrow()
  })
})

describe('canvas', () => {
  it('gives the grade to the student, by number, SIS id, login or name', () => {
    const { assignment, possible, rows } = read.canvas(write('canvas', partly, { ...en, heading: 'Lab 1 (812)' }))
    expect([assignment, possible]).toEqual(['Lab 1 (812)', '5'])
    expect(rows).toEqual([{ id: '4711', sis: '0042', login: 'ada', name: 'Ada Lovelace', grade: '2' }])
  })

  it('changes nothing where something could not be told', () => {
    expect(read.canvas(write('canvas', untold, en)).rows[0]!.grade).toBe('')
  })

  it('has a row for everybody, whatever they are called', () => {
    const everybody = hostile
      .filter((name) => oneLine(name) !== '')
      .map((firstName) => ({ ...partly, student: { firstName } }))
    const text = gradebook.canvas(everybody.map(clean).map(gradeLine), en)
    const { rows } = read.canvas(text)
    expect(rows.map(({ grade }) => grade)).toEqual(everybody.map(() => '2'))
    always((result) => {
      if (nameOf(clean(result).student) === '') return
      const heading = 'Lab 1'
      const { rows } = read.canvas(write('canvas', result, { ...en, heading }))
      expect(rows[0]!.grade).toBe(isKnown(result) ? `${result.points}` : '')
    })
  })

  it('refuses what Canvas would not take for an assignment, and who has no name', () => {
    for (const heading of ['Section', 'ID', 'Final Score', 'My Current Grade (3)'])
      expect(() => write('canvas', partly, { ...en, heading })).toThrow(/does not take/)
    expect(() => write('canvas', { ...partly, student: {} }, en)).toThrow(/--format canvas: a student has neither/)
  })

  it('could be told from what Canvas refuses', () => {
    expect(() => read.canvas('Name,Number,x,y\r\n')).toThrow(/Invalid header row/)
    expect(() => read.canvas('Student,ID,SIS User ID,SIS Login ID,Section,Final Score\r\n')).toThrow(
      /not one assignment/,
    )
    expect(() => read.canvas('Student,ID,SIS User ID,SIS Login ID,Section,a\r\nA,12abc,,,,1\r\n')).toThrow(
      /another student/,
    )
  })
})

describe('moodle', () => {
  const users = ['ada', 'ada@example.org', '0042']

  it('gives the grade to the student, by any of the columns', () => {
    const text = write('moodle', partly, en)
    for (const [by, user] of [
      ['Username', 'ada'],
      ['Email address', 'ada@example.org'],
      ['ID number', '0042'],
    ] as const)
      expect(read.moodle(text, by, { users, grade: 'Exam' })).toEqual({ [user]: 2 })
  })

  it('has no row for what could not be told, since an empty grade would erase the one there is', () => {
    expect(read.moodle(write('moodle', untold, en), 'Username', { users, grade: 'Exam' })).toEqual({})
  })

  it('has a column of ids only where everybody has one, since a blank one would give a grade to another', () => {
    const lines = [ada, { login: 'bob', email: ' ' }, { login: 'eve' }].map((student) =>
      gradeLine({ ...partly, student }),
    )
    const text = gradebook.moodle(lines, en)
    expect(read.table(text)[0]).toEqual(['Username', 'Exam', 'Exam (feedback)'])
    const found = read.moodle(text, 'Username', { users: ['ada', 'bob', 'eve'], grade: 'Exam' })
    expect(found).toEqual({ ada: 2, bob: 2, eve: 2 })
    expect(() => gradebook.moodle([...lines, gradeLine({ ...partly, student: { id: 's4' } })], en)).toThrow(
      /--format moodle: not everybody has a login/,
    )
  })

  it('holds what the importer takes, whatever is in it', () => {
    always((result) => {
      const student = { ...result.student, login: 'ada' }
      const found = read.moodle(write('moodle', { ...result, student }, { ...en, heading: 'G' }), 'Username', {
        users,
        grade: 'G',
        most: 10_000,
      })
      expect(found).toEqual(isKnown(result) ? { ada: result.points } : {})
    })
  })

  it('could be told from what Moodle refuses', () => {
    const of = { users, grade: 'G' }
    expect(() => read.moodle('Username,G\r\nbob,1\r\n', 'Username', of)).toThrow(/aborted/)
    expect(() => read.moodle('Username,G\r\nada,101\r\n', 'Username', of)).toThrow(/aborted/)
    expect(() => read.moodle('Username,G\r\nada,1\r\n,2\r\n', 'Username', of)).toThrow(/another student/)
  })
})

describe('nbgrader', () => {
  it('has its columns, and no scores where something could not be told', () => {
    expect(read.nbgrader(write('nbgrader', partly, en))).toEqual([
      {
        assignment: 'lab',
        duedate: '',
        timestamp: '2026-03-01 20:00:00',
        student_id: 's1',
        last_name: 'Lovelace',
        first_name: 'Ada',
        email: 'ada@example.org',
        raw_score: '2',
        late_submission_penalty: '0',
        score: '2',
        max_score: '5',
      },
    ])
    expect(read.nbgrader(write('nbgrader', untold, en))[0]).toMatchObject({ raw_score: '', score: '', max_score: '5' })
    always((result) => {
      const [row] = read.nbgrader(write('nbgrader', result, en))
      expect(row!.score).toBe(isKnown(result) ? `${result.points}` : '')
    })
  })
})

it.each(formNames)('%s of a submission that was refused is a form like any other, without points', (form: FormName) => {
  const refused = workOf({
    student: ada,
    steps: [{ title: same('Web'), of: 3, checks: [{ finding: undefined }] }],
    refused: { en: 'nod1.sh: is named after no host.', zh: 'nod1.sh：文件名不对应任何主机。' },
  })
  expect(refused).toMatchObject({ state: 'failed', points: 0, of: 3, open: 0, steps: [{ state: 'skipped' }] })
  const text = write(form, refused, { language: 'zh' })
  if (form !== 'nbgrader' && form !== 'canvas') expect(text.replaceAll('\\', '')).toContain('文件名不对应任何主机')
  const readers: Partial<Record<FormName, () => unknown>> = {
    gradescope: () => read.gradescope(text).score,
    'github-classroom': () => read.classroom(base64(text)).points,
    prairielearn: () => read.prairielearn(text),
    canvas: () => Number(read.canvas(text).rows[0]!.grade),
    nbgrader: () => Number(read.nbgrader(text)[0]!.score),
    moodle: () => Object.values(read.moodle(text, 'Username', { users: ['ada'], grade: 'Lab' }))[0],
  }
  expect(readers[form]?.() ?? 0).toBe(0)
})

it('a submission of nobody can be written in all forms but those of gradebooks', () => {
  const nobody = { ...partly, student: {} }
  for (const form of formNames.filter((name) => name !== 'canvas' && name !== 'moodle'))
    expect(write(form, nobody, en).length).toBeGreaterThan(0)
})

it('passed checks say nothing, so that the same submission has the same report', () => {
  const observed = (link: string) => ({ ...passed, observed: same(link) })
  const of = (link: string) => workOf({ steps: [{ title: same('Web'), of: 1, checks: [{ finding: observed(link) }] }] })
  expect(of('veth1a2b3c4')).toEqual(of('veth4c3b2a1'))
})
