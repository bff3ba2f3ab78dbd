import { halves } from '../../server/incident/incidents.js'
import { tryIncidents } from './try-incidents.js'

/** Of names, ports, rules and containers. */
tryIncidents(halves[0])
