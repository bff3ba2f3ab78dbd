import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { Classroom } from '../classroom/classroom.js'
import { lockedSteps } from '../classroom/locked-steps.js'
import { quotaOf } from '../classroom/quota.js'
import { SecurityLog } from '../error/security-log.js'
import { VethlabError } from '../error/vethlab-error.js'
import { LearnersEvidence } from '../evidence/learners-evidence.js'
import { type Lab, runsFiles } from '../lab/lab.js'
import { readShelf } from '../lab/shelf.js'
import { measuredHostBytes, roomInMemory } from '../machine/capacity.js'
import { RackdClient } from '../node/rackd-client.js'
import { StateThread } from '../racks/state-thread.js'
import { Sessions } from '../session/sessions.js'
import { openRecords } from '../store/open-records.js'
import { oneLine } from '../wording/one-line.js'
import { loadAssets, loadPreloads } from './client-assets.js'
import { dropTo } from './drop-privileges.js'
import { listenOn } from './listen-on.js'
import { Metrics, serveMetrics } from './metrics.js'
import { Preview } from './preview.js'
import { Provider } from './provider.js'
import { type Told, WebOptions, type WebReport } from './web-options.js'
import { listenLater, WebServer } from './web-server.js'

/**
 * The process that faces the network. It begins as root, for the time of reading what only root may be able to read and of
 * taking its port; everything is imported by then, since nothing of the checkout may be in reach later. It ends with
 * whoever started it.
 */

/** A previous one, whose starter was killed, ends about now. */
const portRetryMs = 3_000
const rackdMs = 60_000
/** Longest end of what goes on: answers, records. */
const endMs = 3_000

async function main(): Promise<void> {
  process.umask(0o077)
  // Whoever read our lines may be gone.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  const ended = new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve)
    process.stdin.once('close', resolve)
  })
  const starter = new Starter(process.stdin)
  const options = WebOptions.parse(JSON.parse(await starter.firstLine))
  const previewed = Array.isArray(options.labs) ? undefined : options.labs.preview
  const [{ labs, paths, leftOut }, assets, preloads, states] = await Promise.all([
    Array.isArray(options.labs) ? readShelf(options.labs) : { labs: [], paths: [], leftOut: [] },
    loadAssets(options.client, options.basePath),
    loadPreloads(options.client, options.basePath),
    StateThread.start(),
  ])
  for (const { name, error } of leftOut) {
    process.stderr.write(`vethlab: lab ${oneLine(name, 80)} is left out: ${error.message}\n`)
  }
  // Read while all files can be.
  const hostBytes = measuredHostBytes()
  const later = listenLater(options.tls)
  // Nothing is accepted before the drop: that is done in the same turn in which the port becomes ours.
  await listen(later.server, options, () => dropTo(options.user))
  const { port } = later.server.address() as AddressInfo
  await requireReach(options.records)
  for (const lab of labs) await noteUnreadable(lab)

  const records = await openRecords(options.records, options.recordsFile, options.database)
  const learner = await records.localLearner()
  const racks = new RackdClient(options.rackdSocket, options.portsSocket, states)
  await answers(racks)
  const { idleMs, mostRacks, lacks, seed } = options
  // It is made of the sessions; no learner begins anything before it is there.
  let classroom: Classroom | undefined
  const sessions = await Sessions.start(racks, labs, records, {
    paths,
    lacks,
    basePath: options.basePath,
    authoring: previewed !== undefined,
    ...(idleMs === undefined ? {} : { idleMs, warningMs: Math.min(120_000, idleMs / 2) }),
    ...(mostRacks === undefined ? {} : { mostRacks }),
    roomInMemory: (opening) => roomInMemory(opening, hostBytes),
    quotaFor: (learner) => quotaOf(records.people, learner),
    // The owner sits in no class: nothing is asked for them, so that they go on where the database is away from the beginning.
    lockedFor: async (who, lab) => (who === learner ? [] : lockedSteps(records.people, who, lab)),
    seedFor: async (learner, lab) => seed ?? (await classroom?.seedFor(learner, lab)),
  })
  const preview = previewed === undefined ? undefined : new Preview(sessions, previewed)
  starter.onLine((line) => {
    const told = JSON.parse(line) as Told
    if ('preview' in told) preview?.read(told.preview)
    else if ('paths' in told) sessions.renewPaths(told.paths)
    else {
      sessions.renew(told.id, told.lab)
      if (told.lab) void noteUnreadable(told.lab)
    }
  })
  const evidence = options.evidence && (await LearnersEvidence.open(options.evidence))
  classroom = new Classroom(sessions, records, { evidence })
  const metrics = options.metricsPort === undefined ? undefined : new Metrics(sessions)
  const served = metrics && (await serveMetrics(metrics, options.metricsPort!))
  const { token, host, publicNames, trustedProxies } = options
  const log = new SecurityLog(options.securityLog)
  const web = WebServer.serve(later, {
    log,
    access: { token, host, port, publicNames, trustedProxies },
    sessions,
    people: records.people,
    provider: options.provider && new Provider(options.provider),
    classroom,
    metrics,
    learner,
    assets,
    preview,
    preloads,
    basePath: options.basePath,
    tls: options.tls,
    previewPorts: options.previewPorts ?? { from: Math.min(port + 1, 65_535), to: Math.min(port + 100, 65_535) },
  })
  report({ ready: { port } })

  await ended
  setTimeout(() => process.exit(1), endMs).unref()
  await web.close()
  log.close()
  classroom.close()
  served?.close()
  metrics?.close()
  await sessions.stop()
  await records.close()
  await racks.disconnect()
  process.exit(0)
}

async function listen(server: Server, { host, port }: WebOptions, onListening: () => void): Promise<void> {
  const deadline = Date.now() + portRetryMs
  for (;;) {
    const error = await listenOn(server, port, host, onListening)
    if (!error) break
    if (error.code !== 'EADDRINUSE' || Date.now() > deadline) throw error
    await sleep(100)
  }
  // A connection that can't be accepted, say for want of file descriptors, is that connection's trouble.
  server.on('error', () => {})
}

/** rackd is started at the same time, and again when it dies. */
async function answers(racks: RackdClient): Promise<void> {
  const deadline = Date.now() + rackdMs
  for (;;) {
    try {
      await racks.list()
      return
    } catch (error) {
      if (Date.now() > deadline) throw error
      await sleep(20)
    }
  }
}

/** The state directory may lie where no other user can pass. */
async function requireReach(directory: string): Promise<void> {
  try {
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch {
    throw new VethlabError('store.unavailable', 'the user of the web can’t reach it: a directory above it is closed', {
      place: directory,
      cure: 'Choose a state directory whose parents others may pass through, with --state or VETHLAB_STATE.',
    })
  }
}

/** Scripts of checks are run by a user who is nobody, and need their folder to be open to all; so does who looks for them. */
async function noteUnreadable(lab: Lab): Promise<void> {
  if (!runsFiles(lab)) return
  const { id, directory } = lab
  await access(join(directory, 'checks'), constants.R_OK | constants.X_OK).catch(() => {
    process.stderr.write(`vethlab: scripts of lab ${id} can't be run: other users can't read ${directory}\n`)
  })
}

/** What the starter says, a line each: the options first. The stream stays open for as long as the starter lives. */
class Starter {
  readonly firstLine: Promise<string>
  readonly #lines: string[] = []
  #tell: ((line: string) => void) | undefined

  constructor(stream: NodeJS.ReadStream) {
    this.firstLine = new Promise((resolve, reject) => {
      let isFirst = true
      createInterface({ input: stream }).on('line', (line) => {
        if (isFirst) resolve(line)
        else if (this.#tell) this.#tell(line)
        else this.#lines.push(line)
        isFirst = false
      })
      stream.once('close', () => reject(new Error('started by `vethlab serve` alone')))
    })
  }

  /** Calls back with each line behind the first one, also those that came before. */
  onLine(tell: (line: string) => void): void {
    this.#tell = tell
    for (const line of this.#lines.splice(0)) tell(line)
  }
}

function report(message: WebReport, then?: () => void): void {
  process.stdout.write(`${JSON.stringify(message)}\n`, then)
}

function failure(error: unknown): WebReport {
  if (error instanceof VethlabError) {
    const { what, place, cure } = error
    return { failed: { what, place, cure, taken: false } }
  }
  const { code, message } = error as NodeJS.ErrnoException
  const what = oneLine(process.env.VETHLAB_DEBUG ? ((error as Error).stack ?? message) : message, 400)
  return {
    failed: {
      what,
      place: 'web process',
      cure: 'VETHLAB_DEBUG=1 shows where.',
      taken: code === 'EADDRINUSE',
    },
  }
}

main().catch((error: unknown) => report(failure(error), () => process.exit(1)))
