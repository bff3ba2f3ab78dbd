import { appendFileSync, renameSync, statSync } from 'node:fs'
import { oneLine } from '../wording/one-line.js'

/** What a teacher or an administrator may want to know afterwards. */
export type SecurityEvent =
  /** A wrong token, or a cookie that is not ours. */
  | 'login.refused'
  /** A page of another origin asked. */
  | 'origin.foreign'
  /** Asked under a name that is not this server's. */
  | 'name.foreign'
  /** More requests, or more windows, than anybody needs. */
  | 'requests.limited'
  /** What answers as a host's Engine is not golden's own: no verdict was given. */
  | 'engine.unverified'

export type SecurityDetails = Readonly<Record<string, string | undefined>>

export interface SecurityLogOptions {
  /** A file that is longer is set aside, in place of the one that was set aside before. */
  mostBytes?: number
  /** The same event is written once in this time, and then how often it came. */
  gatherMs?: number
}

/** Different events that are told apart in that time; further ones are counted together. */
const mostKinds = 100
const longestDetail = 200

/**
 * Events of security, a line of JSON each: `{"at": ISO 8601, "event", "times", ...details}`. It never holds a secret, never grows
 * beyond twice `mostBytes`, and whoever asks without end writes a line a minute. A file that can't be written stops nobody.
 */
export class SecurityLog {
  readonly #path: string
  readonly #mostBytes: number
  readonly #gatherMs: number
  readonly #gathered = new Map<string, { times: number; timer: NodeJS.Timeout; flush(): void }>()

  constructor(path: string, { mostBytes = 1024 ** 2, gatherMs = 60_000 }: SecurityLogOptions = {}) {
    this.#path = path
    this.#mostBytes = mostBytes
    this.#gatherMs = gatherMs
  }

  note(event: SecurityEvent, details: SecurityDetails): void {
    const said = Object.fromEntries(
      Object.entries(details).flatMap(([name, value]) => (value ? [[name, oneLine(value, longestDetail)]] : [])),
    )
    let key = JSON.stringify([event, said])
    const isOneMore = !this.#gathered.has(key) && this.#gathered.size >= mostKinds
    if (isOneMore) key = 'others'
    const known = this.#gathered.get(key)
    if (known) {
      known.times++
      return
    }
    const flush = () => {
      const { times = 0, timer } = this.#gathered.get(key) ?? {}
      clearTimeout(timer)
      this.#gathered.delete(key)
      if (times > 0) this.#write(isOneMore ? { event: 'others', times } : { event, times, ...said })
    }
    this.#gathered.set(key, { times: 0, timer: setTimeout(flush, this.#gatherMs).unref(), flush })
    this.#write({ event, times: 1, ...said })
  }

  /** Writes what was gathered. */
  close(): void {
    for (const { flush } of [...this.#gathered.values()]) flush()
  }

  #write(line: object): void {
    try {
      if ((statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0) > this.#mostBytes)
        renameSync(this.#path, `${this.#path}.1`)
      appendFileSync(this.#path, `${JSON.stringify({ at: new Date().toISOString(), ...line })}\n`, { mode: 0o600 })
    } catch {
      // A full disk, say: what is guarded goes on.
    }
  }
}
