import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { announce } from '../../shell/announce.js'
import { cancelInquiry } from './inquiry-state.js'
import { strings } from './inquiry-strings.js'

/** What goes on, for how long already, and the way to end it. */
export function Running({ children }: { children: ComponentChildren }) {
  const t = strings.value
  const [seconds, setSeconds] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => setSeconds((before) => before + 1), 1000)
    return () => clearInterval(timer)
  }, [])
  return (
    <div class="going">
      <p>
        <span class="pulse" aria-hidden="true" /> <span role="status">{children}</span>{' '}
        <span class="muted" aria-hidden="true">
          {t.seconds(seconds)}
        </span>
      </p>
      <button
        type="button"
        onClick={() => {
          cancelInquiry()
          announce(t.cancelled)
        }}
      >
        {t.cancel}
      </button>
    </div>
  )
}
