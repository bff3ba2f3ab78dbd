import { TroubleError } from '../error/trouble.js'
import { commandsOf, type Lab, type Step } from '../lab/lab.js'
import type { StepView, Trouble } from '../protocol/protocol.js'
import type { LabRack } from './lab-rack.js'

type Ran = NonNullable<StepView['done']>

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
  onRan: (ran: Ran) => void = () => {},
): Promise<Ran> {
  const ran: Ran = []
  for (const block of commandsOf(rack.lab, step)) {
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
    await runStep(rack, step, signal)
    const verdicts = await rack.check(step.checks, { signal })
    if (verdicts.some(({ finding }) => finding.outcome !== 'pass')) throw new TroubleError(replayFailed(lab, step))
  }
}

function headings(lab: Lab, step: Step): { en: string; zh: string } {
  const heading = (language: 'en' | 'zh') =>
    lab.pages[language].sections.find(({ id }) => id === step.id)?.heading ?? step.id
  return { en: heading('en'), zh: heading('zh') }
}

function replayFailed(lab: Lab, step: Step): Trouble {
  const { en, zh } = headings(lab, step)
  return {
    code: 'replay.failed',
    what: {
      en: `The rack could not be brought further than to the step "${en}": its checks do not pass there.`,
      zh: `环境只恢复到“${zh}”这一步：它的检查没有通过。`,
    },
    cure: {
      en: 'Go on from there by hand, or reset the lab and try once more.',
      zh: '可以从这里手动继续，或重置实验后再试一次。',
    },
  }
}

export function notDone(lab: Lab, step: Step): Trouble {
  const { en, zh } = headings(lab, step)
  return {
    code: 'step.not-done',
    what: {
      en: `All commands of "${en}" were run, but its checks do not pass: something done before is in the way.`,
      zh: `“${zh}”的命令都执行了，但检查没有通过：可能是之前的操作造成了影响。`,
    },
    cure: {
      en: 'Bring the lab to the beginning of this step, then let it be done once more.',
      zh: '请先把实验恢复到这一步的开头，再重新代做一次。',
    },
  }
}
