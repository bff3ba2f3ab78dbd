import type { TraceSeries, TraceStory } from '../../../server/protocol/protocol.js'
import { CrossIcon, TickIcon, UnknownIcon } from '../../shell/icons.js'
import { Words } from '../../shell/words.js'
import { strings } from './inquiry-strings.js'
import { StoryView } from './story-view.js'
import { Withheld } from './withheld.js'

/** What a question that was asked several times was answered: what is the same is one line, with the first story of it. */
export function SeriesView({ series }: { series: TraceSeries }) {
  const t = strings.value
  const { groups, asked, count, ended, summary } = series
  const outcomes = new Set(groups.map(({ outcome }) => outcome))
  const worst = outcomes.has('stopped') ? 'stopped' : outcomes.has('error') || asked === 0 ? 'error' : 'answered'
  const said =
    outcomes.size > 1 ? t.notAlways : { answered: t.eachAnswered, stopped: t.eachStopped, error: t.error }[worst]
  return (
    <div class={`outcome ${worst}`}>
      <p class="verdict">
        <OutcomeFace outcome={worst} />
        <strong>{said}</strong>{' '}
        <span class="muted">{ended === undefined ? t.times(asked) : t.timesOf(asked, count)}</span>
      </p>
      {groups.length !== 1 && (
        <p>
          <Words text={summary} finding />
        </p>
      )}
      {series.withheld && <Withheld />}
      <ul class="series">
        {groups.map(({ outcome, text, turns, story }) => (
          <li key={turns[0]} class={outcome}>
            <details>
              <summary>
                <OutcomeFace outcome={outcome} />
                <span>
                  <Words text={text} finding />
                </span>
              </summary>
              <StoryView story={story} />
            </details>
          </li>
        ))}
      </ul>
    </div>
  )
}

/** The sign of an outcome; it stands beside the words for it. */
export function OutcomeFace({ outcome }: { outcome: TraceStory['outcome'] }) {
  return (
    <span class="face">
      {outcome === 'answered' ? <TickIcon /> : outcome === 'stopped' ? <CrossIcon /> : <UnknownIcon />}
    </span>
  )
}
