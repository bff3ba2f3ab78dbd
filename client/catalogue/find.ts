import type { CatalogueView, LabCard } from '../../server/protocol/protocol.js'
import type { Text } from '../../server/wording/text.js'
import { topicText } from './topics.js'

export type Level = LabCard['level']

/** Labs that stand together: those of a path in its order, or those of a topic that are on no path. */
export interface Group {
  id: string
  title: Text
  /** Of a path alone. */
  path?: {
    summary: Text
    /** How far the learner is on all of it, whatever level is shown. */
    way: Way
  }
  /** Those of the level that is wanted; `place` is that on the path, from 1. */
  labs: { lab: LabCard; place: number }[]
}

/** How far a learner is on a path. */
export interface Way {
  labs: number
  finished: number
  steps: number
  passed: number
  begun: boolean
  /** Where to go on: the first lab that is not finished, of those that can be opened. */
  next?: LabCard
}

/** The cards of a level by path, and behind all paths by topic. Groups without any are left out. Pure. */
export function groupsOf({ labs, paths }: Pick<CatalogueView, 'labs' | 'paths'>, level: Level | 'all'): Group[] {
  const onPath = paths.map(({ id, title, summary, labs: ids }): Group => {
    const own = ids.flatMap((one) => labs.find((lab) => lab.id === one) ?? [])
    return { id, title, path: { summary, way: wayOf(own) }, labs: own.map((lab, at) => ({ lab, place: at + 1 })) }
  })
  const topics = new Map<string, Group>()
  for (const lab of labs.toSorted((a, b) => a.order - b.order || a.id.localeCompare(b.id))) {
    if (paths.some((path) => path.labs.includes(lab.id))) continue
    const id = `topic-${lab.topic}`
    const group: Group = topics.get(id) ?? { id, title: topicText(lab.topic), labs: [] }
    group.labs.push({ lab, place: group.labs.length + 1 })
    topics.set(id, group)
  }
  return [...onPath, ...topics.values()]
    .map((group) => ({ ...group, labs: group.labs.filter(({ lab }) => level === 'all' || lab.level === level) }))
    .filter((group) => group.labs.length > 0)
}

/** How far one is on the labs of a path. Pure. */
export function wayOf(labs: readonly LabCard[]): Way {
  const sum = (count: (lab: LabCard) => number) => labs.reduce((all, lab) => all + count(lab), 0)
  const next = labs.find((lab) => !lab.finished && canOpen(lab))
  return {
    labs: labs.length,
    finished: sum(({ finished }) => (finished ? 1 : 0)),
    steps: sum(({ steps }) => steps),
    passed: sum(({ passed }) => passed),
    begun: labs.some(({ passed }) => passed > 0),
    ...(next ? { next } : {}),
  }
}

/** Whether this machine can run it, and the learner's class has it open. Pure. */
export function canOpen({ lacks, closed }: LabCard): boolean {
  return lacks.length === 0 && closed === undefined
}

/** Where to go on, and why there. */
export interface Onward {
  lab: LabCard
  why: 'running' | 'begun' | 'next'
  /** Where it comes next: the path that has been begun. */
  path?: Text
}

/**
 * Where the learner goes on: at the lab that runs (the last one listed), else at the one that is begun and not finished, the furthest
 * first, else at the next lab of the first path that is begun and not finished. Pure.
 */
export function onward({
  labs,
  paths,
  running,
}: Pick<CatalogueView, 'labs' | 'paths' | 'running'>): Onward | undefined {
  const openable = labs.filter(({ lacks }) => lacks.length === 0)
  const now = openable.find((lab) => lab.id === running.at(-1)?.lab)
  if (now !== undefined) return { lab: now, why: 'running' }
  const [begun] = openable
    .filter((lab) => lab.passed > 0 && !lab.finished)
    .toSorted((a, b) => b.passed / b.steps - a.passed / a.steps || a.order - b.order)
  if (begun !== undefined) return { lab: begun, why: 'begun' }
  for (const { title, path } of groupsOf({ labs, paths }, 'all')) {
    if (path?.way.begun && path.way.next) return { lab: path.way.next, why: 'next', path: title }
  }
  return undefined
}
