import { VethlabError } from '../../error/vethlab-error.js'
import type { Lab } from '../../lab/lab.js'
import { placeholders, type RunBlock } from '../../lab/page.js'
import type { BlockRef } from '../../protocol/protocol.js'
import type { RackUse } from '../life/rack-use.js'
import { blockAt } from './blocks.js'
import type { Progress } from './progress.js'

export interface BlockRunsOptions {
  lab: Lab
  progress: Progress
  use: RackUse
  /** Types a text into a terminal of the host, the preferred one where it waits for a command. @returns which one it was */
  type(host: string, text: string, preferred?: string): Promise<string>
}

/** The blocks of a lab's page and of shown solutions, read and run. */
export class BlockRuns {
  readonly #options: BlockRunsOptions

  constructor(options: BlockRunsOptions) {
    this.#options = options
  }

  /** The text of a block, live values filled in. @throws VethlabError value.missing, argument.invalid */
  async text(ref: BlockRef): Promise<string> {
    const { use } = this.#options
    use.touch()
    const { text } = this.#block(ref)
    if (placeholders(text).length === 0) return text
    const filled = await use.open().rack.fill(text)
    if (typeof filled === 'string') return filled
    throw new VethlabError('value.missing', "the value can't be read now", {
      place: filled.missing,
      cure: 'Do the earlier steps first.',
    })
  }

  /** Types a block into a terminal of its host that waits for a command. @throws VethlabError value.missing, terminal.* */
  async run(ref: BlockRef, terminal?: string): Promise<{ terminal: string }> {
    const { lab, use, type } = this.#options
    use.begin()
    const host = this.#block(ref).host ?? lab.home
    const text = await this.text(ref)
    return { terminal: await type(host, text, terminal) }
  }

  #block(ref: BlockRef): RunBlock {
    const { lab, progress } = this.#options
    return blockAt(lab, ref, (step) => progress.help(step).shown)
  }
}
