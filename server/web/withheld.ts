import type { Trouble } from '../error/trouble.js'
import { closedTo, may } from '../learner/may.js'
import type { Closed, Who } from '../learner/who.js'
import type { LabPage, SessionView } from '../protocol/protocol.js'
import { lockedOf } from '../store/class-work.js'
import type { Language } from '../wording/text.js'
import { troubles } from './troubles.js'

export interface Withheld {
  steps: ReadonlySet<string>
  solutions: boolean
}

/** What the class of a learner does not give them of a lab; nothing is withheld from staff. Pure. */
export function withheldFrom({ roles }: Who, lab: string): Withheld {
  const learns = roles.find((role) => role.role === 'learner')
  const isStaff = roles.some(({ role }) => role !== 'learner')
  const { steps, solutions } = lockedOf(learns && !isStaff ? learns.locks : {}, lab)
  return { steps: new Set(steps), solutions }
}

/** Why a lab of their class is not open to a learner; undefined where it is, and for staff. Pure. */
export function closedFor(who: Who, lab: string): Closed | undefined {
  if (may(who, 'open', { lab })) return undefined
  const learns = who.roles.find((role) => role.role === 'learner')
  return learns?.isOpen && learns.labs.includes(lab) ? closedTo(learns, lab) : undefined
}

/** The same as it is told to whoever asks for it all the same. Pure. */
export function closedTrouble(who: Who, lab: string): Trouble | undefined {
  const closed = closedFor(who, lab)
  return closed && { 'not-yet': troubles.labNotYet, after: troubles.labAfter, due: troubles.labOver }[closed.why]
}

/** A page without the text of steps that are not open yet. Pure. */
export function withoutLocked(page: LabPage, { steps }: Withheld, language: Language): LabPage {
  if (steps.size === 0) return page
  const { what, cure } = troubles.stepLocked
  const html = `<p>${what[language]} ${cure[language]}</p>`
  return {
    ...page,
    sections: page.sections.map((section) =>
      section.id !== undefined && steps.has(section.id) ? { ...section, html } : section,
    ),
    steps: page.steps.map((step) => (steps.has(step.id) ? { ...step, answers: [] } : step)),
  }
}

/** A session without what its class withholds: what was found of locked steps, and solutions. Pure. */
export function withoutFindings(view: SessionView, { steps, solutions }: Withheld): SessionView {
  if (steps.size === 0 && !solutions) return view
  return {
    ...view,
    steps: view.steps.map((step) => {
      if (steps.has(step.id)) {
        const { id, state, points, optional } = step
        return { id, state, points, ...(optional === undefined ? {} : { optional }), checks: [] }
      }
      if (!solutions) return step
      const { solution: _, done: __, ...rest } = step
      return rest
    }),
  }
}
