import { useId, useState } from 'preact/hooks'
import { strings } from './strings.js'
import { ask } from './teach-state.js'

/** Tells a class something, or one learner of it. */
export function TellForm({ id, seat, onSent }: { id: string; seat?: string; onSent?: () => void }) {
  const t = strings.value
  const field = useId()
  const [text, setText] = useState('')
  const [said, setSaid] = useState('')
  return (
    <form
      onSubmit={async (event) => {
        event.preventDefault()
        setSaid('')
        const done = await ask('note.send', { class: id, text, ...(seat === undefined ? {} : { seat }) })
        if (done === undefined) return
        setText('')
        setSaid(t.told)
        onSent?.()
      }}
    >
      <label for={field}>{t.text}</label>
      <textarea
        id={field}
        rows={3}
        required
        maxLength={1000}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <div class="actions">
        <button type="submit">{t.send}</button>
      </div>
      <p role="status">{said}</p>
    </form>
  )
}
