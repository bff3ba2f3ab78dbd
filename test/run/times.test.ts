import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
// @ts-expect-error plain Node, since it runs before anything is installed or built
import { Times } from './times.mjs'

test('keeps all times, and prints the ten slowest files with their share', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vethlab-times-'))
  try {
    const times = new Times()
    await times.phase('hosts', async () => {})
    await expect(times.phase('labs', () => Promise.reject(new Error('failed')))).rejects.toThrow('failed')
    for (let n = 1; n <= 12; n++) times.file('hosts', `test/hosts/${n}.test.ts`, n * 1000)
    const path = join(folder, 'times.json')
    const lines: string[] = times.keep(path)
    const kept = JSON.parse(readFileSync(path, 'utf8'))
    expect(kept.phases.map(({ phase }: { phase: string }) => phase)).toEqual(['hosts', 'labs'])
    expect(kept.files).toHaveLength(12)
    expect(kept.files[0]).toEqual({ phase: 'hosts', file: 'test/hosts/12.test.ts', seconds: 12 })
    expect(lines.filter((line) => line.includes('.test.ts'))).toHaveLength(10)
    expect(lines.join('\n')).toContain('the 10 slowest files, 96 % of the time of all files')
    expect(lines.at(-1)).toContain(path)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a file takes what its tests take, and no less than from its first to its last', () => {
  const times = new Times()
  const tests = (...durations: number[]) => durations.map((duration) => ({ duration }))
  times.vitest(
    'unit',
    {
      testResults: [
        { name: '/at/test/a.test.ts', startTime: 0, endTime: 500, assertionResults: tests(3000, 1000) },
        { name: '/at/test/b.test.ts', startTime: 0, endTime: 9000, assertionResults: tests(1000) },
      ],
    },
    '/at',
  )
  expect(times.report.files).toEqual([
    { phase: 'unit', file: 'test/b.test.ts', seconds: 9 },
    { phase: 'unit', file: 'test/a.test.ts', seconds: 4 },
  ])
})
