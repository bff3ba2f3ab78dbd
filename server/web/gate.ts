import type { IncomingMessage } from 'node:http'
import { logOnce } from '../error/log-once.js'
import { TroubleError } from '../error/trouble.js'
import { hashOf, isSecret, newSecret } from '../learner/secret.js'
import { ownerOf, type Who } from '../learner/who.js'
import { isBehind } from '../store/behind.js'
import type { Known, People } from '../store/people.js'
import { type Access, cookiesNamed } from './access.js'
import { TokenBucket } from './token-bucket.js'
import { troubles } from './troubles.js'

const dayMs = 24 * 3_600_000

/** How long a login lasts: in all, and while nobody comes. Learners come back to a course that goes on for months. */
export const loginMs = {
  staff: { inAll: 7 * dayMs, idle: dayMs },
  learner: { inAll: 200 * dayMs, idle: 60 * dayMs },
} as const

/** What was found of a cookie holds for so long. */
const knownMs = 2_000
const mostKnown = 2_000
/** How often logins whose pages are open are looked at again: what was ended is over that soon. */
const watchMs = 2_000
/** Cookies that were never seen here, looked up in the database. */
const strangers = { perSecond: 50, burst: 1_000 }
/** More of our cookies than that has no browser of ours. */
const mostCookies = 4

/** Somebody who was let in. */
export interface Guest extends Who {
  /** How they are called; the owner of the server is not. */
  readonly name?: string
  /** Of the cookie that they came with; the owner comes with the token's. */
  readonly login?: string
}

interface Watched {
  login: string
  /** As they are now; undefined once the login has ended. */
  tell(guest: Guest | undefined): void
}

/** Who comes: by the cookie of a login, or by that of the token. */
export class Gate {
  readonly cookieName: string
  readonly #found = new Map<string, { at: number; known: Promise<Known | undefined> }>()
  readonly #last = new Map<string, Known>()
  readonly #watched = new Set<Watched>()
  readonly #strangers = new TokenBucket(strangers.perSecond, strangers.burst)
  readonly #owner: Guest
  #timer: NodeJS.Timeout | undefined

  constructor(
    private readonly access: Access,
    private readonly people: People,
    learner: string,
    /** What roles mean for somebody as things stand. */
    private readonly now: (known: Known) => Promise<Known> = async (known) => known,
  ) {
    this.cookieName = `${access.cookieName}-login`
    this.#owner = ownerOf(learner)
  }

  /**
   * A login counts more than the token: whoever joins a class on the machine where the server runs is a learner there.
   * @throws VethlabError records.behind where that can't be known now; TroubleError request.limit where too many are asked for
   */
  async guest(request: IncomingMessage): Promise<Guest | undefined> {
    for (const secret of cookiesNamed(request.headers.cookie, this.cookieName).filter(isSecret).slice(0, mostCookies)) {
      const login = hashOf(secret)
      const known = await this.#known(login)
      if (known) return guestOf(known, login)
    }
    return this.access.isKnown(request) ? this.#owner : undefined
  }

  /** Ours, though of nobody who is let in any more. */
  hasCookie(request: IncomingMessage): boolean {
    return cookiesNamed(request.headers.cookie, this.cookieName).length > 0
  }

  #known(login: string): Promise<Known | undefined> {
    const found = this.#found.get(login)
    if (found && Date.now() - found.at < knownMs) return found.known
    if (this.#found.size >= mostKnown) this.#found.clear()
    // Whoever makes cookies up must not keep the database busy.
    if (!this.#last.has(login) && !this.#strangers.take()) throw new TroubleError(troubles.tooMany)
    const known = this.#asked(login)
    this.#found.set(login, { at: Date.now(), known })
    known.catch(() => this.#found.delete(login))
    return known
  }

  /** Who was known last stays so while the database is away. */
  async #asked(login: string): Promise<Known | undefined> {
    try {
      const found = await this.people.known(login)
      const known = found && (await this.now(found))
      if (this.#last.size >= mostKnown) this.#last.clear()
      if (known) this.#last.set(login, known)
      else this.#last.delete(login)
      return known
    } catch (error) {
      const last = this.#last.get(login)
      if (last && isBehind(error)) return last
      throw error
    }
  }

  /**
   * Lets somebody in. The login that their browser had before ends: whoever has a copy of it is out.
   * @returns what their browser keeps
   */
  async letIn(learner: string, kind: keyof typeof loginMs, before?: string): Promise<string> {
    const secret = newSecret()
    const { inAll, idle } = loginMs[kind]
    const endsAt = new Date(Date.now() + inAll).toISOString()
    await this.people.addLogin({ hash: hashOf(secret), learner, idleMs: idle, endsAt })
    if (before !== undefined) await this.end(before)
    return secret
  }

  async end(login: string): Promise<void> {
    await this.people.endLogin(login)
    this.#last.delete(login)
    await this.renew()
  }

  /** Tells when a login has ended, or when its roles may be other ones, within some seconds. @returns what ends it */
  watch(login: string, tell: Watched['tell']): () => void {
    const watched = { login, tell }
    this.#watched.add(watched)
    this.#timer ??= setInterval(() => void this.renew(), watchMs).unref()
    return () => {
      this.#watched.delete(watched)
      if (this.#watched.size > 0) return
      clearInterval(this.#timer)
      this.#timer = undefined
    }
  }

  /** Looks at once at all that are watched; of whoever comes next, nothing that was found before counts. */
  async renew(): Promise<void> {
    this.#found.clear()
    const logins = [...new Set([...this.#watched].map(({ login }) => login))]
    if (logins.length === 0) return
    try {
      const standing = await this.people.standing(logins)
      for (const { login, tell } of [...this.#watched]) {
        if (!logins.includes(login)) continue
        const known = standing.get(login)
        tell(known && guestOf(await this.now(known), login))
      }
    } catch (error) {
      // Whoever is in stays in while the database is away.
      if (!isBehind(error)) logOnce(error)
    }
  }
}

function guestOf({ learner, name, roles }: Known, login: string): Guest {
  return { person: learner, name, roles, login }
}
