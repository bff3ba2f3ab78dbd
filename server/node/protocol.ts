import { z } from 'zod'
import { Talk } from '../network/conversation.js'
import { TracedPacket } from '../network/observation.js'
import { ProbeRequest } from '../network/question.js'

/** Requests of rackd's socket: names and checked values, never a shell's string. Results are those of `Racks`. */

const Id = z.string().max(64)
const Name = z.string().max(64)
/** Whom a rack is opened for. */
const Owner = z.string().min(1).max(64)
const Bytes = z.instanceof(Uint8Array)

export const requests = {
  /** The topology is checked by `resolveTopology`; `token` names the request, also when it is asked again, and its progress notifications. */
  open: z.strictObject({
    topology: z.unknown(),
    label: z.string().max(1000).optional(),
    owner: Owner.optional(),
    images: z.array(z.string().max(255)).max(100).optional(),
    token: z.string().max(64),
  }),
  list: z.strictObject({ owner: Owner.optional() }),
  info: z.strictObject({ rack: Id }),
  warm: z.strictObject({
    docker: z.int().min(0).max(256),
    plain: z.int().min(0).max(256),
    forMs: z.int().min(1).max(600_000),
  }),
  reset: z.strictObject({ rack: Id, host: Name.optional() }),
  close: z.strictObject({ rack: Id }),
  /** Of a rack that another process has handed to rackd. */
  takeOver: z.strictObject({ rack: Id }),
  exec: z.strictObject({
    rack: Id,
    host: Name,
    argv: z.array(z.string().max(131_072)).min(1).max(1024),
    stdin: z.union([z.string(), Bytes]).optional(),
    env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/), z.string().max(131_072)).optional(),
    timeoutMs: z.int().min(1).max(3_600_000).optional(),
    maxOutputBytes: z.int().min(1).optional(),
  }),
  terminals: z.strictObject({ rack: Id }),
  setLink: z.strictObject({ rack: Id, lan: Name, host: Name, state: z.enum(['cut', 'mended']) }),
  engine: z.strictObject({ rack: Id, host: Name, path: z.string().max(2048) }),
  restartEngine: z.strictObject({ rack: Id, host: Name }),
  /** Answers when the watching ends; `token` names the events. */
  watchEngine: z.strictObject({ rack: Id, host: Name, token: z.string().max(64) }),
  /** Answers when the watching ends; `token` names the changes. */
  watchNetwork: z.strictObject({ rack: Id, host: Name, token: z.string().max(64) }),
  capture: z.strictObject({ rack: Id, host: Name }),
  captureStill: z.strictObject({ rack: Id }),
  probe: z.strictObject({ rack: Id, host: Name, probe: ProbeRequest }),
  runScript: z.strictObject({
    rack: Id,
    directory: z.string().max(4096),
    file: z.string().max(1024),
    stdin: z.string(),
  }),
  observe: z.strictObject({ rack: Id, host: Name, packet: TracedPacket }),
  talk: z.strictObject({ rack: Id, host: Name, talk: Talk }),
}

/** What the web may ask over its socket; root may ask all. */
export const webMethods: ReadonlySet<string> = new Set<keyof typeof requests>([
  ...(['open', 'list', 'info', 'warm', 'reset', 'close', 'exec', 'terminals'] as const),
  ...([
    'engine',
    'restartEngine',
    'watchEngine',
    'watchNetwork',
    'capture',
    'captureStill',
    'probe',
    'observe',
    'talk',
    'runScript',
  ] as const),
])

/** First line of a connection to the socket for ports. The answer is `ok`, or an error; then come the port's own bytes. */
export const portRequest = z.strictObject({ rack: Id, host: Name, port: z.int().min(1).max(65_535) })
export const portRequestBytes = 1024
export const portAnswerBytes = 8 * 1024

/** What rackd tells the opener of a rack while it works. */
export const progressNotification = z.object({
  token: z.string(),
  progress: z.object({ stage: z.enum(['hosts', 'network', 'engines']), elapsedMs: z.number() }),
})

/** One event of an Engine that a client watches. */
export const engineEventNotification = z.object({ token: z.string(), event: z.unknown() })

/** Something changed in the network of a host that a client watches. */
export const networkChangeNotification = z.object({ token: z.string() })
