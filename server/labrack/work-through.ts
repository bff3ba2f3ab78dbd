import { type Trouble, TroubleError } from '../error/trouble.js'
import { commandsOf, type Lab, type Step, stepTitle } from '../lab/lab.js'
import type { RunBlock } from '../lab/page.js'
import type { LabRack } from './lab-rack.js'

/** A block that was run, and what went wrong in it, in one line. */
export interface RanBlock {
  host: string
  text: string
  problem?: string
}

/** Tokens let others into a swarm: an error message may quote one. */
const token = /SWMTKN-[A-Za-z0-9-]+/g

/**
 * Runs all commands of a step in order. One that fails stops nothing: what it makes may be there already.
 * @param onRan told of all that ran so far, after each
 */
export async function runStep(
  rack: LabRack,
  step: Step,
  signal: AbortSignal,
  onRan: (ran: RanBlock[]) => void = () => {},
): Promise<RanBlock[]> {
  return runBlocks(rack, commandsOf(rack.lab, step), signal, onRan)
}

/** Runs blocks in order, as `runStep` does. */
export async function runBlocks(
  rack: LabRack,
  blocks: readonly RunBlock[],
  signal: AbortSignal,
  onRan: (ran: RanBlock[]) => void = () => {},
): Promise<RanBlock[]> {
  const ran: RanBlock[] = []
  for (const block of blocks) {
    signal.throwIfAborted()
    const problem = await rack.run(block, signal)
    ran.push({
      host: block.host ?? rack.lab.home,
      text: block.text,
      ...(problem === undefined ? {} : { problem: problem.replace(token, 'SWMTKN-…') }),
    })
    onRan([...ran])
  }
  return ran
}

/**
 * Brings a fresh rack to the beginning of a step: does all steps before it, each until it passes. The learner's own answers
 * have nothing to do with it: blocks give those of this rack.
 * @param to undefined for the end of the lab
 * @throws TroubleError replay.failed
 */
export async function bringTo(rack: LabRack, to: Step | undefined, signal: AbortSignal): Promise<void> {
  const { lab } = rack
  const end = to === undefined ? lab.steps.length : lab.steps.indexOf(to)
  for (const id of Object.keys(rack.answers)) delete rack.answers[id]
  for (const step of lab.steps.slice(0, end)) {
    // Nothing is built on what may be left out, but by a step that says so.
    if (step.optional && to?.needs.includes(step.id) !== true) continue
    await runStep(rack, step, signal)
    const verdicts = await rack.check(step.checks, { signal })
    if (verdicts.some(({ finding }) => finding.outcome !== 'pass')) throw new TroubleError(replayFailed(lab, step))
  }
}

function replayFailed(lab: Lab, step: Step): Trouble {
  const { en, zh } = stepTitle(lab, step)
  return {
    code: 'replay.failed',
    what: {
      en: `The hosts could not be brought further than to the step "${en}": its checks do not pass there.`,
      zh: `主机只恢复到“${zh}”这一步：它的检查没有通过。`,
    },
    cure: {
      en: 'Go on from there by hand, or reset the lab and try once more.',
      zh: '可以从这里手动继续，或重置实验后再试一次。',
    },
  }
}
