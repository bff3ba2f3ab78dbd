import { join } from 'node:path'
import { commonParts, labInputs } from './proof-inputs.js'
import { type Receipt, Receipts } from './receipts.js'
import { dueAgain } from './rotation.js'

/** One trial, by lab and name. */
export interface TrialName {
  lab: string
  trial: string
}

/** How a trial ended each time that it was run. */
export interface Outcome extends TrialName {
  passed: boolean
  failedChecks: readonly string[]
}

export interface LabFolder {
  id: string
  directory: string
}

/** What is proved of labs already, and what has to be proved again. */
export class LabProofs {
  private constructor(
    private readonly receipts: Receipts,
    private readonly inputs: ReadonlyMap<string, string>,
  ) {}

  /**
   * @param root the folder of package.json
   * @param golden version of the golden system in use
   */
  static async open(root: string, labs: readonly LabFolder[], golden: string): Promise<LabProofs> {
    const receipts = await Receipts.read(join(root, 'labs', 'receipts.json'))
    const common = await commonParts(root, golden)
    return new LabProofs(receipts, new Map(labs.map(({ id, directory }) => [id, labInputs(common, directory)])))
  }

  /** Why no receipt counts, if there is a reason. */
  get fault(): string | undefined {
    return this.receipts.fault
  }

  /** Those that have a receipt, and of these those that need not be run: it is not their turn. */
  provedBefore(
    trials: readonly TrialName[],
    commit: string | undefined,
  ): { all: Map<string, Receipt>; rest: Map<string, Receipt> } {
    const turn = dueAgain(trials.map(keyOf), commit ?? this.inputs.values().next().value ?? '')
    const all = trials.flatMap((name) => {
      const receipt = this.receipts.find(name.lab, name.trial, this.inputs.get(name.lab)!)
      return receipt ? [[keyOf(name), receipt] as const] : []
    })
    return { all: new Map(all), rest: new Map(all.filter(([key]) => !turn.has(key))) }
  }

  /**
   * A trial that failed loses its receipt.
   * @param write gives those that passed each time one; `all` of them are all there are
   * @throws where the file can't be written
   */
  async settle(outcomes: readonly Outcome[], { write }: { write: boolean }): Promise<void> {
    const byTrial = new Map<string, Outcome[]>()
    for (const outcome of outcomes) byTrial.set(keyOf(outcome), [...(byTrial.get(keyOf(outcome)) ?? []), outcome])
    const provedAt = new Date().toISOString()
    let changed = write
    for (const runs of byTrial.values()) {
      const { lab, trial } = runs[0]!
      const inputs = this.inputs.get(lab)!
      if (runs.some(({ passed }) => !passed)) changed = this.receipts.remove(lab, trial, inputs) || changed
      else if (write) {
        // What only one of several runs saw is not sure to be seen.
        const failedChecks = runs[0]!.failedChecks.filter((check) =>
          runs.every((run) => run.failedChecks.includes(check)),
        )
        this.receipts.add(lab, trial, { inputs, provedAt, failedChecks })
      }
    }
    if (changed) await this.receipts.save()
  }

  /** Drops receipts of labs and trials that are no more. */
  keepOnly(trials: readonly TrialName[]): void {
    const names = new Map<string, Set<string>>()
    for (const { lab, trial } of trials) names.set(lab, (names.get(lab) ?? new Set()).add(trial))
    this.receipts.keepOnly(names)
  }
}

/** Of all trials, one. */
export function keyOf({ lab, trial }: TrialName): string {
  return `${lab}, ${trial}`
}
