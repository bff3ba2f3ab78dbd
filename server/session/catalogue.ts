import { createHash } from 'node:crypto'
import { type Lab, questionOf, restartsOf } from '../lab/lab.js'
import type { LabCard, PageQuestion, PageStep } from '../protocol/protocol.js'
import type { RecordedState } from '../store/records.js'
import type { Text } from '../wording/text.js'

/** What this machine lacks, by the feature's name: what does not work, and how to get it. */
export type Lacks = Readonly<Record<string, { what: Text; cure: Text }>>

/** In the order of the catalogue. Pure. */
export function inOrder(labs: readonly Lab[]): Lab[] {
  return labs.toSorted((a, b) => a.order - b.order || a.id.localeCompare(b.id))
}

/** All that a lab needs is done, with help or without. Pure. */
export function isFinished({ steps }: Lab, states: Readonly<Record<string, RecordedState>>): boolean {
  const needed = steps.filter(({ optional }) => !optional)
  return needed.length > 0 && needed.every(({ id }) => states[id] === 'passed' || states[id] === 'helped')
}

/** A lab as the catalogue shows it, with how far its learner has come. @param labs all that there are. Pure. */
export function labCard(
  lab: Lab,
  states: Readonly<Record<string, RecordedState>>,
  lacks: Lacks,
  labs: readonly Lab[] = [],
): LabCard {
  const { id, title, summary, topic, level, order, minutes, plan, steps } = lab
  const needed = steps.filter((step) => !step.optional)
  const all = needed.map((step) => states[step.id])
  const helped = all.filter((state) => state === 'helped').length
  const passed = all.filter((state) => state === 'passed').length + helped
  const count = (kind: 'docker' | 'plain') => plan.hosts.filter((host) => host.kind === kind).length
  return {
    id,
    title,
    summary,
    topic,
    words: wordsOf(lab),
    level,
    order,
    languages: lab.languages,
    buildsOn: lab.buildsOn.flatMap((other) => {
      const found = labs.find((one) => one.id === other)
      return found ? [{ id: found.id, title: found.title }] : []
    }),
    minutes,
    hosts: { docker: count('docker'), plain: count('plain') },
    steps: needed.length,
    optional: steps.length - needed.length,
    states: all.map((state) => state ?? 'open'),
    passed,
    helped,
    finished: isFinished(lab, states),
    lacks: lab.requires.flatMap((feature) => {
      const lack = lacks[feature]
      return lack ? [{ feature, ...lack }] : []
    }),
  }
}

const wordsKnown = new WeakMap<Lab, string>()

/** Names, tools and terms of the English page; of the Chinese one its headings, since its words have no blanks between them. */
function wordsOf(lab: Lab): string {
  const known = wordsKnown.get(lab)
  if (known !== undefined) return known
  const english = lab.pages.en.sections.map(({ heading, markdown }) => `${heading} ${markdown}`).join(' ')
  const found = english.toLowerCase().match(/[a-z][a-z0-9_.-]{2,30}/g) ?? []
  const trimmed = found.map((word) => word.replace(/[._-]+$/, ''))
  const words = [...new Set(trimmed), ...lab.pages.zh.sections.map(({ heading }) => heading)].join(' ')
  wordsKnown.set(lab, words)
  return words
}

/** The steps of a page, with the questions that they ask. @param learner gives the order of what is chosen from. Pure. */
export function pageSteps(lab: Lab, learner: string): PageStep[] {
  return lab.steps.map(({ id, points, optional, checks }) => ({
    restarts: restartsOf(lab, checks),
    id,
    points,
    optional,
    toRead: checks.length === 0,
    answers: checks.flatMap((check) => {
      const question = questionOf(check)
      return question ? [pageQuestion(question, learner)] : []
    }),
  }))
}

function pageQuestion(
  { id, ask, choose, predict }: NonNullable<ReturnType<typeof questionOf>>,
  learner: string,
): PageQuestion {
  if (predict) return { id, ask, predict }
  if (!choose) return { id, ask }
  const { several, shuffle, options } = choose
  return { id, ask, choose: { several, options: shuffle ? shuffled(options, `${learner} ${id}`) : options } }
}

/** The same order for the same seed, and nobody can tell from it what stood where before. */
function shuffled<T extends { id: string }>(options: readonly T[], seed: string): T[] {
  const place = ({ id }: T) => createHash('sha256').update(`${seed} ${id}`).digest('hex')
  return options.toSorted((a, b) => (place(a) < place(b) ? -1 : 1))
}
