import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Lab } from '../../server/lab/lab.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { answersIn, readSubmission, type SubmissionRefused } from '../../server/trial/submission.js'
import { guideFiles, writeLab } from '../lab/guide.js'

let lab: Lab
let scratch: string
const folder = () => join(scratch, 'mine')
const put = (name: string, text: string | Buffer = '#!/bin/sh\ntrue\n', mode = 0o755) => {
  const path = join(scratch, name)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

/** A file in a folder that is handed in. @returns the folder */
const mine = (...file: Parameters<typeof put>) => {
  put(`mine/${file[0]}`, ...(file.slice(1) as [string?, number?]))
  return folder()
}

beforeAll(async () => {
  const question = `      - answer:
          id: gateway
          ask: {en: Which?, zh: 哪个？}
          equals: "1"
        hint: {en: Look., zh: 看一看。}
`
  const files = guideFiles()
  lab = await loadLab(writeLab({ ...files, 'lab.yaml': files['lab.yaml']! + question }))
})
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'vethlab-submission-'))
  return () => rmSync(scratch, { recursive: true, force: true })
})
afterAll(() => rmSync(join(lab.directory, '..'), { recursive: true, force: true }))

describe('readSubmission', () => {
  it('says in both languages that there is none', async () => {
    await expect(readSubmission(join(scratch, 'nothing'), lab)).rejects.toMatchObject({
      what: 'there is no such file',
      zh: { what: '没有这个文件', cure: expect.stringMatching(/^请指定一个脚本/) },
    })
  })

  it('takes a script for the first docker host', async () => {
    expect(await readSubmission(put('anything', 'echo 1\n'), lab)).toEqual({
      parts: [{ scripts: [{ file: 'anything', host: 'node1', text: 'echo 1\n' }] }],
      answers: {},
      notes: [],
    })
  })

  it('takes a script a host, in the order of their names', async () => {
    for (const name of ['20-node1.sh', '10-laptop.sh', '05-node1']) put(`mine/${name}`, name)
    put('mine/.git', 'x')
    const { parts } = await readSubmission(folder(), lab)
    expect(parts).toEqual([
      {
        scripts: [
          { file: '05-node1', host: 'node1', text: '05-node1' },
          { file: '10-laptop.sh', host: 'laptop', text: '10-laptop.sh' },
          { file: '20-node1.sh', host: 'node1', text: '20-node1.sh' },
        ],
      },
    ])
  })

  it('takes a folder a step, in the order of the steps, and answers', async () => {
    put('mine/connect/node1.sh')
    put('mine/create/node1.sh')
    put('mine/answers.yaml', 'gateway: 172.20.0.1\n', 0o644)
    const { parts, answers } = await readSubmission(folder(), lab)
    expect(parts.map(({ step, scripts }) => [step, scripts.map(({ file }) => file)])).toEqual([
      ['create', ['create/node1.sh']],
      ['connect', ['connect/node1.sh']],
    ])
    expect(answers).toEqual({ gateway: '172.20.0.1' })
  })

  it('takes scripts as systems hand them on: not executable, with the line ends of Windows', async () => {
    const { parts } = await readSubmission(put('x.sh', '#!/bin/sh\r\ntrue\r\n', 0o644), lab)
    expect(parts[0]!.scripts[0]!.text).toBe('#!/bin/sh\ntrue\n')
  })

  it('leaves out what is no script, and answers that nothing asks for, and says so in both languages', async () => {
    mine('node1.sh')
    for (const name of ['README.md', 'README', 'compose.yaml', 'notes.txt']) put(`mine/${name}`, 'x', 0o644)
    mine('answers.yaml', 'gateway: 1\n\ngatewa: 2\n')
    const { parts, answers, notes } = await readSubmission(folder(), lab)
    expect(parts[0]!.scripts.map(({ file }) => file)).toEqual(['node1.sh'])
    expect(answers).toEqual({ gateway: '1' })
    expect(notes.map(({ en }) => en)).toEqual([
      'README: is no script, and was left out',
      'README.md: is no script, and was left out',
      'compose.yaml: is no script, and was left out',
      'notes.txt: is no script, and was left out',
      'answers.yaml:3: nothing asks for "gatewa", and it was left out. Did you mean "gateway"? Answers are: gateway.',
    ])
    for (const { zh } of notes) expect(zh).toMatch(/没有用到/)
  })

  it('takes answers that a script prints, the last of each, and nothing else that it prints', () => {
    const output =
      'answer gateway: 1\nanswer gatewa: 2\n answer gateway: 3\nanswer gateway: 172.20.0.1\r\nanswer gateway 4\n'
    expect(answersIn(output, lab)).toEqual({ gateway: '172.20.0.1' })
    expect(answersIn('', lab)).toEqual({})
  })

  it('says what it refuses in both languages, without the path of the server', async () => {
    const said = await readSubmission(mine('nod1.sh'), lab).catch((error: unknown) => (error as SubmissionRefused).said)
    expect(said).toEqual({
      en: 'nod1.sh: is named after no host. Did you mean "node1"? Hosts are: node1, laptop; call it node1.sh, or 10-node1.sh.',
      zh: 'nod1.sh：文件名不对应任何主机。主机有：node1、laptop；请命名为 node1.sh 或 10-node1.sh。',
    })
  })

  it.each<[string, () => string, RegExp]>([
    ['nothing', () => join(scratch, 'none'), /none: there is no such file/],
    [
      'a folder without a script',
      () => mine('.keep'),
      /mine: is a folder without a script. Put one a host into it: node1.sh, laptop.sh/,
    ],
    ['a script for no host', () => mine('nod1.sh'), /mine\/nod1.sh: is named after no host. Did you mean "node1"\?/],
    [
      'a folder of no step',
      () => mine('creat/node1.sh'),
      /mine\/creat: is the name of no step. Did you mean "create"\?/,
    ],
    ['what is not UTF-8', () => put('x.sh', Buffer.from([0x23, 0xff, 0xfe])), /x.sh: is not UTF-8/],
    ['a binary file', () => put('x.sh', 'a\0b'), /x.sh: is no script but a binary file/],
    ['an empty script', () => put('x.sh', ''), /x.sh: is empty/],
    ['100 MB', () => put('x.sh', Buffer.alloc(100e6, 'x')), /x.sh: has 100000000 bytes/],
    ['a device', () => '/dev/null', /\/dev\/null: is neither a file nor a folder/],
    ['a link out of the folder', () => linked(), /node1.sh: is no regular file/],
    ['nothing but answers that nothing asks for', () => mine('answers.yaml', 'a: 1\n'), /is a folder without a script/],
    ['nothing but what is no script', () => mine('README.md'), /is a folder without a script/],
    ['answers that are no YAML', () => mine('answers.yaml', 'a: [\n'), /answers.yaml:\d+: /],
  ])('refuses %s', async (_, make, said) => {
    await expect(readSubmission(make(), lab)).rejects.toThrow(said)
  })
})

function linked(): string {
  mkdirSync(folder())
  symlinkSync('/etc/passwd', join(folder(), 'node1.sh'))
  return folder()
}
