import type { Role, Who } from './who.js'

/**
 * What can be done to something:
 * - `work`: use a session, as its learner does: commands, checks, answers, terminals. Nobody works in another's session by a role alone.
 * - `open`: read a lab's pages, and begin it.
 * - `found`: make a class.
 * - `watch`: see a class and how far everybody in it is.
 * - `assist`: help learners of a class.
 * - `lead`: change a class, its labs, its people, its end.
 */
export type Verb = 'work' | 'open' | 'found' | 'watch' | 'assist' | 'lead'

/** What it is done to. `house`: the whole server. */
export type What = { learner: string } | { lab: string } | { class: string } | 'house'

const byRole = {
  watch: ['teacher', 'assistant', 'viewer'],
  assist: ['teacher', 'assistant'],
  lead: ['teacher'],
} as const

/** Whether somebody may do that: what is not said to be allowed is not. Pure. */
export function may(who: Who, verb: Verb, what: What): boolean {
  const isOwner = who.roles.some(({ role }) => role === 'owner')
  switch (verb) {
    case 'work':
      return is(what, 'learner') && what.learner === who.person && who.roles.some(isAtWork)
    case 'open':
      return is(what, 'lab') && who.roles.some((role) => opens(role, what.lab))
    case 'found':
      return what === 'house' && (isOwner || who.roles.some((role) => role.role === 'teacher' && !('class' in role)))
    case 'watch':
    case 'assist':
    case 'lead': {
      if (!is(what, 'class')) return false
      const allowed: readonly string[] = byRole[verb]
      return (
        isOwner || who.roles.some((role) => 'class' in role && role.class === what.class && allowed.includes(role.role))
      )
    }
    default:
      return false
  }
}

/** Staff try labs whenever they like; a learner works while the class lasts. */
function isAtWork(role: Role): boolean {
  return role.role !== 'learner' || role.isOpen
}

/** Staff have all labs; a learner has those of the class. */
function opens(role: Role, lab: string): boolean {
  return isAtWork(role) && (role.role !== 'learner' || role.labs.includes(lab))
}

function is<K extends string>(what: What, kind: K): what is Extract<What, Record<K, string>> {
  return typeof what === 'object' && kind in what
}
