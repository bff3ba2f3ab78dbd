import { z } from 'zod'
import type { DiagnosisReport } from '../diagnosis/report.js'
import { largestRoster } from '../learner/roster.js'
import type { NetworkMap } from '../map/map.js'
import { COLS_RANGE, ROWS_RANGE } from '../terminal/protocol.js'
import type { TraceSeries } from '../trace/series.js'
import type { TraceStory } from '../trace/story.js'
import type { AuthorLook } from './author.js'
import type { ClassView, DeskView, LearnerDetail, LookView, MatrixView, PreparedHints } from './classes.js'
import { isLabId } from './lab-address.js'
import type { Answered, NetworkView, SessionView, TerminalView, TimelineEntry } from './protocol.js'

/**
 * What a browser may ask over socket.io, and nothing else: each request once, with the schema of what is asked and the type
 * of what is answered. The server reads by these schemas; the browser imports the types that follow from them.
 */

/** Longest piece of input in one request, in bytes. */
const writeBytes = 32 * 1024
/** The same for text. */
const writeCharacters = 256

const session = z.string().min(1).max(64)
const lab = z.string().refine(isLabId)
const name = z.string().min(1).max(64)
/** A reference, a name or an address. */
const place = z.string().min(1).max(253)
const port = z.int().min(1).max(65_535)
/** What is said to the program that takes a connection. */
const speaks = z.strictObject({ as: z.enum(['http', 'tls']) })
const terminal = z.string().regex(/^[0-9a-f]{32}$/)
const index = z.int().min(0).max(10_000)
const offset = z.int().nonnegative()
const clamped = ([least, most]: readonly [number, number]) =>
  z.number().transform((value) => Math.min(most, Math.max(least, Math.trunc(value))))
/** Of a class or a seat. */
const id = z.string().regex(/^[0-9a-f]{32}$/)
const title = z.string().trim().min(1).max(100)
const labs = z.array(lab).max(200)
const time = z.iso.datetime()
const size = { cols: clamped(COLS_RANGE), rows: clamped(ROWS_RANGE) }
/** A `BlockRef`. */
const block = z.union([z.strictObject({ page: index }), z.strictObject({ step: name, solution: index })])

/** Carries the type of the answer; there is no such value. */
declare const answer: unique symbol

/** A request of that form, and then the type of its answer. */
function asked<Schema extends z.ZodType>(schema: Schema) {
  return { answeredBy: <Value>() => schema as Schema & { readonly [answer]: Value } }
}

/** A request with exactly these fields. */
function ask<Shape extends z.ZodRawShape>(shape: Shape) {
  return asked(z.strictObject(shape))
}

export const requests = {
  /** Joins the learner's session of the lab. `open` makes one where none is running; else the last one is looked at, if any. */
  'session.join': ask({ lab, open: z.boolean() }).answeredBy<SessionView | null>(),
  /** A new rack after `failed` or `closed`; with `replay`, brought to where the learner was. */
  'session.reopen': ask({ session, replay: z.boolean() }).answeredBy<null>(),
  /** Ends the rack. Progress stays. */
  'session.leave': ask({ session }).answeredBy<null>(),
  /** Forgets the progress in this lab, and gives a fresh rack. */
  'session.startOver': ask({ session }).answeredBy<null>(),
  /** Not idle: stay. */
  'session.stay': ask({ session }).answeredBy<null>(),

  /** Runs the checks of a step until they pass or their time is over; the view shows the outcome. */
  'step.check': ask({ session, step: name }).answeredBy<null>(),
  /** Keeps what was typed, and checks. */
  'step.answer': ask({ session, step: name, id: name, text: z.string().max(2000) }).answeredBy<null>(),
  /** One more of the hints of a check, by its index. */
  'step.hint': ask({ session, step: name, check: index }).answeredBy<null>(),
  /** Shows how the step is done. */
  'step.show': ask({ session, step: name }).answeredBy<null>(),
  /** Does the step for the learner, then checks. */
  'step.do': ask({ session, step: name }).answeredBy<null>(),
  /** Leaves the step out. */
  'step.skip': ask({ session, step: name }).answeredBy<null>(),

  /** One host, or all; then setup.sh again. Terminals of a host that is reset end. */
  'rack.reset': ask({ session, host: name.optional() }).answeredBy<null>(),
  /** Resets the rack and does all steps before `step`. */
  'rack.replay': ask({ session, step: name }).answeredBy<null>(),
  /** Where a browser finds a published port of a host: an address of an origin of its own, with its token. */
  'rack.preview': ask({ session, host: name, port }).answeredBy<{ url: string }>(),

  /** Types a block into a terminal of its host that waits for a command, or into a new one; says which. */
  'block.run': ask({ session, block, terminal: terminal.optional() }).answeredBy<{ terminal: string }>(),
  /** The text, live values filled in: for copying. */
  'block.text': ask({ session, block }).answeredBy<{ text: string }>(),

  /**
   * From now on the session's `network.map` and `network.timeline` events come over this connection; the answer is where they
   * begin.
   */
  'network.follow': ask({ session }).answeredBy<NetworkView>(),
  /** The map as it was after an entry of the timeline. */
  'network.at': ask({ session, entry: z.int().nonnegative() }).answeredBy<NetworkMap>(),
  /**
   * Sends packets and tells where they went; `to` is a reference, a name or an address. One at a time a session: a new one
   * ends the last.
   */
  'trace.run': ask({
    session,
    from: place,
    to: place,
    port: port.optional(),
    protocol: z.enum(['icmp', 'tcp', 'udp']).optional(),
    speaks: speaks.optional(),
  }).answeredBy<TraceStory>(),
  /** Asks that so often, one after another, within the time of one trace, and tells what differs. */
  'trace.repeat': ask({
    session,
    from: place,
    to: place,
    port: port.optional(),
    protocol: z.enum(['icmp', 'tcp', 'udp']).optional(),
    speaks: speaks.optional(),
    count: z.int().min(1).max(50),
  }).answeredBy<TraceSeries>(),
  /** One trace for a check of a step that is about a packet and failed, with its ends; of a prediction, for one of its cells. */
  'trace.check': ask({
    session,
    step: name,
    check: index,
    cell: z.strictObject({ row: index, column: index }).optional(),
  }).answeredBy<TraceStory>(),
  /** Ends a trace or a diagnosis that runs; so does the end of the connection. */
  'trace.cancel': ask({ session }).answeredBy<null>(),
  /** Itself, same network, outside, from outside. */
  'diagnose.run': ask({ session, container: place }).answeredBy<DiagnosisReport>(),
  /** The last answer of these with what was kept back of it, since finding the cause is the task: that counts as help. */
  'inquiry.tell': ask({ session }).answeredBy<TraceStory | TraceSeries | DiagnosisReport>(),

  /** In a preview: works at a step in one of its ways, and makes its checks; the view shows what became of it. */
  'author.run': ask({
    session,
    step: name,
    way: z.union([
      z.strictObject({ way: z.literal('solution') }),
      z.strictObject({ way: z.enum(['alternative', 'mistake']), name: z.string().min(1).max(255) }),
    ]),
  }).answeredBy<null>(),
  /** In a preview: makes a check once, and tells all that it was made by. */
  'author.look': ask({ session, step: name, check: index }).answeredBy<AuthorLook>(),

  'terminal.open': ask({ session, host: name, ...size }).answeredBy<TerminalView>(),
  /** Ends the shell. */
  'terminal.close': ask({ session, terminal }).answeredBy<null>(),
  /**
   * Output from `fromOffset` on, or all that is kept. Bytes before `replayTo` were put out before: whatever they make the
   * emulator answer must not be sent.
   */
  'terminal.attach': ask({ session, terminal, fromOffset: offset.optional() }).answeredBy<{
    replayTo: number
    cols: number
    rows: number
  }>(),
  'terminal.detach': ask({ terminal }).answeredBy<null>(),
  /** At most 32 KiB of UTF-8, or a text of 256 characters: that is one message, where bytes follow in a second one. */
  'terminal.write': asked(
    z.union([
      z.strictObject({ terminal, text: z.string().max(writeCharacters) }),
      z.strictObject({
        terminal,
        bytes: z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length <= writeBytes),
      }),
    ]),
  ).answeredBy<null>(),
  'terminal.resize': ask({ terminal, ...size }).answeredBy<null>(),

  /** The classes that one may see. */
  'class.list': ask({}).answeredBy<ClassView[]>(),
  'class.create': ask({ title, labs }).answeredBy<ClassView>(),
  'class.change': ask({
    class: id,
    title: title.optional(),
    labs: labs.optional(),
    isRosterOnly: z.boolean().optional(),
    codeEndsAt: time.nullable().optional(),
    startsAt: time.nullable().optional(),
    endsAt: time.nullable().optional(),
    hasOwnNumbers: z.boolean().optional(),
    keepDays: z.int().min(1).max(3650).nullable().optional(),
    capacity: z.int().min(1).max(10_000).nullable().optional(),
    expected: z.int().min(1).max(10_000).nullable().optional(),
    stuckRule: z
      .strictObject({
        times: z.number().min(1).max(20),
        leastMinutes: z.int().min(1).max(240),
        sameReason: z.int().min(2).max(50),
        isMuted: z.boolean(),
      })
      .optional(),
  }).answeredBy<ClassView>(),
  /** When a lab of the class opens, until when it is worked at, which one has to be finished before, and whether its results count. */
  'class.dates': ask({
    class: id,
    lab,
    opensAt: time.nullable(),
    dueAt: time.nullable(),
    after: lab.nullable(),
  }).answeredBy<ClassView>(),
  /** More time from its end on, or from now where that is over: for a lab, or for the class; for one learner, or for all. */
  'class.extend': ask({
    class: id,
    seat: id.optional(),
    /** All of that group of the list, in place of a seat. */
    section: name.optional(),
    lab: lab.optional(),
    minutes: z.int().min(1).max(10_080),
  }).answeredBy<ClassView>(),
  /** A new code in the place of the old one, or none. */
  'class.code': ask({ class: id, on: z.boolean() }).answeredBy<ClassView>(),
  /** Nobody joins any more, and nobody works in it. */
  'class.end': ask({ class: id }).answeredBy<ClassView>(),
  /** From now on `class.seats` events of this class come over this connection, and of no other. */
  'class.follow': ask({ class: id }).answeredBy<MatrixView>(),
  'class.unfollow': ask({}).answeredBy<null>(),
  /** Puts those of a list in CSV on the roster: so many came, were there, and of these are described otherwise now. The one request that is larger than 64 KiB. */
  'seat.add': ask({ class: id, csv: z.string().max(largestRoster) }).answeredBy<{
    added: number
    known: number
    changed: number
  }>(),
  /** New words for a learner who has lost theirs. */
  'seat.reissue': ask({ class: id, seat: id }).answeredBy<{ phrase: string }>(),
  /** What one learner did in a lab: verdicts with what they were found by, and what each command changed. */
  'seat.detail': ask({ class: id, seat: id, lab }).answeredBy<LearnerDetail & { timeline: TimelineEntry[] }>(),
  /** The network of a learner's lab, as it is known last or as it was after an entry of the timeline; null where nothing is known. */
  'seat.network': ask({
    class: id,
    seat: id,
    lab,
    entry: z.int().nonnegative().optional(),
  }).answeredBy<NetworkMap | null>(),
  /** Says that somebody of the staff helps a learner, or not any more. */
  'hand.take': ask({ class: id, seat: id, on: z.boolean() }).answeredBy<null>(),
  /** No hand is raised any more, or they may be again; those that are up stay. */
  'hand.pause': ask({ class: id, on: z.boolean() }).answeredBy<ClassView>(),
  /** The hints that a lab has prepared. */
  'hint.list': ask({ class: id, lab }).answeredBy<PreparedHints>(),
  /** Gives the next hint of a check to some, or to all; who has not begun the lab, is done with the step or has all of them gets none. */
  'hint.give': ask({
    class: id,
    lab,
    step: name,
    check: index,
    seats: z.array(id).min(1).max(2000).optional(),
  }).answeredBy<{ given: number; without: number }>(),
  /** The learner has been helped. */
  'hand.close': ask({ class: id, seat: id }).answeredBy<null>(),
  /** Tells the class something, or one learner of it alone. */
  'note.send': ask({ class: id, seat: id.optional(), text: z.string().trim().min(1).max(1000) }).answeredBy<null>(),
  /** What learners of the class are not given of a lab. */
  'class.lock': ask({
    class: id,
    lab,
    steps: z.array(name).max(100),
    solutions: z.boolean(),
  }).answeredBy<ClassView>(),
  /** Has what learners of the class do in a lab handed in from now on, or has it be practice. */
  'class.assess': ask({
    class: id,
    lab,
    assessed: z
      .strictObject({
        attempts: z.int().min(1).max(100).optional(),
        shows: z.enum(['nothing', 'points', 'steps']),
        counts: z.enum(['best', 'last']).optional(),
        regraded: z.literal('newer').optional(),
        grace: z.int().min(1).max(1440).optional(),
        late: z
          .strictObject({
            hours: z.int().min(1).max(720),
            percent: z.int().min(0).max(100),
            per: z.enum(['hour', 'day']),
          })
          .optional(),
      })
      .nullable(),
  }).answeredBy<ClassView>(),
  /** Judges all that was handed in of a lab by its checks of today, from the evidence; answered when that is done. */
  'class.regrade': ask({ class: id, lab }).answeredBy<{ judged: number; more: number; fewer: number; left: number }>(),
  /** Hands in the work of an assessed lab as it stands; answered when it is accepted. What becomes of it `desk` events tell. */
  'work.submit': ask({ session }).answeredBy<null>(),
  /** All of a class in a file: its name, and its text. */
  'class.export': ask({
    class: id,
    /** All labs by their steps, or the grades of one lab as a gradebook takes them. */
    format: z.union([
      z.enum(['csv', 'jsonl']),
      z.strictObject({
        gradebook: z.enum(['csv', 'canvas', 'moodle', 'nbgrader']),
        lab,
        language: z.enum(['en', 'zh']),
      }),
      /** All that was handed in of a lab: a result a line, as `vethlab score` reads them. */
      z.strictObject({ results: lab }),
    ]),
  }).answeredBy<{ name: string; text: string }>(),
  /** From now on `desk` events of one's own class come over this connection; nothing for who is in none. */
  'desk.follow': ask({}).answeredBy<DeskView | null>(),
  /** Wants help, at a step of a lab; the check that does not pass goes along. */
  'hand.raise': ask({ lab, step: name.optional() }).answeredBy<null>(),
  'hand.lower': ask({}).answeredBy<null>(),
  /** Whoever helps may look into one's terminals without asking, as long as the hand is up; or not any more. */
  'look.offer': ask({ offer: z.enum(['view', 'write']).nullable() }).answeredBy<null>(),
  /** Shows the terminals of one's own session to a class, to be looked at. */
  'share.begin': ask({ class: id, session }).answeredBy<null>(),
  'share.end': ask({ class: id }).answeredBy<null>(),
  /** The terminals that one's class is shown. */
  'share.open': ask({}).answeredBy<{ lab: string; terminals: TerminalView[] }>(),
  /** The network of the session that one's class is shown; null where nothing is known of it. */
  'share.map': ask({}).answeredBy<NetworkMap | null>(),
  /** As `terminal.attach`, to look at alone. */
  'share.attach': ask({ terminal, fromOffset: offset.optional() }).answeredBy<{
    replayTo: number
    cols: number
    rows: number
  }>(),
  /** One of the staff wants to look into a learner's terminals, to type there as well where `mayWrite`. */
  'look.ask': ask({ class: id, seat: id, mayWrite: z.boolean() }).answeredBy<LookView>(),
  /** The learner lets them, for some minutes. */
  'look.give': ask({ look: id, minutes: z.int().min(1).max(240) }).answeredBy<null>(),
  /** Either has enough of it; the learner says no by it, too. */
  'look.end': ask({ look: id }).answeredBy<null>(),
  /** The terminals that a look is given into. */
  'look.open': ask({ look: id }).answeredBy<{ lab: string; terminals: TerminalView[] }>(),
  /** As `terminal.attach`; what may be done to it, the look says. */
  'look.attach': ask({ look: id, terminal, fromOffset: offset.optional() }).answeredBy<{
    replayTo: number
    cols: number
    rows: number
  }>(),
  /** Closes the hosts of a learner: what they did is kept. */
  'seat.close': ask({ class: id, seat: id }).answeredBy<null>(),
  /** Puts all hosts of a learner back to the start. */
  'seat.reset': ask({ class: id, seat: id }).answeredBy<null>(),
  /** Makes two seats of one person one: `other` becomes part of `seat`. */
  'seat.merge': ask({ class: id, seat: id, other: id }).answeredBy<null>(),
  /** Takes somebody out of the class, with all that is kept of them. */
  'seat.remove': ask({ class: id, seat: id }).answeredBy<null>(),
}

export type RequestName = keyof typeof requests
/** What is asked, as it is sent, and as the server reads it. */
export type Asked<K extends RequestName> = z.input<(typeof requests)[K]>
export type Read<K extends RequestName> = z.output<(typeof requests)[K]>
/** What is answered, where it could be done. */
export type Value<K extends RequestName> = (typeof requests)[K][typeof answer]

/** Terminal and offset: all bytes before that offset are on the screen. The one event that nobody answers. */
export const acknowledgement = z.tuple([terminal, offset])

/** Browser to server; each but the last is answered through socket.io's acknowledgement. */
export type Requests = {
  [K in RequestName]: (ask: Asked<K>, answer: (answered: Answered<Value<K>>) => void) => void
} & { 'terminal.acknowledge': (...at: z.infer<typeof acknowledgement>) => void }
