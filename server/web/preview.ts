import type { Lab } from '../lab/lab.js'
import type { Reading } from '../lab/reading.js'
import type { AuthorStep, PreviewView } from '../protocol/author.js'
import type { Sessions } from '../session/sessions.js'

/** The lab that its author looks at, as its files are now, and who is told of it. */
export class Preview {
  #view: PreviewView
  readonly #followers = new Set<(view: PreviewView) => void>()

  constructor(
    private readonly sessions: Pick<Sessions, 'put'>,
    /** Name of its folder. */
    lab: string,
  ) {
    this.#view = { lab, reading: 0, findings: [], broken: true, begun: false, steps: [] }
  }

  /** The files were read once more. One that can't be used leaves the lab as it was last. */
  read({ lab, problems }: Reading): void {
    if (lab) this.sessions.put(lab)
    this.#view = {
      lab: this.#view.lab,
      reading: this.#view.reading + 1,
      findings: problems,
      broken: lab === undefined,
      begun: this.#view.begun || lab !== undefined,
      steps: lab ? stepsOf(lab) : this.#view.steps,
    }
    for (const tell of this.#followers) tell(this.#view)
  }

  /** Tells of it now, unless nothing was read yet, and after each reading. @returns what ends it */
  follow(tell: (view: PreviewView) => void): () => void {
    this.#followers.add(tell)
    if (this.#view.reading > 0) tell(this.#view)
    return () => this.#followers.delete(tell)
  }
}

function stepsOf(lab: Lab): AuthorStep[] {
  return lab.steps.map(({ id, checks }) => ({
    id,
    checks: checks.map((check) => ({ family: check.family, ...(check.id === undefined ? {} : { id: check.id }) })),
    mistakes: lab.mistakes
      .filter(({ step }) => step === id)
      .map(({ name, fails: [{ check, reason }] }) => ({ name, check, reason })),
    alternatives: lab.alternatives.filter(({ step }) => step === id).map(({ name }) => name),
  }))
}
