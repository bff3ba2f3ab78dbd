import { VethlabError } from '../../error/vethlab-error.js'
import { blocksOf, type Lab, type Step } from '../../lab/lab.js'
import type { RunBlock } from '../../lab/page.js'
import type { BlockRef } from '../../protocol/protocol.js'

/** A block that can be referred to. Pages have the same blocks in all languages. */
export interface ReferredBlock {
  ref: BlockRef
  block: RunBlock
}

/** @throws VethlabError argument.invalid */
export function stepNamed(lab: Lab, id: string): Step {
  const step = lab.steps.find((candidate) => candidate.id === id)
  if (step) return step
  throw new VethlabError('argument.invalid', 'the lab has no such step', {
    place: 'step',
    cure: 'Name one of its steps.',
  })
}

/** What is shown of how a step is done: its solution, or, where it has none of its own, the page's blocks. */
export function solutionOf(lab: Lab, step: Step): ReferredBlock[] {
  if (step.solution.length > 0) {
    return step.solution.map((block, solution) => ({ ref: { step: step.id, solution }, block }))
  }
  return blocksOf(lab.pages.en, step.id).map((block) => ({ ref: { page: block.index }, block }))
}

/**
 * @param shown whether the solution of a step has been shown: nobody else may have it
 * @throws VethlabError argument.invalid
 */
export function blockAt(lab: Lab, ref: BlockRef, shown: (step: string) => boolean): RunBlock {
  const block =
    'page' in ref
      ? lab.pages.en.sections.flatMap(({ blocks }) => blocks).find(({ index }) => index === ref.page)
      : shown(ref.step)
        ? stepNamed(lab, ref.step).solution[ref.solution]
        : undefined
  if (block) return block
  throw new VethlabError('argument.invalid', 'there is no such block', {
    place: 'block',
    cure: 'Name one of the page.',
  })
}
