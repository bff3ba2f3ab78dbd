/** What a host of the rack made of a shell text. */
export interface CommandRun {
  /** null when a signal ended it. */
  exitCode: number | null
  signal: string | null
  timedOut: boolean
  stdout: string
  stderr: string
}

export interface ScriptOptions {
  /** At most 4 MiB. */
  stdin: string
  signal?: AbortSignal
}

/** How a lab's script ended. */
export interface ScriptRun {
  /** `exit`: by itself or by a signal. All others were ended: too long, too much output, too much memory. */
  ended: 'exit' | 'timeout' | 'output' | 'memory'
  exitCode: number | null
  signal: string | null
  stdout: string
  stderr: string
}
