import { probeFeatures } from '../machine/features.js'
import { runTool } from '../machine/tool.js'
import { containers } from './containers.js'
import { firewalls } from './firewalls.js'
import type { Incident } from './incident.js'
import { ip6 } from './ip6.js'
import { links } from './links.js'
import { names } from './names.js'
import { ports } from './ports.js'
import { programs } from './programs.js'
import { routes } from './routes.js'
import { swarm } from './swarm.js'

/** Two halves that take about as long as each other, for two sets of hosts side by side. None needs another before it. */
export const halves: readonly [readonly Incident[], readonly Incident[]] = [
  [...names, ...ports, ...firewalls, ...containers, ...ip6],
  [...links, ...routes, ...programs, ...swarm],
]

/** All of it. */
export const incidents: readonly Incident[] = halves.flat()

/** Those of them that can come about on this machine. */
export async function possibleIncidents(among: readonly Incident[] = incidents): Promise<readonly Incident[]> {
  const reports = await probeFeatures(among.flatMap(({ lacks }) => lacks ?? []))
  const has = new Set(reports.filter(({ state }) => state === 'present').map(({ name }) => name))
  const unmet = await Promise.all(among.map(async ({ needs }) => needs !== undefined && !(await runTool(needs)).ok))
  return among.filter(({ lacks }, at) => !unmet[at] && (lacks === undefined || !has.has(lacks)))
}
