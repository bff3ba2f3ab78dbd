import type { Session } from '../session/session.js'
import type { ViewSender } from './view-sender.js'

/** The connections of all learners, each among those of its own learner alone. */
export class Windows {
  readonly #ofLearner = new Map<string, Set<ViewSender>>()

  add(learner: string, window: ViewSender): void {
    const windows = this.#ofLearner.get(learner) ?? new Set()
    this.#ofLearner.set(learner, windows.add(window))
  }

  remove(learner: string, window: ViewSender): void {
    const windows = this.#ofLearner.get(learner)
    windows?.delete(window)
    if (windows?.size === 0) this.#ofLearner.delete(learner)
  }

  /** A new session of a lab takes the place of the old one in all windows of its learner. */
  replace(session: Session): void {
    for (const window of this.#ofLearner.get(session.learner) ?? []) window.replace(session)
  }
}
