import type { Socket } from 'socket.io'
import type { Classroom } from '../classroom/classroom.js'
import { safeParse } from '../error/safe-parse.js'
import { TroubleError, troubleOf } from '../error/trouble.js'
import { may } from '../learner/may.js'
import type { Answered, BlockRef, Events } from '../protocol/protocol.js'
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
import { HeldLooks } from './held-looks.js'
import type { Metrics } from './metrics.js'
import { NetworkSender } from './network-sender.js'
import type { Preview } from './preview.js'
import type { Previews } from './previews.js'
import { rights } from './rights.js'
import { TerminalGateway } from './terminal-gateway.js'
import { TokenBucket } from './token-bucket.js'
import { troubles } from './troubles.js'
import { ViewSender } from './view-sender.js'
import type { Windows } from './windows.js'
import { closedTrouble, withheldFrom } from './withheld.js'

/** Requests but typing and sizes: what a quick hand does on a page, many times over. */
const asking = { perSecond: 20, burst: 100 }

type Handlers = { [K in RequestName]: (ask: Read<K>) => Value<K> | Promise<Value<K>> }

export interface LearnerSocketOptions {
  /** Who it is, as it is now: roles may change while it is open. */
  guest(): Guest
  classroom: Classroom
  metrics?: Metrics | undefined
  sessions: Sessions
  previews: Previews
  windows: Windows
  /** Undefined where this is none. */
  preview: Preview | undefined
}

/**
 * Serves one connection of a learner until it ends.
 * @returns what is called when their roles may be other ones: what they no longer allow ends
 */
export function serveLearner(socket: Socket<Requests, Events>, options: LearnerSocketOptions): () => void {
  const { guest, classroom, sessions, previews, windows, preview } = options
  const learner = guest().person
  const connection = new Connection(socket as unknown as Socket)
  const gateway = new TerminalGateway(socket, connection)
  const bucket = new TokenBucket(asking.perSecond, asking.burst)
  const views = new ViewSender(socket, connection, previews, (lab) => withheldFrom(guest(), lab))
  windows.add(learner, views)
  const network = new NetworkSender(socket, connection)
  const endPreview = preview?.follow((view) => socket.emit('preview', view))
  /** Aborts when the connection has ended: packets are not traced for nobody. */
  const gone = new AbortController()
  const classes = new ClassSender(socket, connection, classroom)
  let endDesk: (() => void) | undefined
  const endRecords = sessions.followRecords((standing) => socket.emit('records', standing))
  /** At once where the session is in memory, so that requests are begun in the order in which they came. */
  const ofSession = <T>(
    { session: id }: { session: string },
    use: (session: Session) => T | Promise<T>,
  ): Promise<T> => {
    const kept = sessions.kept(learner, id)
    return kept ? Promise.resolve(use(kept)) : sessions.get(learner, id).then(use)
  }
  /** The same, to work in it: the class has its lab open to them now. @throws TroubleError */
  const inSession = <T>(ask: { session: string }, use: (session: Session) => T | Promise<T>): Promise<T> =>
    ofSession(ask, (session) => {
      const trouble = closedTrouble(guest(), session.lab.id)
      if (trouble) throw new TroubleError(trouble)
      return use(session)
    })

  /** The session, where what the class withholds is not asked for. @throws TroubleError */
  const given = (session: Session, step: string, isSolution = false): Session => {
    const withheld = withheldFrom(guest(), session.lab.id)
    if (withheld.steps.has(step)) throw new TroubleError(troubles.stepLocked)
    if (isSolution && withheld.solutions) throw new TroubleError(troubles.solutionLocked)
    return session
  }
  // The steps before are done as their solutions have it, which tells of open ones what their class may withhold.
  const bringable = (session: Session, step: string): Session => {
    for (const { id, state } of session.view().steps) {
      if (id === step) break
      if (state === 'open') given(session, id, true)
    }
    return given(session, step)
  }
  const givenBlock = (session: Session, block: BlockRef): Session => {
    if ('solution' in block) return given(session, block.step, true)
    const [section] = session.lab.pages.en.sections.filter(({ blocks }) =>
      blocks.some(({ index }) => index === block.page),
    )
    return section?.id === undefined ? session : given(session, section.id)
  }

  const looks = new HeldLooks({
    guest,
    classroom,
    onEnded: (look) => {
      gateway.endLook(look)
      socket.emit('look.ended', look)
    },
  })
  const renew = () => {
    views.renew()
    classes.renew(guest())
    looks.renew()
  }

  const handlers: Handlers = {
    'session.join': async ({ lab, open }) => {
      // One whose time is over is looked at alone.
      const closed = closedTrouble(guest(), lab)
      const session = await sessions.join(learner, lab, { open: open && !closed })
      if (closed && open && !session) throw new TroubleError(closed)
      // Whoever is gone by now would be counted as a viewer for ever.
      if (socket.connected) {
        views.follow(session)
        network.shown(session)
      }
      if (session) windows.replace(session)
      return session ? views.given(session.view()) : null
    },
    'session.reopen': (ask) => nothing(inSession(ask, (session) => session.reopen(ask.replay))),
    'session.leave': (ask) => nothing(ofSession(ask, (session) => session.leaveSoon())),
    'session.startOver': async (ask) => {
      await inSession(ask, () => undefined)
      const session = await sessions.startOver(learner, ask.session)
      if (session.id !== ask.session) windows.replace(session)
      return null
    },
    'session.stay': (ask) => nothing(inSession(ask, (session) => session.stay())),
    'step.check': (ask) => nothing(inSession(ask, (session) => given(session, ask.step).check(ask.step))),
    'step.answer': (ask) =>
      nothing(inSession(ask, (session) => given(session, ask.step).answer(ask.step, ask.id, ask.text))),
    'step.hint': (ask) => nothing(inSession(ask, (session) => given(session, ask.step).hint(ask.step, ask.check))),
    'step.show': (ask) => nothing(inSession(ask, (session) => given(session, ask.step, true).show(ask.step))),
    'step.do': (ask) => nothing(inSession(ask, (session) => given(session, ask.step, true).do(ask.step))),
    'step.skip': (ask) => nothing(inSession(ask, (session) => given(session, ask.step).skip(ask.step))),
    'rack.reset': (ask) => nothing(inSession(ask, (session) => session.reset(ask.host))),
    'rack.replay': (ask) => nothing(inSession(ask, (session) => bringable(session, ask.step).replay(ask.step))),
    'rack.preview': async (ask) => ({
      url: await inSession(ask, (session) =>
        previews.open(session, ask.host, ask.port, socket.handshake.headers.host ?? ''),
      ),
    }),
    'block.run': (ask) => inSession(ask, (session) => givenBlock(session, ask.block).runBlock(ask.block, ask.terminal)),
    'block.text': async (ask) => ({
      text: await inSession(ask, (session) => givenBlock(session, ask.block).blockText(ask.block)),
    }),
    'network.follow': (ask) => ofSession(ask, (session) => network.follow(session)),
    'network.at': (ask) => ofSession(ask, (session) => session.network.at(ask.entry)),
    'trace.run': (ask) => inSession(ask, (session) => session.network.trace(ask, gone.signal)),
    'trace.repeat': ({ count, ...ask }) =>
      inSession(ask, (session) => session.network.traceSeries(ask, count, gone.signal)),
    'trace.check': (ask) =>
      inSession(ask, (session) =>
        given(session, ask.step).network.traceCheck(ask.step, ask.check, gone.signal, ask.cell),
      ),
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
    'class.create': (ask) => classroom.create(guest(), ask),
    'class.change': ({ class: id, hasOwnNumbers, ...change }) =>
      classroom.change(guest(), id, {
        ...change,
        ...(hasOwnNumbers === undefined ? {} : classroom.numbers(hasOwnNumbers)),
      }),
    'class.dates': ({ class: id, lab, ...dates }) => classroom.dates(guest(), id, lab, dates),
    'class.extend': ({ class: id, ...what }) => classroom.extend(guest(), id, what),
    'class.code': (ask) => classroom.setCode(guest(), ask.class, ask.on),
    'class.end': (ask) => classroom.end(guest(), ask.class),
    'class.follow': async (ask) => {
      const view = await classes.follow(guest, ask.class)
      // The role may have been taken while that was looked up.
      classes.renew(guest())
      return view
    },
    'class.unfollow': () => nothing(classes.end()),
    'class.lock': ({ class: id, lab, ...withheld }) => classroom.lock(guest(), id, lab, withheld),
    'class.regrade': (ask) => classroom.regrade(ask.class, ask.lab),
    'class.assess': (ask) => classroom.assess(guest(), ask.class, ask.lab, ask.assessed ?? undefined),
    'work.submit': (ask) => nothing(inSession(ask, (session) => classroom.submissions.submit(session))),
    'class.export': (ask) => classroom.export(guest(), ask.class, ask.format),
    'note.send': ({ class: id, ...note }) => nothing(classroom.tell(id, nameOf(guest()), note)),
    'seat.detail': (ask) => classroom.detail(ask.class, ask.seat, ask.lab),
    'seat.network': (ask) => classroom.network(ask.class, ask.seat, ask.lab, ask.entry),
    'hand.take': (ask) => nothing(classroom.takeHand(ask.class, ask.seat, ask.on ? nameOf(guest()) : undefined)),
    'hand.close': (ask) => nothing(classroom.closeHand(ask.class, ask.seat)),
    'hand.pause': (ask) => classroom.pauseQueue(guest(), ask.class, ask.on),
    'hint.list': (ask) => classroom.hints(ask.lab),
    'hint.give': ({ class: id, ...what }) => classroom.giveHints(id, nameOf(guest()), what),
    'desk.follow': async () => {
      endDesk?.()
      const followed = await classroom.desks.follow(learner, (view) => socket.emit('desk', view))
      // Gone meanwhile, or asked for twice.
      endDesk?.()
      endDesk = followed?.end
      if (!socket.connected) endDesk?.()
      return followed?.view ?? null
    },
    'hand.raise': (ask) => nothing(classroom.raiseHand(learner, ask)),
    'hand.lower': () => nothing(classroom.lowerHand(learner)),
    'look.offer': (ask) => nothing(classroom.offerLook(learner, ask.offer ?? undefined)),
    'share.begin': async (ask) => {
      const { person } = guest()
      classroom.shares.begin(ask.class, { by: nameOf(guest()), person, session: ask.session })
      return null
    },
    'share.end': (ask) => nothing(classroom.shares.end(ask.class)),
    'share.open': () => {
      const { session } = looks.openShown()
      return { lab: session.lab.id, terminals: session.view().terminals }
    },
    'share.map': async () => (await looks.openShown().session.network.feed.view()).map ?? null,
    'share.attach': (ask) => {
      const { session, id } = looks.openShown()
      return gateway.attach(session, ask.terminal, ask.fromOffset, { look: id, mayWrite: false })
    },
    'look.ask': (ask) => classroom.askLook(guest(), nameOf(guest()), ask.class, ask.seat, ask.mayWrite),
    'look.give': (ask) => nothing(classroom.looks.give(learner, ask.look, ask.minutes)),
    'look.end': (ask) => nothing(classroom.looks.end(guest(), ask.look)),
    'look.open': async (ask) => {
      const { session } = await looks.open(ask.look)
      return { lab: session.lab.id, terminals: session.view().terminals }
    },
    'look.attach': async (ask) => {
      const { session, mayWrite } = await looks.open(ask.look)
      return gateway.attach(session, ask.terminal, ask.fromOffset, { look: ask.look, mayWrite })
    },
    'seat.add': (ask) => classroom.addRoster(ask.class, ask.csv),
    'seat.reissue': (ask) => classroom.reissue(ask.class, ask.seat),
    'seat.close': (ask) => nothing(classroom.closeHosts(ask.class, ask.seat)),
    'seat.reset': (ask) => nothing(classroom.resetHosts(ask.class, ask.seat)),
    'seat.merge': (ask) => nothing(classroom.mergeSeats(ask.class, ask.seat, ask.other)),
    'seat.remove': (ask) => nothing(classroom.removeSeat(ask.class, ask.seat)),
  }

  const on = <K extends RequestName>(name: K) => {
    const free = name === 'terminal.write' || name === 'terminal.resize'
    const raw = socket as unknown as { on(name: string, listener: (ask: unknown, answer: unknown) => void): void }
    raw.on(name, async (ask, answer) => {
      // Nobody of ours asks without wanting to know.
      if (typeof answer !== 'function') return
      const give = answer as (answered: Answered<unknown>) => void
      const began = performance.now()
      let isLetIn = false
      // Whatever fails in here is answered: nobody else hears of it, and an error that nobody takes would end the process.
      try {
        const parsed = safeParse(requests[name], ask)
        if (!parsed.success) return give({ ok: false, trouble: troubles.invalid })
        if (!free && !bucket.take()) return give({ ok: false, trouble: troubles.tooMany })
        const { verb, what } = rights[name]
        const who = guest()
        if (!may(who, verb, what(who, parsed.data as Read<K>))) return give({ ok: false, trouble: troubles.forbidden })
        isLetIn = true
        give({ ok: true, value: await handlers[name](parsed.data as Read<K>) })
        options.metrics?.request(name, performance.now() - began, false)
      } catch (error) {
        give({ ok: false, trouble: troubleOf(error) })
        if (isLetIn) options.metrics?.request(name, performance.now() - began, true)
      }
    })
  }
  for (const name of Object.keys(requests) as RequestName[]) on(name)
  socket.on('terminal.acknowledge', (...event: unknown[]) => {
    const parsed = safeParse(acknowledgement, event.slice(0, 2))
    if (parsed.success) gateway.acknowledge(...parsed.data)
  })
  socket.on('disconnect', () => {
    views.follow(undefined)
    network.end()
    classes.end()
    endDesk?.()
    looks.close()
    endPreview?.()
    endRecords()
    gone.abort()
    windows.remove(learner, views)
    gateway.close()
  })
  return renew
}

/** The owner has no name of their own: pages have a word for that. */
function nameOf({ name }: Guest): string {
  return name ?? ''
}

async function nothing(work: unknown): Promise<null> {
  await work
  return null
}
