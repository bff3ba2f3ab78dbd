import { createHash } from 'node:crypto'
import { excerptOf, hasTerm } from '../lab/excerpt.js'
import { type Lab, questionOf, restartsOf } from '../lab/lab.js'
import type { LabPath } from '../lab/paths.js'
import { headingText } from '../lab/render.js'
import { type Found, plainText } from '../lab/search.js'
import type {
  FoundLab,
  FoundSection,
  LabCard,
  LabPage,
  PageQuestion,
  PageStep,
  PathView,
} from '../protocol/protocol.js'
import type { RecordedState } from '../store/records.js'
import type { Language, Text } from '../wording/text.js'

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

/** The labs of a path that are there, in its order. Paths without any are none to be shown. Pure. */
export function pathViews(paths: readonly LabPath[], isThere: (lab: string) => boolean): PathView[] {
  return paths
    .map(({ id, title, summary, labs }) => ({ id, title, summary, labs: labs.filter(isThere) }))
    .filter(({ labs }) => labs.length > 0)
}

/**
 * The path of a lab, and what comes after it: the next one of the path, behind its last one the next path, and behind all paths
 * the labs of none.
 * @param paths as `pathViews` has them
 * @param labs in the order of the catalogue
 * @param isOpen whether the learner may open one. Pure.
 */
export function wayOn(
  lab: string,
  paths: readonly PathView[],
  labs: readonly Lab[],
  isOpen: (lab: string) => boolean,
): Pick<LabPage, 'path' | 'next'> {
  const pathOf = (id: string) => paths.find((path) => path.labs.includes(id))
  const own = pathOf(lab)
  const rest = labs.map(({ id }) => id).filter((id) => pathOf(id) === undefined)
  const all = [...paths.flatMap((path) => path.labs), ...rest]
  const place = all.indexOf(lab)
  const id = place < 0 ? undefined : all.slice(place + 1).find(isOpen)
  const next = labs.find((one) => one.id === id)
  const other = next && pathOf(next.id)
  return {
    ...(own ? { path: own.title } : {}),
    ...(next
      ? { next: { id: next.id, title: next.title, ...(other && other !== own ? { path: other.title } : {}) } }
      : {}),
  }
}

/** So many sections of a lab are shown. */
const mostSections = 4

/**
 * What was found in a lab, as the learner reads it.
 * @param lab with the learner's own numbers. Pure.
 */
export function foundLab(lab: Lab, { sections }: Found, language: Language): FoundLab {
  const views = sections.flatMap(({ id, terms }): FoundSection[] => {
    const [own, ...others] = [language, ...lab.languages.filter((other) => other !== language)].flatMap((one) => {
      const section = lab.languages.includes(one) && lab.pages[one].sections.find((section) => section.id === id)
      return section ? [{ language: one, heading: headingText(section), text: plainText(section) }] : []
    })
    const has = ({ heading, text }: { heading: string; text: string }) => hasTerm(`${heading}\n${text}`, terms)
    const shown = own && !has(own) ? (others.find(has) ?? own) : own
    if (!shown) return []
    const step = lab.steps.findIndex((one) => one.id === id) + 1
    return [
      {
        ...(id === undefined ? {} : { id }),
        ...(step > 0 ? { step } : {}),
        heading: shown.heading,
        language: shown.language,
        excerpt: excerptOf(shown.text, terms, shown.language === 'zh'),
      },
    ]
  })
  return { id: lab.id, sections: views.slice(0, mostSections), more: Math.max(0, views.length - mostSections) }
}

/** The steps of a page, with the questions that they ask. @param learner gives the order of what is chosen from. Pure. */
export function pageSteps(lab: Lab, learner: string): PageStep[] {
  return lab.steps.map(({ id, points, optional, whenAsked, checks }) => ({
    restarts: restartsOf(lab, checks),
    id,
    points,
    optional,
    whenAsked,
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
