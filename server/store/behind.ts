import { VethlabError } from '../error/vethlab-error.js'

/** Whether that is the database being away, and what was asked of it not known here: whoever asked goes on without it, or says so. */
export function isBehind(error: unknown): boolean {
  return error instanceof VethlabError && error.code === 'records.behind'
}
