import { posix } from 'node:path'
import { z } from 'zod'
import { VethlabError } from '../../error/vethlab-error.js'
import { counted, type Draft, type DraftBlock, type DraftStep, type Note } from './draft.js'
import type { ForeignFolder } from './foreign-folder.js'
import type { Format, FormatContext } from './format.js'
import { needsOf } from './needs.js'
import { plainHtml } from './plain-html.js'
import { readYaml } from './read-yaml.js'
import { Names, requireRoom } from './segments.js'

/** Tracks of Instruqt in their classic form: `track.yml`, a folder a challenge with its text and scripts, named by host. */
export const instruqt: Format = {
  name: 'Instruqt track',
  recognises: (folder) => folder.has('track.yml'),
  read: (folder, context) => new TrackReader(folder, context).read(),
}

const Tab = z.looseObject({ type: z.string().optional(), hostname: z.string().optional() })
const Challenge = z.looseObject({
  slug: z.string().optional(),
  title: z.string().optional(),
  teaser: z.string().optional(),
  type: z.string().optional(),
  difficulty: z.string().optional(),
  assignment: z.string().optional(),
  tabs: z.array(Tab).nullish(),
})
type Challenge = z.infer<typeof Challenge>
const Track = z.looseObject({
  title: z.string().optional(),
  slug: z.string().optional(),
  teaser: z.string().nullish(),
  description: z.string().nullish(),
  level: z.string().nullish(),
  timelimit: z.number().nullish(),
  challenges: z.array(Challenge).nullish(),
})
const Machine = z.looseObject({ name: z.string(), image: z.string().optional() })
const Config = z.looseObject({
  containers: z.array(Machine).nullish(),
  virtualmachines: z.array(Machine).nullish(),
  virtualbrowsers: z.array(z.looseObject({})).nullish(),
  secrets: z.array(z.looseObject({ name: z.string().optional() })).nullish(),
})

const addresses = Array.from({ length: 8 }, (_, n) => `.${n + 11}`)

/** What the scripts' own helpers are here. */
const helpers = [
  'fail-message() { echo "FAIL: $*"; exit 1; }',
  'agent() { :; }',
  'set-workdir() { cd "$1" 2>/dev/null || true; }',
].join('\n')

class TrackReader {
  readonly #notes: Note[] = []
  readonly #hosts = new Names()

  constructor(
    private readonly folder: ForeignFolder,
    private readonly context: FormatContext,
  ) {}

  async read(): Promise<Draft> {
    const track = await this.#yaml('track.yml', Track)
    const config = this.folder.has('config.yml') ? await this.#yaml('config.yml', Config) : {}
    const machines = [...(config.virtualmachines ?? []), ...(config.containers ?? [])].map(({ name }) => name)
    if (machines.length === 0) {
      machines.push('host01')
      this.#note('differs', 'config.yml', 0, 'names no machine: one docker host is there')
    }
    const hosts = machines.map((name) => this.#hosts.of(name))
    requireRoom(hosts.length, 'machines', posix.join(this.folder.directory, 'config.yml'))
    for (const machine of [...(config.virtualmachines ?? []), ...(config.containers ?? [])])
      if (machine.image !== undefined)
        this.#note('differs', 'config.yml', 0, `${machine.name} is ${machine.image}: it is Debian with Docker here`)
    if ((config.secrets ?? []).length > 0)
      this.#note('lost', 'config.yml', 0, `${counted(config.secrets!.length, 'secret')}, which a rack does not have`)
    if ((config.virtualbrowsers ?? []).length > 0) this.#note('lost', 'config.yml', 0, 'virtual browsers')
    const steps: DraftStep[] = []
    const folders = [...new Set(this.folder.files.map(({ path }) => /^(\d+[^/]*)\/assignment\.md$/.exec(path)?.[1]))]
      .filter((one) => one !== undefined)
      .toSorted()
    for (const folder of folders) steps.push(await this.#challenge(folder, machines, steps.length))
    for (const challenge of folders.length === 0 ? (track.challenges ?? []) : []) {
      steps.push(await this.#inline(challenge, machines, steps.length))
    }
    if (steps.length === 0)
      throw new VethlabError('import.invalid', 'has no challenge', {
        place: posix.join(this.folder.directory, 'track.yml'),
        cure: 'A track has folders such as `01-begin` with an assignment.md.',
      })
    const setup: Record<string, string> = {}
    for (const [at, machine] of machines.entries()) {
      for (const name of [`track_scripts/setup-${machine}`, `setup-${machine}`]) {
        const text = await this.#script(name)
        if (text === undefined) continue
        setup[hosts[at]!] = `${helpers}\n${text}`
        this.#note('maps', name, 0, 'is part of the set-up')
      }
      const cleanup = `track_scripts/cleanup-${machine}`
      if (this.folder.has(cleanup)) this.#note('lost', cleanup, 0, 'runs at the end: hosts are thrown away here')
    }
    const title = track.title?.trim() || posix.basename(this.folder.directory)
    const teaser = plainHtml(track.teaser ?? '')
      .text.replace(/\s+/g, ' ')
      .trim()
    return {
      title,
      summary: teaser || title,
      level: /adv/i.test(track.level ?? '')
        ? 'advanced'
        : /inter/i.test(track.level ?? '')
          ? 'intermediate'
          : 'beginner',
      minutes: Math.min(600, Math.max(5, Math.round((track.timelimit ?? 1800) / 60))),
      rack: {
        hosts: Object.fromEntries(hosts.map((host) => [host, 'docker' as const])),
        lans: {
          lan: { subnet: '192.168.1.0/24', at: Object.fromEntries(hosts.map((host, at) => [host, addresses[at]!])) },
        },
      },
      introduction: markdownOf(track.description ?? teaser),
      steps,
      finish: '',
      setup,
      files: [],
      notes: this.#notes,
    }
  }

  #note(kind: Note['kind'], file: string, line: number, what: string): void {
    this.#notes.push({ kind, file, line, what })
  }

  async #yaml<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    return this.#parsed(path, (await this.folder.text(path)) ?? '', schema)
  }

  #parsed<T>(path: string, text: string, schema: z.ZodType<T>, firstLine = 1): T {
    return readYaml(text, schema, {
      place: (line) => `${posix.join(this.folder.directory, path)}:${line + firstLine - 1}`,
      cure: 'Mend the YAML.',
      otherwise: 'is no track',
    })
  }

  async #script(path: string): Promise<string | undefined> {
    const text = await this.folder.text(path)
    if (text === undefined) return undefined
    this.#notes.push(...needsOf(text, path, 1, this.context.images))
    if (/\bagent\s+variable\b/.test(text)) this.#note('lost', path, 0, '`agent variable` keeps nothing here')
    // There a script goes on where a command fails, unless it says otherwise; a block here stops at the first one.
    const [, stops] = /^#!.*\s(-\w*e\w*)/.exec(text) ?? []
    return `${stops === undefined ? 'set +e +o pipefail\n' : ''}${text.replace(/^#!.*\n/, '').trim()}`
  }

  async #challenge(folder: string, machines: string[], n: number): Promise<DraftStep> {
    const path = `${folder}/assignment.md`
    const text = (await this.folder.text(path))!
    const [, front = '', body = text] = /^---\n([\s\S]*?)\n---\n?([\s\S]*)$/.exec(text) ?? []
    const challenge = this.#parsed(path, front, Challenge, 2)
    return this.#step({ ...challenge, assignment: body }, folder, path, front.split('\n').length + 2, machines, n)
  }

  async #inline(challenge: Challenge, machines: string[], n: number): Promise<DraftStep> {
    return this.#step(challenge, challenge.slug ?? '', 'track.yml', 0, machines, n)
  }

  async #step(
    challenge: Challenge,
    folder: string,
    file: string,
    firstLine: number,
    machines: string[],
    n: number,
  ): Promise<DraftStep> {
    const terminal = challenge.tabs?.find(
      ({ type, hostname }) => type === 'terminal' && hostname !== undefined,
    )?.hostname
    const home = machines.includes(terminal ?? '') ? terminal! : machines[0]!
    const { markdown, notes } = assignment(challenge.assignment ?? '', home === machines[0] ? '' : this.#hosts.of(home))
    for (const note of notes) this.#notes.push({ ...note, file, line: note.line + firstLine })
    if (challenge.type !== undefined && challenge.type !== 'challenge')
      this.#note('lost', file, 0, `a ${challenge.type}: its text is a step to read`)
    const before: string[] = []
    const solution: DraftBlock[] = []
    let verify: DraftStep['verify']
    for (const machine of machines) {
      const host = this.#hosts.of(machine)
      const setup = await this.#script(`${folder}/setup-${machine}`)
      if (setup !== undefined) {
        before.push(`\`\`\`bash run ${host}`, helpers, setup, '```', '')
        this.#note(
          'differs',
          `${folder}/setup-${machine}`,
          0,
          'ran by itself when its challenge began: the first block of the step here',
        )
      }
      const check = await this.#script(`${folder}/check-${machine}`)
      if (check !== undefined) {
        if (verify) this.#note('lost', `${folder}/check-${machine}`, 0, 'a second check of the challenge')
        else verify = { host, text: `${helpers}\n${check}`, passes: 'exit' }
      }
      const solve = await this.#script(`${folder}/solve-${machine}`)
      if (solve !== undefined) solution.push({ host, text: `${helpers}\n${solve}` })
    }
    return {
      id: `step-${n + 1}`,
      heading: challenge.title?.replace(/\s+/g, ' ').trim() || `Step ${n + 1}`,
      markdown: [...before, markdown].join('\n').trim(),
      ...(verify === undefined ? {} : { verify }),
      solution,
      hints: [],
    }
  }
}

/** Fences such as ```bash,run become run blocks; headings go below a step's own; what only their page has becomes words. */
function assignment(text: string, host: string): { markdown: string; notes: Omit<Note, 'file'>[] } {
  const notes: Omit<Note, 'file'>[] = []
  let isCode = false
  const lines = text.split('\n').map((line, at) => {
    const fence = /^(\s*(?:`{3,}|~{3,}))(.*)$/.exec(line)
    if (fence) {
      isCode = !isCode
      const [language = '', ...flags] = fence[2]!.trim().split(',')
      if (!isCode || !flags.includes('run')) return isCode ? `${fence[1]}${language}` : fence[1]!
      return `${fence[1]}${language || 'bash'} run${host === '' ? '' : ` ${host}`}`
    }
    if (isCode) return line
    const plain = line
      .replace(/\[button[^\]]*\]\(tab-\d+\)/g, (whole) => {
        notes.push({ kind: 'lost', line: at + 1, what: 'a button that goes to another tab' })
        return /label="([^"]*)"/.exec(whole)?.[1] ?? ''
      })
      .replace(/\[([^\]]*)\]\(tab-\d+\)/g, '$1')
      .replace(/\[\[\s*Instruqt-Var\s+key="([^"]*)"[^\]]*\]\]/g, (_, key: string) => {
        notes.push({ kind: 'lost', line: at + 1, what: `the value ${key}, which a script was to give` })
        return `\`${key}\``
      })
      .replace(/^>\s*\[!(\w+)\]\s*$/, (_, kind: string) => `> **${kind.charAt(0)}${kind.slice(1).toLowerCase()}**`)
    const { text: said, lost } = plainHtml(plain)
    for (const what of lost) notes.push({ kind: 'lost', line: at + 1, what })
    return said.replace(/^(#{1,2})\s+/, '### ')
  })
  return { markdown: setextAway(lines).join('\n').trim(), notes }
}

/** A line below a text that makes a heading of it. */
function setextAway(lines: string[]): string[] {
  return lines.flatMap((line, at) => {
    const next = lines[at + 1] ?? ''
    const before = lines[at - 1] ?? ''
    if (/^(?:=+|-{3,})\s*$/.test(next) && line.trim() !== '' && !/^\s*[-*>#|`]/.test(line))
      return [`### ${line.trim()}`]
    if (/^(?:=+|-{3,})\s*$/.test(line) && before.trim() !== '' && !/^\s*[-*>#|`]/.test(before)) return []
    return [line]
  })
}

function markdownOf(text: string): string {
  return assignment(text, '').markdown
}
