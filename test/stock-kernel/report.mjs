/**
 * Reads what the guest prints: `ok NAME`, `not ok NAME: why`, and in the end its plan, `1..N`. All else is its console's
 * and shown with a mark.
 */
export class Report {
  passed = 0
  failed = 0
  #planned
  #last = performance.now()
  #print

  constructor(print) {
    this.#print = print
  }

  read(line) {
    const [, not, text] = /^(not )?ok (.+)$/.exec(line) ?? []
    const [, plan] = /^1\.\.(\d+)$/.exec(line) ?? []
    if (plan !== undefined) this.#planned = Number(plan)
    else if (text === undefined) this.#print(`  | ${line}`)
    else if (not) this.fail(text)
    else this.#pass(text)
  }

  #pass(text) {
    this.passed++
    this.#print(`ok ${text} (${this.#elapsed()})`)
  }

  /** Also for what went wrong around the guest. */
  fail(text, why) {
    this.failed++
    this.#print(`not ok ${why === undefined ? text : `${text}: ${why}`} (${this.#elapsed()})`)
  }

  /** Whether the guest did all that it set out to do. */
  get complete() {
    return this.#planned === this.passed + this.failed
  }

  get closingLine() {
    return `${this.passed} passed, ${this.failed} failed`
  }

  #elapsed() {
    const before = this.#last
    this.#last = performance.now()
    return `${((this.#last - before) / 1000).toFixed(1)} s`
  }
}
