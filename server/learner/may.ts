import type { Closed, Role, Who } from './who.js'

/**
 * What can be done to something:
 * - `work`: use a session, as its learner does: commands, checks, answers, terminals. Nobody works in another's session by a role alone.
 * - `read`: read a lab's pages, and what was done in it.
 * - `open`: begin it, and work at it.
 * - `found`: make a class.
 * - `watch`: see a class and how far everybody in it is.
 * - `assist`: help learners of a class.
 * - `lead`: change a class, its labs, its people, its end.
 */
export type Verb = 'work' | 'read' | 'open' | 'found' | 'watch' | 'assist' | 'lead'

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
    case 'read':
    case 'open':
      return is(what, 'lab') && who.roles.some((role) => opens(role, what.lab, verb))
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

/** Staff have all labs; a learner has those of the class that are open to them, and goes on reading one whose time is over. */
function opens(role: Role, lab: string, verb: 'read' | 'open'): boolean {
  if (role.role !== 'learner') return true
  const closed = closedTo(role, lab)
  return (
    isAtWork(role) && role.labs.includes(lab) && (closed === undefined || (verb === 'read' && closed.why === 'due'))
  )
}

/** Why a lab of their class is not open to a learner. Pure. */
export function closedTo({ closed }: Extract<Role, { role: 'learner' }>, lab: string): Closed | undefined {
  return Object.hasOwn(closed, lab) ? closed[lab] : undefined
}

function is<K extends string>(what: What, kind: K): what is Extract<What, Record<K, string>> {
  return typeof what === 'object' && kind in what
}
