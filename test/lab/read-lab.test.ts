import { readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { loadLab, readLab } from '../../server/lab/read-lab.js'
import { lintedLab } from '../../server/lab/reading.js'
import { fromPackage } from '../../server/package-root.js'
import { guideFiles, writeLab } from './guide.js'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(dirname(folder), { recursive: true, force: true })
})

const images = ['busybox', 'mariadb', 'netshoot', 'nginx', 'redis']

/** Problems of the guide's lab with some files changed, a line each, without the folder. */
async function problemsOf(
  changes: Record<string, string | ((text: string) => string) | undefined>,
  added?: readonly string[],
): Promise<string[]> {
  const files: Record<string, string | undefined> = guideFiles()
  for (const [name, change] of Object.entries(changes)) {
    files[name] = typeof change === 'function' ? change(files[name]!) : change
  }
  const folder = writeLab(JSON.parse(JSON.stringify(files)))
  folders.push(folder)
  const { problems: all } = await lintedLab(folder, {
    images,
    bundled: fromPackage('labs'),
    ...(added ? { added } : {}),
  })
  return all.map(({ file, line, what, cure }) => `${file.slice(folder.length + 1)}:${line}: ${what}. ${cure}`)
}

describe('The lab of the guide', () => {
  it('has nothing wrong', async () => {
    expect(await problemsOf({})).toEqual([])
  })

  it('is read whole', async () => {
    const folder = writeLab()
    folders.push(folder)
    const lab = await loadLab(folder)
    expect(lab.id).toBe('internal')
    expect(lab.home).toBe('node1')
    expect(lab.steps.map(({ id, points, checks }) => [id, points, checks.map((check) => check.family)])).toEqual([
      ['create', 1, ['network']],
      ['connect', 2, ['container', 'reach', 'reach']],
    ])
    expect(lab.steps.map(({ needs }) => needs)).toEqual([[], ['create']])
    expect(lab.steps[1]!.checks[1]!.hints).toHaveLength(2)
    expect(
      lab.mistakes.map(({ name, step, fails: [{ check, reason }] }) => [name, step, check, reason]),
    ).toContainEqual(['not-internal', 'create', 0, 'network.internal'])
    expect(lab.alternatives.map(({ name }) => name)).toEqual(['both-at-once'])
    expect(lab.pages.zh.sections.map(({ id }) => id)).toEqual([undefined, 'create', 'connect', 'finish'])
  })
})

describe('Files of a lab', () => {
  const script = '      - script: {run: judge}\n        hint: {en: Look., zh: 看看。}\n'

  it('are looked at: names that mean nothing, scripts that cannot run', async () => {
    expect(await problemsOf({ 'mistake/one.md': 'x\n', 'setup.sh': 'if true; then\necho\n' })).toEqual([
      expect.stringMatching(/^mistake:1: means nothing in a lab\. Did you mean "mistakes"\?/),
      expect.stringMatching(/^setup\.sh:3: bash says: syntax error: unexpected end of file/),
    ])
    const told = await problemsOf({ 'lab.yaml': (text) => text + script, 'checks/other': '#!/bin/sh\n' })
    expect(told.filter((line) => line.includes('checks/'))).toEqual([
      expect.stringMatching(/^lab\.yaml:\d+: there is no checks\/judge\./),
    ])
    const notExecutable = await problemsOf({ 'lab.yaml': (text) => text + script, 'checks/judge': '#!/bin/sh\n' })
    expect(notExecutable).toContain('checks/judge:1: is not executable. chmod +x checks/judge')
  })
})

describe('An image that does not come with vethlab', () => {
  const uses = { 'en.md': (text: string) => text.replaceAll('nginx', 'shop:1') }
  const inBoth = { ...uses, 'zh.md': uses['en.md'] }
  const needs = { 'lab.yaml': (text: string) => text.replace('\nrack:', '\nimages: [docker.io/library/shop:1]\nrack:') }

  it('is named by a lab that needs it, and nothing is said where it was added', async () => {
    expect(await problemsOf({ ...inBoth, ...needs }, ['shop:1'])).toEqual([])
    // Where nobody may look what was added, nothing is said of it.
    expect(await problemsOf({ ...inBoth, ...needs })).toEqual([])
  })

  it('is told with the command that gets it where it was not added', async () => {
    expect(await problemsOf({ ...inBoth, ...needs }, [])).toEqual([
      'lab.yaml:1: the lab needs the image "docker.io/library/shop:1", which was not added on this machine. Add it: `vethlab images add docker.io/library/shop:1`, or an archive of it.',
    ])
  })

  it('is told to be named where it was only added here', async () => {
    const told = await problemsOf(uses, ['shop:1'])
    expect(told).toContainEqual(
      expect.stringMatching(
        /^en\.md:\d+: the image "shop:1" does not come with vethlab\. Name it under `images` in lab/,
      ),
    )
  })
})

describe('A lab from elsewhere', () => {
  const problemsIn = async (change: (folder: string) => void) => {
    const folder = writeLab()
    folders.push(folder)
    change(folder)
    const { problems } = await readLab(folder)
    return problems.map(({ file, what }) => `${file.slice(folder.length + 1)} ${what}`)
  }

  it('leads to no file outside of its folder', async () => {
    const told = await problemsIn((folder) => {
      writeFileSync(join(dirname(folder), 'secret.md'), 'TOP SECRET\n')
      rmSync(join(folder, 'zh.md'))
      symlinkSync('/etc/passwd', join(folder, 'setup.sh'))
      symlinkSync('../secret.md', join(folder, 'zh.md'))
      rmSync(join(folder, 'mistakes'), { recursive: true })
      symlinkSync('..', join(folder, 'mistakes'))
    })
    const leads = "is a link that leads out of the lab's folder"
    expect(told).toEqual([
      `zh.md ${leads}`,
      `setup.sh ${leads}`,
      expect.stringMatching(/^mistakes\//),
      `mistakes/secret.md ${leads}`,
      expect.stringMatching(/^mistakes\//),
    ])
    expect(
      await problemsIn((folder) => {
        symlinkSync('/etc/passwd', join(folder, 'setup.sh'))
        symlinkSync('en.md', join(folder, 'again.md'))
      }),
    ).toEqual([`setup.sh ${leads}`])
    expect(
      await problemsIn((folder) => {
        writeFileSync(join(dirname(folder), 'secret.md'), 'TOP SECRET\n')
        rmSync(join(folder, 'mistakes'), { recursive: true })
        symlinkSync('..', join(folder, 'mistakes'))
      }),
    ).toContain(`mistakes/secret.md ${leads}`)
  })

  it('may have been written on Windows, and says once what is wrong with a file', async () => {
    const folder = writeLab()
    folders.push(folder)
    for (const name of ['lab.yaml', 'en.md', 'mistakes/not-internal.md']) {
      const path = join(folder, name)
      writeFileSync(path, readFileSync(path, 'utf8').replaceAll('\n', '\r\n'))
    }
    expect((await readLab(folder)).problems).toEqual([])
    expect(
      await problemsIn((other) => writeFileSync(join(other, 'zh.md'), Buffer.from([0x23, 0x20, 0xe9, 0x0a]))),
    ).toEqual(['zh.md is not UTF-8'])
  })
})

describe("A lab's id", () => {
  const read = async (name: string) => {
    const made = writeLab()
    const folder = join(dirname(made), name)
    renameSync(made, folder)
    folders.push(folder)
    return readLab(folder)
  }

  it('is the name of its folder', async () => {
    expect((await read('My_Lab')).lab?.id).toBe('My_Lab')
  })

  it('also where the folder is named by the way to it', async () => {
    expect((await readLab(`${(await read('My_Lab')).lab!.directory}/mistakes/..`)).lab?.id).toBe('My_Lab')
  })

  it('is followed from where one stands: links to the labs beside it are alive', async () => {
    const before = process.cwd()
    process.chdir(fromPackage('labs'))
    try {
      const { problems } = await lintedLab('macvlan', { images, bundled: fromPackage('labs') })
      expect(problems.filter(({ what }) => what.includes('dead'))).toEqual([])
    } finally {
      process.chdir(before)
    }
  })

  it.each(['my.lab', 'a b', '_x', 'x'.repeat(65)])('is not %s', async (name) => {
    const { lab, problems } = await read(name)
    expect(lab).toBeUndefined()
    expect(problems.map(({ what, cure }) => `${what}. ${cure}`)).toEqual([
      `the name of its folder, "${name}", is no id of a lab. Rename it: letters, digits, "-" and "_", at most 64, a letter or digit first.`,
    ])
  })
})

describe('What is wrong is said with its place and cure', () => {
  const replace = (from: string, to: string) => (text: string) => {
    expect(text).toContain(from)
    return text.replace(from, to)
  }

  it.each([
    ['no lab.yaml', { 'lab.yaml': undefined }, /^lab.yaml:1: is missing\./],
    [
      'broken YAML',
      { 'lab.yaml': replace('rack:', 'rack: [') },
      /^lab.yaml:\d+: is indented otherwise than what it belongs to, or a bracket above is not closed\. /,
    ],
    [
      'a misspelt key',
      { 'lab.yaml': replace('summary:', 'sumary:') },
      /^lab.yaml:3: sumary: unknown key "sumary". Did you mean "summary"\?/,
    ],
    ['a missing key', { 'lab.yaml': replace('level: beginner\n', '') }, /^lab.yaml:\d+: level: .*missing/],
    [
      'a wrong word',
      { 'lab.yaml': replace('level: beginner', 'level: simple') },
      /^lab.yaml:8: level: .*beginner, intermediate, advanced/,
    ],
    ['a wrong type', { 'lab.yaml': replace('minutes: 10', 'minutes: ten') }, /^lab.yaml:9: minutes: /],
    ['a missing translation', { 'lab.yaml': replace(', zh: 没有出口的网络', '') }, /^lab.yaml:2: title.zh: .*missing/],
    [
      'a host that is not there',
      { 'lab.yaml': replace('laptop: .50}', 'labtop: .50}') },
      /^lab.yaml:\d+: rack.lans.lan.at.labtop: there is no such host. Did you mean "laptop"\?/,
    ],
    [
      'an unknown key of the rack',
      { 'lab.yaml': replace('lans: {lan', 'lanes: {lan') },
      /^lab.yaml:\d+: rack.lanes: unknown key "lanes". Did you mean "lans"\?/,
    ],
    [
      'an unknown family',
      { 'lab.yaml': replace('- network: {name', '- netwrok: {name') },
      /^lab.yaml:\d+: step 1 \(create\), check 1, netwrok.*network/,
    ],
    [
      'an unknown key of a check',
      { 'lab.yaml': replace('internal: yes', 'intern: yes') },
      /^lab.yaml:16: step 1 \(create\), check 1, network.intern: unknown key "intern". Did you mean "internal"\?/,
    ],
    [
      'a feature that does not exist',
      { 'lab.yaml': replace('minutes: 10', 'minutes: 10\nrequires: [vxlam]') },
      /^lab.yaml:10: requires, entry 1: /,
    ],
    [
      'a check that asks for a form and does not say why',
      { 'lab.yaml': replace('{name: db, networks: [vault], only: yes}', '{name: db, mode: vault}') },
      /^lab.yaml:\d+: check 1 \(container\) of step "connect" asks for a form and does not say why\. Ask for the effect/,
    ],
    [
      'a form within another check that is not said why',
      { 'lab.yaml': replace('container: {name: db, networks: [vault], only: yes}', 'not: {rule: {target: DROP}}') },
      /^lab.yaml:\d+: check 1 \(not\) of step "connect" asks for a form/,
    ],
    [
      'a reason for a form that nothing asks for',
      {
        'lab.yaml': replace(
          '- network: {name: vault, internal: yes}',
          '- network: {name: vault, internal: yes}\n        form: This is no reason.',
        ),
      },
      /^lab.yaml:\d+: check 1 \(network\) of step "create" says why it asks for a form, and asks for none\./,
    ],
    [
      'an answer that is the same in every rack, and not said why',
      {
        'lab.yaml': replace(
          '- network: {name: vault, internal: yes}',
          '- answer: {id: q, ask: {en: Which?, zh: 哪个？}, equals: lo}',
        ),
      },
      /^lab.yaml:\d+: check 1 \(answer\) of step "create" has the same answer in every rack\. Ask for a `value`/,
    ],
    [
      'a value of chance that is not drawn',
      {
        'lab.yaml': replace(
          '- network: {name: vault, internal: yes}',
          '- answer: {id: q, ask: {en: Which?, zh: 哪个？}, value: {chance: payed}}',
        ),
      },
      /^lab.yaml:\d+: check 1 \(answer\) of step "create" names a value of chance "payed" that is not drawn\./,
    ],
    [
      'a step twice',
      { 'lab.yaml': replace('id: connect', 'id: create') },
      /^lab.yaml:\d+: step "create" is there twice/,
    ],
    [
      'a step that needs a later one',
      { 'lab.yaml': replace('id: create', 'id: create\n    needs: [connect]') },
      /^lab.yaml:\d+: step "create" needs "connect", which is no earlier step\. Name earlier ones\./,
    ],
    ['no page', { 'zh.md': undefined }, /^zh.md:1: is missing/],
    [
      'a section of no step',
      { 'en.md': replace('{#connect}', '{#conect}') },
      /^en.md:\d+: there is no step "conect". Did you mean "connect"\?/,
    ],
    [
      'a section without an id',
      { 'en.md': replace(' {#connect}', '') },
      /^en.md:\d+: the section "Only the web server gets in" belongs to no step/,
    ],
    [
      'sections out of order',
      {
        'en.md': (text: string) =>
          text.replace('{#create}', '{#x}').replace('{#connect}', '{#create}').replace('{#x}', '{#connect}'),
      },
      /^en.md:\d+: the section of "connect" is out of order/,
    ],
    [
      'a block in an unknown host',
      { 'en.md': replace('```bash run', '```bash run nod1') },
      /^en.md:\d+: there is no host "nod1". Did you mean "node1"\?/,
    ],
    [
      'an unknown value',
      { 'en.md': replace('--internal vault', '--internal {{name}}') },
      /^en.md:\d+: there is no value "name"/,
    ],
    [
      'a mistake without front matter',
      { 'mistakes/not-internal.md': 'text' },
      /^mistakes\/not-internal.md:1: has no front matter/,
    ],
    [
      'a mistake of no step',
      { 'mistakes/not-internal.md': replace('step: create', 'step: creates') },
      /^mistakes\/not-internal.md:2: there is no step "creates"/,
    ],
    [
      'a mistake of no check',
      { 'mistakes/not-internal.md': replace('check: 1', 'check: 4') },
      /^mistakes\/not-internal.md:3: step "create" has no check "4"\. Its checks are: 1\./,
    ],
    [
      'an unknown key of a mistake',
      { 'mistakes/not-internal.md': replace('reason:', 'because:') },
      /^mistakes\/not-internal.md:4: because: unknown key/,
    ],
    ['a solution of no step', { 'solution/creat.md': 'x' }, /^solution\/creat.md:1: there is no step "creat"/],
  ])('%s', async (_, changes, said) => {
    const problems = await problemsOf(changes as Parameters<typeof problemsOf>[0])
    expect(
      problems.some((problem) => said.test(problem)),
      problems.join('\n'),
    ).toBe(true)
  })

  it.each([
    [
      'blocks that differ between languages',
      { 'zh.md': replace('--internal vault', '--internal valt') },
      /^zh.md:\d+: run block 1 of section "create" is not that of en.md:\d+/,
    ],
    [
      'a check without a hint',
      { 'lab.yaml': (text: string) => text.replace(/ {8}hint:\n {10}en: "`docker network create[^\n]*\n[^\n]*\n/, '') },
      /check 1 \(network\) of step "create" has no hint/,
    ],
    [
      'an image that does not exist',
      { 'en.md': replace('vault redis', 'vault reddis') },
      /^en.md:\d+: there is no image "reddis" in lab hosts. Did you mean "redis"\?/,
    ],
    [
      'a reason that does not exist',
      { 'mistakes/not-internal.md': replace('network.internal', 'network.intern') },
      /^mistakes\/not-internal.md:4: network never fails with "network.intern"/,
    ],
    [
      'a dead link',
      { 'en.md': replace('is hard to rob', '[is](../nowhere) hard to rob') },
      /^en.md:1: the link \.\.\/nowhere is dead/,
    ],
    [
      'a dead anchor',
      { 'en.md': replace('is hard to rob', '[is](#nowhere) hard to rob') },
      /^en.md:1: there is no section #nowhere/,
    ],
    [
      'a link that is not https',
      { 'en.md': replace('is hard to rob', '[is](http://example.org) hard to rob') },
      /^en.md:1: a link to http:/,
    ],
    [
      'a page that is not translated',
      { 'zh.md': () => guideFiles()['en.md']! },
      /^zh.md:\d+: the section .* has no Chinese in it/,
    ],
    [
      'a step that nothing solves',
      {
        'en.md': (text: string) => text.replace('```bash run\ndocker network create --internal vault', '```bash\n'),
        'zh.md': (text: string) => text.replace('```bash run\ndocker network create --internal vault', '```bash\n'),
      },
      /step "create" has no run block to solve it/,
    ],
    ['no diagram', { 'en.md': replace('```mermaid', '```text') }, /^en.md:1: has no diagram/],
    ['a diagram without a description', { 'zh.md': replace('accDescr', '%% ') }, /^zh.md:\d+: the diagram has no desc/],
    [
      'a description in another language',
      { 'zh.md': (text: string) => text.replace(/accDescr: .*/, 'accDescr: A laptop.') },
      /^zh.md:\d+: the description of the diagram has no Chinese in it/,
    ],
    [
      'a block to be typed on a host that is not there',
      { 'en.md': (text: string) => `${text}\n\`\`\`bash type labtop\nls\n\`\`\`\n` },
      /^en.md:\d+: a block is to be typed on a host "labtop" that is not there. Did you mean "laptop"\?/,
    ],
    [
      'a check on a host that is not there',
      { 'lab.yaml': replace('{from: db, to: laptop', '{from: nod1/db, to: laptop') },
      /names a host "nod1" that is not there. Did you mean "node1"\?/,
    ],
  ])('%s', async (_, changes, said) => {
    const problems = await problemsOf(changes as Parameters<typeof problemsOf>[0])
    expect(
      problems.some((problem) => said.test(problem)),
      problems.join('\n'),
    ).toBe(true)
  })

  it('throws the first problem, and says how many more there are', async () => {
    const folder = writeLab({ ...guideFiles(), 'lab.yaml': 'title: 1\n' })
    folders.push(folder)
    await expect(loadLab(folder)).rejects.toThrow(
      /lab.yaml:1:1: title: must be a map, and is "1" \(and \d+ more: `vethlab lint`\)/,
    )
    await expect(loadLab(`${folder}-no`)).rejects.toThrow(/there is no such lab/)
  })
})
