import type { Text } from '../wording/text.js'

/** What a submission is worth. But for `startedAt` and `durationMs`, the same submission gives the same. */
export interface GradeReport {
  lab: string
  title: Text
  /** `error`: at least one check could not tell, so neither passed nor failed is sure. */
  outcome: 'pass' | 'fail' | 'error'
  points: number
  of: number
  steps: StepGrade[]
  scripts: ScriptReport[]
  startedAt: string
  durationMs: number
}

export interface StepGrade {
  id: string
  title: Text
  outcome: 'pass' | 'fail' | 'error'
  points: number
  of: number
  checks: CheckGrade[]
}

export interface CheckGrade {
  check: string
  outcome: 'pass' | 'fail' | 'error'
  reason?: string
  expected?: Text
  observed?: Text
  why?: Text
}

export interface ScriptReport {
  file: string
  host: string
  /** `cut`: it was ended because it printed too much. */
  ended: 'exit' | 'signal' | 'timeout' | 'cut' | 'not run'
  exitCode: number | null
}
