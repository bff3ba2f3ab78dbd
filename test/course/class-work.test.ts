import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { classWork } from '../../server/course/class-work.js'

let root: string
const put = (name: string, text = 'true\n') => writeFileSync(join(root, name), text)
const list = (text: string, name = 'students.csv') => {
  put(name, text)
  return classWork(join(root, name))
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'vethlab-class-'))
  return () => rmSync(root, { recursive: true, force: true })
})

describe('A folder of submissions', () => {
  it('has a folder, an archive or a script a student, who is called as it is', async () => {
    mkdirSync(join(root, 'ada.lovelace'))
    for (const name of ['bob.zip', 'carol.tar.gz', 'dan.tgz', 'eve.sh', 'frank', '.DS_Store', 'notes.md']) put(name)
    const { works, notes } = await classWork(root)
    expect(works.map(({ key, student, path }) => [key, student, basename(path!)])).toEqual([
      ['ada.lovelace', { id: 'ada.lovelace' }, 'ada.lovelace'],
      ['bob', { id: 'bob' }, 'bob.zip'],
      ['carol', { id: 'carol' }, 'carol.tar.gz'],
      ['dan', { id: 'dan' }, 'dan.tgz'],
      ['eve', { id: 'eve' }, 'eve.sh'],
      ['frank', { id: 'frank' }, 'frank'],
    ])
    expect(notes).toEqual([
      {
        en: 'notes.md: is neither a script nor an archive, and was left out',
        zh: 'notes.md：既不是脚本，也不是压缩包，已略过',
      },
    ])
  })

  it('has any names, and files of the work are called by none of them that could do harm', async () => {
    const hostile = ['=cmd|calc', '\u202egnp', '-rf', ';rm', 'a b', 'a-b', '王小明', 'x'.repeat(200)]
    for (const name of hostile) put(name)
    const keys = (await classWork(root)).works.map(({ key }) => key)
    expect(keys).toHaveLength(hostile.length)
    expect(new Set(keys).size).toBe(hostile.length)
    for (const key of keys) expect(key).toMatch(/^[A-Za-z0-9~][A-Za-z0-9._@~-]{0,63}$/)
  })

  it('refuses two works of one student', async () => {
    mkdirSync(join(root, 'ada'))
    put('ada.zip')
    await expect(classWork(root)).rejects.toMatchObject({
      what: 'ada and ada.zip are of one student',
      zh: { what: 'ada 和 ada.zip 是同一个学生的', cure: '请只留下其中一个。' },
    })
  })

  it('is not there', async () => {
    await expect(classWork(join(root, 'none'))).rejects.toMatchObject({
      what: 'there is no such file',
      zh: { what: '没有这个文件' },
    })
    await expect(classWork('/dev/null')).rejects.toMatchObject({ what: 'is no folder', zh: { what: '不是文件夹' } })
  })
})

describe('A list of students', () => {
  it('names them in the columns that course systems write, and what they have handed in and when', async () => {
    put('a.zip')
    mkdirSync(join(root, 'sub'))
    put('sub/b.sh')
    const { works, notes } = await list(
      '\ufeffSIS Login ID;First name;Last Name;ID number;File;Submitted;Group;Remarks\r\n' +
        'ada;Ada;"Love;lace";0042;a.zip;2026-03-01T23:59+01:00;Thursday;x\r\n' +
        'bob;Bob;;;sub/b.sh;;;\r\n\r\ncarol;;;;;;;\r\ndan;;;;dan.zip;;;\r\n',
    )
    expect(works).toEqual([
      {
        key: 'ada',
        student: { login: 'ada', firstName: 'Ada', lastName: 'Love;lace', sisId: '0042', section: 'Thursday' },
        path: join(root, 'a.zip'),
        submittedAt: '2026-03-01T22:59:00.000Z',
      },
      { key: 'bob', student: { login: 'bob', firstName: 'Bob' }, path: join(root, 'sub/b.sh') },
      { key: 'carol', student: { login: 'carol' }, path: undefined },
      { key: 'dan', student: { login: 'dan' }, path: undefined },
    ])
    expect(notes).toEqual([
      { en: 'carol: nothing was handed in', zh: 'carol：没有提交' },
      { en: 'dan: nothing was handed in', zh: 'dan：没有提交' },
    ])
  })

  it('is found in the folder of the submissions', async () => {
    put('a.zip')
    put('students.csv', 'id,path\ns1,a.zip\n')
    expect((await classWork(root)).works).toEqual([{ key: 's1', student: { id: 's1' }, path: join(root, 'a.zip') }])
  })

  it('may name a link, which is looked at when it is read', async () => {
    symlinkSync('/etc/shadow', join(root, 'a.sh'))
    expect((await list('id,path\ns1,a.sh\n')).works[0]!.path).toBe(join(root, 'a.sh'))
  })

  it.each([
    ['a path that leads out', 'id,path\ns1,../x\n', /students\.csv:2: "\.\.\/x" is not in the folder of the list/],
    ['an absolute path', 'id,path\ns1,/etc/shadow\n', /is not in the folder of the list/],
    ['the folder itself', 'id,path\ns1,.\n', /is not in the folder of the list/],
    ['a folder on the way that leads out', 'id,path\ns1,out/shadow\n', /is not in the folder of the list/],
    ['two of one student', 'id,path\ns1,a\ns1,b\n', /students\.csv:3 are of one student/],
    ['nobody', 'id,path\n,a\n', /students\.csv:2: says not whose work it is/],
    ['no column of work', 'id,name\ns1,a\n', /students\.csv:1: has no columns that say whose work lies where/],
    ['no column of students', 'path\na\n', /has no columns/],
    ['nothing', '', /has no columns/],
    ['a time that is none', 'id,path,submitted\ns1,a,yesterday\n', /"yesterday" is no time/],
    ['quotes that do not end', 'id,path\n"s1,a\n', /is no CSV/],
  ])('is refused in one line with %s', async (_, text, said) => {
    for (const name of ['a', 'b']) put(name)
    symlinkSync('/etc', join(root, 'out'))
    await expect(list(text)).rejects.toMatchObject({
      code: 'argument.invalid',
      message: expect.stringMatching(said),
      zh: { what: expect.stringMatching(/\p{Script=Han}/u), cure: expect.stringMatching(/\p{Script=Han}.*。$/u) },
    })
  })
})
