import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { joinPaths, type LabPath, lintPaths, readPaths } from '../../server/lab/paths.js'
import { readAllPaths, readShelf } from '../../server/lab/shelf.js'
import { fromPackage } from '../../server/package-root.js'

/** A folder of labs that are no more than what they build on, with a file of paths. */
function folderOf(labs: Record<string, string[]>, paths?: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'vethlab-paths-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [id, buildsOn] of Object.entries(labs)) {
    mkdirSync(join(folder, id))
    writeFileSync(join(folder, id, 'lab.yaml'), `buildsOn: [${buildsOn.join(', ')}]\n`)
  }
  if (paths !== undefined) writeFileSync(join(folder, 'paths.yaml'), paths)
  return folder
}

const both = 'title: {en: First, zh: 一}\n    summary: {en: About it, zh: 简介}'
const pathsYaml = (labs: string, id = 'first') => `paths:\n  - id: ${id}\n    ${both}\n    labs: [${labs}]\n`
const three = { a: [], b: ['a'], c: ['b', 'elsewhere'] }

async function said(folder: string): Promise<string[]> {
  const problems = await lintPaths(folder)
  return problems.map(({ file, line, what, cure }) => `${file.slice(folder.length + 1)}:${line}: ${what}. ${cure}`)
}

describe('lint of paths', () => {
  it('finds nothing in those that come with vethlab', async () => {
    expect(await lintPaths(fromPackage('labs'))).toEqual([])
  })

  it('says nothing where there is no such file, or nothing is wrong', async () => {
    expect(await said(folderOf(three))).toEqual([])
    expect(await said(folderOf(three, pathsYaml('a, b, c')))).toEqual([])
  })

  it.each([
    [
      'a lab that is not there',
      pathsYaml('a, b, c, cc'),
      'paths.yaml:5: there is no lab "cc" in this folder. Did you mean "c"? Name folders of labs beside this file.',
    ],
    [
      'a lab on no path',
      pathsYaml('a, b'),
      'paths.yaml:1: the lab "c" is on no path. Put it where a learner should come to it.',
    ],
    [
      'a lab that is there twice',
      pathsYaml('a, b, a, c'),
      'paths.yaml:5: the lab "a" is on a path already. Put each lab on one path.',
    ],
    [
      'an order that buildsOn contradicts',
      pathsYaml('b, a, c'),
      'paths.yaml:5: "b" builds on "a", which comes after it. Change the order, or `buildsOn` of the lab.',
    ],
    [
      'the same between two paths',
      `${pathsYaml('b, c')}${pathsYaml('a', 'second').replace('paths:\n', '')}`,
      'paths.yaml:5: "b" builds on "a", which comes after it. Change the order, or `buildsOn` of the lab.',
    ],
    [
      'a path that is there twice',
      `${pathsYaml('a, b, c')}${pathsYaml('').replace('paths:\n', '')}`,
      'paths.yaml:6: the path "first" is there twice. Give each path an id of its own.',
    ],
    [
      'a language that is missing',
      pathsYaml('a, b, c').replace(', zh: 一', ''),
      'paths.yaml:3: path 1 (first), title.zh: "zh" is missing. Add it; or say `languages: [en]` where the file is in English alone.',
    ],
    [
      'a key that means nothing',
      `${pathsYaml('a, b, c')}    lab: [a]\n`,
      'paths.yaml:6: unknown key "lab". Did you mean "labs"? Known keys: id, title, summary, labs.',
    ],
    ['no path', 'path: []\n', /^paths\.yaml:1: unknown key "path"\. Did you mean "paths"\?/],
    ['no YAML', 'paths: [\n', /^paths\.yaml:\d: /],
  ])('tells of %s', async (_, paths, line) => {
    const lines = await said(folderOf(three, paths))
    expect(lines).toContainEqual(typeof line === 'string' ? line : expect.stringMatching(line))
    // A fault of the file is told once, and nothing is made up from it.
    expect(lines.length).toBeLessThanOrEqual(typeof line === 'string' ? 1 : 2)
  })

  it('a file in one language says so', async () => {
    const english = pathsYaml('a, b, c').replaceAll(/, zh: [^}]*/g, '')
    expect(await said(folderOf(three, `languages: [en]\n${english}`))).toEqual([])
    const folder = folderOf(three, `languages: [en]\n${english}`)
    expect((await readPaths(folder)).paths[0]).toMatchObject({ title: { en: 'First', zh: 'First' } })
  })

  it('reads nothing outside of the folder', async () => {
    const folder = folderOf(three)
    symlinkSync('/etc/hostname', join(folder, 'paths.yaml'))
    expect(await said(folder)).toEqual([expect.stringMatching(/^paths.yaml:1: is a link that leads out of/)])
    expect((await readPaths(folder)).paths).toEqual([])
  })
})

describe('paths of several folders', () => {
  const path = (id: string, ...labs: string[]): LabPath => ({
    id,
    title: { en: id, zh: id },
    summary: { en: '', zh: '' },
    labs,
  })

  it('stand in the order of the folders, each id and each lab once', () => {
    const joined = joinPaths([[path('one', 'a', 'b')], [path('two', 'b', 'c', 'c'), path('one', 'z')]])
    expect(joined.map(({ id, labs }) => [id, labs])).toEqual([
      ['one', ['a', 'b']],
      ['two', ['c']],
    ])
  })

  it('a broken file takes no path from the others, and no lab from anybody', async () => {
    const broken = folderOf({}, 'paths: 7\n')
    const whole = folderOf({}, pathsYaml(''))
    expect((await readAllPaths([broken, whole])).map(({ id }) => id)).toEqual(['first'])
    expect((await readShelf([broken, whole])).paths).toHaveLength(1)
  })
})
