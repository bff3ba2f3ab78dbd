import { batch, signal } from '@preact/signals'
import type { Answered, SessionView, Trouble } from '../../server/protocol/protocol.js'
import type { Asked, RequestName } from '../../server/protocol/requests.js'
import { request, socket } from './connection.js'

/** The session of the lab that is shown, as last heard. */
export const view = signal<SessionView | undefined>(undefined)

/** When that was: `usedMs` counts on from there. Milliseconds of `Date.now()`. */
export const heardAt = signal(0)

/** Why there is no view, where asking for one did not work; `none` where this learner has no session of the lab. */
export const unjoined = signal<Trouble | 'none' | undefined>(undefined)

/** The last request of this page that did not work, until it is put away. What the server notices by itself is in the view. */
export const trouble = signal<Trouble | undefined>(undefined)

/**
 * Whether a view takes the place of the one before: views may come late, and versions count within one session and one run of
 * the server, so the first view of a connection always does. Pure.
 */
export function replaces(next: SessionView, before: SessionView | undefined, firstOfConnection: boolean): boolean {
  return firstOfConnection || before === undefined || before.id !== next.id || next.version > before.version
}

/** How long a server that is too slow is left alone. */
const retryMs = 1000

/** How often who only looks on asks whether there is something to look at. */
const lookMs = 3000

/** Counts the joins: whatever else a connection was told before has to be asked for again. */
export const joins = signal(0)

let lab: string | undefined
let firstOfConnection = true
// Views without a wish to open one: a rack that was closed while nobody looked must not come back by itself.
let open = true
let looking = false
let lookTimer: ReturnType<typeof setTimeout> | undefined

function take(next: SessionView): void {
  if (next.lab !== lab || !replaces(next, view.peek(), firstOfConnection)) return
  const joined = firstOfConnection
  firstOfConnection = false
  const isIdle = next.phase.name === 'open' && next.busy === undefined
  batch(() => {
    // What it says is over.
    if (isIdle && overOnceOpen.has(trouble.peek()?.code ?? '')) trouble.value = undefined
    heardAt.value = Date.now()
    unjoined.value = undefined
    view.value = next
    if (joined) joins.value++
  })
}

socket.on('session', take)
socket.on('connect', () => {
  // What could not be asked is asked again by whoever wanted it.
  if (trouble.peek()?.code === 'connection.away') trouble.value = undefined
  firstOfConnection = true
  void join()
})

async function join(): Promise<void> {
  const asked = lab
  if (asked === undefined || !socket.connected) return
  const answered = await request('session.join', { lab: asked, open })
  if (lab !== asked) return
  if (!answered.ok) {
    if (answered.trouble.code !== 'connection.away') unjoined.value = answered.trouble
    // The next connection asks again; so does this one, where the server was just too slow.
    else if (socket.connected) setTimeout(() => void join(), retryMs)
    return
  }
  open = false
  if (answered.value === null) {
    unjoined.value = 'none'
    if (looking) {
      clearTimeout(lookTimer)
      lookTimer = setTimeout(() => void join(), lookMs)
    }
  } else take(answered.value)
}

/**
 * Joins the learner's session of a lab, and makes one where none runs. Who only looks on waits until another window has opened
 * one. @returns what leaves it
 */
export function enter(id: string, lookOn = false): () => void {
  lab = id
  open = !lookOn
  looking = lookOn
  view.value = undefined
  unjoined.value = undefined
  trouble.value = undefined
  firstOfConnection = true
  if (socket.connected) void join()
  else socket.connect()
  return () => {
    lab = undefined
    view.value = undefined
    // The server counts who is there by their connections.
    socket.disconnect()
  }
}

/** Asks for a session once more, after that did not work. */
export function tryAgain(): void {
  open = true
  unjoined.value = undefined
  void join()
}

type Ask<K extends RequestName> = Omit<Asked<K>, 'session'>
type Asking = Exclude<
  { [K in RequestName]: Asked<K> extends { session: string } ? K : never }[RequestName],
  'terminal.open' | 'terminal.close' | 'terminal.attach'
>

/** Asks something of the session that is shown. A failure is shown on top of the page, and returned. */
export async function ask<K extends Asking>(name: K, what: Ask<K>) {
  const answered = await askQuietly(name, what)
  trouble.value = answered.ok ? undefined : answered.trouble
  // Another window has begun a new one: that is the one to look at.
  if (!answered.ok && answered.trouble.code === 'session.not-found') {
    firstOfConnection = true
    void join()
  }
  return answered
}

/** The same, for what shows its failures itself. */
export async function askQuietly<K extends Asking>(name: K, what: Ask<K>) {
  const session = view.peek()?.id
  if (session === undefined) return { ok: false, trouble: noSession } as Answered<never>
  return await request(name, { ...what, session } as unknown as Asked<K>)
}

/** Troubles that are over as soon as the hosts are there and nothing is done to them. */
const overOnceOpen: ReadonlySet<string> = new Set(['session.not-found', 'session.not-open', 'session.busy'])

const noSession: Trouble = {
  code: 'session.not-found',
  what: { en: 'The lab is not open yet.', zh: '实验还没有打开。' },
  cure: { en: 'Wait until its hosts are there.', zh: '请等主机准备好之后再试。' },
}
