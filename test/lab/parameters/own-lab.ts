import { labOf } from '../../../server/lab/read-lab.js'
import type { LabSources } from '../../../server/lab/sources.js'

const page = (language: 'en' | 'zh', body: string) => {
  const [intro, heading] = language === 'en' ? ['A shop.', 'Do it'] : ['一家小店。', '动手']
  return `${intro}\n\n\`\`\`mermaid\nflowchart LR\n  accDescr: One host.\n  node1\n\`\`\`\n\n## ${heading} {#do}\n\n${body}\n`
}

/** What can be said of the lab below. */
export interface OwnLab {
  /** YAML, a line each, indented by two. */
  parameters: string
  checks?: string
  body?: string
  setup?: string
  mistake?: string
  more?: string
}

/** The files of a small lab with these parameters, as its author wrote them. */
export function sourcesWith({ parameters, checks, body, setup, mistake, more = '' }: OwnLab): LabSources {
  const yaml = `title: {en: A shop, zh: 小店}
summary: {en: A shop., zh: 小店。}
topic: other
order: 1
level: beginner
minutes: 5
rack:
  hosts: {node1: docker}
  lans: {lan: {subnet: 192.168.1.0/24, at: {node1: .11}}}
${more}parameters:
${parameters}
steps:
  - id: do
    checks:
${checks ?? '      - container: {name: web}\n        hint: {en: Start it., zh: 启动它。}'}
`
  const text = (value: string | undefined) => (value === undefined ? undefined : { text: value })
  const texts = {
    'lab.yaml': text(yaml),
    'en.md': text(page('en', body ?? '')),
    'zh.md': text(page('zh', body ?? '')),
    'setup.sh': text(setup),
    'mistakes/wrong.md': text(mistake),
  }
  return {
    id: 'shop',
    directory: '/nowhere/shop',
    contentHash: '0'.repeat(64),
    texts: Object.fromEntries(Object.entries(texts).flatMap(([file, one]) => (one ? [[file, one]] : []))),
    entries: { solution: [], alternatives: [], mistakes: mistake === undefined ? [] : ['wrong.md'] },
    files: [],
  }
}

/** What was drawn, by seed. */
export function valuesOf(lab: OwnLab, seed?: string): Record<string, unknown> {
  const { lab: read, draft, problems } = labOf(sourcesWith(lab), seed)
  const { drawn } = read ?? draft?.lab ?? {}
  if (!drawn) throw new Error(JSON.stringify(problems))
  return { ...drawn.values }
}

/** What is wrong with it, a line each: `file:line: what. cure`. */
export function problemsOf(lab: OwnLab, seed?: string): string[] {
  return labOf(sourcesWith(lab), seed).problems.map(
    ({ file, line, what, cure }) => `${file.slice('/nowhere/shop/'.length)}:${line}: ${what}. ${cure}`,
  )
}
