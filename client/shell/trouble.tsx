import type { ComponentChildren } from 'preact'
import type { Trouble } from '../../server/protocol/protocol.js'
import { Words } from './words.js'

/** What happened, what helps, and buttons to do that. */
export function TroubleNote({ trouble, children }: { trouble: Trouble; children?: ComponentChildren }) {
  return (
    <div class="trouble" role="alert">
      <p>
        <strong>
          <Words text={trouble.what} />
        </strong>{' '}
        <Words text={trouble.cure} />
      </p>
      {children !== undefined && <div class="actions">{children}</div>}
    </div>
  )
}
