import { expect, test } from 'vitest'
// @ts-expect-error plain Node, since it runs before anything is installed or built
import { failureLines, failuresOf } from './failures.mjs'

const passed = { status: 'passed', fullName: 'is right', failureMessages: [] }

test('names each failed test with the first lines of its message, and each file that did not load', () => {
  const report = {
    testResults: [
      { name: '/at/test/a.test.ts', status: 'passed', message: '', assertionResults: [passed] },
      {
        name: '/at/test/b.test.ts',
        status: 'failed',
        message: '',
        assertionResults: [
          passed,
          {
            status: 'failed',
            fullName: 'a host is made',
            failureMessages: [`expected 1 to be 2\n${'at\n'.repeat(40)}`],
          },
        ],
      },
      { name: '/at/test/c.test.ts', status: 'failed', message: 'SyntaxError: no', assertionResults: [] },
    ],
  }
  const lines: string[] = failureLines(failuresOf('hosts', report, '/at'))
  expect(lines.slice(0, 3)).toEqual([
    'failed (2):',
    '  hosts test/b.test.ts: a host is made',
    '      expected 1 to be 2',
  ])
  expect(lines.slice(-2)).toEqual(['  hosts test/c.test.ts', '      SyntaxError: no'])
  expect(lines).toHaveLength(1 + 1 + 12 + 2)
})

test('says how many more there are, and nothing where all passed', () => {
  const failures = Array.from({ length: 25 }, (_, n) => ({ where: `unit ${n}`, message: ['no'] }))
  expect(failureLines(failures).at(-1)).toBe('  and 5 more')
  expect(failureLines([])).toEqual([])
})
