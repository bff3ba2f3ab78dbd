import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { z } from 'zod'
import { parseCheck } from '../check/checks.js'
import type { Check } from '../check/family.js'
import { sumOf } from '../check/points.js'
import { safeParse } from '../error/safe-parse.js'
import { didYouMean, placeInWords, type SchemaIssue, schemaIssues } from '../error/schema-issue.js'
import { VethlabError } from '../error/vethlab-error.js'
import { isLabId } from '../protocol/lab-address.js'
import { type RackPlan, resolveTopology, type TopologyInput, topologyIssues } from '../racks/topology.js'
import { oneLine } from '../wording/one-line.js'
import { languages } from '../wording/text.js'
import { unreadable } from './catalogue.js'
import { filesFolder, filesOnHosts, type LabFileOnHost } from './files.js'
import { guessedFile, guessedPlan, isMap } from './guess.js'
import { answerId, type Drawn, type Lab, type Mistake, type Problem, placeOf, type Step, type Variant } from './lab.js'
import { AlternativeFront, LabFile, MistakeFront } from './lab-file.js'
import { wrongLanguages } from './languages.js'
import { type Page, parsePage, placeholders } from './page.js'
import { draw } from './parameters/draw.js'
import { ownNumbersOf, textIn } from './parameters/drawer.js'
import { Filler, namesLeft } from './parameters/fill.js'
import { Parameters } from './parameters/parameter.js'
import { practiceSeed } from './parameters/seed.js'
import { type Folder, type LabSources, readSources } from './sources.js'
import { type Position, parseYaml, type YamlFile } from './yaml-file.js'

/** So many names of a file that mean nothing are told. */
const mostUnknown = 20

/** Sections that no step belongs to. */
const closingSection = 'finish'

export interface ReadLab {
  /** Where nothing is wrong with it. */
  lab?: Lab
  /** What could be read of it where something is, so that the rest can be looked at as well. */
  draft?: Draft
  problems: Problem[]
}

/** A lab with holes: what of it is wrong is not in it, or stands as well as it could be guessed. */
export interface Draft {
  lab: Lab
  /** What could not be read: a check, so that numbers of checks mean others; a page, in whose place is `emptyPage`. */
  lacks: { checks: boolean; pages: boolean }
}

/**
 * Reads a lab's folder, all of it, whatever is wrong with one of its files.
 * @param seed what its parameters are drawn from; that of practice unless said
 */
export async function readLab(directory: string, seed?: string): Promise<ReadLab> {
  return labOf(await readSources(directory), seed)
}

/** A lab as its files say, with the numbers of a seed. Pure. */
export function labOf(sources: LabSources, seed: string = practiceSeed): ReadLab {
  const reader = new LabReader(sources, seed)
  const lab = reader.read()
  const { problems, lacks } = reader
  if (!lab) return { problems }
  return problems.length === 0 ? { lab, problems } : { draft: { lab, lacks }, problems }
}

/**
 * The same lab with the numbers of another seed. One that draws nothing is the same for every seed. Pure.
 * @throws VethlabError lab.invalid where it can't be used with these
 */
export function withSeed(lab: Lab, seed: string): Lab {
  if (!lab.drawn || lab.drawn.seed === seed) return lab
  return requireRight(labOf(lab.drawn.sources, seed))
}

/**
 * Reads a lab that must be right.
 * @param seed what its parameters are drawn from; that of practice unless said
 * @throws VethlabError lab.not-found, lab.invalid with file and line
 */
export async function loadLab(directory: string, seed?: string): Promise<Lab> {
  const found = await stat(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EACCES' || error.code === 'EPERM') throw unreadable(directory, error.code)
  })
  if (!found?.isDirectory()) {
    throw new VethlabError('lab.not-found', 'there is no such lab', {
      place: oneLine(directory, 200),
      cure: 'Name a folder with a lab.yaml in it; `vethlab lint` lists those there are.',
      zh: { what: '没有这个实验', cure: '请指定一个有 lab.yaml 的文件夹；`vethlab lint` 会列出现有的实验。' },
    })
  }
  return requireRight(await readLab(directory, seed))
}

function requireRight({ lab, problems }: ReadLab): Lab {
  const [first] = problems
  if (first) {
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more: \`vethlab lint\`)` : ''
    throw new VethlabError('lab.invalid', `${first.what}${more}`, {
      place: placeOf(first),
      cure: first.cure,
    })
  }
  return lab!
}

class LabReader {
  readonly problems: Problem[] = []
  readonly lacks: Draft['lacks'] = { checks: false, pages: false }
  /** Puts parameters into all that is read; undefined where the lab has none. */
  private filler: Filler | undefined
  /** What was drawn; undefined where the lab has no parameters. */
  private drawn: Omit<Drawn, 'unused'> | undefined
  /** What stands in `{{...}}` and is no parameter: live values. */
  private live: readonly string[] = []

  constructor(
    private readonly sources: LabSources,
    private readonly seed: string,
  ) {}

  private get directory(): string {
    return this.sources.directory
  }

  private problem(file: string, at: number | Position, what: string, cure: string): void {
    const position = typeof at === 'number' ? { line: at } : at
    this.problems.push({ file: join(this.directory, file), ...position, what: oneLine(what), cure: oneLine(cure) })
  }

  /** @returns undefined where there is no such file, or none that can be used */
  private text(file: string): string | undefined {
    const source = this.sources.texts[file]
    if (!source) return undefined
    if ('text' in source) return file === 'lab.yaml' ? source.text : this.filled(file, source.text)
    this.problem(file, 1, source.what, source.cure)
    return undefined
  }

  /** The text with the values of parameters in it. What else stands in `{{...}}` is a mistake, but in files that others read. */
  private filled(file: string, text: string, isForeign = false): string {
    if (!this.filler) return text
    const lineAt = (offset: number) => text.slice(0, offset).split('\n').length
    const filled = this.filler.text(text, (what, cure, { offset }) => this.problem(file, lineAt(offset), what, cure))
    const unknown = new Map(namesLeft(text).map(({ name, offset }) => [name, offset]))
    for (const name of isForeign ? [] : [...unknown.keys()].filter((one) => !this.isKnown(one)).slice(0, mostUnknown))
      this.unknownName(file, lineAt(unknown.get(name)!), name)
    return filled
  }

  private isKnown(name: string): boolean {
    return this.live.includes(name) || this.filler?.knows(name.split('.')[0]!) === true
  }

  private unknownName(file: string, at: number | Position, name: string): void {
    const known = [...(this.filler?.names ?? []), ...this.live]
    const cure = `${didYouMean(name, known)}Name it under \`parameters\` or \`values\` in lab.yaml.`
    this.problem(file, at, `there is no parameter or value "${name}"`, cure)
  }

  /** Whether something is already known to be wrong with a file as a whole. */
  private isRefused(file: string): boolean {
    return this.problems.some((problem) => problem.file === join(this.directory, file))
  }

  read(): Lab | undefined {
    const text = this.text('lab.yaml')
    if (text === undefined) {
      if (this.problems.length === 0)
        this.problem('lab.yaml', 1, 'is missing', 'A lab begins with it: see docs/write-a-lab.md.')
      return undefined
    }
    const { id } = this.sources
    if (!isLabId(id)) {
      const cure = 'Rename it: letters, digits, "-" and "_", at most 64, a letter or digit first.'
      this.problem('lab.yaml', 1, `the name of its folder, "${id}", is no id of a lab`, cure)
    }
    const yaml = parseYaml(text)
    for (const { what, cure, ...at } of yaml.problems) this.problem('lab.yaml', positionIn(at), what, cure)
    if (yaml.problems.length > 0) {
      this.pagesAlone()
      return undefined
    }
    if (!this.parameters(yaml)) {
      this.pagesAlone()
      return undefined
    }
    const raw = isMap(yaml.value) ? yaml.value : {}
    const read = this.parsed('lab.yaml', LabFile, yaml)
    const found = raw.rack === undefined ? undefined : this.plan(raw.rack, yaml)
    const checks = this.checks(raw.steps, yaml)
    const plan = found ?? guessedPlan(raw.rack)
    const file = read ?? guessedFile(raw)
    if (!file || !plan) {
      this.pagesAlone()
      return undefined
    }
    const { title, summary } = raw
    for (const { at, what, cure } of wrongLanguages({ title, summary, steps: raw.steps }, file.languages, yaml)) {
      this.problem('lab.yaml', at, what, cure)
    }

    const hosts = plan.hosts.map((host) => host.name)
    const checksOf = (n: number) => (checks.get(n) ?? []).map(({ check }) => check)
    const steps: Step[] = file.steps.map(({ id, points, optional, whenAsked, needs, reads }, n) => ({
      id,
      points: this.points(id, points, optional, checksOf(n), yaml.positionOf(['steps', n, 'points'])),
      optional,
      whenAsked,
      // What may be left out is built on only where the author says so.
      needs: file.steps
        .slice(0, n)
        .flatMap((earlier) => ((needs?.includes(earlier.id) ?? !earlier.optional) ? [earlier.id] : [])),
      ...(reads === undefined ? {} : { reads }),
      checks: checksOf(n),
      checksAt: (checks.get(n) ?? []).map(({ at }) => at),
      solution: [],
      at: yaml.positionOf(['steps', n]),
    }))
    this.unique(steps)
    if (steps.every(({ optional }) => optional))
      this.problem(
        'lab.yaml',
        yaml.positionOf(['steps']),
        'all steps are optional',
        'Take `optional` from one of them.',
      )
    for (const [n, { id, needs }] of file.steps.entries()) {
      for (const need of needs ?? []) {
        const at = yaml.positionOf(['steps', n, 'needs'])
        const earlier = steps.slice(0, n).find((one) => one.id === need)
        if (earlier?.optional && !steps[n]!.optional) {
          const cure = `Make "${id}" optional as well, or take \`optional\` from "${need}".`
          this.problem('lab.yaml', at, `step "${id}" needs "${need}", which may be left out`, cure)
        }
        if (earlier) continue
        this.problem('lab.yaml', at, `step "${id}" needs "${need}", which is no earlier step`, 'Name earlier ones.')
      }
    }
    const pages = {} as Record<(typeof languages)[number], Page>
    for (const language of file.languages) {
      const page = this.page(`${language}.md`, hosts, file.values)
      if (page) this.sections(`${language}.md`, page, steps)
      else this.lacks.pages = true
      pages[language] = page ?? emptyPage
    }
    const [first] = file.languages
    for (const language of languages) pages[language] ??= pages[first!]!
    for (const name of this.entries('solution')) {
      const step = steps.find((candidate) => `${candidate.id}.md` === name)
      const page = this.page(`solution/${name}`, hosts, file.values)
      if (step && page) step.solution = page.sections.flatMap((section) => section.blocks)
      else if (page) this.noStep(`solution/${name}`, 1, name.replace(/\.md$/, ''), steps)
    }
    const setup = this.text('setup.sh')
    const files = this.files(file.files, hosts, yaml)
    const home = plan.hosts.find((host) => host.kind === 'docker') ?? plan.hosts[0]!
    const { parameters: _, ...rest } = file
    return {
      ...rest,
      id,
      directory: this.directory,
      contentHash: this.sources.contentHash,
      topology: file.rack as TopologyInput,
      plan,
      home: home.name,
      steps,
      pages,
      files,
      ...(setup === undefined ? {} : { setup }),
      alternatives: this.variants('alternatives', AlternativeFront, steps, hosts, file.values, (front) => front),
      mistakes: this.variants('mistakes', MistakeFront, steps, hosts, file.values, (front, name, lineOf) =>
        this.mistake(front, name, lineOf, steps),
      ),
      // Last, for now all that names parameters was read.
      ...(this.drawn === undefined ? {} : { drawn: { ...this.drawn, unused: this.unused(this.drawn) } }),
    }
  }

  /**
   * Draws the values of parameters, and puts them into the content of `lab.yaml`.
   * @returns whether the rest of the lab can be read
   */
  private parameters(yaml: YamlFile): boolean {
    if (!isMap(yaml.value) || yaml.value.parameters === undefined) return true
    const { parameters: written, ...rest } = yaml.value
    const parsed = safeParse(Parameters, written)
    if (!parsed.success) {
      this.issues('lab.yaml', inParameters(schemaIssues(Parameters, parsed.error, written)), yaml)
      return false
    }
    const { values, problems } = draw(parsed.data, this.seed, ownNumbersOf(this.sources, yaml.value))
    this.issues('lab.yaml', inParameters(problems), yaml)
    if (problems.length > 0) return false
    this.filler = new Filler(values)
    this.live = isMap(rest.values) ? Object.keys(rest.values) : []
    for (const name of this.live.filter((one) => one in parsed.data)) {
      const cure = 'Give one of them another name.'
      this.problem('lab.yaml', yaml.positionOf(['values', name]), `"${name}" is a parameter as well`, cure)
    }
    const filled = this.filler.tree(rest, (what, cure, { path }) =>
      this.problem('lab.yaml', yaml.positionOf(path), what, cure),
    )
    this.namesLeft(filled, yaml)
    yaml.value = { parameters: written, ...(filled as object) }
    this.drawn = { seed: this.seed, parameters: parsed.data, values, sources: this.sources }
    return true
  }

  /** Parameters that nothing names, once all is read. */
  private unused({ parameters }: Omit<Drawn, 'unused'>): string[] {
    const named = JSON.stringify(Object.values(parameters))
    return Object.keys(parameters).filter(
      (name) =>
        !this.filler!.used.has(name) &&
        !['}}', '.'].some((end) => named.includes(`{{${name}${end}`)) &&
        !Object.values(parameters).some((spec) => spec.kind === 'address' && spec.in === name),
    )
  }

  /** Placeholders of `lab.yaml` that nothing fills; `reach` fills its own. */
  private namesLeft(value: unknown, yaml: YamlFile, path: PropertyKey[] = []): void {
    if (typeof value === 'string') {
      if (path.includes('reach') && ['path', 'body'].includes(String(path.at(-1)))) return
      for (const { name } of namesLeft(value)) {
        if (!this.isKnown(name)) this.unknownName('lab.yaml', yaml.positionOf(path), name)
      }
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) this.namesLeft(inner, yaml, [...path, key])
    }
  }

  private parsed<T>(file: string, schema: z.ZodType<T>, yaml: YamlFile, firstLine = 1): T | undefined {
    const result = safeParse(schema, yaml.value ?? {})
    if (result.success) return result.data
    this.issues(file, schemaIssues(schema, result.error, yaml.value ?? {}), yaml, firstLine)
    return undefined
  }

  private issues(file: string, issues: readonly SchemaIssue[], yaml: YamlFile, firstLine = 1): void {
    for (const { path, what, cure } of issues) {
      const place = placeInWords(path, yaml.value)
      const { line, column } = yaml.positionOf(path)
      this.problem(file, { line: line + firstLine - 1, column }, `${place}${place === '' ? '' : ': '}${what}`, cure)
    }
  }

  /** What can be said of pages while nobody knows the steps. */
  private pagesAlone(): void {
    for (const language of languages) this.page(`${language}.md`, undefined, undefined)
  }

  private plan(rack: unknown, yaml: YamlFile): RackPlan | undefined {
    const issues = topologyIssues(rack)
    this.issues(
      'lab.yaml',
      issues.map((issue) => ({ ...issue, path: ['rack', ...issue.path] })),
      yaml,
    )
    return issues.length === 0 ? resolveTopology(rack) : undefined
  }

  /** Of each step, those that can be read, with their places. */
  private checks(steps: unknown, yaml: YamlFile): Map<number, { check: Check; at: Position }[]> {
    const all = new Map<number, { check: Check; at: Position }[]>()
    for (const [n, step] of (Array.isArray(steps) ? steps : []).entries()) {
      const checks: unknown = isMap(step) ? step.checks : undefined
      if (!Array.isArray(checks)) continue
      const read = checks.flatMap((value, at) => {
        const path = ['steps', n, 'checks', at]
        const parsed = parseCheck(value, path)
        if ('check' in parsed) return [{ check: parsed.check, at: yaml.positionOf(path) }]
        this.issues('lab.yaml', parsed.issues, yaml)
        this.lacks.checks = true
        return []
      })
      all.set(n, read)
    }
    return all
  }

  /** What a step counts: by its checks where these have points, else as a whole; nothing where it may be left out. */
  private points(
    id: string,
    own: number | undefined,
    optional: boolean,
    checks: readonly Check[],
    at: Position,
  ): number {
    const counted = checks.flatMap(({ points }) => points ?? [])
    if (optional) {
      if (own !== undefined || counted.length > 0) {
        this.problem('lab.yaml', at, `step "${id}" is optional and has points`, 'Take them away: it counts nothing.')
      }
      return 0
    }
    const sum = sumOf(counted)
    if (own !== undefined && counted.length > 0 && own !== sum) {
      const cure = 'Take `points` from the step, or make them the sum.'
      this.problem('lab.yaml', at, `step "${id}" has ${own} points, and its checks together ${sum}`, cure)
    }
    return counted.length > 0 ? sum : (own ?? (checks.length === 0 ? 0 : 1))
  }

  private files(rights: LabFile['files'], hosts: readonly string[], yaml: YamlFile): LabFileOnHost[] {
    const files = filesOnHosts(this.sources.files, rights, hosts, {
      inFolder: (file, what, cure) => this.problem(file, 1, what, cure),
      ofRights: (name, what, cure) => this.problem('lab.yaml', yaml.positionOf(['files', name]), what, cure),
    })
    return files.map((file) => {
      const text = this.filler && textIn(file.content)
      if (text === undefined) return file
      const filled = Buffer.from(this.filled(`${filesFolder}/${file.host}${file.path}`, text, true))
      return { ...file, bytes: filled.length, content: filled.toString('base64') }
    })
  }

  private unique(steps: Step[]): void {
    for (const [n, { id, at }] of steps.entries()) {
      if (steps.findIndex((other) => other.id === id) < n) {
        this.problem('lab.yaml', at, `step "${id}" is there twice`, 'Give each step an id of its own.')
      }
      if (id === closingSection) {
        this.problem('lab.yaml', at, `no step can be called "${id}"`, 'It is the closing section of the page.')
      }
    }
    const ids = new Set<string>()
    for (const step of steps) {
      for (const [n, check] of step.checks.entries()) {
        if (check.id === undefined) continue
        if (ids.has(check.id)) {
          this.problem(
            'lab.yaml',
            step.checksAt[n]!,
            `check id "${check.id}" is there twice`,
            'Give each check an id of its own.',
          )
        }
        ids.add(check.id)
      }
    }
  }

  private page(
    file: string,
    hosts: string[] | undefined,
    values: object | undefined,
    text?: string,
    firstLine = 1,
  ): Page | undefined {
    const source = text ?? this.text(file)
    if (source === undefined) {
      if (!this.isRefused(file)) this.problem(file, 1, 'is missing', 'Every lab has a page in each language.')
      return undefined
    }
    try {
      const page = parsePage(source, join(this.directory, file), firstLine)
      for (const block of page.sections.flatMap((section) => section.blocks)) {
        if (block.host !== undefined && hosts && !hosts.includes(block.host)) {
          this.problem(
            file,
            block.line,
            `there is no host "${block.host}"`,
            `${didYouMean(block.host, hosts)}Hosts are: ${hosts.join(', ')}.`,
          )
        }
        for (const name of placeholders(block.text)) {
          // With parameters, that was said of the whole page.
          if (!values || name in values || this.filler) continue
          const known = Object.keys(values)
          this.problem(
            file,
            block.line,
            `there is no value "${name}"`,
            `${didYouMean(name, known)}Name it under \`values\` in lab.yaml.`,
          )
        }
      }
      return page
    } catch (error) {
      if (!(error instanceof VethlabError)) throw error
      const [, line = '1'] = /:(\d+)$/.exec(error.place) ?? []
      this.problem(file, Number(line), error.what, error.cure)
      return undefined
    }
  }

  private sections(file: string, page: Page, steps: Step[]): void {
    const found = page.sections.slice(1)
    for (const [n, section] of found.entries()) {
      const { id, line } = section
      if (id === undefined) {
        this.problem(
          file,
          line,
          `the section "${section.heading}" belongs to no step`,
          'End its heading in {#step-id}.',
        )
      } else if (id !== closingSection && !steps.some((step) => step.id === id)) {
        this.noStep(file, line, id, steps)
      } else if (found.findIndex((other) => other.id === id) < n) {
        this.problem(file, line, `the section of "${id}" is there twice`, 'Keep one.')
      }
    }
    for (const step of steps) {
      if (!found.some((section) => section.id === step.id)) {
        this.problem(file, 1, `there is no section for step "${step.id}"`, `Add \`## Heading {#${step.id}}\`.`)
      }
    }
    const order = found.filter((section) => steps.some((step) => step.id === section.id)).map((section) => section.id)
    const right = steps.map((step) => step.id).filter((id) => order.includes(id))
    const wrong = order.findIndex((id, n) => id !== right[n])
    if (wrong >= 0 && order.length === right.length) {
      this.problem(
        file,
        found.find((section) => section.id === order[wrong])!.line,
        `the section of "${order[wrong]}" is out of order`,
        `Steps come in the order of lab.yaml: ${right.join(', ')}.`,
      )
    }
  }

  private noStep(file: string, line: number, id: string, steps: Step[]): void {
    const ids = steps.map((step) => step.id)
    this.problem(file, line, `there is no step "${id}"`, `${didYouMean(id, ids)}Steps are: ${ids.join(', ')}.`)
  }

  private mistake(
    { step: id, check, reason, also }: z.infer<typeof MistakeFront>,
    file: string,
    lineOf: (path: string[]) => number,
    steps: Step[],
  ): Pick<Mistake, 'fails'> {
    const step = steps.find((one) => one.id === id)
    const expected = (name: string | number, because: string, named: string[], said = named) => {
      const at = step ? checkNamed(step, name) : -1
      if (step && !this.lacks.checks && !step.checks[at]) this.noCheck(file, lineOf(named), name, step)
      return { check: at, reason: because, line: lineOf(said) }
    }
    return {
      fails: [
        expected(check, reason, ['check'], ['reason']),
        ...Object.entries(also).map(([name, because]) => expected(name, because, ['also', name])),
      ],
    }
  }

  private noCheck(file: string, line: number, name: string | number, step: Step): void {
    const named = step.checks.map((check, n) => check.id ?? answerId(check) ?? String(n + 1))
    const near = /^\d+$/.test(String(name)) ? '' : didYouMean(String(name), named)
    const cure = `${near}Its checks are: ${named.join(', ')}.`
    this.problem(file, line, `step "${step.id}" has no check "${name}"`, cure)
  }

  private variants<Front extends { step: string; answers: Record<string, string> }, More>(
    folder: Folder,
    schema: z.ZodType<Front>,
    steps: Step[],
    hosts: string[],
    values: object,
    more: (front: Front, file: string, lineOf: (path: string[]) => number) => More,
  ): (Variant & More)[] {
    const all: (Variant & More)[] = []
    for (const name of this.entries(folder)) {
      const file = `${folder}/${name}`
      const text = this.text(file) ?? ''
      const [matter, front = '', body = ''] = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(text) ?? []
      if (matter === undefined) {
        this.problem(file, 1, 'has no front matter', 'Begin it with `---`, `step: ID` and `---`.')
        continue
      }
      const yaml = parseYaml(front)
      for (const { line, what, cure } of yaml.problems) this.problem(file, line + 1, what, cure)
      if (yaml.problems.length > 0) continue
      const parsed = this.parsed(file, schema, yaml, 2)
      const page = this.page(file, hosts, values, body, front.split('\n').length + 3)
      if (!parsed || !page) continue
      if (!steps.some((step) => step.id === parsed.step))
        this.noStep(file, 1 + yaml.lineOf(['step']), parsed.step, steps)
      all.push({
        ...more(parsed, file, (path) => 1 + yaml.lineOf(path)),
        name: name.replace(/\.md$/, ''),
        file: join(this.directory, file),
        step: parsed.step,
        answers: parsed.answers,
        blocks: page.sections.flatMap((section) => section.blocks),
      })
    }
    return all
  }

  private entries(folder: Folder): string[] {
    const names = this.sources.entries[folder]
    for (const name of names) {
      if (!name.endsWith('.md')) this.problem(`${folder}/${name}`, 1, 'is no Markdown file', 'Name it NAME.md.')
    }
    return names.filter((name) => name.endsWith('.md'))
  }
}

/** By its number, from 1, its id, or that of its answer; -1 where there is none. */
function checkNamed({ checks }: Step, name: string | number): number {
  if (/^\d+$/.test(String(name))) return Number(name) - 1
  return checks.findIndex((check) => check.id === name || answerId(check) === name)
}

function inParameters<Issue extends { path: PropertyKey[] }>(issues: readonly Issue[]): Issue[] {
  return issues.map((issue) => ({ ...issue, path: ['parameters', ...issue.path] }))
}

/** In the place of a page that can't be read. */
export const emptyPage: Page = { sections: [], links: [], diagrams: [], typed: [] }

function positionIn({ line, column }: { line: number; column?: number }): number | Position {
  return column === undefined ? line : { line, column }
}
