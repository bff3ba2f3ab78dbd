import { IncidentHosts } from '../incident/incident-hosts.js'
import { possibleIncidents } from '../incident/incidents.js'
import type { Racks } from '../racks/racks.js'
import { type Distribution, distribution } from './statistics.js'

export interface TraceBenchmark {
  /** Incidents by what became of the answer: see `Judgement` in server/incident. */
  right: number
  partly: number
  wrong: number
  unknown: number
  /** Incidents whose answer was not the same each time. */
  unsteady: number
  /** Incidents of which a diagnosis had a finding that is not so, and those that it covers and found nothing of. */
  diagnosedFalsely: number
  diagnosisMissed: number
  /** From the question to the story, on one host and over two. */
  traceMs: Distribution
  traceOverTwoHostsMs: Distribution
}

/** Makes each incident on real hosts, asks a trace about it several times, and mends it as it is advised. */
export async function benchTrace(
  racks: Racks,
  runs: number,
  only: string,
  say: (line: string) => void,
): Promise<TraceBenchmark> {
  const hosts = new IncidentHosts(racks)
  const counts = { right: 0, partly: 0, wrong: 0, unknown: 0, unsteady: 0, diagnosedFalsely: 0, diagnosisMissed: 0 }
  const took = { one: [] as number[], two: [] as number[] }
  try {
    for (const incident of (await possibleIncidents()).filter(({ name, code }) => `${code}: ${name}`.includes(only))) {
      const tried = await hosts.try(incident, { times: runs, diagnosed: true })
      const { judgement, why, told, traceMs, twoHosts, diagnosis } = tried
      say(`${judgement}: ${incident.code}: ${incident.name}${why === '' ? '' : `: ${why}`}`)
      counts[judgement]++
      if (diagnosis && diagnosis.judgement !== 'right') say(`  diagnosis, ${diagnosis.judgement}: ${diagnosis.why}`)
      if (diagnosis?.judgement === 'false') counts.diagnosedFalsely++
      if (diagnosis?.judgement === 'missed') counts.diagnosisMissed++
      if (new Set(told).size > 1) counts.unsteady++
      took[twoHosts ? 'two' : 'one'].push(...traceMs)
    }
  } finally {
    await hosts.close()
  }
  return { ...counts, traceMs: distribution(took.one), traceOverTwoHostsMs: distribution(took.two) }
}
