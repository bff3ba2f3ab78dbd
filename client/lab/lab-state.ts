import { signal } from '@preact/signals'
import type { SessionView } from '../../server/protocol/protocol.js'
import { page, side } from '../state/lab.js'

/** Steps that have turned green before the learner's eyes. */
export const justDone = signal<ReadonlySet<string>>(new Set())

/** Whether nothing is open that the lab needs. */
export function isDone({ steps }: SessionView): boolean {
  return steps.length > 0 && steps.every(({ state, optional }) => state !== 'open' || optional === true)
}

/** What a step is called, and its number from 1. */
export function stepTitle(id: string): { number: number; heading: string } {
  const shown = page.value
  if (shown?.ok !== true) return { number: 0, heading: id }
  return {
    number: shown.value.steps.findIndex((step) => step.id === id) + 1,
    heading: shown.value.sections.find((section) => section.id === id)?.heading ?? id,
  }
}

/** Brings a section of the text before the learner's eyes, and the focus to its heading. */
export function showSection(id: string): void {
  side.value = 'read'
  // A half that was hidden can't be scrolled before it is drawn.
  requestAnimationFrame(() => {
    // The finish has a panel above its heading, and may have no heading at all.
    const panel = id === 'finish' ? document.getElementById('finish') : null
    const heading = panel ?? document.getElementById(`section-${id}`)
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches
    heading?.scrollIntoView({ behavior: calm ? 'auto' : 'smooth', block: 'start' })
    heading?.focus({ preventScroll: true })
  })
}
