import { useId, useRef, useState } from 'preact/hooks'
import type { NetworkMap, TraceStory } from '../../../server/protocol/protocol.js'
import { Words } from '../../shell/words.js'
import { isOpen } from '../../state/lab.js'
import { elementOf, latest, referenceOf, timeline } from '../network-state.js'
import { changeForm, type Inquiry, isOutdated, isSeries, runTrace, type TraceForm, wrongIn } from './inquiry-state.js'
import { strings } from './inquiry-strings.js'
import { Outdated } from './outdated.js'
import { Running } from './running.js'
import { OutcomeFace, SeriesView } from './series-view.js'
import { StoryView } from './story-view.js'
import { Withheld } from './withheld.js'

type Trace = Extract<Inquiry, { kind: 'trace' }>

/** So often it is asked again by one button. */
const timesAgain = 10

/** From where to where, and what became of the packet. */
export function TracePanel({ now }: { now: Trace }) {
  const t = strings.value
  const { run, form, asked } = now
  if (run.state === 'running') {
    return <Running>{asked?.count === undefined ? t.tracing : t.tracingTimes(asked.count)}</Running>
  }
  // What was asked stands above its answer, whatever is in the form by now.
  const about = run.state === 'done' ? (asked?.form ?? form) : form
  return (
    <>
      {/* The story is what one wants to see then; its ends are told by one line. */}
      <details class="ends-fold" open={run.state !== 'done'}>
        <summary>
          <code>{about.from || '…'}</code> → <code>{about.to || '…'}</code>{' '}
          {about.protocol === 'icmp' ? 'ping' : `${about.protocol} ${about.port}`}
        </summary>
        <Ends form={form} />
      </details>
      {run.state === 'done' && (
        <>
          {isOutdated(now, timeline.value) && <Outdated />}
          <p class="again">
            <button type="button" disabled={!isOpen.value} onClick={() => runTrace(about)}>
              {t.again}
            </button>{' '}
            <button type="button" disabled={!isOpen.value} onClick={() => runTrace(about, timesAgain)}>
              {t.againTimes(timesAgain)}
            </button>
          </p>
          {isSeries(run.value) ? <SeriesView series={run.value} /> : <StoryOutcome story={run.value} />}
        </>
      )}
    </>
  )
}

function StoryOutcome({ story }: { story: TraceStory }) {
  const t = strings.value
  return (
    <div class={`outcome ${story.outcome}`}>
      <p class="verdict">
        <OutcomeFace outcome={story.outcome} />
        <strong>{t[story.outcome]}</strong>
      </p>
      <p>
        <Words text={story.summary} finding />
      </p>
      {story.withheld && <Withheld />}
      <StoryView story={story} />
    </div>
  )
}

function Ends({ form }: { form: TraceForm }) {
  const t = strings.value
  const [tried, setTried] = useState(false)
  const fields = {
    from: useRef<HTMLSelectElement>(null),
    to: useRef<HTMLInputElement>(null),
    port: useRef<HTMLInputElement>(null),
  }
  const id = useId()
  const places = placesOf(latest.value)
  const wrong = wrongIn(form)
  const mistake = tried ? wrong : undefined
  const said = mistake === 'from' ? t.fillFrom : mistake === 'to' ? t.fillTo : t.fillPort
  const describe = (field: 'from' | 'to' | 'port') =>
    mistake === field ? { 'aria-invalid': true, 'aria-describedby': `${id}-wrong` } : {}
  return (
    <form
      class="ends"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        setTried(true)
        if (wrong === undefined) void runTrace(form)
        else fields[wrong].current?.focus()
      }}
    >
      <label for={`${id}-from`}>{t.from}</label>
      <select
        id={`${id}-from`}
        ref={fields.from}
        value={form.from}
        onChange={(event) => changeForm({ from: event.currentTarget.value })}
        {...describe('from')}
      >
        <option value="">{t.choose}</option>
        {places.map(({ host, references }) => (
          <optgroup key={host} label={host}>
            {references.map((reference) => (
              <option key={reference} value={reference}>
                {reference}
              </option>
            ))}
          </optgroup>
        ))}
        {form.from !== '' && places.every(({ references }) => !references.includes(form.from)) && (
          <option value={form.from}>{form.from}</option>
        )}
      </select>
      <label for={`${id}-to`}>{t.to}</label>
      <input
        id={`${id}-to`}
        ref={fields.to}
        type="text"
        list={`${id}-places`}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        maxLength={200}
        placeholder={t.toHelp}
        value={form.to}
        onInput={(event) => changeForm({ to: event.currentTarget.value })}
        {...describe('to')}
      />
      <datalist id={`${id}-places`}>
        {places.flatMap(({ references }) =>
          references.map((reference) => <option key={reference} value={reference} />),
        )}
      </datalist>
      <label for={`${id}-protocol`}>{t.protocol}</label>
      <select
        id={`${id}-protocol`}
        value={form.protocol}
        onChange={(event) => changeForm({ protocol: event.currentTarget.value as TraceForm['protocol'] })}
      >
        <option value="icmp">{t.ping}</option>
        <option value="tcp">TCP</option>
        <option value="udp">UDP</option>
        <option value="http">HTTP</option>
        <option value="tls">{t.tls}</option>
      </select>
      {form.protocol !== 'icmp' && (
        <>
          <label for={`${id}-port`}>{t.port}</label>
          <input
            id={`${id}-port`}
            ref={fields.port}
            type="text"
            inputMode="numeric"
            autocomplete="off"
            maxLength={5}
            value={form.port}
            onInput={(event) => changeForm({ port: event.currentTarget.value })}
            {...describe('port')}
          />
        </>
      )}
      {mistake !== undefined && (
        <p class="wrong" id={`${id}-wrong`} role="alert">
          {said}
        </p>
      )}
      <button type="submit" class="primary" disabled={!isOpen.value}>
        {t.run}
      </button>
    </form>
  )
}

/** Hosts, each with its containers, as a trace calls them. */
function placesOf(map: NetworkMap | undefined): { host: string; references: string[] }[] {
  const hosts = map?.elements.filter(({ kind }) => kind === 'host') ?? []
  return hosts.map((host) => ({
    host: host.label,
    references: (map?.elements ?? [])
      .filter((element) => element === host || (element.kind === 'container' && isIn(map!, element.parent, host.id)))
      .flatMap((element) => referenceOf(element) ?? []),
  }))
}

function isIn(map: NetworkMap, parent: string | undefined, host: string): boolean {
  // A few levels at most; a map that went round in circles would not be drawn either.
  for (let at = parent, depth = 0; at !== undefined && depth < 8; depth++) {
    if (at === host) return true
    at = elementOf(map, at)?.parent
  }
  return false
}
