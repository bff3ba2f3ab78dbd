/** What became of a program: the same shape for success, failure and time-out. */
export interface CommandResult {
  argv: string[]
  /** null when a signal ended it, or it never started. */
  exitCode: number | null
  signal: string | null
  timedOut: boolean
  /** True unless it exited with 0 in time. */
  failed: boolean
  /** Whether output was cut at `maxOutputBytes`. */
  truncated: boolean
  durationMs: number
  stdout: string
  stderr: string
}
