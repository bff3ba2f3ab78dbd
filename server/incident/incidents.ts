import { probeFeatures } from '../machine/features.js'
import { containers } from './containers.js'
import { firewalls } from './firewalls.js'
import type { Incident } from './incident.js'
import { links } from './links.js'
import { names } from './names.js'
import { ports } from './ports.js'
import { programs } from './programs.js'
import { routes } from './routes.js'
import { swarm } from './swarm.js'

/** Those that can come about on this machine. */
export async function possibleIncidents(): Promise<readonly Incident[]> {
  const reports = await probeFeatures(incidents.flatMap(({ lacks }) => lacks ?? []))
  const has = new Set(reports.filter(({ state }) => state === 'present').map(({ name }) => name))
  return incidents.filter(({ lacks }) => lacks === undefined || !has.has(lacks))
}

/** All of it. What ends a swarm comes last. */
export const incidents: readonly Incident[] = [
  ...names,
  ...ports,
  ...firewalls,
  ...links,
  ...routes,
  ...containers,
  ...programs,
  ...swarm,
]
