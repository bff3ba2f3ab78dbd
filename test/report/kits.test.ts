import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { type KitName, type KitNumbers, kitFiles, kitNames, kitNumbers } from '../../server/report/kits.js'

const lab = { id: 'user-bridge', title: 'User-defined bridges', topic: 'bridge', home: 'node1' }
const filesOf = (kit: KitName, numbers?: KitNumbers) =>
  Object.fromEntries(kitFiles(kit, lab, numbers).map(({ path, ...file }) => [path, file]))

const allNumbers: Record<KitNumbers['of'], KitNumbers> = {
  practice: { of: 'practice' },
  seed: { of: 'seed', seed: 'spring-2026' },
  student: { of: 'student', classKey: 'k'.repeat(32), roster: { name: 'roster.csv', text: 'name,id\nAda,s1\n' } },
  variant: { of: 'variant' },
}

it.each(kitNames)('scripts of %s are right by the shell, with whosever numbers', (kit) => {
  for (const of of kitNumbers[kit]) {
    for (const { path, text } of kitFiles(kit, lab, allNumbers[of]).filter(({ text }) => text.startsWith('#!'))) {
      const { status, stderr } = spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' })
      expect([path, status, stderr]).toEqual([path, 0, ''])
    }
  }
})

describe('With whose numbers a kit grades', () => {
  /** What its script asks vethlab for, with files of the system beside the kit's own. */
  const asked = (script: string, files: Record<string, string>) => {
    const root = mkdtempSync(join(tmpdir(), 'vethlab-kit-'))
    onTestFinished(() => rmSync(root, { recursive: true }))
    const put = (path: string, text: string, mode = 0o644) => {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text, { mode })
    }
    for (const [path, text] of Object.entries(files)) put(path, text, 0o755)
    // In place of vethlab: what it is asked, a word a line, and whom.
    put(
      'bin/vethlab',
      '#!/bin/sh\nfor word; do echo "$word"; done\ncat "$AUTOGRADER/student.json" 2>/dev/null\nexit 0\n',
      0o755,
    )
    const env = { PATH: `${join(root, 'bin')}:${process.env.PATH}`, AUTOGRADER: root, GRADE: root }
    const { status, stdout, stderr } = spawnSync('bash', [join(root, script)], { env, encoding: 'utf8' })
    return {
      status,
      words: stdout
        .trim()
        .split('\n')
        .map((word) => word.replace(root, 'ROOT')),
      stderr,
    }
  }
  const kitIn = (kit: KitName, folder: string, numbers: KitNumbers) =>
    Object.fromEntries(kitFiles(kit, lab, numbers).map(({ path, text }) => [join(folder, path), text]))
  const metadata = (email: string) => JSON.stringify({ id: 1, users: [{ email, id: 7, name: "Ada O'Brien $(id)" }] })

  it('Gradescope: of practice, of a seed, and of the student whom Gradescope names', () => {
    const run = (numbers: KitNumbers, more = {}) =>
      asked('source/run_autograder', { ...kitIn('gradescope', 'source', numbers), ...more })
    const rest = ['--format', 'gradescope', '--out', 'ROOT/results/results.json']
    const grade = ['grade', 'user-bridge', 'ROOT/submission']
    expect(run(allNumbers.practice)).toMatchObject({ status: 0, words: [...grade, ...rest] })
    expect(run(allNumbers.seed).words).toEqual([...grade, '--seed', 'spring-2026', ...rest])
    const own = run(allNumbers.student, { 'submission_metadata.json': metadata('ada@example.org') })
    expect(own).toMatchObject({ status: 0, stderr: '' })
    expect(own.words.slice(0, -1)).toEqual([
      ...grade,
      ...['--class-key', 'ROOT/source/class.key', '--student', 'ROOT/student.json'],
      ...['--roster', 'ROOT/source/roster.csv', ...rest],
    ])
    expect(JSON.parse(own.words.at(-1)!)).toEqual({ email: 'ada@example.org', firstName: "Ada O'Brien $(id)" })
    // Whose work it is has to be known: nothing is graded with other numbers instead.
    expect(run(allNumbers.student)).toMatchObject({ status: 1, words: [''] })
  })

  it('PrairieLearn: of the variant, whose seed the question shows', () => {
    const files = kitIn('prairielearn', '.', allNumbers.variant)
    expect(files['server.py']).toContain('data["params"]["seed"] = "pl-" + str(data["variant_seed"])')
    expect(files['question.html']).toContain('vethlab serve --seed {{params.seed}}')
    const data = { 'data/data.json': JSON.stringify({ params: { seed: 'pl-4711' }, variant_seed: 4711 }) }
    const { status, words } = asked('tests/run.sh', { ...files, ...data })
    expect([status, words.slice(0, 5)]).toEqual([0, ['grade', 'user-bridge', 'ROOT/student', '--seed', 'pl-4711']])
    expect(asked('tests/run.sh', files)).toMatchObject({ status: 1, words: [''] })
    const python = spawnSync(
      'python3',
      [
        '-c',
        `${files['server.py']}\ndata = {"params": {}, "variant_seed": 4711}\ngenerate(data)\nprint(data["params"]["seed"])`,
      ],
      { encoding: 'utf8' },
    )
    expect(python.stdout).toBe('pl-4711\n')
    expect(kitIn('prairielearn', '.', allNumbers.practice)['server.py']).toBeUndefined()
  })

  it('GitHub Classroom: of a seed', () => {
    const { text } = filesOf('github-classroom', allNumbers.seed)['.github/workflows/classroom.yml']!
    expect(text).toContain('grade user-bridge submission --seed spring-2026 --format github-classroom')
  })
})

it('Gradescope finds its two scripts at the root, and may run them', () => {
  const files = filesOf('gradescope')
  expect(Object.keys(files)).toEqual(['setup.sh', 'run_autograder'])
  expect(files.run_autograder).toMatchObject({
    isExecutable: true,
    text: expect.stringMatching(/^#!\/usr\/bin\/env bash\n/),
  })
})

describe('The workflow of GitHub Classroom', () => {
  const text = filesOf('github-classroom')['.github/workflows/classroom.yml']!.text
  const { permissions, jobs } = z
    .object({
      on: z.array(z.string()),
      permissions: z.record(z.string(), z.string()),
      jobs: z.record(
        z.string(),
        z.object({
          'runs-on': z.string(),
          if: z.string(),
          'timeout-minutes': z.number(),
          steps: z.array(
            z.strictObject({
              name: z.string(),
              id: z.string().optional(),
              uses: z.string().optional(),
              with: z.record(z.string(), z.string()).optional(),
              env: z.record(z.string(), z.string()).optional(),
              run: z.string().optional(),
            }),
          ),
        }),
      ),
    })
    .parse(parse(text))
  const { steps } = jobs['run-autograding-tests']!

  it('has the job and the rights that Classroom looks for', () => {
    expect(Object.keys(jobs)).toEqual(['run-autograding-tests'])
    expect(permissions).toEqual({ checks: 'write', actions: 'read', contents: 'read' })
    for (const { uses, run } of steps) expect((uses === undefined) !== (run === undefined)).toBe(true)
  })

  it('hands its result to the reporter under the names that it looks for', () => {
    const reporter = steps.at(-1)!
    expect(reporter.uses).toBe('classroom-resources/autograding-grading-reporter@v1')
    const runners = reporter.with!.runners!
    // The reporter's own pattern: src/main.js.
    expect(runners).toMatch(/^([a-zA-Z0-9]+,)*[a-zA-Z0-9]+$/)
    for (const id of runners.split(',')) {
      const step = steps.find((one) => one.id === id)!
      expect(reporter.env![`${id.toUpperCase()}_RESULTS`]).toBe(`\${{ steps.${id}.outputs.result }}`)
      expect(step.run).toContain('echo "result=')
      expect(step.run).toContain('>> "$GITHUB_OUTPUT"')
      // What is printed to the log may hold commands to the runner.
      expect(step.run).toMatch(/> "\$RUNNER_TEMP\/report.txt"/)
    }
  })

  it('has shell that the shell takes, and nothing from a repository in it', () => {
    for (const { run } of steps) {
      if (run === undefined) continue
      expect(spawnSync('bash', ['-n'], { input: run }).status).toBe(0)
      expect(run).not.toContain('${{')
    }
  })
})

describe('The question of PrairieLearn', () => {
  // Strict, as apps/prairielearn/src/schemas/infoQuestion.ts is.
  const InfoQuestion = z.strictObject({
    uuid: z.string().regex(/^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/),
    type: z.enum(['Calculation', 'MultipleChoice', 'Checkbox', 'File', 'MultipleTrueFalse', 'v3']),
    title: z.string(),
    topic: z.string(),
    tags: z.array(z.string()).optional(),
    gradingMethod: z.enum(['Internal', 'External', 'Manual']).optional(),
    singleVariant: z.boolean().optional(),
    showCorrectAnswer: z.boolean().optional(),
    partialCredit: z.boolean().optional(),
    externalGradingOptions: z
      .strictObject({
        comment: z.unknown().optional(),
        enabled: z.boolean().optional(),
        image: z.string(),
        entrypoint: z.union([z.string(), z.array(z.string())]).optional(),
        serverFilesCourse: z.array(z.string()).optional(),
        timeout: z.int().max(600).optional(),
        enableNetworking: z.boolean().optional(),
        environment: z.record(z.string(), z.string()).optional(),
      })
      .optional(),
  })

  it('is one that PrairieLearn takes, and the same each time it is made', () => {
    const { text } = filesOf('prairielearn')['info.json']!
    const info = InfoQuestion.parse(JSON.parse(text))
    expect(info).toMatchObject({ gradingMethod: 'External', type: 'v3' })
    expect(filesOf('prairielearn')['info.json']!.text).toBe(text)
    const other = kitFiles('prairielearn', { ...lab, id: 'overlay' }).find(({ path }) => path === 'info.json')!
    expect(JSON.parse(other.text).uuid).not.toBe(info.uuid)
    const [shell, script] = info.externalGradingOptions!.entrypoint as string[]
    expect([shell, filesOf('prairielearn')[script!.replace('/grade/', '')]?.isExecutable]).toEqual(['bash', true])
    expect(InfoQuestion.safeParse({ ...info, externalGradingOptions: { image: 'a', timeOut: 3 } }).success).toBe(false)
  })
})
