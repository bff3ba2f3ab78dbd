import { randomUUID } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { safeParse } from '../error/safe-parse.js'
import { type ErrorCode, VethlabError } from '../error/vethlab-error.js'
import type { HostCapture, StillCapture } from '../network/capture.js'
import type { Conversation, Talk } from '../network/conversation.js'
import type { Observation, TracedPacket } from '../network/observation.js'
import type { ProbeAnswer, ProbeRequest } from '../network/question.js'
import type { ScriptOptions, ScriptRun } from '../place/script-run.js'
import type { CommandResult } from '../racks/command-result.js'
import { checkStdin, type ExecOptions, type OpenOptions, type RackInfo, type Racks } from '../racks/racks.js'
import type { HostKind, TopologyInput } from '../racks/topology.js'
import { type Channel, dial } from '../rpc/channel.js'
import { connectSocket } from '../rpc/socket-file.js'
import { PtyHostClient } from '../terminal/client.js'
import { readLine } from './line.js'
import {
  engineEventNotification,
  networkChangeNotification,
  portAnswerBytes,
  type portRequest,
  portRequestBytes,
  progressNotification,
  type requests,
} from './protocol.js'

/** Opening a rack cold on a busy machine, resetting a large one: minutes at the very most. */
const changeTimeoutMs = 300_000
/** For what ends when its caller wants: the longest that a timer can be, 24 days. */
const longestTimerMs = 2 ** 31 - 1
/** How long the next rackd is waited for, and between looks for it. */
const restartMs = 30_000
const retryMs = 200
/** Over the deadline of the program itself, for its end and the way back. */
const marginMs = 10_000
/** Longer than rackd tries all addresses of a host. */
const portMs = 60_000

const carriedError = z.object({ code: z.string(), what: z.string(), place: z.string(), cure: z.string() })

/** Racks of rackd, over its socket. It connects when first used, and again after rackd was started anew. */
export class RackdClient implements Racks {
  private channel: Promise<Channel> | undefined
  private readonly openings = new Map<string, OpenOptions['onProgress']>()
  private readonly watchers = new Map<string, (event: unknown) => void>()
  /** Connections that were ended on this side. */
  private readonly letGo = new WeakSet<Channel>()

  /** @param portsSocket where ports of hosts are reached; without it `connectPort` can't be used */
  constructor(
    private readonly socket: string,
    private readonly portsSocket?: string,
    readonly states?: Racks['states'],
  ) {}

  async open(
    topology: TopologyInput,
    { label, owner, images, onProgress, signal }: OpenOptions = {},
  ): Promise<RackInfo> {
    const token = randomUUID()
    this.openings.set(token, onProgress)
    try {
      return await this.askThroughRestart(
        'open',
        {
          topology,
          token,
          ...(label === undefined ? {} : { label }),
          ...(owner === undefined ? {} : { owner }),
          ...(images === undefined ? {} : { images }),
        },
        signal,
      )
    } finally {
      this.openings.delete(token)
    }
  }
  list({ owner }: { owner?: string } = {}): Promise<RackInfo[]> {
    return this.ask('list', owner === undefined ? {} : { owner })
  }
  info(rack: string): Promise<RackInfo> {
    return this.ask('info', { rack })
  }
  warm(hosts: Record<HostKind, number>, forMs: number): Promise<Record<HostKind, number>> {
    return this.ask('warm', { ...hosts, forMs })
  }
  reset(rack: string, host?: string): Promise<RackInfo> {
    return this.askThroughRestart('reset', { rack, ...(host === undefined ? {} : { host }) }, undefined)
  }
  async close(rack: string): Promise<void> {
    await this.ask('close', { rack }, changeTimeoutMs)
  }
  /** Lets rackd have a rack that this process made and handed over (`LocalRacks.handOver`). */
  takeOver(rack: string): Promise<RackInfo> {
    return this.ask('takeOver', { rack })
  }
  async exec(rack: string, host: string, argv: string[], options: ExecOptions = {}): Promise<CommandResult> {
    const { signal, ...rest } = options
    checkStdin(rest.stdin)
    return this.ask('exec', { rack, host, argv, ...rest }, (rest.timeoutMs ?? 30_000) + marginMs, signal)
  }
  async terminals(rack: string): Promise<PtyHostClient> {
    return PtyHostClient.connect(await this.ask<string>('terminals', { rack }))
  }
  async setLink(rack: string, lan: string, host: string, state: 'cut' | 'mended'): Promise<void> {
    await this.ask('setLink', { rack, lan, host, state })
  }
  engine(rack: string, host: string, path: string): Promise<unknown> {
    return this.ask('engine', { rack, host, path })
  }
  async restartEngine(rack: string, host: string, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
    await this.ask('restartEngine', { rack, host }, changeTimeoutMs, signal)
  }
  watchEngine(rack: string, host: string, onEvent: (event: unknown) => void, signal: AbortSignal): Promise<void> {
    return this.watch('watchEngine', { rack, host }, onEvent, signal)
  }
  watchNetwork(rack: string, host: string, onChange: () => void, signal: AbortSignal): Promise<void> {
    return this.watch('watchNetwork', { rack, host }, onChange, signal)
  }
  private async watch(
    method: 'watchEngine' | 'watchNetwork',
    params: { rack: string; host: string },
    onNews: (event: unknown) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const token = randomUUID()
    this.watchers.set(token, onNews)
    try {
      await this.ask(method, { ...params, token }, longestTimerMs, signal)
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      this.watchers.delete(token)
    }
  }
  capture(rack: string, host: string): Promise<HostCapture> {
    return this.ask('capture', { rack, host })
  }
  captureStill(rack: string): Promise<StillCapture> {
    return this.ask('captureStill', { rack })
  }
  probe(rack: string, host: string, probe: ProbeRequest): Promise<ProbeAnswer> {
    return this.ask('probe', { rack, host, probe })
  }
  observe(
    rack: string,
    host: string,
    packet: TracedPacket,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<Observation> {
    return this.ask('observe', { rack, host, packet }, undefined, signal)
  }
  talk(rack: string, host: string, talk: Talk, { signal }: { signal?: AbortSignal } = {}): Promise<Conversation> {
    return this.ask('talk', { rack, host, talk }, undefined, signal)
  }

  async runScript(rack: string, directory: string, file: string, { stdin, signal }: ScriptOptions): Promise<ScriptRun> {
    checkStdin(stdin)
    return this.ask('runScript', { rack, directory, file, stdin }, undefined, signal)
  }

  async connectPort(rack: string, host: string, port: number): Promise<Duplex> {
    if (this.portsSocket === undefined) throw new Error('this client was given no socket for ports')
    const line = `${JSON.stringify({ rack, host, port } satisfies z.infer<typeof portRequest>)}\n`
    if (Buffer.byteLength(line) > portRequestBytes) {
      throw new VethlabError('host.not-found', 'no host has a name that long', { place: 'host', cure: 'Name a host.' })
    }
    const unreachable = (cause: unknown) =>
      new VethlabError('rackd.unreachable', (cause as Error).message, {
        place: this.portsSocket!,
        cure: 'See that the server runs.',
        cause,
      })
    const socket = await connectSocket(this.portsSocket, 5_000, { allowHalfOpen: true }).catch((error) => {
      throw unreachable(error)
    })
    // Of no interest: `close` follows.
    socket.on('error', () => {})
    try {
      socket.write(line)
      const answer = await readLine(socket, { mostBytes: portAnswerBytes, timeoutMs: portMs }).catch((error) => {
        throw unreachable(error)
      })
      if (answer === 'ok') return socket
      const error = safeParse(carriedError, JSON.parse(answer))
      if (!error.success) throw new Error(answer)
      const { code, what, place, cure } = error.data
      throw new VethlabError(code as ErrorCode, what, { place, cure })
    } catch (error) {
      socket.destroy()
      throw error
    }
  }

  /** Ends the connection; racks stay. */
  async disconnect(): Promise<void> {
    const channel = await this.channel?.catch(() => undefined)
    this.channel = undefined
    if (channel) this.letGo.add(channel)
    channel?.close()
  }

  /**
   * Asks for a change that comes out the same when it is asked for twice: where rackd ends before it has answered, the next one
   * is asked once more.
   */
  private async askThroughRestart<R>(
    method: 'open' | 'reset',
    params: object,
    signal: AbortSignal | undefined,
  ): Promise<R> {
    const options = { timeoutMs: changeTimeoutMs, ...(signal ? { signal } : {}) }
    let channel = await this.connected()
    for (const until = Date.now() + restartMs; ; ) {
      try {
        return await channel.request<R>(method, params, options)
      } catch (error) {
        const isLost = error instanceof VethlabError && error.code === 'rackd.unreachable' && channel.closed
        if (!isLost || this.letGo.has(channel) || Date.now() > until) throw error
        // A process that is being killed still takes connections.
        await sleep(retryMs, undefined, signal ? { signal } : {})
        channel = (await this.connected().catch(() => undefined)) ?? channel
      }
    }
  }

  private async ask<R>(
    method: keyof typeof requests,
    params: object,
    timeoutMs = 60_000,
    signal?: AbortSignal,
  ): Promise<R> {
    const channel = await this.connected()
    return channel.request<R>(method, params, { timeoutMs, ...(signal ? { signal } : {}) })
  }

  private async connected(): Promise<Channel> {
    const known = this.channel
    const current = await known?.catch(() => undefined)
    if (current && !current.closed) return current
    // Whoever asked at the same time connects already; a second connection nobody would close.
    if (this.channel !== known) return this.connected()
    this.channel = dial(this.socket).then((channel) => {
      channel.onNotification('progress', progressNotification, ({ token, progress }) =>
        this.openings.get(token)?.(progress),
      )
      channel.onNotification('engineEvent', engineEventNotification, ({ token, event }) =>
        this.watchers.get(token)?.(event),
      )
      channel.onNotification('networkChange', networkChangeNotification, ({ token }) =>
        this.watchers.get(token)?.(undefined),
      )
      return channel
    })
    return this.channel
  }
}
