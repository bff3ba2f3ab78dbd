import type { HandRecord } from '../store/people.js'
import type { RecordedState } from '../store/records.js'
import type { Text } from '../wording/text.js'

/** What the pages of classes are told. Times are ISO 8601. */

/** GET /api/me */
export interface MeView {
  /** Missing for the owner of the server. */
  name?: string
  isOwner: boolean
  /** Whether the teacher's pages are of any use: there are classes to see, or to be made. */
  teaches: boolean
  /** The class that one learns in. */
  class?: { title: string; isOpen: boolean }
}

export interface ClassView {
  id: string
  title: string
  /** In the order of the class; a lab that is not there any more has its id for a title. */
  labs: { id: string; title: Text; steps: { id: string; heading: Text; optional: boolean }[] }[]
  /** As learners type it; missing where nobody can join. */
  code?: string
  isRosterOnly: boolean
  startsAt?: string
  endsAt?: string
  endedAt?: string
  createdAt: string
  keepDays?: number
  /** Everybody has numbers of their own, in labs that have parameters. */
  hasOwnNumbers: boolean
  /** Whether learners may work in it now. */
  isOpen: boolean
  seats: number
  mayAssist: boolean
  mayLead: boolean
  /** What learners are not given, by lab: steps that are not open yet, and solutions. */
  locks: Record<string, { steps?: string[]; solutions?: true }>
}

/** How a step of a learner is. `working`: the one they are at; `failing`: and the last look did not pass. */
export type CellState = 'open' | RecordedState | 'working' | 'failing'

export interface CellView {
  state: CellState
  /** Why it does not pass. */
  why?: Text
  /** The failing check, from 0, and its reason. */
  check?: number
  reason?: string
  hints?: number
  /** Why they are taken for stuck. */
  stuck?: Text
}

/** One learner of a class. */
export interface SeatView {
  id: string
  name: string
  student?: string
  section?: string
  email?: string
  isOfRoster: boolean
  hasJoined: boolean
  /** Another seat has the same name or id. */
  isDuplicate: boolean
  /** A page of theirs is open. */
  isHere: boolean
  /** The lab that they are in, with hosts. */
  lab?: string
  /** By lab, and then by step; what is not there has not been begun. */
  cells: Record<string, Record<string, CellView>>
}

/** Somebody wants help, with what does not pass. */
export type HandView = HandRecord

/** A class with everybody in it. */
export interface MatrixView {
  class: ClassView
  seats: SeatView[]
  /** Who wants help, longest waiting first. */
  hands: HandView[]
  /** What was told, newest first. */
  notes: NoteView[]
  /** Terminals of one of the staff that the class is shown: whether they are those of the one who asks. */
  shown?: { by: string; mine: boolean }
  /** Looks into terminals that the one who asks has asked for, and that have not ended. */
  looks: LookView[]
}

/** A wish to look into a learner's terminals, and what became of it. */
export interface LookView {
  id: string
  seat: string
  by: string
  /** To type as well. */
  mayWrite: boolean
  askedAt: string
  /** It is given, until then. */
  endsAt?: string
  endedAt?: string
}

export interface NoteView {
  id: string
  /** One learner alone; the whole class where it is missing. */
  seat?: string
  text: string
  /** Empty for the owner of the server, as in all that follows. */
  by: string
  at: string
}

/** A class as one learner of it sees it. */
export interface DeskView {
  title: string
  isOpen: boolean
  /** They want help: so many wait before them, and who helps. */
  hand?: { at: string; before: number; helper?: string }
  /** To all, and to them; newest first. */
  notes: NoteView[]
  /** One of the staff shows their own terminals to the class. */
  shown?: { by: string }
  /** Who wants to look into their terminals, may, or did: newest first. */
  looks: LookView[]
  locks: ClassView['locks']
}

/** A verdict on record, with what it was found by. */
export interface VerdictView {
  /** From 0. */
  check: number
  outcome: 'pass' | 'fail' | 'error'
  reason?: string
  expected?: Text
  observed?: Text
  why?: Text
  /** The learner asked for it at least once; else it was found by itself. */
  asked: boolean
  at: string
  lastAt: string
  /** How many times more after the first. */
  repeats: number
}

/** What one learner did in a lab. */
export interface LearnerDetail {
  lab: string
  /** Verdicts newest first. */
  steps: { id: string; heading: Text; verdicts: VerdictView[] }[]
}
