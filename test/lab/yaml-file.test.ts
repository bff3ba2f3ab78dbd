import { describe, expect, it } from 'vitest'
import { parseYaml } from '../../server/lab/yaml-file.js'

describe('parseYaml', () => {
  it('keeps the last part of an address a text', () => {
    expect(parseYaml('at: {node1: .50, laptop: .11}\nn: 5\nyes: no').value).toEqual({
      at: { node1: '.50', laptop: '.11' },
      n: 5,
      yes: 'no',
    })
  })

  it('knows the line of a key, of an item, and of what is above something missing', () => {
    const yaml = parseYaml('a: 1\nb:\n  - c: 2\n  - d:\n      e: 3\n')
    expect(yaml.lineOf(['b'])).toBe(2)
    expect(yaml.lineOf(['b', 1])).toBe(4)
    expect(yaml.lineOf(['b', 1, 'd', 'e'])).toBe(5)
    expect(yaml.lineOf(['b', 1, 'd', 'missing'])).toBe(4)
    expect(yaml.lineOf(['nothing'])).toBe(1)
  })

  it('says on which line it is broken', () => {
    const { problems } = parseYaml('a: 1\nb: [1,\nc: }\n')
    expect(problems[0]!.line).toBeGreaterThan(1)
    expect(problems[0]!.what).not.toMatch(/at line/)
  })

  it('refuses what is nested deeper than anybody reads, and says where', () => {
    // Each of these ended the whole process once: the library calls itself for each level.
    const deep = [
      (n: number) => '['.repeat(n),
      (n: number) => '- '.repeat(n),
      (n: number) => `${'{a: '.repeat(n)}1${'}'.repeat(n)}`,
    ]
    for (const text of deep) {
      expect(parseYaml(`a: 1\nb:\n ${text(20_000)}`)).toMatchObject({
        value: undefined,
        problems: [{ line: 3, what: 'is nested deeper than 64 levels' }],
      })
    }
    expect(parseYaml(`${'['.repeat(60)}${']'.repeat(60)}`).problems).toEqual([])
  })

  it('refuses aliases that unfold without end', () => {
    const bomb = ['a: &a [1,1,1,1,1,1,1,1,1]']
    for (let n = 0; n < 9; n++)
      bomb.push(`${'bcdefghij'[n]}: &${'bcdefghij'[n]} [${Array(9).fill(`*${'abcdefghi'[n]}`).join(',')}]`)
    expect(parseYaml(bomb.join('\n')).problems).toHaveLength(1)
  })
})

it('tells of the first fault, and not of all that is unexpected because of it', () => {
  const { problems } = parseYaml('a:\n  b: x[: ]y\n  c: {e: f}\n  d: [g, h]\n')
  expect(problems).toHaveLength(1)
  expect(problems[0]!.line).toBe(2)
})
