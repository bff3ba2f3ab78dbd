import { containers } from './containers.js'
import { firewalls } from './firewalls.js'
import type { Incident } from './incident.js'
import { ip6 } from './ip6.js'
import { links } from './links.js'
import { names } from './names.js'
import { ports } from './ports.js'
import { routes } from './routes.js'
import { swarm } from './swarm.js'

/** Two halves that take about as long as each other, for two sets of hosts side by side. None needs another before it. */
export const halves: readonly [readonly Incident[], readonly Incident[]] = [
  [...names, ...ports, ...firewalls, ...containers, ...ip6],
  [...links, ...routes, ...swarm],
]

/** All of it. */
export const incidents: readonly Incident[] = halves.flat()
