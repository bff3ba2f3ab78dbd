/** A part of a grading. `rack`: waiting for one; `hold`: looks at what has passed, whether it stays so. */
export const phases = ['rack', 'script', 'check', 'hold'] as const
export type Phase = (typeof phases)[number]

/** Where the time of a grading went, in milliseconds. */
export class Stopwatch {
  readonly ms: Record<Phase, number> = { rack: 0, script: 0, check: 0, hold: 0 }
  /** Of all that was timed so far. */
  #told = 0

  /** What is timed within it counts for its own phase alone. */
  async time<T>(phase: Phase, work: () => Promise<T>): Promise<T> {
    const started = performance.now()
    const told = this.#told
    try {
      return await work()
    } finally {
      const own = performance.now() - started - (this.#told - told)
      this.ms[phase] += own
      this.#told += own
    }
  }
}
