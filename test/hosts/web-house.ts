import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { io, type Socket } from 'socket.io-client'
import { fromPackage } from '../../server/package-root.js'
import type { Answered, Events, SessionView } from '../../server/protocol/protocol.js'
import type { Requests } from '../../server/protocol/requests.js'
import { testState as state } from './state.js'

const startMs = 90_000

/** `vethlab serve` as people start it: a process of its own, on a free port of loopback. */
export class Serve {
  private constructor(
    readonly child: ChildProcess,
    /** With its token. */
    readonly address: URL,
    private readonly said: { text: string },
  ) {}

  static async start(options: string[] = [], { main = fromPackage('dist/main.js') } = {}): Promise<Serve> {
    const pool = ['--pool-docker', '0', '--pool-plain', '0']
    const child = spawn(process.execPath, [main, 'serve', '--port', '0', ...pool, ...options], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, VETHLAB_STATE: state.root },
    })
    const said = { text: '' }
    let out = ''
    child.stdout!.on('data', (bytes) => {
      out += bytes
    })
    child.stderr!.on('data', (bytes) => {
      said.text += bytes
    })
    const deadline = Date.now() + startMs
    while (Date.now() < deadline && child.exitCode === null) {
      const [, found] = /ready: (\S+)\n/.exec(out) ?? []
      if (found) return new Serve(child, new URL(found), said)
      await sleep(20)
    }
    child.kill('SIGKILL')
    throw new Error(`serve did not come up: ${said.text}`)
  }

  get stderr(): string {
    return this.said.text
  }

  /** The process that faces the network. */
  get web(): number {
    const [web] = processes().filter(
      ({ parent, command }) => parent === this.child.pid && command.includes('web-main.js'),
    )
    if (!web) throw new Error('there is no web process')
    return web.pid
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode
    const exited = once(this.child, 'exit')
    this.child.kill(signal)
    const [code] = await exited
    return code
  }

  /** As a browser that was given the address. */
  async cookie(): Promise<string> {
    const answer = await fetch(this.address, { redirect: 'manual' })
    return answer.headers.get('set-cookie')!.split(';')[0]!
  }

  async get(path: string): Promise<Response> {
    return fetch(new URL(path, this.address), { headers: { cookie: await this.cookie() } })
  }
}

/** A page of the app, without the page. */
export class Page {
  view: SessionView | undefined
  /** What has come of each terminal, by its offset; a byte that comes twice, or not at all, is an error. */
  readonly output = new Map<string, { text: string; end: number; wrong: string[] }>()
  acknowledges = true

  private constructor(readonly socket: Socket<Events, Requests>) {
    socket.on('session', (view) => {
      this.view = view
    })
    socket.on('terminal.gap', (terminal, from, to) => {
      const seen = this.output.get(terminal)
      if (!seen) return
      // What was before a terminal was first looked at may be off the record.
      if (from !== 0 || seen.end !== 0) seen.wrong.push(`a gap from ${from} to ${to}`)
      seen.end = to
    })
    socket.on('terminal.data', (terminal, offset, bytes) => {
      const seen = this.output.get(terminal)
      if (!seen) return
      if (seen.end !== offset) seen.wrong.push(`bytes at ${offset} after ${seen.end}`)
      seen.text = (seen.text + Buffer.from(bytes).toString('utf8')).slice(-200_000)
      seen.end = offset + Buffer.from(bytes).length
      if (this.acknowledges) socket.emit('terminal.acknowledge', terminal, seen.end)
    })
  }

  /** @param cookie of whose browser it is; of the owner's unless said */
  static async open(serve: Serve, cookie?: string): Promise<Page> {
    const socket: Socket<Events, Requests> = io(serve.address.origin, {
      transports: ['websocket'],
      extraHeaders: { cookie: cookie ?? (await serve.cookie()), origin: serve.address.origin },
      reconnectionDelay: 100,
      reconnectionDelayMax: 300,
      forceNew: true,
    })
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('connect_error', reject)
    })
    return new Page(socket)
  }

  async ask(name: string, question: object): Promise<Answered<unknown>> {
    return (await (this.socket as Socket).timeout(60_000).emitWithAck(name, question)) as Answered<unknown>
  }

  async value<T>(name: string, question: object): Promise<T> {
    const answered = await this.ask(name, question)
    if (!answered.ok) throw new Error(`${name}: ${answered.trouble.code} ${answered.trouble.what.en}`)
    return answered.value as T
  }

  /** Opens a lab, until its first terminal waits for a command. */
  async lab(lab: string): Promise<SessionView> {
    this.view = (await this.value<SessionView | null>('session.join', { lab, open: true })) ?? undefined
    await until(() => {
      if (this.view?.phase.name === 'failed') throw new Error(JSON.stringify(this.view.phase))
      return (
        this.view?.lab === lab && this.view.phase.name === 'open' && this.view.terminals.some((one) => one.atPrompt)
      )
    })
    return this.view!
  }

  async attach(session: string, terminal: string): Promise<void> {
    const seen = this.output.get(terminal) ?? { text: '', end: 0, wrong: [] }
    this.output.set(terminal, seen)
    await this.value('terminal.attach', { session, terminal, fromOffset: seen.end })
  }

  async type(terminal: string, text: string): Promise<void> {
    await this.value('terminal.write', { terminal, bytes: Buffer.from(text) })
  }

  async sees(terminal: string, what: RegExp, timeoutMs = 20_000): Promise<void> {
    await until(
      () => what.test(this.output.get(terminal)?.text ?? ''),
      timeoutMs,
      () => JSON.stringify(this.output.get(terminal)?.text.slice(-500)),
    )
  }

  close(): void {
    this.socket.disconnect()
  }
}

export async function until(
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 60_000,
  describe: () => string = () => '',
): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not so within ${timeoutMs} ms: ${condition} ${describe()}`)
    await sleep(20)
  }
}

export function processes(): { pid: number; parent: number; command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
        const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ')
        return [{ pid: Number(name), parent, command }]
      } catch {
        return []
      }
    })
}

/** Process ids of the Engines in racks of these tests; a machine may have others. */
export function engines(): number[] {
  return processes()
    .filter(({ command }) => /^\S*dockerd /.test(command))
    .map(({ pid }) => pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(state.mark)
      } catch {
        return false
      }
    })
}

/** Resident memory in MiB. */
export function residentMiB(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}

/** Runs a program with all that the web process has, and no more. */
export async function asWeb(...argv: string[]): Promise<{ code: number; out: string }> {
  const id = `${state.webUser}`
  const drop = ['--reuid', id, '--regid', id, '--clear-groups', '--no-new-privs', '--bounding-set=-all', '--']
  return promisify(execFile)('setpriv', [...drop, ...argv], { timeout: 20_000, cwd: '/' }).then(
    ({ stdout, stderr }) => ({ code: 0, out: stdout + stderr }),
    (error: { code?: number; stdout: string; stderr: string }) => ({
      code: typeof error.code === 'number' ? error.code : -1,
      out: `${error.stdout}${error.stderr}`,
    }),
  )
}
