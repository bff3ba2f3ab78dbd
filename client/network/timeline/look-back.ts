import type { TimelineEntry } from '../../../server/protocol/protocol.js'
import { language } from '../../state/language.js'
import { ask } from '../../state/session.js'
import { elementOf, glow, past, selectElement, shown, tieOf, timeline } from '../network-state.js'

let turn = 0

/** Shows the network as it was after an entry, or as it is now. What was asked for last counts, whatever is answered first. */
export async function lookAt(entry: TimelineEntry | undefined): Promise<void> {
  const mine = ++turn
  // After the newest entry it is as it is now.
  if (entry === undefined || entry.id === timeline.peek().at(-1)?.id) {
    past.value = undefined
  } else {
    const answered = await ask('network.at', { entry: entry.id })
    if (mine !== turn || !answered.ok) return
    past.value = { entry, map: answered.value }
  }
  if (entry !== undefined) glow(entry.changes.flatMap((change) => change.about))
}

/** The entry that is so many steps away from what is shown, if there is one. */
export function entryAt(steps: number): TimelineEntry | undefined {
  const entries = timeline.value
  const looked = past.value?.entry.id
  const at = looked === undefined ? entries.length - 1 : entries.findIndex(({ id }) => id === looked)
  return entries[at + steps]
}

/** Shows what a sentence of the timeline is about: it glows, and the facts of the first of it that is in the map are shown. */
export function showAbout(about: readonly string[]): void {
  glow(about)
  const map = shown.peek()
  const id =
    about.find((one) => elementOf(map, one) !== undefined) ?? about.find((one) => tieOf(map, one) !== undefined)
  if (id !== undefined) selectElement(id)
}

/** Time of day, as the learner's clock shows it. */
export function clockOf(at: string): string {
  return new Date(at).toLocaleTimeString(language.value === 'zh' ? 'zh-CN' : 'en-GB', { hour12: false })
}
