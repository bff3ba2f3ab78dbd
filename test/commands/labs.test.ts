import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Command } from 'commander'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { doctorCommand } from '../../server/commands/doctor.js'
import { evidenceCommand } from '../../server/commands/evidence.js'
import { gradeCommand } from '../../server/commands/grade.js'
import { lintCommand } from '../../server/commands/lint.js'
import { numbersCommand } from '../../server/commands/numbers.js'
import { previewCommand } from '../../server/commands/preview.js'
import { serveCommand } from '../../server/commands/serve.js'
import { testCommand } from '../../server/commands/test.js'
import { fromPackage } from '../../server/package-root.js'
import { guideFiles } from '../lab/guide.js'

/** Folders of labs that are named with `--labs`: `mine` has the lab of the guide, which builds on one of `others`; that one has numbers. */
let folder: string
let mine: string
let others: string

function put(labs: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(labs, name)), { recursive: true })
    writeFileSync(join(labs, name), text)
  }
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vethlab-labs-'))
  mine = join(folder, 'mine')
  others = join(folder, 'others')
  const guide = guideFiles()
  guide['lab.yaml'] = guide['lab.yaml']!.replace('minutes: 10', 'minutes: 10\nbuildsOn: [ports]')
  put(join(mine, 'internal'), guide)
  mkdirSync(others)
  cpSync(fromPackage('labs/published-ports'), join(others, 'ports'), { recursive: true })
})

afterEach(() => {
  vi.restoreAllMocks()
  process.exitCode = 0
  rmSync(folder, { recursive: true, force: true })
})

/** What a command prints. */
async function printed(command: Command, ...words: string[]): Promise<string> {
  let text = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((bytes) => {
    text += bytes
    return true
  })
  try {
    await command.parseAsync(words, { from: 'user' })
    return text
  } finally {
    vi.restoreAllMocks()
  }
}

it('is an option of every command that takes a lab', () => {
  const evidence = evidenceCommand().commands.find((command) => command.name() === 'regrade')!
  const taking = [doctorCommand(), gradeCommand(), lintCommand(), numbersCommand(), previewCommand(), serveCommand()]
  for (const command of [...taking, testCommand(), evidence])
    expect([command.name(), command.options.filter(({ long }) => long === '--labs').length]).toEqual([
      command.name(),
      1,
    ])
})

describe('lint', () => {
  it('reads all labs of the folders, and their paths, where none is named', async () => {
    put(mine, { 'paths.yaml': 'paths: []\n', 'broken/lab.yaml': 'title: {en: A' })
    expect(await printed(lintCommand(), '--labs', mine)).toMatch(
      /mine\/paths.yaml:1:\d+: the lab "broken" is on no path[\s\S]*mine\/broken\/lab.yaml:/,
    )
    expect(process.exitCode).toBe(1)
  })

  it('finds labs by their ids, and what they build on, in all of the folders', async () => {
    expect(await printed(lintCommand(), 'internal', '--labs', mine, '--labs', others)).toBe('')
    expect(await printed(lintCommand(), 'internal', '--labs', mine)).toMatch(/the lab builds on "ports", and there is/)
  })

  it('says which labs there are where there is no such one, those of the folders, too', async () => {
    const said = printed(lintCommand(), 'internol', '--labs', mine)
    await expect(said).rejects.toMatchObject({
      code: 'lab.not-found',
      cure: expect.stringMatching(/^Did you mean "internal"\? Labs are: aliases, .*, internal\.$/),
    })
  })

  it.each([
    [
      'a folder that is not there',
      'nowhere',
      "can't be read (ENOENT)",
      'Name a folder that has folders of labs in it.',
    ],
    ['a folder without labs', 'empty', 'has no labs in it', 'Name a folder that has folders of labs in it.'],
    ['a lab', 'mine/internal', 'is a lab, and has none in it', 'Name it without `--labs`, as a path.'],
  ])('refuses %s', async (_, name, what, cure) => {
    mkdirSync(join(folder, 'empty'))
    const place = join(folder, name)
    await expect(printed(lintCommand(), '--labs', place)).rejects.toMatchObject({ place, what, cure })
  })
})

it('numbers and kits are of a lab of such a folder', async () => {
  const numbers = await printed(numbersCommand(), 'ports', '--labs', others)
  expect(numbers).toContain('student,name,seed,web_port')
  const out = join(folder, 'kit')
  const kit = await printed(gradeCommand(), 'ports', '--kit', 'gradescope', '--out', out, '--labs', others)
  expect(kit).toContain(join(out, 'run_autograder'))
})

it('of two labs with one id the one that comes with vethlab counts', async () => {
  put(mine, { 'user-bridge/lab.yaml': 'title: {en: A' })
  expect(await printed(numbersCommand(), 'user-bridge', '--labs', mine)).toContain('student,name,seed,')
})

it('no receipts are written of labs that do not come with vethlab', async () => {
  const test = testCommand().parseAsync(['--all', '--labs', mine], { from: 'user' })
  await expect(test).rejects.toMatchObject({ code: 'argument.invalid', place: '--all' })
})
