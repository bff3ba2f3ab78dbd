// Whether the stock kernel has to be proved again: by the hash of what runs on it, never by the clock. Needs dist.
// Run by itself it prints one line, and exits with 0 (proved before) or 3 (due).
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TestReceipts } from '../run/receipts.mjs'

const project = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const name = 'test/stock-kernel/run.mjs'
/** What decides whether a proof is due is no part of it. */
const decides = /^(dist\/proof\/|test\/stock-kernel\/proof\.mjs$|test\/run\/receipts\.mjs$|test\/receipts\.json$)/

/** Of all that the proof depends on: the code that runs here and in the guest, this folder, and the golden system. */
export async function stockKernelInputs(root = project) {
  const { codeClosure } = await import('../../dist/proof/code-closure.js')
  const { contentHash, fileParts } = await import('../../dist/proof/content-hash.js')
  const { goldenInputs } = await import('../../dist/rack/golden/inputs.js')
  const entries = ['test/stock-kernel/run.mjs', 'test/stock-kernel/guest/main.mjs']
  const { files, packages } = await codeClosure(root, entries)
  const code = files.filter((file) => !decides.test(file))
  return contentHash([
    'stock kernel 1',
    goldenInputs().version,
    ...packages,
    ...code.flatMap((file) => fileParts(root, join(root, file))),
  ])
}

/** @returns `receipt`: what it was proved with, where that is what it would be proved with now; `line`: both cases in words */
export async function stockKernelProof(root = project) {
  const inputs = await stockKernelInputs(root)
  const receipts = new TestReceipts(root)
  const receipt = receipts.find(name, inputs)
  if (receipt) {
    const { provedAt, passed } = receipt
    const line = `stock kernel: proved before, on ${provedAt.slice(0, 10)}, inputs ${inputs}, ${passed} cases`
    return { inputs, receipt, line }
  }
  const last = receipts.last(name)
  const before = last ? `last proved on ${last.provedAt.slice(0, 10)} with inputs ${last.inputs}` : 'never proved'
  const line = `stock kernel: DUE with inputs ${inputs}, ${before}: npm run test:stock-kernel proves it and writes its receipt`
  return { inputs, receipt: undefined, line }
}

/** @param inputs as they were when the proof began */
export function writeReceipt(inputs, passed, root = project) {
  new TestReceipts(root).add(name, inputs, passed)
}

/** What failed was not proved. One with other inputs says nothing of these. */
export function removeReceipt(inputs, root = project) {
  new TestReceipts(root).remove(name, inputs)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { line, receipt } = await stockKernelProof()
  console.log(line)
  process.exitCode = receipt ? 0 : 3
}
