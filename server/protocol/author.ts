import type { Text } from '../wording/text.js'

/** What `vethlab preview` says to the page of a lab's author. Types alone. */

/** The lab as its files are now. Sent to each connection when it begins, and at each change. */
export interface PreviewView {
  lab: string
  /** Counts the times that its files were read. */
  reading: number
  /** What is wrong with them, in the order of files and lines. */
  findings: { file: string; line: number; what: string; cure: string }[]
  /** It can't be used as it is: what is shown is the lab as it was last. */
  broken: boolean
  /** It could be used at least once. */
  begun: boolean
  steps: AuthorStep[]
}

/** What an author can try at a step. */
export interface AuthorStep {
  id: string
  checks: { family: string; id?: string }[]
  mistakes: { name: string; check: number; reason: string }[]
  alternatives: string[]
}

/** One way to work at a step: as its page and solution say, in another way that is right, or wrongly. */
export type AuthorWay = { way: 'solution' } | { way: 'alternative' | 'mistake'; name: string }

/** What became of one. */
export interface AuthorOutcome {
  step: string
  way: AuthorWay
  ran: { host: string; text: string; problem?: string }[]
  /** Of the checks that were made then: all of the step, or the one that a mistake is about. */
  verdicts: AuthorVerdict[]
  /** Whether it is as the lab's files say. */
  asSaid: boolean
  /** What a mistake should have failed with. */
  reason?: string
}

export interface AuthorVerdict {
  index: number
  family: string
  outcome: 'pass' | 'fail' | 'error'
  reason?: string
  why: Text
}

/** A check that was made once, with all that it was made by. */
export interface AuthorLook {
  verdict: AuthorVerdict
  /** What the network was asked, and what it answered; both as JSON. */
  questions: { host: string; question: string; answer: string }[]
  /** The state that it was made on, as JSON, cut where it is too long. */
  state: string
  cut: boolean
}

/** What the page of an author shows of a session beside all else. */
export interface AuthorView {
  /** The hosts were made before the lab's topology, files, values of chance or setup had changed. */
  outdated: boolean
  outcome?: AuthorOutcome
}
