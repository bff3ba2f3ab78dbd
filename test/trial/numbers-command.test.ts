import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { gradeCommand } from '../../server/commands/grade.js'
import { numbersCommand } from '../../server/commands/numbers.js'
import { studentIn } from '../../server/course/student.js'
import { seedOf } from '../../server/lab/parameters/seed.js'
import { loadLab, withSeed } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'

const key = 'a-class-key-of-thirty-two-letters'
const lab = await loadLab(fromPackage('labs', 'user-bridge'))
const valuesOf = (student: string) => withSeed(lab, seedOf(key, student, lab.id)).drawn!.values

let folder: string
const put = (name: string, text: string) => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vethlab-numbers-'))
  put('class.key', `${key}\n`)
  put('roster.yaml', '- {id: s1, firstName: Ada, lastName: Lovelace}\n- {login: bob}\n- {id: =1+1}\n')
  return () => rmSync(folder, { recursive: true })
})

async function run(command: typeof gradeCommand, ...args: string[]): Promise<{ out: string; code: unknown }> {
  let out = ''
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += text
    return true
  })
  const before = process.exitCode
  process.exitCode = undefined
  try {
    await command().exitOverride().parseAsync(args, { from: 'user' })
    return { out, code: process.exitCode }
  } finally {
    process.exitCode = before
    spy.mockRestore()
  }
}
const ofClass = () => ['--class-key', join(folder, 'class.key')]
const numbers = (...args: string[]) => run(numbersCommand, 'user-bridge', ...args)
const who = (path: string, ...args: string[]) =>
  run(gradeCommand, 'user-bridge', path, '--who', join(folder, 'roster.yaml'), ...ofClass(), ...args)

describe('vethlab numbers', () => {
  it('prints those of a seed, and of each student', async () => {
    expect((await numbers()).out.split('\r\n')).toEqual([
      'student,name,seed,shop_subnet,shop_gateway,db_address,audit_subnet,audit_gateway',
      ',,practice,10.20.0.0/24,10.20.0.254,10.20.0.10,10.30.0.0/24,10.30.0.1',
      '',
    ])
    const { out } = await numbers('--roster', join(folder, 'roster.yaml'), ...ofClass())
    const rows = out.trim().split('\r\n').slice(1)
    expect(rows[0]).toBe(`s1,Ada Lovelace,${seedOf(key, 's1', lab.id)},${Object.values(valuesOf('s1')).join(',')}`)
    expect(rows[1]).toMatch(/^bob,bob,[0-9a-f]{64},/)
    // A spreadsheet is to calculate nothing.
    expect(rows[2]).toMatch(/^'=1\+1,/)
    expect(JSON.parse((await numbers('--seed', 'x', '--json')).out)).toEqual([
      { seed: 'x', values: { ...withSeed(lab, 'x').drawn!.values } },
    ])
  })

  it('reads the list of a class as a spreadsheet writes it, with the same numbers as a list in YAML', async () => {
    put('class.csv', 'Name;ID;E-mail;Group\nAda Lovelace;s1;ada@example.org;A\nBob;;bob@example.org;A\n')
    const { out } = await numbers('--roster', join(folder, 'class.csv'), ...ofClass(), '--json')
    expect(JSON.parse(out)).toMatchObject([
      { student: 's1', name: 'Ada Lovelace', seed: seedOf(key, 's1', lab.id) },
      { student: 'bob@example.org', seed: seedOf(key, 'bob@example.org', lab.id) },
    ])
  })

  it.each([
    ['name,id\nAda,1\nBob,1\n', /class.csv:3: has the student of line 2 once more: 1/],
    ['id,login\n1,ada\n', /class.csv:1: has no column called name/],
    ['name\nAda\n', /class.csv: has somebody without an id and an email/],
    ['name,id,email\nAda,a@x.org,\nBob,,a@x.org\n', /class.csv: has one’s id as another one’s email/],
  ])('says what is wrong in a list: %j', async (text, said) => {
    put('class.csv', text)
    await expect(numbers('--roster', join(folder, 'class.csv'), ...ofClass())).rejects.toThrow(said)
  })

  it.each([
    [['--roster', 'roster.yaml'], 'goes with --class-key'],
    [['--seed', 'a b'], '"a b" is no seed'],
    [['--seed', 'x', '--roster', 'r', '--class-key', 'k'], 'not with --seed'],
  ])('refuses %j', async (args, said) => {
    await expect(numbers(...args)).rejects.toThrow(said)
  })

  it('refuses a lab without parameters, a key that is short, and a list with somebody twice', async () => {
    await expect(run(numbersCommand, 'overlay')).rejects.toThrow('overlay: has no parameters')
    put('short.key', 'secret')
    const list = ['--roster', join(folder, 'roster.yaml')]
    await expect(numbers(...list, '--class-key', join(folder, 'short.key'))).rejects.toThrow(
      /short.key: holds no class key/,
    )
    put('roster.yaml', '- {id: s1}\n- {id: s1}\n')
    await expect(numbers(...list, ...ofClass())).rejects.toThrow('has somebody twice')
  })
})

describe('vethlab grade --who', () => {
  it('says whose numbers a submission has', async () => {
    const { shop_subnet, audit_subnet } = valuesOf('s1')
    const work = put(
      'node1.sh',
      `docker network create --subnet ${shop_subnet} shop\ndocker network create --subnet ${audit_subnet} audit\n`,
    )
    expect(await who(work)).toEqual({
      out: `s1 (Ada Lovelace): 2 of 3: shop_subnet ${shop_subnet}, audit_subnet ${audit_subnet}\nThe submission has the numbers of s1 (Ada Lovelace).\n`,
      code: 0,
    })
    expect((await who(work, '--lang', 'zh')).out).toContain('这份提交用的是 s1 (Ada Lovelace) 的数值。')
    put('class.csv', 'name,id\nAda Lovelace,s1\nBob,b1\n')
    expect(
      (await run(gradeCommand, 'user-bridge', work, '--who', join(folder, 'class.csv'), ...ofClass())).out,
    ).toContain('The submission has the numbers of s1 (Ada Lovelace).')
    expect(JSON.parse((await who(work, '--json')).out)).toMatchObject({
      lab: 'user-bridge',
      whose: { id: 's1', found: { shop_subnet, audit_subnet }, of: 3 },
      matches: [{ id: 's1' }],
    })
  })

  it('says where it can not be told', async () => {
    expect(await who(put('node1.sh', 'docker network create --subnet 10.20.0.0/24 shop # 10.20.0.10\n'))).toMatchObject(
      {
        out: expect.stringContaining('The submission has the numbers of practice.'),
        code: 0,
      },
    )
    expect(await who(put('node1.sh', 'echo nothing\n'))).toMatchObject({
      out: 'The submission has numbers of nobody on the list, and not those of practice.\n',
      code: 1,
    })
    const [one, two] = [valuesOf('s1'), valuesOf('bob')]
    const both = put('node1.sh', [one.shop_subnet, one.audit_subnet, two.shop_subnet, two.audit_subnet].join('\n'))
    expect(await who(both)).toMatchObject({ out: expect.stringContaining('numbers of several'), code: 1 })
    expect(await who(put('node1.sh', `${one.shop_subnet}\n`))).toMatchObject({
      out: expect.stringContaining('may be there by chance'),
      code: 1,
    })
  })

  it('says it of all that a class has handed in, and who has another one’s', async () => {
    mkdirSync(join(folder, 'work'))
    const { shop_subnet, audit_subnet } = valuesOf('s1')
    const work = `docker network create --subnet ${shop_subnet} shop\ndocker network create --subnet ${audit_subnet} audit\n`
    put('work/s1.sh', work)
    put('work/bob.sh', work)
    put('work/eve.sh', 'echo nothing\n')
    put('work/zoe.sh', 'x'.repeat(200_000))
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    onTestFinished(() => said.mockRestore())
    const { out, code } = await who(join(folder, 'work'), '--all')
    expect(out.trim().split('\r\n')).toEqual([
      'student,numbers_of,name,found,of,own',
      'bob,s1,Ada Lovelace,2,3,no',
      'eve,,,0,,',
      's1,s1,Ada Lovelace,2,3,yes',
      'zoe,,,,,',
    ])
    expect(code).toBe(1)
    expect(said.mock.calls.join('')).toMatch(/zoe\.sh: has 200000 bytes/)
    expect(JSON.parse((await who(join(folder, 'work'), '--all', '--json')).out)[0]).toMatchObject({
      student: { id: 'bob' },
      whose: { id: 's1', found: { shop_subnet, audit_subnet } },
      own: false,
    })
    rmSync(join(folder, 'work/eve.sh'))
    rmSync(join(folder, 'work/zoe.sh'))
    expect((await who(join(folder, 'work'), '--all')).code).toBe(0)
  })

  it.each([
    [['--out', 'grades'], '--out: is for a grading, and --who grades nothing'],
    [['--all', '--resume'], '--resume: is for a grading'],
    [['--format', 'csv'], '--format: is for a grading'],
    [['--evidence', 'kept'], '--evidence: is for a grading'],
    [['--seed', 'x'], '--seed: is for a grading'],
  ])('refuses what would do nothing: %j', async (args, said) => {
    await expect(who(put('node1.sh', 'echo\n'), ...args)).rejects.toThrow(said)
  })

  it('refuses to guess: without a key, of a lab without parameters, with both a seed and a key', async () => {
    const work = put('node1.sh', 'echo\n')
    const list = ['--who', join(folder, 'roster.yaml')]
    await expect(run(gradeCommand, 'user-bridge', work, ...list)).rejects.toThrow('--class-key')
    await expect(run(gradeCommand, 'overlay', work, ...list, ...ofClass())).rejects.toThrow('has no parameters')
    await expect(run(gradeCommand, 'user-bridge', work, ...ofClass())).rejects.toThrow('--student')
    await expect(run(gradeCommand, 'user-bridge', work, ...ofClass(), '--seed', 'x')).rejects.toThrow('--seed')
  })
})

describe('vethlab grade --kit', () => {
  const kit = (system: string, ...args: string[]) =>
    run(gradeCommand, 'user-bridge', '--kit', system, '--out', join(folder, 'kit'), ...args)

  it('puts the key and the list of the class into a kit that grades with the numbers of each student', async () => {
    put('class.csv', 'name,id,email\nAda,s1,ada@example.org\n')
    const { out } = await kit('gradescope', ...ofClass(), '--roster', join(folder, 'class.csv'))
    const files = out
      .trim()
      .split('\n')
      .map((path) => path.slice(folder.length + 5))
    expect(files).toEqual(['setup.sh', 'run_autograder', 'class.key', 'roster.csv'])
    expect(readFileSync(join(folder, 'kit/class.key'), 'utf8')).toBe(`${key}\n`)
    expect(statSync(join(folder, 'kit/class.key')).mode & 0o777).toBe(0o600)
  })

  it.each([
    ['github-classroom', ofClass, 'would be read by students'],
    ['prairielearn', ofClass, 'is not told whose work it is'],
    ['gradescope', () => ['--per-variant'], 'is for PrairieLearn'],
    ['prairielearn', () => ['--per-variant', '--seed', 'x'], 'of one kind alone'],
    ['gradescope', () => ['--roster', 'class.csv'], 'Name the key of the class with --class-key.'],
  ])('refuses what the system can not tell: %s', async (system, args, said) => {
    await expect(kit(system, ...args())).rejects.toThrow(said)
  })

  it.each([
    ['--all', []],
    ['--json', []],
    ['--who', ['roster.yaml']],
    ['--session', ['a']],
    ['--student', ['ada.yaml']],
  ])('refuses %s, which would do nothing', async (option, values) => {
    await expect(kit('gradescope', option, ...values)).rejects.toThrow(`${option}: is for a grading, and a kit is none`)
  })

  it('refuses variants of what is no kit', async () => {
    const work = put('node1.sh', 'echo\n')
    await expect(run(gradeCommand, 'user-bridge', work, '--per-variant')).rejects.toThrow(
      '--per-variant: is for a kit alone. Say --kit prairielearn',
    )
  })

  it('refuses numbers of a lab that has none', async () => {
    await expect(
      run(gradeCommand, 'overlay', '--kit', 'gradescope', '--out', join(folder, 'kit'), '--seed', 'x'),
    ).rejects.toThrow('has no parameters')
  })
})

describe('The student of a list', () => {
  it('is found by any name that both know, and is what the list says', async () => {
    const list = put('class.csv', 'name,id,email,group\nAda Lovelace,s1,Ada@example.org,A\nBob,b1,bob@example.org,A\n')
    expect(await studentIn(list, { email: 'ada@EXAMPLE.org', firstName: 'ada' })).toEqual({
      ...{ firstName: 'Ada Lovelace', id: 's1', sisId: 's1', email: 'Ada@example.org', section: 'A' },
    })
    await expect(studentIn(list, { email: 'eve@example.org' })).rejects.toThrow('has no student "eve@example.org"')
    await expect(studentIn(list, { id: 's1', email: 'bob@example.org' })).rejects.toThrow('has several who may be "s1"')
  })
})
