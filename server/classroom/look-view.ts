import type { LookView } from '../protocol/classes.js'
import type { LookRecord } from '../store/people.js'

/** A look as pages are told of it; one whose time is over has ended then. Pure. */
export function lookView({ id, seat, by, mayWrite, askedAt, givenAt, endsAt, endedAt }: LookRecord): LookView {
  const end = endedAt ?? (endsAt !== undefined && endsAt <= new Date().toISOString() ? endsAt : undefined)
  return {
    id,
    seat,
    by,
    mayWrite,
    askedAt,
    ...(givenAt === undefined ? {} : { givenAt }),
    ...(endsAt === undefined ? {} : { endsAt }),
    ...(end === undefined ? {} : { endedAt: end }),
  }
}
