// Which files of host and browser tests have to run: those that nothing proved with what they depend on now, and a tenth of the others.
import { relative } from 'node:path'
import { TestReceipts } from './receipts.mjs'
import { testInputs } from './test-inputs.mjs'

export class TestProofs {
  #root
  #receipts
  #inputs
  #again
  /** How many files were looked at, and how many of them were proved before. */
  counts = { files: 0, before: 0 }

  /**
   * @param files all that can have a receipt, from `root`
   * @param commit decides which tenth is due again; undefined where there is no repository
   */
  static async open(root, files, commit) {
    const { dueAgain } = await import('../../dist/proof/rotation.js')
    const inputs = await testInputs(root, files)
    const receipts = new TestReceipts(root)
    for (const folder of ['test/hosts/', 'test/browser/']) receipts.keepOnly(folder, files)
    return new TestProofs(root, receipts, inputs, dueAgain(files, commit ?? [...inputs.values()].join('')))
  }

  constructor(root, receipts, inputs, again) {
    this.#root = root
    this.#receipts = receipts
    this.#inputs = inputs
    this.#again = again
  }

  /**
   * @param all whatever receipts say
   * @returns `due`: files to run; `before`: name and receipt of those that need not
   */
  plan(files, { all = false } = {}) {
    const receiptOf = (file) =>
      all || this.#again.has(file) ? undefined : this.#receipts.find(file, this.#inputs.get(file))
    const before = files.flatMap((file) => (receiptOf(file) ? [{ file, ...receiptOf(file) }] : []))
    this.counts.files += files.length
    this.counts.before += before.length
    return { due: files.filter((file) => !receiptOf(file)), before }
  }

  /** What its receipt says of a file whose turn it is, for where there is no time; undefined where it has none. */
  held(file) {
    const receipt = this.#receipts.find(file, this.#inputs.get(file))
    return receipt && { file, ...receipt }
  }

  /**
   * Takes a report of vitest's JSON reporter. A file that failed loses its receipt; one that passed gets one, unless it has it,
   * or what it depends on has changed while it ran.
   */
  async settle({ testResults }) {
    const files = testResults.map(({ name }) => relative(this.#root, name))
    const now = await testInputs(this.#root, files)
    for (const [index, { status, assertionResults }] of testResults.entries()) {
      const file = files[index]
      const inputs = this.#inputs.get(file)
      const passed = assertionResults.filter((test) => test.status === 'passed').length
      if (status !== 'passed') this.#receipts.remove(file, inputs)
      else if (passed > 0 && now.get(file) === inputs && !this.#receipts.find(file, inputs))
        this.#receipts.add(file, inputs, passed)
    }
  }
}
