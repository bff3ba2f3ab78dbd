import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { VethlabError } from '../error/vethlab-error.js'
import type { Channel } from '../rpc/channel.js'
import { OutputAllowance } from './output-allowance.js'
import { acknowledgeParams, requests, type TerminalInfo } from './protocol.js'
import { Terminal, type TerminalOptions } from './terminal.js'
import type { Viewer } from './viewer.js'
import { Watcher } from './watcher.js'

/** Terminals a rack may have unless it says otherwise, those whose program has ended included. */
export const MAX_TERMINALS = 16

/** Attachments of one connection; with full windows (512 KiB each) they hold 32 MiB. */
const MAX_ATTACHMENTS = 64

/** When a key's receipt is sent, in milliseconds: behind its echo, which everybody on the way deals with first then. */
const WRITTEN_MS = 5

/** What a program may know of the pty host's environment; everything else is the host's own, in its configuration. */
const INHERITED = ['PATH', 'HOME', 'USER', 'LANG', 'TZ']

/** A terminal at least this small makes no sense, and one this large is a mistake, in bytes. */
const recorderBytes = z
  .int()
  .min(64 * 1024)
  .max(64 * 1024 * 1024)

export const hostTerminal = z.strictObject({
  argv: z.array(z.string()).min(1).describe('The program that a terminal of this host runs, with its arguments'),
  env: z.record(z.string(), z.string()).optional(),
  cwd: z.string().optional(),
  handover: z
    .string()
    .optional()
    .describe('Where its terminal is handed over, for a program that does that: a directory of root alone'),
})

export const ptyHostConfig = z.strictObject({
  socket: z.string(),
  rack: z.string(),
  socketMode: z.int().min(0).max(0o777).optional().describe('Permissions of the socket, as a number'),
  socketGroup: z.int().min(0).optional().describe('The group that the socket belongs to, as a number'),
  hosts: z.record(z.string(), hostTerminal),
  recorderBytes: recorderBytes.optional(),
  maxTerminals: z.int().positive().optional(),
})

export type PtyHostConfig = z.infer<typeof ptyHostConfig>

export interface PtyHostOptions extends Pick<PtyHostConfig, 'rack' | 'recorderBytes' | 'maxTerminals'> {
  /** Asked at every opening: a host that was reset is entered by another command. */
  hosts(): PtyHostConfig['hosts']
  /** See STALL_MS in flow-control. */
  stallMs?: number
  /** Called when a client has asked the pty host to end, after all terminals are closed and the client was told. */
  onShutdown?(): void
}

interface Attachment {
  terminal: Terminal
  viewer: Viewer
}

/** Owns a rack's terminals and serves them to any number of connections. */
export class PtyHost {
  readonly #options: PtyHostOptions
  readonly #terminals = new Map<string, Terminal>()
  readonly #connections = new Set<Map<number, Attachment>>()
  readonly #watchers = new Set<Watcher>()
  readonly #allowance = new OutputAllowance(performance.now())
  #ending = false

  constructor(options: PtyHostOptions) {
    this.#options = options
  }

  /** Answers one connection; its attachments go with it. */
  serve(channel: Channel): void {
    const attachments = new Map<number, Attachment>()
    this.#connections.add(attachments)
    const attached = (number: number): Attachment => {
      const found = attachments.get(number)
      if (found === undefined) throw notFound(`attachment ${number}`)
      return found
    }
    const detach = (number: number) => {
      const found = attachments.get(number)
      attachments.delete(number)
      found?.terminal.detach(found.viewer)
    }
    let watcher: Watcher | undefined
    const unwatch = () => {
      watcher?.stop()
      if (watcher !== undefined) this.#watchers.delete(watcher)
    }
    channel.onClose(() => {
      unwatch()
      this.#connections.delete(attachments)
      for (const number of [...attachments.keys()]) detach(number)
    })
    channel.handle('open', requests.open, (params) => this.open(params))
    channel.handle('list', requests.list, () => this.list())
    channel.handle('close', requests.close, ({ terminal }) => this.close(terminal))
    channel.handleAtOnce('run', requests.run, ({ terminal, text }) => this.#terminal(terminal).run(text))
    channel.handle('watch', requests.watch, () => {
      unwatch()
      watcher = new Watcher({
        infoOf: (id) => this.#terminals.get(id)?.info,
        tell: (changes) => channel.request('changes', changes),
      })
      this.#watchers.add(watcher)
      for (const [id, { running }] of this.#terminals) {
        watcher.changed(id)
        if (running) watcher.commandStarted(id, running.text)
      }
    })
    channel.handle('shutdown', requests.shutdown, async () => {
      await this.closeAll()
      // The answer goes first.
      setImmediate(() => this.#options.onShutdown?.())
    })
    channel.handle('attach', requests.attach, ({ terminal: id, attachment, fromOffset }): TerminalInfo => {
      const terminal = this.#terminal(id)
      if (attachments.size >= MAX_ATTACHMENTS) throw limit('attachments', MAX_ATTACHMENTS, 'Detach one first.')
      detach(attachment)
      attachments.set(attachment, { terminal, viewer: terminal.attach(viewerOf(channel, attachment), fromOffset) })
      return terminal.info
    })
    channel.handle('detach', requests.detach, ({ attachment }) => detach(attachment))
    channel.handleAtOnce(
      'write',
      requests.write,
      ({ attachment, bytes }) => attached(attachment).terminal.write(bytes),
      { answerAfterMs: WRITTEN_MS },
    )
    channel.handleAtOnce('resize', requests.resize, ({ attachment, cols, rows }) =>
      attached(attachment).terminal.resize(cols, rows),
    )
    channel.handleAtOnce('acknowledge', acknowledgeParams, ({ attachment, offset }) => {
      const found = attachments.get(attachment)
      found?.terminal.acknowledge(found.viewer, offset)
    })
  }

  open({ host: name, cols, rows }: { host: string; cols: number; rows: number }): TerminalInfo {
    const hosts = new Map(Object.entries(this.#options.hosts()))
    const host = hosts.get(name)
    if (host === undefined) {
      throw new VethlabError('host.not-found', `rack ${this.#options.rack} has no such host`, {
        place: `hosts.${name.slice(0, 64)}`,
        cure: `Its hosts are: ${[...hosts.keys()].join(', ')}.`,
      })
    }
    const { maxTerminals = MAX_TERMINALS, recorderBytes, stallMs } = this.#options
    if (this.#ending) throw limit('terminals', 0, 'The rack is closing.')
    if (this.#terminals.size >= maxTerminals) throw limit('terminals', maxTerminals, 'Close one first.')
    // Whoever knows an id may use the terminal, so it cannot be guessed.
    const id = randomBytes(16).toString('hex')
    const terminal = this.#start({
      id,
      host: name,
      argv: host.argv,
      env: environment(host.env),
      cwd: host.cwd ?? '/',
      ...(host.handover === undefined ? {} : { handover: host.handover }),
      cols,
      rows,
      recorderBytes,
      stallMs,
      allowance: this.#allowance,
      onChange: () => this.#tellWatchers((watcher) => watcher.changed(id)),
      onCommandStart: (text) => this.#tellWatchers((watcher) => watcher.commandStarted(id, text)),
      onCommandEnd: (command) => this.#tellWatchers((watcher) => watcher.commandEnded(id, command)),
    })
    this.#terminals.set(id, terminal)
    this.#tellWatchers((watcher) => watcher.changed(id))
    return terminal.info
  }

  list(): TerminalInfo[] {
    return [...this.#terminals.values()].map((terminal) => terminal.info)
  }

  /** Ends a terminal's program and forgets its record. */
  async close(id: string): Promise<void> {
    const terminal = this.#terminal(id)
    await terminal.close()
    this.#terminals.delete(id)
    this.#tellWatchers((watcher) => watcher.closed(id))
    for (const attachments of this.#connections) {
      for (const [number, attachment] of attachments) if (attachment.terminal === terminal) attachments.delete(number)
    }
  }

  /** Ends all terminals, for good. */
  async closeAll(): Promise<void> {
    this.#ending = true
    await Promise.all([...this.#terminals.keys()].map((id) => this.close(id)))
  }

  #start(options: TerminalOptions): Terminal {
    try {
      return new Terminal(options)
    } catch (error) {
      throw new VethlabError('command.failed', `no terminal could be made: ${(error as Error).message}`, {
        place: `hosts.${options.host}`,
        cure: 'Close terminals or programs that are not needed.',
        cause: error,
      })
    }
  }

  #tellWatchers(tell: (watcher: Watcher) => void): void {
    for (const watcher of this.#watchers) tell(watcher)
  }

  #terminal(id: string): Terminal {
    const terminal = this.#terminals.get(id)
    if (terminal === undefined) throw notFound(`terminal ${id}`)
    return terminal
  }
}

function viewerOf(channel: Channel, attachment: number) {
  return {
    onData: (bytes: Uint8Array, offset: number) => channel.notify('data', { attachment, offset, bytes }),
    onGap: (from: number, to: number) => channel.notify('gap', { attachment, from, to }),
    onResize: (cols: number, rows: number) => channel.notify('resized', { attachment, cols, rows }),
    onExit: (exit: { exitCode: number | null; signal: string | null }) =>
      channel.notify('exit', { attachment, ...exit }),
  }
}

function environment(own: Record<string, string> = {}): Record<string, string> {
  const inherited = INHERITED.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]))
  return { TERM: 'xterm-256color', COLORTERM: 'truecolor', ...Object.fromEntries(inherited), ...own }
}

function notFound(place: string): VethlabError {
  return new VethlabError('terminal.not-found', 'there is no such terminal', { place, cure: 'Open a new one.' })
}

function limit(what: string, most: number, cure: string): VethlabError {
  return new VethlabError('terminal.limit', `no more than ${most} ${what} here`, { place: 'terminals', cure })
}
