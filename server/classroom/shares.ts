import { VethlabError } from '../error/vethlab-error.js'
import type { Who } from '../learner/who.js'
import type { Session } from '../session/session.js'
import type { Sessions } from '../session/sessions.js'

export interface Share {
  /** Empty for the owner of the server. */
  by: string
  person: string
  session: string
}

/** Terminals that one of the staff shows to a class, to be looked at. It ends with the server: nobody shows what they do not know of. */
export class Shares {
  readonly #shares = new Map<string, Share>()
  readonly #used = new Map<string, Set<() => void>>()

  constructor(
    private readonly sessions: Sessions,
    private readonly renew: (id: string) => void,
  ) {}

  of(id: string): Share | undefined {
    return this.#shares.get(id)
  }

  /** @throws VethlabError session.not-found for a session that is not their own, or has no hosts */
  begin(id: string, share: Share): void {
    if (this.sessions.kept(share.person, share.session)?.holdsRack !== true) throw nothing(id)
    this.end(id)
    this.#shares.set(id, share)
    this.renew(id)
  }

  end(id: string): void {
    if (!this.#shares.delete(id)) return
    for (const tell of this.#used.get(id) ?? []) tell()
    this.#used.delete(id)
    this.renew(id)
  }

  /** Ends what somebody shows to classes in which they may do so no longer. */
  endOf(person: string, isAllowed: (id: string) => boolean): void {
    for (const [id, share] of [...this.#shares]) if (share.person === person && !isAllowed(id)) this.end(id)
  }

  /**
   * The session that a learner's class is shown now, and which class that is.
   * @param onEnd called once, when it is shown no longer
   * @throws VethlabError session.not-found
   */
  use({ roles }: Who, onEnd: () => void): { session: Session; id: string; class: string; stop: () => void } {
    const of = roles.find((role) => role.role === 'learner')?.class ?? ''
    const share = this.#shares.get(of)
    const session = share && this.sessions.kept(share.person, share.session)
    if (!session?.holdsRack) throw nothing(of)
    const used = this.#used.get(of) ?? new Set()
    this.#used.set(of, used.add(onEnd))
    return { session, id: `share ${of}`, class: of, stop: () => used.delete(onEnd) }
  }
}

function nothing(place: string): VethlabError {
  return new VethlabError('session.not-found', 'shows no terminals', {
    place,
    cure: 'Open a lab first, and show it to the class.',
  })
}
