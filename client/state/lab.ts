import { computed, signal } from '@preact/signals'
import type { Answered, LabPage } from '../../server/protocol/protocol.js'
import { language } from './language.js'
import { load } from './load.js'
import { view } from './session.js'

/** The text of the lab that is shown. On a change of language, the old one stays until the new one is there. */
export const page = signal<Answered<LabPage> | undefined>(undefined)

/** On a narrow window, one half at a time. */
export const side = signal<'read' | 'terminal' | 'map'>('read')

/** Whether its hosts are there, and can be asked for something. */
export const isOpen = computed(() => view.value?.phase.name === 'open' && view.value.busy === undefined)

/** Loads the text of a lab in the learner's language. */
export async function loadPage(id: string, signal?: AbortSignal): Promise<void> {
  const answered = await load<LabPage>(`/api/labs/${encodeURIComponent(id)}?language=${language.value}`, signal)
  if (signal?.aborted === true) return
  const keepPlace = page.peek()?.ok === true && answered.ok ? placeInText() : undefined
  page.value = answered
  if (keepPlace !== undefined) requestAnimationFrame(keepPlace)
}

/** Where one reads: the last heading above the middle of the window. */
export function headingRead(): HTMLElement | undefined {
  const headings = [...document.querySelectorAll<HTMLElement>('.scroll h2[id]')]
  return headings.findLast((one) => one.getBoundingClientRect().top < innerHeight / 2)
}

/** @returns what goes back to where one reads, in the text of another language */
function placeInText(): (() => void) | undefined {
  const heading = headingRead()
  if (heading === undefined) return undefined
  const { top } = heading.getBoundingClientRect()
  return () => {
    const now = document.getElementById(heading.id)
    if (now !== null) document.querySelector('.scroll')?.scrollBy(0, now.getBoundingClientRect().top - top)
  }
}
