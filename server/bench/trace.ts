import { IncidentHosts, type Tried } from '../incident/incident-hosts.js'
import { possibleIncidents } from '../incident/incidents.js'
import type { Viewed, ViewedBy } from '../incident/judge-view.js'
import type { Racks } from '../racks/racks.js'
import { KeptResults } from './kept-results.js'
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

interface Options {
  /** How often the trace is asked of each. */
  runs: number
  /** Incidents whose cause or name has these words. */
  only: string
  /** A file for what is done: what it has of this build is not measured again. */
  keep?: string
  say: (line: string) => void
}

type Kept = Pick<Tried, 'judgement' | 'why' | 'told' | 'traceMs' | 'twoHosts' | 'views'>

/** Makes each incident on real hosts, asks a trace about it several times, and mends it as it is advised. */
export async function benchTrace(racks: Racks, { runs, only, keep, say }: Options): Promise<TraceBenchmark> {
  const incidents = (await possibleIncidents()).filter(({ name, code }) => `${code}: ${name}`.includes(only))
  const kept = await KeptResults.open<Kept>(keep, `trace, ${runs} times`, 'dist/incident/incident-hosts.js')
  const hosts = new IncidentHosts(racks)
  try {
    for (const incident of incidents) {
      if (kept.has(incident.name)) continue
      const { judgement, why, told, traceMs, twoHosts, views } = await hosts.try(incident, {
        times: runs,
        viewed: true,
      })
      kept.add(incident.name, { judgement, why, told, traceMs, twoHosts, views })
      say(`${judgement}: ${incident.code}: ${incident.name}${why === '' ? '' : `: ${why}`}`)
    }
  } finally {
    await hosts.close()
  }
  return counted(
    incidents.map(({ name }) => ({ name, tried: kept.result(name) })),
    say,
  )
}

function counted(all: { name: string; tried: Kept }[], say: (line: string) => void): TraceBenchmark {
  const counts = { right: 0, partly: 0, wrong: 0, unknown: 0, unsteady: 0, diagnose: none(), netdiag: none() }
  const took = { one: [] as number[], two: [] as number[] }
  for (const { name, tried } of all) {
    counts[tried.judgement]++
    if (new Set(tried.told).size > 1) counts.unsteady++
    took[tried.twoHosts ? 'two' : 'one'].push(...tried.traceMs)
    for (const [view, { judgement, why }] of Object.entries(tried.views ?? {}) as [ViewedBy, Viewed][]) {
      counts[view][judgement]++
      if (judgement !== 'false' && judgement !== 'missed') continue
      counts[view][`${judgement}Of`].push(name)
      say(`  ${view}, ${judgement}: ${name}: ${why}`)
    }
  }
  return { ...counts, traceMs: distribution(took.one), traceOverTwoHostsMs: distribution(took.two) }
}

function none(): ViewCounts {
  return { found: 0, missed: 0, false: 0, beyond: 0, missedOf: [], falseOf: [] }
}
