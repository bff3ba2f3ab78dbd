import { describe, expect, it } from 'vitest'
import { fillIn, parsePage, placeholders } from '../../server/lab/page.js'

const page = `Welcome, see [the other](../user-bridge) and [below](#talk).

## Make it {#create}

Text.

\`\`\`bash run
docker network create my_net
\`\`\`

\`\`\`bash
docker ps
\`\`\`

### A detail

\`\`\`bash run node2 fails
docker run {{token}}
\`\`\`

## Let them talk {#talk}

\`\`\`bash run answer=gateway
echo 172.20.0.1
\`\`\`

\`\`\`mermaid
graph LR
  accDescr: db and web
\`\`\`

\`\`\`mermaid
graph LR
\`\`\`

\`\`\`bash type laptop
curl ADDRESS
\`\`\`

\`\`\`bash type
docker ps
\`\`\`
`

describe('parsePage', () => {
  it('divides a page at its headings and finds the run blocks', () => {
    const { sections, diagrams, typed, links } = parsePage(page, 'en.md')
    expect(sections.map(({ id, heading, line }) => [id, heading, line])).toEqual([
      [undefined, '', 1],
      ['create', 'Make it', 3],
      ['talk', 'Let them talk', 21],
    ])
    expect(sections[1]!.blocks).toEqual([
      { index: 0, fails: false, text: 'docker network create my_net', line: 7 },
      { index: 1, fails: true, host: 'node2', text: 'docker run {{token}}', line: 17 },
    ])
    expect(sections[2]!.blocks).toEqual([
      { index: 2, fails: false, answer: 'gateway', text: 'echo 172.20.0.1', line: 23 },
    ])
    expect(sections[1]!.markdown).toContain('### A detail')
    expect(sections[1]!.markdown).not.toContain('Let them talk')
    expect(diagrams).toEqual([{ line: 27, description: 'db and web' }, { line: 32 }])
    expect(typed).toEqual([{ host: 'laptop', line: 36 }, { line: 40 }])
    expect(links.map(({ target }) => target)).toEqual(['../user-bridge', '#talk'])
  })

  it('says where a word behind "run" means nothing', () => {
    expect(() => parsePage('text\n\n```bash run Node1\n:\n```\n', 'en.md')).toThrow(
      'en.md:3: "Node1" means nothing behind "run". Write a host, `fails` or `answer=ID`.',
    )
  })

  it('never throws for strange Markdown', () => {
    for (const text of ['', '## ', '```', '```bash run', '## {#}\n```', '\0', '[a](javascript:x)', '<script>']) {
      expect(() => parsePage(text, 'x.md')).not.toThrow()
    }
  })
})

describe('fillIn', () => {
  it('fills in every value', () => {
    expect(fillIn('a {{x}} {{y}} {{x}}', (name) => ({ x: '$1', y: '2' })[name])).toEqual({ text: 'a $1 2 $1' })
  })
  it('names the value that is missing', () => {
    expect(fillIn('a {{x}} {{y}}', (name) => ({ x: '1' })[name])).toEqual({ missing: 'y' })
  })
  it('leaves what is no name alone', () => {
    expect(placeholders("docker inspect -f '{{.Name}} {{json .}}'")).toEqual([])
    const ranged = "docker inspect -f '{{range .X}}{{.Y}}{{else}}no{{end}}'"
    expect(placeholders(ranged)).toEqual([])
    expect(fillIn(`${ranged} {{x}}`, (name) => ({ x: '1' })[name])).toEqual({ text: `${ranged} 1` })
  })
})
