import type { SeatRecord } from './people.js'

interface Entry {
  name: string
  student?: string
  email?: string
  section?: string
}

/** What becomes of a list that is put on a class's roster. */
export interface RosterPlan {
  /** Those who get a seat. */
  fresh: Entry[]
  /** Seats that are other ones than before. */
  changed: SeatRecord[]
  /** So many were there. */
  known: number
}

/**
 * Compares a list with the seats of a class. Somebody is there already by their id, or by their name where one of the two has no id. Address
 * and group are what the newest list says. A seat of the roster gets an id where it had none, and the name that the list has for its id.
 * What somebody typed who is on no list stays theirs, since nobody has said who they are. Pure.
 */
export function planRoster(seats: readonly SeatRecord[], entries: readonly Entry[]): RosterPlan {
  const now = new Map(seats.map((seat) => [seat.id, seat]))
  const [ids, names] = [new Map<string, SeatRecord['id'][]>(), new Map<string, SeatRecord['id'][]>()]
  for (const { id, name, student } of seats) {
    names.set(folded(name), [...(names.get(folded(name)) ?? []), id])
    if (student !== undefined) ids.set(folded(student), [...(ids.get(folded(student)) ?? []), id])
  }
  const changed = new Set<string>()
  const fresh: Entry[] = []
  for (const entry of entries) {
    const { name, student, email, section } = entry
    const byId = student === undefined ? [] : (ids.get(folded(student)) ?? []).map((id) => now.get(id)!)
    const byName = (names.get(folded(name)) ?? [])
      .map((id) => now.get(id)!)
      .filter((seat) => student === undefined || seat.student === undefined)
    const found = byId.length > 0 ? byId : byName
    if (found.length === 0) fresh.push(entry)
    // Which one of several it is, nobody knows.
    if (found.length !== 1) continue
    const seat = found[0]!
    const next: SeatRecord = {
      ...seat,
      ...(seat.isOfRoster && byId.length > 0 ? { name } : {}),
      ...(seat.isOfRoster && student !== undefined && seat.student === undefined ? { student } : {}),
      ...(email === undefined ? {} : { email }),
      ...(section === undefined ? {} : { section }),
    }
    const keys = ['name', 'student', 'email', 'section'] as const
    if (keys.every((key) => next[key] === seat[key])) continue
    changed.add(seat.id)
    if (seat.student === undefined && next.student !== undefined) ids.set(folded(next.student), [seat.id])
    now.set(seat.id, next)
  }
  return {
    fresh,
    changed: [...changed].map((id) => now.get(id)!),
    known: entries.length - fresh.length,
  }
}

function folded(text: string): string {
  return text.toLowerCase()
}
