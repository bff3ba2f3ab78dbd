import type { Cause, Hop, TraceStory } from '../../../server/protocol/protocol.js'
import type { Text } from '../../../server/wording/text.js'
import { CrossIcon, TickIcon, UnknownIcon } from '../../shell/icons.js'
import { Words } from '../../shell/words.js'
import { marks } from '../../state/language.js'
import { strings } from './inquiry-strings.js'

/** The way of one packet, one hop below the other, and why it went no further. */
export function StoryView({ story }: { story: TraceStory }) {
  const t = strings.value
  return (
    <>
      {story.cause !== undefined && <CauseBox cause={story.cause} />}
      {story.hops.length > 0 && (
        <>
          <h3>{t.way}</h3>
          <Hops hops={story.hops} />
        </>
      )}
    </>
  )
}

export function Hops({ hops }: { hops: readonly Hop[] }) {
  const t = strings.value
  return (
    <ol class="hops">
      {hops.map((hop, at) => (
        <li key={at} class={hop.state}>
          <span class="face">
            {hop.state === 'ok' ? <TickIcon /> : hop.state === 'stop' ? <CrossIcon /> : <UnknownIcon />}
            <span class="unseen">
              {t[hop.state]}
              {marks.value.colon}
            </span>
          </span>
          <div>
            <span class="place">{hop.place}</span>
            <p>
              <Words text={hop.text} finding />
            </p>
            <Evidence lines={hop.evidence} />
          </div>
        </li>
      ))}
    </ol>
  )
}

function CauseBox({ cause }: { cause: Cause }) {
  const t = strings.value
  return (
    <div class={`cause${cause.code === 'unknown' ? ' unknown' : ''}`}>
      <h3>{t.why}</h3>
      <p>
        <Words text={cause.what} finding />
      </p>
      <Lines lines={cause.evidence} />
      <Tries tries={cause.tries} />
    </div>
  )
}

/** Folded: whoever wants to see it opens it. */
export function Evidence({ lines }: { lines: readonly string[] }) {
  if (lines.length === 0) return null
  return (
    <details class="evidence">
      <summary>{strings.value.evidence}</summary>
      <Lines lines={lines} />
    </details>
  )
}

function Lines({ lines }: { lines: readonly string[] }) {
  if (lines.length === 0) return null
  return (
    <ul class="lines">
      {lines.map((line, at) => (
        <li key={at}>
          <code>{line}</code>
        </li>
      ))}
    </ul>
  )
}

export function Tries({ tries }: { tries: readonly Text[] }) {
  if (tries.length === 0) return null
  return (
    <>
      <p class="tries-title">{strings.value.tries}</p>
      <ul class="tries">
        {tries.map((text) => (
          <li key={text.en}>
            <Words text={text} finding />
          </li>
        ))}
      </ul>
    </>
  )
}
