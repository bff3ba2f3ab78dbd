import type { People } from './people.js'

/** What became of a step: passed alone, passed with help, or left out. A step without a state is open. */
export type RecordedState = 'passed' | 'helped' | 'skipped'

/** Why a session has no rack any more. */
export type EndReason = 'idle' | 'left' | 'lost' | 'failed'

export interface SessionRecord {
  id: string
  learner: string
  lab: string
  /** Content hash of the lab as the session began; unknown of sessions of before it was recorded. */
  labHash?: string
  /** What the numbers of its lab are drawn from; missing where it draws none. */
  seed?: string
  /** Id of the records of the server that it is at, or was last. */
  server: string | null
  rack: string | null
  createdAt: string
  endedAt?: string
  endReason?: EndReason
  usedMs: number
  steps: Record<string, { state: RecordedState; at: string }>
  answers: Record<string, string>
  /** How many hints were asked for, by step and then by index of the check. */
  hints: Record<string, Record<number, number>>
  help: Record<string, StepHelp>
  /** The learner's session of the same lab before this one. */
  previous?: string
}

/**
 * Of a step, by its id: whether the solution was shown, whether it was done for the learner, and whether the cause was told that
 * is to be found in it.
 */
export interface StepHelp {
  shown: boolean
  done: boolean
  told: boolean
}

/** An entry of a session's timeline, as JSON, and the network's state after it, packed; without one it keeps what it has. */
export interface NewTimelineEntry {
  id: number
  entry: string
  state?: Uint8Array
}

/** The newest session of a lab. */
export interface LabProgress {
  lab: string
  session: string
  states: Record<string, RecordedState>
  /** How many hints were used, by step; missing where none was. */
  hints?: Record<string, number>
  endedAt?: string
}

/** A verdict to keep. */
export interface NewVerdict {
  /** Of the check within its step. */
  index: number
  family: string
  outcome: 'pass' | 'fail' | 'error'
  reason?: string
  /** What the check found: JSON. What is too long of it is cut. */
  evidence: unknown
}

/** The look at a step that verdicts are from. */
export interface Look {
  step: string
  /** The learner asked for it; else it was made by itself. */
  asked: boolean
  /** Content hash of the lab that the checks are of. */
  labHash: string
}

export interface VerdictRecord extends NewVerdict {
  step: string
  /** Unknown of verdicts of before it was recorded. */
  labHash?: string
  /** The learner asked for it at least once; else it was found by itself. */
  asked: boolean
  at: string
  /** When it was found last, and how many times more after the first. */
  lastAt: string
  repeats: number
}

/**
 * How the records stand. `current`: all that was taken is where it belongs. `behind`: some of it waits on this machine for a database
 * that can't be reached, and what is read may lack what others wrote. `full`: as much waits as may, and nothing more is taken.
 */
export type Standing = 'current' | 'behind' | 'full'

/** What was deleted of a learner: how many rows, by what they are. */
export interface Deleted {
  sessions: number
  verdicts: number
  answers: number
}

/**
 * Who learnt what: learners, their sessions, and every verdict.
 *
 * Calls are carried out in the order in which they are made. When the promise of one that writes is fulfilled, what it wrote survives
 * the process, and every later read of these records tells of it. None waits for another machine: what belongs there is
 * taken down here first. A call that fails has changed nothing. All reject with VethlabError: records.unusable when
 * the disk fails them, records.refused for what can't be kept (the text is too long, it is there already),
 * session.not-found where the learner or the session is not on record, records.full when no more can wait, and reads with
 * records.behind when the database can't be reached and the answer is not known here.
 */
export interface Records {
  /** Of the records of this server, and no others: 32 hexadecimal digits, the same for as long as they are there. */
  readonly id: string
  readonly standing: Standing
  /** Tells of each change of `standing`. @returns what ends it */
  onStanding(tell: (standing: Standing) => void): () => void

  /** Who may come in, and the classes. */
  readonly people: People

  /** Id of the one local learner, made if missing. */
  localLearner(): Promise<string>

  /**
   * Begins a session, before its rack is asked for: what is made later has an owner then. Timelines of the learner's earlier
   * sessions of the lab go, for nobody can look at them any more.
   */
  createSession(session: { id: string; learner: string; lab: string; labHash: string; seed?: string }): Promise<void>
  /** The session has this rack, or none for now. A session that gets a rack is open again, however it ended. */
  setRack(session: string, rack: string | null): Promise<void>
  /** The session's rack is gone. What was recorded stays; of several ends the first one counts. */
  endSession(session: string, reason: EndReason): Promise<void>
  /** Adds to the time used. */
  addUsed(session: string, ms: number): Promise<void>
  session(id: string): Promise<SessionRecord | undefined>
  /** The learner's newest session of a lab. */
  latestSession(learner: string, lab: string): Promise<SessionRecord | undefined>
  /** Sessions of this server that have not ended: they have a rack, or ask for one. */
  openSessions(): Promise<SessionRecord[]>

  /** What is done stays done: helped never becomes passed, and neither becomes skipped. The first time counts. */
  setStep(session: string, step: string, state: RecordedState): Promise<void>
  /** A learner was helped with a step: what was so before stays so. */
  setHelp(session: string, step: string, help: { [K in keyof StepHelp]?: true }): Promise<void>
  /** Keeps what was typed as the answer of that id. */
  setAnswer(session: string, id: string, text: string): Promise<void>
  /** How many hints of a check were asked for. */
  setHints(session: string, step: string, check: number, count: number): Promise<void>
  /** The learner begins the lab anew: states, help, hints, answers and time go, verdicts stay. */
  forgetProgress(session: string): Promise<void>
  /** Keeps the verdicts of a look. One that says the same of the same lab as the last of its check is counted, not kept again. */
  addVerdicts(session: string, look: Look, verdicts: readonly NewVerdict[]): Promise<void>
  /** Verdicts of a session, or of one of its steps, oldest first. */
  verdicts(session: string, step?: string): Promise<VerdictRecord[]>
  /** The learner's newest session of each lab that was ever begun. */
  progress(learner: string): Promise<LabProgress[]>

  /** Entries of a session's timeline, as JSON, oldest first. */
  timeline(session: string): Promise<string[]>
  /** The state that belongs to an entry, as it was packed. */
  timelineState(session: string, id: number): Promise<Uint8Array | undefined>
  /** Keeps entries that are new or changed; of all, the `most` newest stay. */
  saveTimeline(session: string, entries: readonly NewTimelineEntry[], most: number): Promise<void>
  forgetTimeline(session: string): Promise<void>

  /** Lets go of files and connections, once the calls of before are done. */
  close(): Promise<void>
}
