import { halves } from '../../server/incident/incidents.js'
import { tryIncidents } from './try-incidents.js'

/** Of links, routes, programs and swarms. */
tryIncidents(halves[1])
