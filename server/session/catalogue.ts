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
    level,
    order,
    minutes,
    hosts: { docker: count('docker'), plain: count('plain') },
    steps: steps.length,
    passed,
    helped,
    finished: steps.length > 0 && passed === steps.length,
    lacks: lab.requires.flatMap((feature) => {
      const lack = lacks[feature]
      return lack ? [{ feature, ...lack }] : []
    }),
  }
}

/** The steps of a page, with the questions that they ask. Pure. */
export function pageSteps(lab: Lab): LabPage['steps'] {
  return lab.steps.map(({ id, points, checks }) => ({
    id,
    points,
    answers: checks.flatMap((check) => questionOf(check) ?? []),
  }))
}
