import { generateKeyPairSync } from 'node:crypto'
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { evidenceCommand } from '../../server/commands/evidence.js'
import { EvidenceFolder } from '../../server/evidence/evidence-folder.js'
import { makeBundle } from '../../server/evidence/make-bundle.js'
import { publicOf } from '../../server/evidence/seal.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { ResultSchema } from '../../server/report/result.js'
import { refusal } from '../../server/trial/grade.js'
import { walled } from '../evidence/exam.js'
import { graded } from '../evidence/graded.js'

const key = generateKeyPairSync('ed25519').privateKey
const grader = { vethlab: '0.1.0', golden: 'g1', kernel: '6.1', key }
const exam = fromPackage('test/trial/exam')

let scratch: string
let kept: string
let all: string

/** The work of ada and bob, by an exam whose first check was wrong; carol's could not be read. */
beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'vethlab-evidence-'))
  writeFileSync(join(scratch, 'key.pem'), publicOf(key).export({ type: 'spki', format: 'pem' }))
  const wrong = join(scratch, 'wrong/exam')
  cpSync(exam, wrong, { recursive: true })
  const yaml = readFileSync(join(wrong, 'lab.yaml'), 'utf8')
  writeFileSync(join(wrong, 'lab.yaml'), yaml.replace('172.20.0.0/16', '172.21.0.0/16'))
  const [lab, right] = [await loadLab(wrong), await loadLab(exam)]
  kept = join(scratch, 'kept')
  const folder = await EvidenceFolder.open(kept)
  const made = { given: undefined, ...(await graded(lab, walled())) }
  await folder.keep('ada', await makeBundle({ lab, ...made }, grader))
  await folder.keep(
    'bob',
    await makeBundle({ lab: right, given: undefined, ...(await graded(right, walled())) }, grader),
  )
  const refused = refusal(right, { en: 'no', zh: '不' }, { student: { id: 'carol' } })
  await folder.keep(
    'carol',
    await makeBundle({ lab: right, given: undefined, result: refused, witness: undefined }, grader),
  )
})
afterAll(() => rmSync(scratch, { recursive: true, force: true }))
beforeEach(() => {
  all = mkdtempSync(join(scratch, 'all-'))
  cpSync(kept, all, { recursive: true })
  process.exitCode = undefined
  return () => {
    process.exitCode = undefined
  }
})

async function run(...args: string[]): Promise<{ out: string; code: unknown }> {
  let out = ''
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += text
    return true
  })
  try {
    await evidenceCommand()
      .exitOverride()
      .parseAsync([...args, '--key', join(scratch, 'key.pem')], { from: 'user' })
    return { out, code: process.exitCode }
  } finally {
    spy.mockRestore()
  }
}

describe('vethlab evidence verify', () => {
  it('says of each of a folder whether it is whole, and how many are', async () => {
    const { out, code } = await run('verify', all)
    expect(out.replace(/\d{4}-[\dT:.-]+Z|SHA256:\S+/g, 'X')).toBe(
      [
        'ada: whole: 8 files of exam, graded X, signed by X',
        'bob: whole: 8 files of exam, graded X, signed by X',
        'carol: whole: 1 file of exam, graded X, signed by X',
        '3 bundles: 3 whole, 0 not as they were signed, 0 that are none',
        '',
      ].join('\n'),
    )
    expect(code).toBe(0)
  })

  it('tells what was tampered with, and what is none, by the exit code of the worst', async () => {
    appendFileSync(join(all, 'ada/result.json'), ' ')
    expect(await run('verify', all)).toMatchObject({
      out: expect.stringMatching(/^ada: result\.json: is not what was signed\nbob: whole/),
      code: 1,
    })
    // Whoever takes the manifest away does not make a bundle disappear; what lies beside them is none of them.
    rmSync(join(all, 'bob/manifest.json'))
    writeFileSync(join(all, 'ada.html'), '')
    mkdirSync(join(all, '.new-1-dan'))
    const { out, code } = await run('verify', all, '--lang', 'zh')
    expect(out.split('\n')).toEqual([
      'ada：result.json：与签名时不一致',
      'bob：里面没有 manifest.json',
      expect.stringMatching(/^carol：完整：exam 的 1 个文件，评分于 .*，签名者 SHA256:/),
      '共 3 份证据：完整 1 份，与签名时不一致 1 份，不是证据 1 份',
      '',
    ])
    expect(code).toBe(2)
  })

  it('of one is as it was, also in Chinese', async () => {
    const { out, code } = await run('verify', join(all, 'ada'), '--lang', 'zh')
    expect([out, code]).toEqual([expect.stringMatching(/^完整：exam 的 8 个文件/), 0])
    await expect(run('verify', scratch)).rejects.toMatchObject({ zh: { what: '里面没有 manifest.json' } })
  })
})

describe('vethlab evidence regrade', () => {
  it('prints who of a folder changed and why, and writes new results beside the old ones', async () => {
    const out = join(scratch, 'again')
    const done = await run('regrade', all, '--lab', exam, '--out', out)
    expect(done.out.split('\n')).toEqual([
      'bundle  then  now  changed',
      'ada     0/5   2/5  network.1',
      'bob     2/5   2/5  -',
      'carol   0/5   0/5  nothing was run, so that the grade stays',
      '',
      'ada:',
      '  0/5 points -> 2/5 points',
      '  the lab has changed since',
      '  network.1 network: failed -> passed',
      '    then, expected: `my_net` has subnet `172.21.0.0/16`',
      '    then, found: its subnet is `172.20.0.0/16`',
      expect.stringMatching(/^ {4}then, why: /),
      '  with what was answered then: web.3',
      '',
      '3 bundles: 1 with other verdicts (1 with more points, 0 with fewer), 1 not judged',
      '',
    ])
    expect(done.code).toBe(0)
    expect(readdirSync(out)).toEqual(['ada.json', 'bob.json'])
    const result = ResultSchema.parse(JSON.parse(readFileSync(join(out, 'ada.json'), 'utf8')))
    expect(result).toMatchObject({ points: 2, attempt: { regradingOf: expect.any(String) } })
    // None is written over.
    await expect(run('regrade', all, '--lab', exam, '--out', out)).rejects.toMatchObject({ what: 'is there already' })
  })

  it('judges none that is not as it was signed, and goes on with the others', async () => {
    appendFileSync(join(all, 'ada/result.json'), ' ')
    const { out, code } = await run('regrade', all, '--lab', exam, '--lang', 'zh')
    expect(out.split('\n')).toEqual([
      '证据   当时  现在  变化',
      'ada    -     -     与签名时不一致，没有重新判定：result.json：与签名时不一致',
      'bob    2/5   2/5   -',
      'carol  0/5   0/5   当时没有运行任何东西，成绩不变',
      '',
      '共 3 份证据：判定有变化 0 份（分数变高 0 份，变低 0 份），没有判定 2 份',
      '',
    ])
    expect(code).toBe(1)
    // Of a lab that is not there nothing can be judged.
    expect(await run('regrade', all)).toMatchObject({
      code: 2,
      out: expect.stringMatching(/^bob +- +- +exam: there is no such lab/m),
    })
  })

  it('of one tells all of it in Chinese, too', async () => {
    const { out } = await run('regrade', join(all, 'ada'), '--lab', exam, '--lang', 'zh')
    expect(out.split('\n')).toEqual(
      expect.arrayContaining([
        '0/5 分 -> 2/5 分',
        '实验在那以后有改动',
        'network.1 network：未通过 -> 通过',
        '用的是当时得到的应答：web.3',
      ]),
    )
    expect(out).not.toMatch(/[:,] /)
    await expect(run('regrade', join(all, 'carol'), '--lab', exam)).rejects.toMatchObject({
      zh: { what: '没有可判定的内容，当时没有运行任何东西' },
    })
  })
})
