import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { scoreCommand } from '../../server/commands/score.js'
import { readCourse } from '../../server/course/course.js'
import { readStudent } from '../../server/course/student.js'
import type { VethlabError } from '../../server/error/vethlab-error.js'
import { write } from '../../server/report/forms.js'
import type { Result, StudentNames } from '../../server/report/result.js'
import * as read from '../report/readers.js'
import { ada, partly, untold, whole } from '../report/works.js'

let scratch: string
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'vethlab-course-'))
  return () => rmSync(scratch, { recursive: true, force: true })
})

function put(name: string, text: string): string {
  const path = join(scratch, name)
  writeFileSync(path, text)
  return path
}

const course = `title: Networks
timezone: Europe/Berlin
groups:
  thursday: [s2, 3003]
outages:
  - {from: 2026-03-01T10:00Z, to: 2026-03-01T11:00Z}
assignments:
  - id: lab
    heading: Lab 1 (812)
    due: 2026-03-01T18:00Z
    late: {percent: 10, per: hour, floor: 20}
    groups:
      thursday: {due: 2026-03-02T18:00Z}
    learners:
      s1: {extraTime: 30m}
  - id: exam-1
    lab: exam
    points: 50
`

describe('course.yaml', () => {
  it('is read, with its defaults', async () => {
    const { groups, assignments } = await readCourse(put('course.yaml', course))
    expect(groups).toEqual({ thursday: ['s2', '3003'] })
    expect(assignments[0]).toMatchObject({ counts: 'best', grace: 0, learners: { s1: { extraTime: 1_800_000 } } })
    expect(assignments[1]).toMatchObject({ lab: 'exam', points: 50, groups: {} })
  })

  it.each<[string, (text: string) => string, RegExp]>([
    [
      'an unknown key',
      (text) => text.replace('heading', 'headin'),
      /:9: assignments, entry 1 \(lab\), headin: unknown key "headin". Did you mean "heading"\?/,
    ],
    [
      'a time without its distance from UTC',
      (text) => text.replace('18:00Z', '18:00'),
      /:10: .*is no time with its distance from UTC/,
    ],
    ['a day that no calendar has', (text) => text.replace('03-01T18', '02-30T18'), /:10: .*is no time/],
    ['a duration without a unit', (text) => text.replace('30m', '30'), /:15: .*duration, such as 30m/],
    ['more than all', (text) => text.replace('percent: 10', 'percent: 110'), /:11: .*is no percentage/],
    ['an unknown group', (text) => text.replace('thursday: {due', 'friday: {due'), /:13: .*there is no group "friday"/],
    ['an assignment twice', (text) => text.replace('exam-1', 'lab'), /:16: .*"lab" is there twice/],
    ['a zone that is none', (text) => text.replace('Berlin', 'Berlim'), /:2: timezone: is no time zone/],
    [
      'a deadline before the release',
      (text) => text.replace('    due:', '    release: 2026-04-01T00:00Z\n    due:'),
      /is not after the release/,
    ],
    [
      'an outage that ends before it begins',
      (text) => text.replace('T11:00Z', 'T09:00Z'),
      /:6: .*is not after its beginning/,
    ],
    ['no YAML', (text) => text.replace('[s2', '[[s2'), /course.yaml:\d+: /],
    ['nothing', () => '', /course.yaml:1: /],
  ])('says in which line there is %s', async (_, change, said) => {
    await expect(readCourse(put('course.yaml', change(course)))).rejects.toThrow(said)
  })

  it('is refused where it is no file of text', async () => {
    await expect(readCourse(scratch)).rejects.toThrow(/is no file/)
    await expect(readCourse('/dev/zero')).rejects.toThrow(/is no file/)
    await expect(readCourse(join(scratch, 'none'))).rejects.toThrow(/can't be read/)
  })
})

describe('--student', () => {
  it('takes numbers for ids, and JSON', async () => {
    expect(await readStudent(put('a.yaml', 'id: 42\nlogin: ada\n'))).toEqual({ id: '42', login: 'ada' })
    expect(await readStudent(put('a.json', '{"email": "ada@example.org"}'))).toEqual({ email: 'ada@example.org' })
  })

  it('says in which line something is wrong', async () => {
    await expect(readStudent(put('a.yaml', 'id: 1\nmail: x\n'))).rejects.toThrow(
      /a.yaml:2: mail: unknown key "mail". Did you mean "email"/,
    )
  })
})

const han = expect.stringMatching(/\p{Script=Han}/u)

describe('vethlab score', () => {
  const of = (result: Result, submittedAt: string, student: StudentNames = ada, assignment = 'lab') => ({
    ...result,
    student,
    assignment: { ...result.assignment, id: assignment },
    attempt: { ...result.attempt, submittedAt },
  })
  let number = 0
  const filed = (result: Result) => put(`${number++}.json`, write('json', result, { language: 'en' }))

  const run = (...args: string[]) => scored(put('course.yaml', course), ...args)

  async function scored(...args: string[]): Promise<{ out: string; err: string }> {
    let [out, err] = ['', '']
    const spies = [
      vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
        out += text
        return true
      }),
      vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
        err += text
        return true
      }),
    ]
    try {
      await scoreCommand().exitOverride().parseAsync(args, { from: 'user' })
      return { out, err }
    } finally {
      for (const spy of spies) spy.mockRestore()
    }
  }

  const bob = { id: 's2', login: 'bob' }
  const all = () => [
    filed(of(partly, '2026-03-01T12:00:00.000Z')),
    filed(of(whole, '2026-03-01T20:00:00.000Z')),
    filed(of(whole, '2026-03-02T18:30:00.000Z', bob)),
    filed(of(untold, '2026-03-01T12:00:00.000Z', { id: '3003' })),
    filed(of(partly, '2026-03-01T12:00:00.000Z', ada, 'exam-1')),
  ]

  it('says what everybody has, and how it came about', async () => {
    const { out, err } = await run(...all())
    expect(out.split('\n').filter((line) => !line.startsWith('  '))).toEqual([
      '3003, lab: 2/5',
      // Thirty minutes of her own and an hour for the outage: half an hour late.
      'Ada Lovelace (s1), lab: 4.5/5',
      'bob (s2), lab: 5/5',
      'Ada Lovelace (s1), exam-1: 20/50',
      '',
    ])
    expect(out).toContain('with 30 minutes of extra time and 1 hour for an outage')
    expect(err).toBe('no final grade yet: 3003, lab\n')
    const chinese = await run(...all(), '--lang', 'zh')
    expect(chinese.out).toContain('第 2 次提交计分（取最好的一次）：4.5/5 分。')
    expect(chinese.out).toContain('Ada Lovelace（s1），lab：4.5/5\n')
    expect(chinese.err).toBe('还没有最终成绩：3003，lab\n')
  })

  it('fills the gradebooks, with nothing for what is not final', async () => {
    const args = [...all(), '--assignment', 'lab']
    const { assignment, rows } = read.canvas((await run(...args, '--format', 'canvas')).out)
    expect(assignment).toBe('Lab 1 (812)')
    expect(rows.map(({ name, grade }) => [name, grade])).toEqual([
      ['3003', ''],
      ['Ada Lovelace', '4.5'],
      ['bob', '5'],
    ])
    const [, lovelace] = read.nbgrader((await run(...args, '--format', 'nbgrader')).out)
    expect(lovelace).toMatchObject({
      assignment: 'lab',
      duedate: '2026-03-01 19:30:00',
      timestamp: '2026-03-01 20:00:00',
      raw_score: '5',
      late_submission_penalty: '0.5',
      score: '4.5',
    })
    const json = read.json((await run(...args, '--format', 'json')).out) as { points: number; isPending: boolean }[]
    expect(json.map(({ points, isPending }) => [points, isPending])).toEqual([
      [2, true],
      [4.5, false],
      [5, false],
    ])
    await expect(run(...all(), '--format', 'moodle')).rejects.toThrow(/holds one assignment. Name it with --assignment/)
  })

  it('reads what a class has exported: a result a line', async () => {
    const lines = [
      of(partly, '2026-03-01T12:00:00.000Z'),
      of(whole, '2026-03-01T17:00:00.000Z'),
      of(whole, '2026-03-01T12:00:00.000Z', bob),
    ]
    const text = lines.map((result) => `${JSON.stringify(result)}\n`).join('')
    const { out } = await run(put('lab-results.jsonl', `${text}\n`))
    expect(out.split('\n').filter((line) => !line.startsWith('  '))).toEqual([
      'Ada Lovelace (s1), lab: 5/5',
      'bob (s2), lab: 5/5',
      '',
    ])
    await expect(run(put('lab-results.jsonl', `${text}{"version":1}\n`))).rejects.toThrow(
      /lab-results.jsonl:4: student: "student" is missing/,
    )
  })

  it('takes what was judged again for another grading of the same attempt, in whatever order the files come', async () => {
    const limited = course.replace('    late:', '    attempts: 1\n    late:')
    const handedIn = '2026-03-01T12:00:00.000Z'
    const submitted = (result: Result, attempt: Partial<Result['attempt']>, at = handedIn) => {
      const one = of(result, at)
      return filed({ ...one, attempt: { ...one.attempt, submissionHash: 'a1', ...attempt } })
    }
    const [first, later] = ['2026-03-01T12:00:05.000Z', '2026-03-09T08:00:00.000Z']
    const files = [
      submitted(partly, { startedAt: first }),
      submitted(whole, { startedAt: later, regradingOf: first }),
      // Of work that came later, and of a time that the list has corrected since.
      submitted(partly, { startedAt: '2026-03-01T13:00:05.000Z', submissionHash: 'b2' }, '2026-03-01T13:00:00.000Z'),
    ]
    const lines = async (text: string, args: string[]) =>
      (await scored(put('limited.yaml', text), ...args)).out.split('\n')
    for (const args of [files, files.toReversed()]) {
      const told = await lines(limited, args)
      expect(told[0]).toBe('Ada Lovelace (s1), lab: 5/5')
      expect(told).toContain(
        '  Attempt 1 was judged 2 times: 2 points, then 5 points. What holds is 5 points, the better one.',
      )
      expect(told).toContain('  Attempt 2 (2026-03-01 14:00 Europe/Berlin): no more than 1 count, and it does not.')
    }
    const newer = limited.replace('attempts: 1', 'attempts: 1\n    regraded: newer')
    const worse = [submitted(whole, { startedAt: first }), submitted(partly, { startedAt: later, regradingOf: first })]
    expect((await lines(newer, worse))[0]).toBe('Ada Lovelace (s1), lab: 2/5')
    expect((await lines(limited, worse))[0]).toBe('Ada Lovelace (s1), lab: 5/5')
    const json = await scored(put('newer.yaml', newer), ...worse, '--format', 'json')
    expect(read.json(json.out)).toMatchObject([
      {
        attempts: [
          {
            points: 2,
            gradings: [
              { points: 5, of: 5, open: 0, holds: false },
              { points: 2, of: 5, open: 0, holds: true },
            ],
          },
        ],
      },
    ])
    // When it was handed in was corrected between the two; the bundle has the time of then.
    const corrected = [
      submitted(partly, { startedAt: first }, '2026-03-01T18:00:00.000Z'),
      submitted(whole, { startedAt: later, regradingOf: first }),
    ]
    expect((await lines(limited, corrected))[0]).toBe('Ada Lovelace (s1), lab: 5/5')
    // The same work of the same time, graded anew in a rack, and the evidence of both judged again.
    const anew = [
      submitted(partly, { startedAt: '2026-03-02T08:00:00.000Z' }),
      submitted(whole, { startedAt: later, regradingOf: '2026-03-02T08:00:00.000Z' }),
      submitted(partly, { startedAt: later, regradingOf: first }),
    ]
    expect(await lines(limited, anew)).toContain(
      '  Attempt 1 was judged 3 times: 2 points, then 5 points, then 2 points. What holds is 5 points, the better one.',
    )
    // What was judged again stands for the attempt where the first grading is not among the files, and the same file twice is one.
    expect((await lines(limited, [files[1]!, files[0]!, files[0]!]))[0]).toBe('Ada Lovelace (s1), lab: 5/5')
    expect((await lines(limited, [files[1]!]))[0]).toBe('Ada Lovelace (s1), lab: 5/5')
  })

  it('takes several submissions of one session for several attempts, each with its own gradings', async () => {
    const began = '2026-03-01T10:00:00.000Z'
    const live = (result: Result, at: string, attempt: Partial<Result['attempt']> = {}) => {
      const one = of(result, at)
      return filed({ ...one, attempt: { ...one.attempt, of: 'session', startedAt: began, ...attempt } })
    }
    const later = { startedAt: '2026-03-09T08:00:00.000Z', regradingOf: began }
    const files = [
      live(partly, '2026-03-01T12:00:00.000Z'),
      live(partly, '2026-03-01T13:00:00.000Z'),
      live(whole, '2026-03-01T13:00:00.000Z', later),
    ]
    const { out } = await run(...files)
    expect(out).toContain('  Attempt 2 was judged 2 times: 2 points, then 5 points.')
    expect(out).toContain('  Attempt 2 counts, the best one: 5 of 5 points.')
    expect(out).not.toContain('Attempt 3')
  })

  it.each<[string, () => string[], RegExp]>([
    [
      'of nobody',
      () => [filed(of(partly, '2026-03-01T12:00:00.000Z', {}))],
      /\d+.json: says not whose work it is. Grade with --student/,
    ],
    [
      'of no assignment',
      () => [filed(of(partly, '2026-03-01T12:00:00.000Z', ada, 'lab-9'))],
      /is of assignment "lab-9", and the course has none/,
    ],
    ['that is none', () => [put('x.json', '{"version": 1}')], /x.json: student: "student" is missing. Name what/],
    [
      'of a course without such an assignment',
      () => [...all(), '--assignment', 'x'],
      /--assignment: the course has no such assignment. It has lab, exam-1/,
    ],
  ])('refuses a result %s, with its file', async (_, args, said) => {
    const refused = await run(...args()).catch((error: VethlabError) => error)
    expect(refused).toMatchObject({ message: expect.stringMatching(said), zh: { what: han, cure: han } })
  })
})
