import { io, type Socket } from 'socket.io-client'
import { VethlabError } from '../error/vethlab-error.js'
import type { Answered, Events, SessionView } from '../protocol/protocol.js'
import type { Asked, RequestName, Requests, Value } from '../protocol/requests.js'

const requestTimeoutMs = 60_000
const openTimeoutMs = 120_000

/** A learner without a browser: cookie and socket as a browser has them. */
export class Learner {
  private latest: SessionView | undefined

  private constructor(readonly socket: Socket<Events, Requests>) {
    socket.on('session', (view) => {
      this.latest = view
    })
  }

  /** @param address with its token */
  static async arrive(address: URL): Promise<Learner> {
    return Learner.enter(address, await fetch(address, { redirect: 'manual' }))
  }

  /** Joins a class by its code, as the form does. */
  static async join({ origin }: URL, code: string, name: string): Promise<Learner> {
    const body = new URLSearchParams({ code, name })
    const answer = await fetch(`${origin}/join`, { method: 'POST', headers: { origin }, body })
    return Learner.enter(new URL(origin), answer)
  }

  private static async enter(address: URL, answer: Response): Promise<Learner> {
    const cookie = answer.headers.get('set-cookie')?.split(';')[0]
    if (cookie === undefined) throw refused(`no cookie came with status ${answer.status}`)
    const socket: Socket<Events, Requests> = io(address.origin, {
      transports: ['websocket'],
      extraHeaders: { cookie, origin: address.origin },
      reconnection: false,
    })
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('connect_error', (error) => reject(refused(error.message)))
    })
    return new Learner(socket)
  }

  /** @throws VethlabError command.failed when the server says no */
  async ask<K extends RequestName>(name: K, question: Asked<K>): Promise<Value<K>> {
    const asking = this.socket.timeout(requestTimeoutMs) as unknown as {
      emitWithAck(name: string, question: unknown): Promise<Answered<Value<K>>>
    }
    const answered = await asking.emitWithAck(name, question)
    if (!answered.ok) throw refused(`${name}: ${answered.trouble.what.en} ${answered.trouble.cure.en}`)
    return answered.value
  }

  /** The last view of their session that has come. */
  get view(): SessionView | undefined {
    return this.latest
  }

  /** Opens a lab and waits until its first terminal is there. */
  async open(lab: string): Promise<SessionView> {
    this.latest = undefined
    const first = await this.ask('session.join', { lab, open: true })
    this.latest ??= first ?? undefined
    return await this.until(({ phase, terminals }) => phase.name === 'open' && terminals.length > 0)
  }

  /** The first view of which that is true. */
  until(wanted: (view: SessionView) => boolean): Promise<SessionView> {
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer)
        this.socket.off('session', look)
      }
      const timer = setTimeout(() => {
        end()
        reject(refused(`the lab is not open after ${openTimeoutMs / 1000} s`))
      }, openTimeoutMs)
      const look = (view: SessionView | undefined) => {
        if (view?.phase.name === 'failed') {
          end()
          reject(refused(view.phase.trouble.what.en))
        } else if (view && wanted(view)) {
          end()
          resolve(view)
        }
      }
      this.socket.on('session', look)
      look(this.latest)
    })
  }

  leave(): void {
    this.socket.disconnect()
  }
}

function refused(what: string): VethlabError {
  return new VethlabError('command.failed', what, { place: 'vethlab serve', cure: 'See what it says on its own.' })
}
