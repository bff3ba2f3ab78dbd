import type { Closed, Role } from '../learner/who.js'
import type { Sessions } from '../session/sessions.js'
import type { Known } from '../store/people.js'

/** The same somebody, without labs being closed to them whose turn it is, since they have finished those that come before. */
export async function withOpened(known: Known, sessions: Pick<Sessions, 'finished'>): Promise<Known> {
  const waits = ({ why }: Closed) => why === 'after'
  if (!known.roles.some((role) => role.role === 'learner' && Object.values(role.closed).some(waits))) return known
  const finished = await sessions.finished(known.learner)
  const stays = (closed: Closed) => closed.why !== 'after' || !finished.has(closed.lab)
  const roles = known.roles.map(
    (role): Role =>
      role.role === 'learner'
        ? { ...role, closed: Object.fromEntries(Object.entries(role.closed).filter(([, closed]) => stays(closed))) }
        : role,
  )
  return { ...known, roles }
}
