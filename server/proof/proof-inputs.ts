import { release } from 'node:os'
import { join } from 'node:path'
import { parseOsRelease, readOsRelease } from '../machine/os-release.js'
import { codeClosure } from './code-closure.js'
import { contentHash, fileParts, treeParts } from './content-hash.js'

/** What a lab trial runs: reading the lab, a rack in this process, the trial itself. No web, no client, no other command. */
export const trialEntries = [
  'dist/lab/read-lab.js',
  'dist/trial/test-lab.js',
  'dist/trial/run-trials.js',
  'dist/commands/own-racks.js',
]

/**
 * What all trials depend on, whatever their lab, as parts of a hash: the code, the golden system that hosts are made from,
 * the kernel's release, the distribution (whose tools look at the network) and Node's major version.
 * @param root the folder of package.json
 * @param golden version of the golden system in use
 */
export async function commonParts(root: string, golden: string): Promise<string[]> {
  const { files, packages } = await codeClosure(root, trialEntries)
  const machine = [release(), parseOsRelease(await readOsRelease()).title, process.version.split('.')[0]!]
  return ['trial 1', golden, ...machine, ...packages, ...files.flatMap((file) => fileParts(root, join(root, file)))]
}

/** The hash of all that a trial of this lab depends on: two folders with the same content have the same. */
export function labInputs(common: readonly string[], labFolder: string): string {
  return contentHash([...common, ...treeParts(labFolder)])
}
