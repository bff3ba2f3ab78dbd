import { stored } from '../state/stored.js'

/** Those that were begun last. */
const mostDrafts = 50

/** What was typed into answer fields and not handed in: it outlives a reload, and other windows have it too. */
const drafts = stored<Readonly<Record<string, string>>>('drafts', {}, (value) => {
  if (typeof value !== 'object' || value === null) return undefined
  const texts = Object.entries(value).filter(([, text]) => typeof text === 'string' && text.length <= 1000)
  return Object.fromEntries(texts.slice(-mostDrafts)) as Record<string, string>
})
export function draftOf(lab: string, answer: string): string | undefined {
  return drafts.value[`${lab}/${answer}`]
}

/** @param text undefined once it was handed in */
export function setDraft(lab: string, answer: string, text: string | undefined): void {
  const name = `${lab}/${answer}`
  if (drafts.peek()[name] === text) return
  const { [name]: _, ...others } = drafts.peek()
  drafts.value = text === undefined ? others : { ...others, [name]: text }
}

/** The lab is begun anew. */
export function forgetDrafts(lab: string): void {
  drafts.value = Object.fromEntries(Object.entries(drafts.peek()).filter(([name]) => !name.startsWith(`${lab}/`)))
}
