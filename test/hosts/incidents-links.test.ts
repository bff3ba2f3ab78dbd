import { halves } from '../../server/incident/incidents.js'
import { tryIncidents } from './try-incidents.js'

/** Of links, routes and swarms. */
tryIncidents(halves[1])
