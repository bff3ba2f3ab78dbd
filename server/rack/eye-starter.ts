import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createServer, type Server, type Socket } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import { machinePath } from './command.js'
import { type Eye, eye, eyesDirectory } from './eyes.js'

/** Nothing was started for so long: the process that starts eyes ends. */
const idleMs = 10_000
/** A greeting is a line of this length at most. */
const longestGreeting = 100
/** Any program of the machine may connect; who does not greet by then is no eye. */
const greetingMs = 10_000

/** What is told of an eye that was started. */
export interface EyeListener {
  /** It has said something. */
  onOutput(chunk: Buffer): void
  onComplaint(chunk: Buffer): void
  /** It has ended, or was ended, and has said all; `fault` where it could not be started. `status`: of wait(2), where it was asked for and is known. */
  onEnd(fault?: string, status?: number): void
}

export interface EyeOptions {
  /** In its environment, as `boundary`. */
  boundary?: string
  /** All of its standard input. */
  input?: string
  /** Whether it is asked how it ended. */
  status?: boolean
}

/** An eye that was started by `startEye`. */
export class StartedEye {
  #pid: number | undefined
  #hasEnded = false
  readonly #open: Set<string>
  readonly #sockets: Socket[] = []
  #status = ''

  constructor(
    private readonly listener: EyeListener,
    private readonly options: Pick<EyeOptions, 'input' | 'status'>,
  ) {
    this.#open = new Set(['out', 'err', ...(options.status ? ['end'] : [])])
  }

  get hasConnected(): boolean {
    return this.#pid !== undefined
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** Ends it and all that it has started; `onEnd` is called, and nothing else from now on. */
  kill(): void {
    if (this.#hasEnded) return
    this.#killGroup()
    for (const socket of this.#sockets) socket.destroy()
    this.#end()
  }

  /** One of its connections is there. */
  connected(what: string, pid: number | undefined, socket: Socket, said: Buffer): void {
    this.#sockets.push(socket)
    this.#pid ??= pid
    if (this.#hasEnded) {
      if (what === 'out') this.#killGroup()
      socket.destroy()
      return
    }
    const tell = (chunk: Buffer) => {
      if (this.#hasEnded || chunk.length === 0) return
      if (what === 'out') this.listener.onOutput(chunk)
      else if (what === 'err') this.listener.onComplaint(chunk)
      else this.#status += chunk.toString('latin1')
    }
    socket.on('data', tell)
    socket.on('close', () => {
      this.#open.delete(what)
      if (this.#open.size === 0) this.#end()
    })
    if (what === 'out') socket.end(this.options.input ?? '')
    else socket.end()
    tell(said)
  }

  failed(why: string): void {
    if (this.#sockets.length === 0) this.#end(why)
    else this.kill()
  }

  /** It leads a process group, so that its end is its tools' end too. */
  #killGroup(): void {
    try {
      if (this.#pid !== undefined) process.kill(-this.#pid, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
  }

  #end(fault?: string): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    const [, status] = /^(\d+)\n$/.exec(this.#status) ?? []
    this.listener.onEnd(fault, status === undefined ? undefined : Number(status))
  }
}

/** The process that starts eyes (eyes/start-eyes.pl), with the socket that they connect to; it ends where nothing is wanted of it for a while. */
class EyeStarter {
  readonly #server: Server
  readonly #child: Promise<ChildProcessByStdio<Writable, Readable, null>>
  /** Those who have not ended, by id. Nobody else knows the ids, nor the socket's name. */
  readonly #eyes = new Map<string, StartedEye>()
  #idle: NodeJS.Timeout | undefined
  isOver = false

  constructor() {
    const name = `vethlab-eyes-${randomBytes(16).toString('hex')}`
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#greet(socket))
    this.#child = new Promise((resolve) => {
      this.#server.on('error', (error) => this.#over(error.message))
      this.#server.listen(`\0${name}`, () => resolve(this.#spawn(name)))
    })
    this.#server.unref()
  }

  start(eyeName: Eye, args: string[], options: EyeOptions, listener: EyeListener): StartedEye {
    const { boundary = '', input, status } = options
    clearTimeout(this.#idle)
    const id = randomBytes(16).toString('hex')
    const started = new StartedEye(
      {
        ...{ onOutput: (chunk) => listener.onOutput(chunk), onComplaint: (chunk) => listener.onComplaint(chunk) },
        onEnd: (fault, status) => {
          // One that was ended before it has connected is ended for good when it does.
          if (started.hasConnected) this.#eyes.delete(id)
          this.#rest()
          listener.onEnd(fault, status)
        },
      },
      options,
    )
    this.#eyes.set(id, started)
    const words = [boundary, eyeName, ...args].map((word) => Buffer.from(word).toString('hex') || '-')
    const wants = [...(input === undefined ? [] : ['in']), ...(status ? ['status'] : [])].join(',') || '-'
    void this.#child.then((child) => {
      if (!child.stdin.destroyed) child.stdin.write(`${[id, wants, ...words].join(' ')}\n`)
    })
    return started
  }

  #spawn(name: string): ChildProcessByStdio<Writable, Readable, null> {
    const [file, ...args] = eye('start-eyes', eyesDirectory, name)
    const child = spawn(file, args, {
      env: { PATH: machinePath, LC_ALL: 'C.UTF-8' },
      stdio: ['pipe', 'pipe', 'ignore'],
      cwd: '/',
    })
    child.on('error', (error) => this.#over(error.message))
    child.on('exit', () => this.#over('what starts it has ended'))
    child.stdin.on('error', () => {})
    let heard = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = `${heard}${text}`.split('\n')
      heard = lines.pop()!
      for (const id of lines) this.#eyes.get(id)?.failed('no process could be made')
    })
    // Whoever waits for an eye holds this process; what starts them does not.
    child.unref()
    for (const stream of [child.stdin, child.stdout]) (stream as unknown as Socket).unref()
    return child
  }

  #greet(socket: Socket): void {
    let heard = Buffer.alloc(0)
    socket.on('error', () => {})
    socket.setTimeout(greetingMs, () => socket.destroy())
    const hear = (chunk: Buffer) => {
      heard = Buffer.concat([heard, chunk])
      const end = heard.indexOf(10)
      if (end < 0 && heard.length <= longestGreeting) return
      socket.off('data', hear)
      socket.setTimeout(0)
      const [, id, what, pid] = /^([0-9a-f]{32}) (out|err|end)(?: (\d+))?$/.exec(heard.toString('latin1', 0, end)) ?? []
      const started = id === undefined ? undefined : this.#eyes.get(id)
      if (started === undefined) {
        socket.destroy()
        return
      }
      started.connected(what!, pid === undefined ? undefined : Number(pid), socket, heard.subarray(end + 1))
      if (started.hasEnded && what === 'out') this.#eyes.delete(id!)
    }
    socket.on('data', hear)
  }

  #rest(): void {
    clearTimeout(this.#idle)
    if ([...this.#eyes.values()].some(({ hasEnded }) => !hasEnded)) return
    this.#idle = setTimeout(() => this.#over('it was not used any more'), idleMs).unref()
  }

  #over(why: string): void {
    if (this.isOver) return
    this.isOver = true
    clearTimeout(this.#idle)
    this.#server.close()
    void this.#child.then((child) => child.stdin.end())
    for (const started of [...this.#eyes.values()]) started.failed(why)
  }
}

let starter: EyeStarter | undefined

/** Starts an eye, cheaply: many are started for each look at a rack. It runs with the rights of this process until it gives them up. */
export function startEye(name: Eye, args: string[], options: EyeOptions, listener: EyeListener): StartedEye {
  if (starter === undefined || starter.isOver) starter = new EyeStarter()
  return starter.start(name, args, options, listener)
}
