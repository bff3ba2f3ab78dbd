import { type Lab, questionOf } from '../lab/lab.js'
import type { LabCard, LabPage } from '../protocol/protocol.js'
import type { RecordedState } from '../store/records.js'
import type { Text } from '../wording/text.js'

/** What this machine lacks, by the feature's name: what does not work, and how to get it. */
export type Lacks = Readonly<Record<string, { what: Text; cure: Text }>>

/** In the order of the catalogue. Pure. */
export function inOrder(labs: readonly Lab[]): Lab[] {
  return labs.toSorted((a, b) => a.order - b.order || a.id.localeCompare(b.id))
}

/** A lab as the catalogue shows it, with how far its learner has come. Pure. */
export function labCard(lab: Lab, states: Readonly<Record<string, RecordedState>>, lacks: Lacks): LabCard {
  const { id, title, summary, topic, level, order, minutes, plan, steps } = lab
  const all = steps.map((step) => states[step.id])
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
    minutes,
    hosts: { docker: count('docker'), plain: count('plain') },
    steps: steps.length,
    states: all.map((state) => state ?? 'open'),
    passed,
    helped,
    finished: steps.length > 0 && passed === steps.length,
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

/** The steps of a page, with the questions that they ask. Pure. */
export function pageSteps(lab: Lab): LabPage['steps'] {
  return lab.steps.map(({ id, points, checks }) => ({
    id,
    points,
    answers: checks.flatMap((check) => questionOf(check) ?? []),
  }))
}
