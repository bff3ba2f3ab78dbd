import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import type { PostgresAddress } from '../../server/store/postgres-address.js'

/** Debian's, of the newest version that is there. */
function binaries(): string {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root)
    ? readdirSync(root).filter((name) => existsSync(`${root}/${name}/bin/postgres`))
    : []
  const newest = versions.toSorted((a, b) => Number(b) - Number(a))[0]
  if (newest === undefined) {
    throw new Error(
      'PostgreSQL is missing, so nothing was tested on it: install Debian’s package postgresql, or run npm test',
    )
  }
  return `${root}/${newest}/bin`
}

/** It refuses to run as root. */
const nobody = 65_534
const startMs = 30_000

/** A PostgreSQL of a test's own: below a temporary directory, on a socket there and no port, as a user who is nobody. */
export class PostgresServer {
  #child: ChildProcess | undefined
  #made = 0
  #log = ''

  private constructor(
    private readonly directory: string,
    private readonly user: { uid: number; gid: number } | undefined,
  ) {}

  static async start(): Promise<PostgresServer> {
    const bin = binaries()
    const directory = mkdtempSync(join(tmpdir(), 'vethlab-postgres-'))
    const user = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : undefined
    if (user) chownSync(directory, user.uid, user.gid)
    // The web, which is another user, passes through it to the socket.
    chmodSync(directory, 0o711)
    const server = new PostgresServer(directory, user)
    try {
      execFileSync(
        join(bin, 'initdb'),
        [
          '-D',
          join(directory, 'data'),
          '-U',
          'vethlab',
          '--auth=trust',
          '--no-sync',
          '--no-instructions',
          '--locale=C',
          '-E',
          'UTF8',
        ],
        { ...user, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'], timeout: startMs },
      )
      await server.run()
    } catch (error) {
      await server.remove()
      throw error
    }
    return server
  }

  /** Begins it, once more after `stop` or `kill`; one that runs goes on. */
  async run(): Promise<void> {
    if (this.#isRunning()) return
    const child = spawn(
      join(binaries(), 'postgres'),
      // What a killed process wrote is with the kernel; only a machine that dies needs more.
      [
        '-D',
        join(this.directory, 'data'),
        '-k',
        this.directory,
        '-c',
        'listen_addresses=',
        '-c',
        'fsync=off',
        '-c',
        'max_connections=60',
      ],
      { ...this.user, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] },
    )
    this.#child = child
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#log = (this.#log + text).slice(-4000)
    })
    const deadline = Date.now() + startMs
    for (;;) {
      const error = await this.sql('postgres', 'SELECT 1').then(
        () => undefined,
        (reason: unknown) => reason,
      )
      if (error === undefined) return
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`postgres does not answer: ${this.#log}`)
      await sleep(50)
    }
  }

  /** Asks for its end, and ends connections. */
  stop(): Promise<void> {
    return this.#end('SIGINT')
  }

  /** Ends it as a crash of the machine would. */
  async kill(): Promise<void> {
    // Its children see that it is gone, and end.
    await this.#end('SIGQUIT')
  }

  /** Stands still, with all connections as they are, until `goOn`. */
  freeze(): void {
    for (const pid of this.#processes()) process.kill(pid, 'SIGSTOP')
  }

  goOn(): void {
    for (const pid of this.#processes()) process.kill(pid, 'SIGCONT')
  }

  #processes(): number[] {
    const pid = this.#child!.pid!
    const children = execFileSync('ps', ['--ppid', `${pid}`, '-o', 'pid='], { encoding: 'utf8' })
    return [pid, ...children.split('\n').filter(Boolean).map(Number)]
  }

  #isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (!this.#isRunning()) return
    const child = this.#child!
    const ended = once(child, 'exit')
    child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await ended
    clearTimeout(timer)
  }

  async remove(): Promise<void> {
    await this.kill()
    rmSync(this.directory, { recursive: true, force: true })
  }

  address(database: string): PostgresAddress {
    return { host: this.directory, port: 5432, database, user: 'vethlab' }
  }

  async newDatabase(): Promise<PostgresAddress> {
    const name = `test_${++this.#made}`
    await this.sql('postgres', `CREATE DATABASE ${name}`)
    return this.address(name)
  }

  async sql(database: string, text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
    const client = new Client({ ...this.address(database), connectionTimeoutMillis: 2_000, query_timeout: 20_000 })
    client.on('error', () => {})
    try {
      await client.connect()
      return (await client.query(text, values)).rows as Record<string, unknown>[]
    } finally {
      await client.end().catch(() => {})
    }
  }
}
