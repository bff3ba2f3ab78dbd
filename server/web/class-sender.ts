import type { Socket } from 'socket.io'
import type { Classroom } from '../classroom/classroom.js'
import { may } from '../learner/may.js'
import type { Who } from '../learner/who.js'
import type { MatrixView, SeatView } from '../protocol/classes.js'
import type { Events } from '../protocol/protocol.js'
import type { Requests } from '../protocol/requests.js'
import type { Connection } from './connection.js'

/** While more waits to be sent, rows wait too: the last form of each is all that counts. */
const congestedBytes = 256 * 1024
const congestedRetryMs = 200

/** Sends the rows of one class, and never more than the browser takes. */
export class ClassSender {
  #end: (() => void) | undefined
  #class: string | undefined
  readonly #rows = new Map<string, SeatView>()
  #isStale = false
  #timer: NodeJS.Timeout | undefined
  #turn = 0

  constructor(
    private readonly socket: Socket<Requests, Events>,
    private readonly connection: Connection,
    private readonly classroom: Classroom,
  ) {}

  async follow(who: () => Who, id: string): Promise<MatrixView> {
    this.end()
    const turn = ++this.#turn
    const { view, end } = await this.classroom.follow(who, id, {
      onSeats: (seats) => {
        if (this.#turn !== turn) return
        if (seats === undefined) this.#isStale = true
        else for (const seat of seats) this.#rows.set(seat.id, seat)
        this.#send()
      },
    })
    // Another class, or none any more, meanwhile.
    if (this.#turn !== turn || !this.socket.connected) end()
    else {
      this.#end = end
      this.#class = id
    }
    return view
  }

  /** Ends where they may not see the class any more: their page is told to ask again, and is refused then. */
  renew(who: Who): void {
    const id = this.#class
    if (id === undefined || may(who, 'watch', { class: id })) return
    this.end()
    this.socket.emit('class.seats', id, null)
  }

  end(): void {
    this.#turn++
    this.#end?.()
    this.#end = undefined
    this.#class = undefined
    this.#rows.clear()
    this.#isStale = false
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #send(): void {
    if (this.#class === undefined) return
    clearTimeout(this.#timer)
    if (this.connection.waiting > congestedBytes) {
      this.#timer = setTimeout(() => this.#send(), congestedRetryMs)
      return
    }
    this.socket.emit('class.seats', this.#class, this.#isStale ? null : [...this.#rows.values()])
    this.#isStale = false
    this.#rows.clear()
  }
}
