import { VethlabError } from '../error/vethlab-error.js'
import type { EngineCapture } from '../network/capture.js'
import type { EngineClient, EngineSession } from './engine.js'
import type { GoldenImages } from './golden-images.js'

/** An Engine under load answers in some tens of milliseconds; one that is silent for this long is taken as down. */
const deadlineMs = 3000
/** A manager that has lost its majority thinks about it for long. */
const swarmTimeoutMs = 1500
const mostContainers = 200
/** A container that does anything is asked about before one that does nothing; states as the Engine's list names them. */
const lively = ['running', 'paused', 'restarting']
/** Of all answers together; see `largestKernelBytes` for the rest of a capture. */
const largestBytes = 3 * 1024 ** 2

/** Everything that a check needs from an Engine. Never throws: why there is nothing is part of the capture. */
export async function captureEngine(engine: EngineClient, images: GoldenImages): Promise<EngineCapture> {
  const deadline = AbortSignal.timeout(deadlineMs)
  try {
    const capture = await engine.session(deadline, { maxBytes: largestBytes }, read)
    if ('containers' in capture)
      await Promise.all(capture.containers.map((container) => callRightly(container, images)))
    return capture
  } catch (error) {
    const unverified = error instanceof VethlabError && error.code === 'host.unverified'
    const detail = deadline.aborted ? `no answer within ${deadlineMs} ms` : saidBy(error)
    return { fault: { kind: unverified ? 'unverified' : 'silent', detail } }
  }
}

/** Without the place: a host is known to learners by another name than to the machine. */
function saidBy(error: unknown): string {
  return error instanceof VethlabError ? `${error.what}. ${error.cure}` : (error as Error).message
}

async function read({ get, ping }: EngineSession): Promise<EngineCapture> {
  const [{ version, info }, networks, listed] = await Promise.all([
    ping().then(async ({ version, swarm }) => ({
      version: { Version: version },
      info: swarm === 'inactive' ? undefined : await get('/info'),
    })),
    get('/networks'),
    get('/containers/json?all=1'),
  ])
  const ids = (Array.isArray(listed) ? listed : [])
    .map((container: { Id?: unknown; State?: unknown } | null) => ({ id: container?.Id, state: container?.State }))
    .filter((one): one is { id: string; state: unknown } => typeof one.id === 'string' && /^[0-9a-f]{64}$/.test(one.id))
    .toSorted((a, b) => Number(isLively(b.state)) - Number(isLively(a.state)))
    .map(({ id }) => id)
  const swarm = (info as { Swarm?: { ControlAvailable?: unknown } } | null)?.Swarm
  const [containers, ofSwarm] = await Promise.all([
    // A container may end between the list and the question: the Engine then knows no such thing.
    Promise.all(ids.slice(0, mostContainers).map((id) => get(`/containers/${id}/json`))),
    swarm?.ControlAvailable === true
      ? Promise.all(
          ['/swarm', '/nodes', '/services', '/tasks'].map((path) => get(path, swarmTimeoutMs).catch(withoutManager)),
        )
      : undefined,
  ])
  const [settings, nodes, services, tasks] = ofSwarm ?? []
  return {
    version,
    info,
    networks,
    containers: containers.filter((container) => container !== undefined),
    ...(ids.length > mostContainers ? { unasked: ids.length - mostContainers } : {}),
    ...(ofSwarm ? { swarm: { swarm: settings, nodes, services, tasks } } : {}),
  }
}

function isLively(state: unknown): boolean {
  return typeof state === 'string' && lively.includes(state)
}

/** In place of the name that the container was made with, the one that its image has in golden. */
async function callRightly(container: unknown, images: GoldenImages): Promise<void> {
  const { Image: id, Config: config } = (container ?? {}) as { Image?: unknown; Config?: { Image?: unknown } | null }
  if (typeof id !== 'string' || typeof config?.Image !== 'string') return
  config.Image = await images.nameOf(config.Image, id)
}

/** A swarm without a majority of managers gives no answer, yet the host's own networks and containers are there. */
function withoutManager(error: unknown): undefined {
  if (error instanceof VethlabError && error.code === 'host.unverified') throw error
  return undefined
}
