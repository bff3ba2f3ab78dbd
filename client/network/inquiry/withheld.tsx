import { useState } from 'preact/hooks'
import { tellCause } from './inquiry-state.js'
import { strings } from './inquiry-strings.js'

/** In place of a cause that is the learner's to find, with the way to have it told. */
export function Withheld() {
  const t = strings.value
  const [isAsked, setAsked] = useState(false)
  return (
    <div class="withheld">
      <p>{t.withheld}</p>
      <button
        type="button"
        disabled={isAsked}
        onClick={() => {
          setAsked(true)
          void tellCause()
        }}
      >
        {t.tell}
      </button>
    </div>
  )
}
