import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { Dialog } from '../shell/dialog.js'
import { CrossIcon } from '../shell/icons.js'
import { strings } from './strings.js'

interface Question {
  title: string
  text: string
  /** What it is about, as it is: an address, a text to be pasted. */
  quote?: string
  yes: string
  answer(agreed: boolean): void
}

interface Note {
  text: string
  action?: { label: string; run(): void }
}

const noteMs = 5_000

const question = signal<Question | undefined>(undefined)
const note = signal<Note | undefined>(undefined)
let noteTimer: ReturnType<typeof setTimeout> | undefined

/** Asks before something is done. A new question is the end of the one before. */
export function confirmed(asked: Omit<Question, 'answer'>): Promise<boolean> {
  question.peek()?.answer(false)
  return new Promise((resolve) => {
    question.value = {
      ...asked,
      answer: (agreed) => {
        question.value = undefined
        resolve(agreed)
      },
    }
  })
}

/** Says something for a moment; with an action, until it is dismissed. */
export function say(text: string, action?: Note['action']): void {
  clearTimeout(noteTimer)
  note.value = action === undefined ? { text } : { text, action }
  if (action === undefined) noteTimer = setTimeout(() => unsay(), noteMs)
}

function unsay(): void {
  note.value = undefined
}

/** Once a page: the question that is open. */
export function TerminalQuestions() {
  const asked = question.value
  return asked === undefined ? null : <QuestionDialog key={asked} asked={asked} />
}

/** Once a terminal area: what was said last. */
export function TerminalNotes() {
  const said = note.value
  return (
    <div class="terminal-note-place" role="status">
      {said !== undefined && (
        <div class="terminal-note">
          <span>{said.text}</span>
          {said.action !== undefined && (
            <button
              type="button"
              onClick={() => {
                said.action?.run()
                unsay()
              }}
            >
              {said.action.label}
            </button>
          )}
          <button type="button" class="plain" aria-label={strings.value.dismiss} onClick={unsay}>
            <CrossIcon />
          </button>
        </div>
      )}
    </div>
  )
}

function QuestionDialog({ asked }: { asked: Question }) {
  const agreed = useRef(false)
  const yes = useRef<HTMLButtonElement>(null)
  useEffect(() => yes.current?.focus(), [])
  return (
    <Dialog title={asked.title} onClose={() => asked.answer(agreed.current)}>
      <p>{asked.text}</p>
      {asked.quote !== undefined && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what is long is scrolled with keys
        <pre class="terminal-quote" tabIndex={0}>
          {asked.quote}
        </pre>
      )}
      <footer>
        {/* Its buttons close the dialog as the browser does, which gives the focus back. */}
        <form method="dialog" class="actions">
          <button type="submit">{strings.value.cancel}</button>
          <button
            type="submit"
            class="primary"
            ref={yes}
            onClick={() => {
              agreed.current = true
            }}
          >
            {asked.yes}
          </button>
        </form>
      </footer>
    </Dialog>
  )
}
