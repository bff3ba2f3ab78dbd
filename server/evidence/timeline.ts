import { z } from 'zod'
import { safeParse } from '../error/safe-parse.js'
import type { Moment } from './record.js'

const Text = z.object({ en: z.string(), zh: z.string() })

/** An entry of a session's timeline on record, as far as it matters here. */
const Entry = z.object({
  at: z.iso.datetime(),
  command: z.object({ host: z.string(), text: z.string() }).optional(),
  changes: z.array(z.object({ text: Text })),
})

/** What a learner did, of a session's timeline as it is on record: an entry as JSON each. What can't be read of it is left out. */
export function momentsOf(entries: readonly string[]): Moment[] {
  return entries.flatMap((text) => {
    const { success, data } = safeParse(Entry, JSON.parse(text))
    if (!success) return []
    const { at, command, changes } = data
    return [
      {
        at,
        ...(command ? { host: command.host, command: command.text } : {}),
        changes: changes.map((change) => change.text),
      },
    ]
  })
}
