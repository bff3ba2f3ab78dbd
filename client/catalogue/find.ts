import type { CatalogueView, LabCard } from '../../server/protocol/protocol.js'
import { topicText } from './topics.js'

export type Level = LabCard['level']

export interface Wanted {
  /** Words that must all be there, in either language. */
  words: string
  level: Level | 'all'
}

/** The cards that are wanted, by topic, in the order of the catalogue. Pure. */
export function find(labs: readonly LabCard[], { words, level }: Wanted): { topic: string; labs: LabCard[] }[] {
  const all = words.toLowerCase().split(/\s+/).filter(Boolean)
  const groups = new Map<string, LabCard[]>()
  for (const lab of labs.toSorted((a, b) => a.order - b.order || a.id.localeCompare(b.id))) {
    if (level !== 'all' && lab.level !== level) continue
    const text = textOf(lab)
    if (!all.every((word) => text.includes(word))) continue
    const group = groups.get(lab.topic)
    if (group === undefined) groups.set(lab.topic, [lab])
    else group.push(lab)
  }
  return [...groups].map(([topic, labs]) => ({ topic, labs }))
}

function textOf({ id, title, summary, topic, words }: LabCard): string {
  const name = topicText(topic)
  return [id, title.en, title.zh, summary.en, summary.zh, topic, name.en, name.zh, words].join('\n').toLowerCase()
}

/**
 * Where the learner left off: the lab that runs (the last one listed), else the one that is begun and not finished, the
 * furthest first. Pure.
 */
export function leftOff({
  labs,
  running,
}: Pick<CatalogueView, 'labs' | 'running'>): { lab: LabCard; running: boolean } | undefined {
  const openable = labs.filter((lab) => lab.lacks.length === 0)
  const now = openable.find((lab) => lab.id === running.at(-1)?.lab)
  if (now !== undefined) return { lab: now, running: true }
  const begun = openable
    .filter((lab) => lab.passed > 0 && !lab.finished)
    .toSorted((a, b) => b.passed / b.steps - a.passed / a.steps || a.order - b.order)
  return begun[0] === undefined ? undefined : { lab: begun[0], running: false }
}
