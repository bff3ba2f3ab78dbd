import { type Lab, requireHost } from '../../lab/lab.js'
import { bringTo } from '../../labrack/work-through.js'
import type { SessionView } from '../../protocol/protocol.js'
import type { LiveRack } from '../life/live-rack.js'
import type { RackUse } from '../life/rack-use.js'
import { stepNamed } from './blocks.js'
import type { Progress } from './progress.js'

export interface ResetsOptions {
  lab: Lab
  progress: Progress
  use: RackUse
  /** One host, or all of them, are other ones now. */
  onRenewed(host?: string): void
  /** Forgets the progress in the lab, and what happened to its network. */
  forget(): Promise<void>
  /** Forgets what happened to its network. */
  forgetNetwork(): void
}

/** Brings a session's rack back to the beginning of its lab or of a step, and knows when it is behind its learner. */
export class Resets {
  readonly #options: ResetsOptions
  /** The rack is younger than the progress, and nothing was done in it yet. */
  #behind = false

  constructor(options: ResetsOptions) {
    this.#options = options
  }

  /** The steps that the rack does not show, though the learner has passed them. */
  get replayable(): SessionView['replayable'] {
    const { lab, progress, use } = this.#options
    const { current } = progress
    if (!this.#behind || use.busy || !use.live || current === undefined) return undefined
    const count = lab.steps.filter(({ id }) => ['passed', 'helped'].includes(progress.state(id))).length
    return count === 0 || current === lab.steps[0] ? undefined : { step: current.id, count }
  }

  /** There is another rack, or none. */
  begin({ behind }: { behind: boolean }): void {
    this.#behind = behind
  }

  /** Something was done in the rack: it is the learner's. @returns whether that is new */
  caughtUp(): boolean {
    const was = this.#behind
    this.#behind = false
    return was
  }

  /** One host, or all of them, as they were at the beginning of the lab. @throws VethlabError host.not-found */
  reset(host?: string): void {
    const { lab, use } = this.#options
    use.begin()
    if (host !== undefined) requireHost(lab, host)
    use.occupy({ what: 'resetting', ...(host === undefined ? {} : { host }) }, (live, signal) =>
      this.#renew(live, signal, host),
    )
  }

  /** Resets the rack, and does all steps before this one; those of them that are open are done with help then. */
  replay(step: string): void {
    const { lab, progress, use } = this.#options
    use.open()
    const found = stepNamed(lab, step)
    use.begin()
    use.occupy({ what: 'replaying', step }, async (live, signal) => {
      await this.#renew(live, signal)
      await bringTo(live.rack, found, signal)
      for (const { id } of lab.steps.slice(0, lab.steps.indexOf(found))) {
        if (progress.state(id) !== 'open') continue
        await progress.setHelp(id, { done: true })
        await progress.pass(id)
      }
      this.#behind = false
    })
  }

  /** Forgets the progress in this lab, and resets the rack. */
  startOver(): void {
    const { use, forget, forgetNetwork } = this.#options
    use.begin()
    use.occupy({ what: 'resetting' }, async (live, signal) => {
      await forget()
      await this.#renew(live, signal)
      // What was seen since was still there to be reset.
      forgetNetwork()
    })
  }

  async #renew(live: LiveRack, signal: AbortSignal, host?: string): Promise<void> {
    const ended = live.terminals.list.filter((terminal) => host === undefined || terminal.host === host)
    await live.rack.reset(host, signal)
    signal.throwIfAborted()
    if (host === undefined || live.hosts.find(({ name }) => name === host)?.kind === 'docker') this.#behind = true
    live.renewed()
    this.#options.onRenewed(host)
    await live.terminals.renew(ended)
  }
}
