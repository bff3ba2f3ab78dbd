import { UnknownIcon } from '../../shell/icons.js'
import { strings } from './inquiry-strings.js'

/** Above an answer that was given before the network changed. */
export function Outdated() {
  return (
    <p class="outdated" role="status">
      <UnknownIcon /> <span>{strings.value.outdated}</span>
    </p>
  )
}
