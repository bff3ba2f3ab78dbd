import { execa } from 'execa'
import { inNetworkNamespace } from '../kernel/system-calls.js'
import { type CommandOptions, commandFailed, commandOptions, toResult } from './command.js'

/**
 * Runs one of the machine's own tools as its root inside a network namespace that is the machine's too, such as a LAN's. What
 * reads a learner's bytes has no such rights: see eyes/run-in-network.pl.
 */
export async function mustIn(
  namespace: string,
  file: string,
  args: string[],
  options: CommandOptions = {},
): Promise<string> {
  const started = inNetworkNamespace(namespace, () => execa(file, args, commandOptions(options)))
  const result = toResult([file, ...args], await started)
  if (result.failed) throw commandFailed(result)
  return result.stdout
}
