import type { OpeningStage } from '../../protocol/protocol.js'
import type { OpenProgress } from '../../racks/racks.js'

type StageName = OpeningStage['name']

/** The stages of an opening, and how long each took. */
export class OpeningStages {
  readonly #stages: OpeningStage[]
  #began = performance.now()

  constructor(
    { setup, replay }: { setup: boolean; replay: boolean },
    private readonly onChange: () => void,
  ) {
    const names: StageName[] = ['hosts', 'network', 'engines']
    if (setup) names.push('setup')
    if (replay) names.push('replay')
    this.#stages = names.map((name, n) => ({ name, state: n === 0 ? 'running' : 'waiting' }))
  }

  get view(): OpeningStage[] {
    return this.#stages.map((stage) => ({ ...stage }))
  }

  /** What the rack says while it is made. */
  readonly onProgress = ({ stage }: OpenProgress): void => this.done(stage)

  /** A stage is done, if this opening has it, and the next one begins. */
  done(name: StageName): void {
    const at = this.#stages.findIndex((stage) => stage.name === name)
    const stage = this.#stages[at]
    if (stage === undefined || stage.state === 'done') return
    const now = performance.now()
    stage.state = 'done'
    stage.tookMs = Math.round(now - this.#began)
    this.#began = now
    const next = this.#stages[at + 1]
    if (next) next.state = 'running'
    this.onChange()
  }
}
