import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { expect, test } from 'vitest'
import { commitOf, dueAgain, inTurn } from '../../server/proof/rotation.js'
import { packageFolder } from './package-folder.js'

const trials = Array.from({ length: 95 }, (_, n) => `trial ${n}`)
const commit = (turn: number) => `${turn.toString(16).padStart(8, '0')}${'ab'.repeat(16)}`

test('ten commits in a row go through all trials, a tenth each', () => {
  const turns = Array.from({ length: 10 }, (_, turn) => dueAgain(trials, commit(turn)))
  for (const turn of turns) expect([9, 10]).toContain(turn.size)
  expect(new Set(turns.flatMap((turn) => [...turn]))).toEqual(new Set(trials))
})

test('the same commit has the same tenth, in whatever order trials are named', () => {
  expect(dueAgain(trials.toReversed(), commit(7))).toEqual(dueAgain(trials, commit(7)))
  expect(dueAgain(trials, commit(7))).not.toEqual(dueAgain(trials, commit(8)))
})

test('where there is not time for all, each commit begins with others', () => {
  const first = (turn: number) => inTurn(trials, (name) => name, commit(turn)).slice(0, 20)
  expect(inTurn(trials.toReversed(), (name) => name, commit(3)).slice(0, 20)).toEqual(first(3))
  expect(new Set(Array.from({ length: 30 }, (_, turn) => first(turn)).flat())).toEqual(new Set(trials))
})

test('the commit is that of the repository, and none where there is no repository', async () => {
  const folder = packageFolder({ file: 'text' })
  try {
    expect(await commitOf(folder)).toBeUndefined()
    const git = (...args: string[]) => execFileSync('git', ['-C', folder, ...args]).toString()
    git('init', '--quiet')
    git('add', '.')
    git('-c', 'user.name=t', '-c', 'user.email=t@localhost', 'commit', '--quiet', '--message', 'one')
    expect(await commitOf(folder)).toBe(git('rev-parse', 'HEAD').trim())
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
