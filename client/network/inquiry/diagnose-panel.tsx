import type { DiagnosisFinding, DiagnosisReport, DiagnosisStage } from '../../../server/protocol/protocol.js'
import { CrossIcon, SkipIcon, TickIcon, UnknownIcon } from '../../shell/icons.js'
import { Words } from '../../shell/words.js'
import { isOpen } from '../../state/lab.js'
import { inLanguage, marks } from '../../state/language.js'
import { timeline } from '../network-state.js'
import { drawWay, type Inquiry, isOutdated, runDiagnosis } from './inquiry-state.js'
import { strings } from './inquiry-strings.js'
import { Outdated } from './outdated.js'
import { Running } from './running.js'
import { Evidence, Hops, Tries } from './story-view.js'
import { Withheld } from './withheld.js'

/** The four questions about a container, and what was found. */
export function DiagnosePanel({ now }: { now: Extract<Inquiry, { kind: 'diagnosis' }> }) {
  const t = strings.value
  const { run, container } = now
  if (run.state === 'running') return <Running>{t.diagnosing}</Running>
  return (
    <>
      {isOutdated(now, timeline.value) && <Outdated />}
      {run.state === 'done' && <Report report={run.value} />}
      <p>
        <button type="button" disabled={!isOpen.value} onClick={() => runDiagnosis(container)}>
          {t.again}
        </button>
      </p>
    </>
  )
}

function Report({ report }: { report: DiagnosisReport }) {
  const t = strings.value
  return (
    <div class={`outcome ${report.outcome}`}>
      <p class="verdict">
        <span class="face">
          {report.outcome === 'healthy' ? <TickIcon /> : report.outcome === 'faulty' ? <CrossIcon /> : <UnknownIcon />}
        </span>
        <strong>{t[report.outcome]}</strong>
      </p>
      <p>
        <Words text={report.summary} finding />
      </p>
      {report.withheld && <Withheld />}
      <ol class="four">
        {report.stages.map((stage) => (
          <Stage key={stage.name} stage={stage} />
        ))}
      </ol>
    </div>
  )
}

function Stage({ stage }: { stage: DiagnosisStage }) {
  const t = strings.value
  const state = { ok: t.stageOk, problem: t.stageProblem, skipped: t.stageSkipped }[stage.outcome]
  return (
    <li class={stage.outcome}>
      <details open={stage.outcome === 'problem'}>
        <summary>
          <span class="face">
            {stage.outcome === 'ok' ? <TickIcon /> : stage.outcome === 'problem' ? <CrossIcon /> : <SkipIcon />}
          </span>
          <span class="stage-title">{inLanguage(stage.title)}</span>
          <span class="stage-state">{state}</span>
        </summary>
        <ul class="found">
          {stage.findings.map((finding, at) => (
            <Finding key={at} finding={finding} />
          ))}
        </ul>
      </details>
    </li>
  )
}

function Finding({ finding: { outcome, text, evidence, tries, trace } }: { finding: DiagnosisFinding }) {
  const t = strings.value
  return (
    <li class={outcome}>
      <span class="face">
        {outcome === 'ok' ? <TickIcon /> : outcome === 'problem' ? <CrossIcon /> : <span aria-hidden="true">·</span>}
        <span class="unseen">
          {{ ok: t.fine, problem: t.problem, note: t.note }[outcome]}
          {marks.value.colon}
        </span>
      </span>
      <div>
        <p>
          <Words text={text} finding />
        </p>
        <Evidence lines={evidence} />
        {trace !== undefined && trace.hops.length > 0 && (
          <details class="evidence">
            <summary>{t.hops}</summary>
            <Hops hops={trace.hops} />
            <button
              type="button"
              class="link"
              onClick={() => {
                drawWay(trace)
              }}
            >
              {t.onMap}
            </button>
          </details>
        )}
        <Tries tries={tries} />
      </div>
    </li>
  )
}
