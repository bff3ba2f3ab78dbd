import { nothing, text } from '../wording/phrase.js'
import type { Text } from '../wording/text.js'

/** So many have to be done before anything is said of the rest. */
const fewest = 3

/** How long the rest of a queue will take, if it goes on as it went. */
export class Estimate {
  readonly #began = performance.now()
  #done = 0

  constructor(private readonly count: number) {}

  done(): void {
    this.#done++
  }

  /** `; about 6 min left`, or nothing while it is not known. */
  text(now = performance.now()): Text {
    const left = this.count - this.#done
    if (left === 0 || this.#done < fewest) return nothing
    const seconds = ((now - this.#began) / 1000 / this.#done) * left
    const [n, unit] =
      seconds < 90
        ? [Math.max(1, Math.round(seconds)), text('s', '秒')]
        : [Math.round(seconds / 60), text('min', '分钟')]
    return text(`; about ${n} ${unit.en} left`, `；大约还需 ${n} ${unit.zh}`)
  }
}
