import { familyOf } from '../check/checks.js'
import type { Check, Question } from '../check/family.js'
import type { ValueSpec } from '../check/values.js'
import { VethlabError } from '../error/vethlab-error.js'
import type { FeatureName } from '../machine/features.js'
import type { RackPlan, TopologyInput } from '../racks/topology.js'
import type { Language, Text } from '../wording/text.js'
import type { LabFileOnHost } from './files.js'
import type { levels, topics } from './lab-file.js'
import type { Page, RunBlock, Section } from './page.js'
import type { ParameterSpec } from './parameters/parameter.js'
import type { LabSources } from './sources.js'
import type { Position } from './yaml-file.js'

/** A lab as the program uses it: read, checked, every default filled in. */
export interface Lab {
  /** Name of its folder. */
  id: string
  directory: string
  /** Of all files of its folder, as it was read: tells one version of a lab from another. */
  contentHash: string
  title: Text
  summary: Text
  topic: (typeof topics)[number]
  order: number
  level: (typeof levels)[number]
  /** The languages that it is in; in the place of one that it is not in stands the other, in its pages and in every text. */
  languages: Language[]
  /** Ids of labs whose matter it takes for granted. */
  buildsOn: string[]
  minutes: number
  requires: FeatureName[]
  /** Names of images that its hosts must have and that do not come with vethlab. */
  images: string[]
  topology: TopologyInput
  plan: RackPlan
  /** The first docker host, which names without a host belong to; the first host where there is none. */
  home: string
  /** When a learner is told why a check fails. */
  explain: 'at-once' | 'after-hint'
  values: Record<string, ValueSpec>
  /** What values of chance look like, by their names. */
  chance: Record<string, string>
  steps: Step[]
  pages: Record<Language, Page>
  /** Missing where it has no parameters. */
  drawn?: Drawn
  /** What lies in `files/`, put onto the hosts before `setup.sh` runs. */
  files: LabFileOnHost[]
  /** Text of `setup.sh`. */
  setup?: string
  alternatives: Variant[]
  mistakes: Mistake[]
}

/** Where the numbers of a lab come from. Everything else of it has them in it already. */
export interface Drawn {
  seed: string
  parameters: Record<string, ParameterSpec>
  /** By the names of the parameters. */
  values: Record<string, unknown>
  /** Parameters that nothing names. */
  unused: string[]
  /** What the lab was read from, so that it can be read with another seed. */
  sources: LabSources
}

export interface Step {
  id: string
  /** What it counts when it is graded; 0 for an optional one. */
  points: number
  /** The lab is done without it. */
  optional: boolean
  /** It is never looked at by itself: what its checks send would show in what the learner reads. */
  whenAsked: boolean
  /** Ids of the earlier steps whose work this one builds on, in their order. */
  needs: string[]
  /** Why everything but its answers may be right before it is begun; missing where that must not be. */
  reads?: string
  checks: Check[]
  /** Run blocks of `solution/STEP.md`, behind those of the page. */
  solution: RunBlock[]
  /** Where it begins in `lab.yaml`. */
  at: Position
  /** Where each of its checks does. */
  checksAt: Position[]
}

/** The hosts on which Docker is restarted for these checks: those that they name, else the first one. */
export function restartsOf({ plan, home }: Pick<Lab, 'plan' | 'home'>, checks: readonly Check[]): string[] {
  const docker = plan.hosts.filter(({ kind }) => kind === 'docker').map(({ name }) => name)
  const wanted = checks
    .filter(({ survives }) => survives !== undefined)
    .flatMap((check) => {
      const named = familyOf(check).hosts(check.spec)
      return docker.some((host) => named.includes(host)) ? named : [home]
    })
  return docker.filter((host) => wanted.includes(host))
}

/** Another way through a step, in place of the page's. */
export interface Variant {
  name: string
  file: string
  step: string
  answers: Record<string, string>
  blocks: RunBlock[]
}

/** A wrong way through a step, and what must be said of it. */
export interface Mistake extends Variant {
  /** What must fail, and why; the first is what it is about. */
  fails: [ExpectedFail, ...ExpectedFail[]]
}

export interface ExpectedFail {
  /** Index of the check within the step. */
  check: number
  reason: string
  /** Of the file that says so, from 1. */
  line: number
}

/** Something wrong with a lab's files. */
export interface Problem {
  /** As the caller named the folder, with the file's name. */
  file: string
  /** From 1. */
  line: number
  /** From 1, where it is known. */
  column?: number
  what: string
  cure: string
}

/** Takes one of them; a number is a line. */
export type Say = (file: string, at: number | Position, what: string, cure: string) => void

/** Where it is, as editors and terminals make a link of it: `file:line:column`. */
export function placeOf({ file, line, column }: Problem): string {
  return column === undefined ? `${file}:${line}` : `${file}:${line}:${column}`
}

/** What a page says of a step. */
export function sectionOf(page: Page, step: string): Section | undefined {
  return page.sections.find((section) => section.id === step)
}

/** A step's heading in each language. */
export function stepTitle({ pages }: Lab, { id }: Step): Text {
  const title = (page: Page) => sectionOf(page, id)?.heading ?? id
  return { en: title(pages.en), zh: title(pages.zh) }
}

/** @throws VethlabError host.not-found unless the lab has a host of that name */
export function requireHost({ plan }: Lab, name: string): void {
  if (plan.hosts.some((host) => host.name === name)) return
  throw new VethlabError('host.not-found', 'the lab has no such host', {
    place: 'host',
    cure: 'Name one of its hosts.',
  })
}

/** @throws VethlabError argument.invalid where it draws nothing */
export function requireDrawn({ id, drawn }: Lab): Drawn {
  if (drawn) return drawn
  throw new VethlabError('argument.invalid', 'has no parameters, so everybody has the same numbers', {
    place: id,
    cure: 'Name a lab that draws some.',
    zh: { what: '没有参数，所有人的数值都一样', cure: '请指定一个有参数的实验。' },
  })
}

/** Run blocks of a step on a page. */
export function blocksOf(page: Page, step: string): RunBlock[] {
  return sectionOf(page, step)?.blocks ?? []
}

/** Whether two run blocks do the same. */
export function sameCommand(a: RunBlock, b: RunBlock): boolean {
  return a.text === b.text && a.host === b.host && a.fails === b.fails && a.answer === b.answer
}

/** All that does a step: the page's run blocks, which are the same in all languages, and the solution's. */
export function commandsOf(lab: Lab, step: Step): RunBlock[] {
  return [...blocksOf(lab.pages.en, step.id), ...step.solution]
}

/** What the answer to a check goes by, where it is one that asks. */
export function answerId(check: Check): string | undefined {
  return questionOf(check)?.id
}

/** What a check goes by in reports: its own id, or else its place, behind the id of its step. */
export function checkId({ id, checks }: Step, index: number): string {
  return `${id}.${checks[index]?.id ?? index + 1}`
}

/** What a check asks the learner, where it is one that asks. */
export function questionOf(check: Check): Question | undefined {
  return familyOf(check).question?.(check.spec)
}

/** Tells what a page of it says from what another one says: other files, or other numbers. */
export function contentOf({ contentHash, drawn }: Lab): string {
  return drawn ? `${contentHash} ${drawn.seed}` : contentHash
}

/** Whether a check of it runs files of its `checks/`. */
export function runsFiles({ steps }: Lab): boolean {
  return steps.some(({ checks }) => checks.some((check) => familyOf(check).files))
}
