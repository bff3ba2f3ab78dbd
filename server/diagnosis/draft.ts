import type { CauseCode } from '../cause/cause.js'
import type { TraceQuestion } from '../place/question.js'
import type { TraceStory } from '../trace/story.js'
import { oneLine } from '../wording/one-line.js'
import type { Text } from '../wording/text.js'
import { cleanText } from '../wording/wording.js'
import type { DiagnosisFinding, DiagnosisStage, StageName } from './report.js'

/** A finding before a trace has been made for it. */
export interface Draft {
  outcome: DiagnosisFinding['outcome']
  /** What was found, without a full stop: the reason may follow behind a colon. */
  fact: Text
  /** The reason, as far as the state tells it; the cause of a trace takes its place. */
  why?: Text
  /** As far as it is known without a trace. */
  cause?: CauseCode
  evidence: string[]
  tries: Text[]
  /** What to trace, to find out why. */
  question?: Omit<TraceQuestion, 'home'>
  trace?: TraceStory
  /** Something could not be asked, so that nothing is known about it. */
  unknown?: true
}

export interface StageDraft {
  name: StageName
  /** It makes no sense here; the findings say why. */
  skipped: boolean
  findings: Draft[]
}

type More = Partial<Omit<Draft, 'outcome' | 'fact'>>

export function ok(fact: Text, evidence: string[] = []): Draft {
  return { outcome: 'ok', fact, evidence, tries: [] }
}

export function note(fact: Text, more: More = {}): Draft {
  return { outcome: 'note', fact, evidence: [], tries: [], ...more }
}

export function problem(fact: Text, more: More = {}): Draft {
  return { outcome: 'problem', fact, evidence: [], tries: [], ...more }
}

/** Far more than any finding needs; names and rules are a learner's, and may be long. */
const mostLines = 12
const longestLine = 300
const mostTries = 6

const titles: Record<StageName, Text> = {
  itself: { en: 'The container itself', zh: '容器自身' },
  'same-network': { en: 'Same network', zh: '同一网络' },
  outside: { en: 'To the outside', zh: '访问外部' },
  'from-outside': { en: 'From the outside', zh: '从外部访问' },
}

export function titleOf(name: StageName): Text {
  return titles[name]
}

/** The stage as it is reported: bounded, in one line each, with the cause of a trace in the place of a guess. */
export function stageOf({ name, skipped, findings }: StageDraft): DiagnosisStage {
  const bad = findings.some(({ outcome }) => outcome === 'problem')
  return {
    name,
    title: titles[name],
    outcome: bad ? 'problem' : skipped ? 'skipped' : 'ok',
    findings: findings.map(findingOf),
  }
}

function findingOf({ outcome, fact, why, cause: known, evidence, tries, trace }: Draft): DiagnosisFinding {
  const cause = trace?.outcome === 'stopped' && trace.cause?.code !== 'unknown' ? trace.cause : undefined
  const reason = cause?.what ?? why
  const code = cause?.code ?? known
  // What a trace has proved comes before what the state lets one guess.
  const all = cause ? [...cause.tries, ...(cause.tries.length > 0 ? [] : tries)] : tries
  return {
    outcome,
    text: cleanText(
      reason ? { en: `${fact.en}: ${reason.en}`, zh: `${fact.zh}：${reason.zh}` } : { en: fact.en, zh: fact.zh },
    ),
    ...(code === undefined || code === 'unknown' ? {} : { cause: code }),
    evidence: [...new Set([...evidence, ...(cause?.evidence ?? [])].map((line) => oneLine(line, longestLine)))].slice(
      0,
      mostLines,
    ),
    tries: all.slice(0, mostTries).map(cleanText),
    ...(trace ? { trace } : {}),
  }
}
