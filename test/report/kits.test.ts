import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { kitFiles, kitNames } from '../../server/report/kits.js'

const lab = { id: 'user-bridge', title: 'User-defined bridges', topic: 'bridge', home: 'node1' }
const filesOf = (kit: (typeof kitNames)[number]) =>
  Object.fromEntries(kitFiles(kit, lab).map(({ path, ...file }) => [path, file]))

it.each(kitNames)('scripts of %s are right by the shell', (kit) => {
  for (const { path, text } of kitFiles(kit, lab).filter(({ text }) => text.startsWith('#!'))) {
    const { status, stderr } = spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' })
    expect([path, status, stderr]).toEqual([path, 0, ''])
  }
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
