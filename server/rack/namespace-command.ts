import { execa } from 'execa'
import { inNetworkNamespace } from '../kernel/system-calls.js'
import type { CommandResult } from '../racks/command-result.js'
import { type CommandOptions, commandFailed, commandOptions, toResult } from './command.js'

/**
 * Runs one of the machine's own tools inside a network namespace, and in no other namespace of a host: its files,
 * libraries and process stay the machine's, so no learner can see, trace or replace it.
 */
export async function runIn(
  namespace: string,
  file: string,
  args: string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const started = inNetworkNamespace(namespace, () => execa(file, args, commandOptions(options)))
  return toResult([file, ...args], await started)
}

/** Like `runIn`, for what must succeed. */
export async function mustIn(
  namespace: string,
  file: string,
  args: string[],
  options?: CommandOptions,
): Promise<string> {
  const result = await runIn(namespace, file, args, options)
  if (result.failed) throw commandFailed(result)
  return result.stdout
}
