import type { Socket } from 'socket.io'
import type { Classroom } from '../classroom/classroom.js'
import { troubleOf } from '../error/trouble.js'
import { may } from '../learner/may.js'
import type { Answered, Events } from '../protocol/protocol.js'
import {
  acknowledgement,
  type Read,
  type RequestName,
  type Requests,
  requests,
  type Value,
} from '../protocol/requests.js'
import type { Session } from '../session/session.js'
import type { Sessions } from '../session/sessions.js'
import { ClassSender } from './class-sender.js'
import { Connection } from './connection.js'
import type { Guest } from './gate.js'
import { NetworkSender } from './network-sender.js'
import type { Preview } from './preview.js'
import type { Previews } from './previews.js'
import { rights } from './rights.js'
import { TerminalGateway } from './terminal-gateway.js'
import { TokenBucket } from './token-bucket.js'
import { troubles } from './troubles.js'
import { ViewSender } from './view-sender.js'
import type { Windows } from './windows.js'

/** Requests but typing and sizes: what a quick hand does on a page, many times over. */
const asking = { perSecond: 20, burst: 100 }

type Handlers = { [K in RequestName]: (ask: Read<K>) => Value<K> | Promise<Value<K>> }

export interface LearnerSocketOptions {
  /** Who it is, as it is now: roles may change while it is open. */
  guest(): Guest
  /** Looks at once whether their roles are other ones now. */
  renew(): Promise<void>
  classroom: Classroom
  sessions: Sessions
  previews: Previews
  windows: Windows
  /** Undefined where this is none. */
  preview: Preview | undefined
}

/** Serves one connection of a learner until it ends. */
export function serveLearner(socket: Socket<Requests, Events>, options: LearnerSocketOptions): void {
  const { guest, classroom, sessions, previews, windows, preview } = options
  const learner = guest().person
  const connection = new Connection(socket as unknown as Socket)
  const gateway = new TerminalGateway(socket, connection)
  const bucket = new TokenBucket(asking.perSecond, asking.burst)
  const views = new ViewSender(socket, connection, previews)
  windows.add(learner, views)
  const network = new NetworkSender(socket, connection)
  const endPreview = preview?.follow((view) => socket.emit('preview', view))
  /** Aborts when the connection has ended: packets are not traced for nobody. */
  const gone = new AbortController()
  const classes = new ClassSender(socket, connection, classroom)
  const endRecords = sessions.followRecords((standing) => socket.emit('records', standing))
  /** At once where the session is in memory, so that requests are begun in the order in which they came. */
  const inSession = <T>(
    { session: id }: { session: string },
    use: (session: Session) => T | Promise<T>,
  ): Promise<T> => {
    const kept = sessions.kept(learner, id)
    return kept ? Promise.resolve(use(kept)) : sessions.get(learner, id).then(use)
  }

  const handlers: Handlers = {
    'session.join': async ({ lab, open }) => {
      const session = await sessions.join(learner, lab, { open })
      // Whoever is gone by now would be counted as a viewer for ever.
      if (socket.connected) {
        views.follow(session)
        network.shown(session)
      }
      if (session) windows.replace(session)
      return session?.view() ?? null
    },
    'session.reopen': (ask) => nothing(inSession(ask, (session) => session.reopen(ask.replay))),
    'session.leave': (ask) => nothing(inSession(ask, (session) => session.leave())),
    'session.startOver': async (ask) => {
      const session = await sessions.startOver(learner, ask.session)
      if (session.id !== ask.session) windows.replace(session)
      return null
    },
    'session.stay': (ask) => nothing(inSession(ask, (session) => session.stay())),
    'step.check': (ask) => nothing(inSession(ask, (session) => session.check(ask.step))),
    'step.answer': (ask) => nothing(inSession(ask, (session) => session.answer(ask.step, ask.id, ask.text))),
    'step.hint': (ask) => nothing(inSession(ask, (session) => session.hint(ask.step, ask.check))),
    'step.show': (ask) => nothing(inSession(ask, (session) => session.show(ask.step))),
    'step.do': (ask) => nothing(inSession(ask, (session) => session.do(ask.step))),
    'step.skip': (ask) => nothing(inSession(ask, (session) => session.skip(ask.step))),
    'rack.reset': (ask) => nothing(inSession(ask, (session) => session.reset(ask.host))),
    'rack.replay': (ask) => nothing(inSession(ask, (session) => session.replay(ask.step))),
    'rack.preview': async (ask) => ({
      url: await inSession(ask, (session) =>
        previews.open(session, ask.host, ask.port, socket.handshake.headers.host ?? ''),
      ),
    }),
    'block.run': (ask) => inSession(ask, (session) => session.runBlock(ask.block, ask.terminal)),
    'block.text': async (ask) => ({ text: await inSession(ask, (session) => session.blockText(ask.block)) }),
    'network.follow': (ask) => inSession(ask, (session) => network.follow(session)),
    'network.at': (ask) => inSession(ask, (session) => session.network.at(ask.entry)),
    'trace.run': (ask) => inSession(ask, (session) => session.network.trace(ask, gone.signal)),
    'trace.repeat': ({ count, ...ask }) =>
      inSession(ask, (session) => session.network.traceSeries(ask, count, gone.signal)),
    'trace.check': (ask) => inSession(ask, (session) => session.network.traceCheck(ask.step, ask.check, gone.signal)),
    'trace.cancel': (ask) => nothing(inSession(ask, (session) => session.network.cancelTrace())),
    'diagnose.run': (ask) => inSession(ask, (session) => session.network.diagnose(ask.container, gone.signal)),
    'author.run': (ask) => nothing(inSession(ask, (session) => session.author.run(ask.step, ask.way))),
    'author.look': (ask) => inSession(ask, (session) => session.author.look(ask.step, ask.check)),
    'inquiry.tell': (ask) => inSession(ask, (session) => session.network.tell()),
    'terminal.open': (ask) => inSession(ask, (session) => session.openTerminal(ask.host, ask.cols, ask.rows)),
    'terminal.close': (ask) => nothing(inSession(ask, (session) => session.closeTerminal(ask.terminal))),
    'terminal.attach': (ask) => inSession(ask, (session) => gateway.attach(session, ask.terminal, ask.fromOffset)),
    'terminal.detach': ({ terminal }) => nothing(gateway.detach(terminal)),
    'terminal.write': (ask) => nothing(gateway.write(ask.terminal, 'text' in ask ? ask.text : ask.bytes)),
    'terminal.resize': ({ terminal, cols, rows }) => nothing(gateway.resize(terminal, cols, rows)),
    'class.list': () => classroom.list(guest()),
    'class.create': async (ask) => {
      const made = await classroom.create(guest(), ask)
      // Its teacher goes on to it.
      await options.renew()
      return made
    },
    'class.change': ({ class: id, ...change }) => classroom.change(guest(), id, change),
    'class.code': (ask) => classroom.setCode(guest(), ask.class, ask.on),
    'class.end': (ask) => classroom.end(guest(), ask.class),
    'class.follow': (ask) => classes.follow(guest(), ask.class),
    'class.unfollow': () => nothing(classes.end()),
    'seat.add': (ask) => classroom.addRoster(ask.class, ask.csv),
    'seat.reissue': (ask) => classroom.reissue(ask.class, ask.seat),
    'seat.remove': (ask) => nothing(classroom.removeSeat(ask.class, ask.seat)),
  }

  const on = <K extends RequestName>(name: K) => {
    const free = name === 'terminal.write' || name === 'terminal.resize'
    const raw = socket as unknown as { on(name: string, listener: (ask: unknown, answer: unknown) => void): void }
    raw.on(name, async (ask, answer) => {
      // Nobody of ours asks without wanting to know.
      if (typeof answer !== 'function') return
      const give = answer as (answered: Answered<unknown>) => void
      const parsed = requests[name].safeParse(ask)
      if (!parsed.success) return give({ ok: false, trouble: troubles.invalid })
      if (!free && !bucket.take()) return give({ ok: false, trouble: troubles.tooMany })
      const { verb, what } = rights[name]
      const who = guest()
      if (!may(who, verb, what(who, parsed.data as Read<K>))) return give({ ok: false, trouble: troubles.forbidden })
      try {
        give({ ok: true, value: await handlers[name](parsed.data as Read<K>) })
      } catch (error) {
        give({ ok: false, trouble: troubleOf(error) })
      }
    })
  }
  for (const name of Object.keys(requests) as RequestName[]) on(name)
  socket.on('terminal.acknowledge', (...event: unknown[]) => {
    const parsed = acknowledgement.safeParse(event.slice(0, 2))
    if (parsed.success) gateway.acknowledge(...parsed.data)
  })
  socket.on('disconnect', () => {
    views.follow(undefined)
    network.end()
    classes.end()
    endPreview?.()
    endRecords()
    gone.abort()
    windows.remove(learner, views)
    gateway.close()
  })
}

async function nothing(work: unknown): Promise<null> {
  await work
  return null
}
