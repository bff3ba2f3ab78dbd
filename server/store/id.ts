import { randomBytes } from 'node:crypto'

/** An id for a learner or a session: nobody guesses it, and it needs no escaping in an address or a file's name. */
export function newId(): string {
  return randomBytes(16).toString('hex')
}
