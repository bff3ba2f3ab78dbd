import { VethlabError } from '../error/vethlab-error.js'

/** Lets so much of a kind go on at once for each key, and refuses what is more. */
export class AtOnce {
  readonly #running = new Map<string, number>()

  constructor(
    private readonly most: number,
    private readonly what: string,
  ) {}

  /** @throws VethlabError rack.busy, and as `work` */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const running = this.#running.get(key) ?? 0
    if (running >= this.most) {
      throw new VethlabError('rack.busy', `${running} ${this.what} go on already, and that is the limit`, {
        place: key,
        cure: 'Try again when one of them has ended.',
      })
    }
    this.#running.set(key, running + 1)
    try {
      return await work()
    } finally {
      const left = this.#running.get(key)! - 1
      if (left > 0) this.#running.set(key, left)
      else this.#running.delete(key)
    }
  }
}
