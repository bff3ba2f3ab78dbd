import type { Socket } from 'socket.io'
import { troubleOf } from '../error/trouble.js'
import type { Answered, Events } from '../protocol/protocol.js'
import {
  acknowledgement,
  type Read,
  type RequestName,
  type Requests,
  requests,
  type Value,
} from '../protocol/requests.js'
import type { Sessions } from '../session/sessions.js'
import { Connection } from './connection.js'
import { NetworkSender } from './network-sender.js'
import type { Preview } from './preview.js'
import type { Previews } from './previews.js'
import { TerminalGateway } from './terminal-gateway.js'
import { TokenBucket } from './token-bucket.js'
import { troubles } from './troubles.js'
import { ViewSender } from './view-sender.js'
import type { Windows } from './windows.js'

/** Requests but typing and sizes: what a quick hand does on a page, many times over. */
const asking = { perSecond: 20, burst: 100 }

type Handlers = { [K in RequestName]: (ask: Read<K>) => Value<K> | Promise<Value<K>> }

export interface LearnerSocketOptions {
  learner: string
  sessions: Sessions
  previews: Previews
  windows: Windows
  /** Undefined where this is none. */
  preview: Preview | undefined
}

/** Serves one connection of a learner until it ends. */
export function serveLearner(socket: Socket<Requests, Events>, options: LearnerSocketOptions): void {
  const { learner, sessions, previews, windows, preview } = options
  const connection = new Connection(socket as unknown as Socket)
  const gateway = new TerminalGateway(socket, connection)
  const bucket = new TokenBucket(asking.perSecond, asking.burst)
  const views = new ViewSender(socket, connection, previews)
  windows.add(learner, views)
  const network = new NetworkSender(socket, connection)
  const endPreview = preview?.follow((view) => socket.emit('preview', view))
  /** Aborts when the connection has ended: packets are not traced for nobody. */
  const gone = new AbortController()
  const sessionOf = ({ session }: { session: string }) => sessions.get(learner, session)

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
    'session.reopen': (ask) => nothing(sessionOf(ask).reopen(ask.replay)),
    'session.leave': (ask) => nothing(sessionOf(ask).leave()),
    'session.startOver': async (ask) => {
      const session = await sessions.startOver(learner, ask.session)
      if (session.id !== ask.session) windows.replace(session)
      return null
    },
    'session.stay': (ask) => nothing(sessionOf(ask).stay()),
    'step.check': (ask) => nothing(sessionOf(ask).check(ask.step)),
    'step.answer': (ask) => nothing(sessionOf(ask).answer(ask.step, ask.id, ask.text)),
    'step.hint': (ask) => nothing(sessionOf(ask).hint(ask.step, ask.check)),
    'step.show': (ask) => nothing(sessionOf(ask).show(ask.step)),
    'step.do': (ask) => nothing(sessionOf(ask).do(ask.step)),
    'step.skip': (ask) => nothing(sessionOf(ask).skip(ask.step)),
    'rack.reset': (ask) => nothing(sessionOf(ask).reset(ask.host)),
    'rack.replay': (ask) => nothing(sessionOf(ask).replay(ask.step)),
    'rack.preview': async (ask) => ({
      url: await previews.open(sessionOf(ask), ask.host, ask.port, socket.handshake.headers.host ?? ''),
    }),
    'block.run': (ask) => sessionOf(ask).runBlock(ask.block, ask.terminal),
    'block.text': async (ask) => ({ text: await sessionOf(ask).blockText(ask.block) }),
    'network.follow': (ask) => network.follow(sessionOf(ask)),
    'network.at': (ask) => sessionOf(ask).network.at(ask.entry),
    'trace.run': (ask) => sessionOf(ask).network.trace(ask, gone.signal),
    'trace.repeat': ({ count, ...ask }) => sessionOf(ask).network.traceSeries(ask, count, gone.signal),
    'trace.check': (ask) => sessionOf(ask).network.traceCheck(ask.step, ask.check, gone.signal),
    'trace.cancel': (ask) => nothing(sessionOf(ask).network.cancelTrace()),
    'diagnose.run': (ask) => sessionOf(ask).network.diagnose(ask.container, gone.signal),
    'author.run': (ask) => nothing(sessionOf(ask).author.run(ask.step, ask.way)),
    'author.look': (ask) => sessionOf(ask).author.look(ask.step, ask.check),
    'inquiry.tell': (ask) => sessionOf(ask).network.tell(),
    'terminal.open': (ask) => sessionOf(ask).openTerminal(ask.host, ask.cols, ask.rows),
    'terminal.close': (ask) => nothing(sessionOf(ask).closeTerminal(ask.terminal)),
    'terminal.attach': (ask) => gateway.attach(sessionOf(ask), ask.terminal, ask.fromOffset),
    'terminal.detach': ({ terminal }) => nothing(gateway.detach(terminal)),
    'terminal.write': (ask) => nothing(gateway.write(ask.terminal, 'text' in ask ? ask.text : ask.bytes)),
    'terminal.resize': ({ terminal, cols, rows }) => nothing(gateway.resize(terminal, cols, rows)),
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
    endPreview?.()
    gone.abort()
    windows.remove(learner, views)
    gateway.close()
  })
}

async function nothing(work: unknown): Promise<null> {
  await work
  return null
}
