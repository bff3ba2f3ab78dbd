import type { Trouble } from '../error/trouble.js'
import type { Change, NetworkMap } from '../map/map.js'
import type { Standing } from '../store/records.js'
import type { Language, Text } from '../wording/text.js'
import type { AuthorView, PreviewView } from './author.js'
import type { Closed, DeskView, SeatView } from './classes.js'

export type { Cause } from '../cause/cause.js'
export type { DiagnosisFinding, DiagnosisReport, DiagnosisStage } from '../diagnosis/report.js'
export type { Trouble } from '../error/trouble.js'
export type { Change, MapElement, MapElementKind, MapFact, MapTie, MapTieKind, NetworkMap } from '../map/map.js'
export type { Standing } from '../store/records.js'
export type { TraceGroup, TraceSeries } from '../trace/series.js'
export type { Hop, TraceStory } from '../trace/story.js'

/**
 * What server and browser say to each other. Types alone: the browser's program imports nothing else of the server.
 * Times are ISO 8601, durations milliseconds; every `Text` is in both languages, and plain text, never HTML.
 */

export type Answered<T> = { ok: true; value: T } | { ok: false; trouble: Trouble }

// ---- Documents: GET, JSON ----

/** GET /api/catalogue */
export interface CatalogueView {
  labs: LabCard[]
  /** In the order in which they are best walked, with those alone that have labs for this learner. */
  paths: PathView[]
  records: Standing
  /** Sessions that have a rack now. */
  running: { session: string; lab: string; closesAt?: string }[]
}

/** Labs that are done one after another; each lab is on one path at most. */
export interface PathView {
  id: string
  title: Text
  summary: Text
  /** Ids of its labs, of those that the learner sees, in their order. */
  labs: string[]
}

export interface LabCard {
  id: string
  title: Text
  summary: Text
  topic: string
  level: 'beginner' | 'intermediate' | 'advanced'
  order: number
  /** The languages that it is in; texts are then the same in both. */
  languages: Language[]
  /** Labs whose matter it takes for granted, as far as they are there. */
  buildsOn: { id: string; title: Text }[]
  minutes: number
  /** Machines of the rack, by kind. */
  hosts: { docker: number; plain: number }
  /** Those that are needed; the others count in nothing here. */
  steps: number
  optional: number
  /** How each of them is, in the learner's latest session of the lab. */
  states: StepState[]
  /** Steps passed, helped or not, in the learner's latest session of the lab. */
  passed: number
  helped: number
  finished: boolean
  /** What this machine lacks for the lab; empty where it can run. */
  lacks: { feature: string; what: Text; cure: Text }[]
  /** The learner's class has not opened it to them, or not any more. */
  closed?: Closed
  /** Until when their class takes work at it. */
  dueAt?: string
  /** Its results count in the learner's class; in others it is practice. */
  isAssessed?: true
}

/** GET /api/search?words=WORDS&language=en: what the pages say, in both languages, the best first. */
export interface SearchView {
  labs: FoundLab[]
}

/** A lab in which something was found. */
export interface FoundLab {
  id: string
  /** The best first; empty where it is only what the catalogue says of it. */
  sections: FoundSection[]
  /** So many more sections of the lab have it. */
  more: number
}

export interface FoundSection {
  /** As `PageSection.id`: the part of the page's address. */
  id?: string
  /** From 1, where it is a step. */
  step?: number
  /** Plain text; empty for the introduction. */
  heading: string
  /** Of heading and excerpt: the learner's, unless it is found in the other one alone. */
  language: Language
  /** Plain text of the section, in pieces. */
  excerpt: { text: string; isFound: boolean }[]
}

/** GET /api/labs/ID?language=en */
export interface LabPage {
  lab: LabCard
  /** The lab's files and the numbers in them, as one value: another one where they are others. */
  content: string
  /** Of its text: the one that was asked for, where the lab is in it. */
  language: Language
  /** It is a preview, for the lab's author. */
  authoring: boolean
  /** Its numbers are drawn for this learner: others have others. */
  ownNumbers: boolean
  /** HTML made on the server of the lab's own Markdown, with no scripts, styles or event handlers in it. */
  sections: PageSection[]
  steps: PageStep[]
  /** What the lab has put onto its hosts, by host and path. */
  files: { host: string; path: string; bytes: number }[]
  /** The title of the path that it is on. */
  path?: Text
  /** The next lab of the path; behind its last one the first of the next path, and so on through all that the learner may open. */
  next?: { id: string; title: Text /** Where it is on another one. */; path?: Text }
}

/** A step of a page, with the questions that it asks. */
export interface PageStep {
  id: string
  points: number
  /** The lab is done without it. */
  optional: boolean
  /** It is looked at only when the learner asks for it. */
  whenAsked: boolean
  /** It has no checks: the learner says when it is read. */
  toRead: boolean
  /** Hosts on which Docker is restarted when it is checked and all else passes; empty for most. */
  restarts: string[]
  answers: PageQuestion[]
}

/** A question; one without `choose` and `predict` is answered by typing. */
export interface PageQuestion {
  id: string
  ask: Text
  /** In this learner's order. The answer is the ids of what was chosen, with blanks between; which are right is not said. */
  choose?: { several: boolean; options: { id: string; text: Text }[] }
  /**
   * A table of who reaches whom, to be filled in before it is measured. Rows are those who ask, each with the columns in which something
   * is asked. The answer is a text as `server/wording/cells.ts` writes it; what will be measured is known to nobody.
   */
  predict?: { rows: { from: string; asked: boolean[] }[]; columns: { to: string; means: Text }[] }
}

/**
 * In `html`, fenced blocks are:
 * - `<div class="block" data-block="3" data-host="node1"><pre><code class="hljs language-bash">…</code></pre></div>` for a run
 *   block: `data-block` is its index, `data-host` the host it runs in, `data-fails` is there where it shows an error,
 *   `data-live` where it has live values, each `<span class="live">name</span>`;
 * - `<div class="block"><pre>…` for one that is only read, with `data-host` where the learner is to type it there;
 * - `<figure class="mermaid" data-drawing="NAME"><pre>SOURCE</pre><p>DESCRIPTION</p></figure>` for a diagram: NAME is that of its
 *   drawing, should the browser's program have one.
 * Links to the web carry `target="_blank" rel="noopener noreferrer"`.
 */
export interface PageSection {
  /** Absent for the introduction; `finish` for the closing one; else the id of its step. */
  id?: string
  heading: string
  html: string
}

// ---- The session, over socket.io ----

/** A block of commands: one of the page by its index, or one of a step's solution. */
export type BlockRef = { page: number } | { step: string; solution: number }

export type StepState = 'open' | 'passed' | 'helped' | 'skipped'

/** All that a page shows of a session; sent whole at each change, `version` counts up. */
export interface SessionView {
  id: string
  lab: string
  /** The lab's files that it began with, as `LabPage.content`. */
  content: string
  /** The lab was changed since: a session that is begun now would be of other files. */
  newer: boolean
  version: number
  phase: SessionPhase
  /** Time used, while someone was there. It is still counting where `counting`. */
  usedMs: number
  counting: boolean
  /** The first step that is open; undefined when all are done. */
  current?: string
  steps: StepView[]
  hosts: { name: string; kind: 'docker' | 'plain'; alive: boolean }[]
  terminals: TerminalView[]
  /** TCP ports that containers publish, which can be looked at. */
  ports: { host: string; port: number; container: string }[]
  /** What was typed into answer fields, by the id of the answer. */
  answers: Record<string, string>
  /** Steps passed in an earlier rack that this rack does not show: it can be brought there. */
  replayable?: { step: string; count: number }
  /** Something that takes its time now: a reset, a replay, a step that is done for the learner. */
  busy?: { what: 'resetting' | 'replaying' | 'doing' | 'submitting'; step?: string; host?: string }
  /** Idle for so long that the rack is closed at that time, unless someone stays. */
  closesAt?: string
  /** The last thing that did not work, until the next one is begun. */
  notice?: Trouble
  /** In a preview alone. */
  author?: AuthorView
}

export type SessionPhase =
  /** The machine is full: their place in the line, from 1, and when it may be theirs at the latest. */
  | { name: 'waiting'; position: number; freeAt?: string }
  | { name: 'opening'; stages: OpeningStage[] }
  | { name: 'open' }
  | { name: 'failed'; trouble: Trouble }
  | { name: 'closed'; reason: 'idle' | 'left' | 'lost' }

/** In order; `tookMs` is there once the stage is done. Stages that come after replaying are there only if asked for. */
export interface OpeningStage {
  name: 'hosts' | 'network' | 'engines' | 'setup' | 'replay'
  state: 'waiting' | 'running' | 'done'
  tookMs?: number
}

export interface StepView {
  id: string
  state: StepState
  points: number
  /** The lab is done without it. */
  optional?: true
  /** A check runs now; `asked` where the button began it and has no answer yet. */
  checking?: 'asked' | 'by-itself'
  /** Of the last look; empty before the first. */
  checks: CheckView[]
  /** The id of the answer that was handed in, where that began the last look that was asked for. */
  answered?: string
  /** When the last look ended. */
  checkedAt?: string
  /** Set once "show me" was used. */
  solution?: { ref: BlockRef; host: string; text: string }[]
  /** What "do it for me" ran, and what went wrong in it. */
  done?: { host: string; text: string; problem?: string }[]
}

export interface CheckView {
  index: number
  /** The id of the answer that it judges. */
  answer?: string
  finding:
    | { outcome: 'pass'; observed: Text }
    | {
        outcome: 'fail'
        reason: string
        expected: Text
        observed: Text
        why: Text
        /** Of a prediction that was measured: those that differ, with what was measured and, as far as it shows, why. */
        cells?: { row: number; column: number; measured: boolean; why?: Text }[]
      }
    | { outcome: 'error'; reason: string; why: Text }
  /** Those asked for so far. */
  hints: Text[]
  moreHints: number
  /** It is the finding of before: others have an answer already, and this one is still being asked. */
  asking?: true
  /** The last of them came by itself, with the last look that was asked for. */
  offered?: true
  /** It is about reaching somebody, and failed: `trace.check` can tell where the packet went; of a prediction, that of a cell. */
  traceable: boolean
}

export interface TerminalView {
  id: string
  host: string
  /** Counts within its host, from 1. */
  number: number
  /** The shell waits for a command. Unknown until the first prompt. */
  atPrompt: boolean
  exited?: { exitCode: number | null; signal: string | null }
}

// ---- The network, over socket.io ----

/** What happened at one time, and what it did to the network. */
export interface TimelineEntry {
  /** Counts up within a session. */
  id: number
  /** ISO 8601: when the change was seen. */
  at: string
  /** The command that ended then, or ran then; missing for what happened by itself, or by a reset. */
  command?: { host: string; text: string; running: boolean }
  /** What the server itself did then: a reset, bringing the hosts to a step, or a step that was done for the learner. */
  by?: Exclude<NonNullable<SessionView['busy']>['what'], 'submitting'>
  /** In the order of importance; empty only for the first entry, the network as it was found. */
  changes: Change[]
}

/** What a connection that begins to follow the network is given. */
export interface NetworkView {
  session: string
  /** Undefined as long as nothing was captured. */
  map?: NetworkMap
  /** All that is kept, oldest first. */
  timeline: TimelineEntry[]
}

/** Output. A short piece of ASCII is a text, so that it is one message, where bytes follow in a second one. */
export type TerminalBytes = Uint8Array | string

/** Server to browser. */
export interface Events {
  /** At the beginning of a connection, and whenever it changes. */
  records: (standing: Standing) => void
  session: (view: SessionView) => void
  /** Rows of the class that is followed, as they are now; without any, the class is to be asked for again. */
  'class.seats': (id: string, seats: SeatView[] | null) => void
  /** A look into terminals has ended: nothing more comes of it. */
  'look.ended': (look: string) => void
  /** What a learner's class has for them now. */
  desk: (view: DeskView) => void
  /** In a preview alone. */
  preview: (view: PreviewView) => void
  'network.map': (session: string, map: NetworkMap) => void
  /** A new entry, or a newer form of one that was sent before. */
  'network.timeline': (session: string, entry: TimelineEntry) => void
  'terminal.data': (terminal: string, offset: number, bytes: TerminalBytes) => void
  /** Bytes that are off the record, and never come. */
  'terminal.gap': (terminal: string, from: number, to: number) => void
  'terminal.resized': (terminal: string, cols: number, rows: number) => void
  'terminal.exit': (terminal: string, exitCode: number | null, signal: string | null) => void
  /** The attachment is gone on the server's side: attach again. */
  'terminal.lost': (terminal: string) => void
}
