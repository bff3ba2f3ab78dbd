import type { CauseCode } from '../cause/cause.js'
import type { TraceStory } from '../trace/story.js'
import type { Text } from '../wording/text.js'

/** The four questions of the troubleshooting flow, from the inside to the outside. */
export type StageName = 'itself' | 'same-network' | 'outside' | 'from-outside'

/** What a diagnosis of one container found. Plain data; every text in both languages, data within backticks. */
export interface DiagnosisReport {
  /** As asked. */
  container: string
  outcome: 'healthy' | 'faulty' | 'error'
  /** One sentence: where to begin. */
  summary: Text
  /** All four, in order. */
  stages: DiagnosisStage[]
  /** What is wrong is known, and kept back until it is asked for, as of a TraceStory. */
  withheld?: true
  durationMs: number
}

export interface DiagnosisStage {
  name: StageName
  title: Text
  /** `skipped`: it makes no sense here (no network, nothing published); its findings say why. */
  outcome: 'ok' | 'problem' | 'skipped'
  findings: DiagnosisFinding[]
}

export interface DiagnosisFinding {
  outcome: 'ok' | 'problem' | 'note'
  text: Text
  /** What it comes from, where that is known. */
  cause?: CauseCode
  /** In tools' words, one line each. */
  evidence: string[]
  /** What to try. */
  tries: Text[]
  /** Where a packet was traced for it. */
  trace?: TraceStory
}
