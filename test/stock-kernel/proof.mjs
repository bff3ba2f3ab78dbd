// Whether the stock kernel has to be proved again: by the hash of what runs on it, never by the clock. Needs dist.
// Run by itself it prints one line, and exits with 0 (proved before) or 3 (due).
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const project = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const receiptOf = (root) => join(root, 'test/stock-kernel/receipt.json')
/** What decides whether a proof is due is no part of it. */
const decides = /^(dist\/proof\/|test\/stock-kernel\/(proof\.mjs|receipt\.json)$)/
const about =
  'Written by `npm run test:stock-kernel`, not by hand; docs/proofs.md says what is in the hash. In a merge conflict take either side.'

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
  const receipt = readReceipt(root)
  if (receipt?.inputs === inputs) {
    const { provedAt, passed } = receipt
    return {
      inputs,
      receipt,
      line: `stock kernel: proved before, on ${provedAt.slice(0, 10)}, inputs ${inputs}, ${passed} cases`,
    }
  }
  const before = receipt
    ? `last proved on ${receipt.provedAt.slice(0, 10)} with inputs ${receipt.inputs}`
    : 'never proved'
  const line = `stock kernel: DUE with inputs ${inputs}, ${before}: npm run test:stock-kernel proves it and writes its receipt`
  return { inputs, receipt: undefined, line }
}

/** @param inputs as they were when the proof began */
export function writeReceipt(inputs, passed, root = project) {
  save({ about, inputs, provedAt: new Date().toISOString(), passed }, root)
}

/** What failed was not proved. One with other inputs says nothing of these. */
export function removeReceipt(inputs, root = project) {
  if (readReceipt(root)?.inputs === inputs) save({ about }, root)
}

/** In one piece. */
function save(receipt, root) {
  const draft = `${receiptOf(root)}.${process.pid}.new`
  writeFileSync(draft, `${JSON.stringify(receipt, null, 2)}\n`)
  renameSync(draft, receiptOf(root))
}

/** Undefined also for what is not as it was written. */
function readReceipt(root) {
  try {
    const { inputs, provedAt, passed } = JSON.parse(readFileSync(receiptOf(root), 'utf8'))
    const whole = typeof inputs === 'string' && !Number.isNaN(Date.parse(provedAt)) && Number.isInteger(passed)
    return whole ? { inputs, provedAt, passed } : undefined
  } catch {
    return undefined
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { line, receipt } = await stockKernelProof()
  console.log(line)
  process.exitCode = receipt ? 0 : 3
}
