import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, it } from 'vitest'
import { families } from '../../server/check/checks.js'
import { MistakeFront } from '../../server/lab/lab-file.js'
import { fromPackage, packageRoot } from '../../server/package-root.js'

it('a family is asked what it can do: no other file compares its name', () => {
  const keys = families.map(({ key }) => key).join('|')
  // Of a check or of a family; other things are called so too, such as a hop of a trace.
  const compared = new RegExp(`\\b(?:family|key)\\b\\s*(?:===|!==)\\s*'(?:${keys})'|case '(?:${keys})':.*famil`)
  const files = readdirSync(fromPackage('server'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(packageRoot, join(entry.parentPath, entry.name)))
    .filter((file) => !file.startsWith('server/check/families/'))
  expect(files.length).toBeGreaterThan(200)
  const found = files.flatMap((file) =>
    readFileSync(fromPackage(file), 'utf8')
      .split('\n')
      .flatMap((line, n) => (compared.test(line) ? [`${file}:${n + 1}: ${line.trim()}`] : [])),
  )
  expect(found).toEqual([])
})

it('each capability is that of the families that have it', () => {
  const withCapability = (has: (family: (typeof families)[number]) => unknown) =>
    families.filter((family) => has(family) !== undefined).map(({ key }) => key)
  expect(withCapability(({ packet }) => packet)).toEqual(['reach', 'prediction'])
  expect(withCapability(({ question }) => question)).toEqual(['answer', 'choice', 'number', 'pattern', 'prediction'])
  expect(withCapability(({ measures }) => measures)).toEqual(['prediction'])
  expect(withCapability(({ inner }) => inner)).toEqual(['all', 'any', 'not'])
  expect(withCapability(({ negates }) => negates)).toEqual(['not'])
  expect(withCapability(({ needsProof }) => needsProof)).toEqual(['reach', 'resolve'])
  expect(withCapability(({ asksForm }) => asksForm)).toEqual([
    'container',
    'link',
    'rule',
    'firewall',
    'port',
    'macvlan',
  ])
  expect(withCapability(({ files }) => files)).toEqual(['script', 'command'])
})

it('each reason can be that of a mistake', () => {
  const reasons = families.flatMap(({ reasons }) => [...reasons])
  expect(reasons).toContain('network.ipv6')
  const refused = reasons.filter((reason) => !MistakeFront.safeParse({ step: 'one', check: 1, reason }).success)
  expect(refused).toEqual([])
})

it('what is observed is not told as observed once more: the page has that word before it', () => {
  const folder = fromPackage('server/check')
  const said = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .flatMap((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8').split('observed:').slice(1))
    .flatMap((rest) =>
      [
        ...rest
          .slice(0, 400)
          .split(/\bwhy:|expected:/)[0]!
          .matchAll(/zh: [`'"](.*)/g),
      ].map(([, words]) => words!),
    )
  expect(said.length).toBeGreaterThan(25)
  expect(said.filter((words) => /^(?:实际|观察到|看到的是)/.test(words))).toEqual([])
})
