import { familyNamed, familyOf } from '../../check/checks.js'
import type { Verdict } from '../../check/evaluate.js'
import type { Check } from '../../check/family.js'
import { notRestarted } from '../../check/surviving.js'
import type { Finding } from '../../check/verdict.js'
import { sentenceOf, tellOperator } from '../../error/sentences.js'
import { answerId, type Lab, type Step } from '../../lab/lab.js'
import type { CheckView, StepView } from '../../protocol/protocol.js'
import type { StepHelp } from '../../store/records.js'
import type { Text } from '../../wording/text.js'
import { solutionOf } from './blocks.js'
import type { Look } from './check-runner.js'
import type { Progress } from './progress.js'

/** What a page shows of a step. Pure. */
export function stepView(
  lab: Lab,
  step: Step,
  progress: Progress,
  look: Look,
  { done, answered, offered = new Set() }: Pick<StepView, 'done' | 'answered'> & { offered?: ReadonlySet<number> },
): StepView {
  const { checking, verdicts, asking, at } = look
  return {
    id: step.id,
    state: progress.state(step.id),
    points: step.points,
    ...(step.optional ? { optional: true } : {}),
    ...(checking === undefined ? {} : { checking }),
    checks: verdicts.map((verdict) => ({
      ...checkView(lab, verdict, step, progress),
      ...(offered.has(verdict.index) ? { offered: true as const } : {}),
      ...(asking?.has(verdict.index) ? { asking: true as const } : {}),
    })),
    ...(answered === undefined ? {} : { answered }),
    ...(at === undefined ? {} : { checkedAt: at }),
    ...(progress.help(step.id).shown
      ? {
          solution: solutionOf(lab, step).map(({ ref, block }) => ({
            ref,
            host: block.host ?? lab.home,
            text: block.text,
          })),
        }
      : {}),
    ...(done === undefined ? {} : { done }),
  }
}

function checkView(
  lab: Lab,
  { index, family, finding, hints }: Verdict,
  { id, checks }: Step,
  progress: Pick<Progress, 'hints' | 'help'>,
): CheckView {
  const shown = progress.hints(id, index)
  const judged = checks[index]
  const answer = judged && answerId(judged)
  const isHidden = judged !== undefined && isToFind(lab, judged, shown, progress.help(id))
  // What an error of the server says may name its files.
  const why = finding.outcome === 'error' ? whyNotMade(finding.reason) : isHidden ? yoursToFind : undefined
  return {
    index,
    ...(answer === undefined ? {} : { answer }),
    finding: why && finding.outcome !== 'pass' ? { ...withoutCauses(finding), why } : finding,
    hints: hints.slice(0, shown),
    moreHints: Math.max(0, hints.length - shown),
    // A trace tells the cause as well.
    traceable:
      finding.outcome === 'fail' &&
      finding.reason !== notRestarted &&
      !isHidden &&
      familyNamed(family).packet !== undefined &&
      // Of a prediction, what was measured.
      (answer === undefined || finding.cells !== undefined),
  }
}

/** Which cells differ is no cause. */
function withoutCauses(finding: Exclude<Finding, { outcome: 'pass' }>): Exclude<Finding, { outcome: 'pass' }> {
  if (finding.outcome === 'error' || finding.cells === undefined) return finding
  return { ...finding, cells: finding.cells.map(({ why: _, ...cell }) => cell) }
}

/** Whether the reason of a check is the learner's to find still: neither a hint of it nor anything else has told it. */
export function isToFind(
  { explain }: Lab,
  check: Check,
  hintsShown: number,
  { told }: Pick<StepHelp, 'told'>,
): boolean {
  // What is wrong with an answer is no cause; why the network does otherwise than was predicted is one.
  const tellsCause = answerId(check) === undefined || familyOf(check).measures === true
  const isTask = explain === 'after-hint' && tellsCause && check.hints.length > 0
  return isTask && hintsShown === 0 && !told
}

/** In place of the reason, where finding it is the task. */
export const yoursToFind: Text = {
  en: 'Why that is so is for you to find out. With the first hint, the check says what it knows.',
  zh: '原因要由你来找。打开第一条提示后，检查会说出它所知道的原因。',
}

/** For a check that could not be made; undefined where the check says well enough itself. */
function whyNotMade(reason: string): Text | undefined {
  const sentence =
    reason === 'check.broken'
      ? { what: { en: 'The check could not be made.', zh: '这项检查没能完成。' }, cure: tellOperator }
      : sentenceOf(reason)
  return sentence && { en: `${sentence.what.en} ${sentence.cure.en}`, zh: `${sentence.what.zh}${sentence.cure.zh}` }
}
