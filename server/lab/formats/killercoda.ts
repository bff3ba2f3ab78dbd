import { posix } from 'node:path'
import { z } from 'zod'
import { safeParse } from '../../error/safe-parse.js'
import { placeInWords, schemaIssues } from '../../error/schema-issue.js'
import { VethlabError } from '../../error/vethlab-error.js'
import { counted, type Draft, type DraftFile, type DraftStep, type Note } from './draft.js'
import type { ForeignFolder } from './foreign-folder.js'
import type { Format, FormatContext } from './format.js'
import { type ConvertedPage, convertPage } from './killercoda-markdown.js'
import { needsOf } from './needs.js'

/**
 * Scenarios of Killercoda, and of Katacoda before it: a folder with an `index.json`, pages in Markdown with actions behind code, scripts that
 * prepare and verify. Formats: https://killercoda.com/creators and Katacoda's own examples.
 */
export const killercoda: Format = {
  name: 'Killercoda or Katacoda scenario',
  recognises: (folder) => folder.has('index.json'),
  read: (folder, context) => new ScenarioReader(folder, context).read(),
}

const Part = z.looseObject({
  title: z.string().optional(),
  text: z.string().optional(),
  verify: z.string().optional(),
  foreground: z.string().optional(),
  background: z.string().optional(),
  // Katacoda's names.
  courseData: z.string().optional(),
  code: z.string().optional(),
  hint: z.string().optional(),
  answer: z.string().optional(),
})
type Part = z.infer<typeof Part>

const Asset = z.looseObject({
  file: z.string(),
  target: z.string().optional(),
  chmod: z.string().optional(),
})

const Index = z.looseObject({
  title: z.string().optional(),
  description: z.string().optional(),
  type: z.string().optional(),
  difficulty: z.string().optional(),
  time: z.union([z.string(), z.number()]).optional(),
  details: z.looseObject({
    steps: z.array(Part).default([]),
    intro: Part.optional(),
    finish: Part.optional(),
    assets: z.record(z.string(), z.array(Asset)).optional(),
  }),
  environment: z.looseObject({ uilayout: z.string().optional() }).optional(),
  backend: z.looseObject({ imageid: z.string().optional() }).optional(),
})
type Index = z.infer<typeof Index>

const lan = { name: 'lan', subnet: '172.30.1.0/24', addresses: ['172.30.1.2', '172.30.1.3', '172.30.1.4'] }

/** A loop of the foreground that waits for what the background touches: here the set-up is done before anybody comes. */
const isWaiting = (text: string) => /\b(?:while|until)\b/.test(text) && /\bsleep\b/.test(text)

class ScenarioReader {
  readonly #notes: Note[] = []
  #hosts: { name: string; address: string }[] = []

  constructor(
    private readonly folder: ForeignFolder,
    private readonly context: FormatContext,
  ) {}

  async read(): Promise<Draft> {
    const index = await this.#index()
    const { details } = index
    this.#hosts = this.#hostsOf(index)
    const intro = await this.#page(details.intro, 'the introduction')
    const finish = await this.#page(details.finish, 'the finish')
    const steps: DraftStep[] = []
    const isDone = await this.#saysDone(index)
    for (const [n, part] of details.steps.entries()) steps.push(await this.#step(part, n, isDone))
    if (details.intro?.verify !== undefined) {
      const step = await this.#step({ ...details.intro, text: undefined, title: 'Ready?' }, -1, isDone)
      if (step.verify) {
        steps.unshift({ ...step, id: 'ready', heading: details.intro.title ?? 'Ready?', markdown: '' })
        this.#note('differs', details.intro.verify, 0, 'the verification of the introduction is a step of its own')
      }
    }
    if (steps.length === 0) {
      const markdown = 'This scenario has no steps.'
      steps.push({ id: 'read', heading: index.title ?? 'Read', markdown, solution: [], hints: [] })
      this.#note('suspicious', 'index.json', 0, 'there are no steps')
    }
    const files = await this.#assets(index)
    const setup = withEngine(await this.#setup(details.intro), files)
    if (setup.includes(engineBack))
      this.#note(
        'differs',
        'index.json',
        0,
        "its scripts change the Engine's daemon.json, and a lab host has none: where the Engine can't read what they make, it is put aside",
      )
    const title = index.title?.trim() || posix.basename(this.folder.directory)
    return {
      title,
      summary: index.description?.trim().replace(/\s+/g, ' ') || title,
      level: levelOf(index.difficulty),
      minutes: this.#minutes(index, steps.length),
      rack: {
        hosts: Object.fromEntries(this.#hosts.map(({ name }) => [name, 'docker' as const])),
        lans: {
          [lan.name]: {
            subnet: lan.subnet,
            at: Object.fromEntries(this.#hosts.map(({ name, address }) => [name, address])),
          },
        },
      },
      introduction: intro.markdown,
      steps,
      finish: finish.markdown,
      setup: Object.fromEntries(setup === '' ? [] : [[this.#hosts[0]!.name, setup]]),
      files,
      notes: this.#notes,
    }
  }

  #note(kind: Note['kind'], file: string, line: number, what: string): void {
    this.#notes.push({ kind, file, line, what })
  }

  async #index(): Promise<Index> {
    const text = (await this.folder.text('index.json')) ?? ''
    const refuse = (line: number | undefined, what: string) =>
      new VethlabError('import.invalid', what, {
        place: posix.join(this.folder.directory, 'index.json') + (line === undefined ? '' : `:${line}`),
        cure: 'Mend it: see https://killercoda.com/creators.',
      })
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch (error) {
      const position = /position (\d+)/.exec((error as Error).message)?.[1]
      const line = position === undefined ? undefined : text.slice(0, Number(position)).split('\n').length
      throw refuse(line, `is no JSON: ${(error as Error).message}`)
    }
    const parsed = safeParse(Index, value)
    if (parsed.success) return parsed.data
    const [issue] = schemaIssues(Index, parsed.error, value)
    throw refuse(undefined, `${placeInWords(issue?.path ?? [], value) || 'it'}: ${issue?.what ?? 'is no scenario'}`)
  }

  #hostsOf({ backend }: Index): { name: string; address: string }[] {
    const image = backend?.imageid ?? ''
    const named = (names: string[]) => names.map((name, n) => ({ name, address: lan.addresses[n]! }))
    if (/kube/i.test(image))
      this.#note('lost', 'index.json', 0, `${image}: its hosts run Docker here, and no Kubernetes`)
    else if (!/^(?:ubuntu|docker|bash|node)/i.test(image) && image !== '')
      this.#note('differs', 'index.json', 0, `${image}: its hosts are Debian with Docker here`)
    if (/2nodes/i.test(image)) return named(['controlplane', 'node01'])
    if (/swarm/i.test(image)) return named(['host01', 'host02'])
    if (/kube/i.test(image)) return named(['controlplane'])
    return named(['host01'])
  }

  /** Katacoda's own verifications print `done`; all others, and its challenges, end with 0. */
  async #saysDone({ type, environment, details }: Index): Promise<boolean> {
    if (type?.startsWith('challenge') === true) return false
    const parts = [details.intro, ...details.steps, details.finish].filter((part) => part !== undefined)
    const texts = await Promise.all(parts.map(({ text }) => (text === undefined ? '' : this.folder.text(text))))
    const pages = texts.join('\n')
    if (/\{\{\s*exec\b/.test(pages)) return false
    const isKatacoda =
      environment?.uilayout !== undefined ||
      parts.some(({ courseData, code }) => courseData !== undefined || code !== undefined) ||
      /\{\{\s*execute\b|\[\[HOST/.test(pages)
    return isKatacoda
  }

  async #page(part: Part | undefined, what: string): Promise<ConvertedPage> {
    const empty: ConvertedPage = { markdown: '', solution: [], hints: [], notes: [] }
    if (part?.text === undefined) return empty
    const text = await this.#text(part.text, what)
    if (text === undefined) return empty
    const page = convertPage(text, { hosts: this.#hosts })
    for (const note of page.notes) this.#notes.push({ ...note, file: part.text })
    this.#notes.push(...needsOf(shellOf(text), part.text, 1, this.context.images))
    return page
  }

  /** A file that `index.json` names. */
  async #text(path: string, what: string): Promise<string | undefined> {
    const text = await this.folder.text(path)
    if (text === undefined) this.#note('suspicious', 'index.json', 0, `${path}, ${what}, is not there`)
    return text
  }

  async #script(path: string | undefined, what: string): Promise<string | undefined> {
    if (path === undefined || path.trim() === '') return undefined
    const text = await this.#text(path, what)
    if (text !== undefined) this.#notes.push(...needsOf(text, path, 1, this.context.images))
    return text
  }

  async #step(part: Part, n: number, saysDone: boolean): Promise<DraftStep> {
    const page = await this.#page(part, `the text of step ${n + 1}`)
    const before: string[] = []
    for (const [key, path] of [
      ['background', part.background ?? part.courseData],
      ['foreground', part.foreground ?? part.code],
    ] as const) {
      if (n < 0) continue
      const script = await this.#script(path, `the ${key} script of step ${n + 1}`)
      if (script === undefined || isWaiting(script)) continue
      before.push('```bash run', script.trim().replaceAll('```', "'''"), '```', '')
      this.#note('differs', path!, 0, 'ran by itself when its step was opened: it is the first block of the step here')
    }
    const verify = await this.#script(part.verify, `the verification of step ${n + 1}`)
    if (verify !== undefined && passesAlways(verify))
      this.#note('suspicious', part.verify!, 0, 'this verification passes whatever was done')
    const host = this.#hosts[0]!.name
    const hints = [...page.hints]
    if (part.hint !== undefined) this.#note('lost', part.hint, 0, 'a script that chooses hints')
    const answer = part.answer === undefined ? undefined : await this.#page({ text: part.answer }, 'an answer')
    return {
      id: `step-${n + 1}`,
      heading: clean(part.title) ?? page.heading ?? `Step ${n + 1}`,
      markdown: [...before, page.markdown].join('\n').trim(),
      ...(verify === undefined
        ? {}
        : { verify: { host, text: verify, passes: saysDone ? ('done' as const) : ('exit' as const) } }),
      solution: [...page.solution, ...(answer?.solution ?? [])],
      hints,
    }
  }

  async #setup(intro: Part | undefined): Promise<string> {
    const texts: string[] = []
    for (const [key, path] of [
      ['background', intro?.background ?? intro?.courseData],
      ['foreground', intro?.foreground ?? intro?.code],
    ] as const) {
      const text = await this.#script(path, `the ${key} script of the introduction`)
      if (text === undefined) continue
      if (key === 'foreground' && isWaiting(text)) {
        this.#note('maps', path!, 0, 'waited for the set-up: it is done before the learner comes')
        continue
      }
      texts.push(text.replace(/^#!.*\n/, '').trim())
      this.#note('maps', path!, 0, `ran in the ${key} while the introduction was read: it is part of the set-up`)
    }
    return texts.join('\n')
  }

  async #assets({ details }: Index): Promise<DraftFile[]> {
    const files: DraftFile[] = []
    for (const [name, assets] of Object.entries(details.assets ?? {})) {
      const host = this.#hosts.find((one) => one.name === name)?.name ?? this.#hosts[0]!.name
      if (!this.#hosts.some((one) => one.name === name))
        this.#note('differs', 'index.json', 0, `files for ${name} go to ${host}`)
      for (const { file, target = '~/', chmod } of assets) {
        const found = this.folder.matching('assets', file)
        if (found.length === 0) this.#note('suspicious', 'index.json', 0, `the asset ${file} is not there`)
        for (const one of found) {
          const content = (await this.folder.bytes(one.path))!
          if (isScript(one.path, content))
            this.#notes.push(...needsOf(content.toString(), one.path, 1, this.context.images))
          const folder = target.replace(/^~(?=\/|$)/, '/root')
          files.push({
            host,
            target: posix.join('/', folder, relativeTo(file, one.rest)),
            content,
            mode: modeOf(chmod, one.isExecutable),
          })
        }
      }
    }
    if (files.length > 0) this.#note('maps', 'index.json', 0, `${counted(files.length, 'asset')} are files of the lab`)
    return files
  }

  #minutes({ time }: Index, steps: number): number {
    const [, count, unit = ''] = /(\d+)\s*(h|m)?/i.exec(String(time ?? '')) ?? []
    const said = count === undefined ? undefined : Number(count) * (unit.toLowerCase() === 'h' ? 60 : 1)
    if (said !== undefined && said >= 1 && said <= 600) return said
    this.#note('differs', 'index.json', 0, 'says no time: five minutes a step are written')
    return Math.min(600, Math.max(5, steps * 5))
  }
}

function isScript(path: string, content: Buffer): boolean {
  return path.endsWith('.sh') || /^#!.*\b(?:ba|da|z)?sh\b/.test(content.subarray(0, 80).toString('latin1'))
}

/** Scripts that edit a file of the Engine's settings which is not here may leave it one that it can't read. */
const engineBack = [
  'if ! docker version >/dev/null 2>&1; then',
  '  mv /etc/docker/daemon.json /etc/docker/daemon.json.aside',
  '  systemctl restart docker',
  'fi',
].join('\n')

function withEngine(setup: string, files: readonly DraftFile[]): string {
  const texts = [
    setup,
    ...files.filter(({ target, content }) => isScript(target, content)).map(({ content }) => content),
  ]
  if (setup === '' || !texts.some((text) => text.includes('daemon.json'))) return setup
  return `${setup}\n${engineBack}`
}

function levelOf(difficulty = ''): Draft['level'] {
  if (/adv|hard|expert|schwer/i.test(difficulty)) return 'advanced'
  if (/inter|medium|mittel/i.test(difficulty)) return 'intermediate'
  return 'beginner'
}

function clean(title: string | undefined): string | undefined {
  const text = title?.replace(/\s+/g, ' ').trim()
  return text === '' ? undefined : text
}

/** A glob's files keep the folders below its first wildcard; a plain file keeps its name alone. */
function relativeTo(pattern: string, path: string): string {
  const fixed = pattern.slice(0, pattern.search(/[*?[{]|$/))
  const folder = fixed.slice(0, fixed.lastIndexOf('/') + 1)
  return pattern === path ? posix.basename(path) : path.slice(folder.length)
}

function modeOf(chmod: string | undefined, isExecutable: boolean): number {
  const base = isExecutable ? 0o755 : 0o644
  if (chmod === undefined) return base
  if (/^0?[0-7]{3}$/.test(chmod)) return Number.parseInt(chmod, 8)
  let mode = base
  if (/[+=][rwx]*x/.test(chmod)) mode |= 0o111
  if (/[+=][rwx]*w/.test(chmod)) mode |= 0o200
  return mode
}

/** Whether nothing in a script can end it with anything but 0. */
function passesAlways(text: string): boolean {
  const lines = text.split('\n').filter((line) => !/^\s*(?:#|$)/.test(line))
  if (lines.length === 0) return true
  const last = lines.at(-1)!.trim()
  const isTrue = /^(?:exit 0|true|echo\b.*|printf\b.*|:)$/.test(last)
  return (
    isTrue &&
    !lines.some((line) => /\bexit\s+[1-9$]|\bset\s+-\w*e|\breturn\s+[1-9]|\|\|\s*exit|\bexit\b(?!\s*0)/.test(line))
  )
}

/** The lines of a page that are code, each where it stood. */
function shellOf(text: string): string {
  let isCode = false
  return text
    .split('\n')
    .map((line) => {
      if (/^\s*(?:`{3}|~{3})/.test(line)) {
        isCode = !isCode
        return ''
      }
      if (isCode) return line.replace(/^\s*\$ /, '')
      return [...line.matchAll(/`([^`]+)`\s?\{\{\s*exec/g)].map(([, code]) => code).join(' ; ')
    })
    .join('\n')
}
