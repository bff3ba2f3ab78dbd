/** What somebody is in one class. A teacher leads it, an assistant helps in it, a viewer looks on. */
export type ClassRole = 'teacher' | 'assistant' | 'viewer' | 'learner'

/** `owner`: has the token that the server was started with. A `teacher` without a class may found classes. */
export type Role =
  | { role: 'owner' }
  | { role: 'teacher' }
  | { role: Exclude<ClassRole, 'learner'>; class: string }
  | {
      role: 'learner'
      class: string
      /** The labs of the class, in its order. */
      labs: readonly string[]
      /** The class has begun and not ended. */
      isOpen: boolean
      /** Labs of the class that are not open to them now. */
      closed: Readonly<Record<string, Closed>>
      /** Until when labs are worked at, where that has an end. */
      due: Readonly<Record<string, string>>
      /** Labs whose results count; the others are practice. */
      assessed: readonly string[]
      /** What is withheld in it, by lab. */
      locks: Readonly<Record<string, { steps?: readonly string[]; solutions?: true }>>
    }

/**
 * Why a lab is not open: it opens later; it was open, and what was done can still be read; another one has to be finished before. Times are
 * ISO 8601.
 */
export type Closed = { why: 'not-yet'; opensAt: string } | { why: 'due'; dueAt: string } | { why: 'after'; lab: string }

/** Who asks. */
export interface Who {
  /** Id of the learner on record in whose name sessions are. */
  readonly person: string
  readonly roles: readonly Role[]
}

/** The one learner of a server that was started with a token, or with none. */
export function ownerOf(learner: string): Who {
  return { person: learner, roles: [{ role: 'owner' }] }
}
