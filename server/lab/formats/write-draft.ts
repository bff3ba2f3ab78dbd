import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { VethlabError } from '../../error/vethlab-error.js'
import { oneLine } from '../../wording/one-line.js'
import type { Draft, DraftBlock, DraftStep } from './draft.js'

/** Behind all labs that were made for vethlab. */
const order = 9000

/**
 * Writes a draft as a lab's folder, which must not be there yet, or be empty.
 * @param words `origin`: what it was made of, for the reader of the files; `report`: what became of it; `images` that it needs
 * @throws VethlabError import.unreadable where the folder can't be written
 */
export async function writeDraft(
  folder: string,
  draft: Draft,
  { origin, report, images }: { origin: string; report: string; images: string[] },
): Promise<void> {
  const language = isChinese(draft) ? 'zh' : 'en'
  const files = new Map<string, { content: string | Buffer; mode?: number }>()
  files.set('lab.yaml', { content: labYaml(draft, language, origin, images) })
  files.set(`${language}.md`, { content: page(draft) })
  files.set('IMPORT.md', { content: report })
  const setup = setupOf(draft)
  if (setup !== '') files.set('setup.sh', { content: setup })
  for (const step of draft.steps) {
    if (step.verify) files.set(`checks/${step.id}.sh`, { content: endingLine(step.verify.text), mode: 0o755 })
    if (step.solution.length > 0)
      files.set(`solution/${step.id}.md`, { content: endingLine(step.solution.map(runBlock).join('\n\n')) })
  }
  for (const { host, target, content, mode } of draft.files) files.set(`files/${host}${target}`, { content, mode })
  try {
    await mkdir(folder, { recursive: true })
    if ((await readdir(folder)).length > 0) throw notEmpty(folder)
    for (const [path, { content, mode }] of files) {
      await mkdir(join(folder, path, '..'), { recursive: true })
      await writeFile(join(folder, path), content, mode === undefined ? {} : { mode })
    }
  } catch (error) {
    if (error instanceof VethlabError) throw error
    throw new VethlabError('import.unreadable', `can't be written (${(error as NodeJS.ErrnoException).code})`, {
      place: oneLine(folder, 200),
      cure: 'Name another folder with --to.',
      cause: error,
    })
  }
}

function notEmpty(folder: string): VethlabError {
  return new VethlabError('import.unreadable', 'is there already, and not empty', {
    place: oneLine(folder, 200),
    cure: 'Remove it, or name another folder with --to.',
  })
}

function isChinese({ steps, title, introduction }: Draft): boolean {
  const text = [title, introduction, ...steps.map(({ markdown }) => markdown)].join('\n')
  const han = text.match(/\p{Script=Han}/gu)?.length ?? 0
  return han * 5 > text.replace(/\s/g, '').length
}

function labYaml(draft: Draft, language: 'en' | 'zh', origin: string, images: string[]): string {
  const say = (text: string) => ({ [language]: oneLine(text, 300) })
  const value = {
    title: say(draft.title),
    summary: say(draft.summary),
    languages: [language],
    topic: 'other',
    order,
    level: draft.level,
    minutes: draft.minutes,
    ...(images.length === 0 ? {} : { images }),
    rack: draft.rack,
    steps: draft.steps.map((step) => ({ id: step.id, checks: checksOf(step, say) })),
  }
  return `# Made by \`vethlab import\` of: ${oneLine(origin, 200)}\n${stringify(value, { lineWidth: 0 })}`
}

function checksOf({ id, verify, hints }: DraftStep, say: (text: string) => object): object[] {
  if (!verify) return []
  return [
    {
      command: { on: verify.host, run: `${id}.sh`, ...(verify.passes === 'done' ? { passes: 'done' } : {}) },
      ...(hints.length === 0 ? {} : { hint: hints.slice(0, 10).map(say) }),
    },
  ]
}

/** Pages have one introduction, a section a step, and a finish; a diagram of the rack stands first. */
function page(draft: Draft): string {
  const sections = draft.steps.map(({ id, heading, markdown }) => `## ${oneLine(heading, 200)} {#${id}}\n\n${markdown}`)
  const finish = draft.finish.trim() === '' ? [] : [`## Finish {#finish}\n\n${draft.finish}`]
  return endingLine([draft.introduction, diagram(draft), ...sections, ...finish].join('\n\n'))
}

function diagram({ rack }: Draft): string {
  const lans = Object.entries(rack.lans ?? {})
  const edges = lans.flatMap(([lan, { at = {} }]) =>
    Object.keys(at).map((host) => `  ${node(host)} --- ${node(lan)}(["${lan}"])`),
  )
  const alone = Object.keys(rack.hosts).filter((host) => !lans.some(([, { at = {} }]) => host in at))
  const described = Object.keys(rack.hosts).join(', ')
  return [
    '```mermaid',
    'graph LR',
    '  accTitle: Hosts of this lab',
    `  accDescr: ${described}, on ${lans.map(([lan]) => lan).join(', ') || 'no network'}`,
    ...edges,
    ...alone.map((host) => `  ${node(host)}`),
    '```',
  ].join('\n')
}

/** A word that means nothing to Mermaid, such as `end`. */
const node = (name: string) => `${name.replaceAll('-', '_')}_`

function setupOf({ setup }: Draft): string {
  const parts = Object.entries(setup).filter(([, text]) => text.trim() !== '')
  if (parts.length === 0) return ''
  const cases = parts.map(([host, text]) => `if [ "$HOST" = ${host} ]; then\n${text.trim()}\nfi\n`)
  // Scripts from elsewhere go on where a command fails.
  return `set +e\n${cases.join('\n')}\ntrue\n`
}

function runBlock({ host, text }: DraftBlock): string {
  return `\`\`\`bash run ${host}\n${text.trimEnd()}\n\`\`\``
}

function endingLine(text: string): string {
  return `${text.trimEnd()}\n`
}
