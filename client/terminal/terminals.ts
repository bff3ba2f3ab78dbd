import { signal } from '@preact/signals'

/** How long a terminal that is to be shown may take to appear, in milliseconds. */
const appearMs = 5_000

/** The terminal that is to be brought to the front, until it is there. The terminal area takes it back. */
export const wantedTerminal = signal<string | undefined>(undefined)

/** The terminal that is in front now. */
export const frontTerminal = signal<string | undefined>(undefined)

/** Somebody has typed into a terminal since the page was opened. */
export const terminalsHaveBeenUsed = signal(false)

/** What is to be put at its prompt, once it is shown. */
export const wantedText = signal<{ terminal: string; text: string } | undefined>(undefined)

let timer: ReturnType<typeof setTimeout> | undefined

/** Brings a terminal to the front and focuses it, at once or as soon as it is there, and puts a text at its prompt. */
export function showTerminal(id: string, text?: string): void {
  wantedText.value = text === undefined ? undefined : { terminal: id, text }
  wantedTerminal.value = id
  clearTimeout(timer)
  timer = setTimeout(() => {
    if (wantedTerminal.peek() === id) wantedTerminal.value = undefined
  }, appearMs)
}
