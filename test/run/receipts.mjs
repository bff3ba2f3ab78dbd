// What was proved with what it depends on now: files of host and browser tests, and the stock kernel. One file in the repository.
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const about =
  'Written by `npm test` and `npm run test:stock-kernel`, not by hand. A proof counts while the hash of its inputs is the one here; docs/proofs.md says what is in it. In a merge conflict take either side.'

/** Receipts by the name of what was proved, which is a path from the package's folder. */
export class TestReceipts {
  #path
  #proofs

  /** A file that is not as it was written counts for nothing. */
  constructor(root) {
    this.#path = join(root, 'test/receipts.json')
    this.#proofs = read(this.#path)
  }

  /** The receipt of what was proved with these very inputs: `inputs`, `provedAt` (ISO 8601), `passed` (cases). */
  find(name, inputs) {
    const found = this.#proofs.get(name)
    return found?.inputs === inputs ? found : undefined
  }

  /** The newest receipt, whatever its inputs. */
  last(name) {
    return this.#proofs.get(name)
  }

  /** @param inputs as they were when the proof began */
  add(name, inputs, passed) {
    this.#proofs.set(name, { inputs, provedAt: new Date().toISOString(), passed })
    this.#save()
  }

  /** What failed was not proved. A receipt with other inputs says nothing of these. */
  remove(name, inputs) {
    if (this.find(name, inputs) && this.#proofs.delete(name)) this.#save()
  }

  /** Drops those that begin with `prefix` and are not among `names`. */
  keepOnly(prefix, names) {
    const gone = [...this.#proofs.keys()].filter((name) => name.startsWith(prefix) && !names.includes(name))
    for (const name of gone) this.#proofs.delete(name)
    if (gone.length > 0) this.#save()
  }

  /** In one piece, one line a proof, sorted. */
  #save() {
    const lines = [...this.#proofs]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, receipt]) => `    ${JSON.stringify(name)}: ${JSON.stringify(receipt)}`)
    const draft = `${this.#path}.${process.pid}.new`
    writeFileSync(draft, `{\n  "about": ${JSON.stringify(about)},\n  "proofs": {\n${lines.join(',\n')}\n  }\n}\n`)
    renameSync(draft, this.#path)
  }
}

function read(path) {
  try {
    const { proofs } = JSON.parse(readFileSync(path, 'utf8'))
    const entries = Object.entries(proofs)
    const whole = entries.every(
      ([, { inputs, provedAt, passed }]) =>
        typeof inputs === 'string' && !Number.isNaN(Date.parse(provedAt)) && Number.isInteger(passed),
    )
    return new Map(whole ? entries : [])
  } catch {
    return new Map()
  }
}
