import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadLab, readLab } from '../../server/lab/read-lab.js'
import { lintedLab } from '../../server/lab/reading.js'
import { startStateOf } from '../../server/lab/replace-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { labCard } from '../../server/session/catalogue.js'
import { trialsOf } from '../../server/trial/test-lab.js'
import { change, copyOfDesk, desk } from './desk.js'

const ground = { images: ['nginx'], bundled: fromPackage('labs') }

async function problemsOf(folder: string): Promise<string[]> {
  const { problems } = await readLab(folder)
  return problems.map(({ file, line, what }) => `${file.slice(folder.length + 1)}:${line}: ${what}`)
}

it('lint finds nothing in the lab that has everything', async () => {
  expect((await lintedLab(desk, ground)).problems).toEqual([])
})

describe('optional steps and points', () => {
  it('a step counts what its checks count together, or as a whole; one that may be left out nothing', async () => {
    const { steps } = await loadLab(desk)
    expect(steps.map(({ id, points, optional }) => [id, points, optional])).toEqual([
      ['read', 1, false],
      ['build', 2, false],
      ['spare', 0, true],
      ['close', 2, false],
      ['foresee', 1, false],
    ])
    expect(steps[1]!.checks.map(({ points }) => points)).toEqual([0.5, 1.5])
    expect(steps[3]!.needs).toEqual(['read', 'build'])
  })

  it.each<[string, [string, string], string]>([
    [
      'points of an optional step',
      ['optional: yes', 'optional: yes\n    points: 1'],
      'step "spare" is optional and has points',
    ],
    [
      'points that are no sum',
      ['- id: build', '- id: build\n    points: 3'],
      'step "build" has 3 points, and its checks together 2',
    ],
    [
      'points that are none',
      ['points: 0.5', 'points: half'],
      'step 2 (build), check 1, points: is no number of points',
    ],
    [
      'points with too many decimals',
      ['points: 0.5', 'points: 0.125'],
      'step 2 (build), check 1, points: is no number of points',
    ],
    [
      'a step that needs what may be left out',
      ['- id: close', '- id: close\n    needs: [spare]'],
      'step "close" needs "spare", which may be left out',
    ],
  ])('refuses %s', async (_, pair, said) => {
    const folder = copyOfDesk()
    change(folder, 'lab.yaml', pair)
    expect((await problemsOf(folder)).join('\n')).toContain(said)
  })

  it('refuses a lab whose steps may all be left out', async () => {
    const folder = copyOfDesk()
    for (const id of ['read', 'build', 'close', 'foresee'])
      change(folder, 'lab.yaml', [`- id: ${id}`, `- id: ${id}\n    optional: yes`])
    change(folder, 'lab.yaml', ['    points: 2\n', ''])
    expect((await problemsOf(folder)).join('\n')).toContain('all steps are optional')
  })
})

describe('files', () => {
  it('are read with their owner and mode', async () => {
    const { files } = await loadLab(desk)
    expect(files.map(({ content: _, ...file }) => file)).toEqual([
      { host: 'laptop', path: '/usr/local/bin/hello', bytes: 34, mode: '0755', user: 'root', group: 'root' },
      { host: 'node1', path: '/root/desk/notes.txt', bytes: 27, mode: '0644', user: 'root', group: 'root' },
      { host: 'node1', path: '/root/desk/secret', bytes: 18, mode: '0640', user: 'nobody', group: 'nogroup' },
    ])
    expect(Buffer.from(files[2]!.content, 'base64').toString()).toBe('nobody reads this\n')
  })

  it('tell a rack that is of before from one that is of now', async () => {
    const folder = copyOfDesk()
    const before = startStateOf(await loadLab(folder))
    change(folder, 'en.md', ['Two files', 'Some files'])
    expect(startStateOf(await loadLab(folder))).toBe(before)
    writeFileSync(join(folder, 'files/node1/root/desk/notes.txt'), 'other\n')
    expect(startStateOf(await loadLab(folder))).not.toBe(before)
  })

  it.each<[string, (folder: string) => void, string]>([
    ['a link', (files) => symlinkSync('/etc/shadow', join(files, 'node1/shadow')), 'files/node1/shadow:1: is a link'],
    [
      'a link in the place of a folder',
      (files) => symlinkSync('/etc', join(files, 'node1/etc')),
      'files/node1/etc:1: is a link',
    ],
    ['a folder of no host', (files) => mkdirSync(join(files, 'node2')), 'files/node2:1: is named after no host'],
    [
      'a file of no host',
      (files) => writeFileSync(join(files, 'node1x'), ''),
      'files/node1x:1: is named after no host',
    ],
    [
      'a place of the kernel',
      (files) => mkdirSync(join(files, 'node1/proc')),
      'files/node1/proc:1: is where a host keeps no files',
    ],
    [
      'a name with blanks',
      (files) => writeFileSync(join(files, 'node1/a b'), ''),
      'files/node1/a b:1: has a name that is not for a host',
    ],
    [
      'what is too large',
      (files) => writeFileSync(join(files, 'node1/big'), Buffer.alloc(300_000)),
      'files/node1/big:1: has 300000 bytes',
    ],
    [
      'what is too large together',
      (files) => {
        for (const n of [1, 2, 3, 4, 5]) writeFileSync(join(files, `node1/big${n}`), Buffer.alloc(250_000))
      },
      'files/node1/big5:1: is what makes all files together larger',
    ],
    [
      'too many',
      (files) => {
        for (let n = 0; n < 70; n++) writeFileSync(join(files, `node1/small${n}`), '')
      },
      'files:1: has 73 files, and at most 64 are allowed',
    ],
  ])('refuses %s', async (_, make, said) => {
    const folder = copyOfDesk()
    make(join(folder, 'files'))
    expect((await problemsOf(folder)).join('\n')).toContain(said)
  })

  it.each<[string, [string, string], string]>([
    [
      'rights of a file that is not there',
      ['desk/secret:', 'desk/secrets:'],
      'lab.yaml:13: there is no files/node1/root/desk/secrets',
    ],
    ['a mode that is none', ['"0640"', '"0689"'], 'is no mode such as'],
    ['an owner that is none', ['nobody:nogroup', '$(id)'], 'is no owner'],
  ])('refuses %s', async (_, pair, said) => {
    const folder = copyOfDesk()
    change(folder, 'lab.yaml', pair)
    expect((await problemsOf(folder)).join('\n')).toContain(said)
  })
})

describe('one language alone', () => {
  /** The desk without its Chinese. */
  const english = () => {
    const folder = copyOfDesk()
    rmSync(join(folder, 'zh.md'))
    const text = readFileSync(join(folder, 'lab.yaml'), 'utf8')
    const alone = text.replace(/,? *zh: (?:"[^"]*"|[^,{}\n]*)/g, '')
    writeFileSync(join(folder, 'lab.yaml'), alone.replace('order: 1', 'languages: [en]\norder: 1'))
    return folder
  }

  it('is enough, and stands in the place of the other', async () => {
    const { lab, problems } = await lintedLab(english(), ground)
    expect(problems).toEqual([])
    expect(lab!.languages).toEqual(['en'])
    expect(lab!.title).toEqual({ en: "The author's desk", zh: "The author's desk" })
    expect(lab!.pages.zh).toBe(lab!.pages.en)
    expect(trialsOf(lab!).map(({ name }) => name)).toContain('page en')
    expect(labCard(lab!, {}, {}).languages).toEqual(['en'])
  })

  it.each<[string, [string, string], string[]]>([
    ['a text that is missing in one of both', [', zh: 创建它', ''], []],
    ['a title', [', zh: 作者的工作台', ''], ['lab.yaml:1: title.zh: "zh" is missing']],
    [
      'a hint',
      [', zh: "`ls -l` 会显示谁可以。"', ''],
      ['lab.yaml:29: step 1 (read), check 1, hint.zh: "zh" is missing'],
    ],
    [
      'an option',
      [', zh: 所有人', ''],
      ['lab.yaml:22: step 1 (read), check 1, choice, option 1, text.zh: "zh" is missing'],
    ],
  ])('misses %s', async (_, pair, said) => {
    const folder = copyOfDesk()
    if (said.length > 0) change(folder, 'lab.yaml', pair)
    expect(await problemsOf(folder)).toEqual(said)
  })

  it('refuses what is in another one', async () => {
    const folder = english()
    writeFileSync(join(folder, 'zh.md'), '没有用\n')
    change(folder, 'lab.yaml', ["title: {en: The author's desk", "title: {en: The author's desk, zh: 工作台"])
    expect(await problemsOf(folder)).toEqual(['lab.yaml:1: title.zh: the lab is in English alone'])
    change(folder, 'lab.yaml', [', zh: 工作台', ''])
    const { problems } = await lintedLab(folder, ground)
    expect(problems.map(({ what }) => what)).toContain('means nothing: the lab is not in Chinese')
  })
})

describe('labs that one builds on', () => {
  const withIds = (ids: string) => {
    const folder = copyOfDesk()
    change(folder, 'lab.yaml', ['order: 1', `buildsOn: [${ids}]\norder: 1`])
    return folder
  }

  it('are shown with their titles, as far as they are there', async () => {
    const lab = await loadLab(withIds('user-bridge, gone'))
    const bridge = await loadLab(fromPackage('labs/user-bridge'))
    expect(labCard(lab, {}, {}, [bridge, lab]).buildsOn).toEqual([{ id: 'user-bridge', title: bridge.title }])
  })

  it.each([
    ['user-bridge', []],
    ['user-brigde', ['the lab builds on "user-brigde", and there is no such lab']],
    ['desk', ['the lab builds on itself']],
  ])('%s: lint says %j', async (ids, said) => {
    const { problems } = await lintedLab(withIds(ids), ground)
    expect(problems.map(({ what }) => what)).toEqual(said)
  })

  it('make no circle, however long', async () => {
    const folder = withIds('second')
    for (const [id, next] of [
      ['second', 'third'],
      ['third', 'desk'],
    ]) {
      mkdirSync(join(dirname(folder), id!))
      writeFileSync(join(dirname(folder), id!, 'lab.yaml'), `buildsOn: [${next}]\n`)
    }
    const { problems } = await lintedLab(folder, ground)
    expect(problems.map(({ what }) => what)).toEqual(['the lab builds on itself: desk, second, third, desk'])
  })
})
