import type { Text } from '../wording/text.js'

/**
 * A question about a place that could not be answered, which says nothing about the network: a check makes an error of it, a
 * trace and a diagnosis say it. `reason` is stable, such as `engine.silent`.
 */
export class Unanswerable extends Error {
  override readonly name = 'Unanswerable'
  readonly reason: string
  readonly why: Text

  constructor(reason: string, why: Text) {
    super(`${reason}: ${why.en}`)
    this.reason = reason
    this.why = why
  }
}
