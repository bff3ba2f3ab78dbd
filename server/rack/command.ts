import { execa, type Options } from 'execa'
import { VethlabError } from '../error/vethlab-error.js'
import type { CommandResult } from '../racks/command-result.js'
import { oneLine } from '../wording/one-line.js'

export interface CommandOptions {
  stdin?: string | Uint8Array
  /** Milliseconds until SIGTERM, and a second later SIGKILL. 30 s by default. */
  timeoutMs?: number
  /** Each of stdout and stderr; 16 MiB by default. */
  maxOutputBytes?: number
  cwd?: string
  env?: Record<string, string>
  signal?: AbortSignal
}

/** The most of a stream that is kept unless more or less is asked for. */
export const usualOutputBytes = 16 * 1024 ** 2

/** Where the machine's own tools are, whatever PATH the caller has. */
export const machinePath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Options every program of ours is started with. Exported for those who need the process itself. */
export function commandOptions(options: CommandOptions = {}) {
  return {
    input: options.stdin ?? '',
    timeout: options.timeoutMs ?? 30_000,
    forceKillAfterDelay: 1000,
    maxBuffer: options.maxOutputBytes ?? usualOutputBytes,
    env: { PATH: machinePath, LC_ALL: 'C.UTF-8', ...options.env },
    extendEnv: false,
    reject: false,
    stripFinalNewline: false,
    cleanup: true,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
  } satisfies Options
}

/** Runs a program of the machine. Never throws for what the program does. */
export async function run(file: string, args: string[], options: CommandOptions = {}): Promise<CommandResult> {
  return toResult([file, ...args], await execa(file, args, commandOptions(options)))
}

/** Turns execa's result into ours. */
export function toResult(
  argv: string[],
  result: {
    exitCode?: number
    signal?: string
    timedOut: boolean
    failed: boolean
    isMaxBuffer?: boolean
    durationMs: number
    stdout?: unknown
    stderr?: unknown
    shortMessage?: string
    code?: string
  },
): CommandResult {
  const stderr = String(result.stderr ?? '')
  return {
    argv,
    exitCode: result.exitCode ?? null,
    signal: result.signal ?? null,
    timedOut: result.timedOut,
    failed: result.failed,
    truncated: result.isMaxBuffer === true,
    durationMs: result.durationMs,
    stdout: String(result.stdout ?? ''),
    stderr: stderr === '' && result.code !== undefined ? (result.shortMessage ?? result.code) : stderr,
  }
}

/** Runs a program that must succeed; its last words become the error. */
export async function must(file: string, args: string[], options: CommandOptions = {}): Promise<string> {
  const result = await run(file, args, options)
  if (result.failed) throw commandFailed(result)
  return result.stdout
}

export function commandFailed(result: CommandResult): VethlabError {
  const said = (result.stderr || result.stdout).trim().split('\n').slice(-3).join(' / ')
  const end = result.timedOut
    ? `no end after ${Math.round(result.durationMs)} ms`
    : result.signal
      ? `ended by ${result.signal}`
      : `exit code ${result.exitCode}`
  return new VethlabError('command.failed', `${end}: ${oneLine(said)}`, {
    place: oneLine(result.argv.join(' '), 200),
    cure: 'Run `vethlab doctor` to see what the machine lacks.',
  })
}
