import './inquiry.css'
import { useEffect, useRef } from 'preact/hooks'
import { announce } from '../../shell/announce.js'
import { BackIcon, CrossIcon } from '../../shell/icons.js'
import { TroubleNote } from '../../shell/trouble.js'
import { inLanguage } from '../../state/language.js'
import { selected } from '../network-state.js'
import { DiagnosePanel } from './diagnose-panel.js'
import { closeInquiry, type Inquiry, inquiry } from './inquiry-state.js'
import { strings } from './inquiry-strings.js'
import { TracePanel } from './trace-panel.js'

/** Beside the map: a trace, or a diagnosis. While the facts of an element are shown, only the way back to it. */
export function InquiryPanel() {
  const now = inquiry.value
  // The map is put away, and with it whoever wanted to know.
  useEffect(() => closeInquiry, [])
  if (now === undefined) return null
  return <Opened now={now} />
}

function Opened({ now }: { now: Inquiry }) {
  const t = strings.value
  const panel = useRef<HTMLElement>(null)
  const heading = useRef<HTMLHeadingElement>(null)
  const { state } = now.run
  const title = now.kind === 'trace' ? t.trace : t.diagnosisOf(now.container)
  useEffect(() => {
    if (state === 'waiting') panel.current?.querySelector<HTMLElement>('select, input')?.focus({ preventScroll: true })
    else heading.current?.focus({ preventScroll: true })
    scrollToTop(panel.current)
  }, [now.kind])
  useEffect(() => {
    if (state !== 'done' && state !== 'failed') return
    const words =
      now.run.state === 'done' ? now.run.value.summary : now.run.state === 'failed' ? now.run.trouble.what : undefined
    scrollToTop(panel.current)
    if (words !== undefined) announce(inLanguage(words).replaceAll('`', ''))
    // The button that ended it is gone, and the focus with it.
    const within = document.activeElement
    if (within === document.body || panel.current?.contains(within)) heading.current?.focus({ preventScroll: true })
  }, [now.run])
  if (selected.value !== undefined) {
    return (
      <p class="inquiry-back">
        <button
          type="button"
          class="link"
          onClick={() => {
            selected.value = undefined
          }}
        >
          <BackIcon /> {now.kind === 'trace' ? t.back : t.backToDiagnosis}
        </button>
      </p>
    )
  }
  return (
    <section
      class="inquiry"
      ref={panel}
      aria-label={title}
      aria-busy={state === 'running'}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        event.stopPropagation()
        closeInquiry()
      }}
    >
      <header>
        <h2 ref={heading} tabIndex={-1}>
          {title}
        </h2>
        <button type="button" class="quiet only-icon" aria-label={t.close} title={t.close} onClick={closeInquiry}>
          <CrossIcon />
        </button>
      </header>
      {/* Above the form, so that it is in sight in any window. */}
      {now.run.state === 'failed' && <TroubleNote trouble={now.run.trouble} />}
      {now.kind === 'trace' ? <TracePanel now={now} /> : <DiagnosePanel now={now} />}
    </section>
  )
}

/** It scrolls by itself, or in a low window together with what is below it. */
function scrollToTop(panel: HTMLElement | null): void {
  panel?.scrollTo({ top: 0 })
  panel?.parentElement?.scrollTo({ top: 0 })
}
