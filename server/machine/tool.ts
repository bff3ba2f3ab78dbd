import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'
import { oneLine } from '../wording/one-line.js'

/** A root shell opened with `su`, or a service, often has no sbin in its PATH, and there the network tools live. */
const SBIN = ['/usr/local/sbin', '/usr/sbin', '/sbin']

/** Probes answer within milliseconds; loading a module on a slow disk takes a second or two. */
const PROBE_DEADLINE_MS = 10_000

/** How a program of this machine ended. A program that is not there, or took too long, is an outcome and does not throw. */
export interface ToolResult {
  ok: boolean
  /** Undefined when the program could not be started or was killed. */
  exitCode: number | undefined
  stdout: string
  /** What it complained about, on one line and free of control characters; never empty when `ok` is false. */
  complaint: string
}

/** PATH with the directories of root's tools, for looking up and for running them. */
export function toolPath(): string {
  const given = (process.env.PATH ?? '/usr/bin:/bin').split(':').filter((directory) => directory.startsWith('/'))
  return [...new Set([...given, ...SBIN])].join(':')
}

/** The path of an executable on this machine, or undefined. */
export async function findTool(binary: string): Promise<string | undefined> {
  for (const directory of toolPath().split(':')) {
    const candidate = path.join(directory, binary)
    try {
      await access(candidate, constants.X_OK)
      if ((await stat(candidate)).isFile()) return candidate
    } catch {
      // Not in this directory.
    }
  }
  return undefined
}

/** Runs an argv (never a shell) in the C locale, with `input` as its whole stdin, under a deadline. */
export async function runTool(
  [binary, ...args]: readonly [string, ...string[]],
  { input = '', deadlineMs = PROBE_DEADLINE_MS }: { input?: string; deadlineMs?: number } = {},
): Promise<ToolResult> {
  const result = await execa(binary, args, {
    env: { PATH: toolPath(), LC_ALL: 'C' },
    input,
    timeout: deadlineMs,
    forceKillAfterDelay: 1_000,
    reject: false,
  })
  return {
    ok: !result.failed,
    exitCode: result.exitCode,
    stdout: result.stdout,
    complaint: oneLine(result.stderr) || oneLine(result.shortMessage ?? ''),
  }
}
