import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { VethlabError } from '../error/vethlab-error.js'
import type { SessionPhase } from '../protocol/protocol.js'
import { type RequestName, requests } from '../protocol/requests.js'
import type { Session } from '../session/session.js'
import type { Sessions } from '../session/sessions.js'

const phases: readonly SessionPhase['name'][] = ['waiting', 'opening', 'open', 'failed', 'closed']
const standings = ['current', 'behind', 'full'] as const
/** Seconds, as JupyterHub's histograms of servers that start. */
const openBuckets = [0.5, 1, 2.5, 5, 10, 15, 30, 60, 120, 180, 300, 600]
/** Seconds, of what a page asks. */
const requestBuckets = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 1.5, 2.5, 5, 10, 30]

/** What happens here, for Prometheus. No label has anything of a learner, and each value of each label is there from the start. */
export class Metrics {
  readonly registry = new Registry()
  readonly #opened: Histogram<'outcome'>
  readonly #checked: Histogram
  readonly #requests: Histogram<'request'>
  readonly #refused: Counter<'request'>
  readonly #http: Counter<'status'>
  /** When sessions began to open, in milliseconds of this process's clock. */
  readonly #opening = new Map<string, number>()
  /** What learners of sessions have asked for and wait for, and since when. */
  readonly #asked = new Map<string, { step: string; at: number }>()
  readonly #end: () => void
  sockets = 0

  constructor(sessions: Sessions) {
    const { registry } = this
    const registers = [registry]
    collectProcess(registry)
    const metrics = this
    new Gauge({
      name: 'vethlab_sessions',
      help: 'Sessions in memory, by what their rack is',
      labelNames: ['phase'],
      registers,
      collect() {
        for (const phase of phases) this.set({ phase }, sessions.count(phase))
      },
    })
    new Gauge({
      name: 'vethlab_racks_most',
      help: 'Racks that sessions may have at the same time',
      registers,
      collect() {
        this.set(sessions.mostRacks)
      },
    })
    new Gauge({
      name: 'vethlab_sockets',
      help: 'Connections of pages',
      registers,
      collect() {
        this.set(metrics.sockets)
      },
    })
    const records = new Gauge({
      name: 'vethlab_records_standing',
      help: 'How records stand: 1 for the one that is so',
      labelNames: ['standing'],
      registers,
    })
    const endRecords = sessions.followRecords((now) => {
      for (const standing of standings) records.set({ standing }, Number(standing === now))
    })
    this.#opened = new Histogram({
      name: 'vethlab_rack_open_duration_seconds',
      help: 'From the first moment of an opening to its hosts, or to its failure; the wait in a line counts',
      labelNames: ['outcome'],
      buckets: openBuckets,
      registers,
    })
    for (const outcome of ['open', 'failed', 'left']) this.#opened.zero({ outcome })
    this.#checked = new Histogram({
      name: 'vethlab_check_duration_seconds',
      help: 'From the wish for a check to its first answer',
      buckets: requestBuckets,
      registers,
    })
    this.#requests = new Histogram({
      name: 'vethlab_request_duration_seconds',
      help: 'From a request over a socket to its answer',
      labelNames: ['request'],
      buckets: requestBuckets,
      registers,
    })
    this.#refused = new Counter({
      name: 'vethlab_requests_refused_total',
      help: 'Requests over a socket that were answered with a trouble',
      labelNames: ['request'],
      registers,
    })
    for (const request of Object.keys(requests)) {
      this.#requests.zero({ request })
      this.#refused.inc({ request }, 0)
    }
    this.#http = new Counter({
      name: 'vethlab_http_responses_total',
      help: 'Answers over HTTP, by the first digit of their status',
      labelNames: ['status'],
      registers,
    })
    for (const status of ['2xx', '3xx', '4xx', '5xx']) this.#http.inc({ status }, 0)
    const endSessions = sessions.follow((session) => {
      this.#look(session)
      this.#lookAtCheck(session)
    })
    this.#end = () => {
      endRecords()
      endSessions()
    }
  }

  request(name: RequestName, ms: number, isRefused: boolean): void {
    this.#requests.observe({ request: name }, ms / 1000)
    if (isRefused) this.#refused.inc({ request: name })
  }

  http(status: number): void {
    if (status >= 200 && status < 600) this.#http.inc({ status: `${Math.floor(status / 100)}xx` })
  }

  close(): void {
    this.#end()
  }

  #look({ id, phase }: Session): void {
    const began = this.#opening.get(id)
    if (phase === 'opening' || phase === 'waiting') {
      if (began === undefined) this.#opening.set(id, performance.now())
      return
    }
    if (began === undefined) return
    this.#opening.delete(id)
    const outcome = phase === 'open' || phase === 'failed' ? phase : 'left'
    this.#opened.observe({ outcome }, (performance.now() - began) / 1000)
  }

  #lookAtCheck({ id, phase, asked }: Session): void {
    const before = this.#asked.get(id)
    if (before?.step === asked) return
    // One that was broken off since the rack is gone has no answer.
    if (before && phase === 'open') this.#checked.observe((performance.now() - before.at) / 1000)
    if (asked === undefined) this.#asked.delete(id)
    else this.#asked.set(id, { step: asked, at: performance.now() })
  }
}

/** What Node tells of its process, but for what it has open by kinds, which come and go: open files are counted. */
function collectProcess(registry: Registry): void {
  const prefix = 'vethlab_'
  collectDefaultMetrics({ register: registry, prefix })
  for (const what of ['handles', 'requests', 'resources']) {
    registry.removeSingleMetric(`${prefix}nodejs_active_${what}`)
    registry.removeSingleMetric(`${prefix}nodejs_active_${what}_total`)
  }
  const collections = registry.getSingleMetric(`${prefix}nodejs_gc_duration_seconds`)
  if (!(collections instanceof Histogram)) return
  for (const kind of ['major', 'minor', 'incremental', 'weakcb']) collections.zero({ kind })
}

/** Serves them to this machine alone, on a port of their own. @throws VethlabError serve.port-taken */
export async function serveMetrics({ registry }: Metrics, port: number): Promise<{ port: number; close(): void }> {
  const server: Server = createServer(async (request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end()
      return
    }
    const text = await registry.metrics()
    response.writeHead(200, { 'content-type': registry.contentType, 'cache-control': 'no-store' }).end(text)
  })
  server.headersTimeout = 5_000
  server.requestTimeout = 5_000
  server.maxConnections = 16
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new VethlabError('serve.port-taken', error.message, {
          place: `127.0.0.1:${port}`,
          cure: 'Choose another port with --metrics-port.',
        }),
      ),
    )
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
