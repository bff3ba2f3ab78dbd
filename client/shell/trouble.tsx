import type { ComponentChildren } from 'preact'
import type { Trouble } from '../../server/protocol/protocol.js'
import { inLanguage, marks } from '../state/language.js'
import { Words } from './words.js'

/** What happened, what helps, and buttons to do that. */
export function TroubleNote({ trouble, children }: { trouble: Trouble; children?: ComponentChildren }) {
  return (
    <div class="trouble" role="alert">
      <p>
        <strong>
          <Words text={trouble.what} />
        </strong>
        {marks.value.blank}
        <Words text={trouble.cure} />
      </p>
      {children !== undefined && <div class="actions">{children}</div>}
    </div>
  )
}

/** The same as plain text. */
export function troubleInWords({ what, cure }: Pick<Trouble, 'what' | 'cure'>): string {
  return [what, cure].map((text) => inLanguage(text).replaceAll('`', '')).join(marks.peek().blank)
}

/** What happened and what helps, one sentence behind the other. */
export function TroubleWords({ trouble: { what, cure } }: { trouble: Pick<Trouble, 'what' | 'cure'> }) {
  return (
    <>
      <Words text={what} />
      {marks.value.blank}
      <Words text={cure} />
    </>
  )
}
