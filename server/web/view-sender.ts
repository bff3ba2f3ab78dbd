import type { Socket } from 'socket.io'
import type { Events, SessionView } from '../protocol/protocol.js'
import type { Requests } from '../protocol/requests.js'
import type { Session } from '../session/session.js'
import type { Connection } from './connection.js'
import type { Previews } from './previews.js'
import { type Withheld, withoutFindings } from './withheld.js'

/** While more waits to be sent, views wait too: the last one is all that counts. */
const congestedBytes = 64 * 1024
const congestedRetryMs = 100

/** Sends the views of one session, and never more than the browser takes. */
export class ViewSender {
  #session: Session | undefined
  #unsubscribe: (() => void) | undefined
  #latest: SessionView | undefined
  #timer: NodeJS.Timeout | undefined
  /** What was withheld of the view that was given last. */
  #withheld = ''

  constructor(
    private readonly socket: Socket<Requests, Events>,
    private readonly connection: Connection,
    private readonly previews: Previews,
    /** What the learner is not given of a lab now. */
    private readonly withheldFrom: (lab: string) => Withheld,
  ) {}

  /** The view as its learner may have it. */
  given(view: SessionView): SessionView {
    const withheld = this.withheldFrom(view.lab)
    this.#withheld = keyOf(withheld)
    return withoutFindings(view, withheld)
  }

  /** Something else may be withheld from now on. */
  renew(): void {
    const session = this.#session
    if (session && keyOf(this.withheldFrom(session.lab.id)) !== this.#withheld) session.locksChanged()
  }

  follow(session: Session | undefined): void {
    if (session === this.#session) return
    this.#unsubscribe?.()
    clearTimeout(this.#timer)
    this.#latest = undefined
    this.#session = session
    if (session) this.previews.onView(session.view())
    this.#unsubscribe = session?.subscribe((view) => {
      this.previews.onView(view)
      this.#latest = view
      this.#send()
    })
  }

  /** Goes on with that session where an older one of its lab is followed. */
  replace(session: Session): void {
    if (this.#session === undefined || this.#session === session || this.#session.lab.id !== session.lab.id) return
    this.follow(session)
    this.#latest = session.view()
    this.#send()
  }

  #send(): void {
    clearTimeout(this.#timer)
    if (this.#latest === undefined) return
    if (this.connection.waiting > congestedBytes) {
      this.#timer = setTimeout(() => this.#send(), congestedRetryMs)
      return
    }
    this.socket.emit('session', this.given(this.#latest))
    this.#latest = undefined
  }
}

function keyOf({ steps, solutions }: Withheld): string {
  return JSON.stringify([[...steps], solutions])
}
