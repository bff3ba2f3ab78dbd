import { generateKeyPairSync } from 'node:crypto'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { JSDOM } from 'jsdom'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { EvidenceFolder } from '../../server/evidence/evidence-folder.js'
import { givenAt } from '../../server/evidence/given.js'
import { type Graded, makeBundle } from '../../server/evidence/make-bundle.js'
import { evidencePage } from '../../server/evidence/page.js'
import { readBundle, resultOf, stateOf, verdictsOf } from '../../server/evidence/read-bundle.js'
import { regrade } from '../../server/evidence/regrade.js'
import { ownKey, publicOf, readPublic, sha256, signed } from '../../server/evidence/seal.js'
import { momentsOf } from '../../server/evidence/timeline.js'
import type { Lab } from '../../server/lab/lab.js'
import { loadLab } from '../../server/lab/read-lab.js'
import type { NetworkMap } from '../../server/map/map.js'
import { fromPackage } from '../../server/package-root.js'
import { ResultSchema } from '../../server/report/result.js'
import { ScriptedProbe, yes } from '../check/cases.js'
import { examWith, open, walled } from './exam.js'
import { graded } from './graded.js'

const key = generateKeyPairSync('ed25519').privateKey
const grader = { vethlab: '0.1.0', golden: 'g1', kernel: '6.1', key }
let scratch: string
let exam: Lab
let made: Graded
let bundle: string

beforeAll(async () => {
  exam = await loadLab(fromPackage('test/trial/exam'))
  scratch = mkdtempSync(join(tmpdir(), 'vethlab-evidence-'))
  writeFileSync(join(scratch, 'mine.sh'), 'docker ps\n')
  const given = await givenAt(join(scratch, 'mine.sh'))
  made = { lab: exam, given, ...(await graded(exam, walled())) }
})
afterAll(() => rmSync(scratch, { recursive: true, force: true }))
beforeEach(async () => {
  const root = mkdtempSync(join(scratch, 'kept-'))
  bundle = await (await EvidenceFolder.open(root)).keep('s1', await makeBundle(made, grader))
})

const read = (verifier = publicOf(key)) => readBundle(bundle, verifier)

describe('A bundle', () => {
  it('has all that the grade was found by, and is whole', async () => {
    expect(made.result).toMatchObject({ state: 'failed', points: 2 })
    expect(readdirSync(bundle).toSorted()).toEqual([
      ...['checks.json', 'difference.json', 'manifest.json', 'result.json', 'signature.json', 'states'],
      ...['submission.txt', 'transcript.cast'],
    ])
    const all = await read()
    expect(all.faults).toEqual([])
    expect(all.manifest).toMatchObject({ lab: { id: 'exam', hash: exam.contentHash }, golden: 'g1', kernel: '6.1' })
    expect(all.files.get('submission.txt')?.toString()).toBe('docker ps\n')
    expect(resultOf(bundle, all)).toEqual(made.result)
    const web = verdictsOf(bundle, all)!.steps[1]!
    expect(web.checks.map(({ id, finding, repeats }) => [id, finding.outcome, repeats])).toEqual([
      ['web.1', 'pass', true],
      ['web.2', 'pass', true],
      ['web.3', 'fail', true],
    ])
    expect(web.asked).toMatchObject([
      { to: 'network', host: 'laptop', question: { kind: 'http', port: 8080 }, answer: { outcome: 'no' } },
    ])
    expect(stateOf(bundle, all, web.state!).hosts.map(({ name }) => name)).toEqual(['node1', 'laptop'])
  })

  it('is the same each time but for times', async () => {
    const timeless = (files: Map<string, Buffer>) => {
      const { madeAt, ...rest } = JSON.parse(files.get('manifest.json')!.toString())
      expect(Date.parse(madeAt)).toBeGreaterThan(0)
      return rest
    }
    expect(timeless(await makeBundle(made, grader))).toEqual(timeless(await makeBundle(made, grader)))
  })

  it('has a transcript as asciicast v2 has it', async () => {
    const [head, ...events] = (await read()).files
      .get('transcript.cast')!
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(head).toMatchObject({
      version: 2,
      width: expect.any(Number),
      height: expect.any(Number),
      timestamp: 1772395200,
    })
    let last = 0
    for (const [at, kind, data] of events) {
      expect(at).toBeGreaterThanOrEqual(last)
      last = at
      expect([kind, typeof data]).toEqual(['o', 'string'])
      expect(data).not.toMatch(/(?<!\r)\n/)
    }
    const text = events.map(([, , data]) => data).join('')
    expect(text).toContain('root@node1:~# ./node1.sh')
    expect(text).toContain('> # ·[31m')
    expect(text).toContain('CONTAINER ID\r\n')
    expect(text).toContain('[exit code 3]')
  })

  it.each<[string, () => void, RegExp]>([
    [
      'a result',
      () =>
        writeFileSync(
          join(bundle, 'result.json'),
          readFileSync(join(bundle, 'result.json'), 'utf8').replace('"points": 2', '"points": 5'),
        ),
      /^result\.json: is not what was signed$/,
    ],
    ['a picture', () => appendFileSync(join(bundle, 'states/before.json'), ' '), /^states\/before\.json: is not what/],
    ['a submission that is gone', () => rmSync(join(bundle, 'submission.txt')), /^submission\.txt: is missing$/],
    ['something besides', () => writeFileSync(join(bundle, 'more.json'), '{}'), /^more\.json: is not in the manifest$/],
    ['a folder besides', () => mkdirSync(join(bundle, 'more')), /^more: is not in the manifest$/],
    [
      'a link',
      () => {
        const path = join(bundle, 'submission.txt')
        renameSync(path, join(scratch, 'away'))
        symlinkSync(join(scratch, 'away'), path)
      },
      /^submission\.txt: is no file$/,
    ],
    [
      'the manifest',
      () => {
        const path = join(bundle, 'manifest.json')
        writeFileSync(path, readFileSync(path, 'utf8').replace('"6.1"', '"6.2"'))
      },
      /^manifest\.json: was not signed by that key as it is now$/,
    ],
    [
      'a signature of another key',
      () => {
        const other = generateKeyPairSync('ed25519').privateKey
        return makeBundle(made, { ...grader, key: other }).then((files) =>
          writeFileSync(join(bundle, 'signature.json'), files.get('signature.json')!),
        )
      },
      /^manifest\.json: was not signed/,
    ],
  ])('that was tampered with is found out: %s', async (_, tamper, said) => {
    await tamper()
    const { faults } = await read()
    expect(faults).toHaveLength(1)
    expect(faults[0]!.en).toMatch(said)
    expect(faults[0]!.zh).toMatch(/^[a-z/.]+：[^a-z]*\p{Script=Han}$/u)
  })

  it('is not taken for one that another installation has signed, though it has its own key in it', async () => {
    const { faults } = await read(generateKeyPairSync('ed25519').publicKey)
    expect(faults.map(({ en }) => en)).toEqual(['manifest.json: was not signed by that key as it is now'])
  })

  it.each<[string, () => void]>([
    ['there is none', () => rmSync(bundle, { recursive: true })],
    ['it has no manifest', () => rmSync(join(bundle, 'manifest.json'))],
    ['its manifest is none', () => writeFileSync(join(bundle, 'manifest.json'), '{"version":1}')],
    [
      'its manifest leads out',
      () => {
        const path = join(bundle, 'manifest.json')
        writeFileSync(path, readFileSync(path, 'utf8').replace('"result.json"', '"../../etc/shadow"'))
      },
    ],
    [
      'it has files without end',
      () => {
        for (let n = 0; n < 250; n++) writeFileSync(join(bundle, `${n}`), '')
      },
    ],
  ])('is refused in one line where %s', async (_, spoil) => {
    spoil()
    await expect(read()).rejects.toMatchObject({
      code: 'evidence.invalid',
      message: expect.not.stringContaining('\n'),
      zh: { what: expect.stringMatching(/\p{Script=Han}/u) },
    })
  })
})

describe('Judged again', () => {
  const again = async (lab: Lab) => {
    const all = await read()
    return regrade(lab, resultOf(bundle, all), verdictsOf(bundle, all)!, (name) => stateOf(bundle, all, name))
  }

  it('by the same checks, all is as it was', async () => {
    const { result, checks, isSameLab, gone } = await again(exam)
    expect(ResultSchema.safeParse(result).error).toBeUndefined()
    expect(result.steps).toEqual(made.result.steps)
    expect([isSameLab, gone]).toEqual([true, []])
    expect(checks.map(({ id, how }) => [id, how])).toEqual([
      ['network.1', 'looked'],
      ['web.1', 'looked'],
      ['web.2', 'looked'],
      ['web.3', 'answered'],
    ])
    expect(result.attempt.submittedAt).toBe(made.result.attempt.submittedAt)
    // It is known as another grading of that attempt.
    expect(result.attempt.regradingOf).toBe(made.result.attempt.startedAt)
    expect(made.result.attempt.regradingOf).toBeUndefined()
  })

  it('by a mended check, it says what changed: one that looks, and one that uses what was answered then', async () => {
    const wrong = await examWith((yaml) =>
      yaml.replace('172.20.0.0/16', '172.21.0.0/16').replace('body: nginx', 'body: Apache'),
    )
    const before = { lab: wrong, given: undefined, ...(await graded(wrong, open())) }
    expect(before.result).toMatchObject({ state: 'failed', points: 0 })
    bundle = await (await EvidenceFolder.open(scratch)).keep('wrong', await makeBundle(before, grader))
    const { result, checks, isSameLab } = await again(exam)
    expect(isSameLab).toBe(false)
    expect(checks.map(({ id, before: then, now, how }) => [id, then?.state, now.state, how])).toEqual([
      ['network.1', 'failed', 'passed', 'looked'],
      ['web.1', 'passed', 'passed', 'looked'],
      ['web.2', 'passed', 'passed', 'looked'],
      ['web.3', 'failed', 'passed', 'answered'],
    ])
    expect(result).toMatchObject({ state: 'passed', points: 5, assignment: { labHash: exam.contentHash } })
  })

  it('a prediction is judged by what was measured then, and each cell that differs is kept', async () => {
    const step = `  - id: foresee
    needs: []
    checks:
      - prediction: {id: q, ask: {en: Who?, zh: 谁？}, from: [laptop], to: [{to: node1, port: 8080}, {to: web}]}
        within: 1
        hint: {en: Think., zh: 想一想。}
`
    const foreseen = await examWith((yaml) => `${yaml}${step}`, '\n## 更多 More {#foresee}\n\nMore.\n')
    const probe = new ScriptedProbe(open().rack, {
      'laptop tcp 192.168.1.11:8080': yes,
      'node1 tcp 192.168.1.11:8080': yes,
      'web ping 172.20.0.2': yes,
    })
    const before = { lab: foreseen, given: undefined, ...(await graded(foreseen, probe, { q: 'laptop: yes yes' })) }
    bundle = await (await EvidenceFolder.open(scratch)).keep('foreseen', await makeBundle(before, grader))
    const all = await read()
    expect(all.faults).toEqual([])
    const record = verdictsOf(bundle, all)!.steps.find(({ id }) => id === 'foresee')!
    expect(record).toMatchObject({
      answers: { q: 'laptop: yes yes' },
      checks: [
        {
          repeats: true,
          finding: {
            reason: 'prediction.differs',
            cells: [{ row: 0, column: 1, measured: false, why: { en: expect.any(String) } }],
          },
        },
      ],
    })
    const { result, checks } = await again(foreseen)
    expect(result.steps).toEqual(before.result.steps)
    expect(checks.at(-1)).toMatchObject({ id: 'foresee.1', how: 'answered', now: { reason: 'prediction.differs' } })
  })

  it('what was never asked, or never captured, could not be told and costs nothing', async () => {
    const step = `  - id: more
    needs: []
    checks:
      - network: {name: other}
        hint: {en: Create it., zh: 创建它。}
`
    const other = await examWith(
      (yaml) => `${yaml.replace('port: 8080, with: http', 'port: 8081, with: http')}${step}`,
      '\n## 更多 More {#more}\n\nMore.\n',
    )
    const { result, checks } = await again(other)
    const [, , , reach, more] = checks
    expect([reach!.now.state, reach!.now.reason, reach!.how]).toEqual([
      'could-not-tell',
      'evidence.not-asked',
      'answered',
    ])
    expect([more!.now.state, more!.now.reason, more!.how, more!.before]).toEqual([
      ...['could-not-tell', 'evidence.not-captured', 'nothing'],
      undefined,
    ])
    expect(result.open).toBeGreaterThan(0)
  })

  it('what has failed because it did not stay is kept', async () => {
    const probe = open()
    let looks = 0
    const flipping = new ScriptedProbe(probe.rack)
    flipping.ask = (host, question) =>
      ++looks === 1 ? probe.ask(host, question) : ScriptedProbe.prototype.ask.call(flipping, host, question)
    const other = { lab: exam, given: undefined, ...(await graded(exam, flipping)) }
    expect(other.result).toMatchObject({ points: 2 })
    bundle = await (await EvidenceFolder.open(scratch)).keep('flips', await makeBundle(other, grader))
    const { result, checks } = await again(exam)
    // The look at which it had gone is the one that was kept.
    expect(checks.at(-1)).toMatchObject({ how: 'answered', now: { state: 'failed', reason: 'reach.silent' } })
    expect(result.points).toBe(2)
    const record = JSON.parse(readFileSync(join(bundle, 'checks.json'), 'utf8'))
    record.steps[1].checks[2].repeats = false
    const kept = await regrade(exam, other.result, record, (name) =>
      JSON.parse(readFileSync(join(bundle, name), 'utf8')),
    )
    expect(kept.checks.at(-1)).toMatchObject({ how: 'kept', now: { state: 'failed', reason: 'reach.silent' } })
  })
})

it('live work that was right in its own time stays so, with the help that was taken', async () => {
  const help = { hints: 1, shown: false, done: false, told: false }
  const web = made.result.steps[1]!
  const kept = {
    ...web,
    state: 'passed' as const,
    points: web.of,
    help,
    checks: web.checks.map(({ id, check }) => ({ id, check, state: 'passed' as const })),
  }
  const network = { ...made.result.steps[0]!, help }
  const { attempt } = made.result
  const result = { ...made.result, steps: [network, kept], attempt: { ...attempt, of: 'session' as const } }
  bundle = await (await EvidenceFolder.open(scratch)).keep('own-time', await makeBundle({ ...made, result }, grader))
  const all = await read()
  const { result: again, checks } = await regrade(exam, resultOf(bundle, all), verdictsOf(bundle, all)!, (name) =>
    stateOf(bundle, all, name),
  )
  expect(again.steps).toEqual([network, kept])
  expect(checks.map(({ how }) => how)).toEqual(['looked', 'kept', 'kept', 'kept'])
})

describe('The page of a bundle', () => {
  it('is whole without a network, in both languages, and nothing in it is code', async () => {
    const hostile = structuredClone(made)
    Object.setPrototypeOf(hostile.witness, Object.getPrototypeOf(made.witness))
    hostile.lab = exam
    hostile.witness!.scripts[0]!.stdout = '<script>alert(1)</script>\u001b]0;x\u0007\u001b[31mred\u202egnp'
    const strange = '</script><b>net</b>'
    hostile.witness!.before = JSON.parse(JSON.stringify(made.witness!.before).replaceAll('my_net', strange))
    hostile.result.student = { firstName: '<img src=x onerror=alert(1)>' }
    bundle = await (await EvidenceFolder.open(scratch)).keep('hostile', await makeBundle(hostile, grader))
    for (const language of ['en', 'zh'] as const) {
      const page = evidencePage(bundle, await read(), 'SHA256:x', language)
      const { document } = new JSDOM(page).window
      expect(document.querySelectorAll('img, link, iframe')).toHaveLength(0)
      // The pictures and their map; the recording, the player, and what starts it.
      expect(document.querySelectorAll('script')).toHaveLength(5)
      const moments = JSON.parse(document.getElementById('moments')!.textContent!)
      expect(moments.map(({ title }: { title: string }) => title)).toEqual(
        language === 'zh'
          ? ['执行之前', '检查“网络”时', '检查“Web 服务器”时', '评分结束时']
          : [
              'Before anything was run',
              'When “A network” was judged',
              'When “A web server” was judged',
              'When all was judged',
            ],
      )
      const labels = moments.map(({ map }: { map: NetworkMap }) => map.elements.map(({ label }) => label))
      expect(labels[0]).toContain(strange)
      expect(labels[1]).toContain('my_net')
      expect(moments[1].changes.length).toBeGreaterThan(0)
      expect(page).not.toContain(strange)
      const policy = document.querySelector('meta[http-equiv]')!.getAttribute('content')!
      expect(policy).toMatch(
        /^default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-\S+' 'sha256-\S+' 'sha256-\S+' 'wasm-unsafe-eval'$/,
      )
      for (const script of document.querySelectorAll('script')) script.remove()
      expect(/[\u001b\u202e]/.test(document.body.textContent!)).toBe(false)
      expect(document.querySelector('pre.transcript')!.textContent).toContain('<script>alert(1)</script>red')
      expect(document.querySelectorAll('h2').length).toBeGreaterThan(4)
      expect(document.body.textContent).toMatch(language === 'zh' ? /签名时一致/ : /as it was signed by SHA256:x/)
    }
  })

  it.each(['difference.json', 'transcript.cast'])(
    'is refused where whoever signed it has put something else: %s',
    async (name) => {
      const files = await makeBundle(made, grader)
      files.set(name, Buffer.from('{}\n[{"en": 1}]\n'))
      const manifest = JSON.parse(files.get('manifest.json')!.toString())
      const entry = manifest.files.find(({ path }: { path: string }) => path === name)
      Object.assign(entry, { bytes: files.get(name)!.length, sha256: sha256(files.get(name)!) })
      files.set('manifest.json', Buffer.from(JSON.stringify(manifest)))
      files.set('signature.json', Buffer.from(JSON.stringify(signed(files.get('manifest.json')!, key))))
      bundle = await (await EvidenceFolder.open(scratch)).keep('odd', files)
      const all = await read()
      expect(all.faults).toEqual([])
      expect(() => evidencePage(bundle, all, 'SHA256:x', 'en')).toThrow(`${name} is not as vethlab writes it`)
    },
  )

  it.each([
    [
      'en',
      'What “A web server” was judged by',
      'Check 3 (reach): failed',
      'laptop: an HTTP request to http://192.168.1.11:8080/',
      'no answer (timed out)',
    ],
    [
      'zh',
      '“Web 服务器”的判定依据',
      '第 3 项检查（reach）：未通过',
      'laptop：访问 http://192.168.1.11:8080/',
      '没有应答（timed out）',
    ],
  ] as const)(
    'says in words what was judged, asked and answered: %s',
    async (language, heading, check, asked, came) => {
      const { document } = new JSDOM(evidencePage(bundle, await read(), 'SHA256:x', language)).window
      const found = [...document.querySelectorAll('h2')].find(({ textContent }) => textContent === heading)!
      // What was kept is there for who wants it, folded.
      const kept = [...document.querySelectorAll('details.kept')]
      expect(JSON.parse(kept[0]!.querySelector('pre')!.textContent!)).toMatchObject({
        question: { kind: 'http', port: 8080 },
        answer: { outcome: 'no' },
      })
      for (const each of kept) each.remove()
      const checks = found.nextElementSibling!
      expect(checks.textContent).toContain(check)
      const said = checks.nextElementSibling!.textContent!
      expect(said).toContain(asked)
      expect(said).toContain(came)
      for (const script of document.querySelectorAll('script')) script.remove()
      expect(document.body.textContent).not.toMatch(/[{"]kind"|"outcome"|web\.3/)
    },
  )

  it('has no player where nothing was run: work that was done live', async () => {
    const live = { ...made, result: { ...made.result, attempt: { ...made.result.attempt, of: 'session' as const } } }
    const at = '2026-03-01T19:59:00.000Z'
    const change = { en: '`x<b>` is there', zh: '`x<b>` 出现了' }
    const entry = {
      id: 2,
      at,
      command: { host: 'node1', text: 'docker run <i>', running: false },
      changes: [{ text: change, about: [], kind: 'added' }],
    }
    const lines = [{ ...entry, command: undefined }, entry, { at }].map((one) => JSON.stringify(one))
    const moments = momentsOf(lines)
    expect(moments).toEqual([
      { at, changes: [change] },
      { at, host: 'node1', command: 'docker run <i>', changes: [change] },
    ])
    const files = await makeBundle({ ...live, given: undefined, moments }, grader)
    expect([...files.keys()].toSorted()).toEqual([
      ...['checks.json', 'difference.json', 'manifest.json', 'result.json', 'signature.json'],
      ...[...files.keys()].filter((name) => name.startsWith('states/')).toSorted(),
      'timeline.json',
    ])
    bundle = await (await EvidenceFolder.open(scratch)).keep('live', files)
    const page = evidencePage(bundle, await read(), 'SHA256:x', 'en')
    const { document } = new JSDOM(page).window
    expect([document.getElementById('player'), document.getElementById('cast')]).toEqual([null, null])
    expect(JSON.parse(document.getElementById('moments')!.textContent!)[0].title).toBe('When it was handed in')
    expect(document.body.textContent).toContain('What has changed while it was judged')
    expect(document.body.textContent).toMatch(
      /What was done, and what it changed\s+19:59:00 UTC by itself[\s\S]+node1 docker run <i>/,
    )
    expect(document.querySelectorAll('i, b')).toHaveLength(0)
  })

  it('is refused where a picture is none', async () => {
    const files = await makeBundle(made, grader)
    const name = 'states/before.json'
    files.set(name, Buffer.from('{}'))
    const manifest = JSON.parse(files.get('manifest.json')!.toString())
    const entry = manifest.files.find(({ path }: { path: string }) => path === name)
    Object.assign(entry, { bytes: 2, sha256: sha256(files.get(name)!) })
    files.set('manifest.json', Buffer.from(JSON.stringify(manifest)))
    files.set('signature.json', Buffer.from(JSON.stringify(signed(files.get('manifest.json')!, key))))
    bundle = await (await EvidenceFolder.open(scratch)).keep('no-picture', files)
    const all = await read()
    expect(() => evidencePage(bundle, all, 'SHA256:x', 'en')).toThrow('a picture is not as vethlab writes it')
  })

  it('says what is not as it was signed', async () => {
    appendFileSync(join(bundle, 'submission.txt'), 'more')
    expect(evidencePage(bundle, await read(), 'SHA256:x', 'en')).toContain('submission.txt: is not what was signed')
  })
})

it('a key is made once, is root\u2019s alone, and is read again', async () => {
  const path = join(scratch, 'key.pem')
  const [one, other] = await Promise.all([ownKey(path), ownKey(path)])
  expect(one.export({ type: 'pkcs8', format: 'pem' })).toEqual(other.export({ type: 'pkcs8', format: 'pem' }))
  expect(one.asymmetricKeyType).toBe('ed25519')
  expect(readPublic(publicOf(one).export({ type: 'spki', format: 'pem' }) as string).equals(publicOf(other))).toBe(true)
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' })
  expect(() => readPublic(rsa as string)).toThrow('is no Ed25519 key')
})

it('keeps every bundle of a student, whole, and tidies up after who was killed', async () => {
  const root = join(scratch, 'several')
  const files = new Map([['a.json', Buffer.from('1')]])
  mkdirSync(join(root, '.new-999999999-s1'), { recursive: true })
  const folder = await EvidenceFolder.open(root)
  const names = [await folder.keep('s1', files), await folder.keep('s1', files), await folder.keep('s2', files)]
  expect(names.map((name) => name.slice(root.length + 1))).toEqual(['s1', 's1.2', 's2'])
  expect(readdirSync(root).toSorted()).toEqual(['s1', 's1.2', 's2'])
})

it('takes what was handed in as it is: files, folders with links in them, and not what is too large', async () => {
  const folder = join(scratch, 'folder')
  mkdirSync(join(folder, 'web'), { recursive: true })
  writeFileSync(join(folder, 'web/node1.sh'), 'true\n')
  symlinkSync('/etc/shadow', join(folder, 'node1.sh'))
  const [one, other] = [await givenAt(folder), await givenAt(folder)]
  expect(one!.name).toBe('submission.tar')
  expect(one!.bytes.equals(other!.bytes)).toBe(true)
  const link = await givenAt(join(folder, 'node1.sh'))
  expect(link!.name).toBe('submission.tar')
  expect(link!.bytes.length).toBeLessThan(4096)
  writeFileSync(join(folder, 'large'), Buffer.alloc(17 * 1024 ** 2))
  expect(await givenAt(folder)).toBeUndefined()
  expect(await givenAt(join(folder, 'large'))).toBeUndefined()
  expect(await givenAt(join(folder, 'none'))).toBeUndefined()
})
