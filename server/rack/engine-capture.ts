import { VethlabError } from '../error/vethlab-error.js'
import type { EngineCapture } from '../network/capture.js'
import type { EngineClient, EngineSession } from './engine.js'
import type { HostImages } from './images/host-images.js'

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
export async function captureEngine(engine: EngineClient, images: HostImages): Promise<EngineCapture> {
  const deadline = AbortSignal.timeout(deadlineMs)
  try {
    const capture = await engine.session(deadline, { maxBytes: largestBytes }, read)
    if ('containers' in capture) {
      const { services } = capture.swarm ?? {}
      await Promise.all([
        ...capture.containers.map((container) => callRightly(container, images)),
        ...(Array.isArray(services) ? services : []).map((service) => nameAll(service, images)),
      ])
    }
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

/** In place of the name that the container was made with, the one that its image has in what hosts start from; and all of them. */
async function callRightly(container: unknown, images: HostImages): Promise<void> {
  const { Image: id, Config: config } = (container ?? {}) as { Image?: unknown; Config?: Named | null }
  if (typeof id !== 'string' || typeof config?.Image !== 'string') return
  const ImageNames = await images.namesOf(id)
  Object.assign(config, { Image: await images.nameOf(config.Image, id), ImageNames })
}

/** A service says no more of its image than a name. */
async function nameAll(service: unknown, images: HostImages): Promise<void> {
  const { Spec } = (service ?? {}) as { Spec?: { TaskTemplate?: { ContainerSpec?: Named | null } | null } | null }
  const spec = Spec?.TaskTemplate?.ContainerSpec
  if (typeof spec?.Image === 'string') spec.ImageNames = await images.namesLike(spec.Image)
}

interface Named {
  Image?: unknown
  /** Ours, whatever stood there. */
  ImageNames?: string[] | undefined
}

/** A swarm without a majority of managers gives no answer, yet the host's own networks and containers are there. */
function withoutManager(error: unknown): undefined {
  if (error instanceof VethlabError && error.code === 'host.unverified') throw error
  return undefined
}
