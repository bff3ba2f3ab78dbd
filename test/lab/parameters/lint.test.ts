import { expect, it } from 'vitest'
import type { Lab } from '../../../server/lab/lab.js'
import { lintParameters } from '../../../server/lab/lint-parameters.js'
import { drawerOf } from '../../../server/lab/parameters/drawer.js'
import { proofSeeds } from '../../../server/lab/parameters/proof-seeds.js'
import { labOf, withSeed } from '../../../server/lab/read-lab.js'
import { type OwnLab, sourcesWith } from './own-lab.js'

const readOf = (lab: OwnLab): Lab => labOf(sourcesWith(lab)).lab!
const saidOf = (lab: Lab, lint: Parameters<typeof lintParameters>[1] = () => {}) => {
  const said: string[] = []
  lintParameters(lab, lint, (file, at, what) => said.push(`${file}:${typeof at === 'number' ? at : at.line}: ${what}`))
  return said
}

const fault = `  port: {port: {from: 8000, to: 8999}, practice: 8080}
  fault: {oneOf: [${Array.from({ length: 12 }, (_, n) => `{run: "true ${n} {{port}}"}`).join(', ')}]}`
const uses = { setup: '{{fault.run}}' }

it('the seeds of a proof draw each of several at least once, as far as there are enough', () => {
  const { drawn } = readOf({ parameters: fault, ...uses })
  const draw = drawerOf(drawn!)
  const met = (count: number) => new Set(proofSeeds(drawn!, count).map((seed) => draw(seed).entries.fault)).size
  expect(proofSeeds(drawn!, 20)).toHaveLength(20)
  expect(met(20)).toBe(12)
  expect(met(12)).toBe(12)
  expect(met(5)).toBe(5)
  expect(proofSeeds(drawn!, 20)).toEqual(proofSeeds(drawn!, 20))
  const { drawn: plain } = readOf({ parameters: '  a: {count: {from: 1, to: 9}, practice: 1}', setup: '{{a}}' })
  expect(proofSeeds(plain!, 3)).toEqual(['proof-1', 'proof-2', 'proof-3'])
})

it('drawing alone gives what reading gives', () => {
  const lab = readOf({ parameters: fault, ...uses })
  const draw = drawerOf(lab.drawn!)
  for (const seed of ['practice', 'a', 'b'])
    expect({ ...draw(seed).values }).toEqual({ ...withSeed(lab, seed).drawn!.values })
})

it('lint says nothing of a lab that is right for all seeds, and what is wrong for one', () => {
  expect(saidOf(readOf({ parameters: fault, ...uses }))).toEqual([])
  const [, ...others] = Array.from({ length: 4 }, (_, n) => `{name: web${n}, points: ${n + 1}}`)
  const uneven = readOf({
    parameters: `  what: {oneOf: [{name: web, points: 1}, ${others.join(', ')}]}`,
    checks:
      '      - container: {name: "{{what.name}}"}\n        points: "{{what.points}}"\n        hint: {en: Go., zh: 做。}',
  })
  expect(saidOf(uneven)).toEqual([
    expect.stringMatching(/^lab.yaml:1: with the seed "proof-\d+", its points are others$/),
  ])
  const broken = readOf({
    parameters: '  port: {oneOf: [80, 81, http]}',
    checks: '      - reach: {from: node1, to: web, port: "{{port}}"}\n        hint: {en: Go., zh: 做。}',
  })
  expect(saidOf(broken)).toEqual([
    expect.stringMatching(
      /^\/nowhere\/shop\/lab.yaml:\d+: with the seed "proof-\d+", step 1 \(do\), check 1, reach.port: /,
    ),
  ])
})

it('lint tells what is wrong with other numbers alone, once', () => {
  const lab = readOf({ parameters: fault, ...uses })
  const lint: Parameters<typeof lintParameters>[1] = ({ drawn }, say) => {
    say('en.md', 3, 'wrong for everybody', '')
    if (drawn!.seed !== 'practice') say('en.md', 4, 'wrong for some', '')
  }
  expect(saidOf(lab, lint)).toEqual([expect.stringMatching(/^en.md:4: with the seed "proof-\d+", wrong for some$/)])
})

it('lint tells of a parameter that nothing names, and not of one that another one needs', () => {
  const parameters = `  net: {subnet: {}, practice: 10.1.0.0/24}
  door: {address: {in: net, host: 254}}
  word: {name: [one, two, three], practice: one}
  fault: {oneOf: ["see {{word}}", "hear {{word}}"]}
  lost: {count: {from: 1, to: 9}, practice: 1}`
  expect(saidOf(readOf({ parameters, setup: '{{door}} {{fault}}' }))).toEqual([
    'lab.yaml:15: the parameter "lost" is named nowhere',
  ])
})
