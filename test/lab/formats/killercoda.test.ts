import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readForeign } from '../../../server/lab/formats/formats.js'
import { convertPage } from '../../../server/lab/formats/killercoda-markdown.js'
import { drafted, images, made, said } from './package.js'

const hosts = [
  { name: 'host01', address: '172.30.1.2' },
  { name: 'host02', address: '172.30.1.3' },
]
const convert = (text: string) => convertPage(text, { hosts })
const fence = '```'

describe('actions become run blocks', () => {
  it.each([
    ['a fence', `${fence}\nls\n${fence}{{exec}}`, `${fence}bash run\nls\n${fence}`],
    ['a fence with a language', `${fence}sh\nls\n${fence}{{execute}}`, `${fence}sh run\nls\n${fence}`],
    ['blanks and capitals', `${fence}\nls\n${fence} {{ Exec }}`, `${fence}bash run\nls\n${fence}`],
    ['an action on the next line', `${fence}\nls\n${fence}\n{{exec}}`, `${fence}bash run\nls\n${fence}`],
    ['a fence on one line', `${fence}ls -l${fence}{{execute}}`, `${fence}bash run\nls -l\n${fence}`],
    ['copy', `${fence}\nls\n${fence}{{copy}}`, `${fence}\nls\n${fence}`],
    ['no action', `${fence}yaml\na: 1\n${fence}`, `${fence}yaml\na: 1\n${fence}`],
    ['another host', `${fence}\nls\n${fence}{{execute HOST2}}`, `${fence}bash run host02\nls\n${fence}`],
    ['a line that is nothing but a command', '`ls -l`{{exec}}', `${fence}bash run\nls -l\n${fence}`],
    ['a command within a sentence', 'Now `ls`{{exec}} it.', `Now \`ls\` it.\n\n${fence}bash run\nls\n${fence}`],
    ['two in a sentence', '`a`{{exec}} or `b`{{copy}}', `\`a\` or \`b\`\n\n${fence}bash run\na\n${fence}`],
    ['a list', '1. Do `ls`{{exec}}\n2. Then', `1. Do \`ls\`\n\n   ${fence}bash run\n   ls\n   ${fence}\n\n2. Then`],
    ['a template', "`docker inspect -f '{{.Id}}' web`", "`docker inspect -f '{{.Id}}' web`"],
    ['Ctrl-C first', `${fence}\nls\n${fence}{{exec interrupt}}`, `\`Ctrl-C\`\n\n${fence}bash run\nls\n${fence}`],
    ['backticks within', '````\necho ```\n````{{exec}}', '````bash run\necho ```\n````'],
  ])('%s', (_name, text, wanted) => {
    expect(convert(text).markdown).toBe(wanted)
  })

  it.each(['exeute', 'exex', 'excute', 'execut'])('%s is a typing error', (word) => {
    const { markdown, notes } = convert(`\`ls\`{{${word}}}`)
    expect(markdown).toContain('bash run')
    expect(notes).toEqual([expect.objectContaining({ kind: 'suspicious', line: 1 })])
  })

  it.each(['cope', 'ecopy'])('%s is a typing error', (word) => {
    expect(convert(`\`ls\`{{${word}}}`)).toMatchObject({ markdown: '`ls`', notes: [{ kind: 'suspicious' }] })
  })

  it.each(['{{.Name}}', '{{ github.sha }}', '{{range .X}}'])('%s is none', (braces) => {
    expect(convert(`\`ls\` ${braces}`).markdown).toBe(`\`ls\` ${braces}`)
  })
})

it('turns headings into such as steps have', () => {
  const page = convert('# The step\n\n## Part\n\nAnother\n---\n\ntext\n\n#hashtag')
  expect(page.heading).toBe('The step')
  expect(page.markdown).toBe('### Part\n\n### Another\n\ntext\n\n#hashtag')
})

it('keeps what HTML says, and says what it could not keep', () => {
  const page = convert(
    'One<br>two <b>bold</b> <a href="https://x.example">link</a> ![map](map.png) `<b>` <container-id>\n<iframe src="x"></iframe>',
  )
  expect(page.markdown).toBe('One  \ntwo **bold** [link](https://x.example) map `<b>` <container-id>')
  expect(page.notes.map(({ what }) => what)).toEqual(['an image, "map"', 'a page within the page'])
})

it('takes solutions and hints out of what unfolds', () => {
  const page = convert(
    [
      'Do it.',
      '<details><summary>Solution</summary>\n',
      `${fence}\ndocker network create a\n${fence}{{exec}}`,
      '</details>',
      '<details><summary>Tip 1</summary>Look at <code>create</code>.</details>',
      '<details><summary>More</summary>\nMore text\n</details>',
    ].join('\n'),
  )
  expect(page.solution).toEqual([{ host: 'host01', text: 'docker network create a' }])
  expect(page.hints).toEqual(['Look at `create`.'])
  expect(page.markdown).toContain('**More**')
  expect(page.markdown).not.toContain('network create')
})

it('says where ports and addresses were', () => {
  const page = convert(
    'Open [the site]({{TRAFFIC_HOST1_80}}/x), {{TRAFFIC_HOST2_4444}}, {{TRAFFIC_HOSTX_Y}} and https://[[HOST_SUBDOMAIN]]-8080-[[KATACODA_HOST]].environments.katacoda.com/ at [[HOST2_IP]]',
  )
  expect(page.markdown).toBe(
    'Open the site (`host01:80/x`), host02:4444, `TRAFFIC_HOSTX_Y` and host01:8080/ at 172.30.1.3',
  )
  expect(page.notes.filter(({ kind }) => kind === 'suspicious')).toHaveLength(1)
})

it('writes files as the buttons of Katacoda did', () => {
  const page = convert('<pre class="file" data-filename="a.yml" data-target="append">a: &lt;1&gt;\n</pre>')
  expect(page.markdown).toBe(`${fence}bash run\ncat >> 'a.yml' <<'END'\na: <1>\nEND\n${fence}`)
})

it('says that a block is never closed, and loses nothing of it', () => {
  const page = convert(`text\n${fence}\nls\nmore`)
  expect(page.markdown).toContain('ls\nmore')
  expect(page.notes).toEqual([expect.objectContaining({ kind: 'suspicious', line: 2 })])
})

const index = (details: object, more: object = {}) =>
  JSON.stringify({ title: 'A lab', description: 'Of it.', backend: { imageid: 'ubuntu' }, details, ...more })

it('makes steps, verifications, files and a set-up of a scenario', async () => {
  const draft = await drafted({
    'index.json': index({
      intro: { text: 'intro.md', background: 'bg.sh', foreground: 'fg.sh' },
      steps: [
        { title: 'One', text: 'step1.md', verify: 'verify1.sh' },
        { text: 'step2.md', background: 'step2.sh' },
      ],
      finish: { text: 'finish.md' },
      assets: {
        host01: [
          { file: 'app/**/*.txt', target: '~/app', chmod: '+x' },
          { file: 'gone.sh', target: '/' },
        ],
      },
    }),
    'intro.md': 'Hello\r\n',
    'bg.sh': '#!/bin/bash\napt-get install -y curl\ndocker run -d --name web nginx\ntouch /tmp/ready',
    'fg.sh': 'while [ ! -f /tmp/ready ]; do sleep 1; done',
    'step1.md': 'Run `docker run wordpress`{{exec}}',
    'verify1.sh': 'docker ps | grep web\n',
    'step2.md': '# Second\nText',
    'step2.sh': 'docker network create later\n',
    'finish.md': 'Bye',
    'assets/app/a/b.txt': 'b',
  })
  expect(draft).toMatchObject({
    title: 'A lab',
    summary: 'Of it.',
    introduction: 'Hello',
    finish: 'Bye',
    rack: { hosts: { host01: 'docker' } },
    setup: { host01: expect.stringContaining('docker run -d --name web nginx') },
    files: [{ host: 'host01', target: '/root/app/a/b.txt', mode: 0o755 }],
    steps: [
      { id: 'step-1', heading: 'One', verify: { host: 'host01', passes: 'exit' } },
      { id: 'step-2', heading: 'Second', markdown: expect.stringContaining('docker network create later') },
    ],
  })
  const lines = said(draft)
  expect(lines).toContain('internet bg.sh:2 installs packages: apt-get install -y curl')
  expect(lines).toContainEqual(expect.stringContaining('internet step1.md:1 the image wordpress'))
  expect(lines).toContainEqual(expect.stringContaining('the asset gone.sh is not there'))
})

it('looks into scripts among the files, and gives the Engine back what it can read', async () => {
  const draft = await drafted({
    'index.json': index({
      intro: { background: 'bg.sh' },
      steps: [{ text: 's.md' }],
      assets: { host01: [{ file: 'init.sh', target: '/ks' }] },
    }),
    'bg.sh': 'bash /ks/init.sh\n',
    's.md': '',
    'assets/init.sh':
      '#!/bin/bash\ndocker pull nginx:alpine\necho , >> /etc/docker/daemon.json\nsystemctl restart docker\n',
  })
  expect(draft.setup.host01).toMatch(/init\.sh\n[\s\S]*daemon\.json\.aside[\s\S]*systemctl restart docker/)
  expect(said(draft)).toContain('internet assets/init.sh:2 pulls an image: docker pull nginx:alpine')
})

it.each([
  ['exec in a page: the exit code counts', { page: '`ls`{{exec}}' }, 'exit'],
  ['Katacoda: `done` counts', { page: '`ls`{{execute}}' }, 'done'],
  ['a challenge of Katacoda: the exit code', { page: '`ls`{{execute}}', type: 'challenge@0.8' }, 'exit'],
])('%s', async (_name, { page, type }: { page: string; type?: string }, passes) => {
  const draft = await drafted({
    'index.json': index({ steps: [{ text: 's.md', verify: 'v.sh' }] }, type ? { type } : {}),
    's.md': page,
    'v.sh': 'test -e /x && echo done',
  })
  expect(draft.steps[0]!.verify).toMatchObject({ passes })
})

it.each(['', '# nothing\n', 'echo done\n', 'curl localhost\nexit 0\n'])(
  'a verification that passes always is told: %j',
  async (text) => {
    const draft = await drafted({
      'index.json': index({ steps: [{ text: 's.md', verify: 'v.sh' }] }),
      's.md': '',
      'v.sh': text,
    })
    expect(said(draft)).toContainEqual(expect.stringContaining('suspicious v.sh:0 this verification passes'))
  },
)

it.each(['docker ps | grep web', 'test -e /x || exit 1\nexit 0', 'set -e\ntest -e /x\nexit 0'])(
  'one that can fail is not: %j',
  async (text) => {
    const draft = await drafted({
      'index.json': index({ steps: [{ text: 's.md', verify: 'v.sh' }] }),
      's.md': '',
      'v.sh': text,
    })
    expect(said(draft)).not.toContainEqual(expect.stringContaining('passes whatever'))
  },
)

it.each([
  ['no JSON', { 'index.json': '{\n"title": x}' }, 'import.invalid', /index\.json(?::2)?: is no JSON/],
  ['no details', { 'index.json': '{}' }, 'import.invalid', /details/],
  ['nothing that is known', { 'README.md': '' }, 'import.unknown', /no package of a known form/],
])('%s is refused', async (_name, files, code, message) => {
  const refused = readForeign(made(files as Record<string, string>), { images })
  await expect(refused).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
})

it('follows no link, and says so', async () => {
  const directory = made({ 'index.json': index({ steps: [{ text: 's.md' }] }) })
  symlinkSync('/etc/passwd', join(directory, 's.md'))
  const { draft } = await readForeign(directory, { images })
  expect(JSON.stringify(draft)).not.toContain('root:')
  expect(said(draft)).toContainEqual(expect.stringMatching(/lost s\.md.*link/))
})
