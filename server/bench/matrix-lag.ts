interface Cell {
  /** What the learner's page shows. */
  state: string
  since: number
  /** Teachers who were told of it. */
  told: Set<string>
}

/**
 * How much later a teacher's matrix shows what a learner's page shows, cell by cell. A state that comes, goes and comes again is each
 * time a new one; where the teacher is told before the learner is, the lag is none.
 */
export class MatrixLag {
  readonly #cells = new Map<string, Cell>()
  /** What a teacher's matrix shows, by teacher and cell. */
  readonly #shown = new Map<string, string>()

  /** @param at milliseconds, of any clock that both have */
  learnerSaw(cell: string, state: string, at: number): void {
    if (this.#cells.get(cell)?.state !== state) this.#cells.set(cell, { state, since: at, told: new Set() })
  }

  /** @returns the lag, where this is the first that this teacher is told of what the learner sees */
  teacherSaw(teacher: string, cell: string, state: string, at: number): number | undefined {
    const key = `${teacher} ${cell}`
    const isNew = this.#shown.get(key) !== state
    this.#shown.set(key, state)
    const now = this.#cells.get(cell)
    if (now?.state !== state || now.told.has(teacher)) return undefined
    now.told.add(teacher)
    return isNew ? Math.max(0, at - now.since) : 0
  }
}
