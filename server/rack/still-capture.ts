import type { EngineCapture, StillCapture } from '../network/capture.js'
import { askEngine, captureOnce } from './capture.js'
import type { Cgroups } from './cgroup.js'
import type { Host } from './host/host.js'

/**
 * Reads what the kernel holds of all hosts while none of their processes runs: not a learner's, and not an Engine, which is asked before
 * and once more afterwards. Where it says the same both times, and the kernel agrees, nothing has changed in between.
 * @param hosts by their names
 * @throws VethlabError rack.not-still
 */
export async function captureStill(cgroups: Cgroups, hosts: ReadonlyMap<string, Host>): Promise<StillCapture> {
  const all = [...hosts]
  const askEngines = async () =>
    new Map(await Promise.all(all.map(async ([name, host]) => [name, await askEngine(host)] as const)))
  const before = await askEngines()
  const ids = all.map(([, host]) => host.id)
  const captures = await cgroups.whileFrozen(ids, () =>
    Promise.all(all.map(([name, host]) => captureOnce(cgroups, host, name, async () => before.get(name)))),
  )
  const engines = [...(await askEngines())].filter((entry): entry is [string, EngineCapture] => entry[1] !== undefined)
  return { hosts: captures, engines: Object.fromEntries(engines) }
}
