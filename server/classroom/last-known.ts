import { isBehind } from '../store/behind.js'

/** What the database said last of each question, for while it is away: a class goes on then. */
export class LastKnown {
  readonly #answers = new Map<string, unknown>()

  /** @throws what the database says; records.behind only where it never answered that */
  async of<T>(question: string, ask: () => Promise<T>): Promise<T> {
    try {
      const answer = await ask()
      this.#answers.set(question, answer)
      return answer
    } catch (error) {
      if (!isBehind(error) || !this.#answers.has(question)) throw error
      return this.#answers.get(question) as T
    }
  }
}
