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
      /** What is withheld in it, by lab. */
      locks: Readonly<Record<string, { steps?: readonly string[]; solutions?: true }>>
    }

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
