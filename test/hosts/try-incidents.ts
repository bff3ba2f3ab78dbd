import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Incident } from '../../server/incident/incident.js'
import { IncidentHosts } from '../../server/incident/incident-hosts.js'
import { possibleIncidents } from '../../server/incident/incidents.js'
import { LocalRacks } from '../../server/rack/local-racks.js'
import { testState } from './state.js'

/**
 * Trouble that others had, made on real hosts: a symptom by real traffic, the trace's cause with what shows it, the cure exactly as the
 * trace words it, the symptom gone, and what the cure was not to open still shut. `vethlab bench trace` asks more often.
 */
export function tryIncidents(incidents: readonly Incident[]): void {
  let racks: LocalRacks
  let hosts: IncidentHosts

  beforeAll(async () => {
    racks = await LocalRacks.start(testState)
    hosts = new IncidentHosts(racks)
  }, 120_000)
  afterAll(async () => {
    await hosts?.close()
    await racks?.closeAll()
  })

  describe('incidents', async () => {
    it.each(await possibleIncidents(incidents))('$name', { timeout: 300_000 }, async (incident) => {
      const { judgement, why, story, told } = await hosts.try(incident, { times: 2 })
      expect({ judgement, why, told }, JSON.stringify(story, null, 1)).toEqual({
        ...{ judgement: 'right', why: '' },
        told: [incident.code, incident.code],
      })
    })
  })
}
