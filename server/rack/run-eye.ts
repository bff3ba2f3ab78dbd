import type { CommandResult } from '../racks/command-result.js'
import { type CommandOptions, usualOutputBytes } from './command.js'
import { startEye } from './eye-starter.js'
import type { Eye } from './eyes.js'
import { signalName } from './signal-name.js'

/**
 * Runs an eye to its end, as `run` runs a program, and much cheaper (eye-starter.ts). Never throws for what it does. One that takes
 * too long or says too much is ended at once.
 */
export async function runEye(
  name: Eye,
  args: string[],
  {
    stdin,
    timeoutMs = 30_000,
    maxOutputBytes = usualOutputBytes,
  }: Pick<CommandOptions, 'timeoutMs' | 'maxOutputBytes'> & { stdin?: string },
): Promise<CommandResult> {
  const began = performance.now()
  const said = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
  const sizes = { stdout: 0, stderr: 0 }
  let ended: 'late' | 'large' | undefined
  const { fault, status } = await new Promise<{ fault?: string; status?: number }>((resolve) => {
    const hear = (stream: 'stdout' | 'stderr') => (chunk: Buffer) => {
      said[stream].push(chunk.subarray(0, maxOutputBytes - sizes[stream]))
      sizes[stream] += chunk.length
      if (sizes[stream] > maxOutputBytes) stop('large')
    }
    const started = startEye(
      name,
      args,
      { status: true, ...(stdin === undefined || stdin === '' ? {} : { input: stdin }) },
      {
        onOutput: hear('stdout'),
        onComplaint: hear('stderr'),
        onEnd: (fault, status) => {
          clearTimeout(timer)
          resolve({ ...(fault === undefined ? {} : { fault }), ...(status === undefined ? {} : { status }) })
        },
      },
    )
    const stop = (why: 'late' | 'large') => {
      ended ??= why
      started.kill()
    }
    const timer = setTimeout(() => stop('late'), timeoutMs)
  })
  const text = (stream: 'stdout' | 'stderr') => Buffer.concat(said[stream]).toString('utf8')
  const isExit = ended === undefined && status !== undefined && (status & 127) === 0
  const signal = ended ? 'SIGKILL' : status !== undefined && !isExit ? signalName(status & 127) : undefined
  return {
    argv: [name, ...args],
    exitCode: isExit ? status >> 8 : null,
    signal: signal ?? null,
    timedOut: ended === 'late',
    failed: !isExit || status !== 0,
    truncated: ended === 'large',
    durationMs: performance.now() - began,
    stdout: text('stdout'),
    stderr: text('stderr') || (fault ?? ''),
  }
}
