import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { Estimate } from '../../server/commands/estimate.js'
import { GradeFolder } from '../../server/commands/grade-folder.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { refusal } from '../../server/trial/grade.js'

const lab = await loadLab(fromPackage('test/trial/exam'))
const result = refusal(lab, { en: 'x', zh: 'x' }, { student: { id: 's1' } })
let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'vethlab-grades-'))
  return () => rmSync(root, { recursive: true, force: true })
})

it('keeps grades, and goes on with them only where that is wanted', async () => {
  const folder = await GradeFolder.open(join(root, 'out'), { resume: false })
  expect(await folder.kept('s1')).toBeUndefined()
  await folder.keep('s1', result)
  expect(await folder.kept('s1')).toEqual(result)
  await folder.write('html/s1.html', '<p>')
  folder.close()
  writeFileSync(join(root, 'out/results/s2.json.draft'), '{"half')
  await expect(GradeFolder.open(join(root, 'out'), { resume: false })).rejects.toMatchObject({
    what: 'has grades already',
    zh: { what: '里面已经有成绩', cure: '请用 --resume 接着评，或指定另一个文件夹。' },
  })
  const again = await GradeFolder.open(join(root, 'out'), { resume: true })
  expect(await again.kept('s1')).toEqual(result)
  expect(readdirSync(join(root, 'out/results'))).toEqual(['s1.json'])
  again.close()
})

it('writes into the folder, also where a file is called as the folder begins', async () => {
  const here = process.cwd()
  process.chdir(root)
  try {
    const folder = await GradeFolder.open('g', { resume: false })
    expect(await folder.write('grades.csv', 'x')).toBe('g/grades.csv')
    folder.close()
  } finally {
    process.chdir(here)
  }
  expect(readdirSync(join(root, 'g'))).toContain('grades.csv')
})

it('lets one write at a time', async () => {
  const folder = await GradeFolder.open(root, { resume: true })
  await expect(GradeFolder.open(root, { resume: true })).rejects.toMatchObject({
    what: 'somebody else writes grades there',
    zh: { what: '另一个命令正在往那里写成绩' },
  })
  folder.close()
  ;(await GradeFolder.open(root, { resume: true })).close()
})

it('says where nothing can be written, and what is no result', async () => {
  await expect(GradeFolder.open('/dev/null/x', { resume: false })).rejects.toMatchObject({
    code: 'argument.invalid',
    what: expect.stringMatching(/^can't be written: /),
    zh: { what: expect.stringMatching(/^无法写入（/) },
  })
  const folder = await GradeFolder.open(root, { resume: true })
  writeFileSync(join(root, 'results/s1.json'), '{}')
  await expect(folder.kept('s1')).rejects.toMatchObject({ code: 'argument.invalid' })
  folder.close()
})

it('says how long the rest takes once some are done', () => {
  const began = performance.now()
  const estimate = new Estimate(43)
  const said = (after: number) => Object.values(estimate.text(began + after))
  expect(said(0)).toEqual(['', ''])
  for (let n = 0; n < 3; n++) estimate.done()
  expect(said(6000)).toEqual([
    expect.stringMatching(/^; about 8\d s left$/),
    expect.stringMatching(/^；大约还需 8\d 秒$/),
  ])
  expect(said(60_000)).toEqual(['; about 13 min left', '；大约还需 13 分钟'])
  for (let n = 0; n < 40; n++) estimate.done()
  expect(said(60_000)).toEqual(['', ''])
})
