import type { ToolAnswer } from './namespace-walk.js'

/** What a namespace says in them changes with its generation alone. */
const questions = ['rules', 'iptables', 'ip6tables']
/** Of one namespace; a learner can make rules without end. */
const largestBytes = 128 * 1024
/** Elements of sets and maps come and go with packets, which counts as no change of the rules. */
const changesByItself = /"(?:set|map|meter)": ?\{/

/** What a namespace said about its rules, and at which generation of them. */
export interface Rules {
  generation: string
  answers: [question: string, answer: ToolAnswer][]
}

/**
 * What the namespaces of a host said about their rules, for as long as the kernel has counted no change of those: to list
 * rules costs more than all other questions together, and most namespaces never change theirs.
 */
export class KnownRules {
  readonly #of = new Map<string, Rules>()

  get(inode: string): Rules | undefined {
    return this.#of.get(inode)
  }

  /**
   * Adds rules that were known when it was asked, and so were left out; or keeps the new ones.
   * @param isCut it was cut off before all was said
   */
  complete(inode: string, known: Rules | undefined, answers: Map<string, ToolAnswer>, isCut: boolean): void {
    const generation = answers.get('generation')?.text.trim() ?? ''
    answers.delete('generation')
    if (generation !== '' && generation === known?.generation) {
      for (const [question, answer] of known.answers) answers.set(question, answer)
      return
    }
    this.#of.delete(inode)
    const said = questions.flatMap((question): Rules['answers'] => {
      const answer = answers.get(question)
      return answer ? [[question, answer]] : []
    })
    const size = said.reduce((sum, [, { text }]) => sum + Buffer.byteLength(text), 0)
    const whole = !isCut && said.every(([, { failed, text }]) => !failed && !changesByItself.test(text))
    if (generation !== '' && whole && size <= largestBytes) this.#of.set(inode, { generation, answers: said })
  }

  /** Forgets namespaces that are gone. */
  keepOnly(inodes: readonly string[]): void {
    const there = new Set(inodes)
    for (const inode of this.#of.keys()) if (!there.has(inode)) this.#of.delete(inode)
  }
}
