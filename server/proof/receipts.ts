import { readFile, rename, writeFile } from 'node:fs/promises'
import { z } from 'zod'

const receipt = z.strictObject({
  /** The hash of all that the proof depends on. */
  inputs: z.string().regex(/^[0-9a-f]{20}$/),
  /** ISO 8601. */
  provedAt: z.iso.datetime(),
  /** Checks that failed on the way, as they should: `STEP/INDEX`. */
  failedChecks: z.array(z.string()),
})
const file = z.strictObject({ about: z.string(), labs: z.record(z.string(), z.record(z.string(), receipt)) })

/** That a trial passed, and with what. */
export type Receipt = z.infer<typeof receipt>

const about =
  'Written by `vethlab test --all`, not by hand. A trial counts as proved before while the hash of its inputs is the one here; docs/proofs.md says what is in it. In a merge conflict take either side.'

/** What trials were proved with, by lab and by the trial's name: one file, which is kept with the sources. */
export class Receipts {
  private constructor(
    private readonly path: string,
    private readonly labs: Map<string, Map<string, Receipt>>,
    /** Why nothing in the file counts; undefined where it does, or where there is none. */
    readonly fault: string | undefined,
  ) {}

  /** A file that is not as it was written counts for nothing. */
  static async read(path: string): Promise<Receipts> {
    try {
      const { labs } = file.parse(JSON.parse(await readFile(path, 'utf8')))
      const entries = Object.entries(labs).map(([lab, trials]) => [lab, new Map(Object.entries(trials))] as const)
      return new Receipts(path, new Map(entries), undefined)
    } catch (error) {
      const none = (error as NodeJS.ErrnoException).code === 'ENOENT'
      return new Receipts(path, new Map(), none ? undefined : 'not as `vethlab test --all` writes it')
    }
  }

  /** The receipt of a trial, if it was proved with these very inputs. */
  find(lab: string, trial: string, inputs: string): Receipt | undefined {
    const found = this.labs.get(lab)?.get(trial)
    return found?.inputs === inputs ? found : undefined
  }

  add(lab: string, trial: string, receipt: Receipt): void {
    if (!this.labs.has(lab)) this.labs.set(lab, new Map())
    this.labs.get(lab)!.set(trial, receipt)
  }

  /** @returns whether there was one with these inputs; others, such as those of a namesake elsewhere, stay */
  remove(lab: string, trial: string, inputs: string): boolean {
    return this.find(lab, trial, inputs) !== undefined && this.labs.get(lab)!.delete(trial)
  }

  /** Drops what is of no lab or trial that there is. */
  keepOnly(trials: ReadonlyMap<string, ReadonlySet<string>>): void {
    for (const [lab, receipts] of this.labs) {
      for (const trial of receipts.keys()) if (!trials.get(lab)?.has(trial)) receipts.delete(trial)
      if (receipts.size === 0) this.labs.delete(lab)
    }
  }

  /** In one piece: a reader sees the old file or the new one. One line a trial, sorted, so that two versions can be compared. */
  async save(): Promise<void> {
    const lines = (entries: [string, string][], indent: string) =>
      entries
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, value]) => `${indent}${JSON.stringify(key)}: ${value}`)
        .join(',\n')
    const labs = [...this.labs].map(([lab, trials]): [string, string] => {
      const receipts = [...trials].map(([trial, value]): [string, string] => [trial, JSON.stringify(value)])
      return [lab, `{\n${lines(receipts, '      ')}\n    }`]
    })
    const text = `{\n  "about": ${JSON.stringify(about)},\n  "labs": {\n${lines(labs, '    ')}\n  }\n}\n`
    const draft = `${this.path}.${process.pid}.new`
    await writeFile(draft, text)
    await rename(draft, this.path)
  }
}
