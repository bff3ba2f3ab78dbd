import { IncidentHosts } from '../incident/incident-hosts.js'
import { possibleIncidents } from '../incident/incidents.js'
import type { Viewed, ViewedBy } from '../incident/judge-view.js'
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
  /** What a diagnosis of one container says of each incident, and netdiag in its host. */
  diagnose: ViewCounts
  netdiag: ViewCounts
  /** From the question to the story, on one host and over two. */
  traceMs: Distribution
  traceOverTwoHostsMs: Distribution
}

/** As `Viewed` in server/incident has them, with the names of those that are wrong. */
interface ViewCounts extends Record<Viewed['judgement'], number> {
  falseOf: string[]
  missedOf: string[]
}

/** Makes each incident on real hosts, asks a trace about it several times, and mends it as it is advised. */
export async function benchTrace(
  racks: Racks,
  runs: number,
  only: string,
  say: (line: string) => void,
): Promise<TraceBenchmark> {
  const hosts = new IncidentHosts(racks)
  const counts = { right: 0, partly: 0, wrong: 0, unknown: 0, unsteady: 0, diagnose: none(), netdiag: none() }
  const count = (view: ViewedBy, { judgement, why }: Viewed, name: string) => {
    counts[view][judgement]++
    if (judgement === 'false' || judgement === 'missed') {
      counts[view][`${judgement}Of`].push(name)
      say(`  ${view}, ${judgement}: ${why}`)
    }
  }
  const took = { one: [] as number[], two: [] as number[] }
  try {
    for (const incident of (await possibleIncidents()).filter(({ name, code }) => `${code}: ${name}`.includes(only))) {
      const tried = await hosts.try(incident, { times: runs, viewed: true })
      const { judgement, why, told, traceMs, twoHosts, views } = tried
      say(`${judgement}: ${incident.code}: ${incident.name}${why === '' ? '' : `: ${why}`}`)
      counts[judgement]++
      for (const [view, viewed] of Object.entries(views ?? {}) as [ViewedBy, Viewed][])
        count(view, viewed, incident.name)
      if (new Set(told).size > 1) counts.unsteady++
      took[twoHosts ? 'two' : 'one'].push(...traceMs)
    }
  } finally {
    await hosts.close()
  }
  return { ...counts, traceMs: distribution(took.one), traceOverTwoHostsMs: distribution(took.two) }
}

function none(): ViewCounts {
  return { found: 0, missed: 0, false: 0, beyond: 0, missedOf: [], falseOf: [] }
}
