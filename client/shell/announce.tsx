import { signal } from '@preact/signals'

const said = signal<{ text: string; turn: number }>({ text: '', turn: 0 })

/** Tells those who listen, without moving anything. */
export function announce(text: string): void {
  said.value = { text, turn: said.peek().turn + 1 }
}

/** Once a page. Two regions take turns, so that the same words twice are said twice. */
export function Announcements() {
  const { text, turn } = said.value
  return (
    <>
      <div class="unseen" role="status" aria-live="polite">
        {turn % 2 === 0 ? text : ''}
      </div>
      <div class="unseen" role="status" aria-live="polite">
        {turn % 2 === 1 ? text : ''}
      </div>
    </>
  )
}
