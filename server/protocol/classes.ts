import type { Closed } from '../learner/who.js'
import type { Assessed, Dates, Extensions, HandRecord, StuckRule } from '../store/people.js'
import type { RecordedState } from '../store/records.js'
import type { Text } from '../wording/text.js'

export type { Closed, Dates, Extensions, StuckRule }

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
  /** As learners type it; missing where nobody can join, and for who may not assist. */
  code?: string
  /** Nobody joins by it from then on; for those who assist. */
  codeEndsAt?: string
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
  /** Labs whose work is handed in, each with how. */
  assessed: Assessed
  /** Racks of its learners at the same time; as many as the machine has where it is missing. */
  capacity?: number
  /** Racks that the machine has. */
  mostRacks: number
  /** Learners for whom hosts are made ready before it begins; as many as there are seats where it is missing. */
  expected?: number
  /** Of its labs. */
  dates: Dates
  stuckRule: StuckRule
  /** Nobody can raise a hand now. */
  isQueuePaused: boolean
}

/** Work that was handed in, as far as whoever is told may know of it. */
export interface HandedInView {
  /** From 1, of the learner and the lab. */
  number: number
  /** When it was accepted, by the server's clock. */
  at: string
  /** `withheld`: it was judged. `interrupted`: whoever judged it was ended. That, and `could-not-tell`, uses up no attempt. */
  state: 'judging' | 'judged' | 'withheld' | 'could-not-tell' | 'interrupted'
  points?: { points: number; of: number; open: number }
  /** Its points at first, where it was judged again. */
  first?: number
  /** What lateness takes off, and what is left of the points. */
  late?: { percent: number; points: number }
  steps?: {
    id: string
    heading: Text
    state: 'passed' | 'failed' | 'skipped' | 'could-not-tell'
    points: number
    of: number
    why?: Text
  }[]
  notes?: Text[]
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
  /** Hints of it that were used; of these so many were given by staff. */
  hints?: number
  given?: number
  /** Of the step that they are at: whole minutes while somebody was there. */
  minutes?: number
  /** Why they are taken for stuck. */
  stuck?: Text
}

/** One learner of a class. */
export interface SeatView {
  id: string
  name: string
  student?: string
  section?: string
  /** For those who assist. */
  email?: string
  isOfRoster: boolean
  hasJoined: boolean
  /** Another seat has the same name or id. */
  isDuplicate: boolean
  /** A page of theirs is open. */
  isHere: boolean
  /** The lab that they are in, with hosts. */
  lab?: string
  /** They wait for hosts. */
  isWaiting: boolean
  extensions?: Extensions
  /** By lab, and then by step; what is not there has not been begun. */
  cells: Record<string, Record<string, CellView>>
  /** By lab: how often it was handed in, and the points of what counts; missing where nothing was, or could be judged. */
  handedIn?: Record<string, { count: number; at: string; counts?: { points: number; of: number } }>
}

/** Somebody wants help, with what does not pass. */
export type HandView = HandRecord

/** A class with everybody in it. */
export interface MatrixView {
  class: ClassView
  seats: SeatView[]
  /** Who wants help, longest waiting first; for those who assist. */
  hands: HandView[]
  /** What was told, newest first; to single learners, for those who assist. */
  notes: NoteView[]
  /** Terminals of one of the staff that the class is shown: whether they are those of the one who asks. */
  shown?: { by: string; mine: boolean }
  /** Looks into terminals that the one who asks has asked for, and that have not ended. */
  looks: LookView[]
  /** Hosts are made ready for it now: so many wait of those that are wanted. */
  warming?: { ready: number; wanted: number }
}

/** Prepared hints of a lab that may be given. */
export interface PreparedHints {
  steps: { id: string; heading: Text; checks: { index: number; hints: Text[] }[] }[]
}

/** A wish to look into a learner's terminals, and what became of it. */
export interface LookView {
  id: string
  seat: string
  by: string
  /** To type as well. */
  mayWrite: boolean
  askedAt: string
  givenAt?: string
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
  hand?: { at: string; before: number; helper?: string; offer?: 'view' | 'write' }
  /** Nobody can raise a hand now. */
  isQueuePaused: boolean
  /** Prepared hints that they were given, newest first; without a text where the lab is not begun. */
  hints: { lab: string; step: string; check: number; hint: number; by: string; at: string; text?: Text }[]
  /** Until when they can work in the class. */
  endsAt?: string
  /** By lab, where it has a deadline: until when it is in time, and until when it is taken at all. */
  due: Record<string, string>
  closes: Record<string, string>
  /** To all, and to them; newest first. */
  notes: NoteView[]
  /** One of the staff shows their own terminals to the class. */
  shown?: { by: string }
  /** Who wants to look into their terminals, may, or did: newest first. */
  looks: LookView[]
  locks: ClassView['locks']
  assessed: ClassView['assessed']
  /** What they have handed in, by lab, oldest first, and how many of their attempts that has used up. */
  handedIn: Record<string, { usedUp: number; all: HandedInView[] }>
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
  steps: {
    id: string
    heading: Text
    verdicts: VerdictView[]
    /** Hints that were used, and those of them that staff gave. */
    hints: number
    given: { check: number; hint: number; by: string; at: string }[]
  }[]
  /** Their last session of it. */
  session?: string
  /** What was handed in of it, newest first, each with the folder of its evidence below that of the records. */
  handedIn: (HandedInView & { evidence: string })[]
}
