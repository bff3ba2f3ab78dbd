import type { Text } from '../wording/text.js'

/** `error`: at least one check could not tell, so neither passed nor failed is sure. */
export type Outcome = 'pass' | 'fail' | 'error'

/** What a submission is worth. But for `startedAt` and `durationMs`, the same submission gives the same. */
export interface Result {
  lab: string
  title: Text
  outcome: Outcome
  points: number
  of: number
  steps: StepResult[]
  scripts: ScriptResult[]
  startedAt: string
  durationMs: number
}

export interface StepResult {
  id: string
  title: Text
  outcome: Outcome
  points: number
  of: number
  /** It counts nothing, whatever became of it. */
  optional?: true
  checks: CheckResult[]
}

export interface CheckResult {
  check: string
  outcome: Outcome
  /** Where it counts by itself. */
  points?: number
  of?: number
  reason?: string
  expected?: Text
  observed?: Text
  why?: Text
}

export interface ScriptResult {
  file: string
  host: string
  /** `cut`: it was ended because it printed too much. */
  ended: 'exit' | 'signal' | 'timeout' | 'cut' | 'not run'
  exitCode: number | null
}

/** One that fails is sure to fail the whole, whatever could not be told besides; but not when something has been forged. */
export function together(all: readonly { outcome: Outcome }[]): Outcome {
  if (all.some(({ outcome }) => outcome === 'error')) return 'error'
  return all.every(({ outcome }) => outcome === 'pass') ? 'pass' : 'fail'
}
